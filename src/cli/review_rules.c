/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that come, go and change with a version of a set. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/review.h"
#include "cli/text.h"
#include "crypto/hash.h"
#include "entry/delta.h"

/* Where the name of a rule is in a line, by extension (docs/formats/clamav.md). */
static const struct layout {
	const char *extensions;
	char separator;
	unsigned field;
	const char *beware; /* lines that do something else than find malware */
} layouts[] = {
	{" hdb hsb hdu hsu mdb msb mdu msu imp ", ':', 2, NULL},
	{" ndb ndu sdb cdb ", ':', 0, NULL},
	{" ldb ldu ", ';', 0, NULL},
	{" db ", '=', 0, NULL},
	{" fp sfp ", ':', 2, "its lines name files in which NOTHING is found"},
	{" ign ign2 ", ':', 0, "its lines switch rules OFF"},
};

static const struct layout *layout_of(vt_span file)
{
	const uint8_t *dot = file.n ? memrchr(file.p, '.', file.n) : NULL;
	size_t n = dot ? (size_t)(file.p + file.n - dot - 1) : 0;

	if (n == 0 || n > 4)
		return NULL;
	for (size_t i = 0; i < VT_COUNT(layouts); i++) {
		const char *all = layouts[i].extensions;
		const char *hit = memmem(all, strlen(all), dot + 1, n);

		if (hit && hit[-1] == ' ' && hit[n] == ' ')
			return &layouts[i];
	}
	return NULL;
}

/* Field `at` of the line, and how many fields there are. */
static vt_span field(vt_span line, char separator, unsigned at, unsigned *out_n)
{
	vt_span out = {0};
	size_t n;

	*out_n = 0;
	for (;;) {
		bool more = vt_span_find(line, 0, &separator, 1, &n);

		if ((*out_n)++ == at)
			out = vt_span_of(line.p, more ? n : line.n);
		if (!more)
			return out;
		line = vt_span_of(line.p + n + 1, line.n - n - 1);
	}
}

bool vt_review_rule_name(vt_span file, vt_span line, vt_span *out)
{
	const struct layout *l = layout_of(file);
	unsigned n, at;
	vt_span name;

	while (line.n && strchr("\r \t", line.p[line.n - 1]) && line.p[line.n - 1])
		line.n--;
	if (!l || line.n == 0 || line.p[0] == '#')
		return false;
	name = field(line, l->separator, l->field, &n);
	at = l->field;
	if (n == 3 && l == &layouts[VT_COUNT(layouts) - 1])
		name = field(line, l->separator, at = 2, &n); /* file:line:name */
	if (n <= at || name.n == 0)
		return false;
	*out = name;
	return true;
}

struct change {
	vt_span file, name, text;
	uint32_t nfile; /* files as they come */
	bool more, rule, moved;
	size_t other; /* the line of the same name on the other side: index + 1 */
};

struct changes {
	struct change *v;
	size_t n, cap;
};

static vt_err add(struct changes *c, const struct vt_delta_step *s, uint32_t nfile)
{
	struct change *x;

	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 1024;

		x = realloc(c->v, cap * sizeof *x);
		if (!x)
			return VT_ENOMEM;
		c->v = x;
		c->cap = cap;
	}
	x = &c->v[c->n++];
	*x = (struct change){.file = s->file, .text = s->text, .nfile = nfile};
	x->more = s->op == VT_DELTA_MORE;
	x->rule = vt_review_rule_name(s->file, s->text, &x->name);
	return VT_OK;
}

static int compare_spans(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* By file, name, text if asked for, side, place. */
static int compare_by(const struct change *a, const struct change *b, bool text)
{
	int c;

	if (a->nfile != b->nfile)
		return a->nfile < b->nfile ? -1 : 1;
	c = compare_spans(a->name, b->name);
	if (!c && text)
		c = compare_spans(a->text, b->text);
	if (!c)
		c = (a->more > b->more) - (a->more < b->more);
	return c ? c : (a > b) - (a < b);
}

static int compare_text(const void *a, const void *b)
{
	return compare_by(*(const struct change *const *)a, *(const struct change *const *)b, true);
}

static int compare_name(const void *a, const void *b)
{
	return compare_by(
		*(const struct change *const *)a, *(const struct change *const *)b, false);
}

/* In sorted order a group is lines that went, then lines that came: the k-th of either are one. */
static void pair_groups(struct changes *c, struct change **sorted, size_t n,
	bool (*same)(struct change *, struct change *))
{
	for (size_t first = 0, end; first < n; first = end) {
		size_t came = first;

		for (end = first; end < n && same(sorted[first], sorted[end]); end++)
			came += !sorted[end]->more;
		for (size_t i = first, j = came; i < came && j < end; i++, j++) {
			sorted[i]->other = (size_t)(sorted[j] - c->v) + 1;
			sorted[j]->other = (size_t)(sorted[i] - c->v) + 1;
		}
	}
}

static bool same_line(struct change *a, struct change *b)
{
	return a->nfile == b->nfile && vt_span_eq(a->text, b->text);
}

static bool same_name(struct change *a, struct change *b)
{
	return a->nfile == b->nfile && vt_span_eq(a->name, b->name);
}

/* Lines that are the same but for their place first, then rules of the same name. */
static vt_err pair(struct changes *c)
{
	struct change **sorted = calloc(c->n + 1, sizeof *sorted);
	size_t n = 0;

	if (!sorted)
		return VT_ENOMEM;
	for (size_t i = 0; i < c->n; i++)
		sorted[i] = &c->v[i];
	qsort(sorted, c->n, sizeof(struct change *), compare_text);
	pair_groups(c, sorted, c->n, same_line);
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].moved = c->v[i].other != 0;
		if (c->v[i].rule && !c->v[i].moved)
			sorted[n++] = &c->v[i];
	}
	qsort(sorted, n, sizeof(struct change *), compare_name);
	pair_groups(c, sorted, n, same_name);
	free(sorted);
	return VT_OK;
}

static void put_text(const struct vt_review *r, const char *before, vt_span text)
{
	vt_span shown = r->width ? vt_span_clip(text, 0, r->width) : text;

	fprintf(r->to, "      %s", before);
	vt_put_visible(r->to, shown);
	if (shown.n < text.n) {
		vt_buf hex = VT_BUF_INIT(64);
		uint8_t sum[32];

		vt_sha256(text, sum);
		if (vt_hex_add(&hex, vt_span_of(sum, sizeof sum)) == VT_OK)
			fprintf(r->to, " ... (%zu bytes, SHA-256 %.64s)", text.n, (char *)hex.p);
		vt_buf_free(&hex);
	}
	fputc('\n', r->to);
}

struct printer {
	const struct vt_review *r;
	struct vt_review_counts *counts;
	uint64_t printed, hidden;
	vt_span file;
};

static bool room(struct printer *p)
{
	if (p->r->most && p->printed >= p->r->most) {
		p->hidden++;
		return false;
	}
	p->printed++;
	return true;
}

static void put_file(struct printer *p, const char *what, vt_span file)
{
	const struct layout *l = layout_of(file);

	fputs("  ", p->r->to);
	fputs(what, p->r->to);
	vt_put_visible(p->r->to, file);
	fputs(l && l->beware ? ": BEWARE: " : "", p->r->to);
	fputs(l && l->beware ? l->beware : "", p->r->to);
	fputc('\n', p->r->to);
}

static void put_rule(struct printer *p, char sign, const struct change *x)
{
	fprintf(p->r->to, "  %c ", sign);
	if (x->rule)
		vt_put_visible(p->r->to, x->name);
	else
		fputs("(a line that makes no rule by itself)", p->r->to);
	fputc('\n', p->r->to);
}

static void put_change(struct printer *p, const struct changes *c, const struct change *x)
{
	char sign = x->more ? '+' : '-';

	if (x->moved) {
		p->counts->moved += x->more;
		return;
	}
	if (x->other && !x->more)
		return; /* told with the line that came for it */
	if (x->other)
		sign = '~';
	p->counts->added += sign == '+';
	p->counts->removed += sign == '-';
	p->counts->changed += sign == '~';
	if (!room(p))
		return;
	put_rule(p, sign, x);
	if (x->other) {
		put_text(p->r, "was ", c->v[x->other - 1].text);
		put_text(p->r, "now ", x->text);
	} else {
		put_text(p->r, "", x->text);
	}
}

static vt_err read_changes(const struct vt_review *r, struct changes *c)
{
	struct vt_delta_reader d;
	struct vt_delta_step s;
	uint32_t nfile = 0;
	vt_err e = vt_delta_open(r->delta, &d);

	while (!e) {
		e = vt_delta_next(&d, &s);
		if (e)
			break;
		if (s.op == VT_DELTA_LESS || s.op == VT_DELTA_MORE)
			e = add(c, &s, nfile);
		else if (s.op != VT_DELTA_KEEP)
			nfile++;
	}
	return e == VT_END ? VT_OK : e;
}

static void put_step(struct printer *p, const struct vt_delta_step *s)
{
	switch (s->op) {
	case VT_DELTA_FILE: put_file(p, "", s->file); break;
	case VT_DELTA_ADD: put_file(p, "NEW FILE ", s->file); break;
	case VT_DELTA_DROP:
		p->counts->files++;
		put_file(p, "FILE GOES, with all of its rules: ", s->file);
		break;
	case VT_DELTA_PUT:
		p->counts->files++;
		put_file(p, "WHOLE FILE, new or replaced, not told by rules: ", s->file);
		fprintf(p->r->to, "      %zu bytes\n", s->text.n);
		break;
	case VT_DELTA_KEEP:
	case VT_DELTA_LESS:
	case VT_DELTA_MORE: break;
	}
}

static void put_totals(const struct printer *p)
{
	const struct vt_review_counts *n = p->counts;

	if (p->hidden)
		fprintf(p->r->to, "  ... and %" PRIu64 " more that are not shown\n", p->hidden);
	fprintf(p->r->to, "  %" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed", n->added,
		n->removed, n->changed);
	if (n->moved)
		fprintf(p->r->to, ", %" PRIu64 " moved", n->moved);
	if (n->files)
		fprintf(p->r->to, "; %" PRIu64 " whole files", n->files);
	fputc('\n', p->r->to);
}

vt_err vt_review_delta(const struct vt_review *r, struct vt_review_counts *io_counts)
{
	struct printer p = {.r = r, .counts = io_counts};
	struct changes c = {0};
	struct vt_delta_reader d;
	struct vt_delta_step s;
	size_t i = 0;
	vt_err e = read_changes(r, &c);

	if (!e)
		e = pair(&c);
	if (!e)
		e = vt_delta_open(r->delta, &d);
	while (!e) {
		e = vt_delta_next(&d, &s);
		if (!e && (s.op == VT_DELTA_LESS || s.op == VT_DELTA_MORE))
			put_change(&p, &c, &c.v[i++]);
		else if (!e)
			put_step(&p, &s);
	}
	free(c.v);
	if (e != VT_END)
		return e;
	put_totals(&p);
	return ferror(r->to) ? VT_EIO : VT_OK;
}

/* Every line of a file that comes whole. */
static void put_lines(struct printer *p, vt_span file, vt_span bytes)
{
	struct change x = {.file = file, .more = true};
	size_t n;

	while (bytes.n) {
		if (!vt_span_find(bytes, 0, "\n", 1, &n))
			n = bytes.n;
		x.text = vt_span_of(bytes.p, n);
		x.rule = vt_review_rule_name(file, x.text, &x.name);
		n += n < bytes.n;
		bytes = vt_span_of(bytes.p + n, bytes.n - n);
		p->counts->added += x.rule;
		if (room(p)) {
			if (layout_of(file))
				put_rule(p, '+', &x);
			put_text(p->r, "", x.text);
		}
	}
}

vt_err vt_review_payload(
	const struct vt_review *r, const struct vt_content *c, struct vt_review_counts *io_counts)
{
	struct printer p = {.r = r, .counts = io_counts};
	uint64_t at = 0;
	vt_span bytes;

	for (size_t i = 0; i < c->nfiles; i++) {
		const struct vt_entry_file *f = &c->files[i];

		if (!vt_span_sub(r->payload, at, f->size, &bytes))
			return VT_EFORMAT;
		at += f->size;
		put_file(&p, "", f->name);
		put_lines(&p, f->name, bytes);
	}
	if (at != r->payload.n)
		return VT_EFORMAT;
	put_totals(&p);
	return ferror(r->to) ? VT_EIO : VT_OK;
}
