/* SPDX-License-Identifier: Apache-2.0 */
#include "http/response.h"

#include "base/base64.h"
#include "base/num.h"

#define CHUNK_LINE_MAX 256
#define TRAILERS_MAX 4096

bool vt_response_head_end(vt_span bytes, size_t *out_n)
{
	size_t at;

	if (!vt_span_find(bytes, 0, "\r\n\r\n", 4, &at))
		return false;
	*out_n = at + 4;
	return true;
}

static vt_err refuse(const char **out_why, const char *why)
{
	*out_why = why;
	return VT_EFORMAT;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_word(vt_span s, const char *word)
{
	size_t n = strlen(word);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

/* RFC 9110, section 5.6.2 */
static bool is_token(vt_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return s.n > 0;
}

static vt_span trim(vt_span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = vt_span_clip(s, 1, s.n);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* "HTTP/1.1 200 OK" */
static vt_err read_status(vt_span line, struct vt_response *out, const char **out_why)
{
	unsigned status = 0;

	if (!vt_span_at(line, 0, "HTTP/1.1 ", 9) && !vt_span_at(line, 0, "HTTP/1.0 ", 9))
		return refuse(out_why, "the answer is not HTTP/1.1");
	out->keep = line.p[7] == '1';
	for (size_t i = 9; i < 12; i++) {
		if (i >= line.n || line.p[i] < '0' || line.p[i] > '9')
			return refuse(out_why, "the answer's status is not a number");
		status = status * 10 + (unsigned)(line.p[i] - '0');
	}
	if (status < 100 || status > 599 || (line.n > 12 && line.p[12] != ' '))
		return refuse(out_why, "the answer's status is not a number from 100 to 599");
	out->status = status;
	return VT_OK;
}

struct fields {
	bool length, chunked;
	unsigned n;
};

static vt_err read_field(
	vt_span name, vt_span value, struct fields *f, struct vt_response *r, const char **out_why)
{
	if (is_word(name, "content-length")) {
		if (f->length || !vt_decimal_get(value, &r->length) || r->length >> 62)
			return refuse(out_why, "Content-Length twice, or not a number");
		f->length = true;
	} else if (is_word(name, "transfer-encoding")) {
		if (f->chunked || !is_word(value, "chunked"))
			return refuse(out_why, "a Transfer-Encoding other than chunked");
		f->chunked = true;
	} else if (is_word(name, "content-encoding") && !is_word(value, "identity")) {
		return refuse(out_why, "a Content-Encoding that was not asked for");
	} else if (is_word(name, "connection") && !is_word(value, "keep-alive")) {
		r->keep = false;
	}
	return VT_OK;
}

/* One line behind the status line; `line` has no line end. */
static vt_err read_line(vt_span line, struct fields *f, struct vt_response *r, const char **out_why)
{
	vt_span name, value;
	size_t colon;

	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return refuse(out_why, "a control character in the answer's head");
	if (++f->n > VT_HEAD_FIELDS)
		return refuse(out_why, "more than 100 fields in the answer's head");
	if (!vt_span_find(line, 0, ":", 1, &colon))
		return refuse(out_why, "a line without colon in the answer's head");
	name = vt_span_clip(line, 0, colon);
	value = trim(vt_span_clip(line, colon + 1, line.n));
	if (!is_token(name))
		return refuse(out_why, "a field without a proper name in the answer's head");
	return read_field(name, value, f, r, out_why);
}

vt_err vt_response_parse(vt_span head, struct vt_response *out, const char **out_why)
{
	struct vt_response r = {0};
	struct fields f = {0};
	size_t at = 0, end;
	vt_err e = VT_OK;

	*out_why = "the answer's head has no end";
	for (bool first = true; !e; first = false) {
		vt_span line;

		if (!vt_span_find(head, at, "\r\n", 2, &end))
			return VT_EFORMAT;
		line = vt_span_clip(head, at, end - at);
		at = end + 2;
		if (line.n == 0 && !first)
			break;
		e = first ? read_status(line, &r, out_why) : read_line(line, &f, &r, out_why);
	}
	if (e)
		return e;
	if (at != head.n)
		return VT_EFORMAT;
	if (f.length && f.chunked)
		return refuse(out_why, "both Content-Length and Transfer-Encoding");
	if (r.status < 200 || r.status == 204 || r.status == 304)
		r.framing = VT_FRAMING_NONE;
	else
		r.framing = f.chunked ? VT_FRAMING_CHUNKED
			: f.length    ? VT_FRAMING_LENGTH
				      : VT_FRAMING_CLOSE;
	if (r.framing == VT_FRAMING_CLOSE)
		r.keep = false;
	*out = r;
	return VT_OK;
}

/* Of chunked bodies. */
enum {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_TEXT,
	TRAILER_LF,
	LAST_LF
};

void vt_body_start(struct vt_body *b, const struct vt_response *r)
{
	*b = (struct vt_body){.framing = r->framing, .left = r->length};
	if (b->framing == VT_FRAMING_CHUNKED)
		b->left = 0;
	b->done =
		b->framing == VT_FRAMING_NONE || (b->framing == VT_FRAMING_LENGTH && b->left == 0);
}

static int hex(uint8_t c)
{
	c = lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1a2b", "1a2b;name=value": at least one digit, at most fifteen. */
static vt_err size_byte(struct vt_body *b, uint8_t c)
{
	int digit = hex(c);

	if (++b->line > CHUNK_LINE_MAX)
		return VT_EFORMAT;
	if (b->state == SIZE && digit >= 0) {
		if (b->left >> 56)
			return VT_EFORMAT;
		b->left = b->left << 4 | (unsigned)digit;
		return VT_OK;
	}
	if (b->line == 1 || (c != '\r' && c != '\t' && (c < 0x20 || c == 0x7f)))
		return VT_EFORMAT;
	if (b->state == SIZE && c != ';' && c != '\r')
		return VT_EFORMAT;
	b->state = c == '\r' ? SIZE_LF : EXTENSION;
	return VT_OK;
}

/* Everything of a chunked body that is not data, byte by byte. */
static vt_err chunk_byte(struct vt_body *b, uint8_t c)
{
	switch (b->state) {
	case SIZE:
	case EXTENSION: return size_byte(b, c);
	case SIZE_LF:
		b->state = b->left ? DATA : TRAILER;
		b->line = 0;
		return c == '\n' ? VT_OK : VT_EFORMAT;
	case DATA_CR: b->state = DATA_LF; return c == '\r' ? VT_OK : VT_EFORMAT;
	case DATA_LF:
		b->state = SIZE;
		b->left = b->line = 0;
		return c == '\n' ? VT_OK : VT_EFORMAT;
	case TRAILER:
	case TRAILER_TEXT:
		if (++b->line > TRAILERS_MAX || (c < 0x20 && c != '\t' && c != '\r'))
			return VT_EFORMAT;
		/* An empty line is the end; the end of another is the start of the next. */
		if (c != '\r')
			b->state = TRAILER_TEXT;
		else
			b->state = b->state == TRAILER ? LAST_LF : TRAILER_LF;
		return VT_OK;
	case TRAILER_LF: b->state = TRAILER; return c == '\n' ? VT_OK : VT_EFORMAT;
	default: /* LAST_LF */ b->done = true; return c == '\n' ? VT_OK : VT_EFORMAT;
	}
}

static vt_err feed_chunked(struct vt_body *b, vt_span in, size_t *out_used, vt_span *out_data)
{
	size_t at = 0;

	while (at < in.n && !b->done) {
		vt_err e;

		if (b->state == DATA) {
			*out_data = vt_span_clip(in, at, b->left);
			b->left -= out_data->n;
			if (b->left == 0)
				b->state = DATA_CR;
			at += out_data->n;
			break;
		}
		e = chunk_byte(b, in.p[at++]);
		if (e)
			return e;
	}
	*out_used = at;
	return VT_OK;
}

vt_err vt_body_feed(struct vt_body *b, vt_span in, size_t *out_used, vt_span *out_data)
{
	*out_data = (vt_span){.p = in.p, .n = 0};
	*out_used = 0;
	if (b->done)
		return VT_OK;
	if (b->framing == VT_FRAMING_CHUNKED)
		return feed_chunked(b, in, out_used, out_data);
	*out_data = b->framing == VT_FRAMING_LENGTH ? vt_span_clip(in, 0, b->left) : in;
	*out_used = out_data->n;
	if (b->framing == VT_FRAMING_LENGTH) {
		b->left -= out_data->n;
		b->done = b->left == 0;
	}
	return VT_OK;
}

vt_err vt_body_end(struct vt_body *b)
{
	if (b->framing == VT_FRAMING_CLOSE)
		b->done = true;
	return b->done ? VT_OK : VT_ETRUNCATED;
}
