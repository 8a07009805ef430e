/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_test.h"

static const struct sample samples[] = {
	{"archive/ustar.tar", VT_TYPE_TAR},
	{"archive/gnu.tar", VT_TYPE_TAR},
	{"archive/pax.tar", VT_TYPE_TAR},
	{"archive/v7.tar", VT_TYPE_TAR_OLD},
	{"archive/bin.cpio", VT_TYPE_CPIO_OLD},
	{"archive/odc.cpio", VT_TYPE_CPIO_ODC},
	{"archive/newc.cpio", VT_TYPE_CPIO_NEWC},
	{"archive/crc.cpio", VT_TYPE_CPIO_CRC},
	{"archive/gnu.a", VT_TYPE_AR},
	{"archive/lzma2.7z", VT_TYPE_7Z},
	{"archive/lzma.7z", VT_TYPE_7Z},
	{"archive/bzip2.7z", VT_TYPE_7Z},
	{"archive/ppmd.7z", VT_TYPE_7Z},
	{"archive/copy.7z", VT_TYPE_7Z},
	{"archive/stored4.rar", VT_TYPE_RAR},
	{"archive/stored5.rar", VT_TYPE_RAR},
	{"archive/joliet-rockridge.iso", VT_TYPE_ISO9660},
	{"archive/gzip.xar", VT_TYPE_XAR},
	{"archive/stored.lzh", VT_TYPE_LHA},
	{"archive/resource.warc", VT_TYPE_WARC},
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
		check_flipped(&samples[i], false);
	}
}

static void stored_members_are_not_copied(void **state)
{
	static const struct sample stored[] = {
		{"archive/ustar.tar", VT_TYPE_TAR},
		{"archive/newc.cpio", VT_TYPE_CPIO_NEWC},
		{"archive/gnu.a", VT_TYPE_AR},
		{"archive/joliet-rockridge.iso", VT_TYPE_ISO9660},
	};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(stored); i++) {
		vt_span s = load(stored[i].path);

		walk(&w, stored[i].type, s);
		assert_true(w.seen[1].direct);
		unload(s);
	}
}

static void compress(void **state)
{
	vt_span s = load("archive/one.Z");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_COMPRESS, s);
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].numbers);
	assert_string_equal(w.seen[0].name, "");
	unload(s);
}

static void encrypted(void **state)
{
	static const struct sample both[] = {
		{"archive/encrypted.7z", VT_TYPE_7Z},
		{"archive/encrypted4.rar", VT_TYPE_RAR},
	};
	struct walk w;
	vt_span s;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(both); i++) {
		s = load(both[i].path);
		walk(&w, both[i].type, s);
		assert_int_equal(w.members, 2);
		assert_string_equal(w.seen[1].name, "numbers.txt");
		assert_int_equal(w.seen[1].status, VT_EENCRYPTED);
		assert_true(w.seen[1].encrypted);
		unload(s);
	}
	s = load("archive/encrypted-names.7z");
	walk(&w, VT_TYPE_7Z, s);
	assert_int_equal(w.members, 0);
	assert_int_equal(w.end, VT_EENCRYPTED);
	unload(s);
}

static void behind_a_program(void **state)
{
	static const struct {
		const char *path;
		vt_type type;
	} sfx[] = {
		{"archive/lzma2.7z", VT_TYPE_7ZSFX},
		{"archive/stored4.rar", VT_TYPE_RARSFX},
		{"archive/stored5.rar", VT_TYPE_RARSFX},
	};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(sfx); i++) {
		vt_span s = load(sfx[i].path);
		uint8_t *p = calloc(1, s.n + 5000);

		assert_non_null(p);
		memcpy(p, "MZ", 2);
		memcpy(p + 5000, s.p, s.n);
		walk(&w, sfx[i].type, vt_span_of(p, s.n + 5000));
		assert_int_equal(w.members, 2);
		assert_true(w.seen[1].numbers);
		free(p);
		unload(s);
	}
}

static void only_its_own_type(void **state)
{
	vt_span s = load("archive/ustar.tar");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_7Z, s);
	assert_int_equal(w.members, 0);
	assert_int_equal(w.end, VT_EFORMAT);
	unload(s);
}

/* Its name needs iconv, which the worker brings along; its bytes do not. */
static void utf16_names(void **state)
{
	vt_span s = load("archive/unicode.7z");
	struct walk w;

	(void)state;
	walk(&w, VT_TYPE_7Z, s);
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].hello);
	unload(s);
}

static void wrong_checksum(void **state)
{
	static const struct sample both[] = {
		{"archive/copy.7z", VT_TYPE_7Z},
		{"archive/stored.lzh", VT_TYPE_LHA},
	};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(both); i++) {
		vt_span s = load(both[i].path);
		size_t at;

		assert_true(vt_span_find(s, 0, "\n1998\n", 6, &at));
		((uint8_t *)(uintptr_t)s.p)[at + 1] ^= 1;
		walk(&w, both[i].type, s);
		assert_int_equal(w.members, 2);
		assert_int_equal(w.seen[1].status, VT_ECHECKSUM);
		assert_int_equal(w.seen[1].size, NUMBERS_SIZE);
		unload(s);
	}
}

static void limits(void **state)
{
	vt_span s = load("archive/ustar.tar");
	struct vt_limits l = vt_limits_default();
	struct walk w;

	(void)state;
	l.object_size = 1000;
	walk_with(&w, VT_TYPE_TAR, s, &l);
	assert_int_equal(w.members, 2);
	assert_int_equal(w.seen[1].status, VT_ELIMIT);
	assert_int_equal(w.seen[1].limit, VT_REASON_LIMIT_OBJECT_SIZE);
	assert_int_equal(w.seen[1].size, 1000);
	unload(s);
	s = load("archive/lzma2.7z");
	walk_with(&w, VT_TYPE_7Z, s, &l);
	assert_int_equal(w.seen[1].limit, VT_REASON_LIMIT_OBJECT_SIZE);
	assert_int_equal(w.seen[1].size, 1000);
	unload(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(damaged),
		cmocka_unit_test(stored_members_are_not_copied),
		cmocka_unit_test(compress),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(behind_a_program),
		cmocka_unit_test(only_its_own_type),
		cmocka_unit_test(utf16_names),
		cmocka_unit_test(wrong_checksum),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
