/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees whose files have numbers: images and file systems of disks. Whoever knows the numbers says
 * what is where; paths, links, walks and names without case are followed here, never by the kernel.
 */
#ifndef VT_TREE_GRAPH_H
#define VT_TREE_GRAPH_H

#include "tree/internal.h"

struct vt_graph_ops {
	void (*free)(void *g); /* may be NULL */
	vt_err (*node)(void *g, uint64_t id, struct vt_node *out);
	/* The entry of exactly that name of a folder. VT_END: none. */
	vt_err (*child)(void *g, uint64_t dir, vt_span name, uint64_t *out_id);
	/* Adds all entries but "." and ".."; hostile names are sorted out by who asks. */
	vt_err (*names)(void *g, uint64_t dir, struct vt_names *out);
	vt_err (*link)(void *g, uint64_t id, vt_buf *out);
	/* Why the whole is less than it should be; false: it is not. May be NULL. */
	bool (*lacks)(void *g, enum vt_miss *out_why);
	/* A regular file's content; VT_ELIMIT past max. */
	vt_err (*open)(void *g, uint64_t id, uint64_t max, int *out_fd);
};

VT_MUST_USE vt_err vt_graph_tree(
	const struct vt_graph_ops *ops, void *g, uint64_t root, struct vt_tree **out);

#endif
