/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "tlog/checkpoint.h"
#include "tlog/fake_files.h"

#define DASH "\xe2\x80\x94 "
#define SIG DASH "a.example/k AAAAAQI=\n" /* five bytes: an id and one more */

static vt_err parse(const char *s)
{
	static struct vt_note n;

	return vt_note_parse(vt_span_str(s), &n);
}

static void test_shapes(void **state)
{
	static const char *const good[] = {"text\n\n" SIG, "\n\n" SIG, "a\n\n\nb\n\n" SIG SIG,
		"\xc3\xa9 \xf0\x9f\x94\x91\n\n" SIG, "t\n\n" SIG "\n" SIG, "t\x7f\n\n" SIG};
	static const char *const bad[] = {"", "\n", "\n\n", "text\n", "text\n\n", "text\n" SIG,
		"text\n\n" SIG "\n", "text\n\n" DASH "a.example/k AAAAAQI=", "text\n\nx" SIG,
		"text\n\n- a.example/k AAAAAQI=\n", "text\n\n" DASH "a.example/k\n",
		"text\n\n" DASH "a.example/k \n", "text\n\n" DASH " AAAAAQI=\n",
		"text\n\n" DASH "a+k AAAAAQI=\n", "text\n\n" DASH "k AAAAAQI= \n",
		"text\n\n" DASH "k  AAAAAQI=\n", "text\n\n" DASH "k AAAAAQ==\n", /* only an id */
		"text\n\n" DASH "k AAAAAQJ=\n", "text\n\n" DASH "k AAAAAQI\n",
		"text\n\n" DASH "k AAAA-QI=\n", "te\txt\n\n" SIG, "te\rxt\n\n" SIG,
		"text\r\n\r\n" SIG, "te\xffxt\n\n" SIG, "te\xc0\x80xt\n\n" SIG,
		"text\n\n" SIG "more\n"};
	static struct vt_note n;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++)
		if (parse(good[i]))
			fail_msg("good note %zu", i);
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (parse(bad[i]) != VT_EFORMAT)
			fail_msg("bad note %zu", i);
	assert_int_equal(vt_note_parse(vt_span_of("t\0\n\n" SIG, 4 + sizeof SIG), &n), VT_EFORMAT);
	/* text and signatures part at the last empty line */
	assert_int_equal(vt_note_parse(vt_span_str("a\n\n\nb\n\n" SIG SIG), &n), VT_OK);
	assert_true(vt_span_eq(n.text, vt_span_str("a\n\n\nb\n")));
	assert_int_equal(n.nlines, 2);
	assert_true(vt_span_eq(n.lines[1].name, vt_span_str("a.example/k")));
	assert_memory_equal(n.lines[1].id, "\0\0\0\1", 4);
}

static void test_limits(void **state)
{
	static struct vt_note n;
	vt_buf b = VT_BUF_INIT(2 * VT_NOTE_MAX);

	(void)state;
	assert_int_equal(vt_buf_addf(&b, "text\n\n"), VT_OK);
	for (size_t i = 0; i < VT_NOTE_SIGS_MAX; i++)
		assert_int_equal(vt_buf_addf(&b, SIG), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
	assert_int_equal(vt_buf_addf(&b, SIG), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_ELIMIT);
	/* signatures of 5 KB: what post-quantum ones need */
	vt_buf_clear(&b);
	assert_int_equal(vt_buf_addf(&b, "text\n\n" DASH "k "), VT_OK);
	for (size_t i = 0; i < 6700; i++)
		assert_int_equal(vt_buf_add_u8(&b, 'A'), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\n"), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
	/* padding in the middle, wherever the reader may have cut the text in pieces */
	for (size_t at = strlen("text\n\n" DASH "k ") + 3; at + 10 < b.n; at += 4) {
		b.p[at] = '=';
		assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_EFORMAT);
		b.p[at] = 'A';
	}
	vt_buf_clear(&b);
	for (size_t i = 0; i < VT_NOTE_MAX; i++)
		assert_int_equal(vt_buf_add_u8(&b, 'x'), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\n\n" SIG), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_ELIMIT);
	vt_buf_free(&b);
}

static void test_cosigned_elsewhere(void **state)
{
	struct vt_signer log = fake_signer("log.example/vectors", VT_KEY_ED25519);
	struct vt_signer w2 = fake_signer("witness.example/w2", VT_KEY_COSIGNATURE);
	struct vt_signer other = fake_signer("witness.example/w4", VT_KEY_COSIGNATURE);
	static struct vt_note n;
	uint64_t time = 77;

	(void)state;
	assert_int_equal(vt_note_parse(fake_file("checkpoint-7-cosigned"), &n), VT_OK);
	assert_int_equal(n.nlines, 4);
	assert_int_equal(vt_note_verify(&n, &log.key, &time), VT_SIGNED_YES);
	assert_int_equal(time, 0);
	assert_int_equal(vt_note_verify(&n, &w2.key, &time), VT_SIGNED_YES);
	assert_int_equal(time, 1790000001);
	assert_int_equal(vt_note_verify(&n, &other.key, &time), VT_SIGNED_NO);
	/* another key under the same name, and another name for the same key, are unknown keys */
	memcpy(other.key.name, w2.key.name, sizeof w2.key.name);
	assert_int_equal(vt_note_verify(&n, &other.key, &time), VT_SIGNED_NO);
	/* the same name and id with another key: the signature must verify, and does not */
	memcpy(other.key.id, w2.key.id, sizeof w2.key.id);
	assert_int_equal(vt_note_verify(&n, &other.key, &time), VT_SIGNED_BAD);
	assert_int_equal(time, 1790000001);
}

/* A note of `text` by `s` at each of `times`. */
static void make(
	vt_buf *b, const char *text, const struct vt_signer *s, uint64_t first, uint64_t second)
{
	vt_buf_clear(b);
	assert_int_equal(vt_buf_addf(b, "%s\n", text), VT_OK);
	assert_int_equal(vt_note_sign(b, s, vt_span_str(text), first), VT_OK);
	if (second)
		assert_int_equal(vt_note_sign(b, s, vt_span_str(text), second), VT_OK);
}

static void test_every_bit_counts(void **state)
{
	static const enum vt_key_type types[] = {VT_KEY_ED25519, VT_KEY_COSIGNATURE};
	static struct vt_note n;
	vt_buf b = VT_BUF_INIT(10000);

	(void)state;
	for (size_t k = 0; k < VT_COUNT(types); k++) {
		struct vt_signer s = fake_signer("some.example/key", types[k]);
		uint64_t time;

		make(&b, "text\nof two lines\n", &s, 1234567890, 0);
		assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
		assert_int_equal(vt_note_verify(&n, &s.key, &time), VT_SIGNED_YES);
		assert_int_equal(time, types[k] == VT_KEY_COSIGNATURE ? 1234567890 : 0);
		for (size_t bit = 0; bit < 8 * b.n; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!vt_note_parse(vt_buf_span(&b), &n) &&
				vt_note_verify(&n, &s.key, &time) == VT_SIGNED_YES)
				fail_msg("bit %zu of %zu", bit, 8 * b.n);
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	vt_buf_free(&b);
}

static void test_times(void **state)
{
	struct vt_signer w = fake_signer("witness.example/w1", VT_KEY_COSIGNATURE);
	static struct vt_note n;
	vt_buf b = VT_BUF_INIT(10000);
	uint64_t oldest = 0, newest = 0;
	size_t before;

	(void)state;
	make(&b, "text\n", &w, 900, 100);
	assert_int_equal(vt_note_sign(&b, &w, vt_span_str("text\n"), 500), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
	assert_int_equal(vt_note_verify_times(&n, &w.key, &oldest, &newest), VT_SIGNED_YES);
	assert_true(oldest == 100 && newest == 900);
	/* one line of three that does not verify */
	b.p[b.n - 10] ^= 1;
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
	assert_int_equal(vt_note_verify(&n, &w.key, &newest), VT_SIGNED_BAD);
	/* tlog-cosignature: at most 2^63 - 1 */
	before = b.n;
	assert_int_equal(vt_note_sign(&b, &w, vt_span_str("text\n"), UINT64_C(1) << 63), VT_EARG);
	assert_int_equal(b.n, before);
	b.max = b.n + 100;
	assert_int_equal(vt_note_sign(&b, &w, vt_span_str("text\n"), 5), VT_ELIMIT);
	assert_int_equal(b.n, before);
	vt_buf_free(&b);
}

static void test_signatures_are_for_one_use(void **state)
{
	struct vt_signer log = fake_signer("both.example/k", VT_KEY_ED25519);
	struct vt_signer w = fake_signer("both.example/k", VT_KEY_COSIGNATURE);
	static struct vt_note n;
	vt_buf b = VT_BUF_INIT(10000);
	uint64_t time;

	(void)state;
	make(&b, "text\n", &log, 0, 0);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &n), VT_OK);
	assert_int_equal(vt_note_verify(&n, &w.key, &time), VT_SIGNED_NO);
	vt_buf_free(&b);
}

#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void test_checkpoints(void **state)
{
	static const char *const good[] = {"o\n0\n" ROOT "\n", "an origin + spaces\n1\n" ROOT "\n",
		"o\n9223372036854775807\n" ROOT "\n"};
	static const char *const bad[] = {"", "o\n", "o\n1\n", "o\n1\n" ROOT, "\n1\n" ROOT "\n",
		"o\n01\n" ROOT "\n", "o\n00\n" ROOT "\n", "o\n-1\n" ROOT "\n", "o\n+1\n" ROOT "\n",
		"o\n\n" ROOT "\n", "o\n1 \n" ROOT "\n", "o\n9223372036854775808\n" ROOT "\n",
		"o\n18446744073709551617\n" ROOT "\n", "o\n1\n" ROOT "\nextension\n",
		"o\n1\n" ROOT "\n\n", "o\n1\nAAAA\n", "o\n1\n" ROOT "AAAA\n",
		"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", "o\t\n1\n" ROOT "\n",
		"\xff\n1\n" ROOT "\n", "o\n0x1\n" ROOT "\n"};
	vt_buf b = VT_BUF_INIT(1000);
	struct vt_checkpoint c;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++) {
		assert_int_equal(vt_checkpoint_parse(vt_span_str(good[i]), &c), VT_OK);
		vt_buf_clear(&b);
		assert_int_equal(vt_checkpoint_write(&b, &c), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(good[i])));
	}
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_checkpoint_parse(vt_span_str(bad[i]), &c) != VT_EFORMAT)
			fail_msg("bad checkpoint %zu", i);
	vt_buf_free(&b);
}

static void test_heads(void **state)
{
	struct vt_signer log = fake_signer("log.example/vectors", VT_KEY_ED25519);
	struct vt_signer other = fake_signer("other.example/log", VT_KEY_ED25519);
	static struct vt_head h;
	vt_buf b = VT_BUF_INIT(1000);

	(void)state;
	assert_int_equal(vt_head_parse(fake_file("checkpoint-7"), &log.key, &h), VT_OK);
	assert_int_equal(h.at.size, 7);
	assert_int_equal(vt_head_parse(fake_file("checkpoint-7"), &other.key, &h), VT_ECHECKSUM);
	/* well signed, but under another log's origin */
	make(&b, "log.example/vectors\n1\n" ROOT "\n", &other, 0, 0);
	assert_int_equal(vt_head_parse(vt_buf_span(&b), &other.key, &h), VT_ECHECKSUM);
	make(&b, "log.example/vectors\n1\n" ROOT "\nmore\n", &log, 0, 0);
	assert_int_equal(vt_head_parse(vt_buf_span(&b), &log.key, &h), VT_EFORMAT);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cosigned_elsewhere),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_signatures_are_for_one_use),
		cmocka_unit_test(test_checkpoints),
		cmocka_unit_test(test_heads),
	};

	return vt_sign_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
