/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "tlog/fake_files.h"
#include "tlog/witness.h"

static struct vt_signer log_;
static struct vt_witnessed nothing, at5, at7, forked7;

static struct vt_witnessed state_of(const char *name)
{
	static struct vt_head h;

	if (vt_head_parse(fake_file(name), &log_.key, &h))
		abort();
	return (struct vt_witnessed){h.at.size, h.at.root};
}

static int setup(void **state)
{
	(void)state;
	log_ = fake_signer("log.example/vectors", VT_KEY_ED25519);
	at5 = state_of("checkpoint-5");
	at7 = state_of("checkpoint-7");
	forked7 = state_of("checkpoint-7-forked");
	return 0;
}

/* The status for `r`; the new state must be `then` at 200, and untouched otherwise. */
static void expect(const struct vt_add_checkpoint *r, struct vt_witnessed state, unsigned status,
	bool conflict, const struct vt_witnessed *then)
{
	struct vt_witnessed now = {.size = 4711};
	bool size_conflict = !conflict;

	assert_int_equal(vt_witness_decide(r, &log_.key, &state, &now, &size_conflict), status);
	assert_int_equal(size_conflict, conflict);
	assert_int_equal(now.size, then ? then->size : 4711);
	if (then)
		assert_true(vt_hash_eq(&now.root, &then->root));
}

static void request(const char *name, struct vt_add_checkpoint *out)
{
	assert_int_equal(vt_add_checkpoint_parse(fake_file(name), out), VT_OK);
}

static void test_growth(void **state)
{
	static struct vt_add_checkpoint r;

	(void)state;
	request("add-checkpoint-5-7", &r);
	assert_int_equal(r.old_size, 5);
	assert_int_equal(r.proof.n, 4);
	expect(&r, at5, 200, false, &at7);
	/* the state is of another size */
	expect(&r, nothing, 409, true, NULL);
	expect(&r, at7, 409, true, NULL);
	/* the same size, another tree */
	at5.root.b[0] ^= 1;
	expect(&r, at5, 422, false, NULL);
	at5.root.b[0] ^= 1;
	r.proof.v[2].b[9] ^= 1;
	expect(&r, at5, 422, false, NULL);
	request("add-checkpoint-5-7", &r);
	r.proof.n--;
	expect(&r, at5, 422, false, NULL);
	r.note = fake_file("checkpoint-7-forked");
	expect(&r, at5, 422, false, NULL);
	r.note = fake_file("checkpoint-7-cosigned"); /* others' signatures do not matter */
	r.proof.n++;
	expect(&r, at5, 200, false, &at7);
}

static void test_first_and_same(void **state)
{
	static struct vt_add_checkpoint r;

	(void)state;
	request("add-checkpoint-0-7", &r);
	expect(&r, nothing, 200, false, &at7);
	r.proof.n = 1;
	expect(&r, nothing, 422, false, NULL); /* "MUST be empty if the old size is zero" */
	r.proof.n = 0;
	expect(&r, at7, 409, true, NULL); /* how a client asks for the size */
	r.old_size = 7;
	expect(&r, at7, 200, false, &at7); /* again, for a newer time */
	expect(&r, forked7, 409, false, NULL);
	r.proof.n = 1;
	expect(&r, at7, 422, false, NULL);
	expect(&r, forked7, 409, false, NULL);
	r.old_size = 8;
	expect(&r, at7, 400, false, NULL);
	expect(&r, nothing, 400, false, NULL);
}

static void test_who_signed(void **state)
{
	static struct vt_add_checkpoint r;
	struct vt_signer right = log_;
	vt_buf b = VT_BUF_INIT(10000);
	vt_span text;
	size_t n;

	(void)state;
	request("add-checkpoint-0-7", &r);
	log_ = fake_signer("other.example/log", VT_KEY_ED25519);
	expect(&r, nothing, 403, false, NULL);
	/* another key of the same name */
	memcpy(log_.key.name, right.key.name, sizeof log_.key.name);
	expect(&r, nothing, 403, false, NULL);
	log_ = right;
	assert_int_equal(vt_buf_add(&b, r.note.p, r.note.n), VT_OK);
	b.p[b.n - 20] ^= 1; /* in the signature */
	r.note = vt_buf_span(&b);
	expect(&r, nothing, 403, false, NULL);
	/* signed, and not a checkpoint as we want them */
	request("add-checkpoint-0-7", &r);
	assert_true(vt_span_find(r.note, 0, "\n\n", 2, &n));
	text = vt_span_of(r.note.p, n + 1);
	for (unsigned i = 0; i < 2; i++) {
		vt_buf t = VT_BUF_INIT(1000);

		assert_int_equal(vt_buf_add(&t, text.p, text.n), VT_OK);
		assert_int_equal(vt_buf_addf(&t, "%s", i ? "more\n" : ""), VT_OK);
		vt_buf_clear(&b);
		assert_int_equal(vt_buf_addf(&b, "%.*s\n", (int)t.n, (const char *)t.p), VT_OK);
		assert_int_equal(vt_note_sign(&b, &log_, vt_buf_span(&t), 0), VT_OK);
		r.note = vt_buf_span(&b);
		expect(&r, nothing, i ? 400 : 200, false, i ? NULL : &at7);
		vt_buf_free(&t);
	}
	vt_buf_free(&b);
}

static void test_the_empty_tree(void **state)
{
	struct vt_witnessed empty = {0}, wrong = {0};
	static struct vt_add_checkpoint r;
	vt_buf b = VT_BUF_INIT(1000), t = VT_BUF_INIT(1000);
	struct vt_checkpoint c = {vt_span_str("log.example/vectors"), 0, {{0}}};

	(void)state;
	vt_merkle_empty(&empty.root);
	for (unsigned i = 0; i < 2; i++) {
		vt_buf_clear(&b);
		vt_buf_clear(&t);
		c.root = i ? wrong.root : empty.root;
		assert_int_equal(vt_checkpoint_write(&t, &c), VT_OK);
		assert_int_equal(vt_buf_addf(&b, "%.*s\n", (int)t.n, (const char *)t.p), VT_OK);
		assert_int_equal(vt_note_sign(&b, &log_, vt_buf_span(&t), 0), VT_OK);
		r.note = vt_buf_span(&b);
		expect(&r, nothing, i ? 409 : 200, false, i ? NULL : &empty);
	}
	vt_buf_free(&b);
	vt_buf_free(&t);
}

static void test_bodies(void **state)
{
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	static const char *const bad[] = {"", "old 5", "old 5\n", "old 5\n\n", "old 05\n\nx",
		"old -1\n\nx", "old  5\n\nx", "old\n\nx", "new 5\n\nx", "old 5\nAAAA\n\nx",
		"old 5\n" HASH "x", "old 9223372036854775808\n\nx", "old 18446744073709551616\n\nx",
		"old 5 \n\nx", "old 5\r\n\r\nx", "\nold 5\n\nx"};
	struct vt_add_checkpoint r;
	vt_buf b = VT_BUF_INIT(2 * VT_WITNESS_REQUEST_MAX);
	vt_span body = fake_file("add-checkpoint-5-7");

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_add_checkpoint_parse(vt_span_str(bad[i]), &r) != VT_EFORMAT)
			fail_msg("body %zu", i);
	assert_int_equal(vt_add_checkpoint_parse(body, &r), VT_OK);
	assert_int_equal(vt_add_checkpoint_write(&b, &r), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), body));
	for (unsigned n = 63; n <= 64; n++) {
		vt_buf_clear(&b);
		assert_int_equal(vt_buf_addf(&b, "old 5\n"), VT_OK);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(vt_buf_addf(&b, HASH), VT_OK);
		assert_int_equal(vt_buf_addf(&b, "\nx"), VT_OK);
		assert_int_equal(
			vt_add_checkpoint_parse(vt_buf_span(&b), &r), n == 63 ? VT_OK : VT_EFORMAT);
	}
	while (b.n <= VT_WITNESS_REQUEST_MAX)
		assert_int_equal(vt_buf_add_u8(&b, 'x'), VT_OK);
	assert_int_equal(vt_add_checkpoint_parse(vt_buf_span(&b), &r), VT_ELIMIT);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_first_and_same),
		cmocka_unit_test(test_who_signed),
		cmocka_unit_test(test_the_empty_tree),
		cmocka_unit_test(test_bodies),
	};

	return vt_sign_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
