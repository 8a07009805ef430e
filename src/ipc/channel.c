/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/num.h"
#include "os/fd.h"

/* Room for one control message of the most descriptors, aligned as cmsg(3) asks. */
union control {
	struct cmsghdr align;
	uint8_t room[CMSG_SPACE(VT_MSG_FDS * sizeof(int))];
};

static const size_t fds_allowed[] = {
	[VT_MSG_NONE] = 0,
#define VT_MESSAGE(id, fds, meaning) [VT_MSG_##id] = (fds),
#include "ipc/messages.def"
#undef VT_MESSAGE
};

vt_err vt_channel_send(int channel, vt_span message, const int *fds, size_t nfds, bool wait)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message.p, .iov_len = message.n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control;
	struct cmsghdr *c;
	ssize_t r;

	if (message.n > VT_MSG_MAX || nfds > VT_MSG_FDS)
		return VT_EARG;
	if (nfds) {
		memset(&control, 0, sizeof control);
		h.msg_control = &control;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof *fds);
		c = CMSG_FIRSTHDR(&h);
		if (!c)
			return VT_EARG;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, nfds * sizeof *fds);
	}
	do {
		r = sendmsg(channel, &h, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	} while (r < 0 && errno == EINTR);
	if (r == (ssize_t)message.n)
		return VT_OK;
	/* ETOOMANYREFS: too many descriptors of this user are on their way (unix(7)). */
	if (r < 0 && (errno == EAGAIN || errno == ETOOMANYREFS))
		return VT_EAGAIN;
	return VT_EPEER;
}

/* Takes the descriptors out of the control messages; more than fit were never installed. */
static void take_fds(struct msghdr *h, struct vt_message *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
			c->cmsg_len < CMSG_LEN(0))
			continue;
		n = vt_min_size((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), VT_MSG_FDS - m->nfds);
		memcpy(m->fds + m->nfds, CMSG_DATA(c), n * sizeof(int));
		m->nfds += n;
	}
}

static vt_err refuse(struct vt_message *m)
{
	for (size_t i = 0; i < m->nfds; i++)
		vt_fd_close(m->fds[i]);
	m->nfds = 0;
	return VT_EPEER;
}

vt_err vt_channel_recv(int channel, struct vt_message *m, bool with_fds, bool wait)
{
	struct iovec iov = {.iov_base = m->bytes, .iov_len = sizeof m->bytes};
	union control control;
	struct msghdr h;
	bool again;
	ssize_t r;

	m->nfds = 0;
	do {
		h = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
		if (with_fds) {
			h.msg_control = &control;
			h.msg_controllen = sizeof control;
		}
		r = recvmsg(channel, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
		/*
		 * A peer that died with messages unread resets the connection; what it had sent is
		 * still there and comes with the next call.
		 */
		again = r < 0 && (errno == EINTR || errno == ECONNRESET);
	} while (again);
	if (r < 0)
		return errno == EAGAIN ? VT_EAGAIN : VT_EPEER;
	if (with_fds)
		take_fds(&h, m);
	if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return refuse(m);
	if (r == 0)
		return m->nfds ? refuse(m) : VT_END;
	if (vt_msg_parse(vt_span_of(m->bytes, (size_t)r), &m->id, &m->body) ||
		m->nfds > fds_allowed[m->id])
		return refuse(m);
	return VT_OK;
}

vt_err vt_msg_begin(vt_buf *b, vt_msg_id id)
{
	vt_buf_clear(b);
	return vt_buf_add_u32(b, (uint32_t)id);
}

vt_err vt_msg_add_string(vt_buf *b, vt_span s)
{
	vt_err e;

	if (s.n > UINT16_MAX)
		return VT_EARG;
	e = vt_buf_reserve(b, 2 + s.n);
	if (!e)
		e = vt_buf_add_u16(b, (uint16_t)s.n);
	return e ? e : vt_buf_add(b, s.p, s.n);
}

vt_span vt_msg_read_string(vt_reader *r, size_t max)
{
	uint16_t n = vt_read_u16le(r);

	if (n > max)
		r->bad = true;
	return vt_read_span(r, n);
}

vt_err vt_msg_parse(vt_span bytes, vt_msg_id *out_id, vt_reader *out_body)
{
	vt_reader r = vt_reader_of(bytes);
	uint32_t id = vt_read_u32le(&r);

	if (r.bad || id == VT_MSG_NONE || id >= VT_MSG_COUNT)
		return VT_EPEER;
	*out_id = (vt_msg_id)id;
	*out_body = r;
	return VT_OK;
}
