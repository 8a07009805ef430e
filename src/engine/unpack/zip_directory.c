/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of zip's headers, APPNOTE 4.3.7 (local), 4.3.12 (central), 4.3.14 to 4.3.16 (end). */
#include "base/num.h"
#include "engine/unpack/zip.h"

#define END "PK\5\6"
#define END_SIZE 22u
#define LOCATOR "PK\6\7"
#define LOCATOR_SIZE 20u
#define END64 "PK\6\6"
#define END64_SIZE 56u /* without its extensible part */
#define ZIP64_EXTRA 1u
/* A comment has up to 64 KiB; more than that is allowed for what others append, as signatures. */
#define TAIL_MAX ((size_t)1 << 20)
#define CANDIDATES 64

/* APPNOTE 4.5.3: 64-bit values stand in the extra field for those that are all ones. */
static void zip64(vt_span extra, struct vt_zip_entry *e)
{
	vt_reader r = vt_reader_of(extra);

	while (vt_reader_left(&r) >= 4) {
		uint16_t id = vt_read_u16le(&r), n = vt_read_u16le(&r);
		vt_reader x = vt_reader_of(vt_read_span(&r, n));
		uint64_t *fields[] = {&e->real, &e->packed, &e->local};

		if (r.bad)
			return;
		if (id != ZIP64_EXTRA)
			continue;
		for (size_t i = 0; i < VT_COUNT(fields); i++) {
			uint64_t v;

			if (*fields[i] != UINT32_MAX)
				continue;
			v = vt_read_u64le(&x);
			if (x.bad)
				return;
			*fields[i] = v;
		}
		if (e->disk == UINT16_MAX && vt_reader_left(&x) >= 4)
			e->disk = vt_read_u32le(&x);
		return;
	}
}

vt_err vt_zip_central(vt_span s, const struct vt_zip_directory *d, uint64_t at,
	struct vt_zip_entry *out, uint64_t *out_next)
{
	struct vt_zip_entry e = {0};
	uint16_t name, extra, comment;
	vt_reader r;

	if (!vt_span_at(s, at, VT_ZIP_CENTRAL, VT_ZIP_MAGIC))
		return VT_EFORMAT;
	r = vt_reader_of(s);
	r.at = (size_t)at;
	(void)vt_read_span(&r, 8); /* magic, versions */
	e.flags = vt_read_u16le(&r);
	e.method = vt_read_u16le(&r);
	(void)vt_read_u32le(&r); /* time */
	e.crc = vt_read_u32le(&r);
	e.packed = vt_read_u32le(&r);
	e.real = vt_read_u32le(&r);
	name = vt_read_u16le(&r);
	extra = vt_read_u16le(&r);
	comment = vt_read_u16le(&r);
	e.disk = vt_read_u16le(&r);
	(void)vt_read_span(&r, 6); /* attributes */
	e.local = vt_read_u32le(&r);
	e.name = vt_read_span(&r, name);
	if (r.bad)
		return VT_ETRUNCATED;
	zip64(vt_span_clip(s, r.at, extra), &e);
	e.local += d->shift;
	*out = e;
	*out_next = r.at + extra + comment;
	return VT_OK;
}

vt_err vt_zip_local(vt_span s, uint64_t at, struct vt_zip_entry *out)
{
	struct vt_zip_entry e = {.local = at};
	uint16_t name, extra;
	vt_reader r;

	if (at >= s.n)
		return VT_ETRUNCATED;
	if (!vt_span_at(s, at, VT_ZIP_LOCAL, VT_ZIP_MAGIC))
		return VT_EFORMAT;
	r = vt_reader_of(s);
	r.at = (size_t)at;
	(void)vt_read_span(&r, 6); /* magic, version */
	e.flags = vt_read_u16le(&r);
	e.method = vt_read_u16le(&r);
	(void)vt_read_u32le(&r); /* time */
	e.crc = vt_read_u32le(&r);
	e.packed = vt_read_u32le(&r);
	e.real = vt_read_u32le(&r);
	name = vt_read_u16le(&r);
	extra = vt_read_u16le(&r);
	e.name = vt_read_span(&r, name);
	e.data = (uint64_t)r.at + extra;
	if (r.bad)
		return VT_ETRUNCATED;
	zip64(vt_span_clip(s, r.at, extra), &e);
	e.local = at;
	*out = e;
	return VT_OK;
}

/* A directory of `size` bytes that ends at `end` and is said to stand at `offset`. */
static bool place(
	vt_span s, uint64_t end, uint64_t offset, uint64_t size, struct vt_zip_directory *d)
{
	/* Info-ZIP may say "see zip64" (4.4.24) and write no such record. */
	if (offset == UINT32_MAX && size <= end && end < UINT32_MAX)
		offset = end - size;
	if (size <= end && (size == 0 || vt_span_at(s, end - size, VT_ZIP_CENTRAL, VT_ZIP_MAGIC))) {
		d->start = end - size;
		d->shift = d->start - offset;
	} else if (vt_span_at(s, offset, VT_ZIP_CENTRAL, VT_ZIP_MAGIC)) {
		/* Something stands between the directory and its end. */
		d->start = offset;
		d->shift = 0;
	} else {
		return false;
	}
	d->end = end;
	return true;
}

/* The zip64 record that the locator in front of `end` is about, APPNOTE 4.3.14, 4.3.15. */
static bool end64(vt_span s, uint64_t end, struct vt_zip_directory *d)
{
	uint64_t said = 0, at, size = 0, offset = 0;
	size_t found, from;

	if (end < LOCATOR_SIZE || !vt_span_at(s, end - LOCATOR_SIZE, LOCATOR, VT_ZIP_MAGIC))
		return false;
	(void)vt_get_u64le(s, end - LOCATOR_SIZE + 8, &said);
	at = said;
	if (!vt_span_at(s, at, END64, VT_ZIP_MAGIC) && end >= LOCATOR_SIZE + END64_SIZE)
		at = end - LOCATOR_SIZE - END64_SIZE;
	if (!vt_span_at(s, at, END64, VT_ZIP_MAGIC)) {
		/* With bytes in front of the archive; the record may have an extensible part. */
		from = end > TAIL_MAX ? (size_t)end - TAIL_MAX : 0;
		if (!vt_span_find(vt_span_clip(s, 0, end), from, END64, VT_ZIP_MAGIC, &found))
			return false;
		at = found;
	}
	if (!vt_get_u64le(s, at + 40, &size) || !vt_get_u64le(s, at + 48, &offset))
		return false;
	return place(s, at, offset, size, d);
}

static bool end32(vt_span s, uint64_t end, struct vt_zip_directory *d)
{
	uint16_t disk;
	uint32_t size, offset;

	if (!vt_get_u16le(s, end + 4, &disk) || !vt_get_u32le(s, end + 12, &size) ||
		!vt_get_u32le(s, end + 16, &offset) || !vt_span_has(s, end, END_SIZE))
		return false;
	d->disk = disk;
	return end64(s, end, d) || place(s, end, offset, size, d);
}

vt_err vt_zip_find_directory(vt_span s, struct vt_zip_directory *out)
{
	size_t from = s.n > TAIL_MAX ? s.n - TAIL_MAX : 0, at = s.n;
	struct vt_zip_directory d = {0}, empty;
	bool have_empty = false;

	for (unsigned tries = 0; at > from && tries < CANDIDATES;) {
		const uint8_t *p = memrchr(s.p + from, 'P', at - from);

		if (!p)
			break;
		at = (size_t)(p - s.p);
		if (!vt_span_at(s, at, END, VT_ZIP_MAGIC))
			continue;
		tries++;
		if (!end32(s, at, &d))
			continue;
		if (d.start != d.end) {
			*out = d;
			return VT_OK;
		}
		if (!have_empty)
			empty = d;
		have_empty = true;
	}
	if (!have_empty)
		return VT_ETRUNCATED;
	*out = empty;
	return VT_OK;
}
