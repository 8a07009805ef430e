/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans as text (docs/formats/plan.md): what stands in front of each entry says how many bytes it
 * has, so that entries stay as they are in the log, less their signatures.
 */
#include "update/plan.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "entry/form.h"

static bool set_ok(const struct vt_plan_set *s)
{
	if ((s->kind != VT_ENTRY_CONTENT && s->kind != VT_ENTRY_DIRECTIVE) || s->nchain < 1 ||
		s->nchain > VT_PLAN_CHAIN_MAX || s->chain[0]->nfull == 0)
		return false;
	for (size_t i = 1; i < s->nchain; i++) {
		const struct vt_content *last = s->chain[i - 1], *c = s->chain[i];

		if (c->ndelta == 0 || c->from != last->version || c->version <= last->version ||
			!vt_span_eq(c->name, last->name))
			return false;
	}
	return true;
}

static bool in_order(const struct vt_plan_set *a, const struct vt_plan_set *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return vt_name_compare(a->chain[0]->name, b->chain[0]->name) < 0;
}

static bool time_ok(int64_t t)
{
	char text[VT_TIME_SIZE];
	int64_t again;

	return vt_time_parse(vt_span_str(vt_time_write(t, text)), &again) && again == t;
}

/* What the reader accepts and the writer writes. */
static bool plan_ok(const struct vt_plan *p)
{
	if (p->size > VT_TREE_MAX || p->state_index >= p->size || p->state_version < 1 ||
		p->state_version > INT64_MAX || p->state_expires <= p->state_time ||
		!time_ok(p->state_time) || !time_ok(p->state_expires) ||
		p->nsets > VT_ENTRY_LIVE_MAX || p->nrules > VT_ENTRY_LIVE_MAX)
		return false;
	for (size_t i = 0; i < p->nsets; i++)
		if (!set_ok(&p->sets[i]) || (i && !in_order(&p->sets[i - 1], &p->sets[i])))
			return false;
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i]->what != VT_WITHDRAW_RULE)
			return false;
	return true;
}

static vt_err put_entry(vt_buf *b, vt_buf *text, const struct vt_entry *e)
{
	vt_err err;

	vt_buf_clear(text);
	err = vt_entry_write(text, e);
	if (!err)
		err = vt_buf_addf(b, "entry %zu\n", text->n);
	return err ? err : vt_buf_add(b, text->p, text->n);
}

static vt_err put_head(vt_buf *b, const struct vt_plan *p)
{
	char from[VT_TIME_SIZE], until[VT_TIME_SIZE];

	return vt_buf_addf(b,
		"vitrine/plan/v1\ntree %" PRIu64 "\nstate %" PRIu64 " %" PRIu64 " %s %s\n", p->size,
		p->state_index, p->state_version, vt_time_write(p->state_time, from),
		vt_time_write(p->state_expires, until));
}

static vt_err put_set(vt_buf *b, vt_buf *text, const struct vt_plan_set *s)
{
	vt_err e = vt_buf_addf(b, "set %s %zu\n", vt_entry_word(s->kind), s->nchain);

	for (size_t i = 0; !e && i < s->nchain; i++) {
		const struct vt_entry entry = {.kind = s->kind, .u.content = *s->chain[i]};

		e = put_entry(b, text, &entry);
	}
	return e;
}

vt_err vt_plan_write(vt_buf *b, const struct vt_plan *p)
{
	vt_buf text = VT_BUF_INIT(VT_ENTRY_MAX);
	size_t before = b->n;
	vt_err e = plan_ok(p) ? put_head(b, p) : VT_EARG;

	for (size_t i = 0; !e && i < p->nsets; i++)
		e = put_set(b, &text, &p->sets[i]);
	if (!e)
		e = vt_buf_addf(b, "rules %zu\n", p->nrules);
	for (size_t i = 0; !e && i < p->nrules; i++) {
		const struct vt_entry entry = {
			.kind = VT_ENTRY_WITHDRAW, .u.withdraw = *p->rules[i]};

		e = put_entry(b, &text, &entry);
	}
	vt_buf_free(&text);
	if (e)
		b->n = before;
	return e;
}

vt_err vt_plan_digest(const struct vt_plan *p, vt_hash *out)
{
	vt_buf b = VT_BUF_INIT((size_t)16 << 20), text = VT_BUF_INIT(VT_ENTRY_MAX);
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < p->nsets; i++) {
		const struct vt_plan_set *s = &p->sets[i];
		const struct vt_entry entry = {
			.kind = s->kind, .u.content = *s->chain[s->nchain - 1]};

		e = put_entry(&b, &text, &entry);
	}
	for (size_t i = 0; !e && i < p->nrules; i++) {
		const struct vt_entry entry = {
			.kind = VT_ENTRY_WITHDRAW, .u.withdraw = *p->rules[i]};

		e = put_entry(&b, &text, &entry);
	}
	if (!e)
		vt_sha256(vt_buf_span(&b), out->b);
	vt_buf_free(&b);
	vt_buf_free(&text);
	return e;
}

/* The longest line outside of entries. */
#define LINE_SIZE 128

/* Words of the next line. */
struct words {
	vt_span v[5];
	size_t n;
};

static vt_err take_words(vt_reader *r, const char *first, size_t n, struct words *out)
{
	vt_span line = vt_span_clip(r->s, r->at, LINE_SIZE);
	size_t end, space;

	if (!vt_span_find(line, 0, "\n", 1, &end))
		return VT_EFORMAT;
	line = vt_read_span(r, end);
	(void)vt_read_u8(r);
	for (out->n = 1; vt_span_find(line, 0, " ", 1, &space); out->n++) {
		if (out->n == VT_COUNT(out->v))
			return VT_EFORMAT;
		out->v[out->n - 1] = vt_span_of(line.p, space);
		line = vt_span_of(line.p + space + 1, line.n - space - 1);
	}
	out->v[out->n - 1] = line;
	return out->n == n && vt_span_eq(out->v[0], vt_span_str(first)) ? VT_OK : VT_EFORMAT;
}

static vt_err read_head(vt_reader *r, struct vt_plan *p)
{
	struct words w;
	vt_err e = take_words(r, "vitrine/plan/v1", 1, &w);

	if (!e)
		e = take_words(r, "tree", 2, &w);
	if (!e && !vt_decimal_get(w.v[1], &p->size))
		e = VT_EFORMAT;
	if (!e)
		e = take_words(r, "state", 5, &w);
	if (!e &&
		(!vt_decimal_get(w.v[1], &p->state_index) ||
			!vt_decimal_get(w.v[2], &p->state_version) ||
			!vt_time_parse(w.v[3], &p->state_time) ||
			!vt_time_parse(w.v[4], &p->state_expires)))
		e = VT_EFORMAT;
	return e;
}

static vt_err read_entry(
	vt_reader *r, vt_arena *a, enum vt_entry_kind kind, const struct vt_entry **out)
{
	struct vt_entry_error why;
	struct vt_entry *entry;
	struct words w;
	uint64_t size;
	vt_span bytes;
	vt_err e = take_words(r, "entry", 2, &w);

	if (e || !vt_decimal_get(w.v[1], &size))
		return VT_EFORMAT;
	bytes = vt_read_span(r, size);
	if (r->bad)
		return VT_EFORMAT;
	entry = vt_arena_alloc(a, sizeof *entry);
	if (!entry)
		return VT_ENOMEM;
	e = vt_entry_parse(bytes, a, entry, &why);
	if (e == VT_ENOMEM)
		return e;
	if (e || entry->kind != kind || entry->nsigs)
		return VT_EFORMAT;
	*out = entry;
	return VT_OK;
}

/* "<first> <n>", n at most `most`: *out is room for so many pointers. */
static vt_err read_count(
	vt_span word, uint64_t most, vt_arena *a, size_t size, size_t *out_n, void *out_room)
{
	uint64_t n;
	void *room;

	if (!vt_decimal_get(word, &n) || n > most)
		return VT_EFORMAT;
	room = vt_arena_array(a, (size_t)n + 1, size);
	if (!room)
		return VT_ENOMEM;
	memcpy(out_room, &room, sizeof room);
	*out_n = (size_t)n;
	return VT_OK;
}

static vt_err read_set(vt_reader *r, vt_arena *a, struct vt_plan_set *s)
{
	struct words w;
	vt_err e = take_words(r, "set", 3, &w);

	if (e)
		return e;
	s->kind =
		vt_span_eq(w.v[1], vt_span_str("content")) ? VT_ENTRY_CONTENT : VT_ENTRY_DIRECTIVE;
	if (!vt_span_eq(w.v[1], vt_span_str(vt_entry_word(s->kind))))
		return VT_EFORMAT;
	e = read_count(w.v[2], VT_PLAN_CHAIN_MAX, a, sizeof *s->chain, &s->nchain, &s->chain);
	for (size_t i = 0; !e && i < s->nchain; i++) {
		const struct vt_entry *entry;

		e = read_entry(r, a, s->kind, &entry);
		if (!e)
			s->chain[i] = &entry->u.content;
	}
	return e;
}

static vt_err read_rules(vt_reader *r, vt_arena *a, struct vt_plan *p)
{
	struct words w;
	vt_err e = take_words(r, "rules", 2, &w);

	if (!e)
		e = read_count(
			w.v[1], VT_ENTRY_LIVE_MAX, a, sizeof *p->rules, &p->nrules, &p->rules);
	for (size_t i = 0; !e && i < p->nrules; i++) {
		const struct vt_entry *entry;

		e = read_entry(r, a, VT_ENTRY_WITHDRAW, &entry);
		if (!e)
			p->rules[i] = &entry->u.withdraw;
	}
	return e;
}

vt_err vt_plan_read(vt_span text, vt_arena *a, struct vt_plan *out)
{
	vt_reader r = vt_reader_of(text);
	struct vt_plan p = {0};
	vt_err e = read_head(&r, &p);

	if (e)
		return e;
	p.sets = vt_arena_array(a, VT_ENTRY_LIVE_MAX, sizeof *p.sets);
	if (!p.sets)
		return VT_ENOMEM;
	while (!e && vt_span_at(text, r.at, "set ", 4)) {
		e = p.nsets < VT_ENTRY_LIVE_MAX ? read_set(&r, a, &p.sets[p.nsets]) : VT_EFORMAT;
		p.nsets++;
	}
	if (!e)
		e = read_rules(&r, a, &p);
	if (!e && (vt_reader_left(&r) || !plan_ok(&p)))
		e = VT_EFORMAT;
	if (!e)
		*out = p;
	return e;
}
