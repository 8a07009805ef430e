/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the verifier: what is written is read, what no writer writes is refused. */
#include "ipc/verify.h"

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
	const struct vt_wire_get get = {3, 1 << 20, vt_span_str("tile/0/000.p/7")};
	const struct vt_wire_got got = {VT_END, vt_span_str("gone")};
	const struct vt_wire_refused refused = {2, 17, vt_span_str("old")};
	const struct vt_wire_verify_done done = {.error = VT_EIO,
		.refusal = 4,
		.source = 1,
		.trusted_changed = true,
		.newer_waits = 5,
		.chunks = 6,
		.bytes = UINT64_MAX,
		.kind = vt_span_str("fork"),
		.why = vt_span_str("because")};
	struct vt_wire_get get2;
	struct vt_wire_got got2;
	struct vt_wire_refused refused2;
	struct vt_wire_verify_done done2;
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_reader r;

	(void)state;
	assert_int_equal(vt_verify_get_write(&b, &get), VT_OK);
	r = body_of(&b, VT_MSG_VERIFY_GET);
	assert_int_equal(vt_verify_get_read(&r, &get2), VT_OK);
	assert_true(get2.source == 3 && get2.max == 1 << 20 && vt_span_eq(get.path, get2.path));
	assert_int_equal(vt_verify_got_write(&b, &got), VT_OK);
	r = body_of(&b, VT_MSG_VERIFY_GOT);
	assert_int_equal(vt_verify_got_read(&r, &got2), VT_OK);
	assert_true(got2.error == VT_END && vt_span_eq(got.why, got2.why));
	assert_int_equal(vt_verify_failure_write(&b, &refused), VT_OK);
	r = body_of(&b, VT_MSG_VERIFY_FAILURE);
	assert_int_equal(vt_verify_failure_read(&r, &refused2), VT_OK);
	assert_true(refused2.source == 2 && refused2.refusal == 17 &&
		vt_span_eq(refused.why, refused2.why));
	assert_int_equal(vt_verify_done_write(&b, &done), VT_OK);
	r = body_of(&b, VT_MSG_VERIFY_DONE);
	assert_int_equal(vt_verify_done_read(&r, &done2), VT_OK);
	assert_true(done2.error == VT_EIO && done2.refusal == 4 && done2.source == 1 &&
		done2.trusted_changed && !done2.plan_changed && done2.newer_waits == 5 &&
		done2.chunks == 6 && done2.bytes == UINT64_MAX &&
		vt_span_eq(done.kind, done2.kind) && vt_span_eq(done.why, done2.why));
	vt_buf_free(&b);
}

static void test_refusals(void **state)
{
	static char longer[VT_WIRE_FILE_MAX + 2];
	struct vt_wire_get get = {.source = 256, .path = vt_span_str("checkpoint")};
	struct vt_wire_got got = {0};
	struct vt_wire_verify_done done = {0};
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_reader r;

	(void)state;
	assert_int_equal(vt_verify_get_write(&b, &get), VT_EARG);
	memset(longer, 'a', sizeof longer - 1);
	get = (struct vt_wire_get){.path = vt_span_str(longer)};
	assert_int_equal(vt_verify_get_write(&b, &get), VT_EARG);
	get.path = (vt_span){0};
	assert_int_equal(vt_verify_get_write(&b, &get), VT_OK); /* for nothing at all */
	r = body_of(&b, VT_MSG_VERIFY_GET);
	assert_int_equal(vt_verify_get_read(&r, &get), VT_EPEER);
	assert_int_equal(vt_verify_got_write(&b, &got), VT_OK);
	b.p[4] = VT_EVERSION + 1; /* no such error */
	r = body_of(&b, VT_MSG_VERIFY_GOT);
	assert_int_equal(vt_verify_got_read(&r, &got), VT_EPEER);
	b.p[4] = 0;
	assert_int_equal(vt_buf_add_u8(&b, 0), VT_OK); /* a byte too many */
	r = body_of(&b, VT_MSG_VERIFY_GOT);
	assert_int_equal(vt_verify_got_read(&r, &got), VT_EPEER);
	assert_int_equal(vt_verify_done_write(&b, &done), VT_OK);
	b.p[8] = 2; /* neither changed nor not */
	r = body_of(&b, VT_MSG_VERIFY_DONE);
	assert_int_equal(vt_verify_done_read(&r, &done), VT_EPEER);
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
