/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a glob, a zero, and a text: reads stay inside, and a text quoted matches itself. */
#include <stdlib.h>

#include "inventory/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t n = zero ? (size_t)(zero - data) : size;
	vt_span glob = vt_span_of(data, n);
	vt_span text = vt_span_of(zero ? zero + 1 : data, zero ? size - n - 1 : 0);
	uint8_t *quoted;
	bool hit;

	if (size > 4096)
		return 0;
	hit = vt_glob_match(glob, text, false);
	/* "[!A]" matches "a" with case only */
	if (hit && !memchr(glob.n ? glob.p : (const uint8_t *)"", '!', glob.n) &&
		!vt_glob_match(glob, text, true))
		abort();
	quoted = malloc(2 * text.n + 1);
	for (size_t i = 0; quoted && i < text.n; i++) {
		quoted[2 * i] = '\\';
		quoted[2 * i + 1] = text.p[i];
	}
	if (quoted && !vt_glob_match(vt_span_of(quoted, 2 * text.n), text, false))
		abort();
	free(quoted);
	return 0;
}
