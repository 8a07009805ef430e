/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/readonly.h"
#include "cli/signals.h"
#include "os/fd.h"

#define PIECE 4096 /* a pipe hands out pages */

static vt_err copy(int to, uint64_t cap, uint64_t *out_size, bool *out_cut)
{
	uint8_t piece[PIECE];
	uint64_t size = 0;

	for (;;) {
		ssize_t n;
		size_t take;

		if (vt_signals_stop())
			return VT_EAGAIN;
		n = read(STDIN_FILENO, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return VT_EIO;
		take = (size_t)vt_min_u64((uint64_t)n, cap - size);
		if (vt_fd_write(to, piece, take))
			return VT_EIO;
		size += take;
		if (n == 0 || take < (size_t)n) {
			*out_size = size;
			*out_cut = n != 0;
			return VT_OK;
		}
	}
}

/* Standard input itself, if it is a file that can't be written to through it. */
static int share_stdin(uint64_t *out_size)
{
	struct stat st;
	int fd;

	if (fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && vt_make_readonly(&fd)) {
		vt_fd_close(fd);
		return -1;
	}
	*out_size = (uint64_t)st.st_size;
	return fd;
}

vt_err vt_spool_stdin(uint64_t cap, int *out_fd, uint64_t *out_size, bool *out_cut)
{
	int fd = share_stdin(out_size);
	vt_err e;

	*out_cut = false;
	if (fd < 0) {
		fd = memfd_create("vitrine-stdin", MFD_CLOEXEC);
		if (fd < 0)
			return VT_EIO;
		e = copy(fd, cap, out_size, out_cut);
		if (!e)
			e = vt_make_readonly(&fd);
		if (e) {
			vt_fd_close(fd);
			return e;
		}
	}
	*out_fd = fd;
	return VT_OK;
}
