/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/lines.h"

#define FIRST_LINE "vitrine/follow/v1"

void vt_log_progress_free(struct vt_log_progress *p)
{
	free(p->sets);
	free(p->unreadable);
	*p = (struct vt_log_progress){0};
}

/* The next word of a line: up to a space, or the rest. */
static bool word_take(vt_span *line, vt_span *out)
{
	size_t n;

	if (line->n == 0)
		return false;
	if (!vt_span_find(*line, 0, " ", 1, &n)) {
		*out = *line;
		*line = (vt_span){0};
		return true;
	}
	*out = vt_span_of(line->p, n);
	*line = vt_span_of(line->p + n + 1, line->n - n - 1);
	return n > 0 && line->n > 0;
}

static bool number_take(vt_span *line, uint64_t *out)
{
	vt_span w;

	return word_take(line, &w) && vt_decimal_get(w, out);
}

static bool leaf_take(vt_span *line, vt_hash *out)
{
	vt_span w;

	return word_take(line, &w) && vt_hex_get(w, out->b, sizeof out->b) && line->n == 0;
}

static bool entry_take(vt_span line, struct vt_progress_entry *out)
{
	if (out->set || !number_take(&line, &out->index) || !leaf_take(&line, &out->leaf))
		return false;
	out->set = true;
	return true;
}

static vt_err set_take(vt_span line, struct vt_log_progress *p)
{
	struct vt_seen_set s = {0}, *v;
	vt_span kind, name;

	if (!word_take(&line, &kind) || !word_take(&line, &name) ||
		!number_take(&line, &s.version) || !number_take(&line, &s.index) ||
		!leaf_take(&line, &s.leaf) || name.n >= sizeof s.name ||
		p->nsets == VT_PROGRESS_SETS_MAX)
		return VT_EFORMAT;
	if (vt_span_eq(kind, vt_span_str(vt_entry_word(VT_ENTRY_CONTENT))))
		s.kind = VT_ENTRY_CONTENT;
	else if (vt_span_eq(kind, vt_span_str(vt_entry_word(VT_ENTRY_DIRECTIVE))))
		s.kind = VT_ENTRY_DIRECTIVE;
	else
		return VT_EFORMAT;
	memcpy(s.name, name.p, name.n);
	if (strlen(s.name) != name.n)
		return VT_EFORMAT;
	v = reallocarray(p->sets, p->nsets + 1, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	v[p->nsets++] = s;
	p->sets = v;
	return VT_OK;
}

vt_err vt_log_progress_unreadable(struct vt_log_progress *p, uint64_t index, bool unreadable)
{
	uint64_t *v;
	size_t i = 0;

	while (i < p->nunreadable && p->unreadable[i] != index)
		i++;
	if (i < p->nunreadable && !unreadable)
		p->unreadable[i] = p->unreadable[--p->nunreadable];
	if ((i < p->nunreadable) == unreadable || !unreadable)
		return VT_OK;
	if (p->nunreadable == VT_PROGRESS_UNREADABLE_MAX)
		return VT_ELIMIT;
	v = reallocarray(p->unreadable, p->nunreadable + 1, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	v[p->nunreadable++] = index;
	p->unreadable = v;
	return VT_OK;
}

static vt_err line_take(vt_span line, struct vt_log_progress *p)
{
	uint64_t index;
	vt_err e;

	if (vt_prefix_take(&line, "root "))
		return entry_take(line, &p->root) ? VT_OK : VT_EFORMAT;
	if (vt_prefix_take(&line, "state "))
		return entry_take(line, &p->state) ? VT_OK : VT_EFORMAT;
	if (vt_prefix_take(&line, "set "))
		return set_take(line, p);
	if (!vt_prefix_take(&line, "unreadable ") || !vt_decimal_get(line, &index) ||
		index >= p->at)
		return VT_EFORMAT;
	e = vt_log_progress_unreadable(p, index, true);
	return e == VT_ELIMIT ? VT_EFORMAT : e;
}

vt_err vt_log_progress_parse(vt_span text, struct vt_log_progress *out)
{
	struct vt_log_progress p = {0};
	vt_err e = VT_OK;
	vt_span line;

	if (!vt_line_take(&text, &line) || !vt_span_eq(line, vt_span_str(FIRST_LINE)) ||
		!vt_line_take(&text, &line) || !vt_prefix_take(&line, "at ") ||
		!vt_decimal_get(line, &p.at))
		return VT_EFORMAT;
	while (!e && text.n)
		e = vt_line_take(&text, &line) ? line_take(line, &p) : VT_EFORMAT;
	if (!e && ((p.root.set && p.root.index >= p.at) || (p.state.set && p.state.index >= p.at)))
		e = VT_EFORMAT;
	for (size_t i = 0; !e && i < p.nsets; i++)
		e = p.sets[i].index < p.at ? VT_OK : VT_EFORMAT;
	if (e)
		vt_log_progress_free(&p);
	else
		*out = p;
	return e;
}

static vt_err put_leaf(vt_buf *b, const vt_hash *leaf)
{
	vt_err e = vt_hex_add(b, vt_span_of(leaf->b, sizeof leaf->b));

	return e ? e : vt_buf_add_u8(b, '\n');
}

static vt_err put_entry(vt_buf *b, const char *word, const struct vt_progress_entry *x)
{
	vt_err e = x->set ? vt_buf_addf(b, "%s %" PRIu64 " ", word, x->index) : VT_OK;

	return e || !x->set ? e : put_leaf(b, &x->leaf);
}

vt_err vt_log_progress_write(vt_buf *b, const struct vt_log_progress *p)
{
	vt_err e = vt_buf_addf(b, FIRST_LINE "\nat %" PRIu64 "\n", p->at);

	if (!e)
		e = put_entry(b, "root", &p->root);
	if (!e)
		e = put_entry(b, "state", &p->state);
	for (size_t i = 0; !e && i < p->nsets; i++) {
		const struct vt_seen_set *s = &p->sets[i];

		e = vt_buf_addf(b, "set %s %s %" PRIu64 " %" PRIu64 " ", vt_entry_word(s->kind),
			s->name, s->version, s->index);
		if (!e)
			e = put_leaf(b, &s->leaf);
	}
	for (size_t i = 0; !e && i < p->nunreadable; i++)
		e = vt_buf_addf(b, "unreadable %" PRIu64 "\n", p->unreadable[i]);
	return e;
}
