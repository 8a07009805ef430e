/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a product out, as files of the system: pins of package managers, masks, units of our
 * own. What stood there before is kept, so that taking the guard away brings back exactly that;
 * what somebody else changed since is left alone and told.
 *
 * STATE/guard/<directive>/: state.json (what was written), before-N (what stood there), baseline
 * (packages on the day the guard began), alerts (JSON lines).
 */
#ifndef VT_REMEDY_GUARD_H
#define VT_REMEDY_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_GUARD "guard" /* below the state folder */
#define VT_GUARD_ITEMS_MAX 512
#define VT_GUARD_BASELINE "baseline"
#define VT_GUARD_ALERTS "alerts"

struct vt_guard_item {
	const char *path;
	bool link;       /* a symbolic link to `content` */
	vt_span content; /* of the file */
};
enum vt_guard_how {
	VT_GUARD_WRITTEN,
	VT_GUARD_AS_IS,   /* it was so already */
	VT_GUARD_OTHER,   /* something else stands there, which is not ours to replace */
	VT_GUARD_UNDONE,  /* what stood there before is back */
	VT_GUARD_CHANGED, /* somebody changed it since: left alone */
	VT_GUARD_MISSING, /* it is not there any more */
	VT_GUARD_FAILED,  /* errno */
};
typedef void vt_guard_fn(void *ctx, const char *path, enum vt_guard_how how);

/*
 * Writes the items below `root`; `folder` is the guard's state folder, which must have no state.
 * A link is never put where a file stands (VT_GUARD_OTHER). VT_EIO: the state can't be written.
 */
VT_MUST_USE vt_err vt_guard_put(
	int folder, int root, const struct vt_guard_item *v, size_t n, vt_guard_fn *fn, void *ctx);
/* Undoes it all. VT_END: there is no state. *out_left: items that were left alone. */
VT_MUST_USE vt_err vt_guard_take(
	int folder, int root, vt_guard_fn *fn, void *ctx, size_t *out_left);
/* Tells of each item whether it is as it was written: VT_GUARD_AS_IS, CHANGED or MISSING. */
VT_MUST_USE vt_err vt_guard_look(int folder, int root, vt_guard_fn *fn, void *ctx);

/* dnf.conf's text with these names in excludepkgs of [main]; the rest stays as it is. */
VT_MUST_USE vt_err vt_guard_dnf(vt_span text, const char *const *names, size_t n, vt_buf *out);
/* True for a glob of a package name that is narrow enough to be pinned: three letters first. */
bool vt_guard_name_ok(vt_span glob);

#endif
