/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter, anchors and evaluation against a search at every place: random patterns, planted where
 * blocks, filter strides and objects end, are found exactly where they stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "compile/builder.h"
#include "engine/cond/eval.h"
#include "engine/db/db.h"
#include "engine/match/match.h"
#include "vitrine/engine.h"

#define BLOCK 32768
#define OBJECT_MAX (2 * BLOCK + 300)
#define PATTERN_MAX 14
#define RULES_MAX 1400

/* A pattern of bytes, some of which may be any. */
struct pattern {
	uint8_t bytes[PATTERN_MAX], any[PATTERN_MAX];
	unsigned n, target;
	bool nocase, head;
};

static struct pattern patterns[RULES_MAX];
static size_t npatterns;
static uint8_t object[OBJECT_MAX];
static uint32_t seed;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static uint32_t below(uint32_t n)
{
	return next_random() % n;
}

static void must(vt_err e)
{
	assert_int_equal(e, VT_OK);
}

static void make_pattern(struct pattern *p, unsigned min, unsigned max)
{
	*p = (struct pattern){
		.n = min + below(max - min + 1),
		.target = below(3) ? 0 : below(VT_TARGETS),
		.nocase = below(4) == 0,
		.head = below(8) == 0,
	};
	for (unsigned i = 0; i < p->n; i++) {
		p->bytes[i] = (uint8_t)(p->nocase ? 'a' + below(26) : below(256));
		p->any[i] = i >= min && below(10) == 0;
	}
}

static void put_code(vt_buf *code, const struct pattern *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		must(vt_buf_add_u8(code, p->any[i] ? VT_OP_MASK : VT_OP_LIT));
		must(vt_buf_add_u16(code, 1));
		must(vt_buf_add_u8(code, p->any[i] ? 0 : p->bytes[i]));
		if (p->any[i])
			must(vt_buf_add_u8(code, 0));
	}
}

static void add_rule(struct vt_builder *b, const struct pattern *p, uint32_t line)
{
	static const uint8_t logic[] = {VT_LOGIC_SUB, VT_CMP_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};
	vt_buf code = VT_BUF_INIT(4096);
	struct vt_sub sub = {.kind = VT_SUB_CONTENT, .npatterns = 1};
	struct vt_rule rule = {.line = line,
		.name = vt_span_str("R"),
		.target = (uint8_t)p->target,
		.logic = {logic, sizeof logic},
		.nsubs = 1,
		.subs = &sub};
	const char *why;

	put_code(&code, p);
	sub.patterns[0].code = vt_buf_span(&code);
	sub.patterns[0].flags = p->nocase ? VT_PATTERN_NOCASE : 0;
	sub.offset.kind = p->head ? VT_OFF_ABS : VT_OFF_ANY;
	rule.tdb.size_max = UINT64_MAX;
	rule.tdb.container = VT_TYPE_ANY;
	must(vt_builder_add_rule(b, &rule, &why));
	vt_buf_free(&code);
}

static vt_err append(void *ctx, const void *p, size_t n)
{
	return vt_buf_add(ctx, p, n);
}

static struct vt_db *make_db(uint8_t **out_image)
{
	vt_buf text = VT_BUF_INIT(1 << 20), bytes = VT_BUF_INIT((size_t)64 << 20);
	struct vt_builder *b = NULL;
	struct vt_db *db = NULL;
	size_t n;

	for (size_t i = 0; i < npatterns; i++)
		must(vt_buf_add(&text, "R:\n", 3));
	must(vt_builder_new(&b));
	must(vt_builder_begin_set(b, vt_span_str("a.ndb"), vt_buf_span(&text)));
	for (size_t i = 0; i < npatterns; i++)
		add_rule(b, &patterns[i], (uint32_t)i + 1);
	must(vt_builder_emit(b, append, &bytes));
	vt_builder_free(b);
	n = (bytes.n + VT_IMAGE_ALIGN - 1) / VT_IMAGE_ALIGN * VT_IMAGE_ALIGN;
	*out_image = aligned_alloc(VT_IMAGE_ALIGN, n);
	assert_non_null(*out_image);
	memcpy(*out_image, bytes.p, bytes.n);
	must(vt_db_open(vt_span_of(*out_image, bytes.n), &db));
	vt_buf_free(&text);
	vt_buf_free(&bytes);
	return db;
}

static bool stands_at(const struct pattern *p, const uint8_t *at)
{
	for (unsigned i = 0; i < p->n; i++) {
		uint8_t c = at[i];

		if (p->nocase && c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (!p->any[i] && c != p->bytes[i])
			return false;
	}
	return true;
}

static bool stands(const struct pattern *p, vt_span s)
{
	for (size_t i = 0; i + p->n <= s.n; i++) {
		if (stands_at(p, s.p + i))
			return true;
		if (p->head)
			break;
	}
	return false;
}

static void plant(const struct pattern *p, size_t at, size_t n)
{
	if (p->head)
		at = 0;
	for (unsigned i = 0; i < p->n && at + i < n; i++) {
		uint8_t c = p->any[i] ? (uint8_t)below(256) : p->bytes[i];

		object[at + i] = p->nocase && !p->any[i] && below(2) ? (uint8_t)(c & 0xdf) : c;
	}
}

static void check_object(const struct vt_db *db, const struct vt_filter_impl *impl,
	struct vt_eval *eval, const struct vt_object *o)
{
	static bool fired[RULES_MAX];
	struct vt_budget budget;
	struct vt_limits limits = vt_limits_default();
	const struct vt_candidate *c;
	struct vt_match *m = NULL;
	struct vt_steps steps;
	size_t n;

	memset(fired, 0, sizeof fired);
	vt_budget_start(&budget, &limits, NULL, NULL);
	vt_steps_start(&steps, limits.match_steps, &budget);
	must(vt_match_new(db, impl, &m));
	must(vt_match_object(m, o, &budget, &c, &n));
	for (size_t i = 0; i < n; i++) {
		const struct vt_image_rule *r = vt_db_rule(db, c[i].rule);

		if (r)
			fired[r->line] = vt_eval_rule(eval, o, &steps, r, r->anchored & ~c[i].subs);
	}
	vt_match_free(m);
	for (size_t i = 0; i < npatterns; i++) {
		const struct pattern *p = &patterns[i];
		bool mine = p->target == 0 || p->target == o->target;

		if (fired[i] != (mine && stands(p, o->bytes)))
			fail_msg("%s: pattern %zu of %u bytes in %zu: %d", impl->name, i, p->n,
				o->bytes.n, fired[i]);
	}
}

/* One object with patterns at the borders, in memory that ends with it. */
static void check_planted(const struct vt_db *db, struct vt_eval *eval, size_t n)
{
	static const size_t borders[] = {0, 64, 144, BLOCK, 2 * BLOCK};
	struct vt_object o = {.target = below(VT_TARGETS)};
	uint8_t *copy = malloc(n);

	assert_non_null(copy);
	for (size_t i = 0; i < n; i++)
		object[i] = (uint8_t)below(256);
	for (unsigned k = 0; k < 12; k++) {
		const struct pattern *p = &patterns[below((uint32_t)npatterns)];
		size_t at = borders[below(VT_COUNT(borders))] + below(4);

		plant(p, at > p->n ? at - below(p->n + 1) : 0, n);
		p = &patterns[below((uint32_t)npatterns)];
		if (n >= p->n)
			plant(p, n - p->n - (k % 3 && n > p->n + k ? k : 0), n);
	}
	memcpy(copy, object, n);
	o.bytes = vt_span_of(copy, n);
	for (const struct vt_filter_impl *const *i = vt_filter_impls(); *i; i++)
		check_object(db, *i, eval, &o);
	free(copy);
}

static void check_patterns(unsigned stride, unsigned objects)
{
	struct vt_eval *eval = NULL;
	uint8_t *image = NULL;
	struct vt_db *db = make_db(&image);

	assert_int_equal(db->filters[0].short_stride, stride);
	must(vt_eval_new(db, &eval));
	for (unsigned k = 0; k < objects; k++) {
		size_t n = k % 3 == 0 ? 1 + below(400)
			: k % 3 == 1  ? BLOCK + below(300)
				      : OBJECT_MAX - below(300);

		check_planted(db, eval, n);
	}
	vt_eval_free(eval);
	vt_db_close(db);
	free(image);
}

static void test_few_patterns(void **state)
{
	(void)state;
	seed = 1;
	npatterns = 150;
	for (size_t i = 0; i < npatterns; i++)
		make_pattern(&patterns[i], 2, PATTERN_MAX);
	check_patterns(2, 40);
}

/* So many short literals that the filter goes byte by byte. */
static void test_many_short_patterns(void **state)
{
	(void)state;
	seed = 2;
	npatterns = RULES_MAX;
	for (size_t i = 0; i < npatterns; i++) {
		make_pattern(&patterns[i], 3, 4);
		patterns[i].target = 0;
	}
	check_patterns(1, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_patterns),
		cmocka_unit_test(test_many_short_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
