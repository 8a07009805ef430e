/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/partition.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/num.h"

#define SECTOR 512u
#define LOGICAL_MAX 128 /* partitions in an extended one */
#define GPT_ENTRIES_MAX 1024u
#define GPT_ENTRY_MAX 4096u

/* As much as there is; the rest is zeros. */
static vt_err read_some(struct vt_source *s, uint64_t at, void *p, size_t n)
{
	size_t have = at < s->size ? (size_t)vt_min_u64(n, s->size - at) : 0;
	vt_err e = have ? vt_source_read(s, at, p, have) : VT_OK;

	memset((uint8_t *)p + have, 0, n - have);
	/* A damaged cluster is as good as zeros here: no table, nothing recognised. */
	if (e && e != VT_ENOMEM && e != VT_EIO) {
		memset(p, 0, n);
		e = VT_OK;
	}
	return e;
}

static void add(
	struct vt_source *s, struct vt_partitions *v, unsigned number, uint64_t at, uint64_t size)
{
	if (size == 0 || at >= s->size)
		return;
	if (v->n == VT_PARTITIONS_MAX) {
		v->more = true;
		return;
	}
	v->v[v->n++] = (struct vt_partition){
		.number = number, .at = at, .size = vt_min_u64(size, s->size - at)};
}

struct mbr_entry {
	uint8_t type, flag;
	uint32_t start, count;
};

static struct mbr_entry mbr_entry(vt_span sector, unsigned i)
{
	struct mbr_entry m = {0};
	uint64_t at = 446 + 16 * (uint64_t)i;

	(void)vt_get_u8(sector, at, &m.flag);
	(void)vt_get_u8(sector, at + 4, &m.type);
	(void)vt_get_u32le(sector, at + 8, &m.start);
	(void)vt_get_u32le(sector, at + 12, &m.count);
	return m;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static bool has_signature(vt_span sector)
{
	return vt_span_at(sector, 510, "\x55\xaa", 2);
}

/* The chain of tables in an extended partition; each names a partition and the next table. */
static vt_err read_extended(struct vt_source *s, uint32_t base, struct vt_partitions *out)
{
	uint8_t sector[SECTOR];
	uint64_t at = base;
	unsigned number = 5;

	for (unsigned i = 0; i < LOGICAL_MAX; i++) {
		struct mbr_entry here, next;
		vt_err e = read_some(s, at * SECTOR, sector, SECTOR);

		if (e)
			return e;
		if (!has_signature(vt_span_of(sector, SECTOR))) {
			out->more = true;
			return VT_OK;
		}
		here = mbr_entry(vt_span_of(sector, SECTOR), 0);
		next = mbr_entry(vt_span_of(sector, SECTOR), 1);
		if (here.type)
			add(s, out, number++, (at + here.start) * SECTOR,
				(uint64_t)here.count * SECTOR);
		if (!is_extended(next.type) || next.start == 0)
			return VT_OK;
		at = (uint64_t)base + next.start;
	}
	out->more = true; /* a loop */
	return VT_OK;
}

static bool gpt_header_ok(uint8_t *h, size_t n)
{
	vt_span s = vt_span_of(h, n);
	uint32_t size, sum;

	if (!vt_span_at(s, 0, "EFI PART", 8) || !vt_get_u32le(s, 12, &size) ||
		!vt_get_u32le(s, 16, &sum) || size < 92 || size > n)
		return false;
	memset(h + 16, 0, 4);
	return crc32(0, h, size) == sum;
}

static vt_err read_gpt_entries(
	struct vt_source *s, vt_span header, uint64_t sector, struct vt_partitions *out)
{
	static const uint8_t unused[16];
	uint64_t table, first, last;
	uint32_t n, size;
	uint8_t entry[128];

	if (!vt_get_u64le(header, 72, &table) || !vt_get_u32le(header, 80, &n) ||
		!vt_get_u32le(header, 84, &size) || size < sizeof entry || size > GPT_ENTRY_MAX ||
		table > INT64_MAX / sector) {
		out->more = true;
		return VT_OK;
	}
	if (n > GPT_ENTRIES_MAX) {
		n = GPT_ENTRIES_MAX;
		out->more = true;
	}
	for (uint32_t i = 0; i < n; i++) {
		vt_span e = vt_span_of(entry, sizeof entry);
		vt_err r = read_some(s, table * sector + (uint64_t)i * size, entry, sizeof entry);

		if (r)
			return r;
		if (memcmp(entry, unused, sizeof unused) == 0)
			continue;
		if (!vt_get_u64le(e, 32, &first) || !vt_get_u64le(e, 40, &last) || last < first ||
			last >= INT64_MAX / sector)
			out->more = true;
		else
			add(s, out, i + 1, first * sector, (last - first + 1) * sector);
	}
	return VT_OK;
}

/* Tries the header behind the first sector and the copy in the last one. */
static vt_err read_gpt(struct vt_source *s, bool *out_found, struct vt_partitions *out)
{
	static const uint32_t sectors[] = {512, 4096};
	uint8_t h[SECTOR];

	*out_found = false;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t size = sectors[i / 2], at = i % 2 ? s->size / size * size - size : size;
		vt_err e;

		if (s->size < 3 * size)
			continue;
		e = read_some(s, at, h, sizeof h);
		if (e)
			return e;
		if (gpt_header_ok(h, sizeof h)) {
			*out_found = true;
			return read_gpt_entries(s, vt_span_of(h, sizeof h), size, out);
		}
	}
	return VT_OK;
}

vt_err vt_partitions_read(struct vt_source *s, struct vt_partitions *out)
{
	uint8_t sector[SECTOR];
	vt_span m = vt_span_of(sector, SECTOR);
	bool gpt, sane = true;
	vt_err e;

	*out = (struct vt_partitions){0};
	e = read_gpt(s, &gpt, out);
	if (!e)
		e = read_some(s, 0, sector, SECTOR);
	if (e || gpt || !has_signature(m))
		return e;
	for (unsigned i = 0; i < 4; i++) { /* boot sectors of file systems end in 55 AA too */
		struct mbr_entry p = mbr_entry(m, i);

		sane = sane && (p.flag & 0x7f) == 0 && (p.type == 0 || p.start > 0);
	}
	for (unsigned i = 0; sane && i < 4 && !e; i++) {
		struct mbr_entry p = mbr_entry(m, i);

		if (is_extended(p.type))
			e = read_extended(s, p.start, out);
		else if (p.type)
			add(s, out, i + 1, (uint64_t)p.start * SECTOR, (uint64_t)p.count * SECTOR);
	}
	return e;
}

#define HEAD_SIZE (132u << 10)

static const struct {
	const char *name;
	uint32_t at;
	uint8_t n;
	const char *magic;
	enum vt_miss why;
} magics[] = {
	{"bitlocker", 3, 8, "-FVE-FS-", VT_MISS_ENCRYPTED},
	{"luks", 0, 6, "LUKS\xba\xbe", VT_MISS_ENCRYPTED},
	{"ntfs", 3, 8, "NTFS    ", VT_MISS_UNSUPPORTED},
	{"exfat", 3, 8, "EXFAT   ", VT_MISS_UNSUPPORTED},
	{"vfat", 82, 8, "FAT32   ", VT_MISS_UNSUPPORTED},
	{"vfat", 54, 8, "FAT16   ", VT_MISS_UNSUPPORTED},
	{"vfat", 54, 8, "FAT12   ", VT_MISS_UNSUPPORTED},
	{"xfs", 0, 4, "XFSB", VT_MISS_UNSUPPORTED}, {"squashfs", 0, 4, "hsqs", VT_MISS_UNSUPPORTED},
	{"lvm", 512, 8, "LABELONE", VT_MISS_UNSUPPORTED},
	{"lvm", 0, 8, "LABELONE", VT_MISS_UNSUPPORTED},
	{"lvm", 1024, 8, "LABELONE", VT_MISS_UNSUPPORTED},
	{"lvm", 1536, 8, "LABELONE", VT_MISS_UNSUPPORTED},
	{"btrfs", 0x10040, 8, "_BHRfS_M", VT_MISS_UNSUPPORTED},
	{"swap", 4086, 10, "SWAPSPACE2", VT_MISS_UNSUPPORTED},
	{"swap", 65526, 10, "SWAPSPACE2", VT_MISS_UNSUPPORTED},
	{"iso9660", 32769, 5, "CD001", VT_MISS_UNSUPPORTED},
	{"f2fs", 1024, 4, "\x10\x20\xf5\xf2", VT_MISS_UNSUPPORTED},
	{"erofs", 1024, 4, "\xe2\xe1\xf5\xe0", VT_MISS_UNSUPPORTED},
	{"hfsplus", 1024, 2, "H+", VT_MISS_UNSUPPORTED},
	{"apfs", 32, 4, "NXSB", VT_MISS_UNSUPPORTED},
	{"raid", 4096, 4, "\xfc\x4e\x2b\xa9", VT_MISS_UNSUPPORTED},
	{"raid", 0, 4, "\xfc\x4e\x2b\xa9", VT_MISS_UNSUPPORTED},
	{"zfs", 131072, 4, "\x0c\xb1\xba\x00", VT_MISS_UNSUPPORTED},
	{"ext", 1080, 2, "\x53\xef", VT_MISS_MALFORMED}, /* the last: only two bytes */
};

vt_err vt_partition_recognise(
	struct vt_source *s, uint64_t at, uint64_t size, struct vt_recognised *out)
{
	uint8_t *head = calloc(1, HEAD_SIZE);
	vt_err e = head ? read_some(s, at, head, (size_t)vt_min_u64(size, HEAD_SIZE)) : VT_ENOMEM;

	*out = (struct vt_recognised){.why = VT_MISS_UNSUPPORTED};
	for (size_t i = 0; !e && !out->name && i < VT_COUNT(magics); i++)
		if (memcmp(head + magics[i].at, magics[i].magic, magics[i].n) == 0)
			*out = (struct vt_recognised){magics[i].name, magics[i].why};
	free(head);
	return e;
}
