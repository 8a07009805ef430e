/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "crypto/hash.h"

static void test_known_digests(void **state)
{
	static const uint8_t md5_abc[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6,
		0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
	static const uint8_t sha1_abc[4] = {0xa9, 0x99, 0x3e, 0x36};
	static const uint8_t sha256_abc[4] = {0xba, 0x78, 0x16, 0xbf};
	uint8_t out[32], piecewise[32];
	struct vt_sha256_stream s;

	(void)state;
	vt_md5(vt_span_str("abc"), out);
	assert_memory_equal(out, md5_abc, 16);
	vt_sha1(vt_span_str("abc"), out);
	assert_memory_equal(out, sha1_abc, 4);
	vt_sha256(vt_span_str("abc"), out);
	assert_memory_equal(out, sha256_abc, 4);
	vt_sha256_start(&s);
	vt_sha256_add(&s, vt_span_str("a"));
	vt_sha256_add(&s, vt_span_str("bc"));
	vt_sha256_finish(&s, piecewise);
	assert_memory_equal(out, piecewise, 32);
}

/* Every length around the block and padding borders, in every mix of lanes. */
static void test_many_equals_one(void **state)
{
	enum { N = 300 };
	static uint8_t bytes[70000];
	static vt_span in[N];
	static uint8_t out[N][16];
	uint8_t one[16];
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	for (size_t n = 0; n < N; n += n < 40 ? 1 : 37) {
		for (size_t i = 0; i < n; i++)
			in[i] = vt_span_of(bytes + i, i % 7 == 3 ? 1000 * i % 60000 : i);
		vt_md5_many(in, n, out);
		for (size_t i = 0; i < n; i++) {
			vt_md5(in[i], one);
			assert_memory_equal(out[i], one, 16);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_digests),
		cmocka_unit_test(test_many_equals_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
