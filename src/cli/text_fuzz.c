/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: each way to show them must keep its promise about what comes out. */
#include <stdlib.h>

#include "cli/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shown {
	char *p;
	size_t n;
};

static struct shown show(void (*put)(FILE *, vt_span), vt_span s)
{
	struct shown out = {0};
	FILE *f = open_memstream(&out.p, &out.n);

	if (!f)
		abort();
	put(f, s);
	if (fclose(f) != 0)
		abort();
	return out;
}

/* Nothing that moves the cursor, nothing that is not UTF-8, and none of `banned`. */
static void check(void (*put)(FILE *, vt_span), vt_span s, const char *banned, size_t inset)
{
	struct shown out = show(put, s);
	vt_span rest = vt_span_of(out.p + inset, out.n - 2 * inset);

	while (rest.n) {
		int32_t c;
		size_t n = vt_utf8_next(rest, &c);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x202e ||
			(c < 0x80 && strchr(banned, c)))
			abort();
		rest = vt_span_of(rest.p + n, rest.n - n);
	}
	free(out.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span s = vt_span_of(data, size);
	struct shown out;

	check(vt_put_visible, s, "", 0);
	check(vt_put_html, s, "<>\"'", 0);
	check(vt_put_uri, s, "<>\"' ?#", 0);
	check(vt_put_json, s, "", 1);
	out = show(vt_put_base64, s);
	if (out.n != (size + 2) / 3 * 4)
		abort();
	free(out.p);
	out = show(vt_put_csv, s);
	if (out.n < size)
		abort();
	free(out.p);
	return 0;
}
