/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "os/map.h"

#define NEW_FILE VT_JOURNAL_FILE ".new"
/* The file is written anew past this, and past a multiple of what it had then. */
#define COMPACT_MIN ((uint64_t)64 << 20)
#define COMPACT_TIMES 4

struct slot {
	uint8_t *origin;
	size_t norigin;
	uint64_t time;
	vt_buf note;
};

struct vt_journal {
	int dir, fd;
	struct slot *slots; /* the first `nsorted` by origin */
	size_t nslots, nsorted, slots_max;
	uint64_t time;

	pthread_mutex_t lock; /* of all that follows, and of the slots' records */
	pthread_cond_t written;
	vt_buf pending, writing; /* batches; `pending` is being filled */
	uint64_t number;         /* of the next batch */
	uint64_t queued, durable;
	uint64_t size, compact_at;
	bool busy;   /* somebody writes */
	bool broken; /* a write failed: nothing more is promised */
};

static int compare(const void *a, size_t na, const void *b, size_t nb)
{
	size_t n = vt_min_size(na, nb);
	int d = n ? memcmp(a, b, n) : 0;

	return d ? d : (na > nb) - (na < nb);
}

static int by_origin(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return compare(x->origin, x->norigin, y->origin, y->norigin);
}

static struct slot *find(struct vt_journal *j, vt_span origin)
{
	struct slot key = {.norigin = origin.n};
	size_t low = 0, high = j->nsorted;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct slot *s = &j->slots[mid];
		int d = compare(s->origin, s->norigin, origin.p, key.norigin);

		if (d == 0)
			return &j->slots[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static vt_err add_slot(struct vt_journal *j, vt_span origin, struct slot **out)
{
	struct slot *s;

	if (j->nslots == j->slots_max) {
		size_t max = j->slots_max ? j->slots_max * 2 : 64;

		s = reallocarray(j->slots, max, sizeof *s);
		if (!s)
			return VT_ENOMEM;
		j->slots = s;
		j->slots_max = max;
	}
	s = &j->slots[j->nslots];
	*s = (struct slot){.note = VT_BUF_INIT(VT_JOURNAL_NOTE_MAX), .norigin = origin.n};
	s->origin = malloc(origin.n + 1);
	if (!s->origin)
		return VT_ENOMEM;
	if (origin.n)
		memcpy(s->origin, origin.p, origin.n);
	j->nslots++;
	*out = s;
	return VT_OK;
}

static vt_err set_slot(struct slot *s, uint64_t time, vt_span note)
{
	vt_err e;

	vt_buf_clear(&s->note);
	e = vt_buf_add(&s->note, note.p, note.n);
	if (!e)
		s->time = time;
	return e;
}

/* While the file is read: new origins stand unsorted at the end until there are many of them. */
static vt_err on_record(void *ctx, const struct vt_journal_record *r)
{
	struct vt_journal *j = ctx;
	struct slot *s = find(j, r->origin);
	vt_err e = VT_OK;

	for (size_t i = j->nsorted; !s && i < j->nslots; i++)
		if (compare(j->slots[i].origin, j->slots[i].norigin, r->origin.p, r->origin.n) == 0)
			s = &j->slots[i];
	if (!s)
		e = add_slot(j, r->origin, &s);
	if (!e)
		e = set_slot(s, r->time, r->note);
	if (e)
		return e;
	j->time = vt_max_u64(j->time, r->time);
	if (j->nslots - j->nsorted > 64 + j->nsorted / 16) {
		qsort(j->slots, j->nslots, sizeof *j->slots, by_origin);
		j->nsorted = j->nslots;
	}
	return VT_OK;
}

vt_err vt_journal_slot(struct vt_journal *j, vt_span origin, size_t *out)
{
	struct slot *s = find(j, origin);
	vt_err e = VT_OK;

	if (!s)
		e = add_slot(j, origin, &s);
	if (!e)
		*out = (size_t)(s - j->slots);
	return e;
}

struct vt_journal_record vt_journal_last(const struct vt_journal *j, size_t slot)
{
	const struct slot *s = &j->slots[slot];

	return (struct vt_journal_record){.time = s->time,
		.origin = vt_span_of(s->origin, s->norigin),
		.note = vt_buf_span(&s->note)};
}

uint64_t vt_journal_time(const struct vt_journal *j)
{
	return j->time;
}

static vt_err begin_batch(vt_buf *b)
{
	static const uint8_t head[VT_JOURNAL_HEAD];

	return b->n ? VT_OK : vt_buf_add(b, head, sizeof head);
}

/* A batch of the newest record of each slot, in place of all that was written before. */
static vt_err snapshot(struct vt_journal *j, vt_buf *b)
{
	vt_err e;

	vt_buf_clear(b);
	e = begin_batch(b);
	for (size_t i = 0; !e && i < j->nslots; i++) {
		struct vt_journal_record r = vt_journal_last(j, i);

		if (r.note.n)
			e = vt_journal_record_write(b, &r);
	}
	return e;
}

static vt_err replace_file(struct vt_journal *j, vt_span batch)
{
	int fd = openat(j->dir, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	vt_err e;

	if (fd < 0)
		return VT_EIO;
	e = vt_fd_write(fd, batch.p, batch.n);
	if (!e &&
		(fsync(fd) || renameat(j->dir, NEW_FILE, j->dir, VT_JOURNAL_FILE) || fsync(j->dir)))
		e = VT_EIO;
	if (e) {
		vt_fd_close(fd);
		return e;
	}
	vt_fd_close(j->fd);
	j->fd = fd;
	j->size = batch.n;
	j->compact_at = vt_max_u64(COMPACT_MIN, j->size * COMPACT_TIMES);
	return VT_OK;
}

static vt_err append(struct vt_journal *j, vt_span batch)
{
	vt_err e = vt_fd_write(j->fd, batch.p, batch.n);

	if (e)
		return e;
	if (fdatasync(j->fd))
		return VT_EIO;
	j->size += batch.n;
	return VT_OK;
}

static vt_err load(struct vt_journal *j)
{
	int fd = openat(j->dir, VT_JOURNAL_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	vt_span map = {0};
	uint64_t size;
	size_t good;
	vt_err e;

	if (fd < 0)
		return errno == ENOENT ? VT_OK : VT_EIO;
	e = vt_fd_size(fd, &size);
	if (!e)
		e = vt_map_file(fd, size, &map);
	if (!e)
		e = vt_journal_replay(map, on_record, j, &good, &j->number);
	vt_map_close(map);
	vt_fd_close(fd);
	return e;
}

vt_err vt_journal_open(int dir, struct vt_journal **out)
{
	struct vt_journal *j = calloc(1, sizeof *j);
	vt_err e;

	if (!j)
		return VT_ENOMEM;
	j->dir = dir;
	j->fd = -1;
	j->pending.max = j->writing.max = VT_JOURNAL_BATCH_MAX;
	(void)pthread_mutex_init(&j->lock, NULL);
	(void)pthread_cond_init(&j->written, NULL);
	e = load(j);
	if (!e) {
		if (j->nslots)
			qsort(j->slots, j->nslots, sizeof *j->slots, by_origin);
		j->nsorted = j->nslots;
		e = snapshot(j, &j->writing);
	}
	if (!e) {
		vt_journal_seal(j->writing.p, j->writing.n, j->number++);
		e = replace_file(j, vt_buf_span(&j->writing));
	}
	if (e) {
		vt_journal_close(j);
		return e;
	}
	*out = j;
	return VT_OK;
}

void vt_journal_close(struct vt_journal *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < j->nslots; i++) {
		free(j->slots[i].origin);
		vt_buf_free(&j->slots[i].note);
	}
	free(j->slots);
	vt_buf_free(&j->pending);
	vt_buf_free(&j->writing);
	vt_fd_close(j->fd);
	(void)pthread_cond_destroy(&j->written);
	(void)pthread_mutex_destroy(&j->lock);
	free(j);
}

vt_err vt_journal_put(
	struct vt_journal *j, size_t slot, uint64_t time, vt_span note, uint64_t *out_ticket)
{
	struct vt_journal_record r = {.time = time, .note = note};
	vt_err e = VT_EIO;

	(void)pthread_mutex_lock(&j->lock);
	if (!j->broken)
		e = begin_batch(&j->pending);
	if (!e)
		e = vt_journal_record_write(&j->pending, &r);
	/* the record is queued: were the slot not to have it, a compaction would drop it */
	if (!e && set_slot(&j->slots[slot], time, note)) {
		j->broken = true;
		e = VT_EIO;
	}
	if (!e)
		*out_ticket = ++j->queued;
	(void)pthread_mutex_unlock(&j->lock);
	return e;
}

/* Writes all that is pending; called and returns with the lock, which it lets go meanwhile. */
static void write_batch(struct vt_journal *j)
{
	uint64_t upto = j->queued;
	bool anew = j->size > j->compact_at;
	vt_buf batch = j->pending;
	vt_err e = VT_OK;

	j->busy = true;
	j->pending = j->writing;
	j->writing = batch;
	vt_buf_clear(&j->pending);
	/* the slots have what is in the batch and nothing that is not: both are behind the lock */
	if (anew)
		e = snapshot(j, &j->writing);
	if (!e)
		vt_journal_seal(j->writing.p, j->writing.n, j->number++);
	(void)pthread_mutex_unlock(&j->lock);
	if (!e)
		e = anew ? replace_file(j, vt_buf_span(&j->writing))
			 : append(j, vt_buf_span(&j->writing));
	(void)pthread_mutex_lock(&j->lock);
	j->busy = false;
	if (e)
		j->broken = true;
	else
		j->durable = upto;
	(void)pthread_cond_broadcast(&j->written);
}

vt_err vt_journal_wait(struct vt_journal *j, uint64_t ticket)
{
	vt_err e;

	(void)pthread_mutex_lock(&j->lock);
	while (j->durable < ticket && !j->broken) {
		if (j->busy)
			(void)pthread_cond_wait(&j->written, &j->lock);
		else
			write_batch(j);
	}
	e = j->durable >= ticket ? VT_OK : VT_EIO;
	(void)pthread_mutex_unlock(&j->lock);
	return e;
}
