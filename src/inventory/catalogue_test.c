/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "inventory/catalogue.h"

#define MEMORY ((size_t)64 << 20)
#define HEAD                                                                                       \
	"{\"format\":\"vitrine/catalogue/1\",\"id\":\"t\",\"version\":\"1\",\"title\":\"T\","      \
	"\"sources\":{\"s\":{\"text\":\"S\",\"url\":\"https://s\"}},"
#define SOURCE "\"source\":\"s\",\"confidence\":\"read\""
#define PRODUCT "{\"id\":\"p-one\",\"name\":\"P\",\"entity\":\"e\",\"category\":\"c\"," SOURCE "}"
#define DOC(rules) HEAD "\"products\":[" PRODUCT "],\"rules\":[" rules "]}"
#define RULE(more) "{\"id\":\"r\",\"product\":\"p-one\"," more "," SOURCE "}"

static void refused(const char *json, const char *where, const char *cause)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why = {0};
	struct vt_catalogue c;

	if (vt_catalogue_parse(vt_span_str(json), &a, &c, &why) == VT_OK)
		fail_msg("taken: %s", json);
	if (strcmp(why.where, where) != 0 || !strstr(why.cause, cause))
		fail_msg("%s\n-> '%s': '%s', not '%s': '%s'", json, why.where, why.cause, where,
			cause);
	vt_arena_free(&a);
}

static void test_refused(void **state)
{
	static const char *const v[][3] = {
		{"", "line 1, column 0", ""},
		{"[]", "", "not an object"},
		{"{\"a\":1,\"a\":2}", "line 1, column 10", "duplicate"},
		{"{}", "/format", "missing"},
		{"{\"format\":\"vitrine/catalogue/2\"}", "/format", "not \"vitrine/catalogue/1\""},
		{HEAD "\"products\":[],\"rules\":[],\"extra\":1}", "/extra", "no such key"},
		{HEAD "\"products\":[]}", "", "\"rules\" is missing"},
		{HEAD "\"products\":{},\"rules\":[]}", "/products", "not a list"},
		{HEAD "\"products\":[" PRODUCT "," PRODUCT "],\"rules\":[]}", "/products",
			"two products have the id \"p-one\""},
		{HEAD "\"products\":[{\"id\":\"P one\"}],\"rules\":[]}", "/products/0", "missing"},
		{DOC("{}"), "/rules/0", "\"kind\" is missing"},
		{DOC("{\"kind\":\"thing\"}"), "/rules/0/kind", "no kind"},
		{DOC("{\"kind\":\"file\",\"a~/b\":1}"), "/rules/0/a~0~1b", "no such key"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{}")), "/rules/0/match", "nobody's product"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"nme\":[\"x\"]}")), "/rules/0/match/nme",
			"no attribute"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":[]}")), "/rules/0/match/name",
			"no globs"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":\"abc\"}")), "/rules/0/match/name",
			"not a list"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"path\":[\"/opt/abcd\",\"/home/*\"]}")),
			"/rules/0/match/path/1", "names no product's"},
		{DOC(RULE("\"kind\":\"package\",\"match\":{\"manager\":[\"dpkg\"]}")),
			"/rules/0/match", "nobody's product"},
		{DOC("{\"id\":\"r\",\"product\":\"other\",\"kind\":\"file\",\"match\":{\"name\":["
		     "\"abcd\"]}," SOURCE "}"),
			"/rules/0/product", "no product"},
		{DOC("{\"id\":\"r\",\"kind\":\"file\",\"match\":{\"name\":[\"abcd\"]}," SOURCE "}"),
			"/rules/0", "\"product\" is missing"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":[\"abcd\"]},\"decisive\":true")),
			"/rules/0/decisive", "only a signer or a hash"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":[\"abcd\"]},\"fold\":[\"path\"]")),
			"/rules/0/fold/0", "not an attribute of this rule"},
		{DOC(RULE("\"kind\":\"folder\",\"names\":[\"abcd\",\"efgh\"],\"least\":3")),
			"/rules/0/names", "fewer names"},
		{DOC(RULE("\"kind\":\"folder\",\"names\":[\"abcd\",\"efgh\"],\"least\":2")),
			"/rules/0/least", "from 3"},
		{DOC(RULE("\"kind\":\"content\",\"signature\":{\"format\":\"ndb\",\"line\":\"0:*:"
			  "00112233445566778899\"}")),
			"/rules/0/signature", "documents"},
		{DOC("{\"id\":\"r\",\"product\":\"p-one\",\"kind\":\"file\",\"match\":{\"name\":["
		     "\"abcd\"]},\"source\":\"x\",\"confidence\":\"read\"}"),
			"/rules/0/source", "no source"},
		{DOC("{\"id\":\"r\",\"product\":\"p-one\",\"kind\":\"file\",\"match\":{\"name\":["
		     "\"abcd\"]},\"source\":\"s\",\"confidence\":\"sure\"}"),
			"/rules/0/confidence", "not \"read\", "},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":[\"ab\\u0007cd\"]}")),
			"/rules/0/match/name/0", "control character"},
		{DOC(RULE("\"kind\":\"file\",\"match\":{\"name\":[\"abcd\",\"abcd\"]}")),
			"/rules/0/match/name/1", "twice"},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(v); i++)
		refused(v[i][0], v[i][1], v[i][2]);
}

struct hits {
	size_t n;
	char ids[512];
};

static void on_hit(void *ctx, const struct vt_catalogue_rule *r)
{
	struct hits *h = ctx;

	h->n++;
	snprintf(h->ids + strlen(h->ids), sizeof h->ids - strlen(h->ids), "%.*s ", (int)r->id.n,
		(const char *)r->id.p);
}

#define RULES                                                                                      \
	"{\"id\":\"package\",\"product\":\"p-one\",\"kind\":\"package\",\"match\":{\"manager\":"   \
	"[\"dpkg\",\"rpm\"],\"name\":[\"kesl*\"]}," SOURCE "},"                                    \
	"{\"id\":\"folded\",\"product\":\"p-one\",\"kind\":\"file\",\"match\":{\"name\":[\"AVP."   \
	"exe\"]},\"fold\":[\"name\"]," SOURCE "},"                                                 \
	"{\"id\":\"folder\",\"product\":\"p-one\",\"kind\":\"folder\",\"names\":[\"abcd\","        \
	"\"efgh\",\"ijkl\"],\"least\":3,\"embedded\":true," SOURCE "},"                            \
	"{\"id\":\"hash\",\"product\":\"p-one\",\"kind\":\"content\",\"signature\":{\"format\":"   \
	"\"hsb\",\"line\":\"00112233445566778899aabbccddeeff00112233:*\"},\"decisive\":true,"      \
	"\"source\":\"s\",\"confidence\":\"memory\"},"                                             \
	"{\"id\":\"bytes\",\"product\":\"p-one\",\"kind\":\"content\",\"signature\":{\"format\":"  \
	"\"ldb\",\"line\":\"Engine:81-255,Target:6;0;0011223344556677\"}," SOURCE "}"

static size_t match(const struct vt_catalogue *c, const struct vt_fact *f, const char *ids)
{
	struct hits h = {0};

	vt_catalogue_match(c, f, on_hit, &h);
	assert_string_equal(h.ids, ids);
	return h.n;
}

static void test_match(void **state)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why;
	struct vt_catalogue c;
	struct vt_fact f = {.kind = VT_FACT_PACKAGE};

	(void)state;
	assert_int_equal(vt_catalogue_parse(vt_span_str(DOC(RULES)), &a, &c, &why), VT_OK);
	assert_int_equal(c.nrules, 5);
	assert_int_equal(c.by_kind_n[VT_FACT_CONTENT], 2);
	f.v[VT_ATTR_NAME] = vt_span_str("kesl-gui");
	match(&c, &f, ""); /* the manager is not said */
	f.v[VT_ATTR_MANAGER] = vt_span_str("rpm");
	match(&c, &f, "package ");
	f.v[VT_ATTR_MANAGER] = vt_span_str("npm");
	match(&c, &f, "");
	f = (struct vt_fact){.kind = VT_FACT_FILE};
	f.v[VT_ATTR_NAME] = vt_span_str("avp.EXE");
	match(&c, &f, "folded ");
	f = (struct vt_fact){.kind = VT_FACT_FOLDER};
	match(&c, &f, "");
	f.v[VT_ATTR_RULE] = vt_span_str("folder");
	match(&c, &f, "folder ");
	f.v[VT_ATTR_RULE] = vt_span_str("hash"); /* of another kind */
	match(&c, &f, "");
	f.kind = VT_FACT_CONTENT;
	match(&c, &f, "hash ");
	vt_arena_free(&a);
}

static void test_parts(void **state)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	vt_buf b = VT_BUF_INIT(4096);
	struct vt_doc_error why;
	struct vt_catalogue c;

	(void)state;
	assert_int_equal(vt_catalogue_parse(vt_span_str(DOC(RULES)), &a, &c, &why), VT_OK);
	for (size_t i = 0; i < c.nrules; i++) {
		const struct vt_catalogue_rule *r = &c.rules[i];
		bool hash = vt_span_eq(r->id, vt_span_str("hash"));

		assert_int_equal(r->source.memory, hash);
		assert_int_equal(r->decisive, hash);
		assert_int_equal(r->embedded, vt_span_eq(r->id, vt_span_str("folder")));
		assert_true(vt_span_eq(r->source.text, vt_span_str("S")));
		assert_true(vt_span_eq(c.products[r->product].id, vt_span_str("p-one")));
	}
	assert_int_equal(vt_catalogue_signatures(&c, "ldb", &b), VT_OK);
	assert_true(vt_span_eq(
		vt_buf_span(&b), vt_span_str("bytes;Engine:81-255,Target:6;0;0011223344556677\n")));
	vt_buf_clear(&b);
	assert_int_equal(vt_catalogue_signatures(&c, "hsb", &b), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b),
		vt_span_str("00112233445566778899aabbccddeeff00112233:*:hash:73\n")));
	vt_buf_clear(&b);
	assert_int_equal(vt_catalogue_signatures(&c, "ndb", &b), VT_OK);
	assert_int_equal(b.n, 0);
	assert_non_null(vt_catalogue_product(&c, vt_span_str("p-one")));
	assert_null(vt_catalogue_product(&c, vt_span_str("p-on")));
	assert_null(vt_catalogue_product(&c, vt_span_str("p-two")));
	vt_buf_free(&b);
	vt_arena_free(&a);
}

static void test_join(void **state)
{
	static const char other[] =
		HEAD "\"products\":[{\"id\":\"a-first\",\"name\":\"A\",\"entity\":\"e\","
		     "\"category\":\"c\"," SOURCE "}],\"rules\":[{\"id\":\"a\",\"product\":"
		     "\"a-first\",\"kind\":\"unit\",\"match\":{\"name\":[\"abcd\"]}," SOURCE "}]}";
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_catalogue v[2], all;
	struct vt_doc_error why;

	(void)state;
	assert_int_equal(vt_catalogue_parse(vt_span_str(DOC(RULES)), &a, &v[0], &why), VT_OK);
	assert_int_equal(vt_catalogue_parse(vt_span_str(other), &a, &v[1], &why), VT_OK);
	assert_int_equal(vt_catalogue_join(v, 2, &a, &all, &why), VT_OK);
	assert_int_equal(all.nproducts, 2);
	assert_int_equal(all.nrules, 6);
	assert_true(vt_span_eq(all.id, vt_span_str("t+t")));
	for (size_t i = 0; i < all.nrules; i++)
		assert_true(vt_span_eq(all.products[all.rules[i].product].id,
			vt_span_str(all.rules[i].kind == VT_FACT_UNIT ? "a-first" : "p-one")));
	v[1] = v[0];
	assert_int_equal(vt_catalogue_join(v, 2, &a, &all, &why), VT_EARG);
	assert_string_equal(why.where, "p-one");
	vt_arena_free(&a);
}

static void test_globs(void **state)
{
	static const struct {
		const char *glob, *s;
		bool fold, hit;
	} v[] = {
		{"", "", false, true},
		{"", "a", false, false},
		{"*", "", false, true},
		{"*", "a/b", false, true},
		{"a*c", "abbc", false, true},
		{"a*c", "abbd", false, false},
		{"a?c", "abc", false, true},
		{"a?c", "ac", false, false},
		{"[a-c]x", "bx", false, true},
		{"[!a-c]x", "bx", false, false},
		{"[!a-c]x", "dx", false, true},
		{"[]]", "]", false, true},
		{"[abc", "[abc", false, true},
		{"\\*", "*", false, true},
		{"\\*", "a", false, false},
		{"a\\", "a\\", false, true},
		{"ABC", "abc", true, true},
		{"ABC", "abc", false, false},
		{"[A-C]", "b", true, true},
		{"*ab*cd*", "xxabyycdzz", false, true},
		{"*aab", "aaaaab", false, true},
		{"[a-]", "-", false, true},
		{"**a**", "bab", false, true},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(v); i++)
		if (vt_glob_match(vt_span_str(v[i].glob), vt_span_str(v[i].s), v[i].fold) !=
			v[i].hit)
			fail_msg("'%s' '%s'", v[i].glob, v[i].s);
}

/* The C library's fnmatch() as the oracle, over short globs and texts of few letters. */
static void test_globs_as_fnmatch(void **state)
{
	static const char in[] = "ab*?[]!-\\", text[] = "ab-]";
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < 400000; i++) {
		char g[9] = "", s[9] = "";

		for (unsigned k = 0; k < 8; k++) {
			seed = seed * 1103515245u + 12345u;
			if (k < (seed >> 28) % 8 + 1)
				g[k] = in[(seed >> 16) % (sizeof in - 1)];
			else
				break;
		}
		for (unsigned k = 0; k < 8; k++) {
			seed = seed * 1103515245u + 12345u;
			if ((seed >> 28) % 8 == 0)
				break;
			s[k] = text[(seed >> 16) % (sizeof text - 1)];
		}
		/* places where implementations differ: "[" without "]", quoting and ranges in sets
		 */
		if (strchr(g, '[') && (strchr(g, '\\') || strchr(g, '-') || !strchr(g, ']')))
			continue;
		if (g[0] && g[strlen(g) - 1] == '\\')
			continue;
		if (vt_glob_match(vt_span_str(g), vt_span_str(s), false) != (fnmatch(g, s, 0) == 0))
			fail_msg("'%s' '%s'", g, s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_globs_as_fnmatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
