/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strings of the version resources. PE specification, "The .rsrc Section" (a tree of three
 * levels: type, name, language), and the Win32 documentation of VS_VERSIONINFO, StringFileInfo,
 * StringTable and String: nested blocks, each u16 length, u16 value length, u16 type, a key in
 * UTF-16 with its zero, padding to 4 bytes, then its value or its children.
 */
#include "base/num.h"
#include "engine/exe/pe.h"
#include "engine/exe/pe_head.h"

#define RT_VERSION 16
#define LEVELS 3
#define MAX_ENTRIES 256  /* of one directory */
#define MAX_RESOURCES 16 /* of this type; real programs have one, or one for each language */
#define BLOCK_HEAD 6
#define KEY_MAX 512 /* bytes */

struct versions {
	vt_span bytes;
	const struct vt_exe *exe;
	uint32_t header_size;
	vt_arena *arena;
	unsigned n, resources;
	struct vt_exe_range *list;
};

struct block {
	uint64_t end;   /* behind it */
	uint64_t key;   /* where its key starts */
	uint64_t body;  /* where its value or its children start */
	uint16_t value; /* length of its value, in the units of its type */
};

/* A "VI" pattern starts at a string's key and nowhere else: hence ranges of one byte. */
static vt_err add_range(struct versions *v, uint64_t key)
{
	if (v->n == VT_PE_MAX_VERSIONS)
		return VT_OK;
	if (!v->list) {
		v->list = vt_arena_array(v->arena, VT_PE_MAX_VERSIONS, sizeof *v->list);
		if (!v->list)
			return VT_ENOMEM;
	}
	v->list[v->n++] = (struct vt_exe_range){.offset = key, .size = 1};
	return VT_OK;
}

/* Padding is counted from the start of the resource, which is where VS_VERSIONINFO stands. */
static uint64_t pad4(uint64_t base, uint64_t at)
{
	return base + ((at - base + 3) & ~(uint64_t)3);
}

/* The block at `at`, which must end at or before `end`. */
static bool read_block(vt_span s, uint64_t base, uint64_t at, uint64_t end, struct block *out)
{
	uint16_t length, value, unit;
	uint64_t k;

	if (at > end || end - at < BLOCK_HEAD || !vt_get_u16le(s, at, &length) ||
		length < BLOCK_HEAD || !vt_get_u16le(s, at + 2, &value))
		return false;
	out->value = value;
	out->end = at + vt_min_u64(length, end - at);
	out->key = at + BLOCK_HEAD;
	for (k = out->key; k + 2 <= out->end && k - out->key < KEY_MAX; k += 2) {
		if (!vt_get_u16le(s, k, &unit))
			return false;
		if (unit == 0) {
			out->body = vt_min_u64(pad4(base, k + 2), out->end);
			return true;
		}
	}
	return false;
}

static bool key_is(vt_span s, const struct block *b, const char *key)
{
	uint64_t at = b->key;
	uint16_t unit;

	for (; vt_get_u16le(s, at, &unit) && at + 2 <= b->end; at += 2, key++) {
		if (unit != (uint8_t)*key)
			return false;
		if (unit == 0)
			return true;
	}
	return false;
}

/* Each String of each StringTable inside of one StringFileInfo. */
static vt_err add_tables(struct versions *v, uint64_t base, const struct block *info)
{
	struct block table, string;
	uint64_t t = info->body;
	vt_err err;

	for (; read_block(v->bytes, base, t, info->end, &table); t = pad4(base, table.end)) {
		uint64_t at = table.body;

		for (; read_block(v->bytes, base, at, table.end, &string);
			at = pad4(base, string.end)) {
			if (string.value == 0) /* ClamAV skips strings without a value */
				continue;
			err = add_range(v, string.key);
			if (err)
				return err;
		}
	}
	return VT_OK;
}

/* One VS_VERSIONINFO at file offset `at`. */
static vt_err add_resource(struct versions *v, uint64_t at, uint32_t size)
{
	uint64_t end = at + vt_min_u64(size, at < v->bytes.n ? v->bytes.n - at : 0);
	struct block root, child;
	uint64_t c;
	vt_err err;

	if (!read_block(v->bytes, at, at, end, &root) ||
		!key_is(v->bytes, &root, "VS_VERSION_INFO"))
		return VT_OK;
	c = pad4(at, root.body + root.value);
	for (; read_block(v->bytes, at, c, root.end, &child); c = pad4(at, child.end)) {
		if (!key_is(v->bytes, &child, "StringFileInfo"))
			continue;
		err = add_tables(v, at, &child);
		if (err)
			return err;
	}
	return VT_OK;
}

/* A place in the tree of resources: a directory being walked. */
struct level {
	uint64_t at; /* the next entry */
	unsigned left;
};

static bool enter(const struct versions *v, uint64_t directory, struct level *out)
{
	uint16_t named, ids;

	if (!vt_get_u16le(v->bytes, directory + 12, &named) ||
		!vt_get_u16le(v->bytes, directory + 14, &ids))
		return false;
	out->at = directory + 16;
	out->left = vt_min_size((size_t)named + ids, MAX_ENTRIES) & UINT16_MAX;
	return true;
}

static vt_err walk(struct versions *v, uint64_t root)
{
	struct level path[LEVELS];
	unsigned depth = 0, budget = MAX_ENTRIES * LEVELS;
	vt_err err;

	if (!enter(v, root, &path[0]))
		return VT_OK;
	for (;;) {
		struct level *l = &path[depth];
		uint32_t id, to, address, size;
		uint64_t at;

		if (l->left == 0) {
			if (depth-- == 0)
				return VT_OK;
			continue;
		}
		if (budget-- == 0)
			return VT_OK;
		l->left--;
		l->at += 8;
		if (!vt_get_u32le(v->bytes, l->at - 8, &id) ||
			!vt_get_u32le(v->bytes, l->at - 4, &to))
			return VT_OK;
		if (depth == 0 && id != RT_VERSION)
			continue;
		if (to >> 31) {
			if (depth + 1 < LEVELS &&
				enter(v, root + (to & 0x7fffffff), &path[depth + 1]))
				depth++;
			continue;
		}
		if (!vt_get_u32le(v->bytes, root + to, &address) ||
			!vt_get_u32le(v->bytes, root + to + 4, &size) ||
			!vt_pe_offset(v->exe, v->header_size, address, &at))
			continue;
		if (v->resources++ == MAX_RESOURCES)
			return VT_OK;
		err = add_resource(v, at, size);
		if (err)
			return err;
	}
}

vt_err vt_pe_versions(vt_span bytes, const struct vt_exe *exe, vt_arena *arena, unsigned *out_n,
	const struct vt_exe_range **out_ranges)
{
	struct versions v = {.bytes = bytes, .exe = exe, .arena = arena};
	struct vt_pe_head h;
	uint32_t address, size;
	uint64_t root;
	vt_err err = VT_OK;

	if (!vt_pe_head(bytes, &h) && vt_pe_directory(bytes, &h, VT_PE_RESOURCE, &address, &size)) {
		v.header_size = h.header_size;
		if (vt_pe_offset(exe, h.header_size, address, &root))
			err = walk(&v, root);
	}
	if (err)
		return err;
	*out_n = v.n;
	*out_ranges = v.list;
	return VT_OK;
}
