/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/fake_files.h"
#include "tlog/kind.h"
#include "tlog/lines.h"

/* The verifier key that signed-note v1.0.0 has as its example. */
#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static void test_the_example_of_the_specification(void **state)
{
	vt_buf b = VT_BUF_INIT(200);
	struct vt_key k;

	(void)state;
	assert_int_equal(vt_key_parse(vt_span_str(EXAMPLE), &k), VT_OK);
	assert_string_equal(k.name, "example.com/foo");
	assert_int_equal(k.type, VT_KEY_ED25519);
	assert_memory_equal(k.id, "\x53\x0d\x90\x3a", 4);
	assert_int_equal(vt_key_write(&b, &k), VT_OK);
	assert_int_equal(b.n, strlen(EXAMPLE));
	assert_memory_equal(b.p, EXAMPLE, b.n);
	vt_buf_free(&b);
}

static void test_keys_that_are_none(void **state)
{
	static const struct {
		const char *vkey;
		vt_err e;
	} bad[] = {
		{"", VT_EFORMAT},
		{"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", VT_EFORMAT},
		{"example.com/foo", VT_EFORMAT}, {"example.com/foo+530d903a", VT_EFORMAT},
		{"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			VT_EFORMAT},
		{"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			VT_EFORMAT},
		{"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
			VT_EFORMAT},
		{"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
			VT_EFORMAT},
		{"example.com/foo+530d903a+", VT_EFORMAT}, {EXAMPLE "\n", VT_EFORMAT},
		{"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			VT_ECHECKSUM},
		{"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			VT_ECHECKSUM},
		{"example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			VT_EUNSUPPORTED},                           /* type 5 */
		{"example.com/foo+530d903a+BgA=", VT_EUNSUPPORTED}, /* type 6: ML-DSA */
	};
	struct vt_key k = {.name = "untouched"};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++) {
		if (vt_key_parse(vt_span_str(bad[i].vkey), &k) != bad[i].e)
			fail_msg("%s", bad[i].vkey);
		assert_string_equal(k.name, "untouched");
	}
	/* shorter than the fields that are looked for */
	for (size_t n = 0; n < strlen(EXAMPLE); n++)
		assert_int_equal(vt_key_parse(vt_span_of(EXAMPLE, n), &k), VT_EFORMAT);
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "example.com/log", "\xd0\xb6", "!", "a\x7f",
		"\xf0\x9f\x94\x91", "\xef\xbf\xbd"};
	static const char *const bad[] = {"", " ", "a b", "a+b", "a\nb", "a\tb", "\x1f",
		"a\xc2\xa0", "\xc2\x85", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
		/* not UTF-8: alone, cut off, overlong, surrogate, too large */
		"\x80", "\xc3", "\xe2\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3(", "\xff"};
	uint8_t pub[32] = {0};
	char name[VT_KEY_NAME_MAX + 2];
	struct vt_key k;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++)
		if (!vt_key_name_ok(vt_span_str(good[i])))
			fail_msg("good name %zu", i);
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_key_name_ok(vt_span_str(bad[i])))
			fail_msg("bad name %zu", i);
	memset(name, 'x', sizeof name);
	assert_int_equal(
		vt_key_make(vt_span_of(name, VT_KEY_NAME_MAX), VT_KEY_ED25519, pub, &k), VT_OK);
	assert_int_equal(
		vt_key_make(vt_span_of(name, VT_KEY_NAME_MAX + 1), VT_KEY_ED25519, pub, &k),
		VT_EARG);
	assert_int_equal(vt_key_make(vt_span_str("a b"), VT_KEY_ED25519, pub, &k), VT_EARG);
	assert_int_equal(
		vt_key_make(vt_span_str("a"), (enum vt_key_type)2, pub, &k), VT_EUNSUPPORTED);
}

/* The same as what another implementation makes of the same seeds. */
static void test_signers(void **state)
{
	vt_span policy = fake_file("policy");
	struct vt_signer s = fake_signer("log.example/vectors", VT_KEY_ED25519);
	vt_buf b = VT_BUF_INIT(1000);
	size_t at;

	(void)state;
	assert_int_equal(vt_key_write(&b, &s.key), VT_OK);
	assert_true(vt_span_find(policy, 0, b.p, b.n, &at));
	vt_buf_clear(&b);
	s = fake_signer("witness.example/w3", VT_KEY_COSIGNATURE);
	assert_int_equal(vt_key_write(&b, &s.key), VT_OK);
	assert_true(vt_span_find(policy, 0, b.p, b.n, &at));
	vt_buf_free(&b);
}

static void test_types_without_a_row(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 300; type++)
		assert_int_equal(vt_key_kind_of(type) != NULL, type == 1 || type == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_of_the_specification),
		cmocka_unit_test(test_keys_that_are_none),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_signers),
		cmocka_unit_test(test_types_without_a_row),
	};

	return vt_sign_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
