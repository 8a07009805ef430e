/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/verify.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "remedy/packages.h"
#include "remedy/run.h"

const char *vt_check_word(enum vt_check_answer a)
{
	static const char *const words[] = {
		[VT_CHECK_GONE] = "gone",
		[VT_CHECK_THERE] = "STILL THERE",
		[VT_CHECK_UNKNOWN] = "unknown",
		[VT_CHECK_PERSON] = "for a person",
		[VT_CHECK_SAID] = "said to be done",
	};

	return a < VT_CHECK_ANSWERS ? words[a] : "?";
}

void vt_verify_say(struct vt_verifying *v, enum vt_check_answer a, const char *method, vt_span what,
	const char *why)
{
	const struct vt_check c = {a, method, what, why};

	v->v->n++;
	v->v->by_answer[a]++;
	if (v->fn)
		v->fn(v->ctx, &c);
}

/* dpkg-query and rpm -q, one package at a time. */
static void package(struct vt_verifying *v, const struct vt_removal_package *p)
{
	bool dpkg = vt_span_eq(p->manager, vt_span_str("dpkg"));
	char where[VT_REMOVAL_PATH_MAX + 32], name[256], text[80], why[300];
	const char *argv[] = {dpkg ? "dpkg-query" : "rpm", where, dpkg ? "-W" : "-q",
		dpkg ? "-f=${db:Status-Status}" : "--qf=installed",
		dpkg ? name : vt_packages_rpm_path(v->root), dpkg ? NULL : name, NULL};
	struct vt_run run = {.argv = argv, .timeout_ms = 60000};
	struct vt_run_result r = {0};

	(void)snprintf(where, sizeof where, dpkg ? "--admindir=%s/var/lib/dpkg" : "--root=%s",
		dpkg && v->live ? "" : v->root);
	(void)snprintf(name, sizeof name, "%.*s", (int)vt_min_size(p->name.n, 200),
		(const char *)p->name.p);
	if (vt_run(&run, &r) || r.missing || r.timed_out || r.signal || r.code > 1) {
		(void)snprintf(why, sizeof why, "%s", vt_run_text(&r, text));
		vt_verify_say(v, VT_CHECK_UNKNOWN, argv[0], p->name, why);
	} else if (r.code == 1 || vt_span_at(vt_buf_span(&r.output), 0, "not-installed", 13)) {
		vt_verify_say(v, VT_CHECK_GONE, argv[0], p->name, "no entry");
	} else {
		(void)snprintf(why, sizeof why, "its entry says: %.*s",
			(int)vt_min_size(r.output.n, 200), (const char *)r.output.p);
		vt_verify_say(v, VT_CHECK_THERE, argv[0], p->name, why);
	}
	vt_run_drop(&r);
}

static void unit(struct vt_verifying *v, vt_span target)
{
	char root[VT_REMOVAL_PATH_MAX + 16], name[256], why[200];
	const char *argv[] = {"systemctl", root, "is-enabled", name, NULL};
	struct vt_run run = {.argv = argv, .timeout_ms = 60000, .quiet_errors = true};
	struct vt_run_result r = {0};
	vt_span said;

	/* --root, for the live system too: what would be started next time. */
	(void)snprintf(root, sizeof root, "--root=%s", v->root);
	(void)snprintf(
		name, sizeof name, "%.*s", (int)vt_min_size(target.n, 250), (const char *)target.p);
	if (vt_run(&run, &r) || r.missing || r.timed_out || r.signal) {
		vt_verify_say(v, VT_CHECK_UNKNOWN, "systemctl is-enabled", target,
			"systemctl does not answer");
		goto out;
	}
	said = vt_buf_span(&r.output);
	if (vt_span_at(said, 0, "masked", 6) || (said.n == 0 && r.code != 0) ||
		vt_span_at(said, 0, "not-found", 9)) {
		vt_verify_say(v, VT_CHECK_GONE, "systemctl is-enabled", target,
			said.n ? "masked" : "no such unit");
	} else {
		(void)snprintf(why, sizeof why, "it is %.*s", (int)vt_min_size(said.n, 60),
			(const char *)said.p);
		vt_verify_say(v, VT_CHECK_THERE, "systemctl is-enabled", target, why);
	}
out:
	vt_run_drop(&r);
}

/* Another way than act_accounts.c: the C library's reader of such files. */
static void account(struct vt_verifying *v, vt_span target)
{
	bool user = vt_span_at(target, 0, "user ", 5), found = false;
	size_t skip = user ? 5 : 6;
	vt_span name = vt_span_of(target.p + skip, target.n - skip);
	const struct passwd *p;
	const struct group *g;
	char *path = NULL;
	FILE *f;

	if (asprintf(&path, "%s/etc/%s", v->root, user ? "passwd" : "group") < 0)
		return;
	f = fopen(path, "re");
	free(path);
	if (!f) {
		vt_verify_say(v, VT_CHECK_UNKNOWN, "accounts", target, "can't be read");
		return;
	}
	while (user && !found && (p = fgetpwent(f)) != NULL)
		found = vt_span_eq(name, vt_span_str(p->pw_name));
	while (!user && !found && (g = fgetgrent(f)) != NULL)
		found = vt_span_eq(name, vt_span_str(g->gr_name));
	(void)fclose(f);
	vt_verify_say(v, found ? VT_CHECK_THERE : VT_CHECK_GONE, "accounts", target,
		found ? "it has an entry" : "no entry");
}

static void module(struct vt_verifying *v, vt_span target)
{
	char path[300];

	(void)snprintf(path, sizeof path, "/sys/module/%.*s", (int)vt_min_size(target.n, 200),
		(const char *)target.p);
	if (!v->live)
		return;
	if (access(path, F_OK) == 0)
		vt_verify_say(
			v, VT_CHECK_THERE, "/sys/module", target, "loaded; restart this system");
	else
		vt_verify_say(v, VT_CHECK_GONE, "/sys/module", target, "not loaded");
}

/* The place that a mapped path belongs to; the text of /proc/PID/maps is "... path". */
static const struct vt_place *mapped_place(const struct vt_verifying *v, const char *line)
{
	const char *path = strchr(line, '/');
	size_t top = v->live ? 0 : strlen(v->root), n;
	vt_span s;

	if (!path || strncmp(path, v->root, top) != 0)
		return NULL;
	s = vt_span_str(path + top);
	n = s.n;
	while (n && (s.p[n - 1] == '\n' || s.p[n - 1] == ' '))
		n--;
	s.n = n;
	if (s.n > 10 && memcmp(s.p + s.n - 10, " (deleted)", 10) == 0)
		s.n -= 10;
	return vt_removal_place(v->plan, s);
}

static void processes(struct vt_verifying *v)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	char path[300], what[80], why[VT_REMOVAL_PATH_MAX + 80], *line = NULL;
	size_t cap = 0, seen = 0, unreadable = 0, bad = 0;
	FILE *f;

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%s/maps", e->d_name);
		f = fopen(path, "re");
		if (!f) {
			unreadable += errno != ENOENT && errno != ESRCH;
			continue;
		}
		seen++;
		while (getline(&line, &cap, f) >= 0) {
			if (!mapped_place(v, line))
				continue;
			(void)snprintf(what, sizeof what, "process %.20s", e->d_name);
			(void)snprintf(why, sizeof why, "it has mapped %s", strchr(line, '/'));
			why[strcspn(why, "\n")] = '\0';
			vt_verify_say(v, VT_CHECK_THERE, "/proc/*/maps", vt_span_str(what), why);
			bad++;
			break;
		}
		(void)fclose(f);
	}
	free(line);
	if (d)
		(void)closedir(d);
	(void)snprintf(why, sizeof why, "%zu looked at, %zu could not be", seen, unreadable);
	if (!bad)
		vt_verify_say(v,
			(unreadable && v->live) || !seen ? VT_CHECK_UNKNOWN : VT_CHECK_GONE,
			"/proc/*/maps", vt_span_str("processes"), why);
}

static void person(struct vt_verifying *v, size_t i)
{
	const struct vt_removal_step *s = &v->plan->steps[i];
	const vt_span what = s->target.n ? s->target : s->does;
	char why[512];

	for (size_t k = 0; k < v->nsaid; k++)
		if (v->said[k].step == i + 1) {
			(void)snprintf(why, sizeof why, "step %zu: %s", i + 1, v->said[k].who);
			vt_verify_say(v, VT_CHECK_SAID, "a person", what, why);
			return;
		}
	(void)snprintf(why, sizeof why, "step %zu: a person has to say that this was done", i + 1);
	vt_verify_say(v, VT_CHECK_PERSON, "nothing", what, why);
}

static void steps(struct vt_verifying *v)
{
	for (size_t i = 0; i < v->plan->nsteps; i++) {
		const struct vt_removal_step *s = &v->plan->steps[i];

		for (size_t k = 0; k < s->npackages; k++)
			package(v, &s->packages[k]);
		if (s->kind == VT_STEP_MASK)
			unit(v, s->target);
		if (s->kind == VT_STEP_ACCOUNT)
			account(v, s->target);
		if (s->kind == VT_STEP_UNLOAD)
			module(v, s->target);
		if (s->kind == VT_STEP_PERSON)
			person(v, i);
	}
}

vt_err vt_verify_removal(const struct vt_removal *p, const char *root, bool deep,
	const struct vt_said *said, size_t nsaid, vt_check_fn *fn, void *ctx,
	struct vt_verified *out)
{
	struct vt_verifying v = {
		.plan = p,
		.root = root,
		.live = strcmp(root, "/") == 0,
		.deep = deep,
		.said = said,
		.nsaid = nsaid,
		.fn = fn,
		.ctx = ctx,
		.v = out,
	};

	*out = (struct vt_verified){0};
	steps(&v);
	vt_verify_certificates(&v);
	processes(&v);
	return vt_verify_files(&v);
}
