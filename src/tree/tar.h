/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An uncompressed tar archive in a file: an index of its members, in their order, and their content
 * on demand. libarchive reads the dialects (ustar, pax, GNU, sparse files).
 */
#ifndef VT_TREE_TAR_H
#define VT_TREE_TAR_H

#include "base/buf.h"
#include "tree/tree.h"

#define VT_TAR_MEMBERS_MAX 4000000u /* of one archive */
#define VT_TAR_TEXT_MAX ((size_t)512 << 20)

enum vt_member_kind {
	VT_MEMBER_FILE,
	VT_MEMBER_FOLDER,
	VT_MEMBER_LINK,
	VT_MEMBER_OTHER,
	VT_MEMBER_HARD, /* another name of `target` */
};

struct vt_member {
	uint64_t header; /* where its headers begin */
	uint64_t size;
	int64_t mtime;
	uint32_t uid, gid, mode;
	uint32_t path, path_n;     /* in the text, clean: "a/b", "" is the root */
	uint32_t target, target_n; /* of a link as it is; of a hard link clean */
	enum vt_member_kind kind;
};

struct vt_tar {
	int fd; /* owned */
	vt_buf text;
	struct vt_member *v;
	size_t n, cap;
};

/*
 * Reads the headers; takes `fd`. VT_EFORMAT: no tar archive, or it breaks off; VT_ELIMIT. With an
 * error the members so far are there all the same: free it always.
 */
VT_MUST_USE vt_err vt_tar_index(int fd, struct vt_tar *out);
void vt_tar_free(struct vt_tar *t);
/* The content of a regular file, as a file of its own. VT_EFORMAT, VT_ELIMIT, VT_EIO. */
VT_MUST_USE vt_err vt_tar_open(const struct vt_tar *t, const struct vt_member *m,
	const struct vt_spool *spool, uint64_t max, int *out_fd);
static inline vt_span vt_member_path(const struct vt_tar *t, const struct vt_member *m)
{
	return vt_span_of(t->text.p + m->path, m->path_n);
}
static inline vt_span vt_member_target(const struct vt_tar *t, const struct vt_member *m)
{
	return vt_span_of(t->text.p + m->target, m->target_n);
}

/*
 * Writes the bytes of `fd`, decompressed (gzip, zstd, xz, bzip2 or plain), to an unnamed file,
 * within the spool's limit. VT_EFORMAT: a broken stream; VT_ELIMIT, VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_spool_stream(int fd, struct vt_spool *spool, int *out_fd);

#endif
