/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the updater: what is written is read, what no writer writes is refused. */
#include "ipc/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static vt_reader body_of(const vt_buf *b, vt_msg_id want)
{
	vt_msg_id id;
	vt_reader r;

	assert_int_equal(vt_msg_parse(vt_buf_span(b), &id, &r), VT_OK);
	assert_int_equal(id, want);
	return r;
}

static void test_round_trips(void **state)
{
	const struct vt_wire_fetch_setup setup = {
		.timeout_ms = 5, .slowest = 6, .certificates = true};
	struct vt_wire_fetch fetch = {.post = true, .max = 7, .size = 8};
	struct vt_wire_fetch_done done = {.status = 404};
	struct vt_wire_fetch_setup setup2;
	struct vt_wire_fetch fetch2;
	struct vt_wire_fetch_done done2;
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_reader r;

	(void)state;
	assert_int_equal(vt_fetch_setup_write(&b, &setup), VT_OK);
	r = body_of(&b, VT_MSG_FETCH_SETUP);
	assert_int_equal(vt_fetch_setup_read(&r, &setup2), VT_OK);
	assert_memory_equal(&setup, &setup2, sizeof setup);
	fetch.url = vt_span_str("http://h/");
	fetch.type = vt_span_str("text/plain");
	assert_int_equal(vt_fetch_write(&b, &fetch), VT_OK);
	r = body_of(&b, VT_MSG_FETCH);
	assert_int_equal(vt_fetch_read(&r, &fetch2), VT_OK);
	assert_true(fetch2.post && fetch2.max == 7 && fetch2.size == 8 &&
		vt_span_eq(fetch.url, fetch2.url) && vt_span_eq(fetch.type, fetch2.type));
	done.why = vt_span_str("gone");
	assert_int_equal(vt_fetch_done_write(&b, &done), VT_OK);
	r = body_of(&b, VT_MSG_FETCH_DONE);
	assert_int_equal(vt_fetch_done_read(&r, &done2), VT_OK);
	assert_true(done2.status == 404 && !done2.error && vt_span_eq(done.why, done2.why));
	vt_buf_free(&b);
}

static void test_refusals(void **state)
{
	static uint8_t big[VT_WIRE_PIECE + 1];
	struct vt_wire_fetch fetch = {.size = 1};
	struct vt_wire_fetch_done done = {.status = 600};
	struct vt_wire_fetch_setup setup = {0};
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_reader r;
	vt_span piece;

	(void)state;
	fetch.url = vt_span_str("http://h/");
	assert_int_equal(vt_fetch_write(&b, &fetch), VT_EARG); /* GET with a body */
	fetch.post = true;
	assert_int_equal(vt_fetch_write(&b, &fetch), VT_OK);
	b.p[4] = 0; /* a GET after all */
	r = body_of(&b, VT_MSG_FETCH);
	assert_int_equal(vt_fetch_read(&r, &fetch), VT_EPEER);
	assert_int_equal(vt_fetch_done_write(&b, &done), VT_OK);
	r = body_of(&b, VT_MSG_FETCH_DONE);
	assert_int_equal(vt_fetch_done_read(&r, &done), VT_EPEER);
	done.status = 200;
	done.error = VT_EPEER; /* an error with a status */
	assert_int_equal(vt_fetch_done_write(&b, &done), VT_OK);
	r = body_of(&b, VT_MSG_FETCH_DONE);
	assert_int_equal(vt_fetch_done_read(&r, &done), VT_EPEER);
	assert_int_equal(vt_fetch_setup_write(&b, &setup), VT_OK); /* no time at all */
	r = body_of(&b, VT_MSG_FETCH_SETUP);
	assert_int_equal(vt_fetch_setup_read(&r, &setup), VT_EPEER);
	b.p[4] ^= 2;
	r = body_of(&b, VT_MSG_FETCH_SETUP);
	assert_int_equal(vt_fetch_setup_read(&r, &setup), VT_EVERSION);
	assert_int_equal(
		vt_piece_write(&b, VT_MSG_FETCH_DATA, vt_span_of(big, sizeof big)), VT_EARG);
	assert_int_equal(vt_piece_write(&b, VT_MSG_FETCH_DATA, (vt_span){0}), VT_EARG);
	assert_int_equal(vt_msg_begin(&b, VT_MSG_FETCH_DATA), VT_OK);
	r = body_of(&b, VT_MSG_FETCH_DATA);
	assert_int_equal(vt_piece_read(&r, &piece), VT_EPEER);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
