/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts: URLs, answers, names. The rest is tested from outside (tests/e2e/test_egress.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/dns.h"
#include "http/response.h"
#include "http/url.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void test_urls(void **state)
{
	static const struct {
		const char *url, *host, *path;
		unsigned port;
		bool tls, literal, given;
	} good[] = {
		{"http://h", "h", "/", 80, false, false, false},
		{"https://H.Example/a/b.p/3", "h.example", "/a/b.p/3", 443, true, false, false},
		{"http://h:8080/~x_y-z", "h", "/~x_y-z", 8080, false, false, true},
		{"http://h:80/", "h", "/", 80, false, false, false},
		{"https://192.0.2.1/", "192.0.2.1", "/", 443, true, true, false},
		{"http://[2001:DB8:0::1]:81/x", "2001:db8::1", "/x", 81, false, true, true},
	};
	static const char *const bad[] = {"", "h", "ftp://h/", "http://", "http:///", "http://h/?",
		"http://h/#", "http://h/%41", "http://u@h/", "http://h:/", "http://h:0/",
		"http://h:65536/", "http://h:080/", "http://-h/", "http://h-/", "http://a..b/",
		"http://h./", "http://1.2.3/", "http://1.2.3.4.5/", "http://256.1.1.1/",
		"http://[::1", "http://[::1]x/", "http://[1.2.3.4]/", "http://::1/", "http://h/..",
		"http://h/./a", "http://h/a/../b", "http://h/ ", "http://h/\n", "http://h_x/",
		"HTTP://h/"};
	struct vt_url u;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(vt_url_parse(vt_span_str(good[i].url), &u, &why), VT_OK);
		assert_string_equal(u.host, good[i].host);
		assert_true(vt_span_eq(u.path, vt_span_str(good[i].path)));
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.tls, good[i].tls);
		assert_int_equal(u.literal, good[i].literal);
		assert_int_equal(u.port_given, good[i].given);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (vt_url_parse(vt_span_str(bad[i]), &u, &why) != VT_EARG)
			fail_msg("%s", bad[i]);
	/* NUL in the middle */
	assert_int_equal(vt_url_parse(vt_span_of("http://h/\0x", 11), &u, &why), VT_EARG);
	assert_int_equal(vt_url_parse(vt_span_of("http://h\0x/", 11), &u, &why), VT_EARG);
}

#define OK_LINE "HTTP/1.1 200 OK\r\n"

static void test_heads(void **state)
{
	static const struct {
		const char *head;
		unsigned status, framing;
		uint64_t length;
		bool keep;
	} good[] = {
		{OK_LINE "Content-Length: 12\r\n\r\n", 200, VT_FRAMING_LENGTH, 12, true},
		{OK_LINE "content-length:\t7 \r\nConnection: close\r\n\r\n", 200, VT_FRAMING_LENGTH,
			7, false},
		{OK_LINE "Transfer-Encoding: Chunked\r\n\r\n", 200, VT_FRAMING_CHUNKED, 0, true},
		{OK_LINE "\r\n", 200, VT_FRAMING_CLOSE, 0, false},
		{"HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\n\r\n", 404, VT_FRAMING_LENGTH, 3,
			false},
		{"HTTP/1.1 204\r\nContent-Length: 3\r\n\r\n", 204, VT_FRAMING_NONE, 3, true},
		{"HTTP/1.1 100 Continue\r\n\r\n", 100, VT_FRAMING_NONE, 0, true},
	};
	static const char *const bad[] = {"HTTP/2 200\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n",
		"HTTP/1.1 600 x\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
		"http/1.1 200 OK\r\n\r\n", OK_LINE "A : b\r\n\r\n", OK_LINE " folded\r\n\r\n",
		OK_LINE "nocolon\r\n\r\n", OK_LINE ": x\r\n\r\n", OK_LINE "A: b\001\r\n\r\n",
		OK_LINE "A: b\nC: d\r\n\r\n", OK_LINE "Content-Length: +1\r\n\r\n",
		OK_LINE "Content-Length: 1, 1\r\n\r\n", OK_LINE "Content-Length: \r\n\r\n",
		OK_LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		OK_LINE "Content-Length: 9223372036854775808\r\n\r\n",
		OK_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n",
		OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		OK_LINE "Content-Encoding: br\r\n\r\n", "\r\n\r\n", ""};
	struct vt_response r;
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(vt_response_parse(vt_span_str(good[i].head), &r, &why), VT_OK);
		assert_int_equal(r.status, good[i].status);
		assert_int_equal(r.framing, good[i].framing);
		assert_int_equal(r.length, good[i].length);
		assert_int_equal(r.keep, good[i].keep);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (vt_response_parse(vt_span_str(bad[i]), &r, &why) != VT_EFORMAT)
			fail_msg("%s", bad[i]);
}

/* The body of a chunked answer fed in pieces of `step`; NULL if it is refused or has no end. */
static const char *unchunk(const char *text, size_t step, size_t *out_used)
{
	static char out[256];
	const struct vt_response r = {.framing = VT_FRAMING_CHUNKED};
	vt_span s = vt_span_str(text), data;
	struct vt_body b;
	size_t at = 0, n = 0, used;

	vt_body_start(&b, &r);
	while (at < s.n && !b.done) {
		if (vt_body_feed(&b, vt_span_clip(s, at, step), &used, &data))
			return NULL;
		memcpy(out + n, data.p, data.n);
		n += data.n;
		at += used;
	}
	out[n] = 0;
	*out_used = at;
	return vt_body_end(&b) ? NULL : out;
}

static void test_chunks(void **state)
{
	static const char *const bad[] = {"x\r\n", "\r\n", ";\r\n", "3\nabc\r\n0\r\n\r\n",
		"3\r\nabcd\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabcx\n0\r\n\r\n",
		"3\r\nabc\rx0\r\n\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n", "0\r\n\r\r\n",
		"0\r\nA\001\r\n\r\n", "fffffffffffffffff\r\n", "3 \r\nabc", "3\r\nab"};
	size_t used;

	(void)state;
	for (size_t step = 1; step < 40; step++) {
		assert_string_equal(unchunk("3\r\nabc\r\n0\r\n\r\n", step, &used), "abc");
		assert_string_equal(
			unchunk("2;n=v\r\nab\r\nA\r\n0123456789\r\n00\r\nT: x\r\nU: y\r\n\r\nREST",
				step, &used),
			"ab0123456789");
		assert_int_equal(used, 44);
		for (size_t i = 0; i < COUNT(bad); i++)
			if (unchunk(bad[i], step, &used))
				fail_msg("%s in steps of %zu", bad[i], step);
	}
}

static void test_questions(void **state)
{
	static const uint8_t want[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'h', 7, 'e', 'x', 'a',
		'm', 'p', 'l', 'e', 0, 0, 28, 0, 1};
	vt_buf a = VT_BUF_INIT(VT_DNS_MAX), b = VT_BUF_INIT(VT_DNS_MAX);

	(void)state;
	assert_int_equal(vt_dns_ask(&a, "h.example", true), VT_OK);
	assert_int_equal(a.n, sizeof want);
	assert_memory_equal(a.p + 2, want + 2, sizeof want - 2);
	/* The id is the question's own: the same again, another for another. */
	assert_int_equal(vt_dns_ask(&b, "h.example", true), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&a), vt_buf_span(&b)));
	vt_buf_clear(&b);
	assert_int_equal(vt_dns_ask(&b, "h.example", false), VT_OK);
	assert_memory_not_equal(a.p, b.p, 2);
	vt_buf_clear(&b);
	assert_int_equal(vt_dns_ask(&b, "a..b", false), VT_EARG);
	assert_int_equal(vt_dns_ask(&b, "", false), VT_EARG);
	vt_buf_free(&a);
	vt_buf_free(&b);
}

/* An answer to `q`: flags, a count, then records as bytes. */
static vt_err answer(const vt_buf *q, unsigned flags, unsigned count, const char *records, size_t n,
	struct vt_addresses *out)
{
	uint8_t bytes[VT_DNS_MAX];

	memcpy(bytes, q->p, q->n);
	bytes[2] = (uint8_t)(flags >> 8);
	bytes[3] = (uint8_t)flags;
	bytes[6] = 0;
	bytes[7] = (uint8_t)count;
	memcpy(bytes + q->n, records, n);
	*out = (struct vt_addresses){0};
	return vt_dns_read(vt_span_of(bytes, q->n + n), vt_buf_span(q), out);
}

#define A_RECORD "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"
#define ANSWER(flags, count, text) answer(&q, flags, count, text, sizeof(text) - 1, &a)

static void test_answers(void **state)
{
	vt_buf q = VT_BUF_INIT(VT_DNS_MAX);
	struct vt_addresses a;

	(void)state;
	assert_int_equal(vt_dns_ask(&q, "h.example", false), VT_OK);
	assert_int_equal(ANSWER(0x8180, 1, A_RECORD), VT_OK);
	assert_int_equal(a.n, 1);
	assert_memory_equal(a.v[0].b, "\xc0\0\2\1", 4);
	/* through a CNAME, and one that nobody asked for */
	assert_int_equal(ANSWER(0x8180, 2,
				 "\xc0\x0c\0\5\0\1\0\0\0\1\0\3\1c\0"
				 "\1c\0\0\1\0\1\0\0\0\1\0\4\1\2\3\4"),
		VT_OK);
	assert_memory_equal(a.v[0].b, "\1\2\3\4", 4);
	assert_int_equal(ANSWER(0x8180, 1, "\1x\0\0\1\0\1\0\0\0\1\0\4\1\2\3\4"), VT_END);
	assert_int_equal(ANSWER(0x8183, 0, ""), VT_END);
	assert_int_equal(ANSWER(0x8180, 0, ""), VT_END);
	assert_int_equal(ANSWER(0x8182, 0, ""), VT_EPEER);
	assert_int_equal(ANSWER(0x0180, 1, A_RECORD), VT_EAGAIN);
	assert_int_equal(ANSWER(0x8180, 2, A_RECORD), VT_EFORMAT);
	assert_int_equal(ANSWER(0x8180, 1, "\xc0\x0c\0\1\0\1\0\0\0\1\0\3\xc0\0\2"), VT_EFORMAT);
	assert_int_equal(ANSWER(0x8180, 1, "\xc0\x1b\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"), VT_EFORMAT);
	/* another id: not ours, wait on */
	q.p[0] ^= 1;
	vt_buf other = VT_BUF_INIT(VT_DNS_MAX);

	assert_int_equal(vt_dns_ask(&other, "h.example", false), VT_OK);
	other.p[2] = 0x81;
	assert_int_equal(vt_dns_read(vt_buf_span(&other), vt_buf_span(&q), &a), VT_EAGAIN);
	vt_buf_free(&other);
	vt_buf_free(&q);
}

static void test_files_of_etc(void **state)
{
	static const char hosts[] =
		"# c\n127.0.0.1 localhost\n\n192.0.2.7 a h.example # h2\n"
		"x h.example\n2001:db8::1\tH.EXAMPLE\n192.0.2.8 h.example.com h2";
	static const char resolv[] = "; c\nnameserver 192.0.2.53\nnameserver x\nsearch y\n"
				     " nameserver 2001:db8::53 # z\n";
	struct vt_addresses a = {0};
	char text[VT_ADDRESS_TEXT];

	(void)state;
	vt_hosts_find(vt_span_str(hosts), "h.example", &a);
	assert_int_equal(a.n, 2);
	assert_string_equal(vt_address_text(&a.v[0], 80, text), "192.0.2.7:80");
	assert_string_equal(vt_address_text(&a.v[1], 443, text), "[2001:db8::1]:443");
	a.n = 0;
	vt_hosts_find(vt_span_str(hosts), "h2", &a);
	assert_int_equal(a.n, 1);
	a.n = 0;
	vt_resolv_read(vt_span_str(resolv), &a);
	assert_int_equal(a.n, 2);
	assert_string_equal(vt_address_text(&a.v[1], 53, text), "[2001:db8::53]:53");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_files_of_etc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
