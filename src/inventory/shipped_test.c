/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue that ships, against facts as collectors make them: each row of the study's table of
 * signs is recognised, and names that only sound alike are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "inventory/directive.h"

static vt_arena arena = VT_ARENA_INIT((size_t)256 << 20);
static struct vt_catalogue all;

static vt_span load(const char *name)
{
	static char doc[1 << 20];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, VT_CONTENT "/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(doc, 1, sizeof doc, f);
	(void)fclose(f);
	return vt_span_of(doc, n);
}

static int setup(void **state)
{
	static const char *const names[] = {"kaspersky", "covered-list", "replacements"};
	struct vt_catalogue v[VT_COUNT(names)];
	struct vt_doc_error why;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(names); i++) {
		char name[64];

		snprintf(name, sizeof name, "catalogue/%s.json", names[i]);
		if (vt_catalogue_parse(load(name), &arena, &v[i], &why))
			return 1;
	}
	return vt_catalogue_join(v, VT_COUNT(v), &arena, &all, &why) ? 1 : 0;
}

struct seen {
	enum vt_fact_kind kind;
	enum vt_attr a;
	const char *av;
	enum vt_attr b; /* the same as a: none */
	const char *bv;
	const char *product; /* NULL: nothing may match */
};

struct hits {
	size_t n;
	const char *want;
	bool found;
	char what[1024];
};

static void on_hit(void *ctx, const struct vt_catalogue_rule *r)
{
	struct hits *h = ctx;
	vt_span id = all.products[r->product].id;

	h->n++;
	h->found = h->found || (h->want && vt_span_eq(id, vt_span_str(h->want)));
	snprintf(h->what + strlen(h->what), sizeof h->what - strlen(h->what), " %.*s", (int)r->id.n,
		(const char *)r->id.p);
}

static void check(const struct seen *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vt_fact f = {.kind = v[i].kind};
		struct hits h = {.want = v[i].product};

		f.v[v[i].a] = vt_span_str(v[i].av);
		if (v[i].b != v[i].a)
			f.v[v[i].b] = vt_span_str(v[i].bv);
		vt_catalogue_match(&all, &f, on_hit, &h);
		if (v[i].product ? !h.found : h.n > 0)
			fail_msg("%s %s: matched%s", vt_fact_word(v[i].kind), v[i].av, h.what);
	}
}

#define A(x) VT_ATTR_##x
#define ONE(kind, attr, value, product)                                                            \
	{                                                                                          \
		VT_FACT_##kind, A(attr), (value), A(attr), NULL, (product)                         \
	}
#define TWO(kind, a, av, b, bv, product)                                                           \
	{                                                                                          \
		VT_FACT_##kind, A(a), (av), A(b), (bv), (product)                                  \
	}
#define PATH(path, product) TWO(FILE, PATH, path, NAME, strrchr("/" path, '/') + 1, product)

static void test_linux(void **state)
{
	const struct seen v[] = {
		TWO(PACKAGE, MANAGER, "dpkg", NAME, "kesl", "kaspersky-endpoint-security-linux"),
		TWO(PACKAGE, MANAGER, "rpm", NAME, "kesl-gui", "kaspersky-endpoint-security-linux"),
		TWO(PACKAGE, MANAGER, "dpkg", NAME, "klnagent64", "kaspersky-network-agent"),
		TWO(PACKAGE, MANAGER, "dpkg", NAME, "kav4fs",
			"kaspersky-anti-virus-linux-file-server"),
		TWO(PACKAGE, MANAGER, "dpkg", NAME, "ksc64", "kaspersky-security-center"),
		PATH("/opt/kaspersky/kesl", "kaspersky-endpoint-security-linux"),
		PATH("/srv/chroot/a/opt/kaspersky/kesl", "kaspersky-endpoint-security-linux"),
		PATH("/opt/kaspersky/kesl/bin/kesl-control", "kaspersky-endpoint-security-linux"),
		PATH("/home/bob/old/KESL-Control", "kaspersky-endpoint-security-linux"),
		PATH("/var/opt/kaspersky/kesl/install_12.1.0.1234",
			"kaspersky-endpoint-security-linux"),
		PATH("/var/opt/kaspersky/kesl/common/kesl.ini",
			"kaspersky-endpoint-security-linux"),
		PATH("/run/wdserver.pid", "kaspersky-endpoint-security-linux"),
		PATH("/opt/kaspersky", "kaspersky-linux"),
		PATH("/var/log/kaspersky", "kaspersky-linux"),
		PATH("/etc/opt/kaspersky", "kaspersky-linux"),
		PATH("/opt/kaspersky/klnagent64/bin/klnagchk", "kaspersky-network-agent"),
		PATH("/opt/kaspersky/ScanEngine", "kaspersky-scan-engine"),
		PATH("/srv/other/av/appinfo.kli", "kaspersky-scan-engine"),
		ONE(UNIT, NAME, "kesl.service", "kaspersky-endpoint-security-linux"),
		ONE(UNIT, NAME, "klnagent64.service", "kaspersky-network-agent"),
		TWO(UNIT, NAME, "x.service", COMMAND, "/opt/kaspersky/new/bin/x -d",
			"kaspersky-linux"),
		ONE(LISTENER, PATH, "/run/bl4control", "kaspersky-endpoint-security-linux"),
		ONE(ACCOUNT, NAME, "nokesl", "kaspersky-endpoint-security-linux"),
		ONE(PROCESS, PATH, "/opt/kaspersky/kesl/libexec/kesl",
			"kaspersky-endpoint-security-linux"),
		ONE(EXECUTABLE, PATH, "/opt/kaspersky/unknown/bin/x", "kaspersky-linux"),
		ONE(EXECUTABLE, NAME, "kavhttpd", "kaspersky-scan-engine"),
		ONE(FOLDER, RULE, "scanengine-sdk-folder", "kaspersky-scan-engine"),
		ONE(CONTENT, RULE, "kesl-paths-in-elf", "kaspersky-endpoint-security-linux"),
	};

	(void)state;
	check(v, VT_COUNT(v));
}

static void test_windows_and_macos(void **state)
{
	const struct seen v[] = {
		ONE(MODULE, NAME, "klif", "kaspersky-windows"),
		ONE(MODULE, NAME, "KLIF.SYS", "kaspersky-windows"),
		ONE(MODULE, NAME, "kneps", "kaspersky-windows"),
		TWO(UNIT, MANAGER, "windows", NAME, "klvfs", "kaspersky-windows"),
		PATH("/Windows/System32/Drivers/klhk.sys", NULL),
		PATH("/Windows/System32/drivers/klif.sys", "kaspersky-windows"),
		TWO(UNIT, MANAGER, "windows", NAME, "AVP21.3", "kaspersky-windows"),
		TWO(UNIT, MANAGER, "windows", NAME, "KLNagent", "kaspersky-network-agent"),
		TWO(UNIT, MANAGER, "windows", NAME, "ksnproxy", "kaspersky-security-center"),
		ONE(REGISTRY, KEY, "HKLM\\SOFTWARE\\WOW6432Node\\KasperskyLab\\protected\\AVP21.3",
			"kaspersky-windows"),
		TWO(PACKAGE, MANAGER, "windows", PRODUCT, "Kaspersky Total Security",
			"kaspersky-total-security"),
		TWO(PACKAGE, MANAGER, "windows", PRODUCT, "Kaspersky Basic", "kaspersky-windows"),
		ONE(EXECUTABLE, NAME, "avpui.exe", "kaspersky-windows"),
		TWO(EXECUTABLE, NAME, "renamed.exe", ORIGINAL, "avp.exe", "kaspersky-windows"),
		ONE(EXECUTABLE, SIGNER, "AO Kaspersky Lab", "kaspersky-windows"),
		ONE(EXECUTABLE, TEAM_ID, "2Y8XE5CQ94", "kaspersky-macos"),
		TWO(PACKAGE, MANAGER, "macos", ID, "com.kaspersky.kav.core", "kaspersky-macos"),
		TWO(UNIT, MANAGER, "launchd", NAME, "com.kaspersky.kav", "kaspersky-macos"),
		PATH("/Library/Application Support/Kaspersky Lab/KAV/Binaries/UninstallScript",
			"kaspersky-macos"),
		TWO(PACKAGE, MANAGER, "windows", PRODUCT, "UltraAV", "ultraav"),
		ONE(EXECUTABLE, SONAME, "libhcnetsdk.so.6", "hikvision-netsdk"),
		PATH("/srv/nvr/HCNetSDK.dll", "hikvision-netsdk"),
	};

	(void)state;
	check(v, VT_COUNT(v));
}

static void test_what_is_left_behind(void **state)
{
	const struct seen v[] = {
		TWO(CERTIFICATE, ORG, "AO Kaspersky Lab", CN,
			"Kaspersky Anti-Virus Personal Root Certificate",
			"kaspersky-root-certificate"),
		TWO(CERTIFICATE, ORG, "AO Kaspersky Lab", CN,
			"Kaspersky Web Anti-Virus Certification Authority",
			"kaspersky-root-certificate"),
		ONE(EXTENSION, ID, "amkpcclbbgegoafihnpgomddadjhcadd",
			"kaspersky-browser-extension"),
		ONE(EXTENSION, ID, "com.kaspersky.kav.0123456789abcdef0123456789abcdef.host",
			"kaspersky-browser-extension"),
		ONE(EXTENSION, ID, "com.kaspersky.urla", "kaspersky-browser-extension"),
		ONE(EXTENSION, ID, "com.kaspersky.kav.short.host", NULL),
	};

	(void)state;
	check(v, VT_COUNT(v));
}

static void test_false_friends(void **state)
{
	const struct seen v[] = {
		TWO(PACKAGE, MANAGER, "maven", NAME, "com.kaspersky.android-components:kaspresso",
			NULL),
		TWO(PACKAGE, MANAGER, "dpkg", NAME, "kaspersky-iocs", NULL),
		PATH("/srv/app/libs/kaspresso-1.5.3.aar", NULL),
		PATH("/home/dev/.m2/repository/com/kaspersky/android-components/kaspresso/1.5.3/"
		     "kaspresso.jar",
			NULL),
		PATH("/srv/sigma/rules/windows/proc_creation_win_kaspersky_avp.yml", NULL),
		PATH("/srv/yara/apt_equation_kaspersky.yar", NULL),
		PATH("/home/analyst/kaspersky-report.pdf", NULL),
		PATH("/usr/share/vitrine/content/catalogue/kaspersky.json", NULL),
		PATH("/usr/share/vitrine/content/directives/bsi-2022-kaspersky.json", NULL),
		PATH("/var/lib/vitrine/directives/bod-17-01.json", NULL),
		PATH("/usr/lib/modules/6.1.0-18-amd64/kernel/drivers/net/ethernet/huawei/hinic/"
		     "hinic.ko",
			NULL),
		ONE(MODULE, NAME, "hinic", NULL),
		ONE(ACCOUNT, NAME, "kaspar", NULL),
		TWO(CERTIFICATE, ORG, "Deutsche Telekom AG", CN, "T-TeleSec GlobalRoot Class 2",
			NULL),
		TWO(UNIT, MANAGER, "systemd", NAME, "avahi-daemon.service", NULL),
		ONE(EXECUTABLE, NAME, "avpack", NULL),
		PATH("/srv/maps/file.ppl", NULL),
		PATH("/srv/mail/bases", NULL),
	};
	const struct seen ce = PATH(
		"/opt/KasperskyOS-Community-Edition-1.2.0.45", "kasperskyos-community-edition");

	(void)state;
	check(v, VT_COUNT(v));
	check(&ce, 1);
}

/* What a directive covers of the catalogue; an id that is in it must be there. */
static void test_directives_find_their_products(void **state)
{
	static const struct {
		const char *directive, *covers, *does_not;
	} v[] = {
		{"bod-17-01",
			"kaspersky-endpoint-security-linux kaspersky-root-certificate "
			"kaspersky-private-security-network",
			"kasperskyos-community-edition kaspersky-threat-intelligence ultraav "
			"huawei-hisuite"},
		{"ndaa-2018-1634", "kaspersky-scan-engine kasperskyos-community-edition",
			"ultraav"},
		{"far-52-204-25",
			"hikvision-netsdk dahua-smartpss huawei-hisuite zte-equipment "
			"hytera-equipment",
			"kaspersky-scan-engine"},
		{"fcc-covered-list", "china-telecom-services dji-equipment kaspersky-windows",
			"wechat-mobile"},
		{"bis-2024-kaspersky", "kaspersky-security-network", "kaspersky-security-training"},
		{"canada-2023-mobile", "wechat-mobile kaspersky-macos",
			"ultraav kaspersky-private-security-network"},
		{"bod-26-02", "edge-device-end-of-support", "kaspersky-windows"},
		{"acn-2025", "group-ib-services security-gen-services", "hikvision-netsdk"},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(v); i++) {
		struct vt_doc_error why;
		struct vt_directive d;
		char name[128];

		snprintf(name, sizeof name, "directives/%s.json", v[i].directive);
		assert_int_equal(vt_directive_parse(load(name), &arena, &d, &why), VT_OK);
		for (int yes = 0; yes < 2; yes++) {
			char *list = strdup(yes ? v[i].covers : v[i].does_not), *rest = list, *id;

			assert_non_null(list);
			while ((id = strsep(&rest, " "))) {
				const struct vt_product *p =
					vt_catalogue_product(&all, vt_span_str(id));

				if (!p || vt_directive_covers(&d, p) != (yes == 1))
					fail_msg("%s: %s", v[i].directive, id);
			}
			free(list);
		}
	}
}

static int teardown(void **state)
{
	(void)state;
	vt_arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_windows_and_macos),
		cmocka_unit_test(test_what_is_left_behind),
		cmocka_unit_test(test_false_friends),
		cmocka_unit_test(test_directives_find_their_products),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
