/* SPDX-License-Identifier: Apache-2.0 */
/* The archive inside of something else: one pass over the window for all magic numbers. */
#include "base/num.h"
#include "engine/type/identify.h"
#include "engine/type/magic.h"

/* The number of files stands behind the mark. */
static bool is_ishield(vt_span s, uint64_t at)
{
	uint32_t files;

	return vt_get_u32le(s, at + 14, &files) && files > 0 && files < 0x10000;
}

static const struct mark {
	const char *bytes;
	uint8_t n;
	uint8_t before; /* so many bytes of the header stand before the magic number */
	vt_type type;
	bool (*check)(vt_span s, uint64_t at);
} marks[] = {
	{"PK\x03\x04", 4, 0, VT_TYPE_ZIPSFX, vt_magic_is_zip},
	{"Rar!\x1a\x07", 6, 0, VT_TYPE_RARSFX, NULL},
	{"7z\xbc\xaf\x27\x1c", 6, 0, VT_TYPE_7ZSFX, vt_magic_is_7z},
	{"MSCF", 4, 0, VT_TYPE_CABSFX, vt_magic_is_cab},
	{"EGGA", 4, 0, VT_TYPE_EGGSFX, NULL},
	{"\x60\xea", 2, 0, VT_TYPE_ARJSFX, vt_magic_is_arj},
	{"\xef\xbe\xad\xdeNullsoftInst", 16, 4, VT_TYPE_NSIS, NULL},
	{"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d", 16, 0, VT_TYPE_AUTOIT,
		NULL},
	{"InstallShield\0", 14, 0, VT_TYPE_ISHIELD, is_ishield},
	{"ISSetupStream\0", 14, 0, VT_TYPE_ISHIELD, is_ishield},
};

#define BLOCK 64

/* Does one of the marks' first two bytes stand in this block? The compiler makes vectors of it. */
static bool block_may(const uint8_t *p)
{
	uint8_t hit = 0;

	for (size_t k = 0; k < BLOCK; k++) {
		uint8_t a = p[k], b = p[k + 1];

		hit |= (uint8_t)((a == 'P') & (b == 'K')) | (uint8_t)((a == 'R') & (b == 'a')) |
			(uint8_t)((a == '7') & (b == 'z')) | (uint8_t)((a == 'M') & (b == 'S')) |
			(uint8_t)((a == 'E') & (b == 'G')) | (uint8_t)((a == 0x60) & (b == 0xea)) |
			(uint8_t)((a == 0xef) & (b == 0xbe)) |
			(uint8_t)((a == 0xa3) & (b == 0x48)) |
			(uint8_t)((a == 'I') & ((b == 'n') | (b == 'S')));
	}
	return hit;
}

static const struct mark *mark_at(vt_span s, uint64_t at)
{
	for (size_t i = 0; i < VT_COUNT(marks); i++)
		if (s.p[at] == (uint8_t)marks[i].bytes[0] &&
			vt_span_at(s, at, marks[i].bytes, marks[i].n) &&
			(!marks[i].check || marks[i].check(s, at)))
			return &marks[i];
	return NULL;
}

bool vt_identify_embedded(vt_span bytes, uint64_t from, uint64_t *out_offset, vt_type *out_type)
{
	vt_span window = vt_span_clip(bytes, from, VT_EMBEDDED_WINDOW);
	const struct mark *m;

	for (size_t at = 0; at < window.n; at += BLOCK) {
		if (window.n - at > BLOCK && !block_may(window.p + at))
			continue;
		for (size_t k = at; k < at + BLOCK && k < window.n; k++) {
			m = mark_at(bytes, from + k);
			if (!m)
				continue;
			*out_offset = from + k - vt_min_size(k, m->before);
			*out_type = m->type;
			return true;
		}
	}
	return false;
}

#define END_SIZE 22
#define COMMENT_MAX 65535

bool vt_identify_zip_end(vt_span bytes)
{
	size_t from = bytes.n > END_SIZE + COMMENT_MAX ? bytes.n - END_SIZE - COMMENT_MAX : 0, at;
	uint32_t size = 0;

	/* the first one in the window is enough: a comment that holds another is no concern here */
	for (; vt_span_find(bytes, from, "PK\5\6", 4, &at); from = at + 1) {
		if (vt_get_u32le(bytes, at + 12, &size) && size <= at &&
			vt_span_at(bytes, at - size, "PK\1\2", 4))
			return true;
	}
	return false;
}
