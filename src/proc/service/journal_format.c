/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a journal; journal.c has the file and those who wait for it. */
#include "crypto/hash.h"
#include "proc/service/journal.h"

static const uint8_t magic[4] = {0xff, 'V', 'T', 'J'};

/* Places that look like a batch and are none, before a broken end is called damage anyway. */
#define FALSE_STARTS_MAX 1000

#define SUM_AT 16
#define SUM_SIZE 8

static void sum(vt_span batch, uint8_t out[32])
{
	struct vt_sha256_stream s;

	vt_sha256_start(&s);
	vt_sha256_add(&s, vt_span_of(batch.p + sizeof magic, SUM_AT - sizeof magic));
	vt_sha256_add(&s, vt_span_of(batch.p + VT_JOURNAL_HEAD, batch.n - VT_JOURNAL_HEAD));
	vt_sha256_finish(&s, out);
}

void vt_journal_seal(uint8_t *batch, size_t n, uint64_t number)
{
	uint32_t size = (uint32_t)(n - VT_JOURNAL_HEAD);
	uint8_t digest[32];

	memcpy(batch, magic, sizeof magic);
	memcpy(batch + 4, &size, sizeof size);
	memcpy(batch + 8, &number, sizeof number);
	sum(vt_span_of(batch, n), digest);
	memcpy(batch + SUM_AT, digest, SUM_SIZE);
}

vt_err vt_journal_record_write(vt_buf *b, const struct vt_journal_record *r)
{
	vt_err e;

	if (r->note.n > VT_JOURNAL_NOTE_MAX || !memchr(r->note.p, '\n', r->note.n))
		return VT_EARG;
	e = vt_buf_reserve(b, 12 + r->note.n);
	if (!e)
		e = vt_buf_add_u64(b, r->time);
	if (!e)
		e = vt_buf_add_u32(b, (uint32_t)r->note.n);
	return e ? e : vt_buf_add(b, r->note.p, r->note.n);
}

/* A whole batch at the start of `s`, and its number. */
static bool batch_at(vt_span s, vt_span *out_batch, uint64_t *out_number)
{
	uint8_t digest[32];
	uint32_t size;

	if (!vt_span_at(s, 0, magic, sizeof magic) || !vt_get_u32le(s, 4, &size) ||
		!vt_get_u64le(s, 8, out_number) ||
		!vt_span_sub(s, 0, (uint64_t)VT_JOURNAL_HEAD + size, out_batch))
		return false;
	sum(*out_batch, digest);
	return vt_span_at(s, SUM_AT, digest, SUM_SIZE);
}

static vt_err each_record(vt_span payload, vt_journal_fn *fn, void *ctx)
{
	vt_reader r = vt_reader_of(payload);

	while (vt_reader_left(&r)) {
		struct vt_journal_record record = {.time = vt_read_u64le(&r)};
		uint32_t n = vt_read_u32le(&r);
		size_t line;
		vt_err e;

		record.note = vt_read_span(&r, n);
		if (r.bad || n > VT_JOURNAL_NOTE_MAX ||
			!vt_span_find(record.note, 0, "\n", 1, &line))
			return VT_EFORMAT;
		record.origin = vt_span_of(record.note.p, line);
		e = fn(ctx, &record);
		if (e)
			return e;
	}
	return VT_OK;
}

/* Is there a whole batch anywhere in what follows a broken one? */
static bool goes_on(vt_span rest)
{
	size_t at = 0;

	for (unsigned i = 0; i < FALSE_STARTS_MAX; i++) {
		vt_span batch;
		uint64_t number;

		if (!vt_span_find(rest, at, magic, sizeof magic, &at))
			return false;
		if (batch_at(vt_span_of(rest.p + at, rest.n - at), &batch, &number))
			return true;
		at++;
	}
	return true;
}

vt_err vt_journal_replay(
	vt_span file, vt_journal_fn *fn, void *ctx, size_t *out_good, uint64_t *out_next)
{
	uint64_t next = 0, number;
	vt_span rest = file, batch;

	while (batch_at(rest, &batch, &number)) {
		vt_err e;

		if (rest.p != file.p && number != next)
			return VT_ECHECKSUM;
		e = each_record(
			vt_span_of(batch.p + VT_JOURNAL_HEAD, batch.n - VT_JOURNAL_HEAD), fn, ctx);
		if (e)
			return e;
		next = number + 1;
		rest = vt_span_of(rest.p + batch.n, rest.n - batch.n);
	}
	if (goes_on(rest))
		return VT_ECHECKSUM;
	*out_good = file.n - rest.n;
	*out_next = next;
	return VT_OK;
}
