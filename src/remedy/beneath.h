/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files below a root, reached by openat2(2) so that neither links nor mounts lead elsewhere, and
 * compared with what the plan saw of them.
 */
#ifndef VT_REMEDY_BENEATH_H
#define VT_REMEDY_BENEATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "remedy/plan/plan.h"

/* The folder that is a root ("/" or a chroot), to be closed. VT_EIO. */
VT_MUST_USE vt_err vt_root_open(const char *path, int *out_fd);

/* Where a path is: the open folder that its last name is in. */
struct vt_spot {
	int dir;
	char name[256];
};
/*
 * `place`: below this path no other file system is entered; may be NULL. VT_END: some part is not
 * there. VT_EIO: refused, a link or a mount is in the way (errno ELOOP, EXDEV).
 */
VT_MUST_USE vt_err vt_spot_open(
	int root, const struct vt_place *place, vt_span path, struct vt_spot *out);
void vt_spot_close(struct vt_spot *s);
/* Why vt_spot_open() said VT_EIO (errno), in words. */
const char *vt_spot_refusal(void);

/*
 * Looks at what is there without following a link; everything but path and sha256 is set. VT_END:
 * nothing.
 */
VT_MUST_USE vt_err vt_spot_look(const struct vt_spot *s, struct vt_removal_file *out);
/* SHA-256 of a regular file's content or of a link's target, as hex with NUL. */
VT_MUST_USE vt_err vt_spot_hash(
	const struct vt_spot *s, const struct vt_removal_file *seen, char out[65]);
/* Opens the regular file that was seen. VT_EAGAIN: it is another one by now. */
VT_MUST_USE vt_err vt_spot_read(
	const struct vt_spot *s, const struct vt_removal_file *seen, int *out);

enum vt_likeness {
	VT_LIKE_SAME,
	VT_LIKE_GONE,
	VT_LIKE_CHANGED, /* another inode, kind or content */
	VT_LIKE_REFUSED, /* a link or mount on the way */
};
/* Is it what the plan saw? *out_why: static text, if it is not the same. */
enum vt_likeness vt_file_compare(int root, const struct vt_place *place,
	const struct vt_removal_file *f, const char **out_why);
/*
 * Takes it away if it is what the plan saw. VT_LIKE_SAME: it was, and is gone now. With *out_why
 * and VT_LIKE_REFUSED: the system would not. *out_immutable: it is protected by a flag that only
 * its owner should take off.
 */
enum vt_likeness vt_file_remove(int root, const struct vt_place *place,
	const struct vt_removal_file *f, const char **out_why, bool *out_immutable);

/*
 * The same path without links in its folders, as seen from the root ("/lib/x" is "/usr/lib/x" on
 * many systems); malloc'ed. VT_END: it is not there.
 */
VT_MUST_USE vt_err vt_path_plain(int root, vt_span path, char **out);

#endif
