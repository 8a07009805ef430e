/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is the body of a signature; its first byte chooses offset, target and modifiers. The
 * fake builder aborts on code that breaks engine/core/rule.h.
 */
#include <stdlib.h>

#include "compile/clamav/fake_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const modifiers[] = {"", "::i", "::w", "::wi", "::iwfa"};
	static const char *const offsets[] = {"", "5:", "EP-3,4:", "EOF-9:", "SE2:"};
	vt_buf line = VT_BUF_INIT(1 << 20);
	uint8_t choice = size ? data[0] : 0;

	if (size < 2 || size > 65536)
		return 0;
	if (vt_buf_addf(
		    &line, "A;Engine:81-255,Target:1;0;%s", offsets[choice % VT_COUNT(offsets)]) ||
		vt_buf_add(&line, data + 1, size - 1) ||
		vt_buf_addf(&line, "%s", modifiers[choice / 8 % VT_COUNT(modifiers)]))
		abort();
	vt_builder_free(vt_fake_compile("a.ldb", vt_buf_span(&line)));
	vt_buf_free(&line);
	return 0;
}
