/* SPDX-License-Identifier: Apache-2.0 */
/* Steps replacement, snapshot, refresh, recheck, reboot and person. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"
#include "remedy/packages.h"
#include "remedy/run.h"
#include "store/folder.h"

#define PACKAGES_BEFORE "packages.before"
#define PROGRAM_MS (10u * 60 * 1000)

static bool package_here(struct vt_act *a, vt_span name)
{
	vt_buf list = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	struct vt_removal_package p;
	vt_span rest;
	bool here = false;

	if (!vt_packages_list(a->r->root_path, &list)) {
		rest = vt_buf_span(&list);
		while (!here && vt_packages_next(&rest, &p))
			here = vt_span_eq(p.name, name) &&
				vt_package_presence(&p) == VT_PRESENCE_HERE;
	}
	vt_buf_free(&list);
	return here;
}

static bool unit_here(struct vt_act *a, const char *name)
{
	char root[VT_REMOVAL_PATH_MAX + 16];
	const char *live[] = {"systemctl", "is-active", name, NULL};
	const char *still[] = {"systemctl", root, "is-enabled", name, NULL};
	struct vt_run run = {.argv = a->r->live ? live : still, .timeout_ms = 60000};
	struct vt_run_result r = {0};
	bool ok;

	(void)snprintf(root, sizeof root, "--root=%s", a->r->root_path);
	ok = !vt_run(&run, &r) && vt_run_ok(&r);
	vt_act_output(a, &r.output);
	vt_run_drop(&r);
	return ok;
}

static bool program_here(struct vt_act *a, vt_span path)
{
	struct vt_removal_file f = {0};
	struct vt_spot spot;
	char *plain = NULL;
	bool here = false;

	if (!vt_path_plain(a->r->root, path, &plain) &&
		!vt_spot_open(a->r->root, NULL, vt_span_str(plain), &spot)) {
		here = !vt_spot_look(&spot, &f) && f.type == VT_REMOVAL_FILE && (f.mode & 0111) &&
			f.size > 0;
		vt_spot_close(&spot);
	}
	free(plain);
	return here;
}

enum vt_mark vt_act_replacement(struct vt_act *a)
{
	const struct vt_removal *p = a->r->plan;
	char shown[VT_SHOWN_MAX];
	bool ok = false;

	(void)vt_act_shown(p->replacement_name, shown);
	switch (p->replacement) {
	case VT_REPLACEMENT_OPEN:
	case VT_REPLACEMENT_KINDS:
		vt_act_say(a,
			"nobody said what takes over: a system must not be left unprotected "
			"(plan with --replacement, or --no-replacement)");
		return VT_MARK_FAILED;
	case VT_REPLACEMENT_NONE:
		vt_act_say(a, "a person said that none is needed: %s", shown);
		return VT_MARK_DONE;
	case VT_REPLACEMENT_PACKAGE: ok = package_here(a, p->replacement_name); break;
	case VT_REPLACEMENT_UNIT: ok = unit_here(a, shown); break;
	case VT_REPLACEMENT_FILE: ok = program_here(a, p->replacement_name); break;
	}
	vt_act_say(a, "%s %s: %s", vt_replacement_word(p->replacement), shown,
		ok ? "there" : "not there, or not at work: nothing is removed before it is");
	return ok ? VT_MARK_DONE : VT_MARK_FAILED;
}

/* The list from before the first run: what is compared with is never made again. */
static vt_err packages_before(struct vt_act *a, vt_buf *out)
{
	vt_err e = a->r->folder < 0
		? VT_END
		: vt_store_read(a->r->folder, PACKAGES_BEFORE, VT_PACKAGES_TEXT_MAX, out);

	return e;
}

enum vt_mark vt_act_snapshot(struct vt_act *a)
{
	vt_buf list = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	vt_err e = a->dry ? VT_OK : packages_before(a, &list);

	if (e == VT_END) {
		e = vt_packages_list(a->r->root_path, &list);
		if (e == VT_END)
			e = VT_OK;
		if (!e)
			e = vt_store_write(a->r->folder, PACKAGES_BEFORE, vt_buf_span(&list));
		if (!e)
			vt_act_say(a, "noted in %s/" PACKAGES_BEFORE, a->r->folder_path);
	}
	if (e)
		vt_act_say(a, "what is there can't be noted: %s",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	vt_buf_free(&list);
	return e ? VT_MARK_FAILED : VT_MARK_DONE;
}

static enum vt_mark refresh(struct vt_act *a, const char *const *argv, const char *nothing)
{
	bool ok = false, missing = false;

	if (a->dry) {
		vt_act_say(a, "would run %s", argv[0]);
		return VT_MARK_DONE;
	}
	if (vt_act_program(a, argv, PROGRAM_MS, &ok, &missing))
		return VT_MARK_FAILED;
	if (missing) {
		vt_act_say(a, "%s", nothing);
		return VT_MARK_DONE;
	}
	return ok ? VT_MARK_DONE : VT_MARK_FAILED;
}

enum vt_mark vt_act_refresh(struct vt_act *a)
{
	static const struct {
		const char *what, *argv[4], *nothing;
		bool live_only;
	} rows[] = {
		{"initramfs", {"update-initramfs", "-u", "-k", "all"},
			"no program makes an initramfs here", false},
		{"ldconfig", {"ldconfig"}, "no linker cache is kept here", false},
		{"certificates", {"update-ca-certificates", "--fresh"},
			"no program makes a bundle of certificates here", false},
		{"units", {"systemctl", "daemon-reload"}, "no systemd here", true},
	};
	const char *argv[6] = {0};

	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		if (!vt_span_eq(a->s->target, vt_span_str(rows[i].what)))
			continue;
		if (rows[i].live_only && (!a->r->live || access("/run/systemd/system", F_OK))) {
			vt_act_say(a, "systemd does not run here");
			return VT_MARK_DONE;
		}
		memcpy(argv, rows[i].argv, sizeof rows[i].argv);
		return refresh(a, argv, rows[i].nothing);
	}
	return VT_MARK_FAILED;
}

static void found_running(void *ctx, const struct vt_running *p)
{
	struct vt_act *a = ctx;
	char shown[VT_SHOWN_MAX];

	vt_act_say(a, "ALERT: process %d runs from there: %s", p->pid,
		vt_act_shown(vt_span_str(p->exe), shown));
}

static void check_places(struct vt_act *a)
{
	const struct vt_removal *p = a->r->plan;
	struct vt_removal_file now;
	struct vt_spot spot;
	char shown[VT_SHOWN_MAX];

	for (size_t i = 0; i < p->nplaces; i++) {
		vt_span path = p->places[i].path;
		char to[16];

		if (vt_spot_open(a->r->root, NULL, path, &spot))
			continue;
		if (!vt_spot_look(&spot, &now) &&
			!(p->places[i].kind == VT_PLACE_UNIT &&
				readlinkat(spot.dir, spot.name, to, sizeof to) == 9))
			vt_act_say(
				a, "ALERT: %s is there, or there again", vt_act_shown(path, shown));
		vt_spot_close(&spot);
		vt_running_each(a->r->root_path, path, found_running, a);
	}
}

static void check_masks(struct vt_act *a)
{
	const struct vt_removal *p = a->r->plan;
	char path[300], to[16];
	struct vt_spot spot;

	for (size_t i = 0; i < p->nsteps; i++) {
		if (p->steps[i].kind != VT_STEP_MASK || a->r->last[i] != VT_MARK_DONE)
			continue;
		(void)snprintf(path, sizeof path, "/etc/systemd/system/%.*s",
			(int)vt_min_size(p->steps[i].target.n, 250),
			(const char *)p->steps[i].target.p);
		if (vt_spot_open(a->r->root, NULL, vt_span_str(path), &spot))
			continue;
		if (readlinkat(spot.dir, spot.name, to, sizeof to) != 9)
			vt_act_say(a,
				"ALERT: %s is no mask any more: something wrote the unit "
				"again",
				spot.name);
		vt_spot_close(&spot);
	}
}

enum vt_mark vt_act_recheck(struct vt_act *a)
{
	vt_buf before = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX), now = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	struct vt_removal_package p;
	char shown[VT_SHOWN_MAX];
	vt_span rest;
	vt_err e;

	if (a->dry)
		return VT_MARK_DONE;
	e = packages_before(a, &before);
	if (!e && before.n) {
		e = vt_packages_list(a->r->root_path, &now);
		if (e)
			vt_act_say(a, "ALERT: the package database can't be asked any more");
		(void)vt_packages_surprises(a, vt_buf_span(&before), vt_buf_span(&now));
		rest = vt_buf_span(&now);
		while (vt_packages_next(&rest, &p))
			if (vt_removal_removes(a->r->plan, p.manager, p.name) &&
				vt_package_presence(&p) != VT_PRESENCE_NONE)
				vt_act_say(a, "ALERT: %s is there, or there again",
					vt_act_shown(p.name, shown));
	}
	check_places(a);
	check_masks(a);
	vt_buf_free(&before);
	vt_buf_free(&now);
	if (a->text.n)
		return VT_MARK_ALERT;
	vt_act_say(a, "nothing came back, nothing came along");
	return VT_MARK_DONE;
}

static bool module_loaded(vt_span name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "/sys/module/%.*s", (int)vt_min_size(name.n, 200),
		(const char *)name.p);
	return access(path, F_OK) == 0;
}

enum vt_mark vt_act_reboot(struct vt_act *a)
{
	const struct vt_removal *p = a->r->plan;
	char shown[VT_SHOWN_MAX];

	if (a->dry || !a->r->live)
		return VT_MARK_DONE;
	for (size_t i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == VT_STEP_UNLOAD && module_loaded(p->steps[i].target))
			vt_act_say(a, "a restart is needed: the module %s is still loaded",
				vt_act_shown(p->steps[i].target, shown));
	if (access("/run/reboot-required", F_OK) == 0)
		vt_act_say(a,
			"a restart is needed: a package asks for it "
			"(/run/reboot-required)");
	if (a->text.n == 0)
		vt_act_say(a, "no restart is needed, as far as can be seen");
	return VT_MARK_DONE;
}

enum vt_mark vt_act_person(struct vt_act *a)
{
	vt_act_say(a, "for a person: %.*s", (int)vt_min_size(a->s->does.n, 1800),
		(const char *)a->s->does.p);
	return VT_MARK_DONE;
}
