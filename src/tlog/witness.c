/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/witness.h"

#include "base/base64.h"
#include "tlog/lines.h"

vt_err vt_add_checkpoint_parse(vt_span body, struct vt_add_checkpoint *out)
{
	struct vt_add_checkpoint r;
	vt_span line;

	if (body.n > VT_WITNESS_REQUEST_MAX)
		return VT_ELIMIT;
	if (!vt_line_take(&body, &line) || !vt_prefix_take(&line, "old ") ||
		!vt_decimal_get(line, &r.old_size) || r.old_size > VT_TREE_MAX ||
		!vt_proof_lines_take(&body, &r.proof))
		return VT_EFORMAT;
	if (body.n == 0)
		return VT_EFORMAT;
	r.note = body;
	out->old_size = r.old_size;
	out->note = r.note;
	out->proof.n = r.proof.n;
	memcpy(out->proof.v, r.proof.v, r.proof.n * sizeof r.proof.v[0]);
	return VT_OK;
}

vt_err vt_add_checkpoint_write(vt_buf *b, const struct vt_add_checkpoint *r)
{
	vt_err e = vt_buf_addf(b, "old %llu\n", (unsigned long long)r->old_size);

	if (!e)
		e = vt_proof_lines_write(b, &r->proof);
	return e ? e : vt_buf_add(b, r->note.p, r->note.n);
}

/* Does the checkpoint follow from the state, whose size is the request's old size? */
static unsigned follows(const struct vt_add_checkpoint *r, const struct vt_checkpoint *now,
	const struct vt_witnessed *state)
{
	vt_hash old_root = state->root;

	/* nothing seen yet is the empty tree, which every tree begins with */
	if (r->old_size == 0)
		vt_merkle_empty(&old_root);
	if (r->old_size == now->size && !vt_hash_eq(&old_root, &now->root))
		return 409;
	return vt_merkle_consistent(&r->proof, r->old_size, &old_root, now->size, &now->root) ? 200
											      : 422;
}

unsigned vt_witness_decide(const struct vt_add_checkpoint *r, const struct vt_key *log,
	const struct vt_witnessed *state, struct vt_witnessed *out_now, bool *out_size_conflict)
{
	struct vt_head head;
	unsigned status;
	vt_err e = vt_head_parse(r->note, log, &head);

	*out_size_conflict = false;
	if (e)
		return e == VT_ECHECKSUM ? 403 : 400;
	if (r->old_size > head.at.size)
		return 400;
	if (r->old_size != state->size) {
		*out_size_conflict = true;
		return 409;
	}
	status = follows(r, &head.at, state);
	if (status == 200)
		*out_now = (struct vt_witnessed){head.at.size, head.at.root};
	return status;
}
