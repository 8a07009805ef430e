/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's ndb: little-endian numbers; Packages.db of SUSE and others. */
#include "inventory/package/ndb.h"

#define SLOT 16u
#define SLOT_PAGE 4096u
#define HEADER_SLOTS 2u /* the header takes the place of two */
#define BLOCK 16u
#define BLOB_HEAD 16u
#define BLOB_TAIL 12u
#define MAGIC_FILE 0x506d7052u /* "RpmP" */
#define MAGIC_SLOT 0x746f6c53u /* "Slot" */
#define MAGIC_BLOB 0x53626c42u /* "BlbS" */
#define MAGIC_TAIL 0x45626c42u /* "BlbE" */

vt_err vt_ndb_open(vt_span s, struct vt_ndb *out)
{
	vt_reader r = vt_reader_of(s);
	uint32_t magic = vt_read_u32le(&r), version = vt_read_u32le(&r), pages;

	(void)vt_read_u32le(&r); /* generation */
	pages = vt_read_u32le(&r);
	if (r.bad)
		return VT_ETRUNCATED;
	if (magic != MAGIC_FILE)
		return VT_EFORMAT;
	if (version)
		return VT_EVERSION;
	if (!pages || !vt_span_has(s, 0, (uint64_t)pages * SLOT_PAGE))
		return VT_ETRUNCATED;
	*out = (struct vt_ndb){.s = s,
		.slot = HEADER_SLOTS,
		.slots = (uint64_t)pages * (SLOT_PAGE / SLOT),
		.left = s.n};
	return VT_OK;
}

/* RFC 1950, section 8. */
static uint32_t adler32(vt_span s)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < s.n; i++) {
		a = (a + s.p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static vt_err read_blob(vt_span blob, uint32_t package, vt_span *out)
{
	vt_reader head = vt_reader_of(blob), tail;
	uint32_t magic = vt_read_u32le(&head), index = vt_read_u32le(&head), size, sum, again;

	(void)vt_read_u32le(&head); /* generation */
	size = vt_read_u32le(&head);
	if (head.bad || magic != MAGIC_BLOB || index != package ||
		size > blob.n - BLOB_HEAD - BLOB_TAIL)
		return VT_EFORMAT;
	tail = vt_reader_of(vt_span_clip(blob, blob.n - BLOB_TAIL, BLOB_TAIL));
	sum = vt_read_u32le(&tail);
	again = vt_read_u32le(&tail);
	if (again != size || vt_read_u32le(&tail) != MAGIC_TAIL)
		return VT_EFORMAT;
	*out = vt_span_of(blob.p + BLOB_HEAD, size);
	return adler32(vt_span_of(blob.p, blob.n - BLOB_TAIL)) == sum ? VT_OK : VT_ECHECKSUM;
}

vt_err vt_ndb_next(struct vt_ndb *d, vt_span *out)
{
	uint32_t magic, package, at, count;
	uint64_t bytes;
	vt_span blob;

	while (d->slot < d->slots) {
		vt_reader r = vt_reader_of(vt_span_clip(d->s, d->slot++ * SLOT, SLOT));

		magic = vt_read_u32le(&r);
		package = vt_read_u32le(&r);
		at = vt_read_u32le(&r);
		count = vt_read_u32le(&r);
		if (r.bad || magic != MAGIC_SLOT)
			return VT_EFORMAT;
		if (!package && !at)
			continue; /* free */
		bytes = (uint64_t)count * BLOCK;
		if (bytes < BLOB_HEAD + BLOB_TAIL)
			return VT_EFORMAT;
		if (!vt_span_sub(d->s, (uint64_t)at * BLOCK, bytes, &blob))
			return VT_ETRUNCATED;
		if (bytes > d->left)
			return VT_ELIMIT;
		d->left -= bytes;
		return read_blob(blob, package, out);
	}
	return VT_END;
}
