/* SPDX-License-Identifier: Apache-2.0 */
/* What signers and monitors get to see, word by word where words matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "cli/review.h"
#include "entry/samples.h"

static vt_arena arena = VT_ARENA_INIT((size_t)4 << 20);
static struct vt_review_counts counts;
static char *shown;

static struct vt_entry parse(const char *text)
{
	struct vt_entry_error why;
	struct vt_entry e = {0};

	assert_int_equal(vt_entry_parse(vt_span_str(text), &arena, &e, &why), VT_OK);
	return e;
}

static vt_err show(struct vt_review r, const struct vt_entry *e)
{
	size_t n;
	vt_err err;

	free(shown);
	r.to = open_memstream(&shown, &n);
	assert_non_null(r.to);
	err = vt_review(&r, e, &counts);
	assert_int_equal(fclose(r.to), 0);
	return err;
}

static void says(const char *text)
{
	if (!strstr(shown, text))
		print_error("\"%s\" is not in:\n%s\n", text, shown);
	assert_non_null(strstr(shown, text));
}

static void silent(const char *text)
{
	if (strstr(shown, text))
		print_error("\"%s\" is in:\n%s\n", text, shown);
	assert_null(strstr(shown, text));
}

static int tear_down(void **state)
{
	(void)state;
	free(shown);
	vt_arena_free(&arena);
	return 0;
}

static void test_names(void **state)
{
	static const struct {
		const char *file, *line, *name;
	} rows[] = {
		{"a.hsb", "aa:68:Name", "Name"},
		{"a.hdb", "aa:68:Name:73", "Name"},
		{"a.mdb", "68:aa:Name\r", "Name"},
		{"a.ndb", "Name:0:*:aabb", "Name"},
		{"a.ldb", "Name;Engine:51-255;0;aa:bb", "Name"},
		{"a.db", "Name=aabb", "Name"},
		{"a.cdb", "Name:CL_TYPE_ZIP:*", "Name"},
		{"a.fp", "aa:68:Name", "Name"},
		{"a.ign2", "Name", "Name"},
		{"a.ign2", "Name:00112233445566778899aabbccddeeff", "Name"},
		{"a.ign", "daily.ndb:12:Name", "Name"},
		{"a.b.hsb", "aa:68:Name", "Name"},
		{"a.hsb", "aa:68", NULL},
		{"a.hsb", "# aa:68:Name", NULL},
		{"a.hsb", "", NULL},
		{"a.hsb", "aa:68:", NULL},
		{"a.yar", "rule x {", NULL},
		{"hsb", "aa:68:Name", NULL},
		{"a.", "Name", NULL},
		{"a.n d", "Name", NULL},
		{"a.b", "Name=aabb", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		vt_span name;
		bool named = vt_review_rule_name(
			vt_span_str(rows[i].file), vt_span_str(rows[i].line), &name);

		if (named != !!rows[i].name)
			print_error("%s: %s\n", rows[i].file, rows[i].line);
		assert_int_equal(named, !!rows[i].name);
		if (named)
			assert_true(vt_span_eq(name, vt_span_str(rows[i].name)));
	}
}

static const char delta[] =
	"vitrine/delta/v1\nset main 6 7\n"
	"file daily.hsb\n=10\n-aa:68:Old\n-bb:9:Changed\n+bc:9:Changed\n=3\n+cc:7:New\x1b[31m\n"
	"-dd:1:Moved\n=1\n+dd:1:Moved\n+# a remark\n"
	"drop gone.ndb\n"
	"add ours.ign2\n+Worm.A\n"
	"put rules.yar 5\nrule\n\n";

static void test_delta(void **state)
{
	struct vt_entry e = parse(SAMPLE_CONTENT);
	struct vt_review r = {.delta = vt_span_str(delta)};

	(void)state;
	assert_int_equal(show(r, &e), VT_OK);
	says("content main, version 7\n");
	says("note: 3 rules for a stealer\n");
	says("what changes since version 6:\n");
	says("  - Old\n      aa:68:Old\n");
	says("  ~ Changed\n      was bb:9:Changed\n      now bc:9:Changed\n");
	says("  + New\\x1b[31m\n      cc:7:New\\x1b[31m\n");
	says("  + (a line that makes no rule by itself)\n      # a remark\n");
	says("NEW FILE ours.ign2: BEWARE: its lines switch rules OFF\n  + Worm.A\n");
	says("FILE GOES, with all of its rules: gone.ndb\n");
	says("WHOLE FILE, new or replaced, not told by rules: rules.yar\n      5 bytes\n");
	says("  3 added, 1 removed, 1 changed, 1 moved; 2 whole files\n");
	silent("Moved");
	silent("\x1b");
	assert_int_equal(counts.added, 3);
	assert_int_equal(counts.removed, 1);
	assert_int_equal(counts.changed, 1);
	assert_int_equal(counts.moved, 1);
	assert_int_equal(counts.files, 2);
	/* cut, and said so */
	r.most = 2;
	r.width = 4;
	assert_int_equal(show(r, &e), VT_OK);
	says("      aa:6 ... (9 bytes, SHA-256 ");
	says("  ... and 3 more that are not shown\n  3 added, 1 removed");
	assert_int_equal(counts.added, 3);
	r.delta = vt_span_of(delta, strlen(delta) - 1);
	counts.added = 99;
	assert_int_equal(show(r, &e), VT_EFORMAT);
	assert_int_equal(counts.added, 99);
}

static void test_payload(void **state)
{
	static const char text[] =
		"vitrine/content/v1\nname main\nversion 1\nprevious -\n"
		"file " HASH("aa") " 12 1 a.hsb\nfile " HASH("bb") " 3 0 b.yar\n"
								   "full 15 9 " HASH("c1") "\n";
	struct vt_entry e = parse(text);
	struct vt_review r = {.payload = vt_span_str("aa:1:Na\x07 es\nx\ny")};

	(void)state;
	assert_int_equal(r.payload.n, 15);
	assert_int_equal(show(r, &e), VT_OK);
	says("all of it:\n  a.hsb\n  + Na\\x07 es\n      aa:1:Na\\x07 es\n");
	says("  b.yar\n      x\n      y\n  1 added");
	assert_int_equal(counts.added, 1);
	r.payload.n--;
	assert_int_equal(show(r, &e), VT_EFORMAT);
	r.payload = vt_span_str("aa:1:Na\x07 es\nx\nyz");
	assert_int_equal(show(r, &e), VT_EFORMAT);
	r.payload.n = 0;
	assert_int_equal(show(r, &e), VT_OK);
	says("the rules are not at hand");
}

static void test_root(void **state)
{
	static const char next[] = "vitrine/root/v1\nversion 2\nprevious " HASH(
		"01") "\n"
		      "expires 2027-01-01T00:00:00Z\nthreshold 1\nkey " ALICE "\nkey " REX
		      "\nkey " ZED "\n";
	struct vt_entry first = parse(SAMPLE_ROOT), e = parse(next);
	struct vt_review r = {.root = &first};

	(void)state;
	assert_int_equal(show(r, &e), VT_OK);
	says("ROOT version 2: WHO THE OWNERS ARE\n");
	says("1 of 3 owners must sign from now on; FEWER: it was 2 of 3\n");
	says("    key: " ALICE "\n");
	says("+ NEW key: " REX "\n");
	says("key: " ZED "\n      RENAMED: it was bob\n");
	says("- key GOES: " CAROL "\n");
	says("- rebuilder GOES: " REX "\n");
	says("must be signed by 1 of its own keys: alice, rex, zed\n");
	says("must be signed by 2 of the owners: alice, bob, carol\n");
	r.root = NULL;
	assert_int_equal(show(r, &e), VT_OK);
	says("keys that are new can't be told");
	assert_int_equal(show(r, &first), VT_OK);
	says("+ NEW key: " CAROL "\n");
	silent("can't be told");
}

static void test_others(void **state)
{
	static const char later[] = "vitrine/state/v1\nversion 4\nprevious " HASH(
		"03") "\ntime 2026-11-25T04:00:00Z\n"
		      "expires 2027-11-25T04:00:00Z\nroot 11 " HASH("f0") "\nlive content 9 " HASH(
			      "e9") "\nlive content 12 " HASH("ec") "\n";
	struct vt_entry e = parse(SAMPLE_RULE), before = parse(SAMPLE_STATE), root;
	struct vt_review r = {0};

	(void)state;
	assert_int_equal(show(r, &e), VT_OK);
	says("WITHDRAWS, at once and everywhere, one rule of main/daily.hsb\n");
	says("reason: finds /bin/bash\n");
	e = parse(SAMPLE_WITHDRAW);
	assert_int_equal(show(r, &e), VT_OK);
	says("WITHDRAWS, at once and everywhere, version 7 of content main\n");
	e = parse(SAMPLE_DIRECTIVE);
	assert_int_equal(show(r, &e), VT_OK);
	says("DIRECTIVE quarantine-worm, version 1\n");
	e = parse(SAMPLE_RELEASE);
	assert_int_equal(show(r, &e), VT_OK);
	says("RELEASE of the program vitrine\n  version: 1.0.2-1 (bookworm)\n");
	root = parse(SAMPLE_ROOT);
	r.root = &root;
	e = parse(SAMPLE_ATTEST);
	assert_int_equal(show(r, &e), VT_OK);
	says("must be signed by 1 of the rebuilders: rex\n");
	e = parse(later);
	r.before = &before;
	assert_int_equal(show(r, &e), VT_OK);
	says("state version 4 of 2026-11-25T04:00:00Z, until 2027-11-25T04:00:00Z\n");
	says("VALID FOR LONG: 365 days");
	says("ANOTHER ROOT is in force");
	says("    live: content, entry 9, ");
	says("  + live: content, entry 12, ");
	says("  - live: release, entry 4, " HASH("e4") " is NO LONGER LIVE\n");
	assert_int_equal(show(r, &before), VT_OK);
	silent("LONG");
	silent("ANOTHER");
}

static void test_signatures(void **state)
{
	struct vt_entry root = parse(SAMPLE_ROOT), e;
	struct vt_review r = {.root = &root, .origin = vt_span_str("log.example")};
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_signer bob;
	uint8_t seed[VT_SEED_SIZE];

	(void)state;
	memset(seed, 2, sizeof seed);
	assert_int_equal(vt_sign_init(), VT_OK);
	assert_int_equal(vt_signer_make(vt_span_str("bob"), VT_KEY_ED25519, seed, &bob), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "%s", SAMPLE_RULE), VT_OK);
	assert_int_equal(vt_entry_sign(&b, r.origin, &bob), VT_OK);
	assert_int_equal(vt_buf_add_u8(&b, 0), VT_OK);
	e = parse((const char *)b.p);
	assert_int_equal(show(r, &e), VT_OK);
	says("must be signed by 2 of the owners: alice, bob, carol\n  signed by bob\n");
	says("  1 MORE must sign\n");
	silent("FALSE");
	e.sigs[0].sig[3] ^= 1;
	assert_int_equal(show(r, &e), VT_OK);
	says("  FALSE SIGNATURE in the name of bob\n  2 MORE must sign\n");
	r.root = NULL;
	assert_int_equal(show(r, &e), VT_OK);
	says("a signature in the name of (not checked): bob\n");
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
