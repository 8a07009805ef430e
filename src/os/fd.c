/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

/* One read or write never asks for more: Linux moves at most 0x7ffff000 bytes a call. */
#define IO_MAX ((size_t)1 << 30)

vt_err vt_fd_size(int fd, uint64_t *out)
{
	struct stat st;

	if (syscall(SYS_fstat, fd, &st) || st.st_size < 0)
		return VT_EIO;
	*out = (uint64_t)st.st_size;
	return VT_OK;
}

vt_err vt_fd_pread(int fd, void *p, size_t n, uint64_t offset, size_t *out_n)
{
	return vt_fd_pread_sized(fd, p, n, offset, UINT64_MAX, out_n);
}

vt_err vt_fd_pread_sized(
	int fd, void *p, size_t n, uint64_t offset, uint64_t expected, size_t *out_n)
{
	uint8_t *to = p;
	size_t have = 0;

	while (have < n) {
		ssize_t r =
			pread(fd, to + have, vt_min_size(n - have, IO_MAX), (off_t)(offset + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return VT_EIO;
		have += (size_t)r;
		if (r == 0 || offset + have == expected)
			break;
	}
	*out_n = have;
	return VT_OK;
}

vt_err vt_fd_read_all(int fd, uint64_t size_hint, vt_buf *b)
{
	uint64_t offset = 0;
	size_t want, got;
	vt_err e;

	/* One byte more than expected, so that the end is seen by the first read. */
	want = size_hint < b->max ? (size_t)size_hint + 1 : b->max;
	for (;;) {
		want = vt_min_size(want, b->max - b->n);
		if (want == 0)
			return VT_ELIMIT;
		e = vt_buf_reserve(b, want);
		if (e)
			return e;
		e = vt_fd_pread_sized(fd, b->p + b->n, want, offset, size_hint, &got);
		if (e)
			return e;
		b->n += got;
		offset += got;
		memset(b->p + b->n, 0, VT_BUF_SLACK);
		if (got < want)
			return VT_OK;
		want = (size_t)1 << 20;
	}
}

void vt_fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = saved;
}

void vt_fd_close_from(int first)
{
	if (first < 0 || close_range((unsigned)first, ~0u, 0) == 0)
		return;
	for (int fd = first; fd < 1024; fd++)
		(void)close(fd);
}

uint64_t vt_clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
