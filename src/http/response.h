/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of HTTP/1.1 servers (RFC 9112), read strictly: whatever two programs could read in two
 * ways is refused. Pure; it sees bytes as they come.
 */
#ifndef VT_HTTP_RESPONSE_H
#define VT_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_HEAD_MAX ((size_t)16 << 10)
#define VT_HEAD_FIELDS 100

enum vt_framing {
	VT_FRAMING_NONE,    /* no body */
	VT_FRAMING_LENGTH,  /* `length` bytes */
	VT_FRAMING_CHUNKED, /* section 7.1 */
	VT_FRAMING_CLOSE,   /* until the connection ends */
};

struct vt_response {
	unsigned status;
	enum vt_framing framing;
	uint64_t length;
	bool keep; /* the connection may carry another request */
};

/* True once `bytes` hold a whole head; *out_n is its length with the empty line. */
bool vt_response_head_end(vt_span bytes, size_t *out_n);
/* `head` is exactly that. VT_EFORMAT, and *out_why says why in static words. */
VT_MUST_USE vt_err vt_response_parse(vt_span head, struct vt_response *out, const char **out_why);

/* A body's framing taken off. Start with vt_body_start(). */
struct vt_body {
	enum vt_framing framing;
	unsigned state;
	uint64_t left; /* of the body, or of the chunk */
	uint32_t line; /* bytes of the line, or of the trailers, so far */
	bool done;
};
void vt_body_start(struct vt_body *b, const struct vt_response *r);
/*
 * Takes the next bytes: *out_used of them, and *out_data (a part of these) belongs to the body.
 * Call again with the rest until b->done or nothing is left. VT_EFORMAT.
 */
VT_MUST_USE vt_err vt_body_feed(struct vt_body *b, vt_span in, size_t *out_used, vt_span *out_data);
/* The connection ended: VT_OK if that is a body's proper end, else VT_ETRUNCATED. */
VT_MUST_USE vt_err vt_body_end(struct vt_body *b);

#endif
