/* SPDX-License-Identifier: Apache-2.0 */
/* What is read as a plan is written and read again to the same bytes; approvals never crash. */
#include <stdlib.h>

#include "remedy/plan/approval.h"
#include "remedy/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	vt_buf one = VT_BUF_INIT(VT_REMOVAL_MAX), two = VT_BUF_INIT(VT_REMOVAL_MAX);
	struct vt_doc_error why;
	struct vt_approval approval;
	struct vt_removal p, q;

	if (!vt_removal_parse(vt_span_of(data, size), &a, &p, &why)) {
		for (size_t i = 0; i < p.nsteps; i++)
			for (size_t k = 0; k < p.steps[i].nfiles; k++)
				if (!vt_removal_place(&p, p.steps[i].files[k].path))
					abort();
		if (vt_removal_write(&one, &p))
			abort();
		if (vt_removal_parse(vt_buf_span(&one), &a, &q, &why) ||
			vt_removal_write(&two, &q) ||
			!vt_span_eq(vt_buf_span(&one), vt_buf_span(&two)))
			abort();
	}
	if (vt_approval_read(vt_span_of(data, size), &approval) == VT_OK && !approval.sha256.n)
		abort();
	vt_buf_free(&one);
	vt_buf_free(&two);
	vt_arena_free(&a);
	return 0;
}
