/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer of JSON (RFC 8259) that puts members in the order in which it is told them: the same
 * report is the same bytes. The first error sticks, and is asked for once at the end.
 */
#ifndef VT_REPORT_JSON_H
#define VT_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_JSON_DEPTH 32
#define VT_UTC_SIZE 24

struct vt_json {
	vt_buf *b;
	vt_err e;
	bool pretty; /* a line a member, indented */
	unsigned depth;
	bool any[VT_JSON_DEPTH]; /* something stands in this object or array already */
	char close[VT_JSON_DEPTH];
	bool keyed; /* a key was written, its value comes */
};

/* A key, or NULL in arrays and at the top, comes before each value. */
void vt_json_open(struct vt_json *j, const char *key, char bracket); /* '{' or '[' */
void vt_json_close(struct vt_json *j);
void vt_json_span(struct vt_json *j, const char *key, vt_span s); /* invalid UTF-8: U+FFFD */
void vt_json_str(struct vt_json *j, const char *key, const char *s);
void vt_json_textf(struct vt_json *j, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As vt_json_span(), but bytes that are no UTF-8 are {"base64": "..."}, so nothing is lost. */
void vt_json_bytes(struct vt_json *j, const char *key, vt_span s);
/* Only if it is not empty. */
void vt_json_some(struct vt_json *j, const char *key, vt_span s);
void vt_json_u64(struct vt_json *j, const char *key, uint64_t v);
void vt_json_i64(struct vt_json *j, const char *key, int64_t v);
void vt_json_bool(struct vt_json *j, const char *key, bool v);
void vt_json_null(struct vt_json *j, const char *key);
void vt_json_time(struct vt_json *j, const char *key, int64_t seconds); /* RFC 3339, UTC */
/* A value that is JSON already. */
void vt_json_raw(struct vt_json *j, const char *key, vt_span json);

/* "2026-11-27T09:30:00Z", for years 1 to 9999; outside of these the nearest. */
const char *vt_time_text_utc(int64_t seconds, char out[VT_UTC_SIZE]);
/* The other way; exactly that form. */
bool vt_time_parse_utc(vt_span s, int64_t *out);
/* Well-formed UTF-8 without NUL? */
bool vt_text_is_utf8(vt_span s);

#endif
