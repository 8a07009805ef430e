/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an add-checkpoint body: read, written back the same, decided on. */
#include <stdlib.h>

#include "tlog/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char vkey[] =
		"log.example/vectors+a91462c5+AZGk8ntX3zRbhpxLxYmTbb0sQVaXLqYhByXQg92LF7HH";
	static struct vt_add_checkpoint r;
	struct vt_witnessed state = {.size = 5}, now;
	vt_buf b = VT_BUF_INIT(size + 1);
	vt_span s = vt_span_of(data, size);
	struct vt_key k;
	bool conflict;

	if (vt_sign_init() || vt_key_parse(vt_span_str(vkey), &k))
		abort();
	if (vt_add_checkpoint_parse(s, &r))
		return 0;
	if (vt_add_checkpoint_write(&b, &r) || !vt_span_eq(vt_buf_span(&b), s))
		abort();
	vt_buf_free(&b);
	switch (vt_witness_decide(&r, &k, &state, &now, &conflict)) {
	case 200: abort(); /* nothing is consistent with a root of zeros */
	case 400:
	case 403:
	case 409:
	case 422: return 0;
	default: abort();
	}
}
