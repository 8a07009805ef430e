/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectors "macos...", one for each area: a macOS system by its property lists: installer
 * receipts, application bundles, launchd's daemons and agents, system and kernel extensions, and
 * local users.
 */
#include "base/num.h"
#include "collect/look.h"
#include "inventory/artefact/plist.h"

#define PLIST_MAX ((size_t)16 << 20)

struct run {
	struct vt_look l;
	vt_buf bytes;
	vt_span owner;
};
typedef void look_fn(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p);

static vt_span first(vt_span a, vt_span b)
{
	return a.n ? a : b;
}

/* A value that may be an array: its first text. */
static vt_span first_text(const struct vt_plist *p)
{
	if (p && p->type == VT_PLIST_ARRAY)
		p = p->first;
	return p && p->type == VT_PLIST_STRING ? p->text : vt_span_of("", 0);
}

static void look_receipt(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	struct vt_fact f = {.kind = VT_FACT_PACKAGE, .locus = e->path};
	vt_span id = vt_plist_text(p, "PackageIdentifier");

	if (id.n == 0)
		id = vt_span_of(e->name.p, e->name.n - 6);
	vt_fact_set(&f, VT_ATTR_NAME, id);
	vt_fact_set(&f, VT_ATTR_ID, id);
	vt_fact_set(&f, VT_ATTR_VERSION, vt_plist_text(p, "PackageVersion"));
	vt_fact_set(&f, VT_ATTR_SOURCE, vt_plist_text(p, "InstallProcessName"));
	vt_fact_set(&f, VT_ATTR_PATH, vt_plist_text(p, "InstallPrefixPath"));
	vt_fact_str(&f, VT_ATTR_MANAGER, "macos");
	vt_fact_str(&f, VT_ATTR_STATUS, "installed");
	vt_collect_fact(run->l.c, &f);
}

static void look_bundle(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	struct vt_fact f = {.kind = VT_FACT_PACKAGE, .locus = e->path};
	vt_span id = vt_plist_text(p, "CFBundleIdentifier");
	vt_span name =
		first(vt_plist_text(p, "CFBundleDisplayName"), vt_plist_text(p, "CFBundleName"));

	vt_fact_set(&f, VT_ATTR_NAME, first(name, id));
	vt_fact_set(&f, VT_ATTR_PRODUCT, name);
	vt_fact_set(&f, VT_ATTR_ID, id);
	vt_fact_set(&f, VT_ATTR_ORIGINAL, id);
	vt_fact_set(&f, VT_ATTR_VERSION,
		first(vt_plist_text(p, "CFBundleShortVersionString"),
			vt_plist_text(p, "CFBundleVersion")));
	vt_fact_set(&f, VT_ATTR_VENDOR,
		first(vt_plist_text(p, "NSHumanReadableCopyright"),
			vt_plist_text(p, "CFBundleGetInfoString")));
	vt_fact_set(&f, VT_ATTR_PATH,
		vt_span_of(e->path.p, e->path.n - strlen("/Contents/Info.plist")));
	vt_fact_str(&f, VT_ATTR_MANAGER, "macos");
	vt_fact_str(&f, VT_ATTR_STATUS, "installed");
	vt_collect_fact(run->l.c, &f);
}

static void look_launchd(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = e->path};
	const struct vt_plist *arguments = vt_plist_get(p, "ProgramArguments");
	const struct vt_plist *disabled = vt_plist_get(p, "Disabled");
	vt_buf command = VT_BUF_INIT(VT_FACT_VALUE_MAX);

	for (const struct vt_plist *a = arguments ? arguments->first : NULL; a; a = a->next)
		if (a->type == VT_PLIST_STRING)
			(void)!vt_buf_addf(&command, "%s%.*s", command.n ? " " : "", (int)a->text.n,
				(const char *)a->text.p);
	vt_fact_set(&f, VT_ATTR_NAME,
		first(vt_plist_text(p, "Label"), vt_span_of(e->name.p, e->name.n - 6)));
	vt_fact_str(&f, VT_ATTR_MANAGER, "launchd");
	vt_fact_set(&f, VT_ATTR_PATH, first(vt_plist_text(p, "Program"), first_text(arguments)));
	vt_fact_set(&f, VT_ATTR_COMMAND, vt_buf_span(&command));
	vt_fact_set(&f, VT_ATTR_OWNER, first(vt_plist_text(p, "UserName"), run->owner));
	vt_fact_str(&f, VT_ATTR_STATE,
		disabled && disabled->type == VT_PLIST_TRUE ? "disabled" : "enabled");
	vt_collect_fact(run->l.c, &f);
	vt_buf_free(&command);
}

static void look_kext(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	struct vt_fact f = {.kind = VT_FACT_MODULE, .locus = e->path};
	vt_span id = vt_plist_text(p, "CFBundleIdentifier");

	vt_fact_set(&f, VT_ATTR_NAME, id);
	vt_fact_set(&f, VT_ATTR_ID, id);
	vt_fact_set(&f, VT_ATTR_VERSION,
		first(vt_plist_text(p, "CFBundleShortVersionString"),
			vt_plist_text(p, "CFBundleVersion")));
	vt_fact_str(&f, VT_ATTR_MANAGER, "macos");
	vt_fact_str(&f, VT_ATTR_STATE, "installed");
	vt_fact_set(&f, VT_ATTR_PATH,
		vt_span_of(e->path.p, e->path.n - strlen("/Contents/Info.plist")));
	vt_collect_fact(run->l.c, &f);
}

/* /Library/SystemExtensions/db.plist: what the system has been told to load, with its team. */
static void look_system_extensions(
	struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	const struct vt_plist *list = vt_plist_get(p, "extensions");

	for (const struct vt_plist *x = list ? list->first : NULL; x; x = x->next) {
		struct vt_fact f = {.kind = VT_FACT_MODULE};
		vt_span id = vt_plist_text(x, "identifier");

		f.locus = vt_look_locus(&run->l, e->path, id);
		vt_fact_set(&f, VT_ATTR_NAME, id);
		vt_fact_set(&f, VT_ATTR_ID, id);
		vt_fact_set(&f, VT_ATTR_TEAM_ID, vt_plist_text(x, "teamID"));
		vt_fact_set(&f, VT_ATTR_VERSION,
			vt_plist_text(
				vt_plist_get(x, "bundleVersion"), "CFBundleShortVersionString"));
		vt_fact_set(&f, VT_ATTR_STATE, vt_plist_text(x, "state"));
		vt_fact_set(&f, VT_ATTR_PATH, vt_plist_text(x, "originPath"));
		vt_fact_str(&f, VT_ATTR_MANAGER, "macos");
		vt_collect_fact(run->l.c, &f);
	}
}

static void look_user(struct run *run, const struct vt_look_entry *e, const struct vt_plist *p)
{
	struct vt_fact f = {.kind = VT_FACT_ACCOUNT, .locus = e->path};
	bool group = vt_span_find(e->path, 0, "/groups/", 8, &(size_t){0});

	vt_fact_set(&f, VT_ATTR_NAME,
		first(first_text(vt_plist_get(p, "name")), vt_span_of(e->name.p, e->name.n - 6)));
	vt_fact_set(&f, VT_ATTR_ID, first_text(vt_plist_get(p, group ? "gid" : "uid")));
	vt_fact_set(&f, VT_ATTR_PATH, first_text(vt_plist_get(p, "home")));
	vt_fact_set(&f, VT_ATTR_PRODUCT, first_text(vt_plist_get(p, "realname")));
	vt_fact_str(&f, VT_ATTR_STATE, group ? "group" : "user");
	vt_fact_str(&f, VT_ATTR_MANAGER, "macos");
	vt_collect_fact(run->l.c, &f);
}

static const struct place {
	const char *glob;
	enum vt_area area;
	look_fn *fn;
} places[] = {
	{"/private/var/db/receipts/*.plist", VT_AREA_PACKAGES, look_receipt},
	{"/Library/Receipts/*.pkg/Contents/Info.plist", VT_AREA_PACKAGES, look_bundle},
	{"/Applications/*.app/Contents/Info.plist", VT_AREA_PACKAGES, look_bundle},
	{"/Applications/*/*.app/Contents/Info.plist", VT_AREA_PACKAGES, look_bundle},
	{"/System/Applications/*.app/Contents/Info.plist", VT_AREA_PACKAGES, look_bundle},
	{"/Library/LaunchDaemons/*.plist", VT_AREA_BOOT, look_launchd},
	{"/Library/LaunchAgents/*.plist", VT_AREA_BOOT, look_launchd},
	{"/System/Library/LaunchDaemons/*.plist", VT_AREA_BOOT, look_launchd},
	{"/System/Library/LaunchAgents/*.plist", VT_AREA_BOOT, look_launchd},
	{"/Library/Extensions/*.kext/Contents/Info.plist", VT_AREA_BOOT, look_kext},
	{"/System/Library/Extensions/*.kext/Contents/Info.plist", VT_AREA_BOOT, look_kext},
	{"/Library/SystemExtensions/db.plist", VT_AREA_BOOT, look_system_extensions},
	{"/private/var/db/dslocal/nodes/*/users/*.plist", VT_AREA_ACCOUNTS, look_user},
	{"/private/var/db/dslocal/nodes/*/groups/*.plist", VT_AREA_ACCOUNTS, look_user},
};
static const struct place old_receipts = {
	"/var/db/receipts/*.plist", VT_AREA_PACKAGES, look_receipt};
static const struct place home_places[] = {
	{"/Library/LaunchAgents/*.plist", VT_AREA_BOOT, look_launchd},
	{"/Applications/*.app/Contents/Info.plist", VT_AREA_PACKAGES, look_bundle},
};

static void look_place(struct run *run, const struct place *p, const char *glob)
{
	struct vt_look_entry *e;
	const struct vt_plist *top;
	unsigned read = 0;

	if (p->area != run->l.area || !glob || !vt_look_glob(&run->l, glob, &e))
		return;
	for (; e; e = e->next) {
		vt_err err;

		if (!vt_look_bytes(&run->l, e->path, PLIST_MAX, &run->bytes))
			continue;
		err = vt_plist_parse(vt_buf_span(&run->bytes), vt_collect_arena(run->l.c), &top);
		if (err) {
			vt_collect_missed(run->l.c, p->area, e->path, vt_collect_miss_of(err));
			continue;
		}
		p->fn(run, e, top);
		read++;
	}
	if (read)
		vt_look_source(&run->l, "plists", vt_span_str(glob));
}

static vt_err start(struct vt_collect *c, enum vt_area area)
{
	struct run run = {.l = {.c = c, .area = area}};
	struct vt_home *h;
	struct vt_node node;
	vt_span target;

	/* Folders of that name are on no other system. */
	if (vt_tree_stat(vt_collect_tree(c), vt_span_str("/System/Library"), true, &node) !=
			VT_OK &&
		vt_tree_stat(vt_collect_tree(c), vt_span_str("/private/var/db"), true, &node) !=
			VT_OK &&
		vt_collect_platform(c) != VT_PLATFORM_MACOS)
		return VT_OK;
	for (size_t i = 0; i < VT_COUNT(places); i++)
		look_place(&run, &places[i], places[i].glob);
	if (!vt_look_link(&run.l, vt_span_str("/var"), &target)) /* else it is /private/var */
		look_place(&run, &old_receipts, old_receipts.glob);
	for (h = vt_look_homes(&run.l); h; h = h->next)
		for (size_t i = 0; i < VT_COUNT(home_places); i++) {
			run.owner = h->user;
			if (!memchr(h->path.p, '*', h->path.n))
				look_place(&run, &home_places[i],
					vt_look_printf(&run.l, "%.*s%s", (int)h->path.n,
						(const char *)h->path.p, home_places[i].glob));
		}
	vt_buf_free(&run.bytes);
	return VT_OK;
}

#define COLLECTOR(word, AREA)                                                                      \
	static vt_err start_##word(struct vt_collect *c, void **out_state)                         \
	{                                                                                          \
		*out_state = NULL;                                                                 \
		return start(c, VT_AREA_##AREA);                                                   \
	}                                                                                          \
	const struct vt_collector vt_collector_##word = {                                          \
		.name = #word, .area = VT_AREA_##AREA, .start = start_##word};

COLLECTOR(macos, PACKAGES)
COLLECTOR(macos_boot, BOOT)
COLLECTOR(macos_accounts, ACCOUNTS)
