/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/probe.h"

#include <errno.h>
#include <fts.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "os/fd.h"
#include "remedy/beneath.h"

vt_err vt_probe_grow(struct vt_probing *p, void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 32;
	void *fresh;

	if (n < *cap)
		return VT_OK;
	fresh = vt_arena_array(p->a, more, size);
	if (!fresh)
		return VT_ENOMEM;
	if (n)
		memcpy(fresh, *v, n * size);
	*v = fresh;
	*cap = more;
	return VT_OK;
}

vt_span vt_probe_finding(const struct vt_probing *p, const struct vt_target *t)
{
	return p->s->findings[t->finding].id;
}

static vt_span __attribute__((format(printf, 2, 0)))
made(struct vt_probing *p, const char *fmt, va_list ap)
{
	char text[4096];
	int n = vsnprintf(text, sizeof text, fmt, ap);
	char *copy = n < 0
		? NULL
		: vt_arena_copy(p->a, vt_span_of(text, vt_min_size((size_t)n, sizeof text - 1)));

	return vt_span_of(copy, copy ? strlen(copy) : 0);
}

vt_err vt_probe_problem(struct vt_probing *p, const char *fmt, ...)
{
	void *v = p->out->problems;
	va_list ap;
	vt_err e = vt_probe_grow(p, &v, p->out->nproblems, &p->cap_problems, sizeof(vt_span));

	if (e)
		return e;
	p->out->problems = v;
	va_start(ap, fmt);
	p->out->problems[p->out->nproblems] = made(p, fmt, ap);
	va_end(ap);
	return p->out->problems[p->out->nproblems++].p ? VT_OK : VT_ENOMEM;
}

vt_err vt_probe_person(struct vt_probing *p, const struct vt_target *t, const char *fmt, ...)
{
	void *v = p->out->persons;
	struct vt_target *x;
	va_list ap;
	vt_err e =
		vt_probe_grow(p, &v, p->out->npersons, &p->cap_persons, sizeof(struct vt_target));

	if (e)
		return e;
	p->out->persons = v;
	x = &p->out->persons[p->out->npersons];
	*x = *t;
	va_start(ap, fmt);
	x->value = made(p, fmt, ap);
	va_end(ap);
	p->out->npersons++;
	return x->value.p ? VT_OK : VT_ENOMEM;
}

/* Programs write there while they run: a hash from today says nothing tomorrow. */
static bool is_loose(vt_span path)
{
	static const char *const folders[] = {
		"/var/log/", "/var/cache/", "/var/opt/", "/var/tmp/", "/run/", "/var/run/"};
	static const char *const ends[] = {".log", ".pid", ".lock", ".sock"};

	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (vt_span_at(path, 0, folders[i], strlen(folders[i])))
			return true;
	for (size_t i = 0; i < VT_COUNT(ends); i++)
		if (path.n > strlen(ends[i]) &&
			vt_span_at(path, path.n - strlen(ends[i]), ends[i], strlen(ends[i])))
			return true;
	return false;
}

vt_err vt_probe_file(struct vt_probing *p, vt_span path, struct vt_removal_file *out)
{
	struct vt_spot spot;
	char hex[65], *copy;
	vt_err e = vt_spot_open(p->root, NULL, path, &spot);

	if (e)
		return e;
	*out = (struct vt_removal_file){0};
	e = vt_spot_look(&spot, out);
	if (!e && (out->type == VT_REMOVAL_FILE || out->type == VT_REMOVAL_LINK)) {
		e = vt_spot_hash(&spot, out, hex);
		copy = e ? NULL : vt_arena_copy(p->a, vt_span_of(hex, 64));
		out->sha256 = vt_span_of(copy, copy ? 64 : 0);
		if (!e && !copy)
			e = VT_ENOMEM;
	}
	vt_spot_close(&spot);
	if (!e) {
		copy = vt_arena_copy(p->a, path);
		out->path = vt_span_of(copy, path.n);
		out->loose = out->type == VT_REMOVAL_FILE && is_loose(path);
		if (!copy)
			e = VT_ENOMEM;
	}
	return e;
}

static vt_err add_file(
	struct vt_probing *p, struct vt_scene_place *place, size_t *cap, vt_span path)
{
	void *v = place->files;
	vt_err e;

	if (++p->nfiles > VT_REMOVAL_FILES_MAX)
		return VT_ELIMIT;
	e = vt_probe_grow(p, &v, place->nfiles, cap, sizeof *place->files);
	if (e)
		return e;
	place->files = v;
	e = vt_probe_file(p, path, &place->files[place->nfiles]);
	if (!e)
		place->nfiles++;
	if (e == VT_END || e == VT_EAGAIN)
		return VT_OK; /* gone in between */
	if (e == VT_EIO)
		return vt_probe_problem(p, "%.*s can't be looked at: %s", (int)path.n,
			(const char *)path.p, strerror(errno));
	return e;
}

static vt_err walk(struct vt_probing *p, struct vt_scene_place *place)
{
	size_t skip = strcmp(p->root_path, "/") == 0 ? 0 : strlen(p->root_path), cap = 0;
	char *paths[2] = {NULL, NULL};
	vt_err e = VT_OK;
	FTS *fts;
	FTSENT *x;

	if (asprintf(&paths[0], "%s%.*s", skip ? p->root_path : "", (int)place->place.path.n,
		    (const char *)place->place.path.p) < 0)
		return VT_ENOMEM;
	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	while (fts && !e && (x = fts_read(fts)) != NULL) {
		if (x->fts_info == FTS_DP)
			continue;
		if (x->fts_info == FTS_DNR || x->fts_info == FTS_ERR || x->fts_info == FTS_NS)
			e = vt_probe_problem(p, "%s can't be read: %s", x->fts_path + skip,
				strerror(x->fts_errno));
		else
			e = add_file(p, place, &cap, vt_span_str(x->fts_path + skip));
		if (!e && place->nfiles &&
			place->files[place->nfiles - 1].dev != place->files[0].dev)
			e = vt_probe_problem(
				p, "another file system is mounted at %s", x->fts_path + skip);
	}
	if (!fts)
		e = VT_EIO;
	else
		(void)fts_close(fts);
	free(paths[0]);
	return e;
}

static bool known_place(const struct vt_probing *p, vt_span path)
{
	for (size_t i = 0; i < p->out->nplaces; i++)
		if (vt_place_holds(&p->out->places[i].place, path))
			return true;
	return false;
}

vt_err vt_probe_place(
	struct vt_probing *p, enum vt_place_kind kind, vt_span path, const struct vt_target *t)
{
	struct vt_scene_place *x;
	void *v = p->out->places;
	const char *trouble;
	struct vt_removal_file f;
	char *copy;
	vt_err e = vt_probe_file(p, path, &f);

	if (e == VT_END || known_place(p, path))
		return VT_OK;
	if (e == VT_EIO)
		return vt_probe_problem(
			p, "%.*s can't be looked at", (int)path.n, (const char *)path.p);
	if (e)
		return e;
	if (f.type == VT_REMOVAL_FOLDER)
		kind = VT_PLACE_FOLDER;
	else if (kind == VT_PLACE_FOLDER)
		kind = VT_PLACE_FILE;
	trouble = vt_place_trouble(kind, path);
	if (trouble)
		return vt_probe_person(p, t, "Clear up %.*s by hand (%s).", (int)path.n,
			(const char *)path.p, trouble);
	e = vt_probe_grow(p, &v, p->out->nplaces, &p->cap_places, sizeof *x);
	copy = vt_arena_copy(p->a, path);
	if (e || !copy)
		return VT_ENOMEM;
	p->out->places = v;
	x = &p->out->places[p->out->nplaces++];
	*x = (struct vt_scene_place){
		.place = {kind, vt_span_of(copy, path.n), vt_probe_finding(p, t)},
		.product = t->product,
		.sha256 = t->sha256,
	};
	return walk(p, x);
}

static vt_err place_of_target(struct vt_probing *p, const struct vt_target *t)
{
	static const enum vt_place_kind kinds[] = {
		[VT_TARGET_PATH] = VT_PLACE_FILE,
		[VT_TARGET_FOLDER] = VT_PLACE_FOLDER,
		[VT_TARGET_CERTIFICATE] = VT_PLACE_CERTIFICATE,
		[VT_TARGET_BROWSER] = VT_PLACE_BROWSER,
	};
	char *plain = NULL;
	vt_err e = vt_path_plain(p->root, t->value, &plain);

	if (e == VT_END)
		return VT_OK;
	if (e == VT_EIO)
		return vt_probe_problem(
			p, "%.*s can't be reached", (int)t->value.n, (const char *)t->value.p);
	if (!e)
		e = vt_probe_place(p, kinds[t->kind], vt_span_str(plain), t);
	free(plain);
	return e;
}

static bool has_path(const struct vt_target *t)
{
	return t->kind == VT_TARGET_FOLDER || t->kind == VT_TARGET_BROWSER ||
		t->kind == VT_TARGET_CERTIFICATE || t->kind == VT_TARGET_PATH;
}

static int by_value(const void *x, const void *y)
{
	const struct vt_target *a = *(const struct vt_target *const *)x;
	const struct vt_target *b = *(const struct vt_target *const *)y;
	int r = memcmp(a->value.p, b->value.p, vt_min_size(a->value.n, b->value.n));

	return r ? r : (a->value.n > b->value.n) - (a->value.n < b->value.n);
}

/* By path: what is in a folder that is a place needs none of its own. */
static vt_err places(struct vt_probing *p)
{
	const struct vt_target **v = vt_arena_array(p->a, p->t->n + 1, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;
	size_t n = 0;

	for (size_t i = 0; i < p->t->n && !e; i++)
		if (has_path(&p->t->v[i]))
			v[n++] = &p->t->v[i];
	if (!e)
		qsort(v, n, sizeof *v, by_value);
	for (size_t i = 0; i < n && !e; i++)
		e = place_of_target(p, v[i]);
	return e;
}

static vt_err thing(struct vt_probing *p, unsigned which, vt_span target, uint64_t number,
	const struct vt_target *t)
{
	struct vt_scene_thing **list = which ? &p->out->accounts : &p->out->modules;
	size_t *n = which ? &p->out->naccounts : &p->out->nmodules;
	void *v = *list;
	vt_err e = vt_probe_grow(p, &v, *n, &p->cap_things[which], sizeof **list);
	char *copy = vt_arena_copy(p->a, target);

	if (e || !copy)
		return VT_ENOMEM;
	*list = v;
	(*list)[(*n)++] = (struct vt_scene_thing){
		vt_span_of(copy, target.n), vt_probe_finding(p, t), t->product, number};
	return VT_OK;
}

static vt_err modules(struct vt_probing *p, const struct vt_target *t)
{
	char path[300];

	(void)snprintf(
		path, sizeof path, "/sys/module/%.*s", (int)t->value.n, (const char *)t->value.p);
	if (strcmp(p->root_path, "/") != 0 || (!t->sure && access(path, F_OK)))
		return VT_OK;
	return thing(p, 0, t->value, 0, t);
}

/* The number of the account in a file like passwd; false if it has none. */
static bool number_of(vt_span text, vt_span name, uint64_t *out)
{
	size_t at = 0, end, colon;

	for (; at < text.n; at = end + 1) {
		vt_span line;

		if (!vt_span_find(text, at, "\n", 1, &end))
			end = text.n;
		line = vt_span_of(text.p + at, end - at);
		if (!vt_span_at(line, 0, name.p, name.n) || !vt_span_at(line, name.n, ":", 1) ||
			!vt_span_find(line, name.n + 1, ":", 1, &colon))
			continue;
		line = vt_span_of(line.p + colon + 1, line.n - colon - 1);
		if (vt_span_find(line, 0, ":", 1, &colon))
			line.n = colon;
		return vt_decimal_get(line, out);
	}
	return false;
}

static vt_err account_in(
	struct vt_probing *p, const char *file, const char *what, const struct vt_target *t)
{
	struct vt_removal_file f = {0};
	vt_buf text = VT_BUF_INIT((size_t)16 << 20);
	char target[256];
	struct vt_spot spot;
	uint64_t number;
	int fd = -1;
	vt_err e = vt_spot_open(p->root, NULL, vt_span_str(file), &spot);

	if (e)
		return e == VT_END ? VT_OK : e;
	if (!vt_spot_look(&spot, &f) && !vt_spot_read(&spot, &f, &fd))
		e = vt_fd_read_all(fd, 0, &text);
	vt_fd_close(fd);
	vt_spot_close(&spot);
	if (!e && number_of(vt_buf_span(&text), t->value, &number)) {
		(void)snprintf(target, sizeof target, "%s %.*s", what, (int)t->value.n,
			(const char *)t->value.p);
		e = number < 100
			? vt_probe_person(p, t,
				  "Look at the %s %.*s: its number is one of the system's.", what,
				  (int)t->value.n, (const char *)t->value.p)
			: thing(p, 1, vt_span_str(target), number, t);
	}
	vt_buf_free(&text);
	return e;
}

static vt_err things(struct vt_probing *p)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->t->n && !e; i++)
		if (p->t->v[i].kind == VT_TARGET_MODULE)
			e = modules(p, &p->t->v[i]);
	for (size_t i = 0; i < p->t->n && !e; i++)
		if (p->t->v[i].kind == VT_TARGET_ACCOUNT)
			e = account_in(p, "/etc/passwd", "user", &p->t->v[i]);
	for (size_t i = 0; i < p->t->n && !e; i++)
		if (p->t->v[i].kind == VT_TARGET_ACCOUNT)
			e = account_in(p, "/etc/group", "group", &p->t->v[i]);
	return e;
}

vt_err vt_probe(const struct vt_targets *t, const struct vt_survey *s, const char *root,
	vt_arena *a, struct vt_scene *out)
{
	struct vt_probing p = {.t = t, .s = s, .root_path = root, .root = -1, .a = a, .out = out};
	vt_err e = vt_root_open(root, &p.root);

	*out = (struct vt_scene){0};
	if (!e)
		e = vt_probe_packages(&p);
	if (!e)
		e = places(&p);
	if (!e)
		e = vt_probe_units(&p);
	if (!e)
		e = things(&p);
	if (!e)
		e = vt_probe_owners(&p);
	out->initramfs = out->nmodules > 0;
	vt_fd_close(p.root);
	return e;
}
