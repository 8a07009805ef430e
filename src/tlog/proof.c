/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/proof.h"

#include "base/base64.h"
#include "tlog/lines.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

vt_err vt_proof_file_parse(vt_span file, struct vt_proof_file *out)
{
	struct vt_proof_file p = {0};
	vt_span line;
	size_t n;

	if (!vt_line_take(&file, &line) || !vt_span_eq(line, vt_span_str(FIRST_LINE)) ||
		!vt_line_take(&file, &line))
		return VT_EFORMAT;
	if (vt_prefix_take(&line, "extra ")) {
		/* without extra data there is no such line */
		if (!vt_base64_ok(line, &n) || n == 0)
			return VT_EFORMAT;
		p.extra = line;
		if (!vt_line_take(&file, &line))
			return VT_EFORMAT;
	}
	if (!vt_prefix_take(&line, "index ") || !vt_decimal_get(line, &p.index) ||
		p.index >= VT_TREE_MAX || !vt_proof_lines_take(&file, &p.path))
		return VT_EFORMAT;
	if (file.n == 0)
		return VT_EFORMAT;
	p.checkpoint = file;
	*out = p;
	return VT_OK;
}

vt_err vt_proof_file_write(vt_buf *b, const struct vt_proof_file *p)
{
	vt_err e = vt_buf_addf(b, FIRST_LINE "\n");

	if (!e && p->extra.n) {
		e = vt_buf_addf(b, "extra ");
		if (!e)
			e = vt_buf_add(b, p->extra.p, p->extra.n);
		if (!e)
			e = vt_buf_add_u8(b, '\n');
	}
	if (!e)
		e = vt_buf_addf(b, "index %llu\n", (unsigned long long)p->index);
	if (!e)
		e = vt_proof_lines_write(b, &p->path);
	return e ? e : vt_buf_add(b, p->checkpoint.p, p->checkpoint.n);
}

/* Is the head signed by a log of the policy that has its origin's name? */
static bool signed_by_log(const struct vt_head *head, const struct vt_policy *p)
{
	bool found = false;

	for (size_t i = 0; i < p->nlogs; i++) {
		const struct vt_key *log = &p->logs[i].key;
		uint64_t time;

		switch (vt_note_verify(&head->note, log, &time)) {
		case VT_SIGNED_NO: break;
		case VT_SIGNED_BAD: return false;
		case VT_SIGNED_YES:
			found = found || vt_span_eq(head->at.origin, vt_span_str(log->name));
			break;
		}
	}
	return found;
}

enum vt_proof_verdict vt_proof_file_check(vt_span file, vt_span entry, const struct vt_policy *p,
	struct vt_head *out_head, uint64_t *out_index)
{
	struct vt_proof_file proof;
	struct vt_head head;
	vt_hash leaf;
	bool enough = false;
	uint64_t time;

	if (vt_proof_file_parse(file, &proof) || vt_note_parse(proof.checkpoint, &head.note) ||
		vt_checkpoint_parse(head.note.text, &head.at))
		return VT_PROOF_BAD_FORMAT;
	if (!signed_by_log(&head, p))
		return VT_PROOF_UNKNOWN_LOG;
	if (vt_policy_check(p, p->quorum, &head.note, &enough, &time) || !enough)
		return VT_PROOF_NO_QUORUM;
	vt_merkle_leaf(entry, &leaf);
	if (!vt_merkle_included(&proof.path, proof.index, head.at.size, &leaf, &head.at.root))
		return VT_PROOF_NOT_INCLUDED;
	*out_head = head;
	*out_index = proof.index;
	return VT_PROOF_OK;
}
