/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No rule is missed for want of an anchor: whatever logic holds, with whatever hits, has a hit of
 * one of the subsignatures that its cover names, or it has no cover.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "compile/internal.h"
#include "engine/cond/sub.h"

#define NSUBS 7
#define PCRE_SUB (NSUBS - 1) /* its trigger is logic over those before it */
#define LOGICS 3000
#define ASSIGNMENTS 40

static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void must(vt_err e)
{
	assert_int_equal(e, VT_OK);
}

static void put_head(vt_buf *code, uint8_t op, uint32_t children)
{
	uint8_t compare = (uint8_t)(below(2) ? VT_CMP_NONE : below(4));

	must(vt_buf_add_u8(code, op));
	must(vt_buf_add_u8(code, compare));
	must(vt_buf_add_u32(code, below(3) + (compare == VT_CMP_LT)));
	must(vt_buf_add_u32(code, op == VT_LOGIC_SUB ? 0 : below(children + 1)));
}

static void put_logic(vt_buf *code, unsigned depth, unsigned nsubs)
{
	uint32_t children = 1 + below(4);
	size_t at;
	uint16_t size;

	if (depth == 0 || below(3) == 0) {
		put_head(code, VT_LOGIC_SUB, 0);
		must(vt_buf_add_u16(code, 1));
		must(vt_buf_add_u8(code, (uint8_t)below(nsubs)));
		return;
	}
	put_head(code, below(2) ? VT_LOGIC_AND : VT_LOGIC_OR, children);
	at = code->n;
	must(vt_buf_add_u16(code, 0));
	while (children--)
		put_logic(code, depth - 1, nsubs);
	size = (uint16_t)(code->n - at - 2);
	memcpy(code->p + at, &size, sizeof size);
}

/* Subsignatures of unlike cost: literals of two to eight bytes, and one without any. */
static void make_subs(struct vt_sub subs[NSUBS], uint8_t codes[NSUBS][16], vt_span trigger)
{
	for (unsigned i = 0; i < PCRE_SUB; i++) {
		uint8_t n = (uint8_t)(i ? 2 + below(7) : 1);

		codes[i][0] = VT_OP_LIT;
		codes[i][1] = n;
		codes[i][2] = 0;
		for (unsigned k = 0; k < n; k++)
			codes[i][3 + k] = (uint8_t)below(256);
		subs[i] = (struct vt_sub){.kind = VT_SUB_CONTENT, .npatterns = 1};
		subs[i].patterns[0].code = vt_span_of(codes[i], 3u + n);
	}
	subs[PCRE_SUB] = (struct vt_sub){
		.kind = VT_SUB_PCRE, .regex = vt_span_str("a"), .trigger_logic = trigger};
}

static void set_hits(struct vt_eval *e, unsigned i, uint32_t count)
{
	e->hits[i] = (struct vt_hits){.count = count, .all = true, .known = true};
}

/* Random hits; those of the expression only if its trigger holds. Returns which have any. */
static uint64_t assign(struct vt_eval *e, vt_span trigger)
{
	uint64_t hit = 0;

	for (unsigned i = 0; i < NSUBS; i++)
		set_hits(e, i, below(2) ? 0 : below(4));
	if (!vt_logic_holds(e, trigger))
		set_hits(e, PCRE_SUB, 0);
	for (unsigned i = 0; i < NSUBS; i++)
		hit |= (uint64_t)(e->hits[i].count > 0) << i;
	return hit;
}

static void check_logic(vt_span logic, vt_span trigger, unsigned *held)
{
	static uint8_t codes[NSUBS][16];
	struct vt_sub subs[NSUBS];
	struct vt_rule rule = {.line = 1, .logic = logic, .nsubs = NSUBS, .subs = subs};
	struct vt_builder *b = NULL;
	const struct vt_image_rule *image;
	const char *why = NULL;
	uint64_t cover = 0;
	vt_cost cost;

	make_subs(subs, codes, trigger);
	must(vt_builder_new(&b));
	must(vt_builder_begin_set(b, vt_span_str("a.ldb"), vt_span_str("R;\n")));
	must(vt_builder_add_rule(b, &rule, &why));
	image = vt_vec_data(&b->rules, struct vt_image_rule);
	cost = vt_cover(b, image, &cover);
	for (unsigned i = 0; i < ASSIGNMENTS && cost != VT_COST_NONE; i++) {
		struct vt_steps steps = {.left = 1000000};
		struct vt_eval e = {.rule = image, .steps = &steps};
		uint64_t hit = assign(&e, trigger);

		if (!vt_logic_holds(&e, logic))
			continue;
		++*held;
		assert_int_not_equal(hit & cover, 0);
	}
	vt_builder_free(b);
}

static void test_covers_miss_nothing(void **state)
{
	vt_buf logic = VT_BUF_INIT(1 << 16), trigger = VT_BUF_INIT(1 << 16);
	unsigned held = 0;

	(void)state;
	for (unsigned i = 0; i < LOGICS; i++) {
		vt_buf_clear(&logic);
		vt_buf_clear(&trigger);
		put_logic(&logic, 3, NSUBS);
		put_logic(&trigger, 2, PCRE_SUB);
		check_logic(vt_buf_span(&logic), vt_buf_span(&trigger), &held);
	}
	assert_true(held > LOGICS);
	vt_buf_free(&logic);
	vt_buf_free(&trigger);
}

/* Triggers that name each other many times over, and in a circle, take no longer. */
static void test_circles_end(void **state)
{
	static const uint8_t any[12] = {[0] = VT_LOGIC_OR, [10] = 13 * 8};
	static struct vt_sub subs[VT_MAX_SUBS];
	struct vt_rule rule = {.line = 1, .nsubs = VT_MAX_SUBS, .subs = subs};
	static uint8_t triggers[VT_MAX_SUBS][12 + 13 * 8];
	struct vt_builder *b = NULL;
	const char *why = NULL;
	uint64_t cover;

	(void)state;
	for (unsigned i = 0; i < VT_MAX_SUBS; i++) {
		memcpy(triggers[i], any, sizeof any);
		for (unsigned k = 0; k < 8; k++) {
			uint8_t *node = triggers[i] + 12 + 13 * (size_t)k;

			node[0] = VT_LOGIC_SUB;
			node[10] = 1;
			node[12] = (uint8_t)((i + k + 1) % VT_MAX_SUBS);
		}
		subs[i] = (struct vt_sub){.kind = VT_SUB_PCRE,
			.regex = vt_span_str("a"),
			.trigger_logic = vt_span_of(triggers[i], sizeof triggers[i])};
	}
	rule.logic = subs[0].trigger_logic;
	must(vt_builder_new(&b));
	must(vt_builder_begin_set(b, vt_span_str("a.ldb"), vt_span_str("R;\n")));
	must(vt_builder_add_rule(b, &rule, &why));
	assert_true(
		vt_cover(b, vt_vec_data(&b->rules, struct vt_image_rule), &cover) == VT_COST_NONE);
	vt_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_covers_miss_nothing),
		cmocka_unit_test(test_circles_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
