/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of trees share: the input as a file, and a walk that opens everything. */
#ifndef VT_TREE_TREE_FUZZ_H
#define VT_TREE_TREE_FUZZ_H

#include <stdlib.h>
#include <sys/mman.h>

#include "os/fd.h"
#include "tree/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int fuzz_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || vt_fd_write(fd, data, size))
		abort();
	return fd;
}

static inline vt_err fuzz_entry(void *ctx, const struct vt_visit *v)
{
	vt_buf b = VT_BUF_INIT(8192);
	struct vt_node again;
	int fd;

	if (++*(unsigned *)ctx > 2000)
		return VT_ELIMIT;
	/* What the tree promises: absolute, no NUL, no "..", the name at the end. */
	if (v->path.p[0] != '/' || memchr(v->path.p, 0, v->path.n) ||
		memchr(v->name.p, '/', v->name.n) || vt_span_eq(v->name, vt_span_str("..")) ||
		v->path.n > VT_TREE_PATH_MAX)
		abort();
	(void)!vt_tree_stat(v->tree, v->path, true, &again);
	if (v->node->type == VT_NODE_LINK)
		(void)!vt_tree_link(v->tree, v->path, &b);
	if (v->node->type == VT_NODE_FILE && !vt_visit_open(v, 1u << 18, &fd))
		vt_fd_close(fd);
	vt_buf_free(&b);
	return VT_OK;
}

static inline void fuzz_missed(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	(void)path;
	(void)why;
}

static inline void fuzz_walk(struct vt_tree *t)
{
	unsigned n = 0;
	struct vt_walk_fns fns = {.entry = fuzz_entry, .missed = fuzz_missed, .ctx = &n};

	if (t)
		(void)!vt_tree_walk(t, vt_span_str("/"), &fns);
}

#endif
