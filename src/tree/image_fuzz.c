/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of container images: index, layers, merged tree. */
#include "tree/tree_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_spool spool = {.folder = -1, .max = 8u << 20};
	struct vt_images v;
	int fd = fuzz_file(data, size);

	if (vt_images_archive(fd, &spool, &v) == VT_OK) {
		for (size_t i = 0; i < v.n; i++) {
			fuzz_walk(v.v[i].merged);
			for (size_t k = 0; k < v.v[i].nlayers; k++)
				fuzz_walk(v.v[i].layers[k].tree);
		}
		vt_images_free(&v);
	}
	if (spool.used > spool.max)
		abort();
	vt_fd_close(fd);
	return 0;
}
