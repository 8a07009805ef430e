/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/plan/approval.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "tlog/note.h"

#define FIRST "vitrine/approval/v1"

static bool line_ok(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n <= 1000;
}

vt_err vt_approval_write(vt_buf *b, const struct vt_approval *a, const struct vt_signer *signer)
{
	vt_buf text = VT_BUF_INIT(VT_APPROVAL_MAX);
	vt_err e;

	if (!line_ok(a->note) || a->time < 0 || a->until < 0)
		return VT_EARG;
	e = vt_buf_addf(&text,
		FIRST "\nplan %.*s\nsha256 %.*s\nmachine %.*s\ntime %" PRId64 "\nuntil %" PRId64
		      "\nnote %.*s\n",
		(int)a->plan.n, (const char *)a->plan.p, (int)a->sha256.n,
		(const char *)a->sha256.p, a->machine.n ? (int)a->machine.n : 1,
		a->machine.n ? (const char *)a->machine.p : "-", a->time, a->until,
		a->note.n ? (int)a->note.n : 1, a->note.n ? (const char *)a->note.p : "-");
	if (!e)
		e = vt_buf_add(b, text.p, text.n);
	if (!e)
		e = vt_buf_add(b, "\n", 1);
	if (!e)
		e = vt_note_sign(b, signer, vt_buf_span(&text), 0);
	vt_buf_free(&text);
	return e;
}

/* The rest of the next line, if it begins with `word`. */
static bool take(vt_span *text, const char *word, vt_span *out)
{
	size_t n = strlen(word), end;

	if (!vt_span_at(*text, 0, word, n) || !vt_span_find(*text, n, "\n", 1, &end))
		return false;
	*out = vt_span_of(text->p + n, end - n);
	*text = vt_span_of(text->p + end + 1, text->n - end - 1);
	return line_ok(*out);
}

static bool hex_ok(vt_span s, size_t n)
{
	uint8_t bytes[32];

	return s.n == 2 * n && vt_hex_get(s, bytes, n);
}

static bool time_ok(vt_span s, int64_t *out)
{
	uint64_t v;

	if (!vt_decimal_get(s, &v) || v > INT64_MAX)
		return false;
	*out = (int64_t)v;
	return true;
}

static bool read_text(vt_span text, struct vt_approval *out)
{
	struct vt_approval a;
	vt_span nothing, time, until;

	if (!take(&text, FIRST, &nothing) || nothing.n || !take(&text, "plan ", &a.plan) ||
		!take(&text, "sha256 ", &a.sha256) || !take(&text, "machine ", &a.machine) ||
		!take(&text, "time ", &time) || !take(&text, "until ", &until) ||
		!take(&text, "note ", &a.note) || text.n)
		return false;
	if (vt_span_eq(a.machine, vt_span_str("-")))
		a.machine.n = 0;
	if (vt_span_eq(a.note, vt_span_str("-")))
		a.note.n = 0;
	if (!hex_ok(a.plan, 16) || !hex_ok(a.sha256, 32) ||
		(a.machine.n && !hex_ok(a.machine, 16)) || !time_ok(time, &a.time) ||
		!time_ok(until, &a.until))
		return false;
	*out = a;
	return true;
}

vt_err vt_approval_read(vt_span bytes, struct vt_approval *out)
{
	struct vt_note note;
	vt_err e;

	if (bytes.n > VT_APPROVAL_MAX)
		return VT_ELIMIT;
	e = vt_note_parse(bytes, &note);
	if (e)
		return e;
	return read_text(note.text, out) ? VT_OK : VT_EFORMAT;
}

vt_err vt_approvers_parse(
	vt_span text, struct vt_key keys[VT_APPROVERS_MAX], size_t *out_n, unsigned *out_line)
{
	unsigned line = 0;
	size_t n = 0, end;

	while (text.n) {
		vt_span s;

		if (!vt_span_find(text, 0, "\n", 1, &end))
			end = text.n;
		s = vt_span_of(text.p, end);
		end = vt_min_size(end + 1, text.n);
		text = vt_span_of(text.p + end, text.n - end);
		*out_line = ++line;
		while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
			s.n--;
		if (s.n == 0 || s.p[0] == '#')
			continue;
		if (n == VT_APPROVERS_MAX)
			return VT_ELIMIT;
		if (vt_key_parse(s, &keys[n]) || keys[n].type != VT_KEY_ED25519)
			return VT_EFORMAT;
		n++;
	}
	*out_n = n;
	return VT_OK;
}

const char *vt_approval_trouble(vt_span bytes, vt_span plan_bytes, vt_span plan_id, vt_span machine,
	int64_t now, const struct vt_key *keys, size_t nkeys, const struct vt_key **out_by,
	struct vt_approval *out)
{
	const struct vt_key *by = NULL;
	struct vt_note note;
	uint8_t sum[32], said[32];
	uint64_t time;

	if (vt_approval_read(bytes, out) || vt_note_parse(bytes, &note))
		return "the approval is not one, or damaged";
	for (size_t i = 0; i < nkeys; i++) {
		switch (vt_note_verify(&note, &keys[i], &time)) {
		case VT_SIGNED_NO: break;
		case VT_SIGNED_YES: by = &keys[i]; break;
		case VT_SIGNED_BAD: return "a signature of the approval is false";
		}
	}
	if (!by)
		return "it is not signed by a key that the owner of this machine lists";
	vt_sha256(plan_bytes, sum);
	if (!vt_hex_get(out->sha256, said, sizeof said) || memcmp(sum, said, sizeof sum) != 0)
		return "the approval is for other bytes: the plan was changed, or is another one";
	if (!vt_span_eq(out->plan, plan_id) || !vt_span_eq(out->machine, machine))
		return "the approval is for another plan or machine";
	if (now > out->until)
		return "the approval has expired";
	if (now + 600 < out->time)
		return "the approval is from the future: is this machine's clock right?";
	*out_by = by;
	return NULL;
}
