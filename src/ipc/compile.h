/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between the compiler and its supervisor. */
#ifndef VT_IPC_COMPILE_H
#define VT_IPC_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ipc/channel.h"

#define VT_WIRE_NAME_MAX 4096
#define VT_WIRE_CAUSE_MAX 1024
/* More lines than these are counted, not told one by one. */
#define VT_WIRE_ASIDES_MAX 10000
/* Kinds of what is set aside: enum vt_aside of compile/builder.h, which the compiler checks. */
#define VT_WIRE_ASIDE_KINDS 4

/* COMPILE */
VT_MUST_USE vt_err vt_compile_write(vt_buf *b, bool strict);
VT_MUST_USE vt_err vt_compile_read(vt_reader *body, bool *out_strict);

/* CONTAINER: what the header of a .cvd, .cld or .cud says. Spans point into the message. */
struct vt_wire_container {
	vt_span name, time, builder;
	uint64_t version, signatures, level;
	bool md5_checked; /* the header's MD5 is that of the content; its signature is not checked
			   */
};
VT_MUST_USE vt_err vt_container_write(vt_buf *b, const struct vt_wire_container *c);
VT_MUST_USE vt_err vt_container_read(vt_reader *body, struct vt_wire_container *out);

/* ASIDES: a run of these. */
struct vt_wire_aside {
	vt_span set, cause;
	uint32_t line;
	uint8_t what;
};
VT_MUST_USE vt_err vt_aside_add(vt_buf *b, const struct vt_wire_aside *a);
VT_MUST_USE vt_err vt_aside_read(vt_reader *body, struct vt_wire_aside *out);

/* COMPILED */
struct vt_wire_totals {
	uint64_t sets, image_bytes;
	uint64_t asides[VT_WIRE_ASIDE_KINDS];
};
VT_MUST_USE vt_err vt_totals_write(vt_buf *b, const struct vt_wire_totals *t);
VT_MUST_USE vt_err vt_totals_read(vt_reader *body, struct vt_wire_totals *out);

/* COMPILE_FAILED: `source` is empty if it is about none. */
struct vt_wire_failure {
	vt_err error;
	vt_span source, cause;
};
VT_MUST_USE vt_err vt_failure_write(vt_buf *b, const struct vt_wire_failure *f);
VT_MUST_USE vt_err vt_failure_read(vt_reader *body, struct vt_wire_failure *out);

#endif
