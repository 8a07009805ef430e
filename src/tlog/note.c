/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/note.h"

#include "base/base64.h"
#include "base/num.h"
#include "tlog/kind.h"
#include "tlog/lines.h"

#define ID_SIZE 4
#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

static vt_err parse_line(vt_span line, struct vt_note_line *out)
{
	uint8_t head[6];
	size_t n;

	if (!vt_prefix_take(&line, DASH) || !vt_span_find(line, 0, " ", 1, &n))
		return VT_EFORMAT;
	out->name = vt_span_of(line.p, n);
	out->base64 = vt_span_of(line.p + n + 1, line.n - n - 1);
	/* signatures of types that are unknown here may be long */
	if (!vt_key_name_ok(out->name) || !vt_base64_ok(out->base64, &n) || n <= ID_SIZE)
		return VT_EFORMAT;
	/* eight characters are six bytes; the id is the first four */
	if (!vt_base64_get(vt_span_of(out->base64.p, 8), head, sizeof head, &n))
		return VT_EFORMAT;
	memcpy(out->id, head, ID_SIZE);
	return VT_OK;
}

vt_err vt_note_parse(vt_span bytes, struct vt_note *out)
{
	struct vt_note note;
	size_t split;
	vt_span rest, line;

	if (bytes.n > VT_NOTE_MAX)
		return VT_ELIMIT;
	if (bytes.n < 2 || bytes.p[bytes.n - 1] != '\n' || !vt_note_text_ok(bytes))
		return VT_EFORMAT;
	/* the last empty line: two newlines in a row */
	for (split = bytes.n - 1; split > 0; split--)
		if (bytes.p[split] == '\n' && bytes.p[split - 1] == '\n')
			break;
	if (split == 0)
		return VT_EFORMAT;
	note.text = vt_span_of(bytes.p, split);
	note.nlines = 0;
	rest = vt_span_of(bytes.p + split + 1, bytes.n - split - 1);
	while (vt_line_take(&rest, &line)) {
		if (note.nlines == VT_NOTE_SIGS_MAX)
			return VT_ELIMIT;
		if (parse_line(line, &note.lines[note.nlines]))
			return VT_EFORMAT;
		note.nlines++;
	}
	if (note.nlines == 0)
		return VT_EFORMAT;
	out->text = note.text;
	out->nlines = note.nlines;
	memcpy(out->lines, note.lines, note.nlines * sizeof note.lines[0]);
	return VT_OK;
}

enum vt_signed vt_note_verify_times(const struct vt_note *note, const struct vt_key *key,
	uint64_t *out_oldest, uint64_t *out_newest)
{
	const struct vt_key_kind *kind = vt_key_kind_of(key->type);
	enum vt_signed found = VT_SIGNED_NO;
	uint64_t oldest = UINT64_MAX, newest = 0;

	if (!kind)
		return VT_SIGNED_NO;
	for (size_t i = 0; i < note->nlines; i++) {
		const struct vt_note_line *line = &note->lines[i];
		uint8_t sig[ID_SIZE + VT_KIND_SIG_MAX];
		uint64_t time;
		size_t n;

		/* name and id together name a key (signed-note, "Signatures") */
		if (memcmp(line->id, key->id, ID_SIZE) != 0 ||
			!vt_span_eq(line->name, vt_span_str(key->name)))
			continue;
		if (!vt_base64_get(line->base64, sig, sizeof sig, &n) ||
			n != ID_SIZE + kind->sig_size ||
			!kind->verify(key->pub, note->text, sig + ID_SIZE, &time))
			return VT_SIGNED_BAD;
		found = VT_SIGNED_YES;
		oldest = vt_min_u64(oldest, time);
		newest = vt_max_u64(newest, time);
	}
	if (found == VT_SIGNED_YES) {
		*out_oldest = oldest;
		*out_newest = newest;
	}
	return found;
}

enum vt_signed vt_note_verify(
	const struct vt_note *note, const struct vt_key *key, uint64_t *out_time)
{
	uint64_t oldest;

	return vt_note_verify_times(note, key, &oldest, out_time);
}

vt_err vt_note_sign(vt_buf *b, const struct vt_signer *signer, vt_span text, uint64_t time)
{
	const struct vt_key_kind *kind = vt_key_kind_of(signer->key.type);
	uint8_t sig[ID_SIZE + VT_KIND_SIG_MAX];
	size_t n;
	vt_err e;

	if (!kind)
		return VT_EUNSUPPORTED;
	memcpy(sig, signer->key.id, ID_SIZE);
	e = kind->sign(signer->seed, text, time, sig + ID_SIZE);
	n = ID_SIZE + kind->sig_size;
	/* all of the line or nothing */
	if (!e)
		e = vt_buf_reserve(
			b, strlen(DASH) + strlen(signer->key.name) + 1 + VT_BASE64_SIZE(n) + 1);
	if (!e)
		e = vt_buf_addf(b, DASH "%s ", signer->key.name);
	if (!e)
		e = vt_base64_add(b, vt_span_of(sig, n));
	return e ? e : vt_buf_add_u8(b, '\n');
}
