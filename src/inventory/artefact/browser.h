/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What browsers keep about extensions, as JSON: Chromium's manifest.json, Preferences, policies and
 * external extensions; Firefox's extensions.json and policies.json; manifests of native messaging
 * hosts, which both have in common (MDN "Native manifests").
 */
#ifndef VT_INVENTORY_ARTEFACT_BROWSER_H
#define VT_INVENTORY_ARTEFACT_BROWSER_H

#include "inventory/artefact/line.h"

enum vt_browser_doc {
	VT_BROWSER_MANIFEST,    /* one extension; `id` is the folder's business */
	VT_BROWSER_PREFERENCES, /* Preferences and Secure Preferences: extensions.settings */
	VT_BROWSER_POLICY,      /* ExtensionInstallForcelist, ExtensionSettings; Firefox's too */
	VT_BROWSER_EXTERNAL,    /* one: external_crx, external_update_url, external_version */
	VT_BROWSER_ADDONS,      /* Firefox's extensions.json */
	VT_BROWSER_HOST,        /* one native messaging host: `id` is its name */
};

struct vt_extension {
	vt_span id, name, version;
	vt_span path;    /* of the host's program, of an unpacked or side-loaded extension */
	vt_span state;   /* "enabled", "disabled", "forced", "blocked", "allowed" */
	vt_span source;  /* where it is fetched from, or "side-loaded", "unpacked" */
	vt_span message; /* name is "__MSG_x__": x, for the messages of `locale` */
	vt_span locale;
	vt_span value; /* a host's allowed origins or extensions, blanks between */
};
typedef void vt_extension_fn(void *ctx, const struct vt_extension *e);

/* Calls fn for each. VT_EFORMAT: no JSON, or not that document; VT_ENOMEM. json_object_seed() must
 * have been called. */
VT_MUST_USE vt_err vt_browser_read(
	enum vt_browser_doc doc, vt_span json, vt_arena *a, vt_extension_fn *fn, void *ctx);
/* The text of one message (_locales/x/messages.json), whose names have no case; else VT_END. */
VT_MUST_USE vt_err vt_browser_message(vt_span json, vt_span name, vt_arena *a, vt_span *out);

#endif
