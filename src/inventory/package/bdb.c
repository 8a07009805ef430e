/* SPDX-License-Identifier: Apache-2.0 */
/* Berkeley DB's hash pages (its db_page.h names the fields; nothing else documents them). */
#include "inventory/package/bdb.h"

#define META_SIZE 512u
#define META_MAGIC 12u
#define META_VERSION 16u
#define META_PAGE_SIZE 20u
#define META_ENCRYPTED 24u
#define META_TYPE 25u
#define META_FLAGS 26u
#define META_LAST 32u
#define MAGIC_HASH 0x061561u
#define FLAG_CHECKSUM 1u
#define VERSION_MIN 7u
#define VERSION_MAX 9u

#define PAGE_HEADER 26u
#define PAGE_NEXT 16u
#define PAGE_ENTRIES 20u
#define PAGE_OFFSET 22u
#define PAGE_TYPE 25u
#define PAGE_HASH_UNSORTED 2u
#define PAGE_OVERFLOW 7u
#define PAGE_HASH_META 8u
#define PAGE_HASH 13u

#define ITEM_INLINE 1u
#define ITEM_OFF_PAGE 3u

bool vt_bdb_u32(const struct vt_bdb *d, vt_span s, uint64_t off, uint32_t *out)
{
	return d->swap ? vt_get_u32be(s, off, out) : vt_get_u32le(s, off, out);
}

static bool get_u16(const struct vt_bdb *d, vt_span s, uint64_t off, uint16_t *out)
{
	return d->swap ? vt_get_u16be(s, off, out) : vt_get_u16le(s, off, out);
}

vt_err vt_bdb_open(vt_span s, struct vt_bdb *out)
{
	struct vt_bdb d = {.s = s, .page = 1, .left = (uint64_t)s.n};
	uint32_t magic, version = 0;

	if (s.n < META_SIZE || !vt_bdb_u32(&d, s, META_MAGIC, &magic))
		return VT_ETRUNCATED;
	if (magic != MAGIC_HASH) {
		d.swap = true;
		if (!vt_bdb_u32(&d, s, META_MAGIC, &magic) || magic != MAGIC_HASH)
			return VT_EFORMAT;
	}
	if (!vt_bdb_u32(&d, s, META_VERSION, &version) ||
		!vt_bdb_u32(&d, s, META_PAGE_SIZE, &d.page_size) ||
		!vt_bdb_u32(&d, s, META_LAST, &d.last))
		return VT_ETRUNCATED;
	if (version < VERSION_MIN || version > VERSION_MAX)
		return VT_EVERSION;
	if (s.p[META_ENCRYPTED] || s.p[META_TYPE] != PAGE_HASH_META ||
		s.p[META_FLAGS] & FLAG_CHECKSUM)
		return VT_EUNSUPPORTED;
	if (d.page_size < 512 || d.page_size > 65536 || d.page_size & (d.page_size - 1))
		return VT_EFORMAT;
	if (!vt_span_has(s, 0, ((uint64_t)d.last + 1) * d.page_size))
		return VT_ETRUNCATED;
	*out = d;
	return VT_OK;
}

static vt_span page_of(const struct vt_bdb *d, uint32_t number)
{
	return vt_span_clip(d->s, (uint64_t)number * d->page_size, d->page_size);
}

/* An item ends where the one before it begins; the first ends with the page. */
static bool item_of(const struct vt_bdb *d, vt_span page, uint32_t index, vt_span *out)
{
	uint16_t at = 0, before = 0;
	uint64_t end = d->page_size;

	if (!get_u16(d, page, PAGE_HEADER + 2 * (uint64_t)index, &at))
		return false;
	if (index) {
		if (!get_u16(d, page, PAGE_HEADER + 2 * (uint64_t)(index - 1), &before))
			return false;
		end = before;
	}
	return at < end && vt_span_sub(page, at, end - at, out);
}

/* The chain of overflow pages from `number` on holds `total` bytes. */
static vt_err read_chain(struct vt_bdb *d, uint32_t number, uint32_t total, vt_buf *scratch)
{
	uint16_t size = 0;
	uint32_t next = 0;
	vt_err e;

	vt_buf_clear(scratch);
	if (total > d->left)
		return VT_ELIMIT;
	d->left -= total;
	for (uint32_t pages = 0; number; pages++, number = next) {
		vt_span page = page_of(d, number), part;

		if (number > d->last || page.n < d->page_size || pages > d->last ||
			page.p[PAGE_TYPE] != PAGE_OVERFLOW)
			return VT_EFORMAT;
		if (!vt_bdb_u32(d, page, PAGE_NEXT, &next) ||
			!get_u16(d, page, PAGE_OFFSET, &size) ||
			!vt_span_sub(page, PAGE_HEADER, size, &part) || part.n > total - scratch->n)
			return VT_EFORMAT;
		if (!part.n)
			return VT_EFORMAT;
		e = vt_buf_add(scratch, part.p, part.n);
		if (e)
			return e;
	}
	return scratch->n == total ? VT_OK : VT_ETRUNCATED;
}

static vt_err value_of(struct vt_bdb *d, vt_span item, vt_buf *scratch, vt_span *out)
{
	uint32_t number, total;
	vt_err e;

	if (*item.p == ITEM_INLINE) {
		*out = vt_span_of(item.p + 1, item.n - 1);
		return VT_OK;
	}
	if (*item.p != ITEM_OFF_PAGE) /* sets of duplicates: rpm's Packages has none */
		return VT_EUNSUPPORTED;
	if (!vt_bdb_u32(d, item, 4, &number) || !vt_bdb_u32(d, item, 8, &total))
		return VT_ETRUNCATED;
	e = read_chain(d, number, total, scratch);
	if (!e)
		*out = vt_buf_span(scratch);
	return e;
}

vt_err vt_bdb_next(struct vt_bdb *d, vt_buf *scratch, vt_span *out_key, vt_span *out_value)
{
	vt_span page, key, value;
	uint16_t entries = 0;

	for (; d->page <= d->last; d->page++, d->pair = 0) {
		page = page_of(d, d->page);
		if (page.n < d->page_size)
			return VT_ETRUNCATED;
		if (page.p[PAGE_TYPE] != PAGE_HASH && page.p[PAGE_TYPE] != PAGE_HASH_UNSORTED)
			continue;
		if (!get_u16(d, page, PAGE_ENTRIES, &entries) || 2 * d->pair + 1 >= entries)
			continue;
		if (!item_of(d, page, 2 * d->pair, &key) ||
			!item_of(d, page, 2 * d->pair + 1, &value) || *key.p != ITEM_INLINE) {
			d->pair++;
			return VT_EFORMAT;
		}
		d->pair++;
		*out_key = vt_span_of(key.p + 1, key.n - 1);
		return value_of(d, value, scratch, out_value);
	}
	return VT_END;
}
