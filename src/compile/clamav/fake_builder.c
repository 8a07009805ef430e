/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/clamav/fake_builder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "compile/clamav/clamav.h"

/* Tests have nothing to say when memory is out. */
#define MUST(e)                                                                                    \
	do {                                                                                       \
		if (e)                                                                             \
			abort();                                                                   \
	} while (0)
#define P(...) MUST(vt_buf_addf(&b->log, __VA_ARGS__))

static void put_hex(struct vt_builder *b, vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		P("%02x", s.p[i]);
}

static void put_text(struct vt_builder *b, vt_span s)
{
	MUST(vt_buf_add(&b->log, s.p, s.n));
}

static void put_pattern(struct vt_builder *b, vt_span code, unsigned depth);

static void put_alternatives(struct vt_builder *b, vt_reader *r, unsigned depth)
{
	bool negated = vt_read_u8(r);
	unsigned count = vt_read_u16le(r);
	vt_reader in = vt_reader_of(vt_read_span(r, vt_read_u32le(r)));

	if (depth >= VT_PATTERN_DEPTH)
		abort();
	P("%sA(", negated ? "!" : "");
	for (unsigned i = 0; i < count; i++) {
		P("%s", i ? "|" : "");
		put_pattern(b, vt_read_span(&in, vt_read_u16le(&in)), depth + 1);
	}
	P(")");
	if (in.bad || vt_reader_left(&in) || count == 0)
		abort();
}

/* Also checks what rule.h promises of a pattern's code. */
static void put_pattern(struct vt_builder *b, vt_span code, unsigned depth)
{
	vt_reader r = vt_reader_of(code);
	bool first = true;

	if (code.n == 0)
		abort();
	while (vt_reader_left(&r) && !r.bad) {
		unsigned op = vt_read_u8(&r), n, side;
		uint32_t min, max;

		P("%s", first ? "" : " ");
		first = false;
		switch (op) {
		case VT_OP_LIT:
			n = vt_read_u16le(&r);
			P("L(");
			put_hex(b, vt_read_span(&r, n));
			P(")");
			break;
		case VT_OP_MASK:
			n = vt_read_u16le(&r);
			P("M(");
			for (unsigned i = 0; i < n; i++) {
				unsigned value = vt_read_u8(&r), mask = vt_read_u8(&r);

				P("%s%02x/%02x", i ? " " : "", value, mask);
				if (value & ~mask)
					abort();
			}
			P(")");
			break;
		case VT_OP_GAP:
			min = vt_read_u32le(&r);
			max = vt_read_u32le(&r);
			if (min > max || (max == VT_GAP_ANY && depth))
				abort();
			P("G(%" PRIu32 "-", min);
			if (max != VT_GAP_ANY)
				P("%" PRIu32, max);
			P(")");
			break;
		case VT_OP_ALT: put_alternatives(b, &r, depth); break;
		case VT_OP_BOUND:
			n = vt_read_u8(&r);
			side = vt_read_u8(&r);
			P("%sB(%c%c)", side & 1 ? "!" : "", "<>."[side >> 1], (char)n);
			break;
		default: abort();
		}
	}
	if (r.bad)
		abort();
}

static void put_logic(struct vt_builder *b, vt_span code, unsigned depth)
{
	static const char compare[] = " =><";
	vt_reader r = vt_reader_of(code);
	bool first = true;

	if (depth > VT_LOGIC_DEPTH)
		abort();
	while (vt_reader_left(&r) && !r.bad) {
		unsigned op = vt_read_u8(&r), cmp = vt_read_u8(&r);
		uint32_t x = vt_read_u32le(&r), y = vt_read_u32le(&r);
		vt_span in = vt_read_span(&r, vt_read_u16le(&r));

		P("%s", first ? "" : " ");
		first = false;
		if (r.bad || in.n == 0 || cmp > VT_CMP_LT)
			abort();
		if (op == VT_LOGIC_SUB) {
			P("%d", in.p[0]);
		} else {
			P("%c(", op == VT_LOGIC_AND ? '&' : '|');
			put_logic(b, in, depth + 1);
			P(")");
		}
		if (cmp)
			P("%c%" PRIu32, compare[cmp], x);
		if (cmp && y)
			P(",%" PRIu32, y);
	}
	if (r.bad)
		abort();
}

static void put_offset(struct vt_builder *b, const struct vt_offset *o)
{
	static const char *const kinds[] = {
		"", "at", "eof-", "ep", "sec", "secend", "last", "vi", "$"};

	if (o->kind == VT_OFF_ANY)
		return;
	P("@%s", kinds[o->kind]);
	if (o->kind == VT_OFF_SECTION || o->kind == VT_OFF_SECTION_END)
		P("%d", o->section);
	if (o->kind != VT_OFF_VERSION && o->kind != VT_OFF_SECTION_END)
		P(":%" PRId64, o->value);
	if (o->shift)
		P("~%" PRIu32, o->shift);
	P(" ");
}

static void put_sub(struct vt_builder *b, const struct vt_sub *s)
{
	static const char compare[] = " =><";
	const struct vt_byte_compare *c = &s->bytecmp;

	P("; ");
	put_offset(b, &s->offset);
	switch (s->kind) {
	case VT_SUB_CONTENT:
		for (unsigned i = 0; i < s->npatterns; i++) {
			P("%s", i ? " or " : "");
			put_pattern(b, s->patterns[i].code, 0);
			P("%s", s->patterns[i].flags & VT_PATTERN_NOCASE ? " i" : "");
			P("%s", s->patterns[i].flags & VT_PATTERN_FULLWORD ? " f" : "");
		}
		break;
	case VT_SUB_PCRE:
		P("re ");
		put_logic(b, s->trigger_logic, 0);
		P(" /");
		put_text(b, s->regex);
		P("/ %" PRIu32, s->pcre_flags);
		break;
	case VT_SUB_BYTECMP:
		P("bytes %d %" PRId64 " %c%c%s%" PRIu32, c->trigger, c->offset, c->base,
			c->big_endian ? 'b' : 'l', c->exact ? "e" : "", c->width);
		for (unsigned i = 0; i < c->ncompare; i++)
			P(" %c%" PRIu64, compare[c->compare[i].op], c->compare[i].value);
		break;
	case VT_SUB_MACRO:
		P("macro %" PRIu32 "-%" PRIu32 " $%" PRIu32, s->macro.min, s->macro.max,
			s->macro.group);
		break;
	default: abort();
	}
}

static void put_tdb(struct vt_builder *b, const struct vt_tdb *t)
{
	if (t->size_min || t->size_max != UINT64_MAX)
		P(" size=%" PRIu64 "-%" PRIu64, t->size_min, t->size_max);
	if (t->has_entry)
		P(" entry=%" PRIu64 "-%" PRIu64, t->entry_min, t->entry_max);
	if (t->has_sections)
		P(" sections=%" PRIu32 "-%" PRIu32, t->sections_min, t->sections_max);
	if (t->container != VT_TYPE_ANY)
		P(" in=%s", vt_type_name((vt_type)t->container));
	for (unsigned i = 0; i < t->nintermediates; i++)
		P("%s%s", i ? ">" : " path=", vt_type_name((vt_type)t->intermediates[i]));
}

vt_err vt_builder_new(struct vt_builder **out)
{
	struct vt_builder *b = calloc(1, sizeof *b);

	if (!b)
		return VT_ENOMEM;
	b->log.max = SIZE_MAX / 4;
	*out = b;
	return VT_OK;
}

void vt_builder_free(struct vt_builder *b)
{
	if (b)
		vt_buf_free(&b->log);
	free(b);
}

vt_err vt_builder_begin_set(struct vt_builder *b, vt_span name, vt_span text)
{
	(void)name;
	(void)text;
	b->sets++;
	return VT_OK;
}

vt_err vt_builder_add_rule(struct vt_builder *b, const struct vt_rule *r, const char **why)
{
	(void)why;
	b->rules++;
	if (b->quiet)
		return VT_OK;
	P("%" PRIu32 " rule t%d", r->line, r->target);
	P("%s", r->flags & VT_RULE_PUA ? " pua" : "");
	P("%s", r->flags & VT_RULE_SUSPICIOUS ? " weak" : "");
	P("%s", r->flags & VT_RULE_NO_REPORT ? " mute" : "");
	put_tdb(b, &r->tdb);
	P(" ");
	put_logic(b, r->logic, 0);
	for (unsigned i = 0; i < r->nsubs; i++)
		put_sub(b, &r->subs[i]);
	P("\n");
	return VT_OK;
}

vt_err vt_builder_add_hash(struct vt_builder *b, const struct vt_hash_rule *h)
{
	static const char *const kinds[] = {"object", "section", "imports", "allow"};

	b->hashes++;
	b->sum += h->digest[0] + h->size;
	if (b->quiet)
		return VT_OK;
	P("%" PRIu32 " %s ", h->line, kinds[h->kind]);
	put_hex(b, vt_span_of(h->digest, vt_hash_size((enum vt_hash_algo)h->algo)));
	if (h->size == VT_SIZE_ANY)
		P(" *");
	else
		P(" %" PRIu64, h->size);
	P("%s\n", h->flags & VT_RULE_PUA ? " pua" : "");
	return VT_OK;
}

vt_err vt_builder_add_container(
	struct vt_builder *b, const struct vt_container_rule *c, const char **why)
{
	(void)why;
	b->containers++;
	P("%" PRIu32 " member %s %" PRIu64 "-%" PRIu64 " /", c->line,
		vt_type_name((vt_type)c->container), c->container_size_min, c->container_size_max);
	put_text(b, c->name_regex);
	P("/ %" PRIu64 "-%" PRIu64 " %" PRIu64 "-%" PRIu64 " %d %" PRIu64 "-%" PRIu64,
		c->packed_min, c->packed_max, c->real_min, c->real_max, c->encrypted,
		c->position_min, c->position_max);
	if (c->has_crc)
		P(" crc=%08" PRIx32, c->crc);
	P("\n");
	return VT_OK;
}

vt_err vt_builder_add_ignore(
	struct vt_builder *b, vt_span name, bool has_md5, const uint8_t md5[16])
{
	b->ignores++;
	P("ignore ");
	put_text(b, name);
	if (has_md5) {
		P(" ");
		put_hex(b, vt_span_of(md5, 16));
	}
	P("\n");
	return VT_OK;
}

vt_err vt_builder_add_withdrawn(
	struct vt_builder *b, vt_span set_name, const uint8_t line_sha256[32])
{
	P("withdrawn ");
	put_text(b, set_name);
	P(" ");
	put_hex(b, vt_span_of(line_sha256, 32));
	P("\n");
	return VT_OK;
}

vt_err vt_builder_set_aside(
	struct vt_builder *b, uint32_t line, enum vt_aside what, const char *cause)
{
	static const char *const words[] = {"BAD", "UNSUPPORTED", "REFUSED", "LEVEL"};

	b->asides++;
	P("%" PRIu32 " %s %s\n", line, words[what], cause);
	return VT_OK;
}

struct vt_builder *vt_fake_compile(const char *name, vt_span text)
{
	struct vt_builder *b;

	MUST(vt_builder_new(&b));
	MUST(vt_clamav_compile(b, vt_span_str(name), text));
	return b;
}

void vt_fake_expect(const struct vt_builder *b, const char *log)
{
	if (vt_span_eq(vt_buf_span(&b->log), vt_span_str(log)))
		return;
	(void)fprintf(
		stderr, "got\n%.*s\nexpected\n%s\n", (int)b->log.n, (const char *)b->log.p, log);
	abort();
}

void vt_fake_check(const char *name, const struct vt_fake_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vt_builder *b = vt_fake_compile(name, vt_span_str(cases[i].line));
		vt_buf want = VT_BUF_INIT(1 << 20);

		/* Entries of ignore lists have no line. */
		MUST(vt_buf_addf(&want, "%s%s\n", b->ignores ? "" : "1 ", cases[i].log));
		MUST(vt_buf_add_u8(&want, 0));
		vt_fake_expect(b, (const char *)want.p);
		vt_buf_free(&want);
		vt_builder_free(b);
	}
}
