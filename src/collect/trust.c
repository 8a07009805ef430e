/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "trust": certificates in the stores that something on this system believes: bundles and
 * folders of OpenSSL and GnuTLS, p11-kit's sources, Java's cacerts, and NSS databases of browsers
 * and users. A product that is gone and left a root certificate is not gone. A system without any
 * store trusts nobody: that its places are empty was seen, if it is a system (it has /etc/passwd).
 */
#include "base/num.h"
#include "collect/look.h"
#include "collect/nss.h"
#include "inventory/artefact/certificate.h"

#define STORE_MAX ((size_t)64 << 20)

/* Folders are read to the bottom, files as they are. What is in them is told by its first bytes. */
static const struct {
	const char *glob, *state;
} stores[] = {
	{"/etc/ssl/certs", "trusted"},
	{"/etc/ssl/cert.pem", "trusted"},
	{"/etc/ssl/ca-bundle.pem", "trusted"},
	{"/usr/lib/ssl/cert.pem", "trusted"},
	{"/usr/local/share/ca-certificates", "trusted"},
	{"/usr/local/share/certs", "trusted"},
	{"/usr/share/ca-certificates", "available"},
	{"/etc/ca-certificates", "trusted"},
	{"/etc/pki/tls/certs", "trusted"},
	{"/etc/pki/tls/cert.pem", "trusted"},
	{"/etc/pki/ca-trust", "trusted"},
	{"/usr/share/pki/ca-trust-source", "trusted"},
	{"/etc/pki/trust", "trusted"},
	{"/usr/share/pki/trust", "trusted"},
	{"/var/lib/ca-certificates", "trusted"},
	{"/etc/pki/java", "trusted"},
	{"/etc/docker/certs.d", "trusted"},
	{"/etc/containers/certs.d", "trusted"},
	{"/usr/lib/jvm/*/lib/security/cacerts", "trusted"},
	{"/usr/lib/jvm/*/jre/lib/security/cacerts", "trusted"},
	{"/usr/java/*/lib/security/cacerts", "trusted"},
	{"/opt/*/lib/security/cacerts", "trusted"},
	{"/opt/*/jre/lib/security/cacerts", "trusted"},
	{"/usr/lib/python3/dist-packages/certifi/cacert.pem", "trusted"},
};
static const char *const home_nss[] = {
	"/.pki/nssdb",
	"/snap/chromium/*/.pki/nssdb",
	"/.var/app/*/.pki/nssdb",
	"/.mozilla/firefox/*",
	"/.config/mozilla/firefox/*",
	"/.librewolf/*",
	"/.waterfox/*",
	"/.thunderbird/*",
	"/.mozilla-thunderbird/*",
	"/snap/firefox/common/.mozilla/firefox/*",
	"/snap/thunderbird/common/.thunderbird/*",
	"/.var/app/org.mozilla.firefox/.mozilla/firefox/*",
	"/.var/app/org.mozilla.Thunderbird/.thunderbird/*",
	"/Library/Application Support/Firefox/Profiles/*",
	"/Library/Thunderbird/Profiles/*",
	"/AppData/Roaming/Mozilla/Firefox/Profiles/*",
	"/AppData/Roaming/Thunderbird/Profiles/*",
};

struct run {
	struct vt_look l;
	vt_buf bytes;
	vt_span path, store;
	const char *state;
	unsigned n; /* certificates of this file */
	unsigned bad;
};

static void on_certificate(void *ctx, vt_span label, vt_span der)
{
	struct run *run = ctx;
	struct vt_fact f = {.kind = VT_FACT_CERTIFICATE, .locus = run->path};
	struct vt_certificate c;
	const char *part;

	if (vt_certificate_read(der, &c) != VT_OK) {
		run->bad++;
		return;
	}
	part = vt_look_printf(&run->l, "%u", run->n++);
	f.locus = vt_look_locus(&run->l, run->path, vt_span_str(part ? part : ""));
	vt_fact_str(&f, VT_ATTR_CN, c.cn);
	vt_fact_str(&f, VT_ATTR_ORG, c.org);
	vt_fact_str(&f, VT_ATTR_FINGERPRINT, c.fingerprint);
	vt_fact_set(&f, VT_ATTR_STORE, run->store);
	vt_fact_set(&f, VT_ATTR_PATH, run->path);
	vt_fact_set(&f, VT_ATTR_NAME, label.n ? label : vt_line_base(run->path));
	vt_fact_str(&f, VT_ATTR_STATE,
		vt_span_find(run->path, 0, "/blocklist/", 11, &(size_t){0}) ||
				vt_span_find(run->path, 0, "/blacklist/", 11, &(size_t){0})
			? "distrusted"
			: run->state);
	vt_collect_fact(run->l.c, &f);
	vt_collect_seen(run->l.c, run->l.area, true);
}

/* Reads whatever kind of store the bytes are. */
static vt_err read_store(struct run *run)
{
	vt_span s = vt_buf_span(&run->bytes);
	vt_arena *a = vt_collect_arena(run->l.c);
	struct vt_certificate c;
	unsigned bad = 0;
	vt_err e = VT_OK;

	if (vt_span_at(s, 0, "\xfe\xed\xfe\xed", 4) || vt_span_at(s, 0, "\xce\xce\xce\xce", 4)) {
		e = vt_jks_each(s, on_certificate, run, &bad);
	} else if (vt_span_at(s, 0, "SQLite format 3", 16)) {
		e = vt_nss_each(&run->bytes, on_certificate, run);
	} else if (s.n && s.p[0] == 0x30 && vt_certificate_read(s, &c) == VT_OK) {
		on_certificate(run, vt_span_of("", 0), s);
	} else if (s.n > 4 && s.p[0] == 0x30 && s.p[1] >= 0x80) {
		e = vt_pkcs12_each(s, on_certificate, run, &bad);
	} else {
		e = vt_p11kit_each(s, a, on_certificate, run, &bad);
		if (e == VT_EFORMAT)
			e = vt_pem_each(s, a, on_certificate, run, &bad);
	}
	run->bad += bad;
	return e;
}

static bool look_file(struct run *run, vt_span path)
{
	vt_err e;

	if (!vt_look_bytes(&run->l, path, STORE_MAX, &run->bytes))
		return false;
	run->path = path;
	run->n = run->bad = 0;
	e = read_store(run);
	if (e)
		vt_collect_missed(run->l.c, run->l.area, path, vt_collect_miss_of(e));
	for (unsigned i = 0; i < run->bad && i < 1000; i++)
		vt_collect_missed(run->l.c, run->l.area, path, VT_MISS_MALFORMED);
	return e == VT_OK;
}

static bool on_entry(void *ctx, const struct vt_look_entry *e)
{
	struct run *run = ctx;
	struct vt_node node = e->node;

	if (node.type == VT_NODE_LINK &&
		vt_tree_stat(vt_collect_tree(run->l.c), e->path, true, &node) != VT_OK)
		return false; /* left over: its certificate is gone */
	if (node.type == VT_NODE_FILE)
		(void)look_file(run, e->path);
	return e->node.type == VT_NODE_FOLDER;
}

static void look_store(struct run *run, const char *glob)
{
	struct vt_look_entry *e;

	if (!vt_look_glob(&run->l, glob, &e))
		return;
	for (; e; e = e->next) {
		run->store = e->path;
		if (e->node.type == VT_NODE_FOLDER
				? vt_look_below(&run->l, e->path, 12, on_entry, run)
				: look_file(run, e->path))
			vt_look_source(&run->l, "certificates", e->path);
	}
}

/* A profile, or folder, of NSS; one may be there without a database. */
static void look_nss(struct run *run, const char *glob)
{
	struct vt_look_entry *e;
	struct vt_node node;

	if (!glob || !vt_look_glob(&run->l, glob, &e))
		return;
	for (; e; e = e->next) {
		vt_span db = vt_look_join(&run->l, e->path, vt_span_str("cert9.db"));
		vt_span old = vt_look_join(&run->l, e->path, vt_span_str("cert8.db"));

		if (e->node.type != VT_NODE_FOLDER)
			continue;
		run->store = e->path;
		if (look_file(run, db))
			vt_look_source(&run->l, "nss", db);
		else if (vt_tree_stat(vt_collect_tree(run->l.c), old, true, &node) == VT_OK)
			vt_collect_missed(run->l.c, run->l.area, old, VT_MISS_UNSUPPORTED);
	}
}

/* The keychains that macOS trusts are a format that is not read. */
static void look_keychains(struct run *run)
{
	static const char *const keychains[] = {"/Library/Keychains/System.keychain",
		"/System/Library/Keychains/SystemRootCertificates.keychain"};
	struct vt_node node;

	for (size_t i = 0; i < VT_COUNT(keychains); i++)
		if (vt_tree_stat(vt_collect_tree(run->l.c), vt_span_str(keychains[i]), true,
			    &node) == VT_OK)
			vt_collect_missed(run->l.c, run->l.area, vt_span_str(keychains[i]),
				VT_MISS_UNSUPPORTED);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_TRUST}};
	struct vt_look_entry *in;
	struct vt_home *h;
	struct vt_node node;

	*out_state = NULL;
	for (size_t i = 0; i < VT_COUNT(stores); i++) {
		run.state = stores[i].state;
		look_store(&run, stores[i].glob);
	}
	run.state = "trusted";
	look_nss(&run, "/etc/pki/nssdb");
	for (h = vt_look_homes(&run.l); h; h = h->next)
		for (size_t i = 0; i < VT_COUNT(home_nss); i++)
			if (!memchr(h->path.p, '*', h->path.n))
				look_nss(&run,
					vt_look_printf(&run.l, "%.*s%s", (int)h->path.n,
						(const char *)h->path.p, home_nss[i]));
	look_keychains(&run);
	if (vt_tree_stat(vt_collect_tree(c), vt_span_str("/etc/passwd"), true, &node) == VT_OK &&
		vt_look_folder(&run.l, vt_span_str("/etc"), &in))
		vt_look_source(&run.l, "places below", vt_span_str("/etc"));
	vt_buf_free(&run.bytes);
	return VT_OK;
}

const struct vt_collector vt_collector_trust = {
	.name = "trust", .area = VT_AREA_TRUST, .start = start};
