/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders and names made of the members of tar archives: one layer alone, or several merged with
 * their whiteouts (OCI Image Layer Filesystem Changeset, "Whiteouts"). What a member does to the
 * tree is what it would do on the disk of who unpacks it in a chroot: links in the folders of its
 * path are followed, inside of the tree.
 */
#ifndef VT_TREE_OVERLAY_H
#define VT_TREE_OVERLAY_H

#include "tree/graph.h"
#include "tree/tar.h"

#define VT_OVERLAY_NONE UINT32_MAX
#define VT_OVERLAY_NODES_MAX 8000000u

/* A name in a folder. */
struct vt_dent {
	uint32_t parent, first, next; /* the newest child, the next older sibling */
	uint32_t name, name_n;
	uint32_t hash_next;
	uint32_t touch;                   /* the last layer that had something at or below it */
	uint32_t by_layer, by_member;     /* who made it; NONE: a folder that no member names */
	uint32_t from_layer, from_member; /* whose content it is: another's for a hard link */
	bool folder;
	bool gone; /* replaced or taken away */
};

struct vt_overlay {
	struct vt_tar *const *tars; /* by layer */
	bool whiteouts;             /* they take away; else they are members like others */
	bool own;                   /* one layer: what is replaced in it stays, gone */
	struct vt_dent *v;
	size_t n, cap;
	uint32_t *buckets;
	size_t nbuckets;
	vt_buf text;
	uint64_t *work; /* steps done so far, of all trees that share it */
};

/*
 * What all layers of an archive together may cost: members that make long lists be searched again
 * and again end in VT_ELIMIT. An ordinary image takes ten steps a member.
 */
#define VT_OVERLAY_WORK_MAX ((uint64_t)400000000)

/* An empty tree: a root. `work` begins at 0. Free with vt_overlay_free(). VT_ENOMEM. */
VT_MUST_USE vt_err vt_overlay_new(struct vt_overlay *o, struct vt_tar *const *tars, uint64_t *work);
void vt_overlay_free(struct vt_overlay *o);
/*
 * Applies all members of a layer. placed[i] becomes the node of member i, or NONE. Errors:
 * VT_ELIMIT, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_overlay_layer(struct vt_overlay *o, uint32_t layer, uint32_t *placed);

/*
 * The tree of it. `hidden` (by node) may be NULL; `lower` gives the content of hard links to lower
 * layers, by node, or is NULL. All stays the caller's.
 */
struct vt_overlay_view {
	const struct vt_overlay *o;
	const uint8_t *hidden;
	const struct vt_spool *spool;
	const struct vt_dent *lower; /* sorted by `parent`, which is the node's number here */
	size_t nlower;
	bool lacks; /* not all of its layers could be read, for this reason */
	enum vt_miss why;
};
VT_MUST_USE vt_err vt_overlay_tree(struct vt_overlay_view *view, struct vt_tree **out);

#endif
