/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of files to look at, wherever it is: this system, a folder that is another system's root,
 * a container image or one of its layers, a file system in a disk image. Nothing in it can lead out
 * of it: links are followed inside of the tree only. Paths are absolute in the tree
 * ("/etc/passwd"), bytes without NUL, at most VT_TREE_PATH_MAX. All content is hostile.
 */
#ifndef VT_TREE_TREE_H
#define VT_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "inventory/fact.h"

#define VT_TREE_PATH_MAX 65536
#define VT_TREE_LINKS_MAX 40

enum vt_node_type { VT_NODE_FILE, VT_NODE_FOLDER, VT_NODE_LINK, VT_NODE_OTHER };

struct vt_node {
	enum vt_node_type type;
	bool hidden;   /* in a layer: a later layer takes it away or replaces it */
	bool mount;    /* a folder where another file system begins */
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	uint64_t size;
	int64_t mtime;
	uint64_t dev, ino; /* identify hard links; 0: not known */
};

struct vt_tree;

/*
 * A live folder; the tree keeps `fd` (closed with it). `cross`: other file systems below are
 * entered (never /proc, /sys and their like). Names are matched without case if `fold` (Windows).
 */
VT_MUST_USE vt_err vt_tree_folder(int fd, bool cross, struct vt_tree **out);
void vt_tree_free(struct vt_tree *t);
/* Compare names without case from now on: a Windows system. Works for every kind of tree. */
void vt_tree_fold(struct vt_tree *t);

/* Looks at a path; the last name may be a link that is not followed, unless `follow`. VT_END: there
 * is none. VT_EIO: refused. VT_ELIMIT: links in a loop, path too long. */
VT_MUST_USE vt_err vt_tree_stat(struct vt_tree *t, vt_span path, bool follow, struct vt_node *out);
/* Opens a regular file to read; for an image an unnamed file with its content. Links followed
 * inside the tree. VT_END, VT_EIO, VT_ELIMIT (larger than max), VT_EUNSUPPORTED (not a regular
 * file). */
VT_MUST_USE vt_err vt_tree_open(struct vt_tree *t, vt_span path, uint64_t max, int *out_fd);
/* Appends the whole file; `out->max` is the limit. Errors as vt_tree_open(). */
VT_MUST_USE vt_err vt_tree_read(struct vt_tree *t, vt_span path, vt_buf *out);
/* Appends a link's target. */
VT_MUST_USE vt_err vt_tree_link(struct vt_tree *t, vt_span path, vt_buf *out);
/* Each entry of a folder, in the order of their names (bytes). fn returns VT_OK to go on. VT_END.
 */
typedef vt_err vt_tree_entry_fn(void *ctx, vt_span name, const struct vt_node *node);
VT_MUST_USE vt_err vt_tree_list(struct vt_tree *t, vt_span path, vt_tree_entry_fn *fn, void *ctx);

/* An entry met on a walk. */
struct vt_visit {
	vt_span path, name; /* valid during the call; path is NUL-terminated */
	const struct vt_node *node;
	struct vt_tree *tree;
	void *place; /* private: makes vt_visit_open() cheap */
};
/* Opens the visited regular file. Errors as vt_tree_open(); VT_EAGAIN: it is another file by now.
 */
VT_MUST_USE vt_err vt_visit_open(const struct vt_visit *v, uint64_t max, int *out_fd);

struct vt_walk_fns {
	/* Every entry but the root itself, folders before what is in them. VT_END for a folder: do
	 * not enter it. Other errors end the walk. */
	vt_err (*entry)(void *ctx, const struct vt_visit *v);
	/* After the entries of a folder (path of the folder); may be NULL. */
	vt_err (*leave)(void *ctx, vt_span path);
	/* Something that could not be looked at. */
	void (*missed)(void *ctx, vt_span path, enum vt_miss why);
	void *ctx;
};
/* Below `from` ("/": all). Without recursion; memory grows with depth, not with the number of files
 * (for live folders). Hard links are met once for each name. */
VT_MUST_USE vt_err vt_tree_walk(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns);

/* Container images ------------------------------------------------------------------------- */

/* Where large temporary files go: an open folder that takes unnamed files (O_TMPFILE), or -1:
 * memory. */
struct vt_spool {
	int folder;
	uint64_t max; /* bytes in all */
	uint64_t used;
};

struct vt_image_layer {
	vt_span digest; /* "sha256:..." as the manifest says; lower-case hex of the bytes if it does
			   not */
	vt_span command;      /* from the image's history; may be empty */
	struct vt_tree *tree; /* all that the layer itself holds; nodes tell what is hidden. A walk
				 begins with a miss if not all of it could be read */
	bool hidden;          /* something in it is */
};
struct vt_image {
	vt_span name; /* tags, with spaces between; else the manifest's digest */
	vt_span platform;
	size_t nlayers;
	struct vt_image_layer *layers; /* the lowest first */
	struct vt_tree *merged;        /* as a container sees it; NULL, as those of layers, past a
					  limit: `trouble` says it */
	vt_span trouble;               /* empty, or what is missing: a layer that can't be read */
};
struct vt_images {
	size_t n;
	struct vt_image *v;
	struct vt_images_private *p;
};
/* An archive (docker save, OCI archive; plain or compressed tar). VT_EFORMAT: it is none. */
VT_MUST_USE vt_err vt_images_archive(int fd, struct vt_spool *spool, struct vt_images *out);
/* A folder with an OCI layout. */
VT_MUST_USE vt_err vt_images_layout(int folder, struct vt_spool *spool, struct vt_images *out);
void vt_images_free(struct vt_images *v);

/* Disk images ------------------------------------------------------------------------------ */

struct vt_volume {
	vt_span name;         /* "partition 2", "whole disk" */
	vt_span system;       /* "ext4", "ntfs", "luks", "lvm", "swap", ...; what was recognised */
	struct vt_tree *tree; /* NULL: not one that is read */
	enum vt_miss why;     /* with tree NULL */
	vt_span note; /* what is to be known of it: "its journal was not replayed"; may be empty */
};
struct vt_disk {
	const char *format; /* "raw", "qcow2"; static */
	size_t n;
	struct vt_volume *v;
	struct vt_disk_private *p;
};
/* Raw and qcow2; MBR, GPT or none; ext2 to ext4 are read, others are named. */
VT_MUST_USE vt_err vt_disk_open(int fd, struct vt_spool *spool, struct vt_disk *out);
void vt_disk_free(struct vt_disk *d);

#endif
