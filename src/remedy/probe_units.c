/* SPDX-License-Identifier: Apache-2.0 */
/* Where a unit is: its file, its drop-ins, the links that start it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/beneath.h"
#include "remedy/probe.h"

#define MASKS "/etc/systemd/system"

static const char *const folders[] = {MASKS, "/usr/lib/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/etc/systemd/user", "/usr/lib/systemd/user"};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static vt_err place(struct vt_probing *p, const struct vt_target *t, const char *folder,
	const char *below, const char *suffix, bool *io_found)
{
	char *path = NULL;
	size_t before = p->out->nplaces;
	vt_err e;

	if (asprintf(&path, "%s%s/%.*s%s", folder, below, (int)t->value.n, (const char *)t->value.p,
		    suffix) < 0)
		return VT_ENOMEM;
	e = vt_probe_place(p, VT_PLACE_UNIT, vt_span_str(path), t);
	*io_found |= p->out->nplaces > before;
	free(path);
	return e;
}

/* multi-user.target.wants/NAME and its like */
static vt_err links(
	struct vt_probing *p, const struct vt_target *t, const char *folder, bool *io_found)
{
	char *path = NULL, below[300];
	struct dirent *d;
	vt_err e = VT_OK;
	DIR *dir;

	if (asprintf(&path, "%s%s", p->root_path, folder) < 0)
		return VT_ENOMEM;
	dir = opendir(path);
	free(path);
	while (dir && !e && (d = readdir(dir)) != NULL)
		if (ends_with(d->d_name, ".wants") || ends_with(d->d_name, ".requires") ||
			ends_with(d->d_name, ".upholds")) {
			(void)snprintf(below, sizeof below, "/%s", d->d_name);
			e = place(p, t, folder, below, "", io_found);
		}
	if (dir)
		(void)closedir(dir);
	return e;
}

/* What stands where the mask goes belongs to the mask's step. */
static vt_err mask(struct vt_probing *p, const struct vt_target *t, bool *io_found)
{
	struct vt_scene_unit u = {
		.name = t->value, .finding = vt_probe_finding(p, t), .product = t->product};
	char *path = NULL;
	void *v = p->out->units;
	vt_err e;

	if (asprintf(&path, MASKS "/%.*s", (int)t->value.n, (const char *)t->value.p) < 0)
		return VT_ENOMEM;
	u.files = vt_arena_alloc(p->a, sizeof *u.files);
	e = u.files ? vt_probe_file(p, vt_span_str(path), u.files) : VT_ENOMEM;
	free(path);
	if (e && e != VT_END)
		return e == VT_EIO ? vt_probe_problem(p, MASKS " can't be looked at") : e;
	u.nfiles = !e;
	*io_found |= !e;
	if (!*io_found && !t->sure)
		return VT_OK;
	e = vt_probe_grow(p, &v, p->out->nunits, &p->cap_units, sizeof u);
	if (e)
		return e;
	p->out->units = v;
	p->out->units[p->out->nunits++] = u;
	return VT_OK;
}

static vt_err unit(struct vt_probing *p, const struct vt_target *t)
{
	bool found = false;
	vt_err e = VT_OK;

	for (size_t i = 0; i < VT_COUNT(folders) && !e; i++) {
		if (i > 0)
			e = place(p, t, folders[i], "", "", &found);
		if (!e)
			e = place(p, t, folders[i], "", ".d", &found);
		if (!e)
			e = links(p, t, folders[i], &found);
	}
	return e ? e : mask(p, t, &found);
}

vt_err vt_probe_units(struct vt_probing *p)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->t->n && !e; i++)
		if (p->t->v[i].kind == VT_TARGET_UNIT)
			e = unit(p, &p->t->v[i]);
	return e;
}
