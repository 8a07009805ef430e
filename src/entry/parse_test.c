/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/log.md, rule by rule: what is written so is read back the same; all else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/entry.h"
#include "entry/samples.h"

static vt_arena arena = VT_ARENA_INIT((size_t)1 << 20);
static struct vt_entry_error why;

static vt_err parse(vt_span text, struct vt_entry *out)
{
	vt_arena_reset(&arena);
	return vt_entry_parse(text, &arena, out, &why);
}

static const char *const samples[] = {SAMPLE_ROOT, SAMPLE_CONTENT, SAMPLE_DIRECTIVE, SAMPLE_RELEASE,
	SAMPLE_ATTEST, SAMPLE_WITHDRAW, SAMPLE_RULE, SAMPLE_STATE,
	SAMPLE_STATE SAMPLE_SIG("alice") SAMPLE_SIG("bob")};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(samples); i++) {
		vt_span text = vt_span_str(samples[i]);
		vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
		struct vt_entry e;

		assert_int_equal(parse(text, &e), VT_OK);
		assert_int_equal(vt_entry_write(&b, &e), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&b), e.text));
		assert_true(vt_span_at(text, 0, e.text.p, e.text.n));
		assert_int_equal(e.nsigs, i + 1 == VT_COUNT(samples) ? 2 : 0);
		assert_int_equal(text.n == e.text.n, e.nsigs == 0);
		/* every piece of it is not an entry, or one that lacks optional lines */
		for (size_t n = 0; n < text.n; n++)
			if (text.p[n ? n - 1 : 0] != '\n')
				assert_int_not_equal(parse(vt_span_of(text.p, n), &e), VT_OK);
		vt_buf_free(&b);
	}
}

static bool is(vt_span s, const char *text)
{
	return vt_span_eq(s, vt_span_str(text));
}

static void test_fields(void **state)
{
	struct vt_entry e;

	(void)state;
	assert_int_equal(parse(vt_span_str(SAMPLE_ROOT), &e), VT_OK);
	assert_int_equal(e.kind, VT_ENTRY_ROOT);
	assert_int_equal(e.u.root.version, 1);
	assert_false(e.u.root.previous.set);
	assert_int_equal(e.u.root.expires, 1798761600);
	assert_int_equal(e.u.root.threshold, 2);
	assert_int_equal(e.u.root.nkeys, 3);
	assert_string_equal(e.u.root.keys[2].name, "carol");
	assert_int_equal(e.u.root.nrebuilders, 1);
	assert_string_equal(e.u.root.rebuilders[0].name, "rex");

	assert_int_equal(parse(vt_span_str(SAMPLE_CONTENT), &e), VT_OK);
	assert_int_equal(e.kind, VT_ENTRY_CONTENT);
	assert_true(is(e.u.content.name, "main"));
	assert_int_equal(e.u.content.version, 7);
	assert_true(e.u.content.previous.set);
	assert_int_equal(e.u.content.previous.hash.b[31], 6);
	assert_true(is(e.u.content.note, "3 rules for a stealer"));
	assert_int_equal(e.u.content.nfiles, 2);
	assert_true(is(e.u.content.files[1].name, "rules.yar"));
	assert_int_equal(e.u.content.files[0].size, 900);
	assert_int_equal(e.u.content.files[0].lines, 10);
	assert_int_equal(e.u.content.files[1].sha256.b[31], 0xbb);
	assert_int_equal(e.u.content.nfull, 2);
	assert_int_equal(e.u.content.full[1].raw, 400);
	assert_int_equal(e.u.content.full[1].packed, 200);
	assert_int_equal(e.u.content.full[1].sha256.b[31], 0xc2);
	assert_int_equal(e.u.content.from, 6);
	assert_int_equal(e.u.content.ndelta, 1);
	assert_int_equal(e.u.content.delta[0].raw, 120);

	assert_int_equal(parse(vt_span_str(SAMPLE_DIRECTIVE), &e), VT_OK);
	assert_int_equal(e.kind, VT_ENTRY_DIRECTIVE);
	assert_int_equal(e.u.content.note.n, 0);
	assert_int_equal(e.u.content.from, 0);

	assert_int_equal(parse(vt_span_str(SAMPLE_RELEASE), &e), VT_OK);
	assert_true(is(e.u.release.version, "1.0.2-1 (bookworm)"));
	assert_true(is(e.u.release.source, "59cf308a"));
	assert_true(e.u.release.buildinfo.set);
	assert_true(is(e.u.release.files[1].name, "lib/vitrine/vitrine-worker"));

	assert_int_equal(parse(vt_span_str(SAMPLE_ATTEST), &e), VT_OK);
	assert_int_equal(e.u.attest.release.b[31], 0xe1);
	assert_int_equal(e.u.attest.nfiles, 1);

	assert_int_equal(parse(vt_span_str(SAMPLE_WITHDRAW), &e), VT_OK);
	assert_int_equal(e.u.withdraw.what, VT_ENTRY_CONTENT);
	assert_int_equal(e.u.withdraw.version, 7);
	assert_int_equal(parse(vt_span_str(SAMPLE_RULE), &e), VT_OK);
	assert_int_equal(e.u.withdraw.what, VT_WITHDRAW_RULE);
	assert_true(is(e.u.withdraw.file, "daily.hsb"));
	assert_int_equal(e.u.withdraw.line.b[31], 0x11);
	assert_true(is(e.u.withdraw.reason, "finds /bin/bash"));

	assert_int_equal(parse(vt_span_str(SAMPLE_STATE), &e), VT_OK);
	assert_int_equal(e.u.state.time, 1795492800);
	assert_int_equal(e.u.state.root_index, 0);
	assert_int_equal(e.u.state.root.b[31], 0xe0);
	assert_int_equal(e.u.state.nlive, 3);
	assert_int_equal(e.u.state.live[2].kind, VT_ENTRY_WITHDRAW);
	assert_int_equal(e.u.state.live[2].index, 10);
	assert_int_equal(e.u.state.live[2].leaf.b[31], 0xea);
}

/* The sample with one place written otherwise. */
struct change {
	const char *sample, *from, *to;
	vt_err e;
	unsigned line;
};

static vt_err parse_changed(const struct change *c)
{
	const char *at = strstr(c->sample, c->from);
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	struct vt_entry e;
	vt_err err;

	assert_non_null(at);
	assert_int_equal(vt_buf_addf(&b, "%.*s%s%s", (int)(at - c->sample), c->sample, c->to,
				 at + strlen(c->from)),
		VT_OK);
	err = parse(vt_buf_span(&b), &e);
	vt_buf_free(&b);
	return err;
}

#define F VT_EFORMAT
static const struct change refused[] = {
	/* all kinds */
	{SAMPLE_STATE, "vitrine/state/v1\n", "", F, 1},
	{SAMPLE_STATE, "/state/", "/stato/", VT_EUNSUPPORTED, 1},
	{SAMPLE_STATE, "/v1", "/v2", VT_EUNSUPPORTED, 1},
	{SAMPLE_STATE, "/v1", "/v01", F, 1},
	{SAMPLE_STATE, "/v1", "/v1 ", F, 1},
	{SAMPLE_STATE, "/v1", "/v", F, 1},
	{SAMPLE_STATE, "vitrine", "Vitrine", F, 1},
	{SAMPLE_STATE, "/state/", "/St/", F, 1},
	{SAMPLE_STATE, "version 3\n", "version 3\n\n", F, 3},
	{SAMPLE_STATE, "version 3\n", "version 3\r\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version  3\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version 3 \n", F, 2},
	{SAMPLE_STATE, "version 3\n", " version 3\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version\t3\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version \n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "Version 3\n", F, 2},
	{SAMPLE_STATE, "version 3\n", "version 3\nversion 3\n", F, 3},
	{SAMPLE_STATE, "version 3\n", "", F, 2},
	{SAMPLE_STATE, "version 3\nprevious " HASH("02"), "previous " HASH("02") "\nversion 3", F,
		2},
	{SAMPLE_STATE, HASH("ea") "\n", HASH("ea") "\nzeal 1\n", F, 10},
	{SAMPLE_STATE, HASH("ea") "\n", HASH("ea"), F, 0},
	/* numbers */
	{SAMPLE_STATE, "version 3", "version 03", F, 2},
	{SAMPLE_STATE, "version 3", "version +3", F, 2},
	{SAMPLE_STATE, "version 3", "version -3", F, 2},
	{SAMPLE_STATE, "version 3", "version 0x3", F, 2},
	{SAMPLE_STATE, "version 3", "version 9223372036854775808", F, 2},
	{SAMPLE_STATE, "version 3", "version 99999999999999999999", F, 2},
	/* hashes, leaves */
	{SAMPLE_STATE, "previous " HASH("02"), "previous " HASH("0"), F, 3},
	{SAMPLE_STATE, "previous " HASH("02"), "previous " HASH("002"), F, 3},
	{SAMPLE_STATE, "previous " HASH("02"), "previous " HASH("AA"), F, 3},
	{SAMPLE_STATE, "previous " HASH("02"), "previous --", F, 3},
	{SAMPLE_STATE, "previous " HASH("02"), "previous -", F, 1},
	{SAMPLE_STATE, "version 3", "version 1", F, 1},
	{SAMPLE_STATE, "version 3", "version 0", F, 1},
	/* states */
	{SAMPLE_STATE, "time 2026-11-24T04:00:00Z", "time 2026-11-24T04:00:00+00:00", F, 4},
	{SAMPLE_STATE, "expires 2026-12-08", "expires 2026-13-08", F, 5},
	{SAMPLE_STATE, "expires 2026-12-08T", "expires 2026-11-24T", F, 1},
	{SAMPLE_STATE, "root 0 " HASH("e0"), "root 0", F, 6},
	{SAMPLE_STATE, "root 0 " HASH("e0"), "root 0 -", F, 6},
	{SAMPLE_STATE, "root 0 " HASH("e0"), "root 0  " HASH("e0"), F, 6},
	{SAMPLE_STATE, "root 0 " HASH("e0"), "root 0 " HASH("e0") " 1", F, 6},
	{SAMPLE_STATE, "live release 4", "live attest 4", F, 7},
	{SAMPLE_STATE, "live release 4", "live root 4", F, 7},
	{SAMPLE_STATE, "live release 4", "live rule 4", F, 7},
	{SAMPLE_STATE, "live release 4", "live state 4", F, 7},
	{SAMPLE_STATE, "live release 4", "live release 9", F, 1},
	{SAMPLE_STATE, "live release 4", "live release 11", F, 1},
	/* roots */
	{SAMPLE_ROOT, "version 1", "version 2", F, 1},
	{SAMPLE_ROOT, "previous -", "previous " HASH("00"), F, 1},
	{SAMPLE_ROOT, "threshold 2", "threshold 0", F, 5},
	{SAMPLE_ROOT, "threshold 2", "threshold 4", F, 1},
	{SAMPLE_ROOT, "threshold 2", "threshold 65", F, 5},
	{SAMPLE_ROOT, "key " ALICE "\nkey " BOB, "key " BOB "\nkey " ALICE, F, 1},
	{SAMPLE_ROOT, "key " ALICE "\n", "key " ALICE "\nkey " ALICE "\n", F, 1},
	{SAMPLE_ROOT, "key " BOB "\n", "key " BOBS_AS_ALICE "\n", F, 1},
	{SAMPLE_ROOT, "key " CAROL "\n", "key " CAROL "\nkey " ZED "\n", F, 1},
	{SAMPLE_ROOT, "key " CAROL "\n", "key " CAROL "\nkey " WIT "\n", F, 9},
	{SAMPLE_ROOT, "rebuilder " REX "\n", "rebuilder " BOB "\nrebuilder " ZED "\n", F, 1},
	{SAMPLE_ROOT, "rebuilder " REX "\n", "rebuilder " REX "\nrebuilder " BOB "\n", F, 1},
	{SAMPLE_ROOT, "rebuilder " REX "\n", "rebuilder " WIT "\n", F, 9},
	{SAMPLE_ROOT, "4124365a", "4124365b", F, 6},
	{SAMPLE_ROOT, "threshold 2\nkey " ALICE "\nkey " BOB "\nkey " CAROL, "threshold 1", F, 1},
	/* contents */
	{SAMPLE_CONTENT, "name main", "name Main", F, 2},
	{SAMPLE_CONTENT, "name main", "name -main", F, 2},
	{SAMPLE_CONTENT, "name main", "name ma/in", F, 2},
	{SAMPLE_CONTENT, "name main", "name main x", F, 2},
	{SAMPLE_CONTENT, "name main", "name m" H0 "xx", F, 2},
	{SAMPLE_CONTENT, "version 7", "version 0", F, 1},
	{SAMPLE_CONTENT, "previous " HASH("06"), "previous -", F, 1},
	{SAMPLE_CONTENT, "note 3 rules", "note \xc3\xa4", F, 5},
	{SAMPLE_CONTENT, "note 3 rules", "note \x1b[2J", F, 5},
	{SAMPLE_CONTENT, "note 3 rules", "note \x7f", F, 5},
	{SAMPLE_CONTENT, "note 3", "note 3\nnote 4", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", "zaily.hsb", F, 1},
	{SAMPLE_CONTENT, "daily.hsb", "rules.yar", F, 1},
	{SAMPLE_CONTENT, "daily.hsb", "dai ly.hsb", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", "x/daily.hsb", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", "..", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", ".daily.hsb", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", "d" H0 H0 "1234", F, 6},
	{SAMPLE_CONTENT, "daily.hsb", "daily.withdrawn", F, 1},
	{SAMPLE_CONTENT, "900 10 ", "900 ", F, 6},
	{SAMPLE_CONTENT, "900 10 ", "900 901 ", F, 6},
	{SAMPLE_CONTENT, "900 10 ", "901 10 ", F, 1},
	{SAMPLE_CONTENT, "900 10 ", "9223372036854775807 10 ", F, 1},
	{SAMPLE_CONTENT,
		"file " HASH("aa") " 900 10 daily.hsb\nfile " HASH("bb") " 100 0 rules.yar\n", "",
		F, 1},
	{SAMPLE_CONTENT, "full 600", "full 601", F, 1},
	{SAMPLE_CONTENT, "full 600 300", "full 600 0", F, 8},
	{SAMPLE_CONTENT, "full 600 300", "full 600 8454145", F, 8},
	{SAMPLE_CONTENT, "full 600 300", "full 8388609 300", F, 8},
	{SAMPLE_CONTENT, "full 400", "full 400 200 " HASH("c2") "\nfull 0", F, 10},
	{SAMPLE_CONTENT, "from 6\n", "", F, 1},
	{SAMPLE_CONTENT, "from 6\n", "from 7\n", F, 1},
	{SAMPLE_CONTENT, "from 6\n", "from 0\n", F, 1},
	{SAMPLE_CONTENT, "delta 120 80 " HASH("d1") "\n", "", F, 1},
	{SAMPLE_CONTENT, "delta 120", "delta 0", F, 11},
	{SAMPLE_DIRECTIVE, "full 90 80 " HASH("c1") "\n", "", F, 1},
	/* releases, attestations */
	{SAMPLE_RELEASE, "900 0 bin/", "900 1 bin/", F, 6},
	{SAMPLE_RELEASE, "bin/vitrine", "/bin/vitrine", F, 6},
	{SAMPLE_RELEASE, "bin/vitrine", "bin//vitrine", F, 6},
	{SAMPLE_RELEASE, "bin/vitrine", "bin/../vitrine", F, 6},
	{SAMPLE_RELEASE, "bin/vitrine", "bin/vitrine/", F, 6},
	{SAMPLE_RELEASE, "bin/vitrine", "mib/vitrine", F, 1},
	{SAMPLE_RELEASE, "buildinfo " HASH("b1"), "buildinfo none", F, 5},
	{SAMPLE_RELEASE, "source 59cf308a\n", "", F, 4},
	{SAMPLE_ATTEST, "release " HASH("e1"), "release -", F, 2},
	{SAMPLE_ATTEST, HASH("aa") " bin", HASH("aa") " 1 0 bin", F, 3},
	{SAMPLE_ATTEST, "file " HASH("aa") " bin/vitrine\n", "", F, 1},
	/* withdrawals */
	{SAMPLE_WITHDRAW, "what content", "what withdraw", F, 2},
	{SAMPLE_WITHDRAW, "what content", "what root", F, 2},
	{SAMPLE_WITHDRAW, "what content", "what rule", F, 4},
	{SAMPLE_WITHDRAW, "version 7", "version 0", F, 1},
	{SAMPLE_WITHDRAW, "version 7\n", "", F, 4},
	{SAMPLE_WITHDRAW, "version 7\n", "version 7\nfile daily.hsb\n", F, 5},
	{SAMPLE_WITHDRAW, "reason finds /bin/bash\n", "", F, 5},
	{SAMPLE_RULE, "what rule", "what content", F, 4},
	{SAMPLE_RULE, "file daily.hsb\n", "version 1\nfile daily.hsb\n", F, 4},
	{SAMPLE_RULE, "line " HASH("11") "\n", "", F, 5},
	/* signatures */
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice") SAMPLE_SIG("bob"), "sig bob", "sig alice", F, 7},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice") SAMPLE_SIG("bob"), "sig bob", "sig al", F, 7},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "sig alice", "sig al+ice", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "sig alice", "sig", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "sig alice", "sig  alice", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "sig alice", "sig \xc3\xa4", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "AA=\n", "AB=\n", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "AAA=\n", "=\n", F, 6},
	{SAMPLE_WITHDRAW SAMPLE_SIG("alice"), "AA=\n", "AA=\nreason twice\n", F, 7},
};

static void test_refused(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(refused); i++) {
		const struct change *c = &refused[i];
		vt_err e = parse_changed(c);

		if (e != c->e || (e && why.line != c->line))
			print_error("row %zu: \"%s\" as \"%s\": %s, line %u (%s)\n", i, c->from,
				c->to, vt_err_text(e), e ? why.line : 0, e ? why.cause : "");
		wrong += e != c->e || why.line != c->line || !why.cause;
	}
	assert_int_equal(wrong, 0);
}

/* What lies just inside of the rules. */
static void test_accepted(void **state)
{
	static const struct change rows[] = {
		{SAMPLE_STATE, "version 3", "version 9223372036854775807", VT_OK, 0},
		{SAMPLE_STATE, "live release 4 " HASH("e4") "\n", "", VT_OK, 0},
		{SAMPLE_ROOT, "rebuilder " REX "\n", "", VT_OK, 0},
		{SAMPLE_ROOT, "rebuilder " REX "\n", "rebuilder " BOB "\n", VT_OK, 0},
		{SAMPLE_ROOT, "threshold 2", "threshold 3", VT_OK, 0},
		{SAMPLE_CONTENT, "note 3 rules for a stealer\n", "", VT_OK, 0},
		{SAMPLE_CONTENT, "note 3", "note ~note  !", VT_OK, 0},
		{SAMPLE_CONTENT, "name main", "name 0._-" H0, VT_EFORMAT, 0},
		{SAMPLE_CONTENT, "name main", "name 0." H0, VT_OK, 0},
		{SAMPLE_CONTENT, "daily.hsb", "D" H0 H0 "123", VT_OK, 0},
		{SAMPLE_CONTENT, "from 6", "from 1", VT_OK, 0},
		{SAMPLE_CONTENT, "daily.hsb", "withdrawn", VT_EFORMAT, 0}, /* order */
		{SAMPLE_CONTENT, "daily.hsb", "daily.withdrawn.hsb", VT_OK, 0},
		{SAMPLE_CONTENT, "delta 120 80", "delta 8388608 8454144", VT_OK, 0},
		{SAMPLE_RELEASE, "buildinfo " HASH("b1"), "buildinfo -", VT_OK, 0},
		{SAMPLE_WITHDRAW, "what content", "what release", VT_OK, 0},
		{SAMPLE_WITHDRAW, "what content", "what directive", VT_OK, 0},
		{SAMPLE_WITHDRAW SAMPLE_SIG("Alice") SAMPLE_SIG("alice"), "sig alice", "sig a/b!",
			VT_OK, 0},
	};
	const struct change index0 = {SAMPLE_WITHDRAW, "what content\nname main\nversion 7",
		"what release\nname vitrine\nversion 0", VT_OK, 0};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		vt_err e = parse_changed(&rows[i]);

		if (e != rows[i].e)
			print_error("row %zu: \"%s\": line %u (%s)\n", i, rows[i].to, why.line,
				why.cause);
		assert_int_equal(e, rows[i].e);
	}
	assert_int_equal(parse_changed(&index0), VT_OK);
}

/* `n` lines `row`, each with its number in it, between `head` and `tail`. */
static vt_err parse_many(const char *head, const char *row, size_t n, const char *tail)
{
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	struct vt_entry e;
	vt_err err = vt_buf_addf(&b, "%s", head);

	for (size_t i = 0; !err && i < n; i++) {
		char number[16];
		const char *at = strchr(row, '#');

		(void)snprintf(number, sizeof number, "%03zu", i + 100);
		err = vt_buf_addf(&b, "%.*s%s%s", (int)(at - row), row, number, at + 1);
	}
	if (!err)
		err = vt_buf_addf(&b, "%s", tail);
	assert_int_equal(err, VT_OK);
	err = parse(vt_buf_span(&b), &e);
	vt_buf_free(&b);
	return err;
}

static void test_maxima(void **state)
{
	static const char head[] = "vitrine/content/v1\nname main\nversion 1\nprevious -\n";
	static const char file[] = "file " HASH("aa") " 1 0 f#\n",
			  full[] = "full 1 # " HASH("c1") "\n";
	static const char one[] =
		"vitrine/content/v1\nname main\nversion 1\nprevious -\nfile " HASH("aa");
	static const char live[] = "live content # " HASH("c1") "\n";
	static const char state_head[] =
		"vitrine/state/v1\nversion 1\nprevious -\ntime 2026-11-24T04:00:00Z\n"
		"expires 2026-12-08T04:00:00Z\nroot 0 " HASH("e0") "\n";
	static const char sig[] = SAMPLE_SIG("a#");
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	struct vt_entry e;

	(void)state;
	assert_int_equal(parse_many(head, file, 256, "full 256 9 " HASH("c1") "\n"), VT_OK);
	assert_int_equal(parse_many(head, file, 257, "full 257 9 " HASH("c1") "\n"), VT_EFORMAT);
	assert_int_equal(vt_buf_addf(&b, "%s 512 0 f\n", one), VT_OK);
	assert_int_equal(parse_many((const char *)b.p, full, 512, ""), VT_OK);
	vt_buf_clear(&b);
	assert_int_equal(vt_buf_addf(&b, "%s 513 0 f\n", one), VT_OK);
	assert_int_equal(parse_many((const char *)b.p, full, 513, ""), VT_EFORMAT);
	vt_buf_clear(&b);
	assert_int_equal(vt_buf_addf(&b,
				 "vitrine/content/v1\nname main\nversion 2\nprevious " HASH(
					 "01") "\nfile " HASH("aa") " 511 0 f\n"),
		VT_OK);
	assert_int_equal(
		parse_many((const char *)b.p, full, 511, "from 1\ndelta 1 1 " HASH("d1") "\n"),
		VT_OK);
	assert_int_equal(parse_many((const char *)b.p, full, 511,
				 "from 1\ndelta 1 1 " HASH("d1") "\ndelta 1 1 " HASH("d1") "\n"),
		VT_EFORMAT);
	assert_int_equal(parse_many(state_head, live, 128, ""), VT_OK);
	assert_int_equal(parse_many(state_head, live, 129, ""), VT_EFORMAT);
	assert_int_equal(parse_many(SAMPLE_RULE, sig, 128, ""), VT_OK);
	assert_int_equal(parse_many(SAMPLE_RULE, sig, 129, ""), VT_EFORMAT);

	/* 65,535 bytes: the last line made longer by one */
	vt_buf_clear(&b);
	assert_int_equal(parse_many(SAMPLE_RULE, "reason#\n", 8000, ""), VT_ELIMIT);
	assert_int_equal(
		vt_buf_addf(&b, "%.*s", (int)(strlen(SAMPLE_RULE) - 1), SAMPLE_RULE), VT_OK);
	while (b.n < strlen(SAMPLE_RULE) - 1 + 1000 - strlen("finds /bin/bash"))
		assert_int_equal(vt_buf_add_u8(&b, 'x'), VT_OK);
	assert_int_equal(vt_buf_add_u8(&b, '\n'), VT_OK);
	assert_int_equal(parse(vt_buf_span(&b), &e), VT_OK);
	b.p[b.n - 1] = 'x';
	assert_int_equal(vt_buf_add_u8(&b, '\n'), VT_OK);
	assert_int_equal(parse(vt_buf_span(&b), &e), VT_EFORMAT);
	vt_buf_free(&b);
}

static void test_memory(void **state)
{
	vt_arena small = VT_ARENA_INIT(64);
	struct vt_entry e;

	(void)state;
	assert_int_equal(vt_entry_parse(vt_span_str(SAMPLE_ROOT), &small, &e, &why), VT_ENOMEM);
	vt_arena_free(&small);
}

/* What could not be read back is not written, and leaves nothing behind. */
static void test_write_refuses(void **state)
{
	static const vt_span bad[] = {
		{(const uint8_t *)"two\nreason lines", 16},
		{(const uint8_t *)" padded", 7},
		{(const uint8_t *)"padded ", 7},
		{(const uint8_t *)"nul\0", 4},
		{NULL, 0},
	};
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX), small = VT_BUF_INIT(100);
	struct vt_entry e, changed;

	(void)state;
	assert_int_equal(vt_buf_add(&b, "kept", 4), VT_OK);
	assert_int_equal(parse(vt_span_str(SAMPLE_RULE), &e), VT_OK);
	for (size_t i = 0; i < VT_COUNT(bad); i++) {
		changed = e;
		changed.u.withdraw.reason = bad[i];
		assert_int_equal(vt_entry_write(&b, &changed), VT_EARG);
		assert_int_equal(b.n, 4);
	}
	changed = e;
	changed.u.withdraw.what = VT_ENTRY_STATE;
	assert_int_equal(vt_entry_write(&b, &changed), VT_EARG);
	changed = e;
	changed.kind = VT_ENTRY_KINDS;
	assert_int_equal(vt_entry_write(&b, &changed), VT_EARG);
	assert_int_equal(vt_entry_write(&small, &e), VT_ELIMIT);
	assert_int_equal(small.n, 0);
	assert_int_equal(parse(vt_span_str(SAMPLE_STATE), &e), VT_OK);
	e.u.state.time = -1;
	assert_int_equal(vt_entry_write(&b, &e), VT_EARG);
	e.u.state.time = 1;
	e.u.state.expires = INT64_MAX;
	assert_int_equal(vt_entry_write(&b, &e), VT_EARG);
	assert_int_equal(parse(vt_span_str(SAMPLE_ROOT), &e), VT_OK);
	e.u.root.keys[0].id[0] ^= 1;
	assert_int_equal(vt_entry_write(&b, &e), VT_EARG);
	assert_int_equal(b.n, 4);
	vt_buf_free(&small);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_maxima),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_write_refuses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	vt_arena_free(&arena);
	return failed;
}
