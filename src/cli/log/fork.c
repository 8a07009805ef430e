/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log/fork.h"

#include <inttypes.h>

#include "base/base64.h"
#include "tlog/lines.h"

#define FIRST_LINE "vitrine/evidence/v1"

/* "<word> <n>" and n bytes. */
static bool take_note(vt_span *rest, const char *word, vt_span *out)
{
	vt_span line;
	uint64_t n;

	if (!vt_line_take(rest, &line) || !vt_prefix_take(&line, word) ||
		!vt_decimal_get(line, &n) || n == 0 || n > VT_NOTE_MAX ||
		!vt_span_sub(*rest, 0, n, out))
		return false;
	*rest = vt_span_clip(*rest, n, rest->n);
	return true;
}

static bool take_root(vt_span *rest, vt_hash *out)
{
	vt_span line;
	size_t n;

	return vt_line_take(rest, &line) && vt_prefix_take(&line, "root ") &&
		vt_base64_get(line, out->b, sizeof out->b, &n) && n == sizeof out->b;
}

vt_err vt_fork_parse(vt_span file, struct vt_fork *out)
{
	struct vt_fork f = {0};
	vt_span line;

	if (!vt_line_take(&file, &line) || !vt_span_eq(line, vt_span_str(FIRST_LINE)))
		return VT_EFORMAT;
	if (!vt_line_take(&file, &line) || !vt_prefix_take(&line, "log ") ||
		vt_key_parse(line, &f.log) || f.log.type != VT_KEY_ED25519)
		return VT_EFORMAT;
	if (!take_note(&file, "shorter ", &f.shorter) || !take_note(&file, "longer ", &f.longer) ||
		!take_root(&file, &f.root) || !vt_proof_lines_take(&file, &f.proof) || file.n)
		return VT_EFORMAT;
	*out = f;
	return VT_OK;
}

static vt_err put_note(vt_buf *b, const char *word, vt_span note)
{
	vt_err e = vt_buf_addf(b, "%s %zu\n", word, note.n);

	return e ? e : vt_buf_add(b, note.p, note.n);
}

vt_err vt_fork_write(vt_buf *b, const struct vt_fork *f)
{
	vt_err e = vt_buf_addf(b, FIRST_LINE "\nlog ");

	if (!e)
		e = vt_key_write(b, &f->log);
	if (!e)
		e = vt_buf_add_u8(b, '\n');
	if (!e)
		e = put_note(b, "shorter", f->shorter);
	if (!e)
		e = put_note(b, "longer", f->longer);
	if (!e)
		e = vt_buf_addf(b, "root ");
	if (!e)
		e = vt_base64_add(b, vt_span_of(f->root.b, sizeof f->root.b));
	if (!e)
		e = vt_buf_add_u8(b, '\n');
	return e ? e : vt_proof_lines_write(b, &f->proof);
}

vt_err vt_fork_check(const struct vt_fork *f, struct vt_head *out_shorter,
	struct vt_head *out_longer, const char **why)
{
	struct vt_head a, b;

	if (vt_head_parse(f->shorter, &f->log, &a) || vt_head_parse(f->longer, &f->log, &b))
		*why = "a head in it is not signed by that log's key";
	else if (a.at.size > b.at.size)
		*why = "the heads are in the wrong order";
	else if (!vt_merkle_consistent(&f->proof, a.at.size, &f->root, b.at.size, &b.at.root))
		*why = "its proof does not lead to the longer head";
	else if (vt_hash_eq(&f->root, &a.at.root))
		*why = "the two heads are consistent: no fork is shown";
	else {
		*out_shorter = a;
		*out_longer = b;
		return VT_OK;
	}
	return VT_ECHECKSUM;
}

vt_err vt_fork_make(const struct vt_key *log, vt_span shorter, const struct vt_checkpoint *a,
	vt_span longer, const struct vt_checkpoint *b, vt_merkle_get *get, void *ctx,
	struct vt_fork *out)
{
	struct vt_fork f = {.log = *log, .shorter = shorter, .longer = longer};
	vt_err e = VT_OK;

	if (a->size > b->size)
		return VT_EARG;
	if (a->size == b->size)
		f.root = b->root;
	else if (a->size == 0)
		vt_merkle_empty(&f.root);
	else
		e = vt_merkle_root(get, ctx, a->size, &f.root);
	if (!e && a->size > 0 && a->size < b->size)
		e = vt_merkle_prove_consistent(get, ctx, a->size, b->size, &f.proof);
	if (!e && vt_hash_eq(&f.root, &a->root))
		e = VT_ECHECKSUM;
	if (!e)
		*out = f;
	return e;
}
