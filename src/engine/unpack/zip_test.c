/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_test.h"

#include <libdeflate.h>

#include "base/buf.h"

static const struct sample samples[] = {
	{"zip/deflate.zip", VT_TYPE_ZIP},
	{"zip/deflate64.zip", VT_TYPE_ZIP},
	{"zip/bzip2.zip", VT_TYPE_ZIP},
	{"zip/lzma.zip", VT_TYPE_ZIP},
	{"zip/lzma-marker.zip", VT_TYPE_ZIP},
	{"zip/ppmd.zip", VT_TYPE_ZIP},
	{"zip/copy.zip", VT_TYPE_ZIP},
	{"zip/zstd.zip", VT_TYPE_ZIP},
	{"zip/xz.zip", VT_TYPE_ZIP},
	{"zip/imploded-4k.zip", VT_TYPE_ZIP},
	{"zip/imploded-8k-literals.zip", VT_TYPE_ZIP},
	{"zip/shrunk.zip", VT_TYPE_ZIP},
	{"zip/zip64.zip", VT_TYPE_ZIP},
	{"zip/prefix.zip", VT_TYPE_ZIPSFX},
	{"zip/comment.zip", VT_TYPE_ZIP},
	{"zip/hidden.zip", VT_TYPE_ZIP},
};

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++)
		check_both(&samples[i]);
}

static void damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		check_truncated(&samples[i]);
		check_flipped(&samples[i], true);
	}
}

/* Damage must not make a member vanish without a word. */
static void nothing_vanishes(void **state)
{
	vt_span s = load("zip/deflate.zip");
	uint8_t *p = (uint8_t *)(uintptr_t)s.p;
	struct walk w;

	(void)state;
	for (size_t i = 0; i < 8 * s.n; i++) {
		bool good = true, hello = false, whole_numbers = false;

		p[i / 8] ^= (uint8_t)(1u << i % 8);
		walk(&w, VT_TYPE_ZIP, s);
		for (unsigned k = 0; k < w.members; k++) {
			good = good && w.seen[k].status == VT_OK;
			hello = hello || w.seen[k].hello;
			whole_numbers = whole_numbers || w.seen[k].numbers;
		}
		if (w.end == VT_END && good && !(hello && whole_numbers))
			fail_msg("bit %zu of byte %zu", i % 8, i / 8);
		p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	unload(s);
}

static void streamed(void **state)
{
	static const char *const paths[] = {"zip/streamed.zip", "zip/no-zip64-end.zip"};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(paths); i++) {
		vt_span s = load(paths[i]);
		size_t directory;

		walk(&w, VT_TYPE_ZIP, s);
		assert_int_equal(w.end, VT_END);
		assert_int_equal(w.members, 1);
		assert_true(w.seen[0].numbers);
		assert_true(vt_span_find(s, 0, "PK\1\2", 4, &directory));
		/* Without its directory, the size stands behind the data only. */
		walk(&w, VT_TYPE_ZIP, vt_span_clip(s, 0, directory));
		assert_int_equal(w.end, VT_ETRUNCATED);
		assert_int_equal(w.members, 1);
		assert_true(w.seen[0].numbers);
		assert_int_equal(w.seen[0].status, VT_OK);
		unload(s);
	}
}

static void without_directory(void **state)
{
	vt_span s = load("zip/no-directory.zip");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_ZIP, s);
	assert_int_equal(w.end, VT_ETRUNCATED);
	assert_int_equal(w.members, 2);
	assert_true(w.seen[0].hello && w.seen[1].numbers);
	assert_int_equal(w.seen[1].status, VT_OK);
	unload(s);
}

static void encrypted(void **state)
{
	static const char *const paths[] = {"zip/encrypted.zip", "zip/aes.zip"};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(paths); i++) {
		vt_span s = load(paths[i]);

		walk(&w, VT_TYPE_ZIP, s);
		assert_int_equal(w.members, 2);
		assert_int_equal(w.seen[1].status, VT_EENCRYPTED);
		assert_true(w.seen[1].encrypted);
		assert_string_equal(w.seen[1].name, "numbers.txt");
		unload(s);
	}
}

static void unknown_method(void **state)
{
	vt_span s = load("zip/unknown.zip");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_ZIP, s);
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 2);
	assert_int_equal(w.seen[0].status, VT_EUNSUPPORTED);
	unload(s);
}

static void overlapping(void **state)
{
	vt_span s = load("zip/overlapping.zip");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_ZIP, s);
	assert_int_equal(w.members, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(w.seen[i].status, VT_EFORMAT);
	assert_int_equal(w.seen[2].size, 20000);
	unload(s);
}

/* A zip under construction. */
struct maker {
	vt_buf body, directory;
	uint16_t members;
};

struct header {
	const char *name;
	uint16_t name_size, method, flags;
	uint32_t crc, packed, real;
};

static void check(vt_err e)
{
	assert_int_equal(e, VT_OK);
}

static void put_header(vt_buf *b, const struct header *h, bool central, uint32_t offset)
{
	check(vt_buf_add(b, central ? "PK\1\2\24\0" : "PK\3\4", central ? 6 : 4));
	check(vt_buf_add_u16(b, 20));
	check(vt_buf_add_u16(b, h->flags));
	check(vt_buf_add_u16(b, h->method));
	check(vt_buf_add_u32(b, 0));
	check(vt_buf_add_u32(b, h->crc));
	check(vt_buf_add_u32(b, h->packed));
	check(vt_buf_add_u32(b, h->real));
	check(vt_buf_add_u16(b, h->name_size));
	check(vt_buf_add_u16(b, 0));
	if (central) {
		check(vt_buf_add(b, "\0\0\0\0\0\0\0\0\0\0", 10));
		check(vt_buf_add_u32(b, offset));
	}
	check(vt_buf_add(b, h->name, h->name_size));
}

static void put_member(struct maker *m, const struct header *central, const struct header *local,
	const void *data, size_t n)
{
	put_header(&m->directory, central, true, (uint32_t)m->body.n);
	put_header(&m->body, local, false, 0);
	check(vt_buf_add(&m->body, data, n));
	m->members++;
}

static vt_span finish(struct maker *m)
{
	uint32_t offset = (uint32_t)m->body.n;

	check(vt_buf_add(&m->body, m->directory.p, m->directory.n));
	check(vt_buf_add(&m->body, "PK\5\6\0\0\0\0", 8));
	check(vt_buf_add_u16(&m->body, m->members));
	check(vt_buf_add_u16(&m->body, m->members));
	check(vt_buf_add_u32(&m->body, (uint32_t)m->directory.n));
	check(vt_buf_add_u32(&m->body, offset));
	check(vt_buf_add_u16(&m->body, 0));
	return vt_buf_span(&m->body);
}

static struct maker maker(void)
{
	return (struct maker){.body.max = SIZE_MAX / 4, .directory.max = SIZE_MAX / 4};
}

static void discard(struct maker *m)
{
	vt_buf_free(&m->body);
	vt_buf_free(&m->directory);
}

static uint32_t crc_of(const void *p, size_t n)
{
	return libdeflate_crc32(0, p, n);
}

static size_t pack(const void *p, size_t n, uint8_t *out, size_t room)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(9);

	n = libdeflate_deflate_compress(c, p, n, out, room);
	libdeflate_free_compressor(c);
	assert_true(n > 0);
	return n;
}

static void headers_disagree(void **state)
{
	static uint8_t packed[NUMBERS_SIZE];
	uint32_t n = (uint32_t)pack(numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct header deflated = {"a", 1, 8, 0, crc_of(numbers(), NUMBERS_SIZE), n, NUMBERS_SIZE};
	struct header stored = {"a", 1, 0, 0, crc_of(packed, n), n, n};
	struct maker m = maker();
	struct walk w;

	(void)state;
	/* The directory calls it stored; a reader of the local header unpacks it. */
	put_member(&m, &stored, &deflated, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 2);
	assert_true(w.seen[0].direct);
	assert_true(w.seen[1].numbers);
	discard(&m);
	/* And the other way round. */
	m = maker();
	put_member(&m, &deflated, &stored, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 2);
	assert_true(w.seen[0].numbers);
	assert_true(w.seen[1].direct);
	discard(&m);
}

/* What the directory calls a folder, a file of no bytes, or part of another volume. */
static void hidden_by_the_directory(void **state)
{
	static uint8_t packed[NUMBERS_SIZE];
	uint32_t n = (uint32_t)pack(numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct header deflated = {"a/", 2, 8, 0, crc_of(numbers(), NUMBERS_SIZE), n, NUMBERS_SIZE};
	struct header folder = {"a/", 2, 0, 0, 0, 0, 0}, empty = {"a", 1, 8, 0, 0, 0, 0};
	struct header streamed = {"a", 1, 8, 8, 0, 0, 0};
	struct maker m = maker();
	struct walk w;

	(void)state;
	put_member(&m, &folder, &deflated, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].numbers);
	assert_int_equal(w.seen[0].status, VT_OK);
	discard(&m);
	m = maker();
	put_member(&m, &empty, &streamed, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 2);
	assert_true(w.seen[1].numbers);
	discard(&m);
	m = maker();
	put_member(&m, &deflated, &deflated, packed, n);
	m.directory.p[34] = 3; /* disk number */
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].numbers);
	discard(&m);
}

static void one_sided_encryption(void **state)
{
	struct header plain = {"a", 1, 0, 0, crc_of(HELLO, 6), 6, 6}, marked = plain;
	struct maker m = maker();
	struct walk w;

	(void)state;
	marked.flags = 1;
	put_member(&m, &plain, &marked, HELLO, 6);
	put_member(&m, &marked, &plain, HELLO, 6);
	put_member(&m, &marked, &marked, HELLO, 6);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 3);
	assert_int_equal(w.seen[0].status, VT_OK);
	assert_true(w.seen[0].hello);
	assert_int_equal(w.seen[1].status, VT_OK);
	assert_true(w.seen[1].hello);
	assert_int_equal(w.seen[2].status, VT_EENCRYPTED);
	discard(&m);
}

static void sizes_lie(void **state)
{
	static uint8_t packed[NUMBERS_SIZE];
	uint32_t n = (uint32_t)pack(numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct header h = {"a", 1, 8, 0, crc_of(numbers(), NUMBERS_SIZE), n, 5};
	struct maker m = maker();
	struct walk w;

	(void)state;
	put_member(&m, &h, &h, packed, n);
	h.real = 0xfffffff0;
	put_member(&m, &h, &h, packed, n);
	h.real = NUMBERS_SIZE;
	h.crc ^= 1;
	put_member(&m, &h, &h, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(w.seen[i].numbers);
		assert_int_equal(w.seen[i].status, VT_ECHECKSUM);
	}
	discard(&m);
}

static void corrupt_data(void **state)
{
	static uint8_t packed[NUMBERS_SIZE];
	uint32_t n = (uint32_t)pack(numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct header h = {"a", 1, 8, 0, crc_of(numbers(), NUMBERS_SIZE), n, NUMBERS_SIZE};
	struct maker m = maker();
	struct walk w;

	(void)state;
	memset(packed + n / 2, 0xff, n - n / 2);
	put_member(&m, &h, &h, packed, n);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].status != VT_OK);
	assert_true(w.seen[0].size > 2000);
	assert_memory_equal(w.seen[0].name, "a", 2);
	discard(&m);
}

static void bomb(void **state)
{
	size_t size = (size_t)64 << 20, room = 1 << 20;
	uint8_t *zero = calloc(1, size), *packed = malloc(room);
	struct header h = {"zeros", 5, 8, 0, 0, 0, (uint32_t)size};
	struct vt_limits l = vt_limits_default();
	struct maker m = maker();
	struct walk w;

	(void)state;
	assert_non_null(zero);
	assert_non_null(packed);
	l.ratio = 500;
	h.packed = (uint32_t)pack(zero, size, packed, room);
	put_member(&m, &h, &h, packed, h.packed);
	put_member(&m, &h, &h, packed, h.packed);
	walk_with(&w, VT_TYPE_ZIP, finish(&m), &l);
	assert_int_equal(w.members, 2);
	assert_int_equal(w.seen[0].status, VT_ELIMIT);
	assert_int_equal(w.seen[0].limit, VT_REASON_LIMIT_RATIO);
	assert_int_equal(w.seen[1].limit, VT_REASON_LIMIT_RATIO);
	discard(&m);
	free(zero);
	free(packed);
}

/* Thousands of directory entries for the same data: it is unpacked a few times only. */
static void repeated_member(void **state)
{
	static uint8_t packed[NUMBERS_SIZE];
	uint32_t n = (uint32_t)pack(numbers(), NUMBERS_SIZE, packed, sizeof packed);
	struct header h = {"a", 1, 8, 0, crc_of(numbers(), NUMBERS_SIZE), n, NUMBERS_SIZE};
	struct maker m = maker();
	struct walk w;
	vt_span s;

	(void)state;
	put_member(&m, &h, &h, packed, n);
	for (unsigned i = 1; i < 5000; i++) {
		put_header(&m.directory, &h, true, 0);
		m.members++;
	}
	s = finish(&m);
	walk(&w, VT_TYPE_ZIP, s);
	assert_int_equal(w.members, 5000);
	assert_int_equal(w.seen[0].status, VT_EFORMAT);
	assert_true(w.seen[0].numbers);
	assert_true(w.bytes <= (4 * s.n / n + 1) * NUMBERS_SIZE);
	discard(&m);
}

/* A program in front is counted in the offsets, but only what stands behind it was given. */
static void prefix_cut_off(void **state)
{
	struct header h = {"a", 1, 0, 0, crc_of(HELLO, 6), 6, 6};
	struct maker m = maker();
	struct walk w;
	vt_span s;

	(void)state;
	check(vt_buf_add(&m.body, numbers(), NUMBERS_SIZE));
	put_member(&m, &h, &h, HELLO, 6);
	put_member(&m, &h, &h, HELLO, 6);
	s = finish(&m);
	for (size_t cut = 0; cut <= NUMBERS_SIZE; cut += NUMBERS_SIZE / 5) {
		walk(&w, VT_TYPE_ZIPSFX, vt_span_clip(s, cut, s.n));
		assert_int_equal(w.end, VT_END);
		assert_int_equal(w.members, 2);
		assert_true(w.seen[0].hello && w.seen[1].hello);
		assert_int_equal(w.seen[1].status, VT_OK);
	}
	discard(&m);
}

static void many_empty_members(void **state)
{
	struct header h = {"e", 1, 0, 0, 0, 0, 0};
	struct maker m = maker();
	struct walk w;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		put_member(&m, &h, &h, NULL, 0);
	walk(&w, VT_TYPE_ZIP, finish(&m)); /* the 16-bit count says 34464 */
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 100000);
	discard(&m);
}

static void odd_names(void **state)
{
	static char name[5000];
	struct header h = {name, sizeof name, 0, 0, crc_of(HELLO, 6), 6, 6};
	struct maker m = maker();
	struct walk w;

	(void)state;
	memset(name, 'n', sizeof name);
	put_member(&m, &h, &h, HELLO, 6);
	h.name = "a\0b/../c";
	h.name_size = 8;
	put_member(&m, &h, &h, HELLO, 6);
	h.name_size = 0;
	put_member(&m, &h, &h, HELLO, 6);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 3);
	assert_int_equal(w.seen[0].name_size, VT_MEMBER_NAME_MAX);
	assert_memory_equal(w.seen[1].name, "a\0b/../c", 9);
	for (unsigned i = 0; i < 3; i++)
		assert_true(w.seen[i].hello);
	discard(&m);
}

static void folders_and_nothing(void **state)
{
	struct header h = {"d/", 2, 0, 0, 0, 0, 0};
	struct maker m = maker();
	struct walk w;

	(void)state;
	put_member(&m, &h, &h, NULL, 0);
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 0);
	discard(&m);
	m = maker();
	walk(&w, VT_TYPE_ZIP, finish(&m));
	assert_int_equal(w.end, VT_END);
	discard(&m);
	walk(&w, VT_TYPE_ZIP, vt_span_of("", 0));
	assert_int_equal(w.end, VT_ETRUNCATED);
}

/* A second archive behind the first: its directory counts, the first is found all the same. */
static void two_archives(void **state)
{
	vt_span a = load("zip/deflate.zip"), b = load("zip/bzip2.zip");
	uint8_t *p = malloc(a.n + b.n);
	struct walk w;

	(void)state;
	assert_non_null(p);
	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	walk(&w, VT_TYPE_ZIP, vt_span_of(p, a.n + b.n));
	assert_int_equal(w.members, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(w.seen[i].hello || w.seen[i].numbers);
	free(p);
	unload(a);
	unload(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(damaged),
		cmocka_unit_test(nothing_vanishes),
		cmocka_unit_test(streamed),
		cmocka_unit_test(without_directory),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(unknown_method),
		cmocka_unit_test(overlapping),
		cmocka_unit_test(headers_disagree),
		cmocka_unit_test(hidden_by_the_directory),
		cmocka_unit_test(one_sided_encryption),
		cmocka_unit_test(sizes_lie),
		cmocka_unit_test(corrupt_data),
		cmocka_unit_test(bomb),
		cmocka_unit_test(repeated_member),
		cmocka_unit_test(prefix_cut_off),
		cmocka_unit_test(many_empty_members),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(folders_and_nothing),
		cmocka_unit_test(two_archives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
