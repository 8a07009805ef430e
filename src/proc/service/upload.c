/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-entries (c2sp.org/tlog-mirror): packages are checked and stored one by one as they come, so
 * that an upload that breaks off is not lost, and no more than one package is held in memory.
 */
#include <stdlib.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "proc/service/entries.h"
#include "proc/service/mirror.h"
#include "proc/service/say.h"
#include "tlog/subtree.h"

#define INFO_TYPE "text/x.tlog.mirror-info"
/* What a client should send at a time (tlog-mirror, "Implementation Considerations"). */
#define PACKAGES_MAX 32u
#define HEAD_MAX ((size_t)1 << 18)
/* How long an answer waits for chunks before it is "not yet". */
#define WAIT_MS 10000u

struct vt_upload {
	struct vt_mirror *m;
	struct vt_copy *k;
	vt_buf in;
	z_stream z;
	bool gzip, gzip_end, have_head, dropped;
	unsigned status; /* decided already; 0: not */
	struct vt_entries_head head;
	struct vt_witnessed pending; /* of size head.end */
	uint64_t packages;
	struct vt_entries_package package;
};

vt_err vt_upload_open(struct vt_mirror *m, bool gzip, struct vt_upload **out)
{
	struct vt_upload *u = calloc(1, sizeof *u);

	if (!u)
		return VT_ENOMEM;
	u->m = m;
	u->gzip = gzip;
	u->in.max = HEAD_MAX + VT_ENTRIES_PACKAGE_MAX;
	if (gzip && inflateInit2(&u->z, 15 + 16) != Z_OK) {
		free(u);
		return VT_ENOMEM;
	}
	*out = u;
	return VT_OK;
}

void vt_upload_close(struct vt_upload *u)
{
	if (!u)
		return;
	if (u->gzip)
		(void)inflateEnd(&u->z);
	vt_buf_free(&u->in);
	free(u);
}

/* The head says for which log and tree; everything that is wrong with it is found here. */
static void on_head(struct vt_upload *u)
{
	struct vt_mirror *m = u->m;
	size_t log = vt_service_log_find(m->c, u->head.origin);

	u->have_head = true;
	if (log == VT_SERVICE_LOGS_MAX) {
		u->status = 404;
		return;
	}
	u->k = &m->copies[log];
	(void)pthread_mutex_lock(&u->k->lock);
	if (!vt_copy_pending(u->k, u->head.end, &u->pending) || u->head.end < u->k->size ||
		u->head.start > u->k->next)
		u->status = 409;
	(void)pthread_mutex_unlock(&u->k->lock);
}

/* The root of the leaves [rounded, end): those that are stored, and the package's. Locked. */
static vt_err subtree_root(const struct vt_upload *u, vt_hash *out)
{
	const struct vt_entries_package *p = &u->package;
	struct vt_edge edge = {.size = 0};
	vt_hash leaf;
	vt_err e = VT_OK;

	for (uint64_t i = p->rounded; !e && i < p->start; i++) {
		e = vt_logdir_get(u->k->tree, 0, i, &leaf);
		if (!e)
			vt_edge_add(&edge, &leaf);
	}
	for (size_t i = 0; i < p->n; i++) {
		vt_merkle_leaf(p->entry[i], &leaf);
		vt_edge_add(&edge, &leaf);
	}
	if (!e)
		vt_edge_root(&edge, out);
	return e;
}

static void on_package(struct vt_upload *u)
{
	const struct vt_entries_package *p = &u->package;
	struct vt_copy *k = u->k;
	vt_hash root;
	vt_err e;

	(void)pthread_mutex_lock(&k->lock);
	e = subtree_root(u, &root);
	if (!e &&
		!vt_subtree_consistent(
			&p->proof, p->rounded, p->end, &root, u->pending.size, &u->pending.root))
		u->status = 422;
	for (size_t i = 0; !e && !u->status && i < p->n; i++) {
		if (p->start + i != k->next)
			continue; /* stored already: proven to be the same */
		e = vt_logdir_add(k->tree, p->entry[i]);
		if (!e)
			k->next++;
	}
	/* partial tiles of just this tree are what a checkpoint of its size needs */
	if (!e && !u->status && p->end == u->head.end)
		e = vt_logdir_flush(k->tree);
	(void)pthread_mutex_unlock(&k->lock);
	if (e)
		u->status = 500;
	if (!u->status)
		u->packages++;
}

/* Takes what is whole off the front of the buffer. */
static void advance(struct vt_upload *u)
{
	vt_reader r = vt_reader_of(vt_buf_span(&u->in));
	vt_err e = VT_OK;

	if (!u->have_head) {
		e = vt_entries_head_read(&r, &u->head);
		if (!e)
			on_head(u);
	}
	while (!e && !u->status && u->packages < PACKAGES_MAX &&
		vt_entries_range(u->head.start, u->head.end, u->packages, &u->package)) {
		e = vt_entries_package_read(&r, &u->package);
		if (!e)
			on_package(u);
	}
	if (e == VT_EFORMAT)
		u->status = 400;
	/* behind the last package, or behind what decided: dropped */
	u->dropped = u->status != 0 || !e;
	if (r.at)
		memmove(u->in.p, u->in.p + r.at, u->in.n - r.at);
	u->in.n -= r.at;
	if (u->dropped)
		vt_buf_clear(&u->in);
}

static void add(struct vt_upload *u, vt_span bytes)
{
	if (u->dropped)
		return;
	if (vt_buf_add(&u->in, bytes.p, bytes.n)) {
		u->status = 500;
		u->dropped = true;
		return;
	}
	advance(u);
}

void vt_upload_data(struct vt_upload *u, vt_span bytes)
{
	uint8_t plain[4096];

	if (!u->gzip) {
		add(u, bytes);
		return;
	}
	u->z.next_in = (z_const Bytef *)(uintptr_t)bytes.p;
	u->z.avail_in = (uInt)bytes.n;
	while (!u->dropped && !u->gzip_end) {
		int r;

		u->z.next_out = plain;
		u->z.avail_out = sizeof plain;
		r = inflate(&u->z, Z_NO_FLUSH);
		add(u, vt_span_of(plain, sizeof plain - u->z.avail_out));
		if (r == Z_STREAM_END) {
			u->gzip_end = true;
		} else if (r == Z_BUF_ERROR) {
			return;
		} else if (r != Z_OK) {
			/* what came before it and was whole stays */
			u->dropped = true;
		}
	}
}

/* The answers that tell where to go on. The copy is locked. */
static void say_where(struct vt_upload *u, unsigned status, bool end_ok, struct vt_reply *out)
{
	uint64_t size = end_ok ? u->head.end : u->k->recent[0].size;

	out->status = status;
	out->type = INFO_TYPE;
	vt_buf_clear(&out->body);
	if (vt_buf_addf(&out->body, "%llu\n%llu\n\n", (unsigned long long)size,
		    (unsigned long long)u->k->next))
		out->status = 500;
}

/* All packages are in: is everything else? The copy is locked. */
static void finish(struct vt_upload *u, struct vt_reply *out)
{
	struct vt_copy *k = u->k;
	vt_err e;

	if (k->next < u->head.end || vt_logdir_flush(k->tree)) {
		say_where(u, 202, true, out);
		return;
	}
	e = vt_copy_commit(u->m, k, u->head.end, &out->body);
	if (e == VT_EAGAIN && k->next >= u->head.end) {
		vt_pull_wait(u->m, k, WAIT_MS);
		e = vt_copy_commit(u->m, k, u->head.end, &out->body);
	}
	out->status = 200;
	out->type = "text/plain; charset=utf-8";
	if (e == VT_EAGAIN)
		say_where(u, 202, true, out);
	else if (e == VT_EARG)
		say_where(u, 409, false, out);
	else if (e)
		out->status = 500;
	if (e == VT_ECHECKSUM)
		vt_say("mirror: %s: the stored copy is not the log's tree; nothing is cosigned",
			u->m->c->logs[k->log].key.name);
}

void vt_upload_done(struct vt_upload *u, struct vt_reply *out)
{
	bool empty = u->have_head && u->head.start == u->head.end, whole;

	if (!u->have_head || (u->status != 0 && u->status != 409)) {
		out->status = u->status ? u->status : 400;
		/* what was authenticated before stays; it becomes durable with the next flush */
		return;
	}
	(void)pthread_mutex_lock(&u->k->lock);
	whole = empty ||
		u->packages * VT_TILE_WIDTH + u->head.start / VT_TILE_WIDTH * VT_TILE_WIDTH >=
			u->head.end;
	if (u->status == 409)
		say_where(u, 409, false, out);
	else if (whole)
		finish(u, out);
	else if (u->packages == 0)
		out->status = 400;
	else if (vt_logdir_flush(u->k->tree))
		out->status = 500;
	else
		say_where(u, 202, true, out);
	(void)pthread_mutex_unlock(&u->k->lock);
}
