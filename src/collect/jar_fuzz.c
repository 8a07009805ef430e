/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "collect/fake_packages.h"
#include "collect/jar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_collect c;

	fake_begin(&c);
	vt_jar_read(&c, vt_span_str("/x.jar"), vt_span_of(data, size));
	if (c.read > c.seen)
		abort();
	fake_free(&c);
	return 0;
}
