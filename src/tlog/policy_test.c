/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, and what they say of checkpoints, proof files and what witnesses are asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "tlog/fake_files.h"
#include "tlog/policy.h"
#include "tlog/proof.h"

static struct vt_policy policy;
static char vkeys[6][200]; /* 0: a log, 1 to 5: witnesses */
static struct vt_signer signers[6];

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		vt_buf b = VT_BUF_INIT(200);
		char name[40];

		(void)snprintf(
			name, sizeof name, i ? "witness.example/w%u" : "log.example/vectors", i);
		signers[i] = fake_signer(name, i ? VT_KEY_COSIGNATURE : VT_KEY_ED25519);
		if (vt_key_write(&b, &signers[i].key))
			return 1;
		(void)snprintf(vkeys[i], sizeof vkeys[i], "%.*s", (int)b.n, (const char *)b.p);
		vt_buf_free(&b);
	}
	return 0;
}

/* "$3" in a template is the third key. */
static vt_span fill(vt_buf *b, const char *template)
{
	vt_buf_clear(b);
	for (; *template; template ++) {
		vt_err e;

		if (*template == '$') {
			template ++;
			e = vt_buf_addf(b, "%s", vkeys[*template - '0']);
		} else {
			e = vt_buf_add_u8(b, (uint8_t) * template);
		}
		assert_int_equal(e, VT_OK);
	}
	return vt_buf_span(b);
}

#define W123 "witness a $1\nwitness b $2 https://b.example/\nwitness c $3\n"

static void test_good_policies(void **state)
{
	static const char *const good[] = {"quorum none\n", "log $0\nquorum none\n",
		W123 "quorum b\n", "\n \t\n# x\n  # quorum y\nquorum none\n",
		"\tlog\t $0  https://l.example/ \n" W123
		"group g all a b\ngroup h 1 g c\nquorum h\n",
		"witness \xff\xfe $1\ngroup any any \xff\xfe\nquorum any\n",
		W123 "quorum a\ngroup g 3 a b c\n"};
	struct vt_policy_error why;
	vt_buf b = VT_BUF_INIT(10000);

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++)
		if (vt_policy_parse(fill(&b, good[i]), &policy, &why))
			fail_msg("policy %zu: line %u: %s", i, why.line, why.cause);
	assert_int_equal(vt_policy_parse(fill(&b, "log $0 u\n" W123 "group g 2 a b c\nquorum g\n"),
				 &policy, &why),
		VT_OK);
	assert_true(policy.nlogs == 1 && policy.nnames == 4 && policy.quorum == 3);
	assert_true(vt_span_eq(policy.logs[0].url, vt_span_str("u")));
	assert_true(vt_span_eq(policy.names[1].url, vt_span_str("https://b.example/")));
	assert_int_equal(policy.names[2].url.n, 0);
	assert_true(policy.names[3].group && policy.names[3].threshold == 2);
	assert_true(policy.names[3].nmembers == 3 && policy.names[3].members[2] == 2);
	assert_int_equal(vt_policy_find(&policy, vt_span_str("c")), 2);
	assert_int_equal(vt_policy_find(&policy, vt_span_str("C")), VT_POLICY_NONE);
	vt_buf_free(&b);
}

static void test_bad_policies(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *cause;
	} bad[] = {
		{"", 0, "no quorum line"},
		{W123, 0, "no quorum line"},
		{"quorum none", 1, "no newline at its end"},
		{"quorum none\nquorum none\n", 2, "a second quorum line"},
		{"quorum a\nwitness a $1\n", 1, "a quorum that no line above defines"},
		{"quorum\n", 1, "not: quorum <name>"},
		{"quorum a b\n", 1, "not: quorum <name>"},
		{"Quorum none\n", 1, "not log, witness, group or quorum"},
		{"quorum none\r\n", 1, "a control character"},
		{"# \x7f\nquorum none\n", 1, "a control character"},
		{"log $1\n", 1, "not a key of a log (type 0x01)"},
		{"log\n", 1, "not: log <key> [<url>]"},
		{"log $0 u v\n", 1, "not: log <key> [<url>]"},
		{"log $0\nlog $0\n", 2, "another log has the same key"},
		{"log nonsense\n", 1, "not a verifier key (name+id+base64)"},
		{"witness a $0\n", 1, "not a key of a witness (type 0x04)"},
		{"witness a $1\nwitness b $1\n", 2, "another witness has the same key"},
		{"witness a $1\nwitness a $2\n", 2, "the name is defined already"},
		{"witness none $1\n", 1, "the name none is taken"},
		{"witness a\n", 1, "not: witness <name> <key> [<url>]"},
		{"witness a $1 u v\n", 1, "not: witness <name> <key> [<url>]"},
		{"witness a x+00000000+BgA=\n", 1, "a key of a type that is not supported"},
		{"witness a x+00000000+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 1,
			"the key's id is not that of its name and key"},
		{W123 "group g 2\n", 4, "not: group <name> all|any|<k> <name>..."},
		{W123 "group a 1 b\n", 4, "the name is defined already"},
		{W123 "group g 1 a d\n", 4, "a member that no line above defines"},
		{W123 "group g 1 g\n", 4, "a member that no line above defines"},
		{W123 "group g 1 none\n", 4, "a member that no line above defines"},
		{W123 "group g 1 a a\n", 4, "a member that is in a group already"},
		{W123 "group g 1 a b\ngroup h 1 b c\n", 5, "a member that is in a group already"},
		{W123 "group g 0 a\n", 4, "the threshold is not one of 1 to the number of members"},
		{W123 "group g 2 a\n", 4, "the threshold is not one of 1 to the number of members"},
		{W123 "group g 01 a\n", 4,
			"the threshold is not one of 1 to the number of members"},
		{W123 "group g most a\n", 4,
			"the threshold is not one of 1 to the number of members"},
	};
	struct vt_policy_error why;
	vt_buf b = VT_BUF_INIT(10000);

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++) {
		why = (struct vt_policy_error){99, "accepted"};
		assert_int_equal(vt_policy_parse(fill(&b, bad[i].text), &policy, &why), VT_EFORMAT);
		assert_string_equal(why.cause, bad[i].cause);
		assert_int_equal(why.line, bad[i].line);
	}
	/* the same key under two names is one witness still: tlog-policy, "Public key
	 * representation" */
	signers[5] = fake_signer("witness.example/w1", VT_KEY_COSIGNATURE);
	assert_int_equal(vt_signer_make(vt_span_str("other.example/name"), VT_KEY_COSIGNATURE,
				 signers[1].seed, &signers[5]),
		VT_OK);
	vt_buf_clear(&b);
	assert_int_equal(vt_buf_addf(&b, "witness a %s\nwitness b ", vkeys[1]), VT_OK);
	assert_int_equal(vt_key_write(&b, &signers[5].key), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\n"), VT_OK);
	assert_int_equal(vt_policy_parse(vt_buf_span(&b), &policy, &why), VT_EFORMAT);
	assert_string_equal(why.cause, "another witness has the same key");
	vt_buf_free(&b);
}

static void test_limits(void **state)
{
	struct vt_policy_error why = {0};
	vt_buf b = VT_BUF_INIT(100000);

	(void)state;
	for (unsigned most = VT_POLICY_NAMES_MAX; most <= VT_POLICY_NAMES_MAX + 1; most++) {
		vt_buf_clear(&b);
		for (unsigned i = 0; i < most; i++) {
			char name[40];
			struct vt_signer s;

			(void)snprintf(name, sizeof name, "w%u", i);
			s = fake_signer(name, VT_KEY_COSIGNATURE);
			assert_int_equal(vt_buf_addf(&b, "witness %s ", name), VT_OK);
			assert_int_equal(vt_key_write(&b, &s.key), VT_OK);
			assert_int_equal(vt_buf_addf(&b, "\n"), VT_OK);
		}
		assert_int_equal(vt_buf_addf(&b, "quorum w3\n"), VT_OK);
		assert_int_equal(vt_policy_parse(vt_buf_span(&b), &policy, &why),
			most == VT_POLICY_NAMES_MAX ? VT_OK : VT_ELIMIT);
	}
	assert_string_equal(why.cause, "too many witnesses and groups");
	vt_buf_clear(&b);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(vt_buf_addf(&b, "group "), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\n"), VT_OK);
	assert_int_equal(vt_policy_parse(vt_buf_span(&b), &policy, &why), VT_ELIMIT);
	vt_buf_free(&b);
}

/* Whether and when a note with these cosignature times (0: none) was witnessed as `which` asks. */
static void judge(
	const char *which, const uint64_t times[5], bool enough, uint64_t time, uint64_t since)
{
	static struct vt_note note;
	unsigned index = vt_policy_find(&policy, vt_span_str(which));
	vt_buf b = VT_BUF_INIT(10000);
	uint64_t found = 99, found_since = 99;
	bool is = !enough, was = !enough;

	assert_int_equal(vt_buf_addf(&b, "text\n\n"), VT_OK);
	assert_int_equal(vt_note_sign(&b, &signers[0], vt_span_str("text\n"), 0), VT_OK);
	for (unsigned i = 0; i < 5; i++)
		if (times[i])
			assert_int_equal(
				vt_note_sign(&b, &signers[i + 1], vt_span_str("text\n"), times[i]),
				VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&b), &note), VT_OK);
	assert_int_equal(vt_policy_check(&policy, index, &note, &is, &found), VT_OK);
	assert_int_equal(vt_policy_since(&policy, index, &note, &was, &found_since), VT_OK);
	assert_int_equal(is, enough);
	assert_int_equal(was, enough);
	if (enough) {
		assert_int_equal(found, time);
		assert_int_equal(found_since, since);
	}
	vt_buf_free(&b);
}

static void test_quorums_and_times(void **state)
{
	vt_buf b = VT_BUF_INIT(10000);
	struct vt_policy_error why;

	(void)state;
	signers[5] = fake_signer("witness.example/w5", VT_KEY_COSIGNATURE);
	assert_int_equal(vt_policy_parse(fill(&b,
						 W123 "witness d $4\nwitness e $5\n"
						      "group two 2 a b c\ngroup all all d e\n"
						      "group both 2 two all\nquorum both\n"),
				 &policy, &why),
		VT_OK);
	judge("a", (uint64_t[5]){7}, true, 7, 7);
	judge("a", (uint64_t[5]){0, 7, 7, 7, 7}, false, 0, 0);
	judge("two", (uint64_t[5]){10}, false, 0, 0);
	judge("two", (uint64_t[5]){10, 20}, true, 10, 20);
	judge("two", (uint64_t[5]){10, 0, 30}, true, 10, 30);
	judge("two", (uint64_t[5]){30, 20, 10}, true, 20, 20);
	judge("two", (uint64_t[5]){10, 10, 10}, true, 10, 10);
	judge("two", (uint64_t[5]){5, 5, 90}, true, 5, 5);
	judge("all", (uint64_t[5]){1, 1, 1, 40}, false, 0, 0);
	judge("all", (uint64_t[5]){0, 0, 0, 40, 50}, true, 40, 50);
	judge("both", (uint64_t[5]){10, 20, 30, 40, 15}, true, 15, 40);
	judge("both", (uint64_t[5]){10, 20, 0, 40, 0}, false, 0, 0);
	judge("both", (uint64_t[5]){10, 0, 0, 40, 50}, false, 0, 0);
	judge("none", (uint64_t[5]){0}, true, 0, 0); /* no such name: VT_POLICY_NONE */
	vt_buf_free(&b);
}

static void test_a_false_cosignature(void **state)
{
	static struct vt_note note;
	vt_buf b = VT_BUF_INIT(10000), n = VT_BUF_INIT(10000);
	struct vt_policy_error why;
	bool enough;
	uint64_t time;

	(void)state;
	assert_int_equal(vt_policy_parse(fill(&b, W123 "quorum a\n"), &policy, &why), VT_OK);
	assert_int_equal(vt_buf_addf(&n, "text\n\n"), VT_OK);
	assert_int_equal(vt_note_sign(&n, &signers[1], vt_span_str("text\n"), 5), VT_OK);
	assert_int_equal(vt_note_sign(&n, &signers[3], vt_span_str("other\n"), 5), VT_OK);
	assert_int_equal(vt_note_parse(vt_buf_span(&n), &note), VT_OK);
	/* not of a witness that is needed, but of one that is known */
	assert_int_equal(
		vt_policy_check(&policy, policy.quorum, &note, &enough, &time), VT_ECHECKSUM);
	assert_int_equal(
		vt_policy_check(&policy, VT_POLICY_NONE, &note, &enough, &time), VT_ECHECKSUM);
	assert_int_equal(vt_policy_check(&policy, 3, &note, &enough, &time), VT_EARG);
	assert_int_equal(
		vt_policy_parse(fill(&b, "witness a $1\nquorum a\n"), &policy, &why), VT_OK);
	assert_int_equal(vt_policy_check(&policy, policy.quorum, &note, &enough, &time), VT_OK);
	assert_true(enough && time == 5);
	vt_buf_free(&b);
	vt_buf_free(&n);
}

static void test_proof_files(void **state)
{
	static const struct {
		const char *name;
		enum vt_proof_verdict verdict;
	} files[] = {
		{"good", VT_PROOF_OK},
		{"good-with-extra", VT_PROOF_OK},
		{"good-with-unknown-keys", VT_PROOF_OK},
		{"good-witness-again-later", VT_PROOF_OK},
		{"one-cosignature-only", VT_PROOF_NO_QUORUM},
		{"same-witness-twice", VT_PROOF_NO_QUORUM},
		{"strangers-cosignature", VT_PROOF_NO_QUORUM},
		{"cosignature-time-flipped", VT_PROOF_NO_QUORUM},
		{"cosignature-of-third-is-bad", VT_PROOF_NO_QUORUM},
		{"wrong-index", VT_PROOF_NOT_INCLUDED},
		{"truncated-path", VT_PROOF_NOT_INCLUDED},
		{"longer-path", VT_PROOF_NOT_INCLUDED},
		{"other-tree", VT_PROOF_NOT_INCLUDED},
		{"leading-zero-index", VT_PROOF_BAD_FORMAT},
		{"extension-line", VT_PROOF_BAD_FORMAT},
		{"extension-line-added", VT_PROOF_BAD_FORMAT},
		{"log-signature-missing", VT_PROOF_UNKNOWN_LOG},
		{"log-signature-bad", VT_PROOF_UNKNOWN_LOG},
		{"signed-by-another-log", VT_PROOF_UNKNOWN_LOG},
	};
	static struct vt_head head;
	struct vt_policy_error why;
	vt_buf b = VT_BUF_INIT(10000);
	uint64_t index;

	(void)state;
	assert_int_equal(vt_policy_parse(fake_file("policy"), &policy, &why), VT_OK);
	for (size_t i = 0; i < VT_COUNT(files); i++) {
		char name[80];
		vt_span file;

		(void)snprintf(name, sizeof name, "proof/%s", files[i].name);
		file = fake_file(name);
		index = 99;
		if (vt_proof_file_check(file, vt_span_str("entry 3"), &policy, &head, &index) !=
			files[i].verdict)
			fail_msg("%s", files[i].name);
		assert_int_equal(index, files[i].verdict == VT_PROOF_OK ? 3 : 99);
		assert_int_equal(
			vt_proof_file_check(file, vt_span_str("entry 4"), &policy, &head, &index),
			files[i].verdict == VT_PROOF_OK ? VT_PROOF_NOT_INCLUDED : files[i].verdict);
	}
	/* the right file, and a policy that does not know the log */
	assert_int_equal(vt_policy_parse(fill(&b, W123 "quorum none\n"), &policy, &why), VT_OK);
	assert_int_equal(vt_proof_file_check(fake_file("proof/good"), vt_span_str("entry 3"),
				 &policy, &head, &index),
		VT_PROOF_UNKNOWN_LOG);
	vt_buf_free(&b);
}

static void test_proof_file_shapes(void **state)
{
#define FIRST "c2sp.org/tlog-proof@v1\n"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	static const char *const good[] = {FIRST "index 0\n\nnote",
		FIRST "index 5\n" HASH HASH "\nnote",
		FIRST "extra AAAA\nindex 5\n" HASH "\nnote\n\nmore"};
	static const char *const bad[] = {"", FIRST, FIRST "index 0\n", FIRST "index 0\n\n",
		"c2sp.org/tlog-proof@v2\nindex 0\n\nnote", FIRST "index -1\n\nnote",
		FIRST "index  1\n\nnote", FIRST "index 1\n" HASH "note",
		FIRST "index 1\nAAAA\n\nnote", FIRST "extra \nindex 0\n\nnote",
		FIRST "extra !\nindex 0\n\nnote", FIRST "extra AAAA\nextra AAAA\nindex 0\n\nnote",
		FIRST "index 0\nindex 0\n\nnote", FIRST "index 9223372036854775807\n\nnote",
		FIRST "\nindex 0\n\nnote"};
	struct vt_proof_file p;
	vt_buf b = VT_BUF_INIT(10000);

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++) {
		vt_buf_clear(&b);
		assert_int_equal(vt_proof_file_parse(vt_span_str(good[i]), &p), VT_OK);
		assert_int_equal(vt_proof_file_write(&b, &p), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(good[i])));
	}
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_proof_file_parse(vt_span_str(bad[i]), &p) != VT_EFORMAT)
			fail_msg("bad proof file %zu", i);
	vt_buf_clear(&b);
	assert_int_equal(vt_buf_addf(&b, FIRST "index 5\n"), VT_OK);
	for (unsigned i = 0; i <= VT_PROOF_MAX; i++)
		assert_int_equal(vt_buf_addf(&b, HASH), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\nnote"), VT_OK);
	assert_int_equal(vt_proof_file_parse(vt_buf_span(&b), &p), VT_EFORMAT);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_policies),
		cmocka_unit_test(test_bad_policies),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_quorums_and_times),
		cmocka_unit_test(test_a_false_cosignature),
		cmocka_unit_test(test_proof_files),
		cmocka_unit_test(test_proof_file_shapes),
	};

	return vt_sign_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
