/* SPDX-License-Identifier: Apache-2.0 */
/* A Windows system that is not running: registries that libhivex wrote, tasks, names of any case.
 */
#include "collect/hive_test.h"

#define CONFIG "win/Windows/System32/config/"
#define UNINSTALL "Microsoft\\Windows\\CurrentVersion\\Uninstall\\"

static const struct vt_collector *const all[] = {&vt_collector_windows, &vt_collector_windows_boot,
	&vt_collector_windows_trust, &vt_collector_windows_browsers,
	&vt_collector_windows_accounts};

static void make_software(void)
{
	static uint8_t blob[4096];
	size_t n, head = 0;
	uint32_t v[6] = {3, 1, 4, 0x11223344, 32, 1};
	int fd;
	hive_h *h = new_hive(CONFIG "SOFTWARE");

	set_text(h, UNINSTALL "{GUID-1}", "DisplayName", "Kaspersky Endpoint Security");
	set_text(h, UNINSTALL "{GUID-1}", "DisplayVersion", "12.1.0");
	set_text(h, UNINSTALL "{GUID-1}", "Publisher", "AO Example Lab");
	set_text(h, UNINSTALL "{GUID-1}", "InstallLocation", "C:\\Program Files\\Example\\");
	set_text(h, UNINSTALL "nameless", "Publisher", "X");
	set_text(h, UNINSTALL "M\xc3\xbcller", "Publisher", "latin"); /* one byte a character */
	set_text(h, UNINSTALL "\xd0\x9b\xd0\xb0\xd0\xb1", "Publisher", "wide");
	set_text(h, "WOW6432Node\\" UNINSTALL "Old", "DisplayName", "Old 32 bit");
	(void)key_of(h, "KasperskyLab\\protected\\AVP21.3\\settings");
	(void)key_of(h, "WOW6432Node\\KasperskyLab\\protected\\AVP9");
	(void)key_of(h, "Classes\\CLSID\\{deep}");
	set_text(h, "Microsoft\\Windows\\CurrentVersion\\Run", "avp",
		"\"C:\\Program Files\\avp.exe\" -r");
	set_text(h, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Userinit",
		"userinit.exe,evil.exe");
	set_text(h, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Other", "ignored");
	set_text(h, "Google\\Chrome\\NativeMessagingHosts\\com.example.host", "", "C:\\host.json");
	set_text(h, "Google\\Chrome\\Extensions\\amkpcclbbgegoafihnpgomddadjhcadd", "update_url",
		"https://u");
	/* a certificate as Windows keeps it: properties, the last of them the certificate */
	fd = open("c.der", O_RDONLY | O_CLOEXEC);
	memcpy(blob, v, sizeof v);
	head = sizeof v + 4;
	assert_int_equal(vt_fd_pread(fd, blob + head, sizeof blob - head, 0, &n), VT_OK);
	word(blob + sizeof v, (uint32_t)n);
	(void)close(fd);
	set_bytes(h, "Microsoft\\SystemCertificates\\ROOT\\Certificates\\AB12", "Blob",
		hive_t_REG_BINARY, blob, head + n);
	set_bytes(h, "Microsoft\\SystemCertificates\\ROOT\\Certificates\\CUT", "Blob",
		hive_t_REG_BINARY, blob, head + n / 2);
	finish_hive(h);
}

static void make_system(void)
{
	hive_h *h = new_hive(CONFIG "system"); /* case differs between versions */

	for (int i = 1; i <= 2; i++) {
		char key[64];

		(void)snprintf(key, sizeof key, "ControlSet00%d\\Services\\klif", i);
		set_number(h, key, "Type", 2);
		set_number(h, key, "Start", i == 1 ? 0 : 4);
		set_text(h, key, "ImagePath", "system32\\DRIVERS\\klif.sys");
	}
	set_number(h, "ControlSet001\\Services\\AVP21", "Type", 16);
	set_number(h, "ControlSet001\\Services\\AVP21", "Start", 2);
	set_text(h, "ControlSet001\\Services\\AVP21", "ImagePath", "\"C:\\avp.exe\" -r");
	set_text(h, "ControlSet001\\Services\\AVP21", "DisplayName", "Example Service");
	set_text(h, "ControlSet001\\Services\\AVP21\\Parameters", "ServiceDll", "C:\\k.dll");
	finish_hive(h);
}

static int make_windows(void **state)
{
	static const char task[] =
		"\xff\xfe<\0T\0a\0s\0k\0>\0<\0C\0o\0m\0m\0a\0n\0d\0>\0k\0.\0e\0x\0e\0<\0/"
		"\0C\0o\0m\0m\0a\0n\0d\0>\0";
	hive_h *h;

	if (scratch_begin(state))
		return -1;
	assert_int_equal(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
			       "-nodes -keyout k.pem"
			       " -out c.der -outform der -days 3650 -subj '/O=AO Example "
			       "Lab/CN=Example Root' 2>/dev/null"),
		0);
	make_software();
	make_system();
	h = new_hive(CONFIG "SAM");
	(void)key_of(h, "SAM\\Domains\\Account\\Users\\Names\\Ann");
	(void)key_of(h, "SAM\\Domains\\Builtin\\Aliases\\Names\\KLAdmins");
	finish_hive(h);
	h = new_hive("win/Users/Ann/NTUSER.DAT");
	set_text(h, "Software\\Microsoft\\Windows\\CurrentVersion\\Run", "tray", "C:\\tray.exe");
	set_text(h, "Software\\" UNINSTALL "peruser", "DisplayName", "Per User");
	finish_hive(h);
	put("win/Windows/System32/Tasks/Example/Update", task, sizeof task - 1);
	put_text("win/Windows/System32/Tasks/Broken", "no task");
	put_text("win/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/all.lnk", "L");
	put_text(
		"win/Users/Ann/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/k.lnk",
		"L");
	return 0;
}

static void check_whole(struct vt_collect *c)
{
	ASSERT_SAYS(c, "package @/", "SOFTWARE#" UNINSTALL "{GUID-1} ",
		"name=Kaspersky Endpoint Security ", "version=12.1.0 ", "vendor=AO Example Lab",
		"manager=windows ", "id={GUID-1} ", "path=C:\\Program Files\\Example\\ ",
		"key=HKLM\\SOFTWARE\\" UNINSTALL "{GUID-1}");
	ASSERT_SAYS(c, "package ", "name=nameless ");
	ASSERT_SAYS(c, "package ", "name=M\xc3\xbcller ", "vendor=latin");
	ASSERT_SAYS(c, "package ", "name=\xd0\x9b\xd0\xb0\xd0\xb1 ", "vendor=wide");
	ASSERT_SAYS(c, "package ", "name=Old 32 bit ", "WOW6432Node");
	ASSERT_SAYS(c, "package ", "name=Per User ", "owner=Ann");
	ASSERT_SAYS(c, "registry ", "key=HKLM\\SOFTWARE\\KasperskyLab\\protected\\AVP21.3");
	ASSERT_SAYS(
		c, "registry ", "key=HKLM\\SOFTWARE\\WOW6432Node\\KasperskyLab\\protected\\AVP9");
	ASSERT_SILENT(c, "registry ", "AVP21.3\\settings");
	ASSERT_SILENT(c, "registry ", "CLSID");
	ASSERT_SAYS(
		c, "unit ", "name=avp ", "command=\"C:\\Program Files\\avp.exe\" -r", "source=");
	ASSERT_SAYS(c, "unit ", "name=Userinit ", "command=userinit.exe,evil.exe");
	ASSERT_SILENT(c, "ignored");
	ASSERT_SAYS(c, "unit ", "name=tray ", "owner=Ann");
	ASSERT_SAYS(c, "extension ", "id=com.example.host", "manager=native-host ",
		"path=C:\\host.json ");
	ASSERT_SAYS(c, "extension ", "id=amkpcclbbgegoafihnpgomddadjhcadd", "source=https://u");
	ASSERT_SAYS(c, "certificate ", "cn=Example Root ", "o=AO Example Lab ", "store=ROOT ",
		"state=trusted");
	ASSERT_SAYS(c, "missed malformed", "Certificates\\CUT");
	ASSERT_SAYS(c, "module ", "name=klif ", "state=boot", "path=system32\\DRIVERS\\klif.sys ",
		"key=HKLM\\SYSTEM\\ControlSet001\\Services\\klif");
	ASSERT_SAYS(c, "module ", "name=klif ", "state=disabled", "ControlSet002");
	ASSERT_SAYS(c, "unit ", "name=AVP21 ", "state=auto", "product=Example Service ",
		"value=C:\\k.dll");
	ASSERT_SAYS(c, "account ", "name=Ann ", "state=user");
	ASSERT_SAYS(c, "account ", "name=KLAdmins ", "state=group");
	ASSERT_SAYS(c, "unit ", "name=Update ", "command=k.exe", "source=task ");
	ASSERT_SAYS(c, "unit ", "name=all.lnk ", "source=startup ");
	ASSERT_SAYS(c, "unit ", "name=k.lnk ", "source=startup ", "owner=Ann");
	ASSERT_SAYS(c, "missed malformed", "Tasks/Broken");
	ASSERT_SAYS(c, "source packages registry ", "SOFTWARE");
	ASSERT_SAYS(c, "source boot registry HKLM\\SYSTEM\\ControlSet001\\Services");
	ASSERT_SAYS(c, "source accounts registry HKLM\\SAM");
	ASSERT_SAYS(c, "source trust registry HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\ROOT");
	assert_int_equal(c->misses, 2);
	assert_int_equal(c->seen, c->read + c->misses);
}

static void test_whole(void **state)
{
	struct vt_collect *c = run_all("win", all, VT_COUNT(all), false);

	(void)state;
	check_whole(c);
	fake_collect_free(c);
}

/* The same with folders in capitals, as older versions have them. */
static void test_any_case(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("cp -r win other; mv other/Windows other/WINDOWS;"
			       "mv other/WINDOWS/System32 other/WINDOWS/system32;"
			       "mv other/Users/Ann/NTUSER.DAT other/Users/Ann/ntuser.dat"),
		0);
	c = run_all("other", all, VT_COUNT(all), false);
	check_whole(c);
	fake_collect_free(c);
}

/* hivexregedit(1) reads what the tests read, so the tests' hives are hives. */
static void test_hives_are_hives(void **state)
{
	(void)state;
	assert_int_equal(shell("hivexregedit --export --prefix 'HKLM\\SOFTWARE' " CONFIG
			       "SOFTWARE '\\KasperskyLab'"
			       " | grep -q 'protected.AVP21.3'"),
		0);
}

/* Cut, overwritten, and one whose changes are still in its log: no source, or a miss. */
static void test_corrupt(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(
		shell("cp -r win bad; cd bad/Windows/System32/config;"
		      "head -c 5000 SOFTWARE > x && mv x SOFTWARE;"
		      "head -c 8192 /dev/zero > SAM;"
		      "printf '\\077' | dd of=system bs=1 seek=4 conv=notrunc 2>/dev/null"),
		0);
	c = run_all("bad", all, VT_COUNT(all), false);
	ASSERT_SAYS(c, "missed malformed /Windows/System32/config/SOFTWARE");
	ASSERT_SAYS(c, "missed malformed /Windows/System32/config/SAM");
	ASSERT_SAYS(c, "missed", "/Windows/System32/config/system");
	ASSERT_SILENT(c, "source packages");
	ASSERT_SILENT(c, "source accounts");
	fake_collect_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_any_case),
		cmocka_unit_test(test_hives_are_hives),
		cmocka_unit_test(test_corrupt),
	};

	return cmocka_run_group_tests(tests, make_windows, scratch_end);
}
