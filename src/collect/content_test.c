/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/tree_test.h"

#include <fnmatch.h>

#include "base/num.h"
#include "collect/fake_collect.h"
#include "collect/name_index.h"

/* A catalogue by hand. */
#define RULES 64
static struct vt_catalogue_rule rules[RULES];
static vt_span globs[RULES][VT_RULE_GLOBS_MAX];
static uint32_t kinds[VT_FACT_KINDS][RULES];
static struct vt_catalogue cat;

static void catalogue_begin(void)
{
	cat = (struct vt_catalogue){.rules = rules};
	memset(rules, 0, sizeof rules);
	for (unsigned i = 0; i < VT_FACT_KINDS; i++)
		cat.by_kind[i] = kinds[i];
}

/* `words`: globs with '|' between. */
static void rule(enum vt_fact_kind kind, const char *id, enum vt_attr attr, const char *words,
	unsigned least)
{
	size_t i = cat.nrules++, n = 0;

	for (const char *at = words; *at;) {
		size_t len = strcspn(at, "|");

		globs[i][n++] = vt_span_of(at, len);
		at += len + (at[len] == '|');
	}
	rules[i] = (struct vt_catalogue_rule){.id = vt_span_str(id), .kind = kind, .least = least};
	if (kind == VT_FACT_FOLDER) {
		rules[i].names = (struct vt_strings_of){n, globs[i]};
	} else {
		rules[i].nterms = 1;
		rules[i].terms[0] = (struct vt_rule_term){
			.attr = attr, .globs = (struct vt_strings_of){n, globs[i]}};
	}
	kinds[kind][cat.by_kind_n[kind]++] = (uint32_t)i;
}

static struct vt_collect *run(const char *folder)
{
	struct vt_tree *t = open_folder(folder, false);
	struct vt_collect *c = fake_collect(t);

	c->catalogue = cat;
	assert_int_equal(fake_run(c, &vt_collector_content), VT_OK);
	vt_tree_free(t);
	return c;
}

static bool said(const struct vt_collect *c, const char *line)
{
	struct notes n = {.text = c->text};

	return has_line(&n, line);
}

static void note_tag(void *ctx, uint32_t tag)
{
	*(uint64_t *)ctx |= (uint64_t)1 << tag;
}

/* Whatever the globs are, a name that one of them matches is a candidate of it. */
static void test_index_finds_what_matches(void **state)
{
	static const char *const all[] = {"/opt/kaspersky/*", "*/kavhttpd", "kesl", "kl*", "*.ppl",
		"k?v", "*", "[ab]c", "a\\*b", "/a/b/c", "*kasp*", "/x/[/y]z", "AvP.exe", "*/p/*/q",
		"", "?", "\\kesl", "*\\.kdl", "*]x", "*/kasp*/*", "*[xyz]las*y*", "*\\kasper*",
		"[]abc]*", "*[!]abcdef]?k*"};
	static const char *const paths[] = {"/opt/kaspersky/kesl", "/opt/Kaspersky/x",
		"/srv/a/kavhttpd", "/klif", "/a/b.ppl", "/kav", "/k", "/ac", "/a*b", "/a/b/c",
		"/etc/xkaspx", "/x//z", "/x/yz", "/w/avp.EXE", "/o/p/u/v/q", "/o/p/q", "/kesl",
		"/a.kdl", "/a]x"};
	struct vt_name_index *ix;

	(void)state;
	assert_int_equal(vt_name_index_new(&ix), VT_OK);
	for (uint32_t i = 0; i < VT_COUNT(all); i++) {
		assert_int_equal(vt_name_index_add(ix, vt_span_str(all[i]), true, 2 * i), VT_OK);
		assert_int_equal(
			vt_name_index_add(ix, vt_span_str(all[i]), false, 2 * i + 1), VT_OK);
	}
	for (size_t k = 0; k < VT_COUNT(paths); k++) {
		const char *name = strrchr(paths[k], '/') + 1;
		uint64_t got = 0;

		vt_name_index_find(ix, vt_span_str(paths[k]), vt_span_str(name), note_tag, &got);
		for (uint32_t i = 0; i < VT_COUNT(all); i++) {
			if (fnmatch(all[i], paths[k], FNM_CASEFOLD) == 0)
				assert_true(got >> (2 * i) & 1);
			if (fnmatch(all[i], name, FNM_CASEFOLD) == 0)
				assert_true(got >> (2 * i + 1) & 1);
		}
		/* and few others are */
		assert_true(__builtin_popcountll(got) < 22);
	}
	vt_name_index_free(ix);
}

static void test_hard_case_2_tarball_in_srv(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir -p a/srv/app/bin a/home/u; echo x > a/srv/app/bin/kavhttpd;"
			       "echo x > a/home/u/note; ln -s nowhere a/home/u/kesl-control;"
			       "mkdir -p a/opt/kaspersky/kesl; echo x > a/opt/kaspersky/kesl/any"),
		0);
	catalogue_begin();
	rule(VT_FACT_FILE, "r1", VT_ATTR_NAME, "kavhttpd|kesl-control", 0);
	rule(VT_FACT_FILE, "r2", VT_ATTR_PATH, "/opt/kaspersky/*", 0);
	c = run("a");
	assert_true(said(c, "file name=kavhttpd path=/srv/app/bin/kavhttpd"));
	assert_true(said(c, "file name=kesl-control path=/home/u/kesl-control state=link"));
	assert_true(said(c, "file name=kesl path=/opt/kaspersky/kesl"));
	assert_true(said(c, "file name=any path=/opt/kaspersky/kesl/any"));
	assert_int_equal(c->facts, 4);
	assert_int_equal(c->seen, 12);
	assert_int_equal(c->read, 12);
	assert_int_equal(c->scans, 0);
	fake_collect_free(c);
}

static void test_hard_case_3_embedded_sdk(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(
		shell("mkdir -p sdk/opt/other/lib/bases/x sdk/opt/other/lib/zz sdk/near sdk/top;"
		      "cd sdk/opt/other/lib; echo x > appinfo.kli; echo x > bases/x/appinfo.kli;"
		      "mkdir ppl; echo x > ppl/Params.PPL; echo x > ppl/prloader.ppl; echo x > "
		      "zz/q;"
		      "echo x > ../../../near/appinfo.kli; echo x > ../../../bases"),
		0);
	catalogue_begin();
	rule(VT_FACT_FOLDER, "sdk-layout", VT_ATTR_NAME, "appinfo.kli|bases|ppl", 3);
	rule(VT_FACT_FOLDER, "sdk-ppl", VT_ATTR_NAME, "params.ppl|prloader.ppl|absent", 2);
	c = run("sdk");
	assert_true(said(c,
		"folder name=lib path=/opt/other/lib rule=sdk-layout matched=appinfo.kli bases "
		"ppl"));
	assert_true(said(c,
		"folder name=ppl path=/opt/other/lib/ppl rule=sdk-ppl "
		"matched=params.ppl prloader.ppl"));
	assert_int_equal(c->facts, 2);
	fake_collect_free(c);
}

/* Names in the root itself, and folders within folders that both count. */
static void test_folders_nest(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(
		shell("mkdir -p nest/a/a/a; for d in nest nest/a nest/a/a; do echo x > $d/b; done"),
		0);
	catalogue_begin();
	rule(VT_FACT_FOLDER, "r", VT_ATTR_NAME, "a|b", 2);
	c = run("nest");
	assert_true(said(c, "folder path=/ rule=r matched=a b"));
	assert_true(said(c, "folder name=a path=/a rule=r matched=a b"));
	assert_true(said(c, "folder name=a path=/a/a rule=r matched=a b"));
	assert_int_equal(c->facts, 3);
	fake_collect_free(c);
}

static void test_hard_case_13_empty_file_with_a_banned_name(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir e; : > e/kavhttpd; : > e/appinfo.kli; : > e/bases"), 0);
	catalogue_begin();
	rule(VT_FACT_FILE, "r1", VT_ATTR_NAME, "kavhttpd", 0);
	rule(VT_FACT_FOLDER, "r2", VT_ATTR_NAME, "appinfo.kli|bases", 2);
	rule(VT_FACT_CONTENT, "r3", VT_ATTR_RULE, "r3", 0);
	c = run("e");
	assert_int_equal(c->facts, 0);
	assert_int_equal(c->scans, 0);
	assert_int_equal(c->read, 3);
	fake_collect_free(c);
}

/* Hard case 1: renamed, moved, upper case, stripped: the headers still say it. */
static void test_hard_case_1_renamed_elf(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir x; echo 'int f(void){return 1;}' > f.c;"
			       "cc -shared -fPIC -nostdlib -Wl,-soname,libhcnetsdk.so "
			       "-Wl,--build-id=0x0123456789abcdef -o x/HOLIDAY.JPG f.c;"
			       "strip x/HOLIDAY.JPG; cc -c -o x/plain.o f.c; echo text > x/text;"
			       "objcopy --strip-section-headers x/HOLIDAY.JPG 2>/dev/null || true;"
			       "printf '\\177ELF' > x/broken"),
		0);
	catalogue_begin();
	rule(VT_FACT_EXECUTABLE, "r", VT_ATTR_SONAME, "libhcnetsdk.so", 0);
	rule(VT_FACT_CONTENT, "r3", VT_ATTR_RULE, "r3", 0);
	c = run("x");
	assert_true(said(c,
		"executable name=HOLIDAY.JPG path=/HOLIDAY.JPG soname=libhcnetsdk.so "
		"build-id=0123456789abcdef"));
	assert_true(said(c, "executable name=plain.o path=/plain.o"));
	assert_int_equal(c->facts, 2);
	assert_int_equal(c->scans, 4);
	assert_int_equal(c->misses, 0);
	fake_collect_free(c);
}

static void test_digest_on_demand(void **state)
{
	struct vt_collect *c;
	FILE *f;
	char line[512], want[65];

	(void)state;
	assert_int_equal(shell("mkdir h; cp /bin/true h/true; sha256sum h/true > sum"), 0);
	f = fopen("sum", "r");
	assert_non_null(f);
	assert_int_equal(fread(want, 1, 64, f), 64);
	want[64] = '\0';
	(void)fclose(f);
	catalogue_begin();
	rule(VT_FACT_EXECUTABLE, "r", VT_ATTR_SHA256, want, 0);
	c = run("h");
	(void)snprintf(line, sizeof line, "path=/true sha256=%s", want);
	assert_non_null(strstr((const char *)c->text.p, line));
	fake_collect_free(c);
}

/* Hard case 14: what is not read is said. */
static void test_hard_case_14_not_read(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir n; mkfifo n/pipe; truncate -s 3G n/huge; echo x > n/ok"), 0);
	catalogue_begin();
	rule(VT_FACT_CONTENT, "r3", VT_ATTR_RULE, "r3", 0);
	c = run("n");
	assert_true(said(c, "missed special /pipe"));
	assert_true(said(c, "missed too-large /huge"));
	assert_true(said(c, "scan /ok 2"));
	assert_int_equal(c->seen, 3);
	assert_int_equal(c->read, 1);
	fake_collect_free(c);
}

/* Hard case 5: what later layers hide is found, and said to be hidden. */
static void test_hard_case_5_hidden_in_a_layer(void **state)
{
	struct vt_spool spool = {.folder = -1, .max = 64u << 20};
	struct vt_collect *c;
	struct vt_images v;
	int fd;

	(void)state;
	assert_int_equal(shell("python3 " VT_SOURCE "/tests/gen/image_samples.py i"), 0);
	fd = open("i/docker.tar", O_RDONLY);
	assert_int_equal(vt_images_archive(fd, &spool, &v), VT_OK);
	close(fd);
	catalogue_begin();
	rule(VT_FACT_FILE, "r1", VT_ATTR_NAME, "removed|passwd", 0);
	rule(VT_FACT_FOLDER, "r2", VT_ATTR_NAME, "one|two", 2);
	rule(VT_FACT_FOLDER, "r3", VT_ATTR_NAME, "removed|passwd", 2);
	rule(VT_FACT_CONTENT, "r4", VT_ATTR_RULE, "r4", 0);
	c = fake_collect(v.v[0].layers[0].tree);
	c->catalogue = cat;
	assert_int_equal(fake_run(c, &vt_collector_content), VT_OK);
	assert_true(said(c, "hidden file name=removed path=/etc/removed"));
	assert_true(said(c, "file name=passwd path=/etc/passwd"));
	assert_true(said(c, "hidden folder name=a path=/opt/a rule=r2 matched=one two"));
	assert_true(said(c, "hidden folder name=etc path=/etc rule=r3 matched=removed passwd"));
	assert_true(said(c, "hidden scan /etc/removed 4"));
	assert_true(said(c, "scan /etc/passwd 4"));
	fake_collect_free(c);
	c = fake_collect(v.v[0].merged);
	c->catalogue = cat;
	assert_int_equal(fake_run(c, &vt_collector_content), VT_OK);
	assert_true(said(c, "folder name=etc path=/etc rule=r3 matched=removed passwd"));
	assert_false(said(c, "folder name=a path=/opt/a rule=r2 matched=one two"));
	fake_collect_free(c);
	vt_images_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index_finds_what_matches),
		cmocka_unit_test(test_hard_case_2_tarball_in_srv),
		cmocka_unit_test(test_hard_case_3_embedded_sdk),
		cmocka_unit_test(test_folders_nest),
		cmocka_unit_test(test_hard_case_13_empty_file_with_a_banned_name),
		cmocka_unit_test(test_hard_case_1_renamed_elf),
		cmocka_unit_test(test_digest_on_demand),
		cmocka_unit_test(test_hard_case_14_not_read),
		cmocka_unit_test(test_hard_case_5_hidden_in_a_layer),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
