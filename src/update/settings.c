/* SPDX-License-Identifier: Apache-2.0 */
#include "update/settings.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/lines.h"

#define HEAD "vitrine/settings/v1"

static const char *const words[VT_SETTINGS] = {
	[VT_SETTING_HOLD] = "hold",
	[VT_SETTING_APPROVED] = "approved",
	[VT_SETTING_PIN] = "pin",
	[VT_SETTING_ROLLBACK] = "rollback",
	[VT_SETTING_ACKNOWLEDGED] = "acknowledged",
};

static bool take_word(vt_span *line, vt_span *out)
{
	size_t at;

	if (!vt_span_find(*line, 0, " ", 1, &at) || at == 0)
		return false;
	*out = vt_span_of(line->p, at);
	*line = vt_span_of(line->p + at + 1, line->n - at - 1);
	return true;
}

static bool text_ok(vt_span s, bool spaces)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f || (!spaces && s.p[i] == ' '))
			return false;
	return s.n > 0 && s.n <= 512;
}

static bool take_row(vt_span line, struct vt_setting_row *out)
{
	vt_span what, number, time;
	uint64_t at;

	if (!take_word(&line, &what) || !take_word(&line, &number) ||
		!take_word(&line, &out->name) || !take_word(&line, &time) ||
		!vt_decimal_get(number, &out->number) || !vt_decimal_get(time, &at) ||
		at > INT64_MAX || !text_ok(out->name, false) || !text_ok(line, true))
		return false;
	out->time = (int64_t)at;
	out->who = line;
	for (unsigned i = 0; i < VT_SETTINGS; i++) {
		if (vt_span_eq(what, vt_span_str(words[i]))) {
			out->what = (enum vt_setting)i;
			return true;
		}
	}
	return false;
}

vt_err vt_settings_parse(vt_span text, struct vt_settings *out)
{
	vt_span line;

	out->n = 0;
	if (!vt_line_take(&text, &line) || !vt_span_eq(line, vt_span_str(HEAD)))
		return VT_EFORMAT;
	while (text.n) {
		if (out->n == VT_SETTING_ROWS_MAX || !vt_line_take(&text, &line) ||
			!take_row(line, &out->v[out->n]))
			return VT_EFORMAT;
		out->n++;
	}
	return VT_OK;
}

vt_err vt_settings_write(vt_buf *b, const struct vt_settings *s)
{
	vt_err e = vt_buf_addf(b, HEAD "\n");

	for (size_t i = 0; !e && i < s->n; i++) {
		const struct vt_setting_row *r = &s->v[i];

		e = vt_buf_addf(b, "%s %" PRIu64 " %.*s %" PRId64 " %.*s\n", words[r->what],
			r->number, (int)r->name.n, (const char *)r->name.p, r->time, (int)r->who.n,
			(const char *)r->who.p);
	}
	return e;
}

static bool is(const struct vt_setting_row *r, enum vt_setting what, vt_span name)
{
	return r->what == what && (name.n == 0 || vt_span_eq(r->name, name));
}

const struct vt_setting_row *vt_settings_find(
	const struct vt_settings *s, enum vt_setting what, vt_span name)
{
	for (size_t i = 0; i < s->n; i++)
		if (is(&s->v[i], what, name))
			return &s->v[i];
	return NULL;
}

vt_err vt_settings_set(struct vt_settings *s, const struct vt_setting_row *row)
{
	if (!text_ok(row->name, false) || !text_ok(row->who, true) || row->time < 0)
		return VT_EARG;
	(void)vt_settings_drop(s, row->what, row->name);
	if (s->n == VT_SETTING_ROWS_MAX)
		return VT_ELIMIT;
	s->v[s->n++] = *row;
	return VT_OK;
}

size_t vt_settings_drop(struct vt_settings *s, enum vt_setting what, vt_span name)
{
	size_t kept = 0, before = s->n;

	for (size_t i = 0; i < before; i++)
		if (!is(&s->v[i], what, name))
			s->v[kept++] = s->v[i];
	s->n = kept;
	return before - kept;
}
