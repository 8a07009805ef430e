/* SPDX-License-Identifier: Apache-2.0 */
/* Steps backup, sweep and distrust: files, and nothing but the files that the plan saw. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"
#include "remedy/packages.h"

#define SPARE ((uint64_t)16 << 20)
#define TOLD_MAX 20

static uint64_t bytes_needed(const struct vt_removal *p)
{
	uint64_t sum = 0;

	for (size_t s = 0; s < p->nsteps; s++)
		for (size_t i = 0; i < p->steps[s].nfiles; i++)
			if (p->steps[s].files[i].type == VT_REMOVAL_FILE)
				sum += vt_min_u64(p->steps[s].files[i].size, UINT64_MAX / 4 - sum);
	return sum;
}

/* Links are kept as files that hold their targets. */
static vt_err save_link(struct vt_act *a, size_t step, size_t i)
{
	const struct vt_removal_file *f = &a->r->plan->steps[step].files[i];
	char target[VT_REMOVAL_PATH_MAX + 1], name[40];
	struct vt_spot spot;
	ssize_t n;
	int fd;
	vt_err e = vt_spot_open(a->r->root, vt_removal_place(a->r->plan, f->path), f->path, &spot);

	if (e)
		return e;
	n = readlinkat(spot.dir, spot.name, target, sizeof target);
	vt_spot_close(&spot);
	if (n < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	vt_copy_name(step, i, name);
	fd = openat(
		a->r->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, target, (size_t)n);
	vt_fd_close(fd);
	return e;
}

static bool save_step(struct vt_act *a, size_t step, uint64_t *io_saved)
{
	const struct vt_removal_step *s = &a->r->plan->steps[step];
	char shown[VT_SHOWN_MAX];
	const char *why = "a copy of it can't be made";

	/* What an interrupted run took away is in the copies that it made before. */
	for (size_t i = 0; i < s->nfiles; i++) {
		vt_err e = VT_OK;

		if (s->files[i].type == VT_REMOVAL_FILE)
			e = vt_copy_save(a, step, i, &why);
		else if (s->files[i].type == VT_REMOVAL_LINK)
			e = save_link(a, step, i);
		if (e && e != VT_END) {
			vt_act_say(a, "%s: %s", vt_act_shown(s->files[i].path, shown), why);
			return false;
		}
		*io_saved += !e;
	}
	return true;
}

/* Packages that are here now, made into files that install them again. */
static void repack(struct vt_act *a, const struct vt_removal_step *s)
{
	char *folder = NULL, text[80], shown[VT_SHOWN_MAX];

	if (asprintf(&folder, "%s/rollback/packages", a->r->folder_path) < 0)
		return;
	(void)mkdir(folder, 0700);
	for (size_t i = 0; i < s->npackages; i++) {
		struct vt_run_result r = {0};

		if (!vt_span_eq(s->packages[i].manager, vt_span_str("dpkg"))) {
			vt_act_say(a,
				"%s: no package can be made of an installed rpm; undoing needs "
				"its package file",
				vt_act_shown(s->packages[i].name, shown));
			continue;
		}
		if (vt_packages_repack(a->r->root_path, &s->packages[i], folder, &r))
			break;
		vt_act_output(a, &r.output);
		if (vt_run_ok(&r))
			vt_act_say(a, "%s: repacked", vt_act_shown(s->packages[i].name, shown));
		else
			vt_act_say(a, "%s: dpkg-repack: %s; undoing needs its package file",
				vt_act_shown(s->packages[i].name, shown), vt_run_text(&r, text));
		vt_run_drop(&r);
	}
	free(folder);
}

enum vt_mark vt_act_backup(struct vt_act *a)
{
	const struct vt_removal *p = a->r->plan;
	uint64_t need = bytes_needed(p), saved = 0;
	struct statvfs fs;

	if (a->r->folder < 0) {
		vt_act_say(a, "would copy %" PRIu64 " bytes", need);
		return VT_MARK_DONE;
	}
	if (fstatvfs(a->r->folder, &fs) == 0 &&
		(uint64_t)fs.f_bavail * fs.f_frsize < need + SPARE) {
		vt_act_say(a,
			"not enough room for copies: %" PRIu64 " bytes are needed in %s; nothing "
			"was taken away",
			need + SPARE, a->r->folder_path);
		return VT_MARK_FAILED;
	}
	if (a->dry) {
		vt_act_say(a, "would copy %" PRIu64 " bytes to %s", need, a->r->folder_path);
		return VT_MARK_DONE;
	}
	for (size_t s = 0; s < p->nsteps; s++)
		if (!save_step(a, s, &saved))
			return VT_MARK_FAILED;
	for (size_t s = 0; s < p->nsteps; s++)
		repack(a, &p->steps[s]);
	if (syncfs(a->r->folder)) {
		vt_act_say(a, "the copies can't be brought to the disk");
		return VT_MARK_FAILED;
	}
	vt_act_say(a, "%" PRIu64 " files copied", saved);
	return VT_MARK_DONE;
}

struct owned {
	struct vt_act *a;
	const size_t *order;
	unsigned n;
};

static bool planned(void *ctx, vt_span manager, vt_span name)
{
	const struct owned *o = ctx;

	return vt_removal_removes(o->a->r->plan, manager, name);
}

static void is_owned(void *ctx, size_t index, vt_span manager, vt_span name)
{
	struct owned *o = ctx;
	const struct vt_removal_file *f = &o->a->s->files[o->order[index]];
	char path[VT_SHOWN_MAX], owner[VT_SHOWN_MAX];

	(void)manager;
	if (f->type == VT_REMOVAL_FOLDER)
		return; /* it stays, unless it is empty */
	if (o->n++ < TOLD_MAX)
		vt_act_say(o->a, "%s: the package %s owns it, which the plan does not remove",
			vt_act_shown(f->path, path), vt_act_shown(name, owner));
}

static int by_path(const void *x, const void *y, void *files)
{
	const struct vt_removal_file *f = files;
	vt_span a = f[*(const size_t *)x].path, b = f[*(const size_t *)y].path;
	int r = memcmp(a.p, b.p, vt_min_size(a.n, b.n));

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

/* The order of the paths' bytes: what is in a folder comes after it. */
static size_t *sorted(const struct vt_removal_step *s)
{
	size_t *order = calloc(s->nfiles ? s->nfiles : 1, sizeof *order);

	for (size_t i = 0; order && i < s->nfiles; i++)
		order[i] = i;
	if (order && s->nfiles)
		qsort_r(order, s->nfiles, sizeof *order, by_path, s->files);
	return order;
}

static bool nobody_owns(struct vt_act *a, const size_t *order)
{
	struct owned o = {a, order, 0};
	vt_span *paths = calloc(a->s->nfiles ? a->s->nfiles : 1, sizeof *paths);
	vt_err e = paths ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; !e && i < a->s->nfiles; i++)
		paths[i] = a->s->files[order[i]].path;
	if (!e)
		e = vt_packages_owners(a->r->root_path, paths, a->s->nfiles, planned, is_owned, &o);
	free(paths);
	if (e)
		vt_act_say(a, "whether packages own these files can't be found out: %s",
			vt_err_text(e));
	return !e && o.n == 0;
}

struct tally {
	size_t removed, gone, left;
	bool immutable;
};

static void sweep_one(struct vt_act *a, const struct vt_removal_file *f, struct tally *t)
{
	const struct vt_place *place = vt_removal_place(a->r->plan, f->path);
	const char *why = "";
	char shown[VT_SHOWN_MAX];
	bool immutable = false;
	enum vt_likeness l = a->dry ? vt_file_compare(a->r->root, place, f, &why)
				    : vt_file_remove(a->r->root, place, f, &why, &immutable);

	t->removed += l == VT_LIKE_SAME;
	t->gone += l == VT_LIKE_GONE;
	if (l == VT_LIKE_SAME || l == VT_LIKE_GONE)
		return;
	t->immutable |= immutable;
	if (t->left++ < TOLD_MAX)
		vt_act_say(a, "%s: left: %s%s", vt_act_shown(f->path, shown), why,
			immutable ? " (it is marked immutable)" : "");
}

enum vt_mark vt_act_sweep(struct vt_act *a)
{
	size_t *order = sorted(a->s);
	enum vt_mark m = VT_MARK_FAILED;
	struct tally t = {0};

	if (!order || !nobody_owns(a, order))
		goto out;
	for (size_t i = a->s->nfiles; i-- > 0;)
		sweep_one(a, &a->s->files[order[i]], &t);
	if (!a->dry && syncfs(a->r->root))
		vt_act_say(a, "the disk does not take what was done");
	else
		m = t.immutable ? VT_MARK_BLOCKED : t.left ? VT_MARK_FAILED : VT_MARK_DONE;
	vt_act_say(a, "%zu %s, %zu were gone already, %zu left", t.removed,
		a->dry ? "would be removed" : "removed", t.gone, t.left);
out:
	free(order);
	return m;
}

enum vt_mark vt_act_unsweep(struct vt_act *a)
{
	size_t *order = sorted(a->s), back = 0, kept = 0;
	char shown[VT_SHOWN_MAX];
	const char *why;

	for (size_t i = 0; order && i < a->s->nfiles; i++) {
		if (!vt_copy_restore(a, order[i], &why)) {
			back++;
			continue;
		}
		if (kept++ < TOLD_MAX)
			vt_act_say(a, "%s: not put back: %s",
				vt_act_shown(a->s->files[order[i]].path, shown), why);
	}
	/* making what is in a folder changes the folder's time */
	for (size_t i = a->s->nfiles; order && i-- > 0;)
		if (a->s->files[order[i]].type == VT_REMOVAL_FOLDER)
			(void)!vt_copy_restore(a, order[i], &why);
	free(order);
	vt_act_say(a, "%zu put back, %zu not", back, kept);
	return kept ? VT_MARK_KEPT : VT_MARK_UNDONE;
}
