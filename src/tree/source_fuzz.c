/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2 headers and tables: every cluster up to a bound is read, and some across their borders. */
#include "tree/source.h"
#include "tree/tree_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[70000];
	struct vt_source s;
	int fd = fuzz_file(data, size);

	if (vt_source_open(fd, &s) == VT_OK) {
		for (unsigned i = 0; i < 64; i++) {
			(void)!vt_source_read(&s, (uint64_t)i * 65536, out, sizeof out);
			(void)!vt_source_read(&s, s.size - (uint64_t)i * 4097, out, 4097);
		}
		vt_source_close(&s);
	}
	vt_fd_close(fd);
	return 0;
}
