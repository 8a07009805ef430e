/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/packages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"

static const char *const unwritten[] = {
	"Dir::Log::Planner=", "Dir::Log::Solver=", "Dir::Log::Terminal=", "Dir::Log::History=",
	"Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "Debug::NoLocking=true"};

#define ARGS_MAX 1100
#define DPKG_FORMAT "dpkg\\t${Package}\\t${Version}\\t${Architecture}\\t${Status}\\n"
#define RPM_FORMAT                                                                                 \
	"rpm\\t%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\tinstalled\\n"

static const char *const dpkg_databases[] = {"var/lib/dpkg/status"};
static const char *const rpm_databases[] = {"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages",
	"var/lib/rpm/Packages.db", "usr/lib/sysimage/rpm/rpmdb.sqlite"};

static bool below(const char *root, const char *const *names, size_t n)
{
	char *path = NULL;
	bool there = false;

	for (size_t i = 0; i < n && !there; i++) {
		if (asprintf(&path, "%s/%s", root, names[i]) < 0)
			return false;
		there = access(path, F_OK) == 0;
		free(path);
	}
	return there;
}

const char *vt_packages_rpm_path(const char *root)
{
	return below(root, rpm_databases + 3, 1) && !below(root, rpm_databases, 3)
		? "--dbpath=/usr/lib/sysimage/rpm"
		: "--dbpath=/var/lib/rpm";
}

/* Arguments with room; strings that were made are freed with it. */
struct args {
	const char *v[ARGS_MAX];
	size_t n;
	char *made[ARGS_MAX];
	size_t nmade;
};

static void arg(struct args *a, const char *s)
{
	if (a->n + 1 < ARGS_MAX)
		a->v[a->n++] = s;
}

static vt_err arg_made(struct args *a, const char *prefix, vt_span s, const char *suffix)
{
	char *p = NULL;

	if (a->nmade == ARGS_MAX || a->n + 1 >= ARGS_MAX)
		return VT_ELIMIT;
	if (asprintf(&p, "%s%.*s%s", prefix, (int)s.n, (const char *)s.p, suffix) < 0)
		return VT_ENOMEM;
	a->made[a->nmade++] = p;
	a->v[a->n++] = p;
	return VT_OK;
}

static void args_free(struct args *a)
{
	while (a->nmade)
		free(a->made[--a->nmade]);
	free(a);
}

static vt_err run_args(struct args *a, const char *folder, uint32_t timeout_ms, size_t keep,
	bool quiet_errors, struct vt_run_result *out)
{
	struct vt_run r = {a->v, folder, timeout_ms, keep, quiet_errors};

	return vt_run(&r, out);
}

static bool is_root(const char *root)
{
	return strcmp(root, "/") == 0;
}

static bool dpkg(const struct vt_removal_package *p)
{
	return vt_span_eq(p->manager, vt_span_str("dpkg"));
}

/* "name", or "name:arch" where dpkg may have it for several. */
static vt_err arg_package(struct args *a, const struct vt_removal_package *p)
{
	char suffix[64] = "";

	if (dpkg(p) && p->arch.n && p->arch.n < 60 && !vt_span_eq(p->arch, vt_span_str("all")))
		(void)snprintf(
			suffix, sizeof suffix, ":%.*s", (int)p->arch.n, (const char *)p->arch.p);
	return arg_made(a, "", p->name, suffix);
}

static vt_err list_one(const char *root, bool is_dpkg, vt_buf *out)
{
	struct args *a = calloc(1, sizeof *a);
	struct vt_run_result r = {0};
	vt_err e = VT_OK;

	if (!a)
		return VT_ENOMEM;
	arg(a, is_dpkg ? "dpkg-query" : "rpm");
	if (!is_root(root) && is_dpkg)
		e = arg_made(a, "--admindir=", vt_span_str(root), "/var/lib/dpkg");
	else if (!is_root(root))
		e = arg_made(a, "--root=", vt_span_str(root), "");
	if (!is_dpkg)
		arg(a, vt_packages_rpm_path(root));
	arg(a, is_dpkg ? "-W" : "-qa");
	arg(a, is_dpkg ? "-f=" DPKG_FORMAT : "--queryformat=" RPM_FORMAT);
	if (!e)
		e = run_args(a, NULL, 120000, VT_PACKAGES_TEXT_MAX, true, &r);
	if (!e && (!vt_run_ok(&r) || r.cut) && !(is_dpkg && r.code == 1 && r.output.n == 0))
		e = VT_EIO;
	if (!e)
		e = vt_buf_add(out, r.output.p, r.output.n);
	vt_run_drop(&r);
	args_free(a);
	return e;
}

vt_err vt_packages_list(const char *root, vt_buf *out)
{
	bool d = below(root, dpkg_databases, VT_COUNT(dpkg_databases));
	bool r = below(root, rpm_databases, VT_COUNT(rpm_databases));
	vt_err e = VT_OK;

	if (!d && !r)
		return VT_END;
	if (d)
		e = list_one(root, true, out);
	if (!e && r)
		e = list_one(root, false, out);
	return e;
}

bool vt_packages_next(vt_span *io_list, struct vt_removal_package *out)
{
	vt_span *fields[] = {&out->manager, &out->name, &out->version, &out->arch, &out->status};
	size_t end, at = 0;

	while (io_list->n) {
		vt_span line;
		size_t f = 0;

		if (!vt_span_find(*io_list, 0, "\n", 1, &end))
			end = io_list->n;
		line = vt_span_of(io_list->p, end);
		end = vt_min_size(end + 1, io_list->n);
		*io_list = vt_span_of(io_list->p + end, io_list->n - end);
		for (at = 0; f < 5; f++) {
			size_t tab;

			if (f == 4 || !vt_span_find(line, at, "\t", 1, &tab))
				tab = line.n;
			*fields[f] = vt_span_of(line.p + at, tab - at);
			at = tab + 1;
			if (at > line.n)
				break;
		}
		if (f >= 3)
			return true;
	}
	return false;
}

bool vt_packages_find(
	vt_span list, vt_span manager, vt_span name, vt_span arch, struct vt_removal_package *out)
{
	struct vt_removal_package p;

	while (vt_packages_next(&list, &p)) {
		if (vt_span_eq(p.manager, manager) && vt_span_eq(p.name, name) &&
			(arch.n == 0 || vt_span_eq(p.arch, arch))) {
			*out = p;
			return true;
		}
	}
	return false;
}

enum vt_presence vt_package_presence(const struct vt_removal_package *p)
{
	vt_span last = p->status;

	/* The third of dpkg's words is what is so; the first is only what was wanted. */
	while (last.n && memchr(last.p, ' ', last.n))
		last = vt_span_of(last.p + 1, last.n - 1);
	if (vt_span_eq(last, vt_span_str("not-installed")))
		return VT_PRESENCE_NONE;
	if (vt_span_eq(last, vt_span_str("config-files")))
		return VT_PRESENCE_CONFIG;
	return vt_span_eq(last, vt_span_str("installed")) ? VT_PRESENCE_HERE : VT_PRESENCE_BROKEN;
}

static vt_err manager_args(
	struct args *a, const char *root, const struct vt_removal_package *v, size_t n, bool try)
{
	bool is_dpkg = dpkg(&v[0]);
	vt_err e = VT_OK;

	arg(a, is_dpkg ? "dpkg" : "rpm");
	if (!is_root(root))
		e = arg_made(a, "--root=", vt_span_str(root), "");
	if (!is_dpkg)
		arg(a, vt_packages_rpm_path(root));
	if (is_dpkg && try)
		arg(a, "--no-act");
	arg(a, is_dpkg ? "--purge" : "-e");
	if (!is_dpkg && try)
		arg(a, "--test");
	for (size_t i = 0; i < n && !e; i++)
		e = arg_package(a, &v[i]);
	return e;
}

static bool named(const struct vt_removal_package *v, size_t n, vt_span name)
{
	for (size_t i = 0; i < n; i++)
		if (vt_span_eq(v[i].name, name))
			return true;
	return false;
}

/* apt says "Purg NAME [...]" and "Remv NAME [...]" of what would go. */
static vt_err apt_along(
	vt_span text, const struct vt_removal_package *v, size_t n, bool *out_ok, vt_buf *why)
{
	size_t end, name_end;
	vt_err e = VT_OK;

	while (text.n && !e) {
		vt_span line, name;

		if (!vt_span_find(text, 0, "\n", 1, &end))
			end = text.n;
		line = vt_span_of(text.p, end);
		end = vt_min_size(end + 1, text.n);
		text = vt_span_of(text.p + end, text.n - end);
		if (!vt_span_at(line, 0, "Purg ", 5) && !vt_span_at(line, 0, "Remv ", 5) &&
			!vt_span_at(line, 0, "Inst ", 5))
			continue;
		name = vt_span_of(line.p + 5, line.n - 5);
		if (vt_span_find(name, 0, " ", 1, &name_end))
			name.n = name_end;
		if (vt_span_find(name, 0, ":", 1, &name_end))
			name.n = name_end;
		if (named(v, n, name))
			continue;
		*out_ok = false;
		e = vt_buf_addf(why, "apt would also %s %.*s, which the plan does not name\n",
			line.p[0] == 'I' ? "install" : "remove", (int)vt_min_size(name.n, 200),
			(const char *)name.p);
	}
	return e;
}

static vt_err apt_try(
	const char *root, const struct vt_removal_package *v, size_t n, bool *out_ok, vt_buf *why)
{
	struct args *a = calloc(1, sizeof *a);
	struct vt_run_result r = {0};
	vt_err e = VT_OK;

	if (!a)
		return VT_ENOMEM;
	arg(a, "apt-get");
	arg(a, "-s");
	arg(a, "-o");
	arg(a, "APT::Get::AutomaticRemove=false");
	/* even what it only simulates it would write down, in the root that is looked at */
	for (size_t i = 0; i < VT_COUNT(unwritten); i++) {
		arg(a, "-o");
		arg(a, unwritten[i]);
	}
	if (!is_root(root)) {
		arg(a, "-o");
		e = arg_made(a, "Dir=", vt_span_str(root), "");
		arg(a, "-o");
		if (!e)
			e = arg_made(a, "Dir::State::status=", vt_span_str(root),
				"/var/lib/dpkg/status");
	}
	arg(a, "purge");
	for (size_t i = 0; i < n && !e; i++)
		e = arg_package(a, &v[i]);
	if (!e)
		e = run_args(a, NULL, 120000, (size_t)1 << 20, true, &r);
	/* Without apt, or with an apt that can't tell, dpkg's own refusal is what remains. */
	if (!e && vt_run_ok(&r))
		e = apt_along(vt_buf_span(&r.output), v, n, out_ok, why);
	vt_run_drop(&r);
	args_free(a);
	return e;
}

vt_err vt_packages_try(
	const char *root, const struct vt_removal_package *v, size_t n, bool *out_ok, vt_buf *why)
{
	struct args *a = calloc(1, sizeof *a);
	struct vt_run_result r = {0};
	char text[80];
	vt_err e = a ? manager_args(a, root, v, n, true) : VT_ENOMEM;

	if (!e)
		e = run_args(a, NULL, 120000, 0, false, &r);
	if (e)
		goto out;
	*out_ok = vt_run_ok(&r);
	if (!*out_ok)
		e = vt_buf_addf(why, "%s\n%.*s", vt_run_text(&r, text), (int)r.output.n,
			(const char *)r.output.p);
	if (!e && dpkg(&v[0]))
		e = apt_try(root, v, n, out_ok, why);
out:
	vt_run_drop(&r);
	if (a)
		args_free(a);
	return e;
}

vt_err vt_packages_remove(const char *root, const struct vt_removal_package *v, size_t n,
	uint32_t timeout_ms, struct vt_run_result *out)
{
	struct args *a = calloc(1, sizeof *a);
	vt_err e = a ? manager_args(a, root, v, n, false) : VT_ENOMEM;

	if (!e)
		e = run_args(a, NULL, timeout_ms, (size_t)256 << 10, false, out);
	if (a)
		args_free(a);
	return e;
}

vt_err vt_packages_repack(const char *root, const struct vt_removal_package *p, const char *folder,
	struct vt_run_result *out)
{
	struct args *a = calloc(1, sizeof *a);
	vt_err e = VT_OK;

	if (!a)
		return VT_ENOMEM;
	arg(a, "dpkg-repack");
	if (!is_root(root))
		e = arg_made(a, "--root=", vt_span_str(root), "");
	if (!e)
		e = arg_package(a, p);
	if (!e)
		e = run_args(a, folder, 0, 0, false, out);
	args_free(a);
	return e;
}

vt_err vt_packages_restore(const char *root, const char *folder, struct vt_run_result *out)
{
	struct args *a = calloc(1, sizeof *a);
	vt_err e = VT_OK;

	if (!a)
		return VT_ENOMEM;
	arg(a, "dpkg");
	if (!is_root(root))
		e = arg_made(a, "--root=", vt_span_str(root), "");
	arg(a, "--install");
	arg(a, "--recursive");
	arg(a, folder);
	if (!e)
		e = run_args(a, NULL, 0, 0, false, out);
	args_free(a);
	return e;
}
