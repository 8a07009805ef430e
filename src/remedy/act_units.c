/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps mask, stop, end and unload. Masks come first: some products copy their unit back whenever
 * they start, so a unit that is only removed returns. A mask is what systemctl(1) makes, a link to
 * /dev/null in /etc/systemd/system, made here so that it also works where systemd does not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"
#include "remedy/run.h"

#define UNITS "/etc/systemd/system/"
#define STOP_MS (120u * 1000)
#define ROUNDS 4
#define FEW 64

static bool systemd_runs(const struct vt_act *a)
{
	return a->r->live && access("/run/systemd/system", F_OK) == 0;
}

/* The unit's name as a string. */
static const char *target(const struct vt_act *a, char buf[256])
{
	(void)snprintf(buf, 256, "%.*s", (int)vt_min_size(a->s->target.n, 255),
		(const char *)a->s->target.p);
	return buf;
}

static vt_err mask_spot(struct vt_act *a, struct vt_spot *out)
{
	char path[300], name[256];

	(void)snprintf(path, sizeof path, UNITS "%s", target(a, name));
	return vt_spot_open(a->r->root, NULL, vt_span_str(path), out);
}

static bool is_mask(const struct vt_spot *s)
{
	char to[16];
	ssize_t n = readlinkat(s->dir, s->name, to, sizeof to);

	return n == 9 && memcmp(to, "/dev/null", 9) == 0;
}

static void reload(struct vt_act *a)
{
	const char *argv[] = {"systemctl", "daemon-reload", NULL};
	bool ok, missing;

	if (systemd_runs(a))
		(void)!vt_act_program(a, argv, STOP_MS, &ok, &missing);
}

/* What stands where the mask goes must be what the plan saw. */
static bool clear_way(struct vt_act *a, const struct vt_spot *s)
{
	struct vt_removal_file now;
	const char *why = "it is there, and was not when the plan was made";
	bool immutable = false;

	if (vt_spot_look(s, &now) == VT_END)
		return true;
	for (size_t i = 0; i < a->s->nfiles; i++) {
		const struct vt_removal_file *f = &a->s->files[i];
		const struct vt_place *place = vt_removal_place(a->r->plan, f->path);
		enum vt_likeness l = a->dry
			? vt_file_compare(a->r->root, place, f, &why)
			: vt_file_remove(a->r->root, place, f, &why, &immutable);

		if (l == VT_LIKE_SAME || l == VT_LIKE_GONE)
			return true;
	}
	vt_act_say(a, UNITS "%s: %s", s->name, why);
	return false;
}

enum vt_mark vt_act_mask(struct vt_act *a)
{
	struct vt_spot s;
	enum vt_mark m = VT_MARK_FAILED;
	vt_err e = mask_spot(a, &s);

	if (e == VT_END) {
		vt_act_say(a, "there is no systemd here: nothing to mask");
		return VT_MARK_DONE;
	}
	if (e) {
		vt_act_say(a, UNITS " can't be opened");
		return VT_MARK_FAILED;
	}
	if (is_mask(&s)) {
		vt_act_say(a, "masked already");
		m = VT_MARK_DONE;
	} else if (clear_way(a, &s)) {
		if (a->dry || symlinkat("/dev/null", s.dir, s.name) == 0)
			m = VT_MARK_DONE;
		else
			vt_act_say(a, "the mask can't be made: %s", strerror(errno));
		if (!a->dry && m == VT_MARK_DONE && fsync(s.dir))
			m = VT_MARK_FAILED;
	}
	vt_spot_close(&s);
	if (!a->dry)
		reload(a);
	return m;
}

enum vt_mark vt_act_unmask(struct vt_act *a)
{
	struct vt_spot s;
	const char *why;
	bool ok = true;

	if (mask_spot(a, &s))
		return VT_MARK_UNDONE;
	if (is_mask(&s))
		ok = unlinkat(s.dir, s.name, 0) == 0 && fsync(s.dir) == 0;
	vt_spot_close(&s);
	for (size_t i = 0; i < a->s->nfiles && ok; i++) {
		ok = vt_copy_restore(a, i, &why) == VT_OK;
		if (!ok)
			vt_act_say(a, "%s", why);
	}
	reload(a);
	return ok ? VT_MARK_UNDONE : VT_MARK_KEPT;
}

static bool unit_active(struct vt_act *a)
{
	char name[256];
	const char *argv[] = {"systemctl", "is-active", target(a, name), NULL};
	struct vt_run run = {.argv = argv, .timeout_ms = STOP_MS};
	struct vt_run_result r = {0};
	bool active;

	if (vt_run(&run, &r))
		return true;
	active = vt_run_ok(&r);
	vt_run_drop(&r);
	return active;
}

enum vt_mark vt_act_stop(struct vt_act *a)
{
	char name[256];
	const char *argv[] = {"systemctl", "stop", target(a, name), NULL};
	bool ok = true, missing = false;

	if (!systemd_runs(a)) {
		vt_act_say(a, "systemd does not run here: processes are ended one by one");
		return VT_MARK_DONE;
	}
	if (!unit_active(a)) {
		vt_act_say(a, "not running");
		return VT_MARK_DONE;
	}
	if (a->dry)
		return VT_MARK_DONE;
	if (vt_act_program(a, argv, STOP_MS, &ok, &missing))
		return VT_MARK_FAILED;
	if (!unit_active(a))
		return VT_MARK_DONE;
	vt_act_say(a, "%s still runs: it refuses to be stopped; see its maker's way", name);
	return VT_MARK_BLOCKED;
}

enum vt_mark vt_act_start(struct vt_act *a)
{
	char name[256];
	const char *argv[] = {"systemctl", "start", target(a, name), NULL};
	bool ok, missing;

	if (!systemd_runs(a))
		return VT_MARK_UNDONE;
	return vt_act_program(a, argv, STOP_MS, &ok, &missing) || !ok ? VT_MARK_KEPT
								      : VT_MARK_UNDONE;
}

struct running {
	struct vt_act *a;
	int sig; /* 0: only count */
	unsigned n, refused;
};

static void one_running(void *ctx, const struct vt_running *p)
{
	struct running *r = ctx;
	char shown[VT_SHOWN_MAX];

	if (p->pid == (int)getpid())
		return;
	r->n++;
	if (r->sig && kill(p->pid, r->sig) && errno == EPERM)
		r->refused++;
	if (r->a && r->n <= FEW)
		vt_act_say(
			r->a, "process %d: %s", p->pid, vt_act_shown(vt_span_str(p->exe), shown));
}

static unsigned still(struct vt_act *a, int sig, bool tell)
{
	struct running r = {.a = tell ? a : NULL, .sig = sig};

	vt_running_each(a->r->root_path, a->s->target, one_running, &r);
	return r.n;
}

static void wait_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

enum vt_mark vt_act_end(struct vt_act *a)
{
	unsigned left = still(a, 0, true);

	if (left == 0) {
		vt_act_say(a, "nothing runs from there");
		return VT_MARK_DONE;
	}
	if (a->dry)
		return VT_MARK_DONE;
	/* Several rounds: watchers start others again, until they are gone themselves. */
	for (unsigned round = 0; round < ROUNDS && left; round++) {
		left = still(a, round == 0 ? SIGTERM : SIGKILL, false);
		for (unsigned i = 0; i < 30 && left; i++) {
			wait_ms(100);
			left = still(a, 0, false);
		}
	}
	if (left == 0) {
		wait_ms(500);
		left = still(a, 0, false);
	}
	if (left == 0)
		return VT_MARK_DONE;
	vt_act_say(a,
		"%u processes are still there, or there again: they can't be ended, or "
		"something starts them",
		left);
	(void)still(a, 0, true);
	return VT_MARK_BLOCKED;
}

static bool loaded(const struct vt_act *a)
{
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	char line[300], name[256];
	int fd = open("/proc/modules", O_RDONLY | O_CLOEXEC);
	size_t at;
	bool found = false;

	if (fd >= 0 && !vt_fd_read_all(fd, 0, &b)) {
		(void)snprintf(line, sizeof line, "%s ", target(a, name));
		found = vt_span_at(vt_buf_span(&b), 0, line, strlen(line));
		(void)snprintf(line, sizeof line, "\n%s ", name);
		found |= vt_span_find(vt_buf_span(&b), 0, line, strlen(line), &at);
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
	return found;
}

enum vt_mark vt_act_unload(struct vt_act *a)
{
	char name[256];
	const char *argv[] = {"rmmod", target(a, name), NULL};
	bool ok, missing;

	if (!a->r->live || !loaded(a)) {
		vt_act_say(a, "not loaded");
		return VT_MARK_DONE;
	}
	if (a->dry)
		return VT_MARK_DONE;
	if (vt_act_program(a, argv, STOP_MS, &ok, &missing))
		return VT_MARK_FAILED;
	if (!loaded(a))
		return VT_MARK_DONE;
	/* Forcing it out could take the system down: it goes with the next start. */
	vt_act_say(a, "it is in use and stays until this system is restarted");
	return VT_MARK_DONE;
}

enum vt_mark vt_act_load(struct vt_act *a)
{
	char name[256];
	const char *argv[] = {"modprobe", target(a, name), NULL};
	bool ok, missing;

	if (!a->r->live || loaded(a))
		return VT_MARK_UNDONE;
	return vt_act_program(a, argv, STOP_MS, &ok, &missing) || !ok ? VT_MARK_KEPT
								      : VT_MARK_UNDONE;
}
