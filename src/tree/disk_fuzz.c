/* SPDX-License-Identifier: Apache-2.0 */
/* Disk images: raw and qcow2, partition tables, ext2 to ext4 opened and walked. */
#include "tree/tree_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_spool spool = {.folder = -1, .max = 8u << 20};
	struct vt_disk d;
	int fd = fuzz_file(data, size);

	if (vt_disk_open(fd, &spool, &d) == VT_OK) {
		for (size_t i = 0; i < d.n; i++)
			fuzz_walk(d.v[i].tree);
		vt_disk_free(&d);
	}
	vt_fd_close(fd);
	return 0;
}
