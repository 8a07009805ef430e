/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "proc/service/entries.h"

static void test_ranges(void **state)
{
	struct vt_entries_package p;

	(void)state;
	assert_false(vt_entries_range(0, 0, 0, &p));
	assert_false(vt_entries_range(256, 256, 0, &p));
	assert_true(vt_entries_range(0, 1, 0, &p));
	assert_int_equal(p.end, 1);
	assert_false(vt_entries_range(0, 1, 1, &p));
	assert_true(vt_entries_range(300, 1000, 0, &p));
	assert_int_equal(p.rounded, 256);
	assert_int_equal(p.start, 300);
	assert_int_equal(p.end, 512);
	assert_true(vt_entries_range(300, 1000, 2, &p));
	assert_int_equal(p.rounded, 768);
	assert_int_equal(p.start, 768);
	assert_int_equal(p.end, 1000);
	assert_false(vt_entries_range(300, 1000, 3, &p));
	assert_true(vt_entries_range(0, 512, 1, &p));
	assert_int_equal(p.end, 512);
	assert_false(vt_entries_range(0, 512, 2, &p));
	assert_false(vt_entries_range(0, VT_TREE_MAX, UINT64_MAX, &p));
}

static void test_head(void **state)
{
	static const uint8_t bytes[] = "\0\3abc\0\0\0\0\0\0\0\5\0\0\0\0\0\0\1\0\0\2tt";
	struct vt_entries_head h;
	vt_reader r;

	(void)state;
	for (size_t n = 0; n < sizeof bytes - 1; n++) {
		r = vt_reader_of(vt_span_of(bytes, n));
		assert_int_equal(vt_entries_head_read(&r, &h), VT_ETRUNCATED);
		assert_int_equal(r.at, 0);
		assert_false(r.bad);
	}
	r = vt_reader_of(vt_span_of(bytes, sizeof bytes - 1));
	assert_int_equal(vt_entries_head_read(&r, &h), VT_OK);
	assert_true(vt_span_eq(h.origin, vt_span_str("abc")));
	assert_int_equal(h.start, 5);
	assert_int_equal(h.end, 256);
	assert_true(vt_span_eq(h.ticket, vt_span_str("tt")));
	assert_int_equal(vt_reader_left(&r), 0);
}

static void test_head_refused(void **state)
{
	/* the end before the start; past the largest tree */
	static const uint8_t back[] = "\0\1a\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\4\0\0";
	static const uint8_t far[] = "\0\1a\0\0\0\0\0\0\0\5\200\0\0\0\0\0\0\0\0\0";
	struct vt_entries_head h;
	vt_reader r = vt_reader_of(vt_span_of(back, sizeof back - 1));

	(void)state;
	assert_int_equal(vt_entries_head_read(&r, &h), VT_EFORMAT);
	r = vt_reader_of(vt_span_of(far, sizeof far - 1));
	assert_int_equal(vt_entries_head_read(&r, &h), VT_EFORMAT);
}

static void test_package(void **state)
{
	static const char text[] = "\0\2ab\0\0\0\1c\1";
	vt_buf b = VT_BUF_INIT(4096);
	struct vt_entries_package p = {.start = 10, .end = 13};
	vt_reader r;

	(void)state;
	assert_int_equal(vt_buf_add(&b, text, sizeof text - 1), VT_OK);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(vt_buf_add_u8(&b, (uint8_t)i), VT_OK);
	for (size_t n = 0; n < b.n; n++) {
		r = vt_reader_of(vt_span_of(b.p, n));
		assert_int_equal(vt_entries_package_read(&r, &p), VT_ETRUNCATED);
		assert_int_equal(r.at, 0);
	}
	r = vt_reader_of(vt_buf_span(&b));
	assert_int_equal(vt_entries_package_read(&r, &p), VT_OK);
	assert_int_equal(p.n, 3);
	assert_true(vt_span_eq(p.entry[0], vt_span_str("ab")));
	assert_int_equal(p.entry[1].n, 0);
	assert_true(vt_span_eq(p.entry[2], vt_span_str("c")));
	assert_int_equal(p.proof.n, 1);
	assert_int_equal(p.proof.v[0].b[31], 31);
	b.p[sizeof text - 2] = VT_PROOF_MAX + 1;
	r = vt_reader_of(vt_buf_span(&b));
	assert_int_equal(vt_entries_package_read(&r, &p), VT_EFORMAT);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_head_refused),
		cmocka_unit_test(test_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
