/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "os/fd.h"

/* poll(2)'s most, and often enough to look at the clock. */
#define WAIT_MS 60000

vt_err vt_wire_wait(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		uint64_t now = vt_clock_ms(), left = deadline > now ? deadline - now : 0;
		int r = poll(&p, 1, left > WAIT_MS ? WAIT_MS : (int)left);

		if (r > 0)
			return VT_OK;
		if (r < 0 && errno != EINTR)
			return VT_EIO;
		if (left == 0)
			return VT_EAGAIN;
	}
}

vt_err vt_wire_send(const struct vt_wire *w, vt_span bytes, uint64_t deadline)
{
	size_t done = 0;
	vt_err e = vt_ledger_append(w->ledger, w->kind, w->peer, bytes);

	while (!e && done < bytes.n) {
		ssize_t r = sendto(w->fd, bytes.p + done, bytes.n - done,
			MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);

		if (r >= 0)
			done += (size_t)r;
		else if (errno == EAGAIN)
			e = vt_wire_wait(w->fd, POLLOUT, deadline);
		else if (errno != EINTR)
			e = VT_EPEER;
	}
	return e;
}

vt_err vt_wire_receive(int fd, void *p, size_t n, uint64_t deadline, size_t *out_n)
{
	int yes = 1;

	/* A server that sends its answer in two parts may wait for our acknowledgement (tcp(7)). */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
	for (;;) {
		ssize_t r = recvfrom(fd, p, n, MSG_DONTWAIT, NULL, NULL);
		vt_err e;

		if (r >= 0) {
			*out_n = (size_t)r;
			return VT_OK;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return VT_EPEER;
		if (deadline == 0)
			return VT_EAGAIN;
		e = vt_wire_wait(fd, POLLIN, deadline);
		if (e)
			return e;
	}
}
