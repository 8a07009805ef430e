/* SPDX-License-Identifier: Apache-2.0 */
/* The engine from signature text to verdict, without files or processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "engine/db/db.h"
#include "fixture.h"

static uint8_t *image;
static size_t image_size;
static struct vt_db *db;
static struct vt_scanner *scanner;
static struct vt_report report;

static int set_up(void **state)
{
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
	const struct vt_db *dbs[1];

	(void)state;
	image = make_image(every_kind, every_kind_count, &image_size);
	if (vt_db_open(vt_span_of(image, image_size), &db))
		return 1;
	dbs[0] = db;
	vt_report_init(&report);
	return vt_scanner_new(dbs, 1, &o, &scanner) != VT_OK;
}

static int tear_down(void **state)
{
	(void)state;
	vt_report_free(&report);
	vt_scanner_free(scanner);
	vt_db_close(db);
	free(image);
	return 0;
}

/* Scans exactly n bytes on the heap, so that a sanitizer sees a read past them. */
static void scan(const void *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct vt_input in = {.bytes = {.p = copy, .n = n}};

	assert_non_null(copy);
	if (n)
		memcpy(copy, p, n);
	vt_report_reset(&report);
	assert_int_equal(vt_scan(scanner, &in, &report), VT_OK);
	free(copy);
}

static bool fired(const char *rule)
{
	for (size_t i = 0; i < report.ndetections; i++) {
		if (vt_span_eq(report.detections[i].rule, vt_span_str(rule)))
			return true;
	}
	return false;
}

static void expect(const char *text, const char *rule)
{
	scan(text, strlen(text));
	if (!rule && report.ndetections)
		fail_msg("%.*s fired on %s", (int)report.detections[0].rule.n,
			(const char *)report.detections[0].rule.p, text);
	if (rule && !fired(rule))
		fail_msg("%s did not fire on %s", rule, text);
}

static void test_bodies(void **state)
{
	(void)state;
	expect("a marker-body-any z", "Body.Any");
	expect("a marker-body-anx z", NULL);
	expect("gap-a..gap-b and much later gap-c", "Body.Gap");
	expect("gap-a.gap-b gap-c", NULL);
	expect("gap-a..gap-b", NULL);
	expect("x alt-two--end", "Body.Alt");
	expect("x alt-one-end", "Body.Alt");
	expect("head", "Body.Head");
	expect(" head", NULL);
	expect("tail!!", "Body.Eof");
	expect("tail!!.", NULL);
	expect("..\xfe\xfd.\xfc", "Body.Pair");
	expect("a bound\n", "Body.Bound");
	expect("unbound\n", NULL);
	expect("notcone", "Body.Not");
	expect("notaone", NULL);
}

static void test_logic(void **state)
{
	(void)state;
	expect("logic-and-2 logic-and-1", "Logic.And");
	expect("logic-and-2", NULL);
	expect("count-me count-me count-me", "Logic.Count");
	expect("count-me count-me", NULL);
	/* of patterns in parts the places of the last part are counted, as in ClamAV */
	expect("parta- partb- partb-", "Logic.Parts");
	expect("parta- parta- partb-", NULL);
	expect("partb- parta- partb-", NULL);
	expect("neara-.nearb-nearb-", "Logic.Near");
	expect("neara-.nearb-...nearb-", NULL);
	expect("neara-.neara-.nearb-", NULL);
	expect("neara-.nearb-...neara-.nearb-", "Logic.Near");
	expect("but-this", "Logic.None");
	expect("but-this not-this", NULL);
	expect("in CaSe of", "Logic.Case");
	expect("size-limit", "Logic.Size");
	expect("size-limit 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
	       "0123456789 0123456789 0123456789",
		NULL);
	expect("trigger re12gex", "Logic.Regex");
	expect("re12gex", NULL);
	expect("one-of two-of", "Logic.Distinct");
	expect("two-of two-of", NULL);
	expect("global glob gloob", "Logic.Global");
	expect("global glob", NULL);
	expect("macro-...member", "Logic.Macro");
	expect("macro-.member", NULL);
	expect("num=101", "Logic.Bytes");
	expect("num=100", NULL);
	scan("w\0i\0d\0e\0-\0w\0o\0r\0d\0", 18);
	assert_true(fired("Logic.Wide"));
}

/* An expression whose code is near PCRE2's limit: with callouts it would be past it. */
static void test_a_very_long_expression(void **state)
{
	static char text[64000] = "Long.Regex;Engine:81-255,Target:0;0&1;6c6f6e67;0/l(?:";
	const struct set long_set = {.name = "long.ldb", .text = text};
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
	struct vt_input in = {.bytes = vt_span_str("a long one")};
	struct vt_scanner *s = NULL;
	struct vt_db *own = NULL;
	const struct vt_db *dbs[1];
	uint8_t *bytes;
	size_t n = strlen(text), size = 0;

	(void)state;
	for (int i = 0; i < 900; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "[a-c]z%d|", i);
	(void)snprintf(text + n, sizeof text - n, "ong)/\n");
	bytes = make_image(&long_set, 1, &size);
	assert_int_equal(vt_db_open(vt_span_of(bytes, size), &own), VT_OK);
	dbs[0] = own;
	assert_int_equal(vt_scanner_new(dbs, 1, &o, &s), VT_OK);
	vt_report_reset(&report);
	assert_int_equal(vt_scan(s, &in, &report), VT_OK);
	assert_int_equal(report.ngaps, 0);
	assert_true(fired("Long.Regex"));
	vt_scanner_free(s);
	vt_db_close(own);
	free(bytes);
}

static void test_hashes_and_lists(void **state)
{
	(void)state;
	expect("abc", "Hash.Abc");
	expect("abd", NULL);
	expect("hello", "Hash.Hello"); /* of any size */
	expect("another world", "Body.World");
	expect("world", NULL);        /* allowed by its hash */
	expect("ignored-rule", NULL); /* left out by the ignore list */
}

/* A zip archive with one stored member, made by hand (APPNOTE 4.3). */
static size_t make_zip(const char *name, const char *content, uint8_t *out)
{
	uint16_t nl = (uint16_t)strlen(name);
	uint32_t cl = (uint32_t)strlen(content), crc = 0xffffffff;
	uint8_t local[30] = "PK\3\4\24", central[46] = "PK\1\2\24\0\24", end[22] = "PK\5\6";
	uint32_t where, size;

	for (uint32_t i = 0; i < cl; i++) {
		crc ^= (uint8_t)content[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	memcpy(local + 14, &crc, 4);
	memcpy(local + 18, &cl, 4);
	memcpy(local + 22, &cl, 4);
	memcpy(local + 26, &nl, 2);
	memcpy(central + 16, &crc, 4);
	memcpy(central + 20, &cl, 4);
	memcpy(central + 24, &cl, 4);
	memcpy(central + 28, &nl, 2);
	where = 30u + nl + cl;
	size = 46u + nl;
	end[8] = end[10] = 1;
	memcpy(end + 12, &size, 4);
	memcpy(end + 16, &where, 4);
	memcpy(out, local, 30);
	memcpy(out + 30, name, nl);
	memcpy(out + 30 + nl, content, cl);
	memcpy(out + where, central, 46);
	memcpy(out + where + 46, name, nl);
	memcpy(out + where + size, end, 22);
	return where + size + 22;
}

static void test_containers(void **state)
{
	uint8_t zip[512], outer[1024];
	size_t n = make_zip("inner.txt", "in-a-zip", zip);

	(void)state;
	expect("in-a-zip", NULL);
	scan(zip, n);
	assert_true(fired("Logic.InZip"));
	assert_true(vt_span_eq(report.detections[0].path, vt_span_str("inner.txt")));
	assert_true(vt_span_eq(report.detections[0].set, vt_span_str("b.ldb")));
	assert_int_equal(report.detections[0].line, 14);
	n = make_zip("evil.exe", "nothing", zip);
	scan(zip, n);
	assert_true(fired("Container.Name"));
	(void)outer;
}

static void test_depth_limit_is_reported(void **state)
{
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
	const struct vt_db *dbs[1] = {db};
	struct vt_scanner *shallow = NULL;
	struct vt_input in = {0};
	uint8_t zip[512];

	(void)state;
	o.limits.depth = 0;
	in.bytes = vt_span_of(zip, make_zip("inner.txt", "in-a-zip", zip));
	assert_int_equal(vt_scanner_new(dbs, 1, &o, &shallow), VT_OK);
	vt_report_reset(&report);
	assert_int_equal(vt_scan(shallow, &in, &report), VT_OK);
	assert_int_equal(report.ngaps, 1);
	assert_int_equal(report.gaps[0].reason, VT_REASON_LIMIT_DEPTH);
	assert_int_equal(vt_report_verdict(&report), VT_INCOMPLETE);
	vt_scanner_free(shallow);
}

static void test_same_sources_same_bytes(void **state)
{
	struct set reversed[16];
	size_t n = 0;
	uint8_t *other;

	(void)state;
	for (size_t i = 0; i < every_kind_count; i++)
		reversed[i] = every_kind[every_kind_count - 1 - i];
	other = make_image(reversed, every_kind_count, &n);
	assert_int_equal(n, image_size);
	assert_memory_equal(other, image, n);
	free(other);
}

/* One flipped bit anywhere, or a cut, is refused by the checks. */
static void test_damaged_images_are_refused(void **state)
{
	struct vt_db *bad = NULL;
	size_t header = sizeof(struct vt_image_header);

	(void)state;
	assert_int_equal(vt_db_verify(vt_span_of(image, image_size)), VT_OK);
	for (size_t i = 0; i < image_size; i += i < header ? 1 : 997) {
		image[i] ^= 0x10;
		assert_int_not_equal(vt_db_verify(vt_span_of(image, image_size)), VT_OK);
		if (i < header)
			assert_int_not_equal(
				vt_db_open(vt_span_of(image, image_size), &bad), VT_OK);
		image[i] ^= 0x10;
	}
	for (size_t n = 0; n < image_size; n += n < header ? 7 : 4093)
		assert_int_not_equal(vt_db_open(vt_span_of(image, n), &bad), VT_OK);
	assert_null(bad);
}

static void test_source_lines(void **state)
{
	vt_buf storage = VT_BUF_INIT(VT_IMAGE_TEXT_MAX);
	vt_span text = {0};

	(void)state;
	for (uint32_t i = 0; i < db->rules.n; i++) {
		const struct vt_image_rule *r = vt_db_rule(db, i);

		assert_int_equal(vt_db_line(db, r->line, &storage, &text), VT_OK);
		assert_true(text.n > r->name_size);
		assert_true(text.p[r->name_size] == ':' || text.p[r->name_size] == ';');
	}
	assert_int_equal(vt_db_line(db, UINT32_MAX, &storage, &text), VT_EARG);
	vt_buf_free(&storage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_logic),
		cmocka_unit_test(test_a_very_long_expression),
		cmocka_unit_test(test_hashes_and_lists),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_depth_limit_is_reported),
		cmocka_unit_test(test_same_sources_same_bytes),
		cmocka_unit_test(test_damaged_images_are_refused),
		cmocka_unit_test(test_source_lines),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
