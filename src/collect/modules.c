/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "modules": kernel modules that are loaded, that are to be loaded at start
 * (modules-load.d(5), /etc/modules, modprobe.d(5)), that lie below /lib/modules, and that DKMS
 * would build again for the next kernel.
 */
#include <fcntl.h>

#include "base/num.h"
#include "collect/look.h"
#include "collect/proc.h"

struct run {
	struct vt_look l;
	vt_buf text;
	uint64_t found; /* module files below one folder */
};

static struct vt_fact module_fact(vt_span locus, vt_span name, const char *state)
{
	struct vt_fact f = {.kind = VT_FACT_MODULE, .locus = locus};

	vt_fact_set(&f, VT_ATTR_NAME, name);
	vt_fact_str(&f, VT_ATTR_STATE, state);
	vt_fact_str(&f, VT_ATTR_MANAGER, "linux");
	return f;
}

/* "klif.ko.xz" is module "klif"; empty for another file. */
static vt_span module_name(vt_span file)
{
	static const char *const ends[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst"};

	for (size_t i = 0; i < VT_COUNT(ends); i++)
		if (vt_line_ends(file, ends[i]))
			return vt_span_of(file.p, file.n - strlen(ends[i]));
	return vt_span_of(file.p, 0);
}

/* One name a line. */
static void look_list(struct run *run, vt_span path)
{
	vt_reader r;
	vt_span line, word;

	if (!vt_look_text(&run->l, path, &run->text))
		return;
	r = vt_reader_of(vt_buf_span(&run->text));
	while (vt_line_next(&r, &line)) {
		struct vt_fact f;

		if (!vt_line_word(&line, &word) || word.p[0] == '#' || word.p[0] == ';')
			continue;
		f = module_fact(vt_look_locus(&run->l, path, word), word, "load");
		vt_fact_set(&f, VT_ATTR_SOURCE, path);
		vt_collect_fact(run->l.c, &f);
	}
	vt_look_source(&run->l, "modules", path);
}

/* modprobe.d: "blacklist x", "options x ...", "install x command", "alias pattern x", "softdep x".
 */
static void look_modprobe(struct run *run, vt_span path)
{
	static const struct {
		const char *verb, *state;
	} verbs[] = {{"blacklist", "blacklisted"}, {"options", "options"}, {"install", "install"},
		{"remove", "remove"}, {"softdep", "softdep"}, {"alias", "alias"}};
	vt_reader r;
	vt_span line, verb, name, pattern;

	if (!vt_look_text(&run->l, path, &run->text))
		return;
	r = vt_reader_of(vt_buf_span(&run->text));
	while (vt_line_joined(&r, vt_collect_arena(run->l.c), &line)) {
		if (!vt_line_word(&line, &verb))
			continue;
		for (size_t i = 0; i < VT_COUNT(verbs); i++) {
			struct vt_fact f;

			if (!vt_line_is(verb, verbs[i].verb) || !vt_line_word(&line, &name))
				continue;
			if (i == 5 && !vt_line_word(&line, &pattern))
				continue;
			f = module_fact(vt_look_locus(&run->l, path, name), i == 5 ? pattern : name,
				verbs[i].state);
			vt_fact_set(&f, VT_ATTR_SOURCE, path);
			vt_fact_set(&f, i == 2 || i == 3 ? VT_ATTR_COMMAND : VT_ATTR_VALUE,
				i == 5 ? name : line);
			vt_collect_fact(run->l.c, &f);
		}
	}
}

static void look_folders(struct run *run, const char *glob, void (*fn)(struct run *, vt_span))
{
	struct vt_look_entry *e;

	if (vt_look_glob(&run->l, glob, &e))
		for (; e; e = e->next)
			if (e->node.type == VT_NODE_FILE)
				fn(run, e->path);
}

static bool on_module_file(void *ctx, const struct vt_look_entry *e)
{
	struct run *run = ctx;
	vt_span name = module_name(e->name);
	struct vt_fact f;

	if (e->node.type == VT_NODE_FOLDER)
		return true;
	if (name.n == 0)
		return false;
	f = module_fact(e->path, name, "installed");
	vt_fact_set(&f, VT_ATTR_PATH, e->path);
	vt_collect_hidden(run->l.c, e->node.hidden);
	vt_collect_fact(run->l.c, &f);
	vt_collect_seen(run->l.c, run->l.area, true);
	run->found++;
	return false;
}

/* PACKAGE_NAME="x", BUILT_MODULE_NAME[0]="y": shell, of which only plain assignments are read. */
static void look_dkms(struct run *run, vt_span path)
{
	vt_span package = vt_span_of("", 0), version = package, line, name, value;
	vt_reader r;
	unsigned modules = 0;
	struct vt_fact f;

	if (!vt_look_text(&run->l, path, &run->text))
		return;
	for (int pass = 0; pass < 2; pass++) {
		r = vt_reader_of(vt_buf_span(&run->text));
		while (vt_line_next(&r, &line)) {
			if (!vt_line_assignment(line, &name, &value))
				continue;
			if (vt_line_is(name, "PACKAGE_NAME"))
				package = value;
			if (vt_line_is(name, "PACKAGE_VERSION"))
				version = value;
			if (pass == 0 || modules > 1000 ||
				!vt_line_starts(name, "BUILT_MODULE_NAME"))
				continue;
			f = module_fact(vt_look_locus(&run->l, path, name), value, "dkms");
			vt_fact_set(&f, VT_ATTR_SOURCE, package);
			vt_fact_set(&f, VT_ATTR_VERSION, version);
			vt_fact_set(&f, VT_ATTR_PATH, path);
			vt_collect_fact(run->l.c, &f);
			modules++;
		}
	}
	if (modules == 0 || package.n) {
		f = module_fact(path, package, "dkms");
		vt_fact_set(&f, VT_ATTR_VERSION, version);
		vt_fact_set(&f, VT_ATTR_PATH, path);
		vt_collect_fact(run->l.c, &f);
	}
	vt_look_source(&run->l, "dkms", path);
}

/* /var/lib/dkms/NAME/VERSION: what DKMS has been told of. */
static void look_dkms_state(struct run *run)
{
	struct vt_look_entry *e;

	if (!vt_look_glob(&run->l, "/var/lib/dkms/*/*", &e))
		return;
	for (; e; e = e->next) {
		vt_span folder = vt_span_of(e->path.p, e->path.n - e->name.n - 1);
		struct vt_fact f = module_fact(e->path, vt_line_base(folder), "dkms");

		if (e->node.type != VT_NODE_FOLDER)
			continue;
		vt_fact_set(&f, VT_ATTR_VERSION, e->name);
		vt_fact_set(&f, VT_ATTR_PATH, e->path);
		vt_collect_hidden(run->l.c, e->node.hidden);
		vt_collect_fact(run->l.c, &f);
		vt_collect_seen(run->l.c, run->l.area, true);
	}
	vt_look_source(&run->l, "dkms", vt_span_str("/var/lib/dkms"));
}

static void look_loaded(struct run *run)
{
	vt_span path = vt_span_str("/proc/modules"), line, name, size;
	vt_reader r;

	run->text.max = VT_LOOK_TEXT_MAX;
	if (vt_proc_read(AT_FDCWD, "/proc/modules", &run->text) != VT_OK) {
		if (vt_proc_miss() == VT_MISS_UNREADABLE)
			vt_collect_missed(run->l.c, run->l.area, path, VT_MISS_UNREADABLE);
		return; /* a kernel without modules has no such file */
	}
	r = vt_reader_of(vt_buf_span(&run->text));
	while (vt_line_next(&r, &line)) {
		struct vt_fact f;

		if (!vt_line_word(&line, &name) || !vt_line_word(&line, &size))
			continue;
		f = module_fact(vt_look_locus(&run->l, path, name), name, "loaded");
		vt_collect_fact(run->l.c, &f);
		vt_collect_seen(run->l.c, run->l.area, true);
	}
	vt_look_source(&run->l, "modules", path);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	static const char *const lists[] = {"/etc/modules", "/etc/modules-load.d/*.conf",
		"/run/modules-load.d/*.conf", "/usr/local/lib/modules-load.d/*.conf",
		"/usr/lib/modules-load.d/*.conf", "/lib/modules-load.d/*.conf",
		"/etc/initramfs-tools/modules"};
	static const char *const settings[] = {"/etc/modprobe.d/*.conf", "/run/modprobe.d/*.conf",
		"/usr/local/lib/modprobe.d/*.conf", "/usr/lib/modprobe.d/*.conf",
		"/lib/modprobe.d/*.conf"};
	static const char *const trees[] = {
		"/usr/lib/modules", "/lib/modules", "/usr/lib/extramodules"};
	struct run run = {.l = {.c = c, .area = VT_AREA_BOOT}};
	vt_span target;
	bool merged;

	*out_state = NULL;
	if (vt_collect_platform(c) == VT_PLATFORM_WINDOWS)
		return VT_OK;
	merged = vt_look_link(&run.l, vt_span_str("/lib"), &target);
	for (size_t i = 0; i < VT_COUNT(lists); i++)
		if (!merged || !vt_line_starts(vt_span_str(lists[i]), "/lib/"))
			look_folders(&run, lists[i], look_list);
	for (size_t i = 0; i < VT_COUNT(settings); i++)
		if (!merged || !vt_line_starts(vt_span_str(settings[i]), "/lib/"))
			look_folders(&run, settings[i], look_modprobe);
	for (size_t i = 0; i < VT_COUNT(trees); i++)
		if ((!merged || !vt_line_starts(vt_span_str(trees[i]), "/lib/")) &&
			vt_look_below(&run.l, vt_span_str(trees[i]), VT_LOOK_DEPTH_MAX,
				on_module_file, &run) &&
			run.found)
			vt_look_source(&run.l, "modules", vt_span_str(trees[i]));
	look_folders(&run, "/usr/src/*/dkms.conf", look_dkms);
	look_folders(&run, "/var/lib/dkms/*/*/source/dkms.conf", look_dkms);
	look_dkms_state(&run);
	if (vt_collect_live(c))
		look_loaded(&run);
	vt_buf_free(&run.text);
	return VT_OK;
}

const struct vt_collector vt_collector_modules = {
	.name = "modules", .area = VT_AREA_BOOT, .start = start};
