/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSTEM: services and drivers of every control set, not only the one that "Select" names, for the
 * last known good one can be chosen at the next start. SAM: names of users and groups.
 */
#include "base/num.h"
#include "collect/windows.h"

struct at {
	const struct vt_hive *h;
	const char *prefix, *state;
};

static const char *start_word(uint32_t start)
{
	static const char *const words[] = {"boot", "system", "auto", "manual", "disabled"};

	return start < VT_COUNT(words) ? words[start] : "unknown";
}

static bool on_service(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	const char *path = vt_look_printf(h->l, "%s\\%s", at->prefix, name);
	struct vt_fact f = {.kind = VT_FACT_UNIT};
	vt_span image = vt_hive_text(h, key, "ImagePath"), library;
	uint32_t type = 0, start = UINT32_MAX;

	if (!path)
		return true;
	/* SERVICE_KERNEL_DRIVER, _FILE_SYSTEM_DRIVER, _RECOGNIZER_DRIVER. Keys without a type are
	 * settings of something else. */
	if (vt_hive_number(h, key, "Type", &type) && (type & 0x0b))
		f.kind = VT_FACT_MODULE;
	(void)vt_hive_number(h, key, "Start", &start);
	f.locus = vt_hive_locus(h, path);
	vt_fact_str(&f, VT_ATTR_NAME, name);
	vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
	vt_fact_str(&f, VT_ATTR_STATE, start_word(start));
	vt_fact_set(&f, VT_ATTR_PATH, image);
	vt_fact_set(&f, VT_ATTR_COMMAND, image);
	vt_fact_set(&f, VT_ATTR_PRODUCT, vt_hive_text(h, key, "DisplayName"));
	vt_fact_set(&f, VT_ATTR_OWNER, vt_hive_text(h, key, "ObjectName"));
	vt_fact_set(&f, VT_ATTR_KEY, vt_hive_name(h, path));
	library = vt_hive_text(h, vt_hive_key(h, key, "Parameters"), "ServiceDll");
	vt_fact_set(&f, VT_ATTR_VALUE, library);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_BOOT, true);
	return true;
}

static bool on_set(void *ctx, size_t key, const char *name)
{
	struct at at = *(const struct at *)ctx;
	size_t services;

	if (!vt_line_starts(vt_span_str(name), "ControlSet") ||
		!(services = vt_hive_key(at.h, key, "Services")))
		return true;
	at.prefix = vt_look_printf(at.h->l, "%s\\Services", name);
	if (at.prefix && vt_hive_keys(at.h, services, on_service, &at))
		vt_collect_source(at.h->l->c, VT_AREA_BOOT,
			vt_look_printf(at.h->l, "registry %s\\%s", at.h->root, at.prefix));
	return true;
}

void vt_windows_system(const struct vt_hive *h)
{
	struct at at = {.h = h};
	size_t root = vt_hive_key(h, 0, "");

	if (root)
		(void)vt_hive_keys(h, root, on_set, &at);
}

static bool on_name(void *ctx, size_t key, const char *name)
{
	const struct at *at = ctx;
	const struct vt_hive *h = at->h;
	const char *path = vt_look_printf(h->l, "%s\\%s", at->prefix, name);
	struct vt_fact f = {.kind = VT_FACT_ACCOUNT};

	(void)key;
	f.locus = vt_hive_locus(h, path ? path : name);
	vt_fact_str(&f, VT_ATTR_NAME, name);
	vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
	vt_fact_str(&f, VT_ATTR_STATE, at->state);
	vt_collect_fact(h->l->c, &f);
	vt_collect_seen(h->l->c, VT_AREA_ACCOUNTS, true);
	return true;
}

void vt_windows_sam(const struct vt_hive *h)
{
	static const struct {
		const char *key, *state;
	} lists[] = {
		{"SAM\\Domains\\Account\\Users\\Names", "user"},
		{"SAM\\Domains\\Account\\Aliases\\Names", "group"},
		{"SAM\\Domains\\Account\\Groups\\Names", "group"},
		{"SAM\\Domains\\Builtin\\Aliases\\Names", "group"},
	};

	for (size_t i = 0; i < VT_COUNT(lists); i++) {
		struct at at = {h, lists[i].key, lists[i].state};
		size_t key = vt_hive_key(h, 0, lists[i].key);

		if (key && vt_hive_keys(h, key, on_name, &at) && i == 0)
			vt_collect_source(h->l->c, VT_AREA_ACCOUNTS, "registry HKLM\\SAM");
	}
}
