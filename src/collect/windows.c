/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectors "windows...": a Windows system that is not running, by its registry and its scheduled
 * tasks, one for each area, so that each is charged with what it could not read. Names are found
 * without regard to case. A hive that libhivex refuses is a miss, and
 * without SOFTWARE, SYSTEM or SAM the areas that they answer for have no source.
 */
#include <strings.h>

#include "base/num.h"
#include "collect/windows.h"
#include "inventory/artefact/plist.h"

#define CONFIG "/Windows/System32/config"

struct run {
	struct vt_look l;
	vt_buf text;
};

static bool hive(
	struct run *run, vt_span folder, const char *file, const char *root, struct vt_hive *out)
{
	struct vt_look_entry *in;

	if (!vt_look_folder(&run->l, folder, &in))
		return false;
	for (; in; in = in->next)
		if (in->name.n == strlen(file) &&
			strncasecmp((const char *)in->name.p, file, in->name.n) == 0) {
			vt_collect_hidden(run->l.c, in->node.hidden);
			return vt_hive_open(&run->l, in->path, root, out);
		}
	return false;
}

/* SOFTWARE of the machine, and each user's own hive, in the folder of the profile. */
static void look_software(struct run *run, vt_span config)
{
	static const char *const folders[] = {"/Users", "/Documents and Settings"};
	struct vt_look_entry *in;
	struct vt_hive h;
	vt_span folder;

	if (hive(run, config, "SOFTWARE", "HKLM\\SOFTWARE", &h)) {
		vt_windows_software(&h, vt_span_of("", 0));
		vt_look_source(&run->l, "registry", h.path);
		vt_hive_close(&h);
	}
	for (size_t i = 0; i < VT_COUNT(folders); i++) {
		if (!vt_look_nocase(&run->l, folders[i], &folder) ||
			!vt_look_folder(&run->l, folder, &in))
			continue;
		for (; in; in = in->next)
			if (in->node.type == VT_NODE_FOLDER &&
				hive(run, in->path, "NTUSER.DAT", "HKCU", &h)) {
				vt_windows_software(&h, in->name);
				vt_hive_close(&h);
			}
	}
}

/* The text of the first such element, as written. */
static vt_span element(vt_span xml, const char *open, const char *close)
{
	size_t from, to;

	if (!vt_span_find(xml, 0, open, strlen(open), &from))
		return vt_span_of("", 0);
	from += strlen(open);
	if (!vt_span_find(xml, from, close, strlen(close), &to))
		return vt_span_of("", 0);
	return vt_line_trim(vt_span_of(xml.p + from, to - from));
}

/* A task is XML in UTF-16, named by its file. */
static bool on_task(void *ctx, const struct vt_look_entry *e)
{
	struct run *run = ctx;
	struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = e->path};
	vt_span xml;

	if (e->node.type == VT_NODE_FOLDER)
		return true;
	if (!vt_look_text(&run->l, e->path, &run->text))
		return false;
	xml = vt_buf_span(&run->text);
	if (vt_span_at(xml, 0, "\xff\xfe", 2) &&
		vt_utf16_text(vt_span_of(xml.p + 2, xml.n - 2), false, vt_collect_arena(run->l.c),
			&xml) != VT_OK)
		return false;
	if (!vt_span_find(xml, 0, "<Task", 5, &(size_t){0})) {
		vt_collect_missed(run->l.c, run->l.area, e->path, VT_MISS_MALFORMED);
		return false;
	}
	vt_fact_set(&f, VT_ATTR_NAME, e->name);
	vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
	vt_fact_str(&f, VT_ATTR_SOURCE, "task");
	vt_fact_set(&f, VT_ATTR_PATH, e->path);
	vt_fact_set(&f, VT_ATTR_COMMAND, element(xml, "<Command>", "</Command>"));
	vt_fact_set(&f, VT_ATTR_VALUE, element(xml, "<Arguments>", "</Arguments>"));
	vt_fact_set(&f, VT_ATTR_VENDOR, element(xml, "<Author>", "</Author>"));
	vt_fact_set(&f, VT_ATTR_OWNER, element(xml, "<UserId>", "</UserId>"));
	vt_fact_str(&f, VT_ATTR_STATE, "enabled");
	vt_collect_fact(run->l.c, &f);
	return false;
}

static void look_tasks(struct run *run)
{
	static const char *const folders[] = {"/Windows/System32/Tasks", "/Windows/SysWOW64/Tasks"};
	vt_span folder;

	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (vt_look_nocase(&run->l, folders[i], &folder) &&
			vt_look_below(&run->l, folder, VT_LOOK_DEPTH_MAX, on_task, run))
			vt_look_source(&run->l, "tasks", folder);
}

/* Folders whose files are opened at a logon. */
static void look_startup(struct run *run, vt_span folder, const char *below, vt_span user)
{
	const char *path =
		vt_look_printf(&run->l, "%.*s%s", (int)folder.n, (const char *)folder.p, below);
	struct vt_look_entry *in;
	vt_span found;

	if (!path || !vt_look_nocase(&run->l, path, &found) || !vt_look_folder(&run->l, found, &in))
		return;
	for (; in; in = in->next) {
		struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = in->path};

		vt_fact_set(&f, VT_ATTR_NAME, in->name);
		vt_fact_str(&f, VT_ATTR_MANAGER, "windows");
		vt_fact_str(&f, VT_ATTR_SOURCE, "startup");
		vt_fact_set(&f, VT_ATTR_PATH, in->path);
		vt_fact_str(&f, VT_ATTR_STATE, "enabled");
		vt_fact_set(&f, VT_ATTR_OWNER, user);
		vt_collect_hidden(run->l.c, in->node.hidden);
		vt_collect_fact(run->l.c, &f);
		vt_collect_seen(run->l.c, run->l.area, true);
	}
}

static void look_startups(struct run *run)
{
	static const char menu[] = "/Microsoft/Windows/Start Menu/Programs/Startup";
	struct vt_look_entry *in;
	vt_span users;

	look_startup(run, vt_span_str("/ProgramData"), menu, vt_span_of("", 0));
	if (!vt_look_nocase(&run->l, "/Users", &users) || !vt_look_folder(&run->l, users, &in))
		return;
	for (; in; in = in->next)
		if (in->node.type == VT_NODE_FOLDER)
			look_startup(run, in->path,
				vt_look_printf(&run->l, "/AppData/Roaming%s", menu), in->name);
}

static vt_err start(struct vt_collect *c, enum vt_area area)
{
	struct run run = {.l = {.c = c, .area = area}};
	struct vt_hive h;
	vt_span config;

	if (!vt_look_nocase(&run.l, CONFIG, &config))
		return VT_OK;
	if (area != VT_AREA_ACCOUNTS)
		look_software(&run, config);
	if (area == VT_AREA_ACCOUNTS && hive(&run, config, "SAM", "HKLM\\SAM", &h)) {
		vt_windows_sam(&h);
		vt_hive_close(&h);
	}
	if (area == VT_AREA_BOOT) {
		if (hive(&run, config, "SYSTEM", "HKLM\\SYSTEM", &h)) {
			vt_windows_system(&h);
			vt_hive_close(&h);
		}
		look_tasks(&run);
		look_startups(&run);
	}
	vt_buf_free(&run.text);
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

COLLECTOR(windows, PACKAGES)
COLLECTOR(windows_boot, BOOT)
COLLECTOR(windows_trust, TRUST)
COLLECTOR(windows_browsers, BROWSERS)
COLLECTOR(windows_accounts, ACCOUNTS)
