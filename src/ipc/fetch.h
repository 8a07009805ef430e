/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages between the updater and its client. One request at a time: FETCH, as many FETCH_BODY
 * as its body needs, then FETCH_DATA and at last one FETCH_DONE come back. FETCH_SETUP, the first
 * message, is answered by FETCH_DONE too.
 */
#ifndef VT_IPC_FETCH_H
#define VT_IPC_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ipc/channel.h"

#define VT_WIRE_URL_MAX 2048
#define VT_WIRE_TYPE_MAX 64
#define VT_WIRE_WHY_MAX 512
/* Bytes of a body in one message. */
#define VT_WIRE_PIECE ((size_t)32 << 10)
/* The most that a request's body may be. */
#define VT_WIRE_POST_MAX ((uint64_t)64 << 20)

struct vt_wire_fetch_setup {
	uint32_t timeout_ms; /* for the next byte of an answer */
	uint32_t slowest;    /* bytes a second */
	bool certificates;   /* a second descriptor: the only certificates to believe */
};
VT_MUST_USE vt_err vt_fetch_setup_write(vt_buf *b, const struct vt_wire_fetch_setup *s);
/* VT_EVERSION, VT_EPEER. */
VT_MUST_USE vt_err vt_fetch_setup_read(vt_reader *body, struct vt_wire_fetch_setup *out);

struct vt_wire_fetch {
	bool post;
	uint64_t max;  /* of the answer's body */
	uint64_t size; /* of the request's body; 0 for GET */
	vt_span url, type;
};
VT_MUST_USE vt_err vt_fetch_write(vt_buf *b, const struct vt_wire_fetch *f);
VT_MUST_USE vt_err vt_fetch_read(vt_reader *body, struct vt_wire_fetch *out);

/* FETCH_BODY and FETCH_DATA: 1 to VT_WIRE_PIECE bytes. */
VT_MUST_USE vt_err vt_piece_write(vt_buf *b, vt_msg_id id, vt_span bytes);
VT_MUST_USE vt_err vt_piece_read(vt_reader *body, vt_span *out);

struct vt_wire_fetch_done {
	vt_err error;    /* VT_OK: `status` is the server's, and the body is whole */
	unsigned status; /* 100 to 599; 0 with an error and for the setup */
	vt_span why;
};
VT_MUST_USE vt_err vt_fetch_done_write(vt_buf *b, const struct vt_wire_fetch_done *d);
VT_MUST_USE vt_err vt_fetch_done_read(vt_reader *body, struct vt_wire_fetch_done *out);

#endif
