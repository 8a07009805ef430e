/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_test.h"

#include <zlib.h>

static const struct sample samples[] = {
	{"stream/one.gz", VT_TYPE_GZIP},
	{"stream/two.gz", VT_TYPE_GZIP},
	{"stream/one.bz2", VT_TYPE_BZIP2},
	{"stream/two.bz2", VT_TYPE_BZIP2},
	{"stream/one.xz", VT_TYPE_XZ},
	{"stream/two.xz", VT_TYPE_XZ},
	{"stream/one.lzma", VT_TYPE_LZMA},
	{"stream/one.lz", VT_TYPE_LZIP},
	{"stream/two.lz", VT_TYPE_LZIP},
	{"stream/one.zst", VT_TYPE_ZSTD},
	{"stream/two.zst", VT_TYPE_ZSTD},
	{"stream/one.lz4", VT_TYPE_LZ4},
	{"stream/two.lz4", VT_TYPE_LZ4},
	{"stream/legacy.lz4", VT_TYPE_LZ4},
};

static void whole(void **state)
{
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		vt_span s = load(samples[i].path);

		walk(&w, samples[i].type, s);
		if (w.end != VT_END || w.members != 1 || !w.seen[0].numbers || w.seen[0].status)
			fail_msg("%s: %u members, %zu bytes, %s", samples[i].path, w.members,
				w.seen[0].size, vt_err_text(w.seen[0].status));
		unload(s);
	}
}

static void damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		check_truncated(&samples[i]);
		/* lzma and legacy lz4 have no checksum. */
		check_flipped(&samples[i],
			samples[i].type != VT_TYPE_LZMA && !strstr(samples[i].path, "legacy"));
	}
}

static void truncated_keeps_the_beginning(void **state)
{
	struct walk w;
	vt_span s;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		s = load(samples[i].path);
		walk(&w, samples[i].type, vt_span_clip(s, 0, s.n - 1));
		assert_int_equal(w.members, 1);
		assert_true(w.seen[0].prefix);
		if (w.seen[0].status != VT_ETRUNCATED)
			fail_msg("%s: %s", samples[i].path, vt_err_text(w.seen[0].status));
		unload(s);
	}
	s = load("stream/one.gz");
	walk(&w, VT_TYPE_GZIP, vt_span_clip(s, 0, s.n / 2));
	assert_true(w.seen[0].size > 3000);
	unload(s);
}

static void named(void **state)
{
	vt_span s = load("stream/one.gz");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_GZIP, s);
	assert_string_equal(w.seen[0].name, "numbers.txt");
	unload(s);
}

static void trailing_bytes(void **state)
{
	vt_span s = load("stream/one.gz");
	uint8_t *p = malloc(s.n + 6);
	struct walk w;

	(void)state;
	assert_non_null(p);
	memcpy(p, s.p, s.n);
	memcpy(p + s.n, "rubble", 6);
	walk(&w, VT_TYPE_GZIP, vt_span_of(p, s.n + 6));
	assert_true(w.seen[0].numbers);
	assert_int_equal(w.seen[0].status, VT_OK);
	free(p);
	unload(s);
}

static void wrong_checksum(void **state)
{
	vt_span s = load("stream/one.gz");
	struct walk w;

	(void)state;
	((uint8_t *)(uintptr_t)s.p)[s.n - 8] ^= 1;
	walk(&w, VT_TYPE_GZIP, s);
	assert_int_equal(w.seen[0].status, VT_ECHECKSUM);
	assert_true(w.seen[0].numbers);
	unload(s);
}

/* n zero bytes as gzip, for the caller to free. */
static vt_span zeros_gz(size_t n)
{
	uint8_t *zero = calloc(1, n), *p = malloc(n / 100 + 1000);
	z_stream z = {.next_in = zero, .avail_in = (uInt)n};

	assert_non_null(zero);
	assert_non_null(p);
	z.next_out = p;
	z.avail_out = (uInt)(n / 100 + 1000);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = z.total_out;
	(void)deflateEnd(&z);
	free(zero);
	return vt_span_of(p, n);
}

static void limits(void **state)
{
	vt_span s = zeros_gz((size_t)32 << 20);
	struct vt_limits l = vt_limits_default();
	struct walk w;

	(void)state;
	walk_with(&w, VT_TYPE_GZIP, s, &l);
	assert_int_equal(w.seen[0].status, VT_ELIMIT);
	assert_int_equal(w.seen[0].limit, VT_REASON_LIMIT_RATIO);
	assert_true(w.seen[0].size >= (uint64_t)s.n * l.ratio);
	l.ratio = 2000;
	l.object_size = 12345678;
	walk_with(&w, VT_TYPE_GZIP, s, &l);
	assert_int_equal(w.seen[0].limit, VT_REASON_LIMIT_OBJECT_SIZE);
	assert_int_equal(w.seen[0].size, 12345678);
	l.object_size = UINT64_MAX;
	l.total_bytes = 7654321;
	walk_with(&w, VT_TYPE_GZIP, s, &l);
	assert_int_equal(w.seen[0].limit, VT_REASON_LIMIT_TOTAL_BYTES);
	assert_int_equal(w.seen[0].size, 7654321);
	assert_int_equal(w.budget.total_left, 0);
	unload(s);
}

static bool stop(void *ctx, uint64_t bytes)
{
	(void)ctx;
	(void)bytes;
	return false;
}

static void out_of_time(void **state)
{
	vt_span s = zeros_gz((size_t)8 << 20);
	struct vt_limits l = vt_limits_default();
	struct vt_budget b;
	const struct vt_unpacker *u = vt_unpacker_for(VT_TYPE_GZIP);
	struct vt_member m;
	void *st;

	(void)state;
	/* The size at the end lies, so that the decoder has to go step by step. */
	((uint8_t *)(uintptr_t)s.p)[s.n - 1] = 0x7f;
	vt_budget_start(&b, &l, stop, NULL);
	assert_int_equal(u->open(s, VT_TYPE_GZIP, &b, &st), VT_OK);
	assert_int_equal(u->next(st, &m), VT_OK);
	assert_int_equal(m.status, VT_ELIMIT);
	assert_int_equal(m.limit, VT_REASON_LIMIT_TIME);
	assert_true(m.bytes.n < (size_t)2 << 20);
	u->close(st);
	unload(s);
}

static void nothing_at_all(void **state)
{
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		walk(&w, samples[i].type, vt_span_of("", 0));
		assert_int_equal(w.end, VT_END);
		assert_int_equal(w.seen[0].status, VT_ETRUNCATED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(truncated_keeps_the_beginning),
		cmocka_unit_test(damaged),
		cmocka_unit_test(named),
		cmocka_unit_test(trailing_bytes),
		cmocka_unit_test(wrong_checksum),
		cmocka_unit_test(limits),
		cmocka_unit_test(out_of_time),
		cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
