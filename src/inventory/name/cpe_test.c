/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/name/cpe.h"

static struct vt_cpe_value value(struct vt_cpe *store, const char *s)
{
	char text[256];

	(void)snprintf(text, sizeof text, "cpe:2.3:a:v:%s:*:*:*:*:*:*:*:*", s);
	assert_int_equal(vt_cpe_parse(vt_span_str(text), store), VT_OK);
	return store->v[VT_CPE_PRODUCT];
}

/* NISTIR 7696, table 6-2; i and k are values, m has wildcards. */
static void test_table_6_2(void **state)
{
	static const struct {
		const char *source, *target;
		enum vt_cpe_relation r;
	} rows[] = {
		{"*", "*", VT_CPE_EQUAL},       /* 1 */
		{"*", "-", VT_CPE_SUPERSET},    /* 2 */
		{"*", "i", VT_CPE_SUPERSET},    /* 3 */
		{"*", "m*", VT_CPE_UNDEFINED},  /* 4 */
		{"-", "*", VT_CPE_SUBSET},      /* 5 */
		{"-", "-", VT_CPE_EQUAL},       /* 6 */
		{"-", "i", VT_CPE_DISJOINT},    /* 7 */
		{"-", "m*", VT_CPE_UNDEFINED},  /* 8 */
		{"i", "i", VT_CPE_EQUAL},       /* 9 */
		{"i", "k", VT_CPE_DISJOINT},    /* 10 */
		{"i", "m*", VT_CPE_UNDEFINED},  /* 11 */
		{"i", "-", VT_CPE_DISJOINT},    /* 12 */
		{"i", "*", VT_CPE_SUBSET},      /* 13 */
		{"m*", "mn", VT_CPE_SUPERSET},  /* 14 */
		{"m*", "n", VT_CPE_DISJOINT},   /* 14 */
		{"m*", "*", VT_CPE_SUBSET},     /* 15 */
		{"m*", "-", VT_CPE_DISJOINT},   /* 16 */
		{"m*", "m*", VT_CPE_UNDEFINED}, /* 17 */
		/* wildcards (6.1, example 2 and 5.3.2 of NISTIR 7695) */
		{"9\\.*", "9\\.3\\.2", VT_CPE_SUPERSET},
		{"9\\.??", "9\\.3", VT_CPE_SUPERSET},
		{"9\\.??", "9\\.345", VT_CPE_DISJOINT},
		{"??x", "abx", VT_CPE_SUPERSET},
		{"??x", "x", VT_CPE_SUPERSET},
		{"??x", "abcx", VT_CPE_DISJOINT},
		{"*x*", "abxcd", VT_CPE_SUPERSET},
		{"*x?", "abxc", VT_CPE_SUPERSET},
		{"*x?", "abxcd", VT_CPE_DISJOINT},
		{"*aab", "aaab", VT_CPE_SUPERSET},
		{"Internet_Explorer", "internet_explorer", VT_CPE_EQUAL},
		{"a\\*", "a\\*", VT_CPE_EQUAL},
		{"a\\*", "ab", VT_CPE_DISJOINT},
		{"a?", "a\\?", VT_CPE_SUPERSET},
	};
	struct vt_cpe a, b;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		struct vt_cpe_value s = value(&a, rows[i].source), t = value(&b, rows[i].target);

		assert_string_equal(vt_cpe_relation_word(vt_cpe_compare_value(&s, &t)),
			vt_cpe_relation_word(rows[i].r));
	}
}

/* NISTIR 7696, table 6-4, and what no row of it says. */
static void test_table_6_4(void **state)
{
	static const struct {
		const char *source, *target;
		enum vt_cpe_relation r;
	} rows[] = {
		{"cpe:2.3:a:adobe:reader:9.3.2:*:*:*:*:*:*:*",
			"cpe:2.3:a:adobe:reader:9.3.2:*:*:*:*:*:*:*", VT_CPE_EQUAL},
		/* the specification's own example 1: adobe, any version, on the PalmOS */
		{"cpe:2.3:a:adobe:*:9.*:*:*:*:*:palmos:*:*",
			"cpe:2.3:a:adobe:reader:9.3.2:-:-:*:*:*:*:*", VT_CPE_UNDEFINED},
		{"cpe:2.3:a:adobe:reader:*:*:*:*:*:*:*:*",
			"cpe:2.3:a:adobe:reader:9.3.2:*:*:*:*:*:*:*", VT_CPE_SUPERSET},
		{"cpe:2.3:a:adobe:reader:9.3.2:*:*:*:*:*:*:*",
			"cpe:2.3:a:adobe:reader:*:*:*:*:*:*:*:*", VT_CPE_SUBSET},
		{"cpe:2.3:a:adobe:reader:9.3.2:-:*:*:*:*:*:*",
			"cpe:2.3:a:adobe:reader:9.3.2:sp1:*:*:*:*:*:*", VT_CPE_DISJOINT},
		{"cpe:2.3:a:adobe:reader:9.*:*:*:*:*:*:*:*",
			"cpe:2.3:a:adobe:acrobat:9.*:*:*:*:*:*:*:*", VT_CPE_DISJOINT},
		{"cpe:/a:kaspersky", "cpe:2.3:a:kaspersky:kesl:12:*:*:*:*:linux:*:*",
			VT_CPE_SUPERSET},
		{"cpe:/a:kaspersky:kesl", "cpe:2.3:a:kaspersky_lab:kesl:12:*:*:*:*:linux:*:*",
			VT_CPE_DISJOINT},
	};
	struct vt_cpe a, b;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		assert_int_equal(vt_cpe_parse(vt_span_str(rows[i].source), &a), VT_OK);
		assert_int_equal(vt_cpe_parse(vt_span_str(rows[i].target), &b), VT_OK);
		assert_string_equal(vt_cpe_relation_word(vt_cpe_compare(&a, &b)),
			vt_cpe_relation_word(rows[i].r));
	}
}

static const char *text(vt_err e, vt_buf *b, char out[256])
{
	if (e)
		return vt_err_text(e);
	assert_true(b->n < 256);
	memcpy(out, b->p, b->n);
	out[b->n] = 0;
	vt_buf_clear(b);
	return out;
}

/* Both bindings of one name (NISTIR 7695, 6.1.2.4 and 6.2.2.4). */
static void test_bindings(void **state)
{
	static const char *const rows[][2] = {
		{"cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
			"cpe:/a:microsoft:internet_explorer:8.0.6001:beta"},
		{"cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
			"cpe:/a:microsoft:internet_explorer:8.%02:sp%01"},
		{"cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
			"cpe:/a:hp:insight_diagnostics:7.4.0.1570:-:~~online~win2003~x64~"},
		{"cpe:2.3:a:hp:openview_network_manager:7.51:*:*:*:*:linux:*:*",
			"cpe:/a:hp:openview_network_manager:7.51::~~~linux~~"},
		{"cpe:2.3:a:foo\\\\bar:big\\$money_2010:*:*:*:*:special:ipod_touch:80gb:*",
			"cpe:/a:foo%5cbar:big%24money_2010:::~~special~ipod_touch~80gb~"},
		{"cpe:2.3:a:foo\\~bar:big\\~money:1.0:*:*:*:*:*:*:*",
			"cpe:/a:foo%7ebar:big%7emoney:1.0"},
		{"cpe:2.3:o:*:*:*:*:*:*:*:*:*:*", "cpe:/o"},
	};
	vt_buf b = VT_BUF_INIT(512);
	struct vt_cpe c;
	char out[256];

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		assert_int_equal(vt_cpe_parse(vt_span_str(rows[i][0]), &c), VT_OK);
		assert_string_equal(text(vt_cpe_write(&c, &b), &b, out), rows[i][0]);
		assert_string_equal(text(vt_cpe_write_uri(&c, &b), &b, out), rows[i][1]);
		assert_int_equal(vt_cpe_parse(vt_span_str(rows[i][1]), &c), VT_OK);
		assert_string_equal(text(vt_cpe_write(&c, &b), &b, out), rows[i][0]);
	}
	vt_buf_free(&b);
}

static void test_what_is_no_cpe(void **state)
{
	static const char *const bad[] = {"", "cpe", "cpe:2.3:", "cpe:2.2:a:b",
		"cpe:2.3:a:b:c:*:*:*:*:*:*:*", "cpe:2.3:a:b:c:*:*:*:*:*:*:*:*:*",
		"cpe:2.3:x:b:c:*:*:*:*:*:*:*:*", "cpe:2.3:a:b::*:*:*:*:*:*:*:*",
		"cpe:2.3:a:b*c:d:*:*:*:*:*:*:*:*", "cpe:2.3:a:b$:d:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:b?*:d:*:*:*:*:*:*:*:*", "cpe:2.3:a:b\\:d:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:b c:d:*:*:*:*:*:*:*:*", "cpe:/a:b%zz", "cpe:/a:b c", "cpe:/x:b",
		"cpe:/a:b:c:d:e:f:g:h", "cpe:/a:b:c:d:e:~1~2", "cpe:/a:b%03",
		"cpe:2.3:a:\\a:d:*:*:*:*:*:*:*:*"};
	struct vt_cpe c;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		assert_int_equal(vt_cpe_parse(vt_span_str(bad[i]), &c), VT_EFORMAT);
}

static void test_making_names(void **state)
{
	vt_buf b = VT_BUF_INIT(512);
	struct vt_cpe c;
	char out[256];

	(void)state;
	assert_int_equal(vt_cpe_make('a', vt_span_str("AO Kaspersky Lab"), vt_span_str("kesl"),
				 vt_span_str("12.0"), &c),
		VT_OK);
	assert_string_equal(text(vt_cpe_write(&c, &b), &b, out),
		"cpe:2.3:a:ao_kaspersky_lab:kesl:12.0:*:*:*:*:*:*:*");
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_6_2),
		cmocka_unit_test(test_table_6_4),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_what_is_no_cpe),
		cmocka_unit_test(test_making_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
