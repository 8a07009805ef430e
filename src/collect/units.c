/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "units": systemd's unit files in every folder of its search path (systemd.unit(5)), of
 * the system and of users, with drop-ins, links that start them, masks, and generators. A unit that
 * several folders have is reported from each: which one wins may change at the next start.
 */
#include "base/num.h"
#include "collect/look.h"

static const char *const folders[] = {
	/* system */
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	"/run/systemd/generator.early",
	"/etc/systemd/system",
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	"/run/systemd/generator",
	"/run/systemd/generator.late",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	/* users */
	"/etc/systemd/user",
	"/run/systemd/user",
	"/usr/local/lib/systemd/user",
	"/usr/local/share/systemd/user",
	"/usr/share/systemd/user",
	"/usr/lib/systemd/user",
};
static const char *const home_folders[] = {
	".config/systemd/user.control", ".config/systemd/user", ".local/share/systemd/user"};
static const char *const run_folders[] = {"systemd/user.control", "systemd/transient",
	"systemd/generator.early", "systemd/user", "systemd/generator", "systemd/generator.late"};
static const char *const generators[] = {
	"/etc/systemd/system-generators",
	"/run/systemd/system-generators",
	"/usr/local/lib/systemd/system-generators",
	"/usr/lib/systemd/system-generators",
	"/etc/systemd/user-generators",
	"/run/systemd/user-generators",
	"/usr/local/lib/systemd/user-generators",
	"/usr/lib/systemd/user-generators",
	"/etc/systemd/system-environment-generators",
	"/usr/lib/systemd/system-environment-generators",
};
static const char *const types[] = {".service", ".socket", ".timer", ".path", ".mount",
	".automount", ".target", ".swap", ".slice", ".scope", ".device"};

struct run {
	struct vt_look l;
	vt_buf text;
	vt_span owner; /* of user units: the user */
};

static bool is_unit(vt_span name)
{
	for (size_t i = 0; i < VT_COUNT(types); i++)
		if (vt_line_ends(name, types[i]))
			return true;
	return false;
}

static struct vt_fact unit_fact(
	const struct run *run, vt_span path, vt_span name, const char *state)
{
	struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = path};

	vt_fact_set(&f, VT_ATTR_NAME, name);
	vt_fact_str(&f, VT_ATTR_MANAGER, "systemd");
	vt_fact_str(&f, VT_ATTR_STATE, state);
	vt_fact_set(&f, VT_ATTR_OWNER, run->owner);
	vt_fact_set(&f, VT_ATTR_PATH, path);
	return f;
}

/* "LD_PRELOAD=..." among the assignments of Environment=, quoted each or not. */
static void look_environment(const struct run *run, vt_span path, vt_span name, vt_span value)
{
	static const char *const names[] = {"LD_PRELOAD=", "LD_AUDIT="};
	size_t at;

	for (size_t i = 0; i < VT_COUNT(names); i++) {
		struct vt_fact f = unit_fact(run, path, name, "enabled");
		vt_span rest, word;

		if (!vt_span_find(value, 0, names[i], strlen(names[i]), &at))
			continue;
		at += strlen(names[i]);
		rest = vt_span_of(value.p + at, value.n - at);
		while (vt_line_word(&rest, &word)) {
			size_t n = 0;

			while (n < word.n && word.p[n] != '"' && word.p[n] != '\'')
				n++;
			vt_fact_str(&f, VT_ATTR_MANAGER, "preload");
			vt_fact_set(&f, VT_ATTR_SOURCE, name);
			vt_fact_set(&f, VT_ATTR_PATH, vt_span_of(word.p, n));
			vt_fact_set(&f, VT_ATTR_NAME, vt_line_base(vt_span_of(word.p, n)));
			f.locus = vt_look_locus(&run->l, path, vt_span_str("Environment"));
			vt_collect_fact(run->l.c, &f);
			if (n < word.n)
				break;
		}
	}
}

/* What a unit or a drop-in runs, listens on and waits for: one fact for each, and one for a unit
 * without any. */
static void look_content(struct run *run, vt_span path, vt_span name, const char *state)
{
	struct vt_ini ini = {
		.r = vt_reader_of(vt_buf_span(&run->text)), .a = vt_collect_arena(run->l.c)};
	vt_span key, value, about = vt_span_of("", 0);
	struct vt_fact f;
	bool any = false;

	while (vt_ini_next(&ini, &key, &value)) {
		bool runs = vt_line_starts(key, "Exec") || vt_line_is(key, "PIDFile") ||
			vt_line_is(key, "BusName") || vt_line_is(key, "What");
		bool waits = vt_line_starts(key, "Listen") || vt_line_starts(key, "On") ||
			vt_line_starts(key, "Path") || vt_line_is(key, "DirectoryNotEmpty") ||
			vt_line_is(key, "Unit");

		if (vt_line_is(key, "Description"))
			about = value;
		if (vt_line_is(key, "Environment"))
			look_environment(run, path, name, value);
		if ((!runs && !waits) || value.n == 0)
			continue;
		f = unit_fact(run, path, name, state);
		f.locus = vt_look_locus(&run->l, path, key);
		vt_fact_set(&f, VT_ATTR_PRODUCT, about);
		if (vt_line_starts(key, "Exec"))
			vt_fact_set(&f, VT_ATTR_COMMAND, value);
		else
			vt_fact_set(&f, VT_ATTR_VALUE, value);
		vt_collect_fact(run->l.c, &f);
		any = true;
	}
	if (any)
		return;
	f = unit_fact(run, path, name, state);
	vt_fact_set(&f, VT_ATTR_PRODUCT, about);
	vt_collect_fact(run->l.c, &f);
}

/* A unit file, or a link: to /dev/null a mask, to another unit an alias. */
static void look_unit(struct run *run, const struct vt_look_entry *e)
{
	vt_span target;

	if (vt_look_link(&run->l, e->path, &target)) {
		struct vt_fact f = unit_fact(run, e->path, e->name,
			vt_line_is(target, "/dev/null") ? "masked" : "linked");

		vt_fact_set(&f, VT_ATTR_VALUE, target);
		vt_collect_hidden(run->l.c, e->node.hidden);
		vt_collect_fact(run->l.c, &f);
		if (vt_line_is(target, "/dev/null")) {
			vt_collect_seen(run->l.c, run->l.area, true);
			return;
		}
	}
	if (!vt_look_text(&run->l, e->path, &run->text))
		return;
	if (run->text.n == 0) { /* empty is masked too */
		struct vt_fact f = unit_fact(run, e->path, e->name, "masked");

		vt_collect_fact(run->l.c, &f);
		return;
	}
	look_content(run, e->path, e->name, "installed");
}

/* unit.wants, unit.requires, unit.upholds: what a link there starts. unit.d: drop-ins. */
static void look_folder_of_unit(struct run *run, const struct vt_look_entry *e)
{
	static const char *const links[] = {".wants", ".requires", ".upholds"};
	vt_span unit = vt_span_of(e->name.p, e->name.n - 2), target;
	struct vt_look_entry *in;

	for (size_t i = 0; i < VT_COUNT(links); i++) {
		if (!vt_line_ends(e->name, links[i]) || !vt_look_folder(&run->l, e->path, &in))
			continue;
		for (; in; in = in->next) {
			struct vt_fact f = unit_fact(run, in->path, in->name, "enabled");

			if (!is_unit(in->name))
				continue;
			vt_fact_set(&f, VT_ATTR_SOURCE, e->name);
			if (vt_look_link(&run->l, in->path, &target))
				vt_fact_set(&f, VT_ATTR_VALUE, target);
			vt_collect_hidden(run->l.c, in->node.hidden);
			vt_collect_fact(run->l.c, &f);
			vt_collect_seen(run->l.c, run->l.area, true);
		}
		return;
	}
	if (!vt_line_ends(e->name, ".d") || !vt_look_folder(&run->l, e->path, &in))
		return;
	for (; in; in = in->next)
		if (vt_line_ends(in->name, ".conf") && vt_look_text(&run->l, in->path, &run->text))
			look_content(run, in->path, unit, "drop-in");
}

static void look_units(struct run *run, vt_span folder)
{
	struct vt_look_entry *in;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	for (; in; in = in->next) {
		struct vt_node node = in->node;

		if (node.type == VT_NODE_LINK && !is_unit(in->name) &&
			vt_tree_stat(vt_collect_tree(run->l.c), in->path, true, &node) != VT_OK)
			continue;
		if (node.type == VT_NODE_FOLDER)
			look_folder_of_unit(run, in);
		else if (is_unit(in->name))
			look_unit(run, in);
	}
	vt_look_source(&run->l, "systemd", folder);
}

/* Generators are programs: their names, and where a link leads. */
static void look_generators(struct run *run, vt_span folder)
{
	struct vt_look_entry *in;
	vt_span target;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	for (; in; in = in->next) {
		struct vt_fact f = unit_fact(run, in->path, in->name, "generator");

		vt_fact_set(&f, VT_ATTR_COMMAND, in->path);
		if (vt_look_link(&run->l, in->path, &target))
			vt_fact_set(&f, VT_ATTR_VALUE, target);
		vt_collect_hidden(run->l.c, in->node.hidden);
		vt_collect_fact(run->l.c, &f);
		vt_collect_seen(run->l.c, run->l.area, true);
	}
	vt_look_source(&run->l, "systemd generators", folder);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_BOOT}};
	struct vt_look_entry *users;
	struct vt_home *h;
	vt_span target;
	bool merged;

	*out_state = NULL;
	if (vt_collect_platform(c) == VT_PLATFORM_WINDOWS)
		return VT_OK;
	merged = vt_look_link(&run.l, vt_span_str("/lib"), &target);
	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (!merged || !vt_line_starts(vt_span_str(folders[i]), "/lib/"))
			look_units(&run, vt_span_str(folders[i]));
	for (size_t i = 0; i < VT_COUNT(generators); i++)
		look_generators(&run, vt_span_str(generators[i]));
	for (h = vt_look_homes(&run.l); h; h = h->next)
		for (size_t i = 0; i < VT_COUNT(home_folders); i++) {
			run.owner = h->user;
			look_units(
				&run, vt_look_join(&run.l, h->path, vt_span_str(home_folders[i])));
		}
	if (vt_look_folder(&run.l, vt_span_str("/run/user"), &users))
		for (; users; users = users->next)
			for (size_t i = 0; i < VT_COUNT(run_folders); i++) {
				run.owner = users->name;
				look_units(&run,
					vt_look_join(
						&run.l, users->path, vt_span_str(run_folders[i])));
			}
	vt_buf_free(&run.text);
	return VT_OK;
}

const struct vt_collector vt_collector_units = {
	.name = "units", .area = VT_AREA_BOOT, .start = start};
