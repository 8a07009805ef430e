/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "tree/internal.h"

#define IN_MEMORY ((uint64_t)64 << 20)

void vt_tree_free(struct vt_tree *t)
{
	if (t)
		t->ops->free(t);
}

void vt_tree_fold(struct vt_tree *t)
{
	t->fold = true;
}

static bool path_ok(vt_span path)
{
	return path.n && path.n <= VT_TREE_PATH_MAX && !memchr(path.p, 0, path.n);
}

vt_err vt_tree_stat(struct vt_tree *t, vt_span path, bool follow, struct vt_node *out)
{
	if (!path_ok(path))
		return path.n > VT_TREE_PATH_MAX ? VT_ELIMIT : VT_END;
	return t->ops->stat(t, path, follow, out);
}

vt_err vt_tree_open(struct vt_tree *t, vt_span path, uint64_t max, int *out_fd)
{
	if (!path_ok(path))
		return path.n > VT_TREE_PATH_MAX ? VT_ELIMIT : VT_END;
	return t->ops->open(t, path, max, out_fd);
}

vt_err vt_tree_read(struct vt_tree *t, vt_span path, vt_buf *out)
{
	size_t before = out->n;
	int fd = -1;
	vt_err e = vt_tree_open(t, path, out->max - vt_min_size(out->n, out->max), &fd);

	if (!e)
		e = vt_fd_read_all(fd, 0, out);
	if (e)
		out->n = before;
	vt_fd_close(fd);
	return e;
}

vt_err vt_tree_link(struct vt_tree *t, vt_span path, vt_buf *out)
{
	if (!path_ok(path))
		return path.n > VT_TREE_PATH_MAX ? VT_ELIMIT : VT_END;
	return t->ops->link(t, path, out);
}

vt_err vt_tree_list(struct vt_tree *t, vt_span path, vt_tree_entry_fn *fn, void *ctx)
{
	if (!path_ok(path))
		return path.n > VT_TREE_PATH_MAX ? VT_ELIMIT : VT_END;
	return t->ops->list(t, path, fn, ctx);
}

vt_err vt_tree_walk(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns)
{
	if (!path_ok(from))
		return from.n > VT_TREE_PATH_MAX ? VT_ELIMIT : VT_END;
	return t->ops->walk(t, from, fns);
}

vt_err vt_visit_open(const struct vt_visit *v, uint64_t max, int *out_fd)
{
	if (v->node->type != VT_NODE_FILE)
		return VT_EUNSUPPORTED;
	if (v->node->size > max)
		return VT_ELIMIT;
	return v->tree->ops->visit_open(v, max, out_fd);
}

vt_err vt_names_add(struct vt_names *v, vt_span name, uint64_t id)
{
	struct vt_named *grown;
	vt_err e;

	v->text.max = VT_NAMES_MAX;
	if (v->n == v->cap) {
		size_t cap = v->cap ? 2 * v->cap : 64;

		grown = reallocarray(v->v, cap, sizeof *grown);
		if (!grown)
			return VT_ENOMEM;
		v->v = grown;
		v->cap = cap;
	}
	v->v[v->n] = (struct vt_named){.id = id, .at = v->text.n, .n = (uint32_t)name.n};
	e = vt_buf_add(&v->text, name.p, name.n);
	if (!e)
		v->n++;
	return e;
}

static int by_bytes(const void *pa, const void *pb)
{
	const struct vt_named *a = pa, *b = pb;
	size_t n = a->n < b->n ? a->n : b->n;
	int c = n ? memcmp(a->p, b->p, n) : 0;

	if (c)
		return c;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

void vt_names_sort(struct vt_names *v)
{
	for (size_t i = 0; i < v->n; i++)
		v->v[i].p = v->text.p + v->v[i].at;
	if (v->n)
		qsort(v->v, v->n, sizeof *v->v, by_bytes);
}

void vt_names_free(struct vt_names *v)
{
	vt_buf_free(&v->text);
	free(v->v);
	*v = (struct vt_names){0};
}

/* The next letter of UTF-8, in lower case; of other bytes, the byte with a mark. */
static uint32_t next_letter(vt_span s, size_t *at)
{
	uint8_t a = s.p[(*at)++], b;
	uint32_t u;

	if (a < 0x80)
		return a >= 'A' && a <= 'Z' ? a | 0x20u : a;
	if ((a & 0xe0) != 0xc0 || *at >= s.n || ((b = s.p[*at]) & 0xc0) != 0x80)
		return 0x80000000u | a;
	(*at)++;
	u = ((uint32_t)(a & 0x1f) << 6) | (b & 0x3f);
	if ((u >= 0xc0 && u <= 0xde && u != 0xd7) || (u >= 0x391 && u <= 0x3ab) ||
		(u >= 0x410 && u <= 0x42f))
		return u + 0x20;
	return u >= 0x400 && u <= 0x40f ? u + 0x50 : u;
}

bool vt_name_same(vt_span a, vt_span b)
{
	size_t i = 0, j = 0;

	while (i < a.n && j < b.n)
		if (next_letter(a, &i) != next_letter(b, &j))
			return false;
	return i == a.n && j == b.n;
}

vt_err vt_path_join(vt_buf *path, size_t keep, vt_span name)
{
	vt_err e = VT_OK;

	path->n = keep;
	if (keep == 0 || path->p[keep - 1] != '/')
		e = vt_buf_add_u8(path, '/');
	return e ? e : vt_buf_add(path, name.p, name.n);
}

vt_err vt_path_next(vt_span path, size_t *at, vt_span *out)
{
	size_t i = *at, start;

	while (i < path.n && path.p[i] == '/')
		i++;
	start = i;
	while (i < path.n && path.p[i] != '/')
		i++;
	*at = i;
	if (i == start)
		return VT_END;
	*out = vt_span_of(path.p + start, i - start);
	return VT_OK;
}

vt_err vt_unnamed_file(const struct vt_spool *spool, uint64_t size, int *out_fd)
{
	int fd;

	if (spool && spool->folder >= 0 && size > IN_MEMORY)
		fd = openat(spool->folder, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	else
		fd = memfd_create("vitrine", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return VT_EIO;
	*out_fd = fd;
	return VT_OK;
}

vt_err vt_unnamed_write(int fd, const void *p, size_t n, uint64_t offset)
{
	const uint8_t *at = p;

	while (n) {
		ssize_t w;

		if (offset > (uint64_t)INT64_MAX)
			return VT_EIO;
		w = pwrite(fd, at, n, (off_t)offset);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return VT_EIO;
		at += w;
		n -= (size_t)w;
		offset += (uint64_t)w;
	}
	return VT_OK;
}
