/* SPDX-License-Identifier: Apache-2.0 */
/* A macOS tree, with property lists in both forms; the binary ones are made by libplist's
 * plistutil. */
#include "collect/system_test.h"

#define HEAD                                                                                       \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD "      \
	"PLIST 1.0//EN\" "                                                                         \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">"
#define TAIL "</plist>\n"

static const struct vt_collector *const all[] = {
	&vt_collector_macos, &vt_collector_macos_boot, &vt_collector_macos_accounts};

static int make_mac(void **state)
{
	if (scratch_begin(state))
		return -1;
	put_text("mac/private/var/db/receipts/com.kaspersky.kav.core.plist",
		HEAD "<dict><key>PackageIdentifier</key><string>com.kaspersky.kav.core</string>"
		     "<key>PackageVersion</key><string>11.2</string><key>InstallProcessName</key>"
		     "<string>installer</string><key>InstallDate</key><date>2024-01-02T03:04:05Z</"
		     "date></dict>" TAIL);
	put_text("mac/Library/LaunchDaemons/com.kaspersky.kav.plist",
		HEAD "<dict><key>Label</key><string>com.kaspersky.kav</"
		     "string><key>ProgramArguments</key><array>"
		     "<string>/Library/Application Support/Kaspersky Lab/KAV/Binaries/kav &amp; "
		     "co</string>"
		     "<string>-r</string></array><key>RunAtLoad</key><true/></dict>" TAIL);
	put_text("mac/Library/LaunchAgents/off.plist",
		HEAD "<dict><key>Label</key><string>off.agent</string><key>Program</key><string>/"
		     "x</string>"
		     "<key>Disabled</key><true/></dict>" TAIL);
	put_text("mac/Users/ann/Library/LaunchAgents/own.plist",
		HEAD "<dict><key>Label</key><string>own.agent</string></dict>" TAIL);
	put_text("mac/Applications/Kaspersky.app/Contents/Info.plist",
		HEAD "<dict><key>CFBundleIdentifier</key><string>com.kaspersky.kav</"
		     "string><key>CFBundleName</key>"
		     "<string>Kasp\xd0\xb5rsky</string><key>CFBundleShortVersionString</"
		     "key><string>21.0</string></dict>" TAIL);
	put_text("mac/Applications/Kaspersky.app/Contents/PlugIns/Web.appex/Contents/Info.plist",
		HEAD "<dict><key>CFBundleIdentifier</key><string>com.kaspersky.urla</string></"
		     "dict>" TAIL);
	put_text("mac/Library/Extensions/klif.kext/Contents/Info.plist",
		HEAD "<dict><key>CFBundleIdentifier</key><string>com.kaspersky.kext.klif</string>"
		     "<key>CFBundleVersion</key><string>3</string></dict>" TAIL);
	put_text("mac/Library/SystemExtensions/db.plist",
		HEAD "<dict><key>extensions</key><array><dict><key>identifier</"
		     "key><string>com.kaspersky.kav.sysext</string>"
		     "<key>teamID</key><string>2Y8XE5CQ94</string><key>state</"
		     "key><string>activated_enabled</string>"
		     "<key>bundleVersion</key><dict><key>CFBundleShortVersionString</"
		     "key><string>1.5</string></dict>"
		     "</dict></array></dict>" TAIL);
	put_text("mac/private/var/db/dslocal/nodes/Default/users/ann.plist",
		HEAD
		"<dict><key>name</key><array><string>ann</string></array><key>uid</"
		"key><array><string>501</string>"
		"</array><key>home</key><array><string>/Users/ann</string></array></dict>" TAIL);
	put_text("mac/Applications/Broken.app/Contents/Info.plist", "bplist00nonsense");
	return shell("cd mac; mkdir -p System/Library; ln -s private/var var;"
		     "for f in private/var/db/receipts/com.kaspersky.kav.core.plist"
		     " Applications/Kaspersky.app/Contents/Info.plist "
		     "private/var/db/dslocal/nodes/Default/users/ann.plist"
		     " Library/SystemExtensions/db.plist;"
		     " do plistutil -i $f -o $f.b -f bin; mv $f.b $f; head -c 8 $f | grep -q "
		     "bplist00; done");
}

static void test_case_10_macos(void **state)
{
	struct vt_collect *c = run_all("mac", all, VT_COUNT(all), false);

	(void)state;
	ASSERT_SAYS(c, "package @/private/var/db/receipts/", "name=com.kaspersky.kav.core ",
		"version=11.2 ", "manager=macos ", "id=com.kaspersky.kav.core",
		"source=installer ");
	ASSERT_SAYS(c, "package @/Applications/Kaspersky.app/Contents/Info.plist ",
		"name=Kasp\xd0\xb5rsky ", "version=21.0 ", "id=com.kaspersky.kav",
		"path=/Applications/Kaspersky.app ");
	ASSERT_SAYS(c, "unit ", "name=com.kaspersky.kav ", "manager=launchd ", "state=enabled",
		"command=/Library/Application Support/Kaspersky Lab/KAV/Binaries/kav & co -r ",
		"path=/Library/Application Support/Kaspersky Lab/KAV/Binaries/kav & co ");
	ASSERT_SAYS(c, "unit ", "name=off.agent ", "state=disabled", "path=/x ");
	ASSERT_SAYS(c, "unit ", "name=own.agent ", "owner=ann");
	ASSERT_SAYS(c, "module ", "name=com.kaspersky.kext.klif ", "version=3 ");
	ASSERT_SAYS(c, "module ", "name=com.kaspersky.kav.sysext ", "team-id=2Y8XE5CQ94 ",
		"version=1.5 ", "state=activated_enabled");
	ASSERT_SAYS(c, "account ", "name=ann ", "id=501", "path=/Users/ann ");
	ASSERT_SAYS(c, "missed", "/Applications/Broken.app/Contents/Info.plist");
	ASSERT_SAYS(c, "source packages plists /private/var/db/receipts/*.plist");
	ASSERT_SILENT(c, "@/var/db/receipts"); /* met once, though two names lead there */
	assert_int_equal(c->misses, 1);
	assert_int_equal(c->seen, c->read + c->misses);
	fake_collect_free(c);
}

static void test_case_10_safari(void **state)
{
	struct vt_collect *c = run_over("mac", &vt_collector_browsers, false);

	(void)state;
	ASSERT_SAYS(c, "extension ", "id=com.kaspersky.urla", "product=safari ");
	ASSERT_SAYS(c, "source browsers places below /Users/ann");
	fake_collect_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_10_macos),
		cmocka_unit_test(test_case_10_safari),
	};

	return cmocka_run_group_tests(tests, make_mac, scratch_end);
}
