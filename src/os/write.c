/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: write(2) is not linked into those who must not write. */
#include <errno.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

/* Linux moves at most 0x7ffff000 bytes a call. */
#define IO_MAX ((size_t)1 << 30)

vt_err vt_fd_write(int fd, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n > 0) {
		ssize_t r = write(fd, from, vt_min_size(n, IO_MAX));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return VT_EIO;
		from += r;
		n -= (size_t)r;
	}
	return VT_OK;
}
