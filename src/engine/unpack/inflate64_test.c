/* SPDX-License-Identifier: Apache-2.0 */
/* Where Deflate64 and deflate agree, zlib is the oracle; 7z's archives are in zip_test.c. */
#include "engine/unpack/unpack_test.h"

#include <zlib.h>

#include "engine/unpack/codec.h"

struct fixture {
	struct vt_limits limits;
	struct vt_budget budget;
	struct vt_output out;
	struct vt_codec codec;
};

static void start(struct fixture *f)
{
	*f = (struct fixture){.limits = vt_limits_default()};
	vt_budget_start(&f->budget, &f->limits, NULL, NULL);
	vt_output_init(&f->out, &f->budget);
	vt_output_start(&f->out, 0);
}

static void stop(struct fixture *f)
{
	vt_codec_free(&f->codec);
	vt_output_free(&f->out);
}

static size_t deflate_with(
	int strategy, int level, const void *p, size_t n, uint8_t *out, size_t room)
{
	z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)p,
		.avail_in = (uInt)n,
		.next_out = out,
		.avail_out = (uInt)room};

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 9, strategy), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = z.total_out;
	(void)deflateEnd(&z);
	return n;
}

/* Text without matches of 258 bytes, whose code means something else here. */
static void agrees_with_zlib(void **state)
{
	static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY};
	static uint8_t packed[2 * NUMBERS_SIZE];
	struct fixture f;
	size_t used;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(strategies); i++) {
		for (int level = 0; level <= 9; level += 3) {
			size_t n = deflate_with(strategies[i], level, numbers(), NUMBERS_SIZE,
				packed, sizeof packed);

			start(&f);
			assert_int_equal(
				vt_inflate64(&f.codec, vt_span_of(packed, n), &f.out, &used),
				VT_OK);
			assert_int_equal(used, n);
			assert_int_equal(f.out.buf.n, NUMBERS_SIZE);
			assert_memory_equal(f.out.buf.p, numbers(), NUMBERS_SIZE);
			stop(&f);
		}
	}
}

/* Bits, first to be read first. */
struct bits {
	uint8_t p[64];
	size_t n;
};

static void bits(struct bits *b, uint32_t v, unsigned n)
{
	for (; n; n--, v >>= 1, b->n++)
		b->p[b->n / 8] |= (uint8_t)((v & 1) << (b->n % 8));
}

/* A Huffman code goes in from its most significant bit. */
static void code(struct bits *b, uint32_t v, unsigned n)
{
	while (n--)
		bits(b, v >> n & 1, 1);
}

/* The two things that deflate does not have: 285 with 16 extra bits, and distance code 31. */
static void long_matches(void **state)
{
	struct bits b = {0};
	struct fixture f;
	size_t used;

	(void)state;
	bits(&b, 1, 1);
	bits(&b, 1, 2);          /* fixed codes */
	code(&b, 0x30 + 'x', 8); /* x */
	code(&b, 0xc0 + 5, 8);   /* 285: 280 is 0xc0 */
	bits(&b, 65533, 16);     /* 65536 bytes */
	code(&b, 0, 5);          /* distance 1 */
	code(&b, 0x30 + 'y', 8); /* y */
	code(&b, 0x01, 7);       /* 257: 3 bytes */
	code(&b, 31, 5);
	bits(&b, 65536 - 49153, 14); /* distance 65536 */
	code(&b, 0, 7);              /* end */
	start(&f);
	assert_int_equal(
		vt_inflate64(&f.codec, vt_span_of(b.p, (b.n + 7) / 8), &f.out, &used), VT_OK);
	assert_int_equal(f.out.buf.n, 65541);
	assert_int_equal(f.out.buf.p[65536], 'x');
	assert_int_equal(f.out.buf.p[65537], 'y');
	assert_memory_equal(f.out.buf.p + 65538, "xxx", 3);
	stop(&f);
}

static void broken(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		vt_err e;
	} cases[] = {
		{"", 0, VT_ETRUNCATED}, {"\7", 1, VT_EFORMAT}, /* block type 3 */
		{"\1\1\0\1\0", 5, VT_EFORMAT},                 /* stored, sizes that do not match */
		{"\1\5\0\xfa\xff"
		 "ab",
			7, VT_ETRUNCATED},
		{"\x03\x02\x00", 3, VT_EFORMAT}, /* a match before anything */
	};
	struct fixture f;
	size_t used;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(cases); i++) {
		start(&f);
		assert_int_equal(vt_inflate64(&f.codec, vt_span_of(cases[i].bytes, cases[i].n),
					 &f.out, &used),
			cases[i].e);
		stop(&f);
	}
}

static void limited(void **state)
{
	static uint8_t packed[2 * NUMBERS_SIZE];
	size_t used,
		n = deflate_with(
			Z_DEFAULT_STRATEGY, 9, numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct fixture f;

	(void)state;
	start(&f);
	f.budget.limits.object_size = 1234;
	assert_int_equal(vt_inflate64(&f.codec, vt_span_of(packed, n), &f.out, &used), VT_ELIMIT);
	assert_int_equal(f.out.buf.n, 1234);
	assert_memory_equal(f.out.buf.p, numbers(), 1234);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_zlib),
		cmocka_unit_test(long_matches),
		cmocka_unit_test(broken),
		cmocka_unit_test(limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
