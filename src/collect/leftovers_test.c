/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a removed product leaves behind: root certificates, extensions, native messaging hosts,
 * users and groups. Hard case 10. Stores are made by openssl(1) and NSS's certutil(1).
 */
#include "collect/system_test.h"

static int make_certificate(void **state)
{
	if (scratch_begin(state))
		return -1;
	return shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
		     "-keyout k.pem"
		     " -out c.pem -days 3650 -subj '/O=AO Example Lab/CN=Example Anti-Virus Root "
		     "Certificate'"
		     " 2>/dev/null;"
		     "openssl x509 -in c.pem -outform der -out c.der;"
		     "openssl x509 -in c.pem -trustout -addtrust serverAuth -out t.pem;"
		     "openssl x509 -in c.pem -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' "
		     "| tr A-F a-f > fp");
}

static const char *fingerprint(void)
{
	static char line[80];
	FILE *f = fopen("fp", "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	(void)fclose(f);
	line[64] = 0;
	return line;
}

/* The store of each kind, made by who keeps such stores. */
static void make_stores(void)
{
	assert_int_equal(
		shell("mkdir -p root/etc/ssl/certs/java root/usr/local/share/ca-certificates/x"
		      " root/usr/share/ca-certificates root/etc/pki/ca-trust/source/blocklist"
		      " root/etc/pki/nssdb root/home/ann/.mozilla/firefox/ab12.default"
		      " root/home/ann/.pki/nssdb root/etc/pki/java root/etc/pki/tls/certs;"
		      "cp c.pem root/usr/local/share/ca-certificates/x/example.crt;"
		      "cp c.der root/usr/share/ca-certificates/example.der;"
		      "(echo text; cat c.pem c.pem; echo more) > "
		      "root/etc/ssl/certs/ca-certificates.crt;"
		      "ln -s ../../../usr/local/share/ca-certificates/x/example.crt "
		      "root/etc/ssl/certs/0a1b2c3d.0;"
		      "ln -s nowhere root/etc/ssl/certs/ffffffff.0;"
		      "cp t.pem root/etc/pki/tls/certs/trusted.pem;"
		      "(echo '[p11-kit-object-v1]'; echo 'label: \"Example%20Root\"'; cat c.pem)"
		      " > root/etc/pki/ca-trust/source/blocklist/x.p11-kit;"
		      "openssl pkcs12 -export -nokeys -in c.pem -passout pass:changeit -out "
		      "root/etc/pki/java/cacerts;"
		      "openssl pkcs12 -export -nokeys -in c.pem -passout pass:secret -out "
		      "root/etc/pki/java/locked;"
		      "echo 'not a certificate' > root/etc/pki/tls/certs/README;"
		      "printf -- '-----BEGIN CERTIFICATE-----\\nAAAA!\\n-----END "
		      "CERTIFICATE-----\\n'"
		      " > root/etc/pki/tls/certs/broken.pem;"
		      "for d in root/etc/pki/nssdb root/home/ann/.pki/nssdb "
		      "root/home/ann/.mozilla/firefox/ab12.default;"
		      " do certutil -N -d sql:$d --empty-password && certutil -A -n 'Example Root' "
		      "-t C,, -i c.pem -d sql:$d;"
		      " done;"
		      "mkdir -p root/home/bob/.pki/nssdb; head -c 3000 root/etc/pki/nssdb/cert9.db "
		      "> root/home/bob/.pki/nssdb/cert9.db;"
		      "mkdir -p root/home/bob/.mozilla/firefox/old.default; echo x > "
		      "root/home/bob/.mozilla/firefox/old.default/cert8.db"),
		0);
}

static void test_case_10_root_certificates(void **state)
{
	static const char *const places[] = {"@/etc/ssl/certs/ca-certificates.crt#0 ",
		"@/etc/ssl/certs/ca-certificates.crt#1 ", "@/etc/ssl/certs/0a1b2c3d.0#0 ",
		"@/usr/local/share/ca-certificates/x/example.crt#0 ",
		"@/usr/share/ca-certificates/example.der#0 ", "@/etc/pki/tls/certs/trusted.pem#0 ",
		"@/etc/pki/ca-trust/source/blocklist/x.p11-kit#0 ", "@/etc/pki/java/cacerts#0 ",
		"@/etc/pki/nssdb/cert9.db#0 ", "@/home/ann/.pki/nssdb/cert9.db#0 ",
		"@/home/ann/.mozilla/firefox/ab12.default/cert9.db#0 "};
	char fp[100];
	struct vt_collect *c;

	(void)state;
	make_stores();
	put_text("root/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	(void)snprintf(fp, sizeof fp, "fingerprint=%s ", fingerprint());
	c = run_over("root", &vt_collector_trust, false);
	for (size_t i = 0; i < VT_COUNT(places); i++)
		ASSERT_SAYS(c, places[i], "cn=Example Anti-Virus Root Certificate ",
			"o=AO Example Lab ", fp);
	ASSERT_SAYS(c, "/blocklist/", "state=distrusted");
	ASSERT_SAYS(c, "example.der", "state=available", "store=/usr/share/ca-certificates ");
	ASSERT_SAYS(c, "name=Example Root ", "store=/etc/pki/nssdb ", "state=trusted");
	ASSERT_SAYS(c, "missed malformed /etc/pki/tls/certs/broken.pem");
	ASSERT_SAYS(c, "missed", "/etc/pki/java/locked");
	ASSERT_SAYS(c, "missed malformed /home/bob/.pki/nssdb/cert9.db");
	ASSERT_SAYS(c, "missed unsupported /home/bob/.mozilla/firefox/old.default/cert8.db");
	ASSERT_SILENT(c, "ffffffff.0");
	ASSERT_SAYS(c, "source trust certificates /etc/ssl/certs");
	ASSERT_SAYS(c, "source trust nss /home/ann/.pki/nssdb/cert9.db");
	assert_int_equal(c->facts, VT_COUNT(places));
	assert_int_equal(c->misses, 4);
	fake_collect_free(c);
}

#define PROFILE "root/home/ann/.config/google-chrome/Default/"
#define ID "amkpcclbbgegoafihnpgomddadjhcadd"

static void test_case_10_chromium(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text(PROFILE "Extensions/" ID "/1.2_0/manifest.json",
		"\xef\xbb\xbf{\"manifest_version\":3,\"name\":\"__MSG_appName__\",\"version\":\"1."
		"2\",\"default_locale\":\"en\"}");
	put_text(PROFILE "Extensions/" ID "/1.2_0/_locales/en/messages.json",
		"{\"APPNAME\":{\"message\":\"Example Protection\"}}");
	put_text(PROFILE "Extensions/bad/1/manifest.json", "{");
	put_text(PROFILE "Secure Preferences",
		"{\"extensions\":{\"settings\":{\"" ID
		"\":{\"path\":\"/opt/kaspersky/ext\",\"location\":4,\"state\":1,"
		"\"manifest\":{\"name\":\"Side\",\"version\":\"9\"}}}}}");
	put_text("root/home/ann/.config/google-chrome/NativeMessagingHosts/com.example.host.json",
		"{\"name\":\"com.example.kav.host\",\"path\":\"/opt/kaspersky/"
		"host\",\"type\":\"stdio\","
		"\"allowed_origins\":[\"chrome-extension://" ID "/\"]}");
	put_text("root/etc/opt/chrome/policies/managed/k.json",
		"{\"ExtensionInstallForcelist\":[\"" ID ";https://example.org/u\"],"
		"\"ExtensionSettings\":{\"blockedone\":{\"installation_mode\":\"blocked\"}}}");
	put_text("root/usr/share/google-chrome/extensions/" ID ".json",
		"{\"external_crx\":\"/opt/kaspersky/x.crx\",\"external_version\":\"7\"}");
	put_text("root/etc/chromium/native-messaging-hosts/other.json",
		"{\"name\":\"com.example.other\",\"path\":\"/opt/other\"}");
	c = run_over("root", &vt_collector_browsers, false);
	ASSERT_SAYS(c, "id=" ID, "name=Example Protection ", "version=1.2 ", "product=chrome ",
		"manager=extension ", "store=/home/ann/.config/google-chrome/Default ");
	ASSERT_SAYS(c, "id=" ID, "name=Side ", "path=/opt/kaspersky/ext ", "source=unpacked ",
		"state=enabled");
	ASSERT_SAYS(c, "id=com.example.kav.host", "manager=native-host ",
		"path=/opt/kaspersky/host ", "value=chrome-extension://" ID "/");
	ASSERT_SAYS(
		c, "id=" ID, "manager=policy ", "state=forced", "source=https://example.org/u ");
	ASSERT_SAYS(c, "id=blockedone", "state=blocked");
	ASSERT_SAYS(c, "id=" ID, "manager=external ", "path=/opt/kaspersky/x.crx ", "version=7 ");
	ASSERT_SAYS(c, "id=com.example.other", "product=chromium ");
	ASSERT_SAYS(c, "missed malformed", "Extensions/bad/1/manifest.json");
	ASSERT_SAYS(c, "id=bad", "Extensions/bad/1/manifest.json");
	ASSERT_SAYS(c, "source browsers profiles /home/ann/.config/google-chrome");
	ASSERT_SAYS(c, "source browsers places below /home/ann");
	fake_collect_free(c);
}

static void test_case_10_firefox(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text("root/home/ann/.mozilla/firefox/ab12.default/extensions.json",
		"{\"addons\":[{\"id\":\"light_plugin@example.org\",\"version\":\"4\",\"active\":"
		"true,"
		"\"defaultLocale\":{\"name\":\"Example "
		"Web\"},\"location\":\"app-global\",\"path\":\"/opt/k/w.xpi\"}]}");
	put_text("root/home/ann/.mozilla/firefox/ab12.default/extensions/left@example.org.xpi",
		"PK");
	put_text("root/usr/lib/firefox-esr/distribution/extensions/dist@example.org.xpi", "PK");
	put_text("root/usr/lib/mozilla/native-messaging-hosts/h.json",
		"{\"name\":\"com.example.ff\",\"path\":\"/opt/"
		"ff\",\"allowed_extensions\":[\"a@b\",\"c@d\"]}");
	put_text("root/etc/firefox/policies/policies.json",
		"{\"policies\":{\"ExtensionSettings\":{\"forced@example.org\":{\"installation_"
		"mode\":\"force_installed\","
		"\"install_url\":\"file:///opt/k/f.xpi\"}},\"Extensions\":{\"Install\":[\"https://"
		"example.org/p.xpi\"]}}}");
	c = run_over("root", &vt_collector_browsers, false);
	ASSERT_SAYS(c, "id=light_plugin@example.org", "name=Example Web ", "version=4 ",
		"path=/opt/k/w.xpi ", "product=firefox ", "state=enabled", "source=app-global ");
	ASSERT_SAYS(c, "id=left@example.org", "source=file ");
	ASSERT_SAYS(c, "id=dist@example.org");
	ASSERT_SAYS(c, "id=com.example.ff", "value=a@b c@d");
	ASSERT_SAYS(c, "id=forced@example.org", "state=forced", "source=file:///opt/k/f.xpi ");
	ASSERT_SAYS(c, "id=p.xpi", "state=forced");
	fake_collect_free(c);
}

static void test_case_10_accounts(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text("root/etc/passwd",
		"root:x:0:0:root:/root:/bin/sh\nkesl:x:990:990:Example,,,:/var/opt/k:/usr/sbin/"
		"nologin\nbroken line\n");
	put_text("root/etc/group", "root:x:0:\nkesladmin:x:991:ann,bob\n");
	put_text("root/usr/lib/sysusers.d/k.conf",
		"u nokesl 992 \"No one\" /var/lib/n -\ng kesluser -\nm a b\n");
	c = run_over("root", &vt_collector_accounts, false);
	ASSERT_SAYS(
		c, "@/etc/passwd#kesl ", "name=kesl ", "id=990", "path=/var/opt/k ", "state=user");
	ASSERT_SAYS(c, "@/etc/group#kesladmin ", "state=group", "value=ann,bob");
	ASSERT_SAYS(c, "name=nokesl ", "id=992", "product=No one", "path=/var/lib/n ",
		"manager=sysusers ");
	ASSERT_SAYS(c, "name=kesluser ", "state=group");
	ASSERT_SAYS(c, "missed malformed /etc/passwd");
	ASSERT_SAYS(c, "source accounts passwd /etc/passwd");
	assert_int_equal(c->misses, 1);
	fake_collect_free(c);
}

static void test_case_10_firewall(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text("root/etc/nftables.conf",
		"#!/usr/sbin/nft -f\ntable inet x {\n\ttcp dport 13291 accept\n}\n");
	put_text("root/etc/ufw/applications.d/kesl", "[Example]\nports=13291/tcp\n");
	put_text("root/etc/firewalld/services/klnagent.xml", "<service/>\n");
	put_text("root/etc/iptables/rules.v4", "-A INPUT -p udp --dport 15000 -j ACCEPT\n");
	c = run_over("root", &vt_collector_startup, false);
	ASSERT_SAYS(
		c, "@/etc/nftables.conf#3 ", "manager=firewall ", "value=tcp dport 13291 accept");
	ASSERT_SAYS(c, "@/etc/ufw/applications.d/kesl ", "name=kesl ", "manager=firewall ");
	ASSERT_SAYS(c, "@/etc/ufw/applications.d/kesl#2 ", "value=ports=13291/tcp");
	ASSERT_SAYS(c, "name=klnagent.xml ", "manager=firewall ");
	ASSERT_SAYS(c, "@/etc/iptables/rules.v4#1 ", "value=-A INPUT -p udp --dport 15000");
	ASSERT_SAYS(c, "source boot firewall /etc/nftables.conf");
	fake_collect_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_10_root_certificates),
		cmocka_unit_test(test_case_10_chromium),
		cmocka_unit_test(test_case_10_firefox),
		cmocka_unit_test(test_case_10_accounts),
		cmocka_unit_test(test_case_10_firewall),
	};

	return cmocka_run_group_tests(tests, make_certificate, scratch_end);
}
