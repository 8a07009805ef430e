/* SPDX-License-Identifier: Apache-2.0 */
/* What would widen an inventory or a removal to what is nobody's product is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/narrow.h"

#define EIGHT "0011223344556677"

static void all(const char *const *v, size_t n, const char *check(vt_span), bool good)
{
	for (size_t i = 0; i < n; i++) {
		const char *why = check(vt_span_str(v[i]));

		if ((why == NULL) != good)
			fail_msg("'%s': %s", v[i], why ? why : "taken");
	}
}

static const char *file_path(vt_span g)
{
	return vt_narrow_term(VT_FACT_FILE, VT_ATTR_PATH, g);
}

static const char *file_name(vt_span g)
{
	return vt_narrow_term(VT_FACT_FILE, VT_ATTR_NAME, g);
}

static const char *package_name(vt_span g)
{
	return vt_narrow_term(VT_FACT_PACKAGE, VT_ATTR_NAME, g);
}

static const char *sha256(vt_span g)
{
	return vt_narrow_term(VT_FACT_FILE, VT_ATTR_SHA256, g);
}

static void test_paths(void **state)
{
	static const char *const bad[] = {"*", "/", "/*", "*/*", "/home/*", "/home/*/*", "/root/*",
		"/Users/*/Documents/*", "/home/alice/kaspersky*", "/Users/bob/x/kesl",
		"*/home/al/kesl", "/srv/*", "/opt", "/opt/*", "/usr/lib/*.so", "*/*.ppl",
		"/home/*.docx", "/home/*/taxes*.pdf", "*/contract-with-lawyer.odt", "relative/kesl",
		"kesl", "*kesl", "/opt/??", "/opt/[a-z][a-z][a-z][a-z]", "/var/log/*.log",
		"/etc/*.conf", "/*/*/*/*/*/*/*/*/*/kesl"};
	static const char *const good[] = {"/opt/kaspersky/kesl", "*/opt/kaspersky", "*/kavhttpd",
		"/home/*/kaspersky", "*/drivers/klif.sys", "*/Program Files (x86)/Kaspersky Lab/*",
		"/run/bl4control", "/opt/KasperskyOS-Community-Edition-*"};

	(void)state;
	all(bad, VT_COUNT(bad), file_path, false);
	all(good, VT_COUNT(good), file_path, true);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"*", "a*", "?b", "*.so", "*.pdf", "readme.md", "LICENSE",
		"bin", "Makefile", "letter-to-union.docx", "wallet.kdbx", "[a-z]*"};
	static const char *const good[] = {
		"kesl-control", "avp.exe", "libhcnetsdk.so", "kl1.sys", "appinfo.kli", "klnagent*"};
	static const char *const bad_packages[] = {"*", "a*", "*-*", "??", "[a-z]*", "li*"};
	static const char *const good_packages[] = {"kesl", "libx11*", "kav4fs"};

	(void)state;
	all(bad, VT_COUNT(bad), file_name, false);
	all(good, VT_COUNT(good), file_name, true);
	all(bad_packages, VT_COUNT(bad_packages), package_name, false);
	all(good_packages, VT_COUNT(good_packages), package_name, true);
}

static void test_hashes(void **state)
{
	static const char *const bad[] = {"*", "ab*",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"};
	static const char *const good[] = {
		"a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

	(void)state;
	all(bad, VT_COUNT(bad), sha256, false);
	all(good, VT_COUNT(good), sha256, true);
}

static void test_signatures(void **state)
{
	static const struct {
		const char *format, *line;
		bool good;
	} v[] = {
		{"ldb", "Engine:81-255,Target:6;0;" EIGHT, true},
		{"ldb", "Engine:81-255,Target:1;0&1;" EIGHT "::wi;" EIGHT "??99", true},
		{"ldb", "Engine:81-255,Target:9;(0|1)>2;" EIGHT ";0:00112233", true},
		{"ldb", "Engine:81-255,Target:6;0;00112233445566", false},
		{"ldb", "Engine:81-255,Target:6;0&1;" EIGHT ";0011", false},
		{"ldb", "Engine:81-255,Target:6;0;00??112233??44556677", false},
		{"ldb", "Engine:81-255,Target:6;0;00112233*44556677", false},
		{"ldb", "Engine:81-255,Target:6;0;001122{-4}3344556677", false},
		{"ldb", "Engine:81-255,Target:6;0;(" EIGHT "|00)", false},
		{"ldb", "Engine:81-255,Target:0;0;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:7;0;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:10;0;" EIGHT, false},
		{"ldb", "Engine:81-255;0;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:6;0=0;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:6;0<3;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:6;(0&1)=0,2;" EIGHT ";" EIGHT, false},
		{"ldb", "Engine:81-255,Target:6;0;0/secret.*/i", false},
		{"ldb", "Engine:81-255,Target:6;0;" EIGHT ";0(>>5#hb2#=123)", false},
		{"ldb", "Engine:81-255,Target:6;;" EIGHT, false},
		{"ldb", "Engine:81-255,Target:6", false},
		{"ldb", "", false},
		{"ndb", "6:*:" EIGHT, true},
		{"ndb", "0:0:" EIGHT, true},
		{"ndb", "0:*:" EIGHT, false},
		{"ndb", "0:0,1024:" EIGHT, false},
		{"ndb", "6:EP+0:00112233", true},
		{"ndb", "6:EP+0:001122", false},
		{"ndb", "6:*:001122334455", false},
		{"ndb", "7:0:" EIGHT, false},
		{"ndb", "6:*", false},
		{"hdb", "00112233445566778899aabbccddeeff:100", true},
		{"hdb", "d41d8cd98f00b204e9800998ecf8427e:100", false},
		{"hdb", "00112233445566778899aabbccddeeff:0", false},
		{"hdb", "00112233445566778899aabbccddeeff:*", false},
		{"hdb", "00112233445566778899AABBCCDDEEFF:100", false},
		{"hsb", "00112233445566778899aabbccddeeff00112233:*", true},
		{"hsb", "00112233445566778899aabbccddeeff:100", false},
		{"cdb", "CL_TYPE_ZIP:*:.*:*:*:*:*:*:*", false},
		{"yara", "rule a { condition: true }", false},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(v); i++) {
		const char *why =
			vt_narrow_signature(vt_span_str(v[i].format), vt_span_str(v[i].line));

		if ((why == NULL) != v[i].good)
			fail_msg("%s '%s': %s", v[i].format, v[i].line, why ? why : "taken");
	}
}

static void test_what_is_removed(void **state)
{
	static const char *const bad[] = {"/", "/opt", "/home", "/home/kesl", "/root/kesl",
		"/usr/lib", "/var/lib", "/etc/systemd", "/opt/kaspersky/", "/opt/../etc/kesl",
		"/opt//kesl", "/opt/./kesl", "/opt/kasp*", "opt/kesl", "/usr/share/doc",
		"/Users/x/kesl", "/Library/Application Support", "/kesl"};
	static const char *const good[] = {"/opt/kaspersky", "/var/opt/kaspersky/kesl",
		"/Program Files/Kaspersky Lab", "/Library/Application Support/Kaspersky Lab/KAV"};
	static const char *const bad_units[] = {"*", "*.service", "ssh.service",
		"systemd-logind.service", "dbus.socket", "getty@tty1.service", "cron",
		"kesl service", "../kesl.service", "-k.service"};
	static const char *const good_units[] = {"kesl.service", "klnagent64", "kesl.timer"};
	static const char *const bad_accounts[] = {
		"root", "sudo", "nobody", "*", "kesl*", "a:b", "-rf"};
	static const char *const good_accounts[] = {"kesladmin", "nokesl"};

	(void)state;
	all(bad, VT_COUNT(bad), vt_narrow_prefix, false);
	all(good, VT_COUNT(good), vt_narrow_prefix, true);
	all(bad_units, VT_COUNT(bad_units), vt_narrow_unit, false);
	all(good_units, VT_COUNT(good_units), vt_narrow_unit, true);
	all(bad_accounts, VT_COUNT(bad_accounts), vt_narrow_account, false);
	all(good_accounts, VT_COUNT(good_accounts), vt_narrow_account, true);
}

static void test_products(void **state)
{
	static const char *const bad[] = {"*", "*-security", "a*", "??*", "[a-z]*", "*kaspersky*"};
	static const char *const good[] = {"kaspersky-*", "dji-*"};
	static const char *const bad_cpe[] = {"*", "cpe:2.3:*:*:*:*:*:*:*:*:*:*:*", "cpe:2.3:a:-:x",
		"cpe:2.3:a:?:x", "cpe:/a:kaspersky", "cpe:2.3:a", "cpe:2.3:a:"};
	static const char *const good_cpe[] = {"cpe:2.3:a:kaspersky:*:*:*:*:*:*:*:*:*"};
	static const char *const bad_purl[] = {"*", "pkg:*", "pkg:deb/*", "pkg:deb/a", "deb/kesl"};
	static const char *const good_purl[] = {"pkg:deb/*/kesl"};
	static const char *const bad_folder[] = {
		"*", "bin", "a/b/kesl", "Documents", "*.pdf", "??"};
	static const char *const good_folder[] = {"*.ppl", "bases", "appinfo.kli"};

	(void)state;
	all(bad, VT_COUNT(bad), vt_narrow_products, false);
	all(good, VT_COUNT(good), vt_narrow_products, true);
	all(bad_cpe, VT_COUNT(bad_cpe), vt_narrow_cpe, false);
	all(good_cpe, VT_COUNT(good_cpe), vt_narrow_cpe, true);
	all(bad_purl, VT_COUNT(bad_purl), vt_narrow_purl, false);
	all(good_purl, VT_COUNT(good_purl), vt_narrow_purl, true);
	all(bad_folder, VT_COUNT(bad_folder), vt_narrow_folder_name, false);
	all(good_folder, VT_COUNT(good_folder), vt_narrow_folder_name, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_what_is_removed),
		cmocka_unit_test(test_products),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
