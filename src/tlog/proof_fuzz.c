/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a proof file: what is read is written back the same, and proves nothing. */
#include <stdlib.h>

#include "tlog/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char file[] =
		"log log.example/vectors+a91462c5+AZGk8ntX3zRbhpxLxYmTbb0sQVaXLqYhByXQg92LF7HH\n"
		"quorum none\n";
	static struct vt_policy policy;
	static struct vt_head head;
	struct vt_policy_error why;
	struct vt_proof_file p;
	vt_buf b = VT_BUF_INIT(size + 1);
	vt_span s = vt_span_of(data, size);
	uint64_t index;

	if (vt_sign_init() || vt_policy_parse(vt_span_str(file), &policy, &why))
		abort();
	if (!vt_proof_file_parse(s, &p) &&
		(vt_proof_file_write(&b, &p) || !vt_span_eq(vt_buf_span(&b), s)))
		abort();
	vt_buf_free(&b);
	/* no signed tree of the corpus has this entry */
	if (vt_proof_file_check(s, vt_span_str("never logged"), &policy, &head, &index) ==
		VT_PROOF_OK)
		abort();
	return 0;
}
