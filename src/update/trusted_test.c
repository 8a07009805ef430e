/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine never goes behind: written and read, cut off nowhere unnoticed, bounded. */
#include "update/trusted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

static struct vt_trusted *example(void)
{
	struct vt_trusted *t = calloc(1, sizeof *t);
	uint8_t seed[VT_SEED_SIZE] = {7};
	struct vt_signer s;

	assert_non_null(t);
	assert_int_equal(
		vt_signer_make(vt_span_str("updates.example/x"), VT_KEY_ED25519, seed, &s), VT_OK);
	t->has_log = true;
	t->log = s.key;
	t->clock = 1700000000;
	t->anchor.b[0] = 1;
	t->has_head = t->has_root = t->has_state = t->has_chosen = true;
	t->head = (struct vt_trusted_head){.size = 12, .root = {{2}}, .since = 1700000001};
	t->note = vt_span_str("a note\nof lines\n\nwith an empty one\n");
	t->root_index = 3;
	t->root = vt_span_str("vitrine/root/v1\n");
	t->state = (struct vt_trusted_state){11, 5, {{3}}, 1700000002};
	t->chosen = (struct vt_trusted_state){9, 4, {{4}}, 1700000003};
	vt_trusted_add_head(t, &t->head);
	assert_int_equal(vt_trusted_add_set(t,
				 &(struct vt_trusted_set){
					 VT_ENTRY_CONTENT, vt_span_str("main"), 7, 10, {{5}}}),
		VT_OK);
	t->planned[t->nplanned++] = t->sets[0];
	return t;
}

static void test_round_trip(void **state)
{
	struct vt_trusted *t = example(), *again = calloc(1, sizeof *again);
	vt_buf b = VT_BUF_INIT(VT_TRUSTED_MAX), c = VT_BUF_INIT(VT_TRUSTED_MAX);

	(void)state;
	assert_non_null(again);
	assert_int_equal(vt_trusted_write(&b, t), VT_OK);
	assert_int_equal(vt_trusted_parse(vt_buf_span(&b), again), VT_OK);
	assert_int_equal(vt_trusted_write(&c, again), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_buf_span(&c)));
	assert_true(vt_span_eq(again->note, t->note) && vt_span_eq(again->root, t->root));
	assert_int_equal(
		vt_trusted_set_of(again, VT_ENTRY_CONTENT, vt_span_str("main"))->version, 7);
	assert_null(vt_trusted_set_of(again, VT_ENTRY_DIRECTIVE, vt_span_str("main")));
	/* without its last line's end, or the middle of a line, it is damaged */
	for (size_t n = 0; n < b.n; n++)
		assert_true(vt_trusted_parse(vt_span_of(b.p, n), again) == VT_EFORMAT ||
			b.p[n - 1] == '\n');
	vt_buf_free(&b);
	vt_buf_free(&c);
	free(t);
	free(again);
}

static void test_heads_are_few_and_the_first_sight_counts(void **state)
{
	struct vt_trusted *t = calloc(1, sizeof *t);

	(void)state;
	assert_non_null(t);
	for (uint64_t i = 1; i <= VT_TRUSTED_HEADS_MAX + 5u; i++)
		vt_trusted_add_head(
			t, &(struct vt_trusted_head){.size = 10 * i, .since = (int64_t)i});
	assert_int_equal(t->nheads, VT_TRUSTED_HEADS_MAX);
	assert_int_equal(t->heads[0].size, 60);
	assert_int_equal(t->heads[t->nheads - 1].size, 10 * (VT_TRUSTED_HEADS_MAX + 5));
	vt_trusted_add_head(t, &(struct vt_trusted_head){.size = 70, .since = 99});
	assert_int_equal(t->heads[1].size, 70);
	assert_int_equal(t->heads[1].since, 7);
	vt_trusted_add_head(t, &(struct vt_trusted_head){.size = 5, .since = 99});
	assert_int_equal(t->heads[0].size, 60); /* older than all: no room is made for it */
	for (size_t i = 1; i < t->nheads; i++)
		assert_true(t->heads[i - 1].size < t->heads[i].size);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_heads_are_few_and_the_first_sight_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
