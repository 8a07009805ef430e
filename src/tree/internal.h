/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of trees share: their operations, names in order, unnamed files. */
#ifndef VT_TREE_INTERNAL_H
#define VT_TREE_INTERNAL_H

#include "tree/tree.h"

/* Each is the function of tree.h of that name; `walk` begins at an existing folder or says VT_END.
 */
struct vt_tree_ops {
	void (*free)(struct vt_tree *t);
	vt_err (*stat)(struct vt_tree *t, vt_span path, bool follow, struct vt_node *out);
	vt_err (*open)(struct vt_tree *t, vt_span path, uint64_t max, int *out_fd);
	vt_err (*link)(struct vt_tree *t, vt_span path, vt_buf *out);
	vt_err (*list)(struct vt_tree *t, vt_span path, vt_tree_entry_fn *fn, void *ctx);
	vt_err (*walk)(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns);
	vt_err (*visit_open)(const struct vt_visit *v, uint64_t max, int *out_fd);
};

struct vt_tree {
	const struct vt_tree_ops *ops;
	bool fold;
};

/* Names with a number each, to be put in order. */
struct vt_names {
	vt_buf text; /* the names, one behind the other */
	struct vt_named {
		uint64_t id;
		size_t at;
		const uint8_t *p; /* after vt_names_sort() */
		uint32_t n;
	} * v;
	size_t n, cap;
};
#define VT_NAMES_MAX ((size_t)256 << 20) /* bytes of all names of a folder */

VT_MUST_USE vt_err vt_names_add(struct vt_names *v, vt_span name, uint64_t id);
void vt_names_sort(struct vt_names *v);
void vt_names_free(struct vt_names *v);
static inline vt_span vt_name_at(const struct vt_names *v, size_t i)
{
	return vt_span_of(v->v[i].p, v->v[i].n);
}

/*
 * True if the names are the same without case, as Windows compares them: ASCII, Latin-1, Greek and
 * Cyrillic letters in UTF-8; other letters count as they are.
 */
bool vt_name_same(vt_span a, vt_span b);

/* Adds "/name" to a path that does not end in "/" unless it is the root. VT_ELIMIT: too long. */
VT_MUST_USE vt_err vt_path_join(vt_buf *path, size_t keep, vt_span name);
/* The next name of a path from *at on, without "/"; VT_END behind the last one. */
VT_MUST_USE vt_err vt_path_next(vt_span path, size_t *at, vt_span *out);

/*
 * A file without a name, for bytes that are in none: in memory up to a size, else in the spool's
 * folder. VT_EIO.
 */
VT_MUST_USE vt_err vt_unnamed_file(const struct vt_spool *spool, uint64_t size, int *out_fd);
/* All of it at an offset. VT_EIO. */
VT_MUST_USE vt_err vt_unnamed_write(int fd, const void *p, size_t n, uint64_t offset);

#endif
