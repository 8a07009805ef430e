/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: what makes sockets is not linked into those who only use one. */
#include <sys/socket.h>

#include "ipc/channel.h"

vt_err vt_channel_pair(int out_ends[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return VT_EIO;
	out_ends[0] = ends[0];
	out_ends[1] = ends[1];
	return VT_OK;
}
