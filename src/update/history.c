/* SPDX-License-Identifier: Apache-2.0 */
#include "update/history.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "entry/entry.h"
#include "store/folder.h"
#include "tlog/lines.h"

#define LAST_HEAD "vitrine/last/v1"
#define TEXT_MAX 1000u

static const char *const outcomes[VT_OUTCOMES] = {
	[VT_OUTCOME_UPDATED] = "updated",
	[VT_OUTCOME_SAME] = "same",
	[VT_OUTCOME_REFUSED] = "refused",
	[VT_OUTCOME_FAILED] = "failed",
	[VT_OUTCOME_DECIDED] = "decided",
};

const char *vt_outcome_word(enum vt_outcome o)
{
	return (unsigned)o < VT_OUTCOMES ? outcomes[o] : "";
}

/* Writing -------------------------------------------------------------------------------------- */

static vt_err put_text(vt_buf *b, vt_span s)
{
	vt_err e = VT_OK;

	s = vt_span_clip(s, 0, TEXT_MAX);
	for (size_t i = 0; !e && i < s.n; i++)
		e = vt_buf_add_u8(b, s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
	return e || s.n ? e : vt_buf_add_u8(b, '-');
}

/* Words are ours, but for a generation's name, which was checked when it was read. */
static vt_span word_of(vt_span s)
{
	return s.n ? s : vt_span_str("-");
}

vt_err vt_run_write(vt_buf *b, const struct vt_run *r)
{
	vt_span action = word_of(r->action), generation = word_of(r->generation);
	vt_span id = word_of(vt_span_str(vt_refusal_of(r->refusal)->id));
	char time[VT_TIME_SIZE];
	vt_err e = vt_buf_addf(b,
		"%s %.*s %s %.*s %" PRIu64 " %" PRIu64 " %" PRIu64 " %.*s %" PRIu64 " ",
		vt_time_write(r->time, time), (int)action.n, (const char *)action.p,
		vt_outcome_word(r->outcome), (int)id.n, (const char *)id.p, r->tree, r->state_index,
		r->state_version, (int)generation.n, (const char *)generation.p, r->bytes);

	if (!e)
		e = put_text(b, r->text);
	return e ? e : vt_buf_add_u8(b, '\n');
}

vt_err vt_last_write(vt_buf *b, const struct vt_last *l)
{
	vt_err e = vt_buf_addf(b, LAST_HEAD "\n");

	if (!e)
		e = vt_run_write(b, &l->run);
	if (!e)
		e = vt_buf_addf(b, "waits %" PRId64 "\n", l->newer_waits);
	for (size_t i = 0; !e && i < l->nfailures; i++) {
		e = vt_buf_addf(b, "source %s ", vt_refusal_of(l->failures[i].refusal)->id);
		if (!e)
			e = put_text(b, l->failures[i].place);
		if (!e)
			e = vt_buf_addf(b, "\nwhy ");
		if (!e)
			e = put_text(b, l->failures[i].why);
		if (!e)
			e = vt_buf_add_u8(b, '\n');
	}
	return e;
}

/* Reading -------------------------------------------------------------------------------------- */

static bool take_word(vt_span *line, vt_span *out)
{
	size_t at;

	if (!vt_span_find(*line, 0, " ", 1, &at) || at == 0)
		return false;
	*out = vt_span_of(line->p, at);
	*line = vt_span_of(line->p + at + 1, line->n - at - 1);
	return true;
}

/* "-" is none. */
static bool take_optional(vt_span *line, vt_span *out)
{
	if (!take_word(line, out))
		return false;
	if (vt_span_eq(*out, vt_span_str("-")))
		*out = (vt_span){0};
	return true;
}

static bool take_number(vt_span *line, uint64_t *out)
{
	vt_span w;

	return take_word(line, &w) && vt_decimal_get(w, out);
}

static bool take_time(vt_span *line, int64_t *out)
{
	vt_span w;

	return take_word(line, &w) && vt_time_parse(w, out);
}

static bool take_outcome(vt_span *line, enum vt_outcome *out)
{
	vt_span w;

	if (!take_word(line, &w))
		return false;
	for (unsigned i = 0; i < VT_OUTCOMES; i++) {
		if (vt_span_eq(w, vt_span_str(outcomes[i]))) {
			*out = (enum vt_outcome)i;
			return true;
		}
	}
	return false;
}

static bool take_refusal(vt_span *line, enum vt_refusal *out)
{
	vt_span w;

	if (!take_optional(line, &w))
		return false;
	*out = vt_refusal_find(w);
	return w.n == 0 || *out != VT_REFUSED_NOT;
}

/* What the writer never writes. */
static bool has_control(vt_span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < 0x20 || line.p[i] == 0x7f)
			return true;
	return false;
}

static void rest_of(vt_span line, vt_span *out)
{
	*out = vt_span_eq(line, vt_span_str("-")) ? (vt_span){0} : line;
}

vt_err vt_run_read(vt_span line, struct vt_run *out)
{
	struct vt_run r = {0};

	if (has_control(line) || !take_time(&line, &r.time) || !take_word(&line, &r.action) ||
		!take_outcome(&line, &r.outcome) || !take_refusal(&line, &r.refusal) ||
		!take_number(&line, &r.tree) || !take_number(&line, &r.state_index) ||
		!take_number(&line, &r.state_version) || !take_optional(&line, &r.generation) ||
		!take_number(&line, &r.bytes) || line.n == 0)
		return VT_EFORMAT;
	rest_of(line, &r.text);
	*out = r;
	return VT_OK;
}

vt_err vt_history_next(vt_span *text, struct vt_run *out)
{
	vt_span line;

	if (text->n == 0)
		return VT_END;
	return vt_line_take(text, &line) ? vt_run_read(line, out) : VT_EFORMAT;
}

static vt_err take_failure(vt_span *text, struct vt_last_failure *f)
{
	vt_span line, key;

	if (!vt_line_take(text, &line) || has_control(line) || !take_word(&line, &key) ||
		!vt_span_eq(key, vt_span_str("source")) || !take_refusal(&line, &f->refusal))
		return VT_EFORMAT;
	rest_of(line, &f->place);
	if (!vt_line_take(text, &line) || has_control(line) || !take_word(&line, &key) ||
		!vt_span_eq(key, vt_span_str("why")))
		return VT_EFORMAT;
	rest_of(line, &f->why);
	return VT_OK;
}

vt_err vt_last_parse(vt_span text, struct vt_last *out)
{
	vt_span line;
	uint64_t n;
	vt_err e;

	*out = (struct vt_last){0};
	if (!vt_line_take(&text, &line) || !vt_span_eq(line, vt_span_str(LAST_HEAD)) ||
		!vt_line_take(&text, &line))
		return VT_EFORMAT;
	e = vt_run_read(line, &out->run);
	if (!e &&
		(!vt_line_take(&text, &line) || !vt_prefix_take(&line, "waits ") ||
			!vt_decimal_get(line, &n) || n > INT64_MAX))
		e = VT_EFORMAT;
	if (!e)
		out->newer_waits = (int64_t)n;
	while (!e && text.n) {
		if (out->nfailures == VT_COUNT(out->failures))
			return VT_EFORMAT;
		e = take_failure(&text, &out->failures[out->nfailures++]);
	}
	return e;
}

/* Adding --------------------------------------------------------------------------------------- */

/* Drops the oldest lines beyond those that are kept, a quarter at a time. */
static vt_span newest(vt_span text)
{
	size_t lines = 0, at;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines < VT_HISTORY_RUNS && text.n < VT_HISTORY_MAX / 2)
		return text;
	for (size_t drop = lines / 4 + 1; drop && vt_span_find(text, 0, "\n", 1, &at); drop--)
		text = vt_span_of(text.p + at + 1, text.n - at - 1);
	return text;
}

vt_err vt_history_add(int dir, const struct vt_run *r)
{
	vt_buf old = VT_BUF_INIT(VT_HISTORY_MAX), now = VT_BUF_INIT(VT_HISTORY_MAX);
	vt_err e = vt_store_read(dir, VT_HISTORY_FILE, VT_HISTORY_MAX, &old);
	vt_span kept;

	/* what can't be read is no reason not to write down what happens now */
	if (e && e != VT_ENOMEM)
		e = VT_OK;
	kept = newest(vt_buf_span(&old));
	if (!e && kept.n)
		e = vt_buf_add(&now, kept.p, kept.n);
	if (!e)
		e = vt_run_write(&now, r);
	if (!e)
		e = vt_store_write(dir, VT_HISTORY_FILE, vt_buf_span(&now));
	vt_buf_free(&old);
	vt_buf_free(&now);
	return e;
}
