/* SPDX-License-Identifier: Apache-2.0 */
#include "update/trusted.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "entry/form.h"
#include "tlog/lines.h"
#include "tlog/note.h"

#define HEAD "vitrine/trusted/v1"
#define WORDS_MAX 6

struct line {
	size_t n;
	vt_span v[WORDS_MAX];
};

struct reader {
	vt_span rest;
	struct vt_trusted *t;
};

static bool number(vt_span s, uint64_t *out)
{
	return vt_decimal_get(s, out) && *out <= INT64_MAX;
}

static bool seconds(vt_span s, int64_t *out)
{
	uint64_t n;

	if (!number(s, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool hash(vt_span s, vt_hash *out)
{
	return vt_hex_get(s, out->b, VT_HASH_SIZE);
}

static bool kind(vt_span s, enum vt_entry_kind *out)
{
	for (unsigned k = VT_ENTRY_CONTENT; k <= VT_ENTRY_DIRECTIVE; k++) {
		if (vt_span_eq(s, vt_span_str(vt_entry_word((enum vt_entry_kind)k)))) {
			*out = (enum vt_entry_kind)k;
			return true;
		}
	}
	return false;
}

/* The bytes behind a line that says how many, and their line end. */
static bool blob(struct reader *r, vt_span count, size_t max, vt_span *out)
{
	uint64_t n;

	if (!number(count, &n) || n > max || !vt_span_sub(r->rest, 0, n, out) ||
		!vt_span_at(r->rest, n, "\n", 1))
		return false;
	r->rest = vt_span_of(r->rest.p + n + 1, r->rest.n - (size_t)n - 1);
	return true;
}

static bool take_log(struct reader *r, const struct line *l)
{
	return (r->t->has_log = vt_key_parse(l->v[1], &r->t->log) == VT_OK);
}

static bool take_clock(struct reader *r, const struct line *l)
{
	return seconds(l->v[1], &r->t->clock);
}

static bool take_anchor(struct reader *r, const struct line *l)
{
	return hash(l->v[1], &r->t->anchor);
}

static bool get_head(const struct line *l, struct vt_trusted_head *h)
{
	return number(l->v[1], &h->size) && hash(l->v[2], &h->root) && seconds(l->v[3], &h->since);
}

static bool take_head(struct reader *r, const struct line *l)
{
	r->t->has_head = true;
	return get_head(l, &r->t->head) && blob(r, l->v[4], VT_NOTE_MAX, &r->t->note);
}

static bool take_root(struct reader *r, const struct line *l)
{
	r->t->has_root = true;
	return number(l->v[1], &r->t->root_index) && blob(r, l->v[2], VT_ENTRY_MAX, &r->t->root);
}

static bool get_state(const struct line *l, struct vt_trusted_state *s)
{
	return number(l->v[1], &s->index) && number(l->v[2], &s->version) &&
		hash(l->v[3], &s->leaf) && seconds(l->v[4], &s->time);
}

static bool take_state(struct reader *r, const struct line *l)
{
	return (r->t->has_state = get_state(l, &r->t->state));
}

static bool take_chosen(struct reader *r, const struct line *l)
{
	return (r->t->has_chosen = get_state(l, &r->t->chosen));
}

static bool take_seen(struct reader *r, const struct line *l)
{
	return r->t->nheads < VT_TRUSTED_HEADS_MAX && get_head(l, &r->t->heads[r->t->nheads++]);
}

static bool get_set(const struct line *l, struct vt_trusted_set *s)
{
	s->name = l->v[2];
	return kind(l->v[1], &s->kind) && vt_name_ok(s->name) && number(l->v[3], &s->version) &&
		number(l->v[4], &s->index) && hash(l->v[5], &s->leaf);
}

static bool take_set(struct reader *r, const struct line *l)
{
	return r->t->nsets < VT_TRUSTED_SETS_MAX && get_set(l, &r->t->sets[r->t->nsets++]);
}

static bool take_planned(struct reader *r, const struct line *l)
{
	return r->t->nplanned < VT_ENTRY_LIVE_MAX && get_set(l, &r->t->planned[r->t->nplanned++]);
}

static const struct {
	const char *key;
	size_t words;
	bool (*take)(struct reader *r, const struct line *l);
} keys[] = {
	{"log", 2, take_log},
	{"clock", 2, take_clock},
	{"anchor", 2, take_anchor},
	{"head", 5, take_head},
	{"root", 3, take_root},
	{"state", 5, take_state},
	{"chosen", 5, take_chosen},
	{"seen", 4, take_seen},
	{"set", 6, take_set},
	{"planned", 6, take_planned},
};

static bool split(vt_span line, struct line *out)
{
	size_t at;

	for (out->n = 0; out->n < WORDS_MAX; out->n++) {
		if (!vt_span_find(line, 0, " ", 1, &at)) {
			out->v[out->n++] = line;
			return true;
		}
		out->v[out->n] = vt_span_of(line.p, at);
		line = vt_span_of(line.p + at + 1, line.n - at - 1);
	}
	return false;
}

static bool take_line(struct reader *r, vt_span text)
{
	struct line l;

	if (!split(text, &l))
		return false;
	for (size_t i = 0; i < VT_COUNT(keys); i++)
		if (vt_span_eq(l.v[0], vt_span_str(keys[i].key)))
			return l.n == keys[i].words && keys[i].take(r, &l);
	return false;
}

vt_err vt_trusted_parse(vt_span text, struct vt_trusted *out)
{
	struct reader r = {.rest = text, .t = out};
	vt_span line;

	memset(out, 0, sizeof *out);
	if (!vt_line_take(&r.rest, &line) || !vt_span_eq(line, vt_span_str(HEAD)))
		return VT_EFORMAT;
	while (r.rest.n)
		if (!vt_line_take(&r.rest, &line) || !take_line(&r, line))
			return VT_EFORMAT;
	return out->has_log ? VT_OK : VT_EFORMAT;
}

/* Writing -------------------------------------------------------------------------------------- */

struct hex {
	char s[2 * VT_HASH_SIZE + 1];
};

static struct hex hex(const vt_hash *h)
{
	static const char digits[] = "0123456789abcdef";
	struct hex x;

	for (size_t i = 0; i < VT_HASH_SIZE; i++) {
		x.s[2 * i] = digits[h->b[i] >> 4];
		x.s[2 * i + 1] = digits[h->b[i] & 15];
	}
	x.s[2 * VT_HASH_SIZE] = 0;
	return x;
}

static vt_err put_blob(vt_buf *b, vt_span bytes)
{
	vt_err e = vt_buf_addf(b, " %zu\n", bytes.n);

	if (!e)
		e = vt_buf_add(b, bytes.p, bytes.n);
	return e ? e : vt_buf_add(b, "\n", 1);
}

static vt_err put_head(vt_buf *b, const char *key, const struct vt_trusted_head *h)
{
	return vt_buf_addf(
		b, "%s %" PRIu64 " %s %" PRId64, key, h->size, hex(&h->root).s, h->since);
}

static vt_err put_state(vt_buf *b, const char *key, const struct vt_trusted_state *s)
{
	return vt_buf_addf(b, "%s %" PRIu64 " %" PRIu64 " %s %" PRId64 "\n", key, s->index,
		s->version, hex(&s->leaf).s, s->time);
}

static vt_err put_sets(vt_buf *b, const char *key, const struct vt_trusted_set *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < n; i++)
		e = vt_buf_addf(b, "%s %s %.*s %" PRIu64 " %" PRIu64 " %s\n", key,
			vt_entry_word(v[i].kind), (int)v[i].name.n, (const char *)v[i].name.p,
			v[i].version, v[i].index, hex(&v[i].leaf).s);
	return e;
}

vt_err vt_trusted_write(vt_buf *b, const struct vt_trusted *t)
{
	vt_err e = vt_buf_addf(b, HEAD "\nlog ");

	if (!e)
		e = vt_key_write(b, &t->log);
	if (!e)
		e = vt_buf_addf(b, "\nclock %" PRId64 "\nanchor %s\n", t->clock, hex(&t->anchor).s);
	if (!e && t->has_head) {
		e = put_head(b, "head", &t->head);
		if (!e)
			e = put_blob(b, t->note);
	}
	if (!e && t->has_root) {
		e = vt_buf_addf(b, "root %" PRIu64, t->root_index);
		if (!e)
			e = put_blob(b, t->root);
	}
	if (!e && t->has_state)
		e = put_state(b, "state", &t->state);
	if (!e && t->has_chosen)
		e = put_state(b, "chosen", &t->chosen);
	for (size_t i = 0; !e && i < t->nheads; i++) {
		e = put_head(b, "seen", &t->heads[i]);
		if (!e)
			e = vt_buf_add(b, "\n", 1);
	}
	if (!e)
		e = put_sets(b, "set", t->sets, t->nsets);
	return e ? e : put_sets(b, "planned", t->planned, t->nplanned);
}

const struct vt_trusted_set *vt_trusted_set_of(
	const struct vt_trusted *t, enum vt_entry_kind kind_, vt_span name)
{
	for (size_t i = 0; i < t->nsets; i++)
		if (t->sets[i].kind == kind_ && vt_span_eq(t->sets[i].name, name))
			return &t->sets[i];
	return NULL;
}

void vt_trusted_add_head(struct vt_trusted *t, const struct vt_trusted_head *h)
{
	size_t i = 0;

	while (i < t->nheads && t->heads[i].size < h->size)
		i++;
	if (i < t->nheads && t->heads[i].size == h->size)
		return;
	if (t->nheads == VT_TRUSTED_HEADS_MAX) {
		if (i == 0)
			return;
		memmove(t->heads, t->heads + 1, (t->nheads - 1) * sizeof *t->heads);
		t->nheads--;
		i--;
	}
	memmove(t->heads + i + 1, t->heads + i, (t->nheads - i) * sizeof *t->heads);
	t->heads[i] = *h;
	t->nheads++;
}

vt_err vt_trusted_add_set(struct vt_trusted *t, const struct vt_trusted_set *s)
{
	for (size_t i = 0; i < t->nsets; i++) {
		if (t->sets[i].kind == s->kind && vt_span_eq(t->sets[i].name, s->name)) {
			t->sets[i] = *s;
			return VT_OK;
		}
	}
	if (t->nsets == VT_TRUSTED_SETS_MAX)
		return VT_ELIMIT;
	t->sets[t->nsets++] = *s;
	return VT_OK;
}
