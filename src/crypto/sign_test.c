/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/sign.h"

/* RFC 8032, section 7.1 */
static void test_vectors(void **state)
{
	static const struct {
		const char *seed, *pub, *message, *sig;
	} all[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590"
			"a33"
			"bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e"
			"159"
			"96e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d"
			"16f"
			"290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(all); i++) {
		uint8_t seed[32], pub[32], message[2], sig[64], found[64];
		vt_span m = vt_span_of(message, strlen(all[i].message) / 2);

		assert_true(vt_hex_get(vt_span_str(all[i].seed), seed, 32));
		assert_true(vt_hex_get(vt_span_str(all[i].pub), pub, 32));
		assert_true(vt_hex_get(vt_span_str(all[i].message), message, m.n));
		assert_true(vt_hex_get(vt_span_str(all[i].sig), sig, 64));
		vt_sign_public(seed, found);
		assert_memory_equal(found, pub, 32);
		vt_sign(seed, m, found);
		assert_memory_equal(found, sig, 64);
		assert_true(vt_verify(pub, m, sig));
		for (size_t bit = 0; bit < 512; bit++) {
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(vt_verify(pub, m, sig));
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		pub[5] ^= 4;
		assert_false(vt_verify(pub, m, sig));
	}
}

/* Keys of small order: under the point of order one a signature of it verifies for any message. */
static void test_keys_that_sign_everything(void **state)
{
	uint8_t pub[32] = {1}, sig[64] = {1};

	(void)state;
	assert_false(vt_verify(pub, vt_span_str("any message"), sig));
	memset(pub, 0, 32);
	assert_false(vt_verify(pub, vt_span_str("any message"), sig));
	/* the neutral point written in a second way: y = p + 1 */
	memset(pub, 0xff, 32);
	pub[0] = 0xee;
	pub[31] = 0x7f;
	assert_false(vt_verify(pub, vt_span_str("any message"), sig));
}

/* A signature with the group's order added to its second half says the same in other bytes. */
static void test_signatures_have_one_form(void **state)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t seed[32] = {7}, pub[32], sig[64];
	unsigned carry = 0;

	(void)state;
	vt_sign_public(seed, pub);
	vt_sign(seed, vt_span_str("text"), sig);
	assert_true(vt_verify(pub, vt_span_str("text"), sig));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(vt_verify(pub, vt_span_str("text"), sig));
}

static void test_random_and_wipe(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};
	static const uint8_t zero[32];

	(void)state;
	vt_random(a, sizeof a);
	vt_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_memory_not_equal(a, zero, sizeof a);
	vt_wipe(a, sizeof a);
	assert_memory_equal(a, zero, sizeof a);
}

static void test_seal(void **state)
{
	static const uint8_t secret[40] = "a seed, and something of another length";
	uint8_t sealed[VT_SEAL_EXTRA + sizeof secret], again[sizeof sealed], back[sizeof secret];
	vt_span pass = vt_span_str("correct horse");

	(void)state;
	assert_int_equal(vt_seal(pass, vt_span_of(secret, sizeof secret), sealed), VT_OK);
	assert_int_equal(vt_seal(pass, vt_span_of(secret, sizeof secret), again), VT_OK);
	assert_memory_not_equal(sealed, again, 16); /* the salt */
	assert_memory_not_equal(sealed + VT_SEAL_EXTRA, again + VT_SEAL_EXTRA, sizeof secret);
	assert_int_equal(vt_unseal(pass, vt_span_of(sealed, sizeof sealed), back), VT_OK);
	assert_memory_equal(back, secret, sizeof secret);
	assert_int_equal(
		vt_unseal(vt_span_str("correct horsf"), vt_span_of(sealed, sizeof sealed), back),
		VT_ECHECKSUM);
	/* a bit of the salt, of the seal, of what is sealed */
	for (size_t at = 0; at < sizeof sealed; at += 40) {
		sealed[at] ^= 1;
		assert_int_equal(
			vt_unseal(pass, vt_span_of(sealed, sizeof sealed), back), VT_ECHECKSUM);
		sealed[at] ^= 1;
	}
	assert_int_equal(
		vt_unseal(pass, vt_span_of(sealed, VT_SEAL_EXTRA - 1), back), VT_ETRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_keys_that_sign_everything),
		cmocka_unit_test(test_signatures_have_one_form),
		cmocka_unit_test(test_random_and_wipe),
		cmocka_unit_test(test_seal),
	};

	return vt_sign_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
