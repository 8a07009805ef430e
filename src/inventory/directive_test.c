/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "inventory/directive.h"

#define MEMORY ((size_t)64 << 20)

/* Parts that tests replace. */
struct parts {
	const char *products, *actions, *required, *more, *claims;
};
#define PRODUCTS "[{\"name\":\"P\",\"products\":[\"kaspersky-*\"]}]"
#define CLAIM "{\"source\":\"s\",\"confidence\":\"read\"}"

static const char *document(struct parts p)
{
	static char doc[16384];

	snprintf(doc, sizeof doc,
		"{\"format\":\"vitrine/directive/1\",\"id\":\"d-1\",\"version\":\"1\",\"title\":"
		"\"T\",\"issuer\":\"I\",\"status\":\"in force\",\"issued\":\"2017-09-13\","
		"\"source\":{\"url\":\"https://d\"},\"applies_to\":\"all\",\"scope\":{"
		"\"branded\":true,\"embedded\":false,\"services\":false,\"hardware\":false},"
		"\"entities\":[],\"products\":%s,\"actions\":%s,\"report_template\":[],"
		"\"required\":%s,%s\"sources\":{\"s\":{\"text\":\"S\"}},\"provenance\":{%s}}",
		p.products ? p.products : PRODUCTS, p.actions ? p.actions : "[]",
		p.required ? p.required : "[\"packages\"],\"threshold\":100", p.more ? p.more : "",
		p.claims ? p.claims : "\"\":" CLAIM);
	return doc;
}

static void refused(struct parts p, const char *where, const char *cause)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why = {0};
	struct vt_directive d;
	const char *json = document(p);

	if (vt_directive_parse(vt_span_str(json), &a, &d, &why) == VT_OK)
		fail_msg("taken: %s", json);
	if (strcmp(why.where, where) != 0 || !strstr(why.cause, cause))
		fail_msg("'%s': '%s', not '%s': '%s'", why.where, why.cause, where, cause);
	vt_arena_free(&a);
}

static void taken(struct parts p, vt_arena *a, struct vt_directive *out)
{
	struct vt_doc_error why = {0};

	if (vt_directive_parse(vt_span_str(document(p)), a, out, &why))
		fail_msg("%s: %s", why.where, why.cause);
}

#define ACTION(more) "[{\"id\":\"a\",\"verb\":\"report\",\"text\":\"t\"" more "}]"

static void test_refused(void **state)
{
	(void)state;
	refused((struct parts){.products = "[]"}, "/products", "nothing to look for");
	refused((struct parts){.products = "[{\"name\":\"P\",\"products\":[\"*\"]}]"},
		"/products/0/products/0", "begin with 3 fixed");
	refused((struct parts){.products =
				       "[{\"name\":\"P\",\"cpe\":[\"cpe:2.3:a:*:*:*:*:*:*:*:*:*:"
				       "*\"]}]"},
		"/products/0/cpe/0", "must say the vendor");
	refused((struct parts){.products = "[{\"products\":[\"abc\"]}]"}, "/products/0",
		"\"name\" is missing");
	refused((struct parts){.required = "[],\"threshold\":100"}, "/required",
		"anything would be");
	refused((struct parts){.required = "[\"all\"],\"threshold\":100"}, "/required/0",
		"no area");
	refused((struct parts){.required = "[\"packages\"],\"threshold\":10"}, "/threshold",
		"from 50 to 100");
	refused((struct parts){.required = "[\"packages\"],\"threshold\":99.999"}, "/threshold",
		"two decimals");
	refused((struct parts){.actions = ACTION(",\"due\":\"30 days\"")}, "/actions/0/due",
		"not a period");
	refused((struct parts){.actions = ACTION(",\"due\":\"2017-02-30\"")}, "/actions/0/due",
		"not a period");
	refused((struct parts){.actions = ACTION(",\"due\":\"P1M\",\"calendar\":\"business\"")},
		"/actions/0/due", "counted in days");
	refused((struct parts){.actions = ACTION(",\"due\":\"P1M\",\"repeats\":\"P30D\"")},
		"/actions/0/until", "come together");
	refused((struct parts){.actions = ACTION(",\"due\":\"P1M\",\"until\":\"complete\"")},
		"/actions/0/repeats", "come together");
	refused((struct parts){.actions = ACTION(",\"repeats\":\"P30D\",\"until\":\"complete\"")},
		"/actions/0/until", "first date");
	refused((struct parts){.actions = ACTION(",\"due\":\"2017-01-01\",\"from\":\"discovery\"")},
		"/actions/0", "needs a period");
	refused((struct parts){.actions = "[{\"id\":\"a\",\"verb\":\"obey\",\"text\":\"t\"}]"},
		"/actions/0/verb", "not \"identify\"");
	refused((struct parts){.claims = ""}, "/provenance", "\"\" (all that");
	refused((struct parts){.claims = "\"\":" CLAIM ",\"/products/1\":" CLAIM},
		"/provenance/~1products~11", "leads nowhere");
	refused((struct parts){.claims = "\"\":{\"source\":\"t\",\"confidence\":\"read\"}"},
		"/provenance//source", "no source");
	refused(
		(struct parts){
			.more = "\"exceptions\":[{\"id\":\"x\",\"approver\":\"A\",\"reason\":"
				"\"R\",\"products\":[\"*\"],\"expires\":\"2030-01-01\"}],"},
		"/exceptions/0/products/0", "begin with 3 fixed");
	refused((struct parts){.more = "\"supersedes\":[\"d-1\"],"}, "/supersedes", "another");
	refused((struct parts){.more = "\"holidays\":{\"dates\":[\"2024-02-01\",\"2024-01-01\"]},"},
		"/holidays", "dates/1");
	refused((struct parts){.more = "\"entities\":[],"}, "line 1, column 399", "duplicate");
}

static void due(const struct vt_directive *d, const char *from, const char *to, const char *found,
	const char *want)
{
	vt_day f, t, x = VT_DAY_NONE;
	struct vt_due v[64];
	char got[1024] = "";
	size_t n;

	assert_true(vt_day_parse(vt_span_str(from), &f));
	assert_true(vt_day_parse(vt_span_str(to), &t));
	assert_true(!*found || vt_day_parse(vt_span_str(found), &x));
	n = vt_directive_due(d, f, t, x, v, VT_COUNT(v));
	for (size_t i = 0; i < n; i++) {
		char buf[VT_DAY_SIZE];

		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s %u %s", i ? ", " : "",
			(int)v[i].action->id.n, (const char *)v[i].action->id.p, v[i].number,
			vt_day_write(v[i].day, buf));
	}
	assert_string_equal(got, want);
}

static void test_due(void **state)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_directive d;

	(void)state;
	taken(
		(struct parts){
			.actions =
				"[{\"id\":\"r\",\"verb\":\"report\",\"text\":\"t\",\"due\":"
				"\"P30D\"},"
				"{\"id\":\"s\",\"verb\":\"status\",\"text\":\"t\",\"due\":"
				"\"P120D\","
				"\"repeats\":\"P30D\",\"until\":\"complete\"},"
				"{\"id\":\"m\",\"verb\":\"status\",\"text\":\"t\",\"due\":"
				"\"2023-10-31\",\"repeats\":\"P1M\",\"until\":\"2024-03-31\"},"
				"{\"id\":\"f\",\"verb\":\"report\",\"text\":\"t\",\"due\":\"P3D\","
				"\"from\":\"discovery\",\"calendar\":\"business\"},"
				"{\"id\":\"b\",\"verb\":\"status\",\"text\":\"t\",\"due\":\"P5D\","
				"\"calendar\":\"business\",\"repeats\":\"P5D\",\"until\":"
				"\"2017-10-15\"},"
				"{\"id\":\"p\",\"verb\":\"prevent\",\"text\":\"t\"}]",
			.more = "\"holidays\":{\"us_federal\":true},"},
		&a, &d);
	/* 9 October 2017 was Columbus Day */
	due(&d, "2017-09-13", "2018-02-12", "",
		"b 1 2017-09-20, b 2 2017-09-27, b 3 2017-10-04, b 4 2017-10-12, r 1 2017-10-13, "
		"s 1 2018-01-11, s 2 2018-02-10");
	/* a repeat by months keeps the 31st */
	due(&d, "2023-10-01", "2024-12-31", "",
		"s 71 2023-10-12, m 1 2023-10-31, s 72 2023-11-11, m 2 2023-11-30, s 73 2023-12-11"
		", m 3 2023-12-31, s 74 2024-01-10, m 4 2024-01-31, s 75 2024-02-09, m 5 "
		"2024-02-29, s 76 2024-03-10, m 6 2024-03-31, s 77 2024-04-09, s 78 2024-05-09"
		", s 79 2024-06-08, s 80 2024-07-08, s 81 2024-08-07, s 82 2024-09-06, s 83 "
		"2024-10-06, s 84 2024-11-05, s 85 2024-12-05");
	due(&d, "2024-07-09", "2024-07-10", "2024-07-03", "f 1 2024-07-09");
	due(&d, "2024-07-03", "2024-07-08", "2024-07-03", "s 80 2024-07-08");
	due(&d, "9999-12-01", "9999-12-31", "", "s 97179 9999-12-17");
	vt_arena_free(&a);
}

static void test_exceptions(void **state)
{
	static const char more[] =
		"{\"format\":\"vitrine/exceptions/1\",\"directive\":\"d-1\",\"exceptions\":[{"
		"\"id\":\"local-1\",\"approver\":\"A\",\"reason\":\"R\",\"products\":["
		"\"kaspersky-scan*\"],\"scope\":\"*/srv/mail*\",\"expires\":\"2024-02-29\"}]}";
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why;
	struct vt_directive d, other;
	vt_span product = vt_span_str("kaspersky-scan-engine");
	vt_span place = vt_span_str("host:/srv/mail/av");
	vt_day on;

	(void)state;
	taken((struct parts){0}, &a, &d);
	other = d;
	other.id = vt_span_str("d-2");
	assert_int_equal(vt_directive_except(&other, vt_span_str(more), &a, &why), VT_EARG);
	assert_int_equal(vt_directive_except(&d, vt_span_str(more), &a, &why), VT_OK);
	assert_int_equal(d.nexceptions, 1);
	assert_int_equal(vt_directive_except(&d, vt_span_str(more), &a, &why), VT_EFORMAT);
	assert_true(vt_day_parse(vt_span_str("2024-02-29"), &on));
	assert_non_null(vt_directive_exception(&d, product, place, on));
	assert_null(vt_directive_exception(&d, product, place, on + 1));
	assert_null(vt_directive_exception(&d, product, vt_span_str("host:/opt"), on));
	assert_null(vt_directive_exception(&d, vt_span_str("kaspersky-x"), place, on));
	vt_arena_free(&a);
}

static struct vt_product product(const char *id)
{
	return (struct vt_product){.id = vt_span_str(id)};
}

static void test_covers_and_sources(void **state)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_directive d;
	struct vt_product yes = product("kaspersky-internet-security");
	struct vt_product no = product("kasperskyos-community-edition");
	struct vt_product excluded = product("kaspersky-security-training");

	(void)state;
	taken((struct parts){.more = "\"exclusions\":[\"kaspersky-security-training\"],",
		      .claims = "\"\":" CLAIM ",\"/products\":{\"source\":\"s\",\"confidence\":"
				"\"memory\"},\"/products/0/name\":{\"source\":\"s\",\"confidence\":"
				"\"second-hand\"}"},
		&a, &d);
	assert_true(vt_directive_covers(&d, &yes));
	assert_false(vt_directive_covers(&d, &no));
	assert_false(vt_directive_covers(&d, &excluded));
	assert_true(vt_span_eq(d.memory, vt_span_str("/products")));
	assert_true(vt_directive_source(&d, "/products/0/products")->memory);
	assert_false(vt_directive_source(&d, "/products/0/name")->memory);
	assert_false(vt_directive_source(&d, "/productsx")->memory);
	assert_false(vt_directive_source(&d, "")->memory);
	assert_int_equal(d.threshold, 10000);
	vt_arena_free(&a);
}

static void test_shipped(void **state)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	static char doc[65536];
	struct vt_doc_error why;
	struct vt_directive d;
	FILE *f = fopen(VT_CONTENT "/directives/bod-17-01.json", "rb");
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(doc, 1, sizeof doc, f);
	(void)fclose(f);
	assert_int_equal(vt_directive_parse(vt_span_of(doc, n), &a, &d, &why), VT_OK);
	assert_false(d.embedded);
	assert_int_equal(d.nplan_fields, 14);
	assert_int_equal(d.ncovered, 11); /* ten named, and the definition */
	due(&d, "2017-09-13", "2018-02-10", "",
		"identify 1 2017-10-13, report 1 2017-10-13, plan 1 2017-11-12, begin 1 "
		"2017-12-12, "
		"status 1 2018-01-11, status 2 2018-02-10");
	vt_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_covers_and_sources),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
