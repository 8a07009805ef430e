/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snapd keeps about snaps: state.json (member data.snaps), names of files NAME_REVISION.snap,
 * and a snap's own meta/snap.yaml (snapcraft.io/docs, "snap format").
 */
#ifndef VT_INVENTORY_PACKAGE_SNAP_H
#define VT_INVENTORY_PACKAGE_SNAP_H

#include "base/err.h"
#include "inventory/package/package.h"

struct vt_snap {
	vt_span name, revision, channel;
	vt_span type;      /* "app", "os", "base", "kernel", "gadget", "snapd" */
	vt_span publisher; /* may be empty */
	bool active;       /* mounted and in use */
	bool current;      /* the revision that would be */
};

/* Each revision of each snap, all of them on disk. Spans are valid during the call. fn returns
 * VT_OK to go on. VT_EFORMAT: not snapd's state. */
typedef vt_err vt_snap_fn(void *ctx, const struct vt_snap *s);
VT_MUST_USE vt_err vt_snap_state(vt_span json, vt_snap_fn *fn, void *ctx);
/* "firefox_4173.snap", "tool_x1.snap", "tool_instance_12.snap"; false if it is not so. */
bool vt_snap_file(vt_span file, vt_span *out_name, vt_span *out_revision);
/* The scalars at the top of a snap.yaml. VT_EFORMAT: no name. */
VT_MUST_USE vt_err vt_snap_yaml(vt_span text, struct vt_package *out);

#endif
