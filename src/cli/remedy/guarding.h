/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `vitrine guard` share. */
#ifndef VT_CLI_REMEDY_GUARDING_H
#define VT_CLI_REMEDY_GUARDING_H

#include "cli/remedy/remedy.h"
#include "remedy/guard.h"

#define VT_GUARD_COMMAND "vitrine guard"

struct vt_guard_settings {
	const char *root, *state, *evidence;
	struct vt_strings catalogues, paths;
	uint32_t wait_ms;
	bool unsigned_ok, strict, inventory, once;
	int format;
};
struct vt_guarding {
	const struct vt_guard_settings *s;
	struct vt_docs docs;
	struct vt_known_directive directive;
	struct vt_catalogue catalogue;
	int folder, root; /* STATE/guard/ID and the root */
	char *folder_path;
};

/* Everything in one of these lives in its arena. */
struct vt_guard_list {
	vt_arena a;
	struct vt_guard_item v[VT_GUARD_ITEMS_MAX];
	size_t n;
	vt_err e;
};
/* All files that the guard of this directive consists of. */
VT_MUST_USE vt_err vt_guard_items(struct vt_guarding *g, struct vt_guard_list *out);
/* True if the directive means the product (embedded code only if it says so). */
bool vt_guard_covers(const struct vt_guarding *g, const struct vt_product *p);

/* Each tells, and returns an exit status. */
int vt_guard_check(struct vt_guarding *g);
int vt_guard_serve(struct vt_guarding *g);
/* Adds to STATE/guard/ID/alerts, and tells. */
void vt_guard_alert(struct vt_guarding *g, const char *kind, const char *what, const char *why);

#endif
