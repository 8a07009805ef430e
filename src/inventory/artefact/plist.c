/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/plist.h"

vt_err vt_plist_parse(vt_span bytes, vt_arena *a, const struct vt_plist **out)
{
	if (vt_span_at(bytes, 0, "bplist0", 7))
		return vt_plist_binary(bytes, a, out);
	return vt_plist_xml(bytes, a, out);
}

const struct vt_plist *vt_plist_get(const struct vt_plist *of, const char *key)
{
	vt_span k = vt_span_str(key);

	if (!of || of->type != VT_PLIST_DICT)
		return NULL;
	for (const struct vt_plist *p = of->first; p; p = p->next)
		if (vt_span_eq(p->key, k))
			return p;
	return NULL;
}

vt_span vt_plist_text(const struct vt_plist *of, const char *key)
{
	const struct vt_plist *p = vt_plist_get(of, key);

	return p && p->type == VT_PLIST_STRING ? p->text : vt_span_of("", 0);
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		to[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	to[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

/* RFC 3629, section 4, but for what is longer than it need be. */
static bool is_utf8(vt_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		unsigned more = c < 0x80 ? 0 : c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 ? 2 : 1;

		if (c >= 0x80 && (c < 0xc2 || c >= 0xf5))
			return false;
		for (; more; more--)
			if (++i >= s.n || (s.p[i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

vt_err vt_latin1_text(vt_span s, vt_arena *a, vt_span *out)
{
	bool keep = is_utf8(s);
	uint8_t *p = vt_arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;

	if (!p)
		return VT_ENOMEM;
	for (size_t i = 0; i < s.n; i++)
		if (keep)
			p[n++] = s.p[i];
		else
			n += put_utf8(p + n, s.p[i]);
	*out = vt_span_of(p, n);
	return VT_OK;
}

static uint32_t unit(vt_span s, size_t at, bool big)
{
	return big ? (uint32_t)s.p[at] << 8 | s.p[at + 1] : (uint32_t)s.p[at + 1] << 8 | s.p[at];
}

vt_err vt_utf16_text(vt_span utf16, bool big, vt_arena *a, vt_span *out)
{
	uint8_t *p = vt_arena_array(a, utf16.n / 2 + 1, 3);
	size_t n = 0;

	if (!p)
		return VT_ENOMEM;
	for (size_t i = 0; i + 1 < utf16.n; i += 2) {
		uint32_t c = unit(utf16, i, big), low;

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < utf16.n) {
			low = unit(utf16, i + 2, big);
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		if (c >= 0xd800 && c < 0xe000)
			c = 0xfffd;
		n += put_utf8(p + n, c);
	}
	*out = vt_span_of(p, n);
	return VT_OK;
}
