/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/readonly.h"

#include <fcntl.h>
#include <stdio.h>

#include "os/fd.h"

vt_err vt_make_readonly(int *fd)
{
	char name[64];
	int again;

	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", *fd);
	again = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (again < 0)
		return VT_EIO;
	vt_fd_close(*fd);
	*fd = again;
	return VT_OK;
}
