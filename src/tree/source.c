/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/source.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/num.h"
#include "os/fd.h"

#define CLUSTER_BITS_MIN 9u
#define CLUSTER_BITS_MAX 21u
#define TABLES 16u /* second-level tables that are kept */
#define INCOMPAT_DIRTY 1u
#define INCOMPAT_CORRUPT 2u
#define INCOMPAT_COMPRESSION 8u
#define OFFSET_MASK 0x00fffffffffffe00ull
#define COMPRESSED (1ull << 62)

struct table {
	uint64_t at; /* in the file; 0: free */
	uint64_t *v;
	uint64_t used; /* when, to find the oldest */
};

struct vt_qcow_cache {
	struct table tables[TABLES];
	uint64_t clock;
	uint64_t cluster; /* the entry that `plain` was decompressed from; 0: none */
	uint8_t *plain, *packed;
	ZSTD_DCtx *zstd;
};

/* Exactly n bytes of the file. */
static vt_err read_file(const struct vt_source *s, uint64_t at, void *p, size_t n)
{
	size_t got = 0;
	vt_err e;

	if (at > s->file_size || n > s->file_size - at)
		return VT_ETRUNCATED;
	e = vt_fd_pread(s->fd, p, n, at, &got);
	if (!e && got < n)
		e = VT_ETRUNCATED;
	return e;
}

static vt_err read_l1(struct vt_source *s, uint64_t at, uint32_t n)
{
	uint64_t need = (s->size >> s->cluster_bits) >> (s->cluster_bits - 3);
	vt_err e;

	if (n > VT_QCOW_L1_MAX || need >= VT_QCOW_L1_MAX)
		return VT_ELIMIT;
	s->l1 = calloc((size_t)n + 1, sizeof *s->l1);
	s->cache = calloc(1, sizeof *s->cache);
	if (!s->l1 || !s->cache)
		return VT_ENOMEM;
	e = n ? read_file(s, at, s->l1, n * sizeof *s->l1) : VT_OK;
	if (e)
		return e == VT_ETRUNCATED ? VT_EFORMAT : e;
	for (uint32_t i = 0; i < n; i++)
		s->l1[i] = __builtin_bswap64(s->l1[i]);
	s->nl1 = n;
	return VT_OK;
}

static vt_err open_qcow2(struct vt_source *s, vt_span head)
{
	uint32_t version, bits, crypt, l1_size, header_n = 72;
	uint64_t backing, l1_at, features = 0;
	uint8_t method = 0;

	s->format = "qcow2";
	if (!vt_get_u32be(head, 4, &version) || !vt_get_u64be(head, 8, &backing) ||
		!vt_get_u32be(head, 20, &bits) || !vt_get_u64be(head, 24, &s->size) ||
		!vt_get_u32be(head, 32, &crypt) || !vt_get_u32be(head, 36, &l1_size) ||
		!vt_get_u64be(head, 40, &l1_at))
		return VT_EFORMAT;
	if (version < 2 || version > 3)
		return VT_EUNSUPPORTED;
	if (bits < CLUSTER_BITS_MIN || bits > CLUSTER_BITS_MAX)
		return VT_EFORMAT;
	if (version == 3) {
		if (!vt_get_u64be(head, 72, &features) || !vt_get_u32be(head, 100, &header_n) ||
			header_n < 104)
			return VT_EFORMAT;
		if (features & INCOMPAT_COMPRESSION && !vt_get_u8(head, 104, &method))
			return VT_EFORMAT;
	}
	if (crypt)
		return VT_EENCRYPTED;
	if (backing || method > 1 ||
		features & ~(uint64_t)(INCOMPAT_DIRTY | INCOMPAT_CORRUPT | INCOMPAT_COMPRESSION))
		return VT_EUNSUPPORTED;
	s->cluster_bits = bits;
	s->zero_bit = version == 3;
	s->zstd = method == 1;
	return read_l1(s, l1_at, l1_size);
}

vt_err vt_source_open(int fd, struct vt_source *out)
{
	struct vt_source s = {.fd = fd, .format = "raw"};
	uint8_t head[112] = {0};
	size_t got = 0;
	vt_err e = vt_fd_size(fd, &s.file_size);

	s.size = s.file_size;
	if (!e)
		e = vt_fd_pread(fd, head, sizeof head, 0, &got);
	if (!e && got >= 72 && memcmp(head, "QFI\xfb", 4) == 0)
		e = open_qcow2(&s, vt_span_of(head, got));
	if (e)
		vt_source_close(&s);
	else
		*out = s;
	return e;
}

void vt_source_close(struct vt_source *s)
{
	if (s->cache) {
		for (size_t i = 0; i < TABLES; i++)
			free(s->cache->tables[i].v);
		free(s->cache->plain);
		free(s->cache->packed);
		(void)ZSTD_freeDCtx(s->cache->zstd);
		free(s->cache);
	}
	free(s->l1);
	s->cache = NULL;
	s->l1 = NULL;
}

/* The second-level table at an offset of the file, from the cache. */
static vt_err find_table(struct vt_source *s, uint64_t at, const uint64_t **out)
{
	size_t n = (size_t)1 << s->cluster_bits;
	struct vt_qcow_cache *c = s->cache;
	struct table *t = &c->tables[0];
	vt_err e;

	for (size_t i = 0; i < TABLES; i++) {
		if (c->tables[i].at == at) {
			t = &c->tables[i];
			break;
		}
		if (c->tables[i].used < t->used)
			t = &c->tables[i];
	}
	t->used = ++c->clock;
	if (t->at != at) {
		if (!t->v)
			t->v = malloc(n);
		t->at = 0;
		if (!t->v)
			return VT_ENOMEM;
		e = read_file(s, at, t->v, n);
		if (e)
			return e == VT_ETRUNCATED ? VT_EFORMAT : e;
		t->at = at;
	}
	*out = t->v;
	return VT_OK;
}

static vt_err inflate_cluster(const uint8_t *in, size_t in_n, uint8_t *out, size_t out_n)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)in,
		.avail_in = (uInt)in_n,
		.next_out = out,
		.avail_out = (uInt)out_n};
	int r;

	if (inflateInit2(&z, -15) != Z_OK)
		return VT_ENOMEM;
	r = inflate(&z, Z_FINISH);
	(void)inflateEnd(&z);
	/* Behind the data is what the cluster's last sector has otherwise. */
	return z.avail_out == 0 && (r == Z_STREAM_END || r == Z_BUF_ERROR || r == Z_OK)
		? VT_OK
		: VT_EFORMAT;
}

static vt_err unzstd_cluster(
	struct vt_qcow_cache *c, const uint8_t *in, size_t in_n, uint8_t *out, size_t out_n)
{
	ZSTD_inBuffer from = {.src = in, .size = in_n};
	ZSTD_outBuffer to = {.dst = out, .size = out_n};

	if (!c->zstd)
		c->zstd = ZSTD_createDCtx();
	if (!c->zstd)
		return VT_ENOMEM;
	(void)ZSTD_DCtx_reset(c->zstd, ZSTD_reset_session_only);
	while (to.pos < out_n) {
		size_t before = from.pos + to.pos;
		size_t r = ZSTD_decompressStream(c->zstd, &to, &from);

		if (ZSTD_isError(r) || from.pos + to.pos == before)
			return VT_EFORMAT;
	}
	return VT_OK;
}

static vt_err decompress(struct vt_source *s, uint64_t entry)
{
	struct vt_qcow_cache *c = s->cache;
	unsigned x = 62 - (s->cluster_bits - 8);
	uint64_t at = entry & ((1ull << x) - 1);
	uint64_t sectors = ((entry & (COMPRESSED - 1)) >> x) + 1;
	size_t n = (size_t)(sectors * 512 - (at & 511)), cluster = (size_t)1 << s->cluster_bits;
	vt_err e;

	if (c->cluster == entry)
		return VT_OK;
	c->cluster = 0;
	if (!c->plain)
		c->plain = malloc(cluster);
	if (!c->packed)
		c->packed = malloc(2 * cluster + 512);
	if (!c->plain || !c->packed)
		return VT_ENOMEM;
	if (at >= s->file_size || n > 2 * cluster + 512)
		return VT_EFORMAT;
	n = (size_t)vt_min_u64(n, s->file_size - at); /* the last one may end in a sector */
	e = read_file(s, at, c->packed, n);
	if (!e && s->zstd)
		e = unzstd_cluster(c, c->packed, n, c->plain, cluster);
	else if (!e)
		e = inflate_cluster(c->packed, n, c->plain, cluster);
	if (!e)
		c->cluster = entry;
	return e;
}

/* Bytes of one cluster. */
static vt_err read_cluster(struct vt_source *s, uint64_t at, uint8_t *p, size_t n)
{
	uint64_t cluster = at >> s->cluster_bits, within = at & ((1ull << s->cluster_bits) - 1);
	uint64_t l1 = cluster >> (s->cluster_bits - 3), table_at, entry;
	const uint64_t *table;
	vt_err e;

	table_at = l1 < s->nl1 ? s->l1[l1] & OFFSET_MASK : 0;
	if (table_at == 0) {
		memset(p, 0, n);
		return VT_OK;
	}
	e = find_table(s, table_at, &table);
	if (e)
		return e;
	entry = __builtin_bswap64(table[cluster & ((1ull << (s->cluster_bits - 3)) - 1)]);
	if (entry & COMPRESSED) {
		e = decompress(s, entry);
		if (!e)
			memcpy(p, s->cache->plain + within, n);
		return e;
	}
	if ((s->zero_bit && entry & 1) || (entry & OFFSET_MASK) == 0) {
		memset(p, 0, n);
		return VT_OK;
	}
	e = read_file(s, (entry & OFFSET_MASK) + within, p, n);
	return e == VT_ETRUNCATED ? VT_EFORMAT : e;
}

vt_err vt_source_read(struct vt_source *s, uint64_t at, void *p, size_t n)
{
	uint8_t *to = p;

	if (at > s->size || n > s->size - at)
		return VT_ETRUNCATED;
	if (!s->cache)
		return read_file(s, at, p, n);
	while (n) {
		uint64_t cluster = 1ull << s->cluster_bits;
		size_t piece = (size_t)vt_min_u64(n, cluster - (at & (cluster - 1)));
		vt_err e = read_cluster(s, at, to, piece);

		if (e)
			return e;
		at += piece;
		to += piece;
		n -= piece;
	}
	return VT_OK;
}
