/* SPDX-License-Identifier: Apache-2.0 */
/* Executables made by tests/gen/signed_samples.py and, where it is, by MinGW. */
#include "tree/tree_test.h"

#include "collect/exe_facts.h"
#include "collect/fake_collect.h"

static struct vt_collect *collect;
static struct vt_tree *tree;

static vt_err each(void *ctx, const struct vt_visit *v)
{
	struct vt_exe_ask ask = {0};
	int fd;

	(void)ctx;
	if (v->node->type != VT_NODE_FILE)
		return VT_OK;
	assert_int_equal(vt_visit_open(v, UINT64_MAX, &fd), VT_OK);
	(void)!vt_exe_facts(collect, &ask, v->path, v->name, fd, v->node->size);
	vt_arena_reset(&collect->arena);
	close(fd);
	return VT_OK;
}

static void look(const char *folder)
{
	struct vt_walk_fns fns = {.entry = each, .missed = note_missed};

	tree = open_folder(folder, false);
	collect = fake_collect(tree);
	assert_int_equal(vt_tree_walk(tree, vt_span_str("/"), &fns), VT_OK);
}

static void done(void)
{
	fake_collect_free(collect);
	vt_tree_free(tree);
}

static void expect(const char *name, const char *rest)
{
	struct notes n = {.text = collect->text};
	char line[600];

	(void)snprintf(line, sizeof line, "executable %s%s%s%s", name, "", *rest ? " " : "", rest);
	if (!has_line(&n, line))
		fail_msg("no \"%s\" in\n%.*s", line, (int)n.text.n, (const char *)n.text.p);
}

#define NAMED                                                                                      \
	"company=AO Look-alike \u041b\u0430\u0431 product=Look-alike Anti-Virus "                  \
	"original-name=avp.exe"
#define SIGNED "signer=Look-alike Lab signer-org=AO Look-alike "

static void test_hard_case_1_signatures(void **state)
{
	(void)state;
	if (shell("command -v osslsigncode >/dev/null") != 0)
		skip();
	assert_int_equal(shell("python3 " VT_SOURCE "/tests/gen/signed_samples.py s"), 0);
	look("s");
	expect("name=plain.exe version=21.3.10.391 path=/plain.exe", NAMED " state=unsigned");
	expect("name=plain32.exe version=21.3.10.391 path=/plain32.exe", NAMED " state=unsigned");
	expect("name=signed.exe version=21.3.10.391 path=/signed.exe",
		SIGNED NAMED " state=signed");
	expect("name=signed32.exe version=21.3.10.391 path=/signed32.exe",
		SIGNED NAMED " state=signed");
	expect("name=signed384.exe version=21.3.10.391 path=/signed384.exe",
		SIGNED NAMED " state=signed");
	/* stripped: no trace; cut off, patched, appended to, pasted into another file: said */
	expect("name=stripped.exe version=21.3.10.391 path=/stripped.exe", NAMED " state=unsigned");
	expect("name=cut.exe version=21.3.10.391 path=/cut.exe", NAMED " state=signature-damaged");
	expect("name=patched.exe version=21.3.10.391 path=/patched.exe",
		NAMED " state=signature-broken value=claims to be signed by Look-alike Lab");
	expect("name=appended.exe version=21.3.10.391 path=/appended.exe",
		NAMED " state=signature-broken value=claims to be signed by Look-alike Lab");
	expect("name=pasted.exe path=/pasted.exe",
		"company=Somebody state=signature-broken value=claims to be signed by Look-alike "
		"Lab");
	expect("name=thin arch=x86_64 path=/thin",
		SIGNED "team-id=2A3B4C5D6E original-name=com.look-alike.core state=signed");
	expect("name=fat arch=x86_64 path=/fat",
		SIGNED "team-id=2A3B4C5D6E original-name=com.look-alike.core state=signed");
	expect("name=fat arch=arm64 path=/fat",
		SIGNED "team-id=2A3B4C5D6E original-name=com.look-alike.core state=signed");
	expect("name=adhoc arch=arm64 path=/adhoc",
		"original-name=com.look-alike.core state=ad-hoc");
	expect("name=patched arch=x86_64 path=/patched",
		"original-name=com.look-alike.core state=signature-broken "
		"value=claims to be signed by Look-alike Lab");
	expect("name=forged arch=x86_64 path=/forged",
		"original-name=com.look-alike.core state=signature-broken "
		"value=claims to be signed by Look-alike Lab");
	done();
}

/* Another program's resources. */
static void test_mingw(void **state)
{
	(void)state;
	if (shell("command -v x86_64-w64-mingw32-windres >/dev/null") != 0)
		skip();
	assert_int_equal(
		shell("mkdir m; printf '1 VERSIONINFO\nFILEVERSION 1,2,3,4\nBEGIN\n BLOCK "
		      "\"StringFileInfo\"\n"
		      " BEGIN\n BLOCK \"040904E4\"\n BEGIN\n VALUE \"CompanyName\", \"Made Up\"\n"
		      " VALUE \"FileDescription\", \"x\"\n VALUE \"FileVersion\", \"1.2.3.4\"\n"
		      " VALUE \"OriginalFilename\", \"up.exe\"\n VALUE \"ProductName\", "
		      "\"Product\"\n"
		      " END\n END\n BLOCK \"VarFileInfo\"\n BEGIN\n"
		      " VALUE \"Translation\", 0x409, 1252\n END\nEND\n' > v.rc;"
		      "echo 'int main(void){return 0;}' > v.c; x86_64-w64-mingw32-windres v.rc v.o;"
		      "x86_64-w64-mingw32-gcc -s -o m/renamed.txt v.c v.o"),
		0);
	look("m");
	expect("name=renamed.txt version=1.2.3.4 path=/renamed.txt",
		"company=Made Up product=Product original-name=up.exe state=unsigned");
	done();
}

/* The same names and build ids that readelf prints, on this system's libraries. */
static void test_elf_like_readelf(void **state)
{
	(void)state;
	assert_int_equal(
		shell("mkdir e; for f in $(ls /usr/lib/x86_64-linux-gnu/*.so.* /usr/bin/* | head "
		      "-150); do"
		      " test -f $f && cp -L $f e/ 2>/dev/null || true; done; cd e; for f in *; do"
		      " readelf -h $f >/dev/null 2>&1 || continue;"
		      " s=$(readelf -d $f 2>/dev/null | sed -n 's/.*SONAME.*\\[\\(.*\\)\\]/\\1/p');"
		      " b=$(readelf -n $f 2>/dev/null | sed -n 's/.*Build ID: //p' | head -1);"
		      " echo \"$f $s $b\"; done > ../want"),
		0);
	look("e");
	{
		char line[600], name[200], soname[200], id[200], want[700];
		FILE *f = fopen("want", "r");
		unsigned n = 0;

		assert_non_null(f);
		while (fgets(line, sizeof line, f)) {
			int got;

			line[strcspn(line, "\n")] = '\0';
			soname[0] = id[0] = '\0';
			if (strstr(line, "  "))
				got = sscanf(line, "%199s  %199s", name, id);
			else
				got = sscanf(line, "%199s %199s %199s", name, soname, id);
			if (got < 2)
				continue;
			(void)snprintf(want, sizeof want, "path=/%s%s%s%s%s", name,
				soname[0] ? " soname=" : "", soname, id[0] ? " build-id=" : "", id);
			if (!strstr((const char *)collect->text.p, want))
				fail_msg("no %s", want);
			n++;
		}
		(void)fclose(f);
		assert_true(n > 20);
	}
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hard_case_1_signatures),
		cmocka_unit_test(test_mingw),
		cmocka_unit_test(test_elf_like_readelf),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
