/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a machine keeps about updates; "trusted" comes from a process that may have been
 * taken over. The first byte says which reader; what is read is written, and is the same again.
 */
#include <stdlib.h>

#include "base/num.h"
#include "update/history.h"
#include "update/settings.h"
#include "update/trusted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void fuzz_trusted(vt_span text)
{
	static struct vt_trusted t, again;
	vt_buf a = VT_BUF_INIT(4 * VT_TRUSTED_MAX), b = VT_BUF_INIT(4 * VT_TRUSTED_MAX);

	if (vt_trusted_parse(text, &t) == VT_OK) {
		check(t.nheads <= VT_COUNT(t.heads) && t.nsets <= VT_COUNT(t.sets) &&
			t.nplanned <= VT_COUNT(t.planned));
		check(!vt_trusted_write(&a, &t) && !vt_trusted_parse(vt_buf_span(&a), &again));
		check(!vt_trusted_write(&b, &again) &&
			vt_span_eq(vt_buf_span(&a), vt_buf_span(&b)));
	}
	vt_buf_free(&a);
	vt_buf_free(&b);
}

static void fuzz_settings(vt_span text)
{
	static struct vt_settings s, again;
	vt_buf b = VT_BUF_INIT(4 * VT_SETTINGS_MAX);

	if (vt_settings_parse(text, &s) == VT_OK) {
		check(s.n <= VT_COUNT(s.v));
		check(!vt_settings_write(&b, &s) && !vt_settings_parse(vt_buf_span(&b), &again) &&
			again.n == s.n);
		check(vt_span_eq(vt_buf_span(&b), text)); /* one meaning has one form */
	}
	vt_buf_free(&b);
}

static void fuzz_last(vt_span text)
{
	static struct vt_last l, again;
	vt_buf a = VT_BUF_INIT(VT_HISTORY_MAX), b = VT_BUF_INIT(VT_HISTORY_MAX);

	if (vt_last_parse(text, &l) == VT_OK) {
		check(l.nfailures <= VT_COUNT(l.failures));
		check(!vt_last_write(&a, &l) && !vt_last_parse(vt_buf_span(&a), &again));
		check(!vt_last_write(&b, &again) && vt_span_eq(vt_buf_span(&a), vt_buf_span(&b)));
	}
	vt_buf_free(&a);
	vt_buf_free(&b);
}

static void fuzz_history(vt_span text)
{
	struct vt_run r;
	size_t before;

	do
		before = text.n;
	while (vt_history_next(&text, &r) == VT_OK && text.n < before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(vt_span) = {
		fuzz_trusted, fuzz_settings, fuzz_last, fuzz_history};

	if (size > 0)
		readers[data[0] % VT_COUNT(readers)](vt_span_of(data + 1, size - 1));
	return 0;
}
