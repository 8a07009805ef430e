/* SPDX-License-Identifier: Apache-2.0 */
/* A mirror's copies of logs: opening them, and the one place where a checkpoint is cosigned. */
#include "proc/service/mirror.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "os/fd.h"
#include "proc/service/copies.h"
#include "proc/service/say.h"
#include "store/folder.h"

/* Lines of others that a served checkpoint may have when no witnesses are configured. */
#define OTHERS_MAX 24

void vt_copy_note_pending(struct vt_mirror *m, struct vt_copy *k)
{
	struct vt_witnessed now;

	vt_heads_state(m->heads, k->log, &now);
	if (now.size == 0 || k->recent[0].size == now.size)
		return;
	memmove(&k->recent[1], &k->recent[0], sizeof k->recent - sizeof k->recent[0]);
	k->recent[0] = now;
}

bool vt_copy_pending(const struct vt_copy *k, uint64_t size, struct vt_witnessed *out)
{
	for (size_t i = 0; size && i < VT_MIRROR_RECENT; i++) {
		if (k->recent[i].size == size) {
			*out = k->recent[i];
			return true;
		}
	}
	return false;
}

static bool same_key(const struct vt_note_line *l, const struct vt_key *key)
{
	return memcmp(l->id, key->id, sizeof l->id) == 0 &&
		vt_span_eq(l->name, vt_span_str(key->name));
}

/*
 * Others' cosignatures of that text, from the log's own checkpoint or from the one that is served
 * already: those of the configured witnesses that verify. Without any configured, all that the log
 * shows.
 */
static vt_err add_others(
	struct vt_mirror *m, const struct vt_copy *k, vt_span text, vt_span from, vt_buf *out)
{
	const struct vt_key *log = &m->c->logs[k->log].key;
	struct vt_note note;
	uint64_t time;
	vt_err e = VT_OK;

	if (vt_note_parse(from, &note) || !vt_span_eq(note.text, text))
		return VT_OK;
	for (size_t i = 0; !e && i < m->c->nwitnesses; i++)
		if (vt_note_verify(&note, &m->c->witnesses[i], &time) == VT_SIGNED_YES)
			e = vt_note_keep_lines(out, &note, &m->c->witnesses[i]);
	if (m->c->nwitnesses)
		return e;
	for (size_t i = 0; !e && i < vt_min_size(note.nlines, OTHERS_MAX); i++) {
		const struct vt_note_line *l = &note.lines[i];

		if (!same_key(l, log) && !same_key(l, &m->signer->key))
			e = vt_buf_addf(out, "\xe2\x80\x94 %.*s %.*s\n", (int)l->name.n,
				(const char *)l->name.p, (int)l->base64.n,
				(const char *)l->base64.p);
	}
	return e;
}

/* The checkpoint as it is served: the log's signature, this mirror's, others'. */
static vt_err compose(
	struct vt_mirror *m, struct vt_copy *k, vt_span pending, uint64_t time, vt_buf *out)
{
	struct vt_head head;
	vt_buf old = VT_BUF_INIT(VT_MIRROR_NOTE_MAX);
	size_t before;
	vt_err e = vt_head_parse(pending, &m->c->logs[k->log].key, &head);

	if (!e)
		e = vt_note_keep(out, &head.note, &m->c->logs[k->log].key);
	if (!e) {
		vt_buf_clear(&k->line);
		e = vt_note_sign(&k->line, m->signer, head.note.text, time);
	}
	if (!e)
		e = vt_buf_add(out, k->line.p, k->line.n);
	before = out->n;
	if (!e)
		e = add_others(m, k, head.note.text, vt_buf_span(&k->polled), out);
	if (!e && out->n == before &&
		!vt_store_read(k->dir, "checkpoint", VT_MIRROR_NOTE_MAX, &old))
		e = add_others(m, k, head.note.text, vt_buf_span(&old), out);
	vt_buf_free(&old);
	return e;
}

static vt_err publish(struct vt_copy *k, uint64_t size, vt_span note)
{
	char path[40];
	vt_err e = VT_OK;

	(void)snprintf(path, sizeof path, "history/%llu", (unsigned long long)size);
	if (!vt_store_has(k->dir, path))
		e = vt_store_write(k->dir, path, note);
	return e ? e : vt_store_write(k->dir, "checkpoint", note);
}

vt_err vt_copy_commit(struct vt_mirror *m, struct vt_copy *k, uint64_t size, vt_buf *out)
{
	vt_buf pending = VT_BUF_INIT(VT_MIRROR_NOTE_MAX), note = VT_BUF_INIT(VT_MIRROR_NOTE_MAX);
	struct vt_head head;
	uint64_t time;
	vt_hash root;
	vt_err e = vt_heads_latest(m->heads, k->log, &pending);

	if (!e)
		e = vt_head_parse(vt_buf_span(&pending), &m->c->logs[k->log].key, &head);
	if (!e && (head.at.size != size || size < k->size || k->next > size))
		e = VT_EARG;
	if (!e && (k->next < size || k->complete < size))
		e = VT_EAGAIN;
	if (!e)
		e = vt_merkle_root(vt_logdir_get, k->tree, size, &root);
	if (!e && !vt_hash_eq(&root, &head.at.root))
		e = VT_ECHECKSUM;
	if (!e)
		e = vt_heads_time(m->heads, &time);
	/* in one second there is one cosignature of a checkpoint */
	if (!e && (k->stamped != time || k->size != size || !k->line.n)) {
		e = vt_logdir_flush(k->tree);
		if (!e && k->size != size)
			e = vt_store_sync(k->dir);
		if (!e)
			e = compose(m, k, vt_buf_span(&pending), time, &note);
		if (!e)
			e = publish(k, size, vt_buf_span(&note));
		if (!e && k->size != size)
			vt_say("mirror: %s: %llu entries stored, checked and cosigned",
				m->c->logs[k->log].key.name, (unsigned long long)size);
		if (!e) {
			k->size = size;
			k->stamped = time;
		}
	}
	if (!e)
		e = vt_buf_add(out, k->line.p, k->line.n);
	vt_buf_free(&pending);
	vt_buf_free(&note);
	return e;
}

/* What the folder's checkpoint says, which this mirror wrote. */
static vt_err read_checkpoint(struct vt_mirror *m, struct vt_copy *k, vt_hash *out_root)
{
	vt_buf b = VT_BUF_INIT(VT_MIRROR_NOTE_MAX);
	struct vt_head head;
	uint64_t time;
	vt_err e = vt_store_read(k->dir, "checkpoint", VT_MIRROR_NOTE_MAX, &b);

	if (!e)
		e = vt_head_parse(vt_buf_span(&b), &m->c->logs[k->log].key, &head);
	if (!e) {
		k->size = head.at.size;
		*out_root = head.at.root;
		if (vt_note_verify(&head.note, &m->signer->key, &time) == VT_SIGNED_YES)
			k->stamped = time;
	}
	vt_buf_free(&b);
	return e == VT_END ? VT_OK : e;
}

static vt_err open_copy(struct vt_mirror *m, size_t log)
{
	const struct vt_key *key = &m->c->logs[log].key;
	struct vt_copy *k = &m->copies[log];
	char hex[VT_ORIGIN_HEX_SIZE], path[VT_ORIGIN_HEX_SIZE + 512];
	vt_hash root, stored;
	vt_err e;

	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->tried, NULL);
	k->log = log;
	k->line.max = 1024;
	k->polled.max = VT_MIRROR_NOTE_MAX;
	vt_merkle_empty(&root);
	(void)snprintf(path, sizeof path, "%s/logs/%s", m->c->state,
		vt_origin_hex(vt_span_str(key->name), hex));
	e = vt_store_open(path, true, &k->dir);
	if (e) {
		k->dir = -1;
		return e;
	}
	e = read_checkpoint(m, k, &root);
	if (!e)
		e = vt_logdir_open(k->dir, k->size, &k->tree);
	if (!e)
		e = vt_merkle_root(vt_logdir_get, k->tree, k->size, &stored);
	if (!e && !vt_hash_eq(&root, &stored))
		e = VT_ECHECKSUM;
	if (e)
		vt_say("mirror: %s: the stored copy in %s cannot be used: %s; move it away to "
		       "mirror this log anew",
			key->name, path, vt_err_text(e));
	k->next = k->complete = k->size;
	if (!e)
		vt_copy_note_pending(m, k);
	return e;
}

vt_err vt_copies_open(struct vt_mirror *m)
{
	vt_err e = VT_OK;

	m->copies = calloc(m->c->nlogs + 1, sizeof *m->copies);
	if (!m->copies)
		return VT_ENOMEM;
	for (size_t i = 0; i < m->c->nlogs; i++)
		m->copies[i].dir = -1;
	for (size_t i = 0; !e && i < m->c->nlogs; i++)
		e = open_copy(m, i);
	return e;
}

void vt_copies_close(struct vt_mirror *m)
{
	for (size_t i = 0; m->copies && i < m->c->nlogs; i++) {
		struct vt_copy *k = &m->copies[i];

		vt_logdir_close(k->tree);
		vt_fd_close(k->dir);
		vt_buf_free(&k->line);
		vt_buf_free(&k->polled);
	}
	free(m->copies);
}
