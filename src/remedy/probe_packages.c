/* SPDX-License-Identifier: Apache-2.0 */
/* What the package managers say: which entries there are, what needs them, who owns which file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "remedy/packages.h"
#include "remedy/probe.h"

static vt_span keep(struct vt_probing *p, vt_span s)
{
	char *copy = s.n ? vt_arena_copy(p->a, s) : NULL;

	return vt_span_of(copy, copy ? s.n : 0);
}

static vt_err entries(struct vt_probing *p, vt_span list, const struct vt_target *t)
{
	struct vt_removal_package x;
	void *v;
	vt_err e = VT_OK;

	while (!e && vt_packages_next(&list, &x)) {
		if (!vt_span_eq(x.manager, t->manager) || !vt_span_eq(x.name, t->value) ||
			vt_package_presence(&x) == VT_PRESENCE_NONE)
			continue;
		v = p->out->packages;
		e = vt_probe_grow(p, &v, p->out->npackages, &p->cap_packages, sizeof x);
		if (e)
			break;
		p->out->packages = v;
		p->out->packages[p->out->npackages++] = (struct vt_removal_package){
			.manager = keep(p, x.manager),
			.name = keep(p, x.name),
			.version = keep(p, x.version),
			.arch = keep(p, x.arch),
			.status = keep(p, x.status),
		};
	}
	return e;
}

/* The managers' own words of why not, on one line. */
static vt_err refused(struct vt_probing *p, const char *manager, vt_buf *why)
{
	size_t n = vt_min_size(why->n, 1500);

	while (n && why->p[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n; i++)
		if (why->p[i] < ' ')
			why->p[i] = ' ';
	return vt_probe_problem(p, "%s would not remove these packages, and these alone: %.*s",
		manager, (int)n, (const char *)why->p);
}

static vt_err try_manager(struct vt_probing *p, const char *manager)
{
	struct vt_removal_package *v = vt_arena_array(p->a, p->out->npackages + 1, sizeof *v);
	vt_buf why = VT_BUF_INIT((size_t)1 << 20);
	bool ok = true;
	size_t n = 0;
	vt_err e = v ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; !e && i < p->out->npackages; i++)
		if (vt_span_eq(p->out->packages[i].manager, vt_span_str(manager)))
			v[n++] = p->out->packages[i];
	if (!e && n)
		e = vt_packages_try(p->root_path, v, n, &ok, &why);
	if (!e && !ok)
		e = refused(p, manager, &why);
	vt_buf_free(&why);
	return e;
}

vt_err vt_probe_packages(struct vt_probing *p)
{
	vt_buf list = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	vt_err e = vt_packages_list(p->root_path, &list);

	if (e == VT_EIO)
		e = vt_probe_problem(p, "a package database is there, but can't be asked");
	else if (e == VT_END)
		e = VT_OK;
	for (size_t i = 0; i < p->t->n && !e; i++)
		if (p->t->v[i].kind == VT_TARGET_PACKAGE)
			e = entries(p, vt_buf_span(&list), &p->t->v[i]);
	if (!e)
		e = try_manager(p, "dpkg");
	if (!e)
		e = try_manager(p, "rpm");
	vt_buf_free(&list);
	return e;
}

struct owning {
	struct vt_probing *p;
	struct vt_removal_file **files;
	vt_err e;
};

static bool planned(void *ctx, vt_span manager, vt_span name)
{
	const struct owning *o = ctx;

	for (size_t i = 0; i < o->p->out->npackages; i++)
		if (vt_span_eq(o->p->out->packages[i].manager, manager) &&
			vt_span_eq(o->p->out->packages[i].name, name))
			return true;
	return false;
}

static void owned(void *ctx, size_t index, vt_span manager, vt_span name)
{
	struct owning *o = ctx;
	struct vt_removal_file *f = o->files[index];

	if (f->type == VT_REMOVAL_FOLDER || o->e)
		return;
	o->e = vt_probe_problem(o->p,
		"%.*s belongs to the package %.*s (%.*s), which is not found to be covered: it is "
		"shared, or the package holds a copy",
		(int)vt_min_size(f->path.n, 1000), (const char *)f->path.p, (int)name.n,
		(const char *)name.p, (int)manager.n, (const char *)manager.p);
}

static int by_path(const void *x, const void *y)
{
	vt_span a = (*(struct vt_removal_file *const *)x)->path;
	vt_span b = (*(struct vt_removal_file *const *)y)->path;
	int r = memcmp(a.p, b.p, vt_min_size(a.n, b.n));

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

vt_err vt_probe_owners(struct vt_probing *p)
{
	struct owning o = {.p = p};
	size_t n = 0, max = p->nfiles + p->out->nunits + 1;
	vt_span *paths = calloc(max, sizeof *paths);
	vt_err e = VT_ENOMEM;

	o.files = calloc(max, sizeof *o.files);
	if (!paths || !o.files)
		goto out;
	for (size_t i = 0; i < p->out->nplaces; i++)
		for (size_t k = 0; k < p->out->places[i].nfiles && n < max; k++)
			o.files[n++] = &p->out->places[i].files[k];
	for (size_t i = 0; i < p->out->nunits; i++)
		if (p->out->units[i].nfiles && n < max)
			o.files[n++] = p->out->units[i].files;
	qsort(o.files, n, sizeof(struct vt_removal_file *), by_path);
	for (size_t i = 0; i < n; i++)
		paths[i] = o.files[i]->path;
	e = vt_packages_owners(p->root_path, paths, n, planned, owned, &o);
	if (e == VT_EIO)
		e = vt_probe_problem(p, "which package owns which file can't be found out");
	if (!e)
		e = o.e;
out:
	free(paths);
	free(o.files);
	return e;
}
