/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is "extension\n" and the text of a file of that extension. Also checks that no line
 * gets lost: what is added and set aside is what is neither blank nor a comment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compile/clamav/clamav.h"
#include "compile/clamav/fake_builder.h"
#include "compile/clamav/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_lines(vt_span text)
{
	size_t n = 0;
	vt_span line;

	while (vt_clam_next_line(&text, &line))
		n += line.n && line.p[0] != '#';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
	vt_span text = vt_span_of(data, size), ext;
	struct vt_builder *b;
	char name[16];

	if (size > 1 << 17 || !vt_clam_next_line(&text, &ext) || ext.n > 8)
		return 0;
	(void)snprintf(name, sizeof name, "a.%.*s", (int)ext.n, (const char *)ext.p);
	if (!vt_clamav_knows(vt_span_str(name)))
		return 0;
	b = vt_fake_compile(name, text);
	if (vt_span_at(text, 0, mark, sizeof mark))
		text = vt_span_clip(text, sizeof mark, text.n);
	/* Some formats are set aside as a whole. */
	if (b->rules + b->hashes + b->containers + b->ignores + b->asides != count_lines(text) &&
		(b->asides != 1 || b->rules + b->hashes + b->containers + b->ignores))
		abort();
	vt_builder_free(b);
	return 0;
}
