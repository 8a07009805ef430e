/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's write-ahead log: sqlite.org/walformat.html and fileformat2.html section 4. */
#include "inventory/package/wal.h"

#include <string.h>

#define DB_HEADER 100u
#define DB_MAGIC "SQLite format 3"
#define DB_WRITE_VERSION 18u
#define DB_READ_VERSION 19u
#define DB_ROLLBACK 1u
#define LOG_HEADER 32u
#define FRAME_HEADER 24u
#define MAGIC 0x377f0682u /* lowest bit: checksums of big-endian words */
#define VERSION 3007000u

struct sums {
	uint32_t a, b;
	bool big;
};

/* Section 4.2: pairs of words; the length is a multiple of 8. */
static void add_sums(struct sums *s, vt_span v)
{
	vt_reader r = vt_reader_of(v);

	while (vt_reader_left(&r) >= 8) {
		s->a += (s->big ? vt_read_u32be(&r) : vt_read_u32le(&r)) + s->b;
		s->b += (s->big ? vt_read_u32be(&r) : vt_read_u32le(&r)) + s->a;
	}
}

struct frame {
	uint32_t page, commit;
	vt_span data;
};

/* Reads one frame and checks that it belongs to the log's present generation. */
static bool next_frame(
	vt_reader *r, vt_span salts, uint32_t page_size, struct sums *s, struct frame *out)
{
	vt_span head = vt_read_span(r, FRAME_HEADER), data = vt_read_span(r, page_size);
	uint32_t a, b;

	if (r->bad || !vt_get_u32be(head, 0, &out->page) || !vt_get_u32be(head, 4, &out->commit) ||
		!vt_get_u32be(head, 16, &a) || !vt_get_u32be(head, 20, &b))
		return false;
	if (!out->page || !vt_span_at(head, 8, salts.p, salts.n))
		return false;
	add_sums(s, vt_span_clip(head, 0, 8));
	add_sums(s, data);
	out->data = data;
	return s->a == a && s->b == b;
}

static vt_err put_page(vt_buf *db, uint32_t page, vt_span data)
{
	uint64_t end = (uint64_t)page * data.n;
	vt_err e;

	if (end > db->max)
		return VT_ELIMIT;
	if (end > db->n) {
		size_t more = (size_t)end - db->n;

		e = vt_buf_reserve(db, more);
		if (e)
			return e;
		memset(db->p + db->n, 0, more);
		db->n += more;
	}
	memcpy(db->p + end - data.n, data.p, data.n);
	return VT_OK;
}

static bool is_database(vt_span s, uint32_t *out_page_size)
{
	uint16_t size;

	if (s.n < DB_HEADER || !vt_span_at(s, 0, DB_MAGIC, sizeof DB_MAGIC) ||
		!vt_get_u16be(s, 16, &size))
		return false;
	*out_page_size = size == 1 ? 65536 : size;
	return true;
}

/* How many frames belong to whole transactions; *out_pages: of the database after the last. */
static uint64_t count_committed(
	vt_span wal, vt_span salts, uint32_t page_size, struct sums s, uint32_t *out_pages)
{
	vt_reader r = vt_reader_of(wal);
	uint64_t n = 0, committed = 0;
	struct frame f;

	(void)vt_read_span(&r, LOG_HEADER);
	while (next_frame(&r, salts, page_size, &s, &f)) {
		n++;
		if (f.commit) {
			committed = n;
			*out_pages = f.commit;
		}
	}
	return committed;
}

vt_err vt_wal_apply(vt_span wal, vt_buf *db)
{
	vt_reader r = vt_reader_of(wal);
	uint32_t magic, version, page_size, log_page_size, a, b, pages = 0;
	vt_span salts;
	struct sums s;
	struct frame f;
	uint64_t n;
	vt_err e;

	if (!is_database(vt_buf_span(db), &page_size))
		return VT_EFORMAT;
	magic = vt_read_u32be(&r);
	version = vt_read_u32be(&r);
	log_page_size = vt_read_u32be(&r);
	(void)vt_read_u32be(&r); /* number of the checkpoint */
	salts = vt_read_span(&r, 8);
	a = vt_read_u32be(&r);
	b = vt_read_u32be(&r);
	if (r.bad || (magic & ~1u) != MAGIC)
		return wal.n ? VT_EFORMAT : VT_OK;
	if (version != VERSION)
		return VT_EVERSION;
	s = (struct sums){.big = magic & 1};
	add_sums(&s, vt_span_clip(wal, 0, 24));
	if (s.a != a || s.b != b || log_page_size != page_size)
		return VT_EFORMAT;
	n = count_committed(wal, salts, page_size, s, &pages);
	for (; n; n--) {
		if (!next_frame(&r, salts, page_size, &s, &f))
			return VT_EFORMAT;
		e = put_page(db, f.page, f.data);
		if (e)
			return e;
	}
	if (pages && (uint64_t)pages * page_size < db->n)
		db->n = (size_t)pages * page_size;
	return VT_OK;
}

vt_err vt_wal_forget(vt_buf *db)
{
	uint32_t unused;

	if (!is_database(vt_buf_span(db), &unused))
		return VT_EFORMAT;
	db->p[DB_WRITE_VERSION] = DB_ROLLBACK;
	db->p[DB_READ_VERSION] = DB_ROLLBACK;
	return VT_OK;
}
