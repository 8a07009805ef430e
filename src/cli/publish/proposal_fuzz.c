/* SPDX-License-Identifier: Apache-2.0 */
/* A proposal from somebody else: read, asked what is missing, written again as it was. */
#include <stdlib.h>

#include "cli/publish/proposal.h"
#include "crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span in = vt_span_of(data, size);
	vt_buf b = VT_BUF_INIT(size + 1), raw = VT_BUF_INIT((size_t)64 << 20);
	struct vt_proposal *p, *again;
	const char *why = NULL;

	if (vt_sign_init() || vt_proposal_read(in, &p))
		return 0;
	if (!vt_proposal_done(p, &why) && !why)
		abort();
	for (size_t i = 0; i < p->nfresh; i++)
		if (p->fresh[i].e.kind == VT_ENTRY_CONTENT &&
			vt_proposal_content(p, &p->fresh[i].e.u.content, true, &raw))
			vt_buf_clear(&raw);
	/* parts may have come in another order, but nothing is lost */
	if (vt_proposal_write(&b, p) || b.n != size)
		abort();
	if (vt_proposal_read(vt_buf_span(&b), &again) || vt_proposal_merge(p, again))
		abort();
	vt_proposal_free(again);
	vt_proposal_free(p);
	vt_buf_free(&b);
	vt_buf_free(&raw);
	return 0;
}
