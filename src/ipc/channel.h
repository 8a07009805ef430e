/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a SOCK_SEQPACKET socket pair (unix(7)): messages keep their bounds and their order,
 * descriptors travel with them (SCM_RIGHTS). Whoever receives treats the content as hostile.
 */
#ifndef VT_IPC_CHANNEL_H
#define VT_IPC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_MSG_MAX ((size_t)64 << 10)
#define VT_MSG_FDS 64
#define VT_PROTOCOL 1u

typedef enum vt_msg_id {
	VT_MSG_NONE,
#define VT_MESSAGE(id, fds, meaning) VT_MSG_##id,
#include "ipc/messages.def"
#undef VT_MESSAGE
	VT_MSG_COUNT
} vt_msg_id;

/* Both ends close on exec. VT_EIO. */
VT_MUST_USE vt_err vt_channel_pair(int out_ends[2]);

/*
 * Sends one message whole. VT_EAGAIN if the channel is full (never waits with `wait` false);
 * VT_EPEER if the other end is gone.
 */
VT_MUST_USE vt_err vt_channel_send(
	int channel, vt_span message, const int *fds, size_t nfds, bool wait);

/* A received message. The descriptors belong to the receiver, who closes or keeps them. */
struct vt_message {
	vt_msg_id id;
	vt_reader body; /* behind the header; points into `bytes` */
	size_t nfds;
	int fds[VT_MSG_FDS];
	uint8_t bytes[VT_MSG_MAX];
};

/*
 * Receives one message. Its id is known, its size within bounds, and it has no more descriptors
 * than messages.def gives; otherwise VT_EPEER with every descriptor closed. VT_END: the other end
 * is closed. VT_EAGAIN: nothing there (never waits with `wait` false). `with_fds` false: the
 * kernel discards descriptors that came along, and that is VT_EPEER.
 */
VT_MUST_USE vt_err vt_channel_recv(int channel, struct vt_message *m, bool with_fds, bool wait);

/* Starts a message in `b` (its max should be VT_MSG_MAX). */
VT_MUST_USE vt_err vt_msg_begin(vt_buf *b, vt_msg_id id);
/* A string as u16 length and bytes; VT_EARG past 65535. */
VT_MUST_USE vt_err vt_msg_add_string(vt_buf *b, vt_span s);
/* Its reader: an empty span and r->bad when it is longer than `max` or than what is left. */
vt_span vt_msg_read_string(vt_reader *r, size_t max);
/* The id and a reader over the body of a message's bytes; VT_EPEER. */
VT_MUST_USE vt_err vt_msg_parse(vt_span bytes, vt_msg_id *out_id, vt_reader *out_body);

#endif
