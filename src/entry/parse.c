/* SPDX-License-Identifier: Apache-2.0 */
/* Reads entries: first line, then the rows of the kind's table, then signatures. */
#include "base/base64.h"
#include "entry/form.h"
#include "tlog/lines.h"

struct parser {
	vt_span rest;
	unsigned line;
	/* the line that is next, and its value if its key is the one that was asked for */
	vt_span next, value;
	bool more;
	vt_arena *a;
	const char *cause;
};

static vt_err refuse(struct parser *p, const char *cause)
{
	p->cause = cause;
	return VT_EFORMAT;
}

static void step(struct parser *p)
{
	p->more = vt_line_take(&p->rest, &p->next);
	p->line++;
}

/* Is the next line of this key? Then p->value is its value. */
static bool at_key(struct parser *p, const char *key)
{
	p->value = p->next;
	return p->more && vt_prefix_take(&p->value, key) && vt_prefix_take(&p->value, " ");
}

/* How many lines of this key are next; counts no further than `most` + 1. */
static size_t count_key(const struct parser *p, const char *key, size_t most)
{
	struct parser ahead = *p;
	size_t n = 0;

	for (; n <= most && at_key(&ahead, key); n++)
		step(&ahead);
	return n;
}

static vt_err read_value(struct parser *p, enum vt_form_id id, void *out)
{
	const struct vt_form *form = vt_form_of(id);

	if (!vt_value_ok(p->value))
		return refuse(p, "a value is empty, padded with spaces or not printable ASCII");
	if (!form->get(p->value, out))
		return refuse(p, form->cause);
	step(p);
	return VT_OK;
}

static vt_err read_many(struct parser *p, const struct vt_row *row, uint8_t *base)
{
	size_t n = count_key(p, row->key, row->most), size = vt_form_of(row->form)->size;
	uint8_t *v = NULL;

	if (n > row->most)
		return refuse(p, "too many lines of this key");
	if (n) {
		v = vt_arena_array(p->a, n, size);
		if (!v)
			return VT_ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		vt_err e =
			at_key(p, row->key) ? read_value(p, row->form, v + i * size) : VT_EFORMAT;

		if (e)
			return e;
	}
	memcpy(base + row->at, &v, sizeof v);
	memcpy(base + row->count, &n, sizeof n);
	return VT_OK;
}

static vt_err read_row(struct parser *p, const struct vt_row *row, struct vt_entry *e)
{
	uint8_t *base = (uint8_t *)e;
	bool here = at_key(p, row->key);

	switch (row->times) {
	case VT_ROW_MANY: return read_many(p, row, base);
	case VT_ROW_TEXT:
	case VT_ROW_DELTA:
		if (!here)
			return VT_OK;
		break;
	case VT_ROW_RULE:
	case VT_ROW_NOT_RULE:
		if ((e->u.withdraw.what == VT_WITHDRAW_RULE) != (row->times == VT_ROW_RULE))
			return VT_OK;
		break;
	case VT_ROW_ONE: break;
	}
	if (!here)
		return refuse(p, "a line is missing, or in the wrong place");
	return read_value(p, row->form, base + row->at);
}

/* "vitrine/<kind>/v1". Other kinds and versions of the same shape: VT_EUNSUPPORTED. */
static vt_err read_kind(struct parser *p, enum vt_entry_kind *out)
{
	vt_span s = p->next, word;
	uint64_t version;
	size_t n;

	if (!p->more || !vt_prefix_take(&s, "vitrine/") || !vt_span_find(s, 0, "/v", 2, &n))
		return refuse(p, "the first line is not vitrine/<kind>/v<n>");
	word = vt_span_of(s.p, n);
	if (!vt_name_ok(word) || !vt_decimal_get(vt_span_of(s.p + n + 2, s.n - n - 2), &version))
		return refuse(p, "the first line is not vitrine/<kind>/v<n>");
	for (unsigned k = 0; k < VT_ENTRY_KINDS; k++) {
		if (version == 1 &&
			vt_span_eq(word, vt_span_str(vt_entry_word((enum vt_entry_kind)k)))) {
			*out = (enum vt_entry_kind)k;
			step(p);
			return VT_OK;
		}
	}
	p->cause = "a kind or version of entry that this program does not know";
	return VT_EUNSUPPORTED;
}

/* "sig <key name> <base64 of key id and signature>" */
static vt_err read_sig(struct parser *p, struct vt_entry_sig *out)
{
	uint8_t blob[4 + VT_SIG_SIZE];
	size_t n, size;

	if (!at_key(p, "sig") || !vt_span_find(p->value, 0, " ", 1, &n))
		return refuse(p, "not a signature line");
	out->name = vt_span_of(p->value.p, n);
	if (!vt_value_ok(out->name) || out->name.n > VT_KEY_NAME_MAX || !vt_key_name_ok(out->name))
		return refuse(p, "not a key's name");
	if (!vt_base64_get(
		    vt_span_of(p->value.p + n + 1, p->value.n - n - 1), blob, sizeof blob, &size) ||
		size != sizeof blob)
		return refuse(p, "not a key id and a signature in base 64");
	memcpy(out->id, blob, sizeof out->id);
	memcpy(out->sig, blob + sizeof out->id, sizeof out->sig);
	step(p);
	return VT_OK;
}

static vt_err read_sigs(struct parser *p, struct vt_entry *e)
{
	size_t n = count_key(p, "sig", VT_ENTRY_SIGS_MAX);

	if (n > VT_ENTRY_SIGS_MAX)
		return refuse(p, "too many signatures");
	e->sigs = vt_arena_array(p->a, n, sizeof *e->sigs);
	if (!e->sigs && n)
		return VT_ENOMEM;
	for (e->nsigs = 0; e->nsigs < n; e->nsigs++) {
		struct vt_entry_sig *s = &e->sigs[e->nsigs];
		vt_err err = read_sig(p, s);

		if (err)
			return err;
		if (e->nsigs && vt_name_compare(s[-1].name, s->name) >= 0) {
			p->line--;
			return refuse(p, "signatures are not in ascending order of their names");
		}
	}
	return VT_OK;
}

static vt_err parse(struct parser *p, struct vt_entry *e)
{
	const struct vt_row *rows;
	const char *wrong;
	vt_span all = p->rest;
	size_t n = 0;
	vt_err err;

	if (all.n > VT_ENTRY_MAX) {
		p->cause = "longer than an entry may be";
		return VT_ELIMIT;
	}
	if (all.n == 0 || all.p[all.n - 1] != '\n')
		return refuse(p, "the last line does not end");
	step(p);
	err = read_kind(p, &e->kind);
	rows = err ? NULL : vt_rows_of(e->kind, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = read_row(p, &rows[i], e);
	if (!err && p->more && !at_key(p, "sig"))
		err = refuse(p, "a line that is unknown, in the wrong place, or one too many");
	if (err)
		return err;
	e->text = all;
	if (p->more)
		e->text.n = (size_t)(p->next.p - all.p);
	wrong = vt_entry_wrong(e);
	if (wrong) {
		p->line = 1;
		return refuse(p, wrong);
	}
	err = read_sigs(p, e);
	if (!err && p->more)
		err = refuse(p, "a line behind the signatures");
	return err;
}

vt_err vt_entry_parse(vt_span bytes, vt_arena *a, struct vt_entry *out, struct vt_entry_error *why)
{
	struct parser p = {.rest = bytes, .a = a, .cause = "not enough memory"};
	struct vt_entry e = {0};
	vt_err err = parse(&p, &e);

	if (err)
		*why = (struct vt_entry_error){.line = p.line, .cause = p.cause};
	else
		*out = e;
	return err;
}
