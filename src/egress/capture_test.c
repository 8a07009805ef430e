/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger of a few entries next to captures made here, packet by packet. */
#include "egress/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "egress/entry.h"
#include "tlog/tile.h"

#define PEER "192.0.2.1:80"
#define FIRST "GET /a HTTP/1.1\r\n\r\n"
#define SECOND "GET /b HTTP/1.1\r\n\r\n"
#define QUESTION "question"

static vt_err get(void *ctx, const char *path, size_t max, vt_buf *out)
{
	static const struct {
		enum vt_egress_kind kind;
		const char *peer, *bytes;
	} entries[] = {
		{VT_EGRESS_DNS, "192.0.2.53:53", QUESTION},
		{VT_EGRESS_OPEN, PEER " h", ""},
		{VT_EGRESS_PLAIN, PEER " h", "not sent itself"},
		{VT_EGRESS_TCP, PEER " h", FIRST},
		{VT_EGRESS_TCP, PEER " h", SECOND},
		{VT_EGRESS_OPEN, PEER " h", ""},
		{VT_EGRESS_TLS, PEER " h", SECOND},
	};

	(void)ctx;
	(void)max;
	if (strcmp(path, "current") != 0)
		return VT_END;
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		const struct vt_egress e = {.seq = i,
			.kind = entries[i].kind,
			.peer = vt_span_str(entries[i].peer),
			.bytes = vt_span_str(entries[i].bytes)};
		vt_buf b = VT_BUF_INIT(VT_EGRESS_ENTRY_MAX);

		assert_int_equal(vt_egress_write(&b, &e), VT_OK);
		assert_int_equal(vt_bundle_add(out, vt_buf_span(&b)), VT_OK);
		vt_buf_free(&b);
	}
	return VT_OK;
}

static vt_buf capture = VT_BUF_INIT(1 << 16);

static void put(const void *p, size_t n)
{
	assert_int_equal(vt_buf_add(&capture, p, n), VT_OK);
}

static void put_be16(unsigned v)
{
	const uint8_t two[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(two, 2);
}

static void put_be32(uint32_t v)
{
	put_be16(v >> 16);
	put_be16(v & 0xffff);
}

static void put_le32(uint32_t v)
{
	assert_int_equal(vt_buf_add_u32(&capture, v), VT_OK);
}

/* A capture of raw IP. */
static void begin(void)
{
	vt_buf_clear(&capture);
	put_le32(0xa1b2c3d4);
	put_le32(0x00040002);
	put_le32(0);
	put_le32(0);
	put_le32(262144);
	put_le32(101);
}

static void put_ip(unsigned proto, unsigned host, bool out, size_t n)
{
	const uint8_t here[4] = {10, 0, 0, 1}, there[4] = {192, 0, 2, (uint8_t)host};
	const uint8_t middle[5] = {0x40, 0, 64, (uint8_t)proto, 0};

	put_le32(1);
	put_le32(2);
	put_le32((uint32_t)n + 20);
	put_le32((uint32_t)n + 20);
	put("\x45\0", 2);
	put_be16((unsigned)n + 20);
	put("\0\1", 2);
	put(middle, 5);
	put("\0", 1);
	put(out ? here : there, 4);
	put(out ? there : here, 4);
}

static void tcp(unsigned port, bool out, uint32_t seq, unsigned flags, const char *text)
{
	size_t n = strlen(text);

	put_ip(6, 1, out, 20 + n);
	put_be16(out ? port : 80);
	put_be16(out ? 80 : port);
	put_be32(seq);
	put_be32(0);
	put_be16(0x5000 | flags);
	put("\0\0\0\0\0\0", 6);
	put(text, n);
}

static void udp(bool out, const char *text)
{
	size_t n = strlen(text);

	put_ip(17, 53, out, 8 + n);
	put_be16(out ? 4000 : 53);
	put_be16(out ? 53 : 4000);
	put_be16((unsigned)n + 8);
	put_be16(0);
	put(text, n);
}

#define SYN 2
#define ACK 16

static struct vt_capture_report compare(vt_err want)
{
	const struct vt_ledger_files files = {.get = get};
	struct vt_capture_report r;

	assert_int_equal(vt_capture_compare(&files, 0, vt_buf_span(&capture), &r), want);
	return r;
}

static void test_equal(void **state)
{
	struct vt_capture_report r;

	(void)state;
	begin();
	udp(true, QUESTION);
	udp(false, "the answer");
	/* its numbers wrap; its segments come late, twice, and joined in another way */
	tcp(4000, true, 0xfffffffa, SYN, "");
	tcp(4000, false, 7, SYN | ACK, "");
	tcp(4000, true, 0xfffffffbu + 19, ACK, SECOND);
	tcp(4000, true, 0xfffffffbu, ACK, FIRST);
	tcp(4000, true, 0xfffffffbu, ACK, FIRST SECOND);
	tcp(4000, false, 8, ACK, "HTTP/1.1 200 OK\r\n");
	/* the same port again */
	tcp(4000, true, 1000, SYN, "");
	tcp(4000, true, 1000, SYN, "");
	tcp(4000, true, 1001, ACK, SECOND);
	r = compare(VT_OK);
	assert_int_equal(r.not_logged + r.not_captured + r.foreign, 0);
	assert_int_equal(r.connections, 2);
	assert_int_equal(r.datagrams, 1);
	assert_int_equal(r.bytes, 8 + 3 * 19);
}

static void test_differences(void **state)
{
	struct vt_capture_report r;

	(void)state;
	begin(); /* nothing left */
	r = compare(VT_OK);
	assert_int_equal(r.not_captured, 8 + 3 * 19);
	udp(true, "Question"); /* another question */
	tcp(4000, true, 0, SYN, "");
	tcp(4000, true, 1, ACK,
		FIRST "GET /x HTTP/1.1\r\n\r\n"); /* another request behind the first */
	tcp(4001, true, 0, SYN, "");
	tcp(4001, true, 1, ACK, "GET /b"); /* did not get to its end */
	r = compare(VT_OK);
	assert_int_equal(r.not_logged, 8 + 2 * 19);
	assert_int_equal(r.bytes, 6);
	assert_int_equal(r.not_captured, 8 + 2 * 19 + 13);
	begin(); /* a third time, which the ledger does not have */
	for (unsigned i = 0; i < 2; i++) {
		tcp(4000 + i, true, 0, SYN, "");
		tcp(4000 + i, true, 1, ACK, SECOND);
	}
	r = compare(VT_OK);
	assert_int_equal(r.not_logged, 19);
}

static void test_what_can_not_be_compared(void **state)
{
	size_t n;

	(void)state;
	begin();
	tcp(4000, true, 1, ACK, FIRST);
	assert_non_null(strstr(compare(VT_EFORMAT).why, "start is not in the capture"));
	begin();
	tcp(4000, true, 0, SYN, "");
	tcp(4000, true, 2, ACK, FIRST);
	assert_non_null(strstr(compare(VT_EFORMAT).why, "missing"));
	begin();
	tcp(4000, true, 0, SYN, "");
	tcp(4000, true, 1, ACK, FIRST);
	tcp(4000, true, 3, ACK, FIRST);
	assert_non_null(strstr(compare(VT_EFORMAT).why, "differ"));
	begin();
	udp(true, QUESTION);
	n = capture.n;
	for (capture.n--; capture.n > 24; capture.n--)
		assert_non_null(strstr(compare(VT_EFORMAT).why, "packet 1"));
	capture.n = n;
	capture.p[24 + 8] = 20; /* cut off by tcpdump */
	capture.n = 24 + 16 + 20;
	assert_non_null(strstr(compare(VT_EFORMAT).why, "cut off"));
	capture.n = 10;
	(void)compare(VT_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_what_can_not_be_compared),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	vt_buf_free(&capture);
	return failed;
}
