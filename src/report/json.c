/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "report/text.h"

static void add(struct vt_json *j, const char *p, size_t n)
{
	if (!j->e)
		j->e = vt_buf_add(j->b, p, n);
}

static void newline(struct vt_json *j)
{
	if (!j->pretty)
		return;
	add(j, "\n", 1);
	for (unsigned i = 0; i < j->depth; i++)
		add(j, "  ", 2);
}

static void string(struct vt_json *j, vt_span s)
{
	if (!j->e)
		j->e = vt_text_json(j->b, s);
}

/* What comes before a value: a comma, a line, a key. */
static void before(struct vt_json *j, const char *key)
{
	if (j->depth) {
		if (j->any[j->depth - 1])
			add(j, ",", 1);
		j->any[j->depth - 1] = true;
		newline(j);
	}
	if (key) {
		string(j, vt_span_str(key));
		add(j, j->pretty ? ": " : ":", j->pretty ? 2 : 1);
	}
}

void vt_json_open(struct vt_json *j, const char *key, char bracket)
{
	before(j, key);
	if (j->depth == VT_JSON_DEPTH) {
		j->e = j->e ? j->e : VT_ELIMIT;
		return;
	}
	add(j, &bracket, 1);
	j->any[j->depth] = false;
	j->close[j->depth++] = bracket == '{' ? '}' : ']';
}

void vt_json_close(struct vt_json *j)
{
	bool any;

	if (j->depth == 0) {
		j->e = j->e ? j->e : VT_EARG;
		return;
	}
	any = j->any[--j->depth];
	if (any)
		newline(j);
	add(j, &j->close[j->depth], 1);
	if (j->depth == 0 && j->pretty)
		add(j, "\n", 1);
}

void vt_json_span(struct vt_json *j, const char *key, vt_span s)
{
	before(j, key);
	string(j, s);
}

void vt_json_str(struct vt_json *j, const char *key, const char *s)
{
	vt_json_span(j, key, vt_span_str(s));
}

void vt_json_textf(struct vt_json *j, const char *key, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		j->e = j->e ? j->e : VT_ENOMEM;
	else
		vt_json_span(j, key, vt_span_of(text, (size_t)n));
	if (n >= 0)
		free(text);
}

void vt_json_bytes(struct vt_json *j, const char *key, vt_span s)
{
	if (vt_text_is_utf8(s)) {
		vt_json_span(j, key, s);
		return;
	}
	before(j, key);
	add(j, "{\"base64\":\"", 11);
	if (!j->e)
		j->e = vt_base64_add(j->b, s);
	add(j, "\"}", 2);
}

void vt_json_some(struct vt_json *j, const char *key, vt_span s)
{
	if (s.n)
		vt_json_span(j, key, s);
}

void vt_json_u64(struct vt_json *j, const char *key, uint64_t v)
{
	before(j, key);
	if (!j->e)
		j->e = vt_buf_addf(j->b, "%" PRIu64, v);
}

void vt_json_i64(struct vt_json *j, const char *key, int64_t v)
{
	before(j, key);
	if (!j->e)
		j->e = vt_buf_addf(j->b, "%" PRId64, v);
}

void vt_json_bool(struct vt_json *j, const char *key, bool v)
{
	before(j, key);
	add(j, v ? "true" : "false", v ? 4 : 5);
}

void vt_json_null(struct vt_json *j, const char *key)
{
	before(j, key);
	add(j, "null", 4);
}

void vt_json_time(struct vt_json *j, const char *key, int64_t seconds)
{
	char text[VT_UTC_SIZE];

	vt_json_str(j, key, vt_time_text_utc(seconds, text));
}

void vt_json_raw(struct vt_json *j, const char *key, vt_span json)
{
	before(j, key);
	add(j, (const char *)json.p, json.n);
}
