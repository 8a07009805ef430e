/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a signed note, as checkpoint and witness see it: spans stay inside of it, and
 * nothing verifies but what the keys of the corpus signed.
 */
#include <stdlib.h>

#include "tlog/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(vt_span whole, vt_span part)
{
	if (part.p < whole.p || part.p + part.n > whole.p + whole.n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const vkeys[] = {
		"log.example/vectors+a91462c5+AZGk8ntX3zRbhpxLxYmTbb0sQVaXLqYhByXQg92LF7HH",
		"witness.example/w1+de7935dd+BNVLWdC1Dp1/P/x6VBk2rUlXSfux4baV4HOyByBQLB7d"};
	static struct vt_note n;
	static struct vt_head h;
	vt_span s = vt_span_of(data, size);

	if (vt_sign_init())
		abort();
	if (vt_note_parse(s, &n))
		return 0;
	inside(s, n.text);
	if (n.nlines < 1 || n.nlines > VT_NOTE_SIGS_MAX || n.text.n < 1 ||
		n.text.p[n.text.n - 1] != '\n')
		abort();
	for (size_t i = 0; i < n.nlines; i++) {
		inside(s, n.lines[i].name);
		inside(s, n.lines[i].base64);
	}
	for (size_t i = 0; i < sizeof vkeys / sizeof *vkeys; i++) {
		uint64_t oldest = 1, newest = 0;
		struct vt_key k;

		if (vt_key_parse(vt_span_str(vkeys[i]), &k))
			abort();
		if (vt_note_verify_times(&n, &k, &oldest, &newest) == VT_SIGNED_YES &&
			oldest > newest)
			abort();
		if (!vt_head_parse(s, &k, &h) && !vt_span_eq(h.at.origin, vt_span_str(k.name)))
			abort();
	}
	return 0;
}
