/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XML form. Of XML it knows what property lists are written with: elements, the five entities
 * and character references, comments, CDATA, and a document type that is passed over (one with an
 * internal subset is refused, so no entity can be declared).
 */
#include "inventory/artefact/plist.h"

#include "inventory/artefact/line.h"

struct xml {
	vt_span s;
	size_t at;
	vt_arena *a;
	uint64_t left;
};

enum tag { OPEN, CLOSE, EMPTY };

/* Past white space, comments, processing instructions and the document type. */
static vt_err skip(struct xml *x)
{
	size_t end;

	for (;;) {
		while (x->at < x->s.n && (x->s.p[x->at] <= ' '))
			x->at++;
		if (vt_span_at(x->s, x->at, "<!--", 4)) {
			if (!vt_span_find(x->s, x->at + 4, "-->", 3, &end))
				return VT_ETRUNCATED;
			x->at = end + 3;
		} else if (vt_span_at(x->s, x->at, "<?", 2)) {
			if (!vt_span_find(x->s, x->at, "?>", 2, &end))
				return VT_ETRUNCATED;
			x->at = end + 2;
		} else if (vt_span_at(x->s, x->at, "<!DOCTYPE", 9)) {
			if (!vt_span_find(x->s, x->at, ">", 1, &end))
				return VT_ETRUNCATED;
			if (memchr(x->s.p + x->at, '[', end - x->at))
				return VT_EUNSUPPORTED;
			x->at = end + 1;
		} else {
			return VT_OK;
		}
	}
}

static vt_err next_tag(struct xml *x, enum tag *out_tag, vt_span *out_name)
{
	vt_span in, name;
	size_t end;
	vt_err e = skip(x);

	if (e)
		return e;
	if (!vt_span_at(x->s, x->at, "<", 1))
		return x->at >= x->s.n ? VT_ETRUNCATED : VT_EFORMAT;
	if (!vt_span_find(x->s, x->at, ">", 1, &end))
		return VT_ETRUNCATED;
	in = vt_span_of(x->s.p + x->at + 1, end - x->at - 1);
	x->at = end + 1;
	*out_tag = OPEN;
	if (in.n && in.p[0] == '/') {
		*out_tag = CLOSE;
		in = vt_span_of(in.p + 1, in.n - 1);
	} else if (in.n && in.p[in.n - 1] == '/') {
		*out_tag = EMPTY;
		in.n--;
	}
	if (!vt_line_word(&in, &name))
		return VT_EFORMAT;
	*out_name = name;
	return VT_OK;
}

/* The character that "&...;" stands for; 0 for none that is known. */
static uint32_t entity(vt_span name)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	uint32_t v = 0, base = 10;
	size_t i = 1;

	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (vt_line_is(name, known[k].name))
			return known[k].c;
	if (name.n < 2 || name.n > 8 || name.p[0] != '#')
		return 0;
	if (name.p[1] == 'x') {
		base = 16;
		i = 2;
	}
	for (; i < name.n; i++) {
		uint8_t c = name.p[i];
		uint32_t d =
			c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)(c | 32) - 'a' + 10;

		if (d >= base)
			return 0;
		v = v * base + d;
	}
	return v < 0x110000 ? v : 0;
}

static vt_err unescape(struct xml *x, vt_span raw, vt_span *out)
{
	uint8_t *p;
	size_t n = 0;

	if (raw.n == 0 || !memchr(raw.p, '&', raw.n)) {
		*out = raw;
		return VT_OK;
	}
	p = vt_arena_alloc(x->a, raw.n + 1);
	if (!p)
		return VT_ENOMEM;
	for (size_t i = 0; i < raw.n; i++) {
		const uint8_t *end = raw.p[i] == '&'
			? memchr(raw.p + i, ';', raw.n - i < 10 ? raw.n - i : 10)
			: NULL;
		uint32_t c =
			end ? entity(vt_span_of(raw.p + i + 1, (size_t)(end - raw.p) - i - 1)) : 0;
		uint8_t utf16[4];
		size_t units = c >= 0x10000 ? 4 : 2;
		vt_span utf8;

		if (c == 0) {
			p[n++] = raw.p[i];
			continue;
		}
		if (units == 4) {
			uint32_t high = 0xd800 + ((c - 0x10000) >> 10), low = 0xdc00 + (c & 0x3ff);

			utf16[0] = (uint8_t)(high >> 8);
			utf16[1] = (uint8_t)high;
			utf16[2] = (uint8_t)(low >> 8);
			utf16[3] = (uint8_t)low;
		} else {
			utf16[0] = (uint8_t)(c >> 8);
			utf16[1] = (uint8_t)c;
		}
		if (vt_utf16_text(vt_span_of(utf16, units), true, x->a, &utf8) != VT_OK)
			return VT_ENOMEM;
		memcpy(p + n, utf8.p, utf8.n); /* never longer than the reference itself */
		n += utf8.n;
		i = (size_t)(end - raw.p);
	}
	*out = vt_span_of(p, n);
	return VT_OK;
}

/* The text up to the closing tag, which is taken too. */
static vt_err text(struct xml *x, vt_span name, vt_span *out)
{
	size_t end, close;
	vt_span raw, closing;
	enum tag tag;
	vt_err e;

	if (vt_span_at(x->s, x->at, "<![CDATA[", 9)) {
		if (!vt_span_find(x->s, x->at + 9, "]]>", 3, &close))
			return VT_ETRUNCATED;
		*out = vt_span_of(x->s.p + x->at + 9, close - x->at - 9);
		x->at = close + 3;
	} else {
		if (!vt_span_find(x->s, x->at, "<", 1, &end))
			return VT_ETRUNCATED;
		raw = vt_span_of(x->s.p + x->at, end - x->at);
		x->at = end;
		e = unescape(x, raw, out);
		if (e)
			return e;
	}
	e = next_tag(x, &tag, &closing);
	return e ? e : tag == CLOSE && vt_span_eq(closing, name) ? VT_OK : VT_EFORMAT;
}

static enum vt_plist_type type_of(vt_span name)
{
	static const struct {
		const char *name;
		enum vt_plist_type type;
	} known[] = {{"dict", VT_PLIST_DICT}, {"array", VT_PLIST_ARRAY},
		{"string", VT_PLIST_STRING}, {"data", VT_PLIST_DATA}, {"true", VT_PLIST_TRUE},
		{"false", VT_PLIST_FALSE}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (vt_line_is(name, known[i].name))
			return known[i].type;
	return VT_PLIST_OTHER;
}

struct level {
	struct vt_plist *of;
	struct vt_plist **tail;
};

/* One element of the container on top of the stack. */
static vt_err element(struct xml *x, struct level *stack, unsigned *io_depth)
{
	struct level *in = &stack[*io_depth - 1];
	vt_span name, key = vt_span_of("", 0);
	struct vt_plist *p;
	enum tag tag;
	vt_err e = next_tag(x, &tag, &name);

	if (e)
		return e;
	if (tag == CLOSE) {
		--*io_depth;
		return vt_line_is(name, in->of->type == VT_PLIST_DICT ? "dict" : "array")
			? VT_OK
			: VT_EFORMAT;
	}
	if (in->of->type == VT_PLIST_DICT) {
		if (!vt_line_is(name, "key"))
			return VT_EFORMAT;
		e = tag == EMPTY ? VT_OK : text(x, name, &key);
		if (!e)
			e = next_tag(x, &tag, &name);
		if (e || tag == CLOSE)
			return e ? e : VT_EFORMAT;
	}
	if (x->left-- == 0)
		return VT_ELIMIT;
	p = vt_arena_alloc(x->a, sizeof *p);
	if (!p)
		return VT_ENOMEM;
	*p = (struct vt_plist){.type = type_of(name), .key = key, .text = vt_span_of("", 0)};
	*in->tail = p;
	in->tail = &p->next;
	if (tag == EMPTY)
		return VT_OK;
	if (p->type == VT_PLIST_DICT || p->type == VT_PLIST_ARRAY) {
		if (*io_depth >= VT_PLIST_DEPTH_MAX)
			return VT_ELIMIT;
		stack[(*io_depth)++] = (struct level){p, &p->first};
		return VT_OK;
	}
	return text(x, name, &p->text);
}

vt_err vt_plist_xml(vt_span bytes, vt_arena *a, const struct vt_plist **out)
{
	struct xml x = {.s = bytes, .a = a, .left = VT_PLIST_VALUES_MAX};
	struct vt_plist plist = {.type = VT_PLIST_ARRAY};
	struct level stack[VT_PLIST_DEPTH_MAX] = {{&plist, &plist.first}};
	unsigned depth = 1;
	vt_span name;
	enum tag tag;
	vt_err e;

	if (vt_span_at(bytes, 0, "\xef\xbb\xbf", 3))
		x.at = 3;
	e = next_tag(&x, &tag, &name);
	if (e || tag != OPEN || !vt_line_is(name, "plist"))
		return VT_EFORMAT;
	e = element(&x, stack, &depth);
	if (!e && !plist.first)
		e = VT_EFORMAT;
	while (!e && depth > 1)
		e = element(&x, stack, &depth);
	if (!e)
		*out = plist.first;
	return e;
}
