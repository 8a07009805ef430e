/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/entry.h"
#include "entry/samples.h"

#define ORIGIN "log.example/content"

static vt_arena arena = VT_ARENA_INIT((size_t)8 << 20);
static struct vt_signer alice, bob, carol, dora, wit;
static vt_span origin;

static void make(const char *name, enum vt_key_type type, uint8_t byte, struct vt_signer *out)
{
	uint8_t seed[VT_SEED_SIZE];

	memset(seed, byte, sizeof seed);
	assert_int_equal(vt_signer_make(vt_span_str(name), type, seed, out), VT_OK);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(vt_sign_init(), VT_OK);
	make("alice", VT_KEY_ED25519, 1, &alice);
	make("bob", VT_KEY_ED25519, 2, &bob);
	make("carol", VT_KEY_ED25519, 3, &carol);
	make("dora", VT_KEY_ED25519, 4, &dora);
	make("wit", VT_KEY_COSIGNATURE, 7, &wit);
	origin = vt_span_str(ORIGIN);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vt_arena_free(&arena);
	return 0;
}

static struct vt_entry parse(vt_span bytes)
{
	struct vt_entry_error why = {0};
	struct vt_entry e = {0};
	vt_err err = vt_entry_parse(bytes, &arena, &e, &why);

	if (err)
		print_error("line %u: %s\n", why.line, why.cause);
	assert_int_equal(err, VT_OK);
	return e;
}

static void start(vt_buf *b, const char *text)
{
	vt_buf_clear(b);
	assert_int_equal(vt_buf_addf(b, "%s", text), VT_OK);
}

static void sign(vt_buf *b, const struct vt_signer *who)
{
	assert_int_equal(vt_entry_sign(b, origin, who), VT_OK);
}

static void test_message(void **state)
{
	vt_buf b = VT_BUF_INIT(1000);
	static const char text[] = "vitrine/entry/v1\n" ORIGIN "\n" SAMPLE_RULE;

	(void)state;
	assert_int_equal(vt_entry_message(&b, origin, vt_span_str(SAMPLE_RULE)), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(text)));
	vt_buf_free(&b);
}

/* Signatures stand in order, whoever signs first; the same bytes then. */
static void test_order(void **state)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX), other = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_entry e;

	(void)state;
	start(&b, SAMPLE_RULE);
	sign(&b, &bob);
	sign(&b, &carol);
	sign(&b, &alice);
	start(&other, SAMPLE_RULE);
	sign(&other, &alice);
	sign(&other, &bob);
	sign(&other, &carol);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_buf_span(&other)));
	e = parse(vt_buf_span(&b));
	assert_int_equal(e.nsigs, 3);
	assert_true(vt_span_eq(e.sigs[0].name, vt_span_str("alice")));
	assert_true(vt_span_eq(e.text, vt_span_str(SAMPLE_RULE)));
	assert_int_equal(vt_entry_sign(&b, origin, &bob), VT_EARG);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_buf_span(&other)));
	vt_buf_free(&b);
	vt_buf_free(&other);
}

static void test_sign_refuses(void **state)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_signer umlaut;

	(void)state;
	make("\xc3\xa4", VT_KEY_ED25519, 5, &umlaut);
	start(&b, SAMPLE_RULE);
	assert_int_equal(vt_entry_sign(&b, origin, &wit), VT_EARG);
	assert_int_equal(vt_entry_sign(&b, origin, &umlaut), VT_EARG);
	assert_int_equal(b.n, strlen(SAMPLE_RULE));
	start(&b, "vitrine/withdraw/v1\nwhat rule\n");
	assert_int_equal(vt_entry_sign(&b, origin, &alice), VT_EFORMAT);
	start(&b, SAMPLE_RULE);
	b.max = b.n;
	assert_int_equal(vt_entry_sign(&b, origin, &alice), VT_ELIMIT);
	assert_int_equal(b.n, strlen(SAMPLE_RULE));
	vt_buf_free(&b);
}

static vt_err count(
	vt_span bytes, const char *where, const struct vt_key *keys, size_t n, unsigned *out)
{
	struct vt_entry e = parse(bytes);

	return vt_entry_signers(&e, vt_span_str(where), keys, n, out);
}

static void test_signers(void **state)
{
	const struct vt_key keys[] = {alice.key, bob.key, carol.key};
	struct vt_key twice[] = {bob.key, bob.key, bob.key};
	struct vt_signer zed, false_bob;
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	unsigned n = 99;

	(void)state;
	start(&b, SAMPLE_RULE);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_OK);
	assert_int_equal(n, 0);
	sign(&b, &alice);
	sign(&b, &dora);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_OK);
	assert_int_equal(n, 1);
	sign(&b, &bob);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 0, &n), VT_OK);
	assert_int_equal(n, 0);
	/* one key is one signer, however often and under whatever name it is asked for */
	make("zed", VT_KEY_ED25519, 2, &zed);
	sign(&b, &zed);
	twice[2] = zed.key;
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, twice, 3, &n), VT_OK);
	assert_int_equal(n, 1);
	/* another log, another text, another key of the same name */
	n = 99;
	assert_int_equal(count(vt_buf_span(&b), "log.example/other", keys, 3, &n), VT_ECHECKSUM);
	assert_int_equal(n, 99);
	b.p[strlen(SAMPLE_RULE) - 2] ^= 1;
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_ECHECKSUM);
	start(&b, SAMPLE_RULE);
	make("bob", VT_KEY_ED25519, 8, &false_bob);
	sign(&b, &false_bob);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_OK);
	assert_int_equal(n, 0);
	/* with the id of a key that did not make it */
	memcpy(false_bob.key.id, bob.key.id, 4);
	start(&b, SAMPLE_RULE);
	sign(&b, &alice);
	sign(&b, &false_bob);
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, keys, 3, &n), VT_ECHECKSUM);
	/* a cosignature's key signs no entries */
	start(&b, SAMPLE_RULE);
	sign(&b, &bob);
	twice[0].type = VT_KEY_COSIGNATURE;
	assert_int_equal(count(vt_buf_span(&b), ORIGIN, twice, 1, &n), VT_ECHECKSUM);
	vt_buf_free(&b);
}

/* A root of these keys, by name, signed by `by`. */
static struct vt_entry root(uint64_t version, const vt_hash *previous, unsigned threshold,
	const struct vt_signer *const *keys, const struct vt_signer *const *by, vt_hash *out_leaf)
{
	vt_buf text = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_key k[8];
	struct vt_entry e = {.kind = VT_ENTRY_ROOT,
		.u.root = {.version = version,
			.expires = 2000000000,
			.threshold = threshold,
			.keys = k}};

	if (previous)
		e.u.root.previous = (struct vt_leaf){true, *previous};
	for (; *keys; keys++)
		k[e.u.root.nkeys++] = (*keys)->key;
	assert_int_equal(vt_entry_write(&text, &e), VT_OK);
	for (; *by; by++)
		sign(&text, *by);
	vt_merkle_leaf(vt_buf_span(&text), out_leaf);
	e = parse(vt_span_of(vt_arena_copy(&arena, vt_buf_span(&text)), text.n));
	vt_buf_free(&text);
	return e;
}

#define PEOPLE(...)                                                                                \
	(const struct vt_signer *const[])                                                          \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void follows(const struct vt_entry *now, const vt_hash *leaf, const struct vt_entry *next,
	const char *no)
{
	const char *why = NULL;
	vt_err e = vt_root_follows(now, leaf, next, origin, &why);

	assert_int_equal(e, no ? VT_ECHECKSUM : VT_OK);
	if (no)
		assert_string_equal(why, no);
}

static void test_roots(void **state)
{
	static const char few_own[] = "too few of its own keys signed it";
	static const char few_old[] = "too few keys of the root before signed it";
	const struct vt_signer *const *const old = PEOPLE(&alice, &bob);
	const struct vt_signer *const *const new = PEOPLE(&bob, &carol, &dora);
	struct vt_entry first, next, other;
	vt_hash leaf, leaf2, none = {0};

	(void)state;
	first = root(1, NULL, 2, old, old, &leaf);
	follows(NULL, NULL, &first, NULL);
	next = root(2, &leaf, 2, new, PEOPLE(&alice, &bob, &carol), &leaf2);
	follows(&first, &leaf, &next, NULL);
	/* a root without its quorum, the new one's or the old one's */
	other = root(1, NULL, 2, old, PEOPLE(&alice), &leaf2);
	follows(NULL, NULL, &other, few_own);
	other = root(2, &leaf, 2, new, PEOPLE(&alice, &bob), &leaf2);
	follows(&first, &leaf, &other, few_own);
	other = root(2, &leaf, 2, new, PEOPLE(&bob, &carol, &dora), &leaf2);
	follows(&first, &leaf, &other, few_old);
	other = root(2, &leaf, 1, new, PEOPLE(&carol), &leaf2);
	follows(&first, &leaf, &other, few_old);
	/* out of its place */
	follows(NULL, NULL, &next, "not the first root");
	follows(&first, &leaf, &first, "not the next version");
	other = root(3, &leaf, 2, new, PEOPLE(&alice, &bob, &carol), &leaf2);
	follows(&first, &leaf, &other, "not the next version");
	other = root(2, &none, 2, new, PEOPLE(&alice, &bob, &carol), &leaf2);
	follows(&first, &leaf, &other, "it follows another root");
	/* a false signature is not just one that is missing */
	other = root(2, &leaf, 2, new, PEOPLE(&alice, &bob, &carol, &dora), &leaf2);
	other.sigs[3].sig[5] ^= 1;
	follows(&first, &leaf, &other, "one of the signatures is false");
	other = parse(vt_span_str(SAMPLE_RULE));
	follows(&first, &leaf, &other, "not a root");
	follows(&other, &leaf, &next, "not a root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_sign_refuses),
		cmocka_unit_test(test_signers),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
