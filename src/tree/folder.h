/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live folders: paths are resolved inside of the root whatever their links say. The kernel does it
 * where it can (openat2(2), RESOLVE_IN_ROOT); for long paths, for names without case, and on
 * kernels before 5.6 each name is opened without following, and links are read and followed here.
 */
#ifndef VT_TREE_FOLDER_H
#define VT_TREE_FOLDER_H

#include <limits.h>
#include <sys/stat.h>

#include "tree/internal.h"

struct vt_folder {
	struct vt_tree t;
	int fd;
	bool cross;
	bool openat2; /* the kernel has it */
};

/* A name in an open folder: "." in the root for the root itself. Close `dir`. */
struct vt_place {
	int dir; /* O_PATH */
	char name[NAME_MAX + 1];
	struct statx st; /* of the name, not followed */
};

/* VT_END, VT_EIO, VT_ELIMIT, VT_ENOMEM. With `follow` the result is no link. */
VT_MUST_USE vt_err vt_place_find(
	const struct vt_folder *f, vt_span path, bool follow, struct vt_place *out);
/* statx(2) of a name; VT_END: gone; VT_EIO. */
VT_MUST_USE vt_err vt_place_stat(int dir, const char *name, struct statx *out);
/* Opens a folder to list it. Errors as above; VT_END too if it is no folder. */
VT_MUST_USE vt_err vt_folder_open_dir(const struct vt_folder *f, vt_span path, int *out_fd);
void vt_node_of(const struct statx *st, struct vt_node *out);
/* What errno says of a path: VT_END, VT_ELIMIT or VT_EIO. */
vt_err vt_folder_errno(int error);

VT_MUST_USE vt_err vt_folder_walk(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns);
VT_MUST_USE vt_err vt_folder_visit_open(const struct vt_visit *v, uint64_t max, int *out_fd);

#endif
