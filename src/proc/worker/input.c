/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/worker/input.h"

#include <stdlib.h>

#include "os/fd.h"
#include "os/map.h"

void vt_inputs_free(struct vt_inputs *in)
{
	free(in->group);
	in->group = NULL;
	vt_buf_free(&in->single);
}

/*
 * `n` bytes were read up to the end of the file. If that is not the size that the supervisor saw,
 * either the file was changed in between (what was read is all of it now), or its size is a
 * fiction (procfs), or it is being changed right now: only the last is a gap.
 */
static void judge_size(struct vt_source *s, uint64_t n)
{
	uint64_t now;

	if (n == s->size)
		return;
	if (vt_fd_size(s->fd, &now))
		s->unreadable = true;
	else
		s->changed = now != n && now != s->size;
}

/* True if the whole file was read into p, which has room for size + 1 bytes. */
static bool load(struct vt_source *s, uint8_t *p)
{
	size_t got;

	if (vt_fd_pread_sized(s->fd, p, (size_t)s->size + 1, 0, s->size, &got)) {
		s->unreadable = true;
		return true;
	}
	if (got > s->size)
		return false;
	judge_size(s, got);
	s->bytes = vt_span_of(p, got);
	s->loaded = true;
	return true;
}

size_t vt_inputs_group(struct vt_inputs *in, struct vt_source *s, size_t n)
{
	size_t used = 0, i;

	if (!in->group)
		in->group = calloc(1, VT_GROUP_BYTES + VT_BUF_SLACK);
	if (!in->group)
		return 1;
	for (i = 0; i < n; i++) {
		/* The slack, rounded up so that the next file begins on a cache line. */
		uint64_t room = ((s[i].size | 63) + 1) + VT_BUF_SLACK;

		if (s[i].size > VT_READ_MAX || room > VT_GROUP_BYTES - used)
			break;
		(void)load(&s[i], in->group + used);
		used += (size_t)room;
	}
	return i ? i : 1;
}

static vt_err map(struct vt_source *s)
{
	vt_err e;

	if (vt_fd_size(s->fd, &s->size)) {
		s->unreadable = true;
		return VT_OK;
	}
	e = vt_map_file(s->fd, s->size, &s->bytes);
	if (e == VT_EIO)
		s->unreadable = true;
	if (e)
		return e == VT_EIO ? VT_OK : e;
	vt_map_guard(s->bytes, s->fd);
	s->loaded = true;
	s->mapped = true;
	return VT_OK;
}

vt_err vt_inputs_single(struct vt_inputs *in, struct vt_source *s)
{
	vt_err e;

	if (s->size > VT_READ_MAX)
		return map(s);
	in->single.max = VT_READ_MAX + 1;
	vt_buf_clear(&in->single);
	e = vt_fd_read_all(s->fd, s->size, &in->single);
	if (e == VT_ELIMIT) /* it has grown */
		return map(s);
	if (e == VT_EIO)
		s->unreadable = true;
	if (e)
		return e == VT_EIO ? VT_OK : e;
	judge_size(s, in->single.n);
	s->bytes = vt_buf_span(&in->single);
	s->loaded = true;
	return VT_OK;
}

void vt_source_close(struct vt_source *s)
{
	uint64_t now;

	if (s->mapped) {
		s->changed |= vt_map_unguard();
		if (vt_fd_size(s->fd, &now) || now != s->size)
			s->changed = true;
		vt_map_close(s->bytes);
		s->mapped = false;
	}
	s->loaded = false;
	s->bytes = (vt_span){0};
}
