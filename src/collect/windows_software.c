/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOFTWARE and NTUSER.DAT: programs (Uninstall keys, 64 and 32 bits), the first levels of keys,
 * certificates of SystemCertificates, Run keys and the like, extensions and native messaging hosts
 * that browsers look for in the registry.
 */
#include "base/num.h"
#include "collect/windows.h"
#include "inventory/artefact/certificate.h"

#define KEYS_MAX 500000 /* of the first levels */

struct at {
	const struct vt_hive *h;
	const char *prefix; /* of the key that is listed */
	const char *what;
	vt_span user;
	unsigned depth;
	unsigned *left;
};

static const char *below(const struct at *at, const char *name)
{
	const char *p = *at->prefix ? vt_look_printf(at->h->l, "%s\\%s", at->prefix, name)
				    : vt_look_printf(at->h->l, "%s", name);

	return p ? p : "";
}

/* Programs ---------------------------------------------------------------------------------- */

static bool on_program(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	const char *path = below(at, name);
	struct vt_fact f = {.kind = VT_FACT_PACKAGE, .locus = vt_hive_locus(h, path)};
	vt_span display = vt_hive_text(h, key, "DisplayName");

	vt_fact_set(&f, VT_ATTR_NAME, display.n ? display : vt_span_str(name));
	vt_fact_set(&f, VT_ATTR_PRODUCT, display);
	vt_fact_set(&f, VT_ATTR_VERSION, vt_hive_text(h, key, "DisplayVersion"));
	vt_fact_set(&f, VT_ATTR_VENDOR, vt_hive_text(h, key, "Publisher"));
	vt_fact_set(&f, VT_ATTR_PATH, vt_hive_text(h, key, "InstallLocation"));
	vt_fact_set(&f, VT_ATTR_COMMAND, vt_hive_text(h, key, "UninstallString"));
	vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
	vt_fact_str(&f, VT_ATTR_STATUS, "installed");
	vt_fact_str(&f, VT_ATTR_ID, name);
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, path));
	vt_fact_set(&f, VT_ATTR_STORE, h->path);
	vt_fact_set(&f, VT_ATTR_OWNER, at->user);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_PACKAGES, true);
	return true;
}

/* Keys -------------------------------------------------------------------------------------- */

static bool on_key(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	struct at deeper = *at;
	struct vt_fact f = {.kind = VT_FACT_REGISTRY};
	bool is_wow = at->depth == 0 && strcmp(name, "WOW6432Node") == 0;

	if (*at->left == 0)
		return false;
	--*at->left;
	deeper.prefix = below(at, name);
	f.locus = vt_hive_locus(h, deeper.prefix);
	vt_fact_str(&f, VT_ATTR_NAME, name);
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, deeper.prefix));
	vt_fact_set(&f, VT_ATTR_STORE, h->path);
	vt_collect_fact(h->l->c, &f);
	/* Three levels; what 32-bit programs see begins one deeper. Classes is a world of its own.
	 */
	deeper.depth = is_wow ? 0 : at->depth + 1;
	if (deeper.depth < 3 && !(at->depth == 0 && strcmp(name, "Classes") == 0) &&
		!(is_wow && *at->prefix))
		(void)vt_hive_keys(h, key, on_key, &deeper);
	return true;
}

/* Certificates ------------------------------------------------------------------------------ */

static bool on_thumbprint(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	const char *path = below(at, name);
	struct vt_fact f = {.kind = VT_FACT_CERTIFICATE, .locus = vt_hive_locus(h, path)};
	vt_span der, blob = vt_hive_bytes(h, key, "Blob");
	struct vt_certificate c;

	if (blob.n == 0)
		return true;
	if (vt_certificate_blob(blob, &der) != VT_OK || vt_certificate_read(der, &c) != VT_OK) {
		vt_collect_missed(h->l->c, VT_AREA_TRUST, f.locus, VT_MISS_MALFORMED);
		return true;
	}
	vt_fact_str(&f, VT_ATTR_CN, c.cn);
	vt_fact_str(&f, VT_ATTR_ORG, c.org);
	vt_fact_str(&f, VT_ATTR_FINGERPRINT, c.fingerprint);
	vt_fact_str(&f, VT_ATTR_STORE, at->what);
	vt_fact_str(
		&f, VT_ATTR_STATE, strcmp(at->what, "Disallowed") == 0 ? "distrusted" : "trusted");
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, path));
	vt_fact_set(&f, VT_ATTR_OWNER, at->user);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_TRUST, true);
	return true;
}

static bool on_store(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	size_t certificates = vt_hive_key(at->h, key, "Certificates");
	struct at in = *at;

	if (!certificates)
		return true;
	in.what = name;
	in.prefix = vt_look_printf(at->h->l, "%s\\%s\\Certificates", at->prefix, name);
	if (in.prefix && vt_hive_keys(at->h, certificates, on_thumbprint, &in))
		vt_collect_source(at->h->l->c, VT_AREA_TRUST,
			vt_look_printf(at->h->l, "registry %s\\%s", at->h->root, in.prefix));
	return true;
}

/* What starts at a logon -------------------------------------------------------------------- */

static void on_run_value(void *ctx, const char *name, vt_span text)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = vt_hive_locus(h, below(at, name))};

	if (at->what && *at->what && strcmp(name, at->what) != 0)
		return;
	vt_fact_str(&f, VT_ATTR_NAME, name);
	vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
	vt_fact_set(&f, VT_ATTR_COMMAND, text);
	vt_fact_str(&f, VT_ATTR_STATE, "enabled");
	vt_fact_set(&f, VT_ATTR_SOURCE, vt_line_base(vt_span_str(at->prefix)));
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, at->prefix));
	vt_fact_set(&f, VT_ATTR_OWNER, at->user);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_BOOT, true);
}

/* Browsers ---------------------------------------------------------------------------------- */

static bool on_extension(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	const char *path = below(at, name);
	struct vt_fact f = {.kind = VT_FACT_EXTENSION, .locus = vt_hive_locus(h, path)};
	vt_span manifest = vt_hive_text(h, key, "");

	vt_fact_str(&f, VT_ATTR_ID, name);
	vt_fact_str(&f, VT_ATTR_MANAGER, at->what);
	vt_fact_set(&f, VT_ATTR_VERSION, vt_hive_text(h, key, "version"));
	vt_fact_set(&f, VT_ATTR_PATH, manifest.n ? manifest : vt_hive_text(h, key, "path"));
	vt_fact_set(&f, VT_ATTR_SOURCE, vt_hive_text(h, key, "update_url"));
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, path));
	vt_fact_set(&f, VT_ATTR_STORE, h->path);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_BROWSERS, true);
	return true;
}

/* ------------------------------------------------------------------------------------------- */

static const struct place {
	enum vt_area area;
	const char *key, *what;
	vt_hive_fn *keys;         /* for each key of it, */
	vt_hive_value_fn *values; /* or each value (of the name `what`, if it is said) */
} places[] = {
	{VT_AREA_PACKAGES, "Microsoft\\Windows\\CurrentVersion\\Uninstall", "", on_program, NULL},
	{VT_AREA_TRUST, "Microsoft\\SystemCertificates", "", on_store, NULL},
	{VT_AREA_TRUST, "Policies\\Microsoft\\SystemCertificates", "", on_store, NULL},
	{VT_AREA_TRUST, "Microsoft\\EnterpriseCertificates", "", on_store, NULL},
	{VT_AREA_BOOT, "Microsoft\\Windows\\CurrentVersion\\Run", "", NULL, on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows\\CurrentVersion\\RunOnce", "", NULL, on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows\\CurrentVersion\\RunServices", "", NULL, on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\Run", "", NULL,
		on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Shell", NULL,
		on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Userinit", NULL,
		on_run_value},
	{VT_AREA_BOOT, "Microsoft\\Windows NT\\CurrentVersion\\Windows", "AppInit_DLLs", NULL,
		on_run_value},
	{VT_AREA_BROWSERS, "Google\\Chrome\\Extensions", "extension", on_extension, NULL},
	{VT_AREA_BROWSERS, "Microsoft\\Edge\\Extensions", "extension", on_extension, NULL},
	{VT_AREA_BROWSERS, "Google\\Chrome\\NativeMessagingHosts", "native-host", on_extension,
		NULL},
	{VT_AREA_BROWSERS, "Microsoft\\Edge\\NativeMessagingHosts", "native-host", on_extension,
		NULL},
	{VT_AREA_BROWSERS, "Chromium\\NativeMessagingHosts", "native-host", on_extension, NULL},
	{VT_AREA_BROWSERS, "Mozilla\\NativeMessagingHosts", "native-host", on_extension, NULL},
};

void vt_windows_software(const struct vt_hive *h, vt_span user)
{
	static const char *const bases[] = {
		"", "WOW6432Node\\", "Software\\", "Software\\WOW6432Node\\"};
	unsigned left = KEYS_MAX;
	struct at at = {.h = h, .user = user, .left = &left, .prefix = ""};
	size_t base = user.n ? vt_hive_key(h, 0, "Software") : vt_hive_key(h, 0, "");

	if (base && h->l->area == VT_AREA_PACKAGES) {
		at.prefix = user.n ? "Software" : "";
		(void)vt_hive_keys(h, base, on_key, &at);
	}
	if (left == 0)
		vt_collect_missed(h->l->c, h->l->area, h->path, VT_MISS_LIMIT);
	for (size_t b = user.n ? 2 : 0; b < (user.n ? 4u : 2u); b++)
		for (size_t i = 0; i < VT_COUNT(places); i++) {
			size_t key;

			if (places[i].area != h->l->area)
				continue;
			at.prefix = vt_look_printf(h->l, "%s%s", bases[b], places[i].key);
			at.what = places[i].what;
			key = at.prefix ? vt_hive_key(h, 0, at.prefix) : 0;
			if (key && places[i].keys)
				(void)vt_hive_keys(h, key, places[i].keys, &at);
			if (key && places[i].values)
				vt_hive_texts(h, key, places[i].values, &at);
		}
}
