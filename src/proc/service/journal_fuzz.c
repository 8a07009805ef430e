/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any journal, as it is and with the sums of its first batch made right: records lie in the file,
 * and what is good of it is good by itself.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "proc/service/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	vt_span file;
	size_t n;
};

static vt_err look(void *ctx, const struct vt_journal_record *r)
{
	struct seen *s = ctx;

	if (r->note.p < s->file.p || r->note.p + r->note.n > s->file.p + s->file.n ||
		r->origin.n >= r->note.n)
		abort();
	s->n++;
	return VT_OK;
}

static void check(vt_span file)
{
	struct seen a = {.file = file}, b = {.file = file};
	size_t good, again;
	uint64_t next, next2;

	if (vt_journal_replay(file, look, &a, &good, &next))
		return;
	if (good > file.n)
		abort();
	if (vt_journal_replay(vt_span_of(file.p, good), look, &b, &again, &next2) ||
		again != good || next2 != next || a.n != b.n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);

	check(vt_span_of(data, size));
	if (size >= VT_JOURNAL_HEAD && !vt_buf_add(&b, data, size)) {
		vt_journal_seal(b.p, b.n, 1);
		check(vt_buf_span(&b));
	}
	vt_buf_free(&b);
	return 0;
}
