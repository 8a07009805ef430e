/* SPDX-License-Identifier: Apache-2.0 */
/* Directives of all places: one an id, what was added here first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/known.h"
#include "cli/directive/origin.h"
#include "cli/publish/publish.h"
#include "os/fd.h"
#include "store/folder.h"

#define KNOWN_MAX 4096

void vt_known_complain(
	const struct vt_docs *docs, const char *path, vt_err e, const struct vt_doc_error *why)
{
	if (e == VT_ENOMEM || !why->cause[0])
		vt_complain_err(docs->command, path, e);
	else if (why->where[0])
		vt_complain(docs->command, path, "%s: %s", why->where, why->cause);
	else
		vt_complain(docs->command, path, "%s", why->cause);
}

/* Parses into the arena, with a copy of the document. */
static vt_err parse(
	struct vt_docs *docs, const char *path, vt_span json, struct vt_known_directive *out)
{
	struct vt_doc_error why = {0};
	char *copy = vt_arena_copy(&docs->a, json);
	vt_err e = copy ? VT_OK : VT_ENOMEM;

	if (!e) {
		out->json = vt_span_of(copy, json.n);
		e = vt_directive_parse(out->json, &docs->a, &out->d, &why);
	}
	if (e)
		vt_known_complain(docs, path, e, &why);
	return e;
}

static vt_err add_exceptions(struct vt_docs *docs, int dir, struct vt_known_directive *k)
{
	vt_buf text = VT_BUF_INIT(VT_DIRECTIVE_MAX);
	struct vt_doc_error why = {0};
	char name[128];
	vt_err e;

	snprintf(
		name, sizeof name, "%.*s.exceptions.json", (int)k->d.id.n, (const char *)k->d.id.p);
	e = vt_store_read(dir, name, VT_DIRECTIVE_MAX, &text);
	if (!e)
		e = vt_directive_except(&k->d, vt_buf_span(&text), &docs->a, &why);
	if (e && e != VT_END)
		vt_known_complain(docs, name, e, &why);
	vt_buf_free(&text);
	return e == VT_END ? VT_OK : e;
}

static vt_err read_origin(struct vt_docs *docs, int dir, struct vt_known_directive *k)
{
	vt_buf text = VT_BUF_INIT(VT_ORIGIN_MAX);
	char name[128];
	vt_err e;

	snprintf(name, sizeof name, "%.*s.origin", (int)k->d.id.n, (const char *)k->d.id.p);
	e = vt_store_read(dir, name, VT_ORIGIN_MAX, &text);
	if (!e)
		e = vt_origin_read(vt_buf_span(&text), k->json, &docs->a, &k->origin);
	if (e == VT_ECHECKSUM)
		vt_complain(docs->command, name,
			"the document was changed after it was added; add it again, or drop it");
	else if (e)
		vt_complain_err(docs->command, name, e);
	vt_buf_free(&text);
	return e;
}

struct scan {
	struct vt_docs *docs;
	enum vt_origin_kind kind;
	bool stored;
	int dir; /* of what was added */
	vt_span who;
};

/* One an id of those that were added, and one of the others. */
static vt_err keep(struct vt_docs *docs, const struct vt_known_directive *k)
{
	for (size_t i = 0; i < docs->n; i++)
		if (vt_span_eq(docs->v[i].d.id, k->d.id) && !docs->v[i].origin.added.n)
			return VT_OK;
	if (docs->n == docs->cap) {
		size_t cap = docs->cap ? 2 * docs->cap : 32;
		struct vt_known_directive *v =
			cap > KNOWN_MAX ? NULL : realloc(docs->v, cap * sizeof *v);

		if (!v)
			return VT_ENOMEM;
		docs->v = v;
		docs->cap = cap;
	}
	docs->v[docs->n++] = *k;
	return VT_OK;
}

static vt_err on_directive(void *ctx, const char *path, const char *name, vt_span json)
{
	struct scan *s = ctx;
	struct vt_known_directive k = {0};
	char *copy;
	vt_err e;

	if (!s->stored && !vt_known_is(json, "vitrine/directive/"))
		return VT_OK;
	e = parse(s->docs, path, json, &k);
	if (e && (!s->stored || s->docs->mending)) /* it has been said; the others are good */
		return e == VT_ENOMEM ? e : VT_OK;
	if (e)
		return e;
	copy = vt_arena_copy(&s->docs->a, vt_span_str(path));
	if (!copy)
		return VT_ENOMEM;
	if (s->stored) {
		if (strlen(name) != k.d.id.n + 5 || memcmp(name, k.d.id.p, k.d.id.n) != 0) {
			vt_complain(s->docs->command, path, "it is not named after its id");
			return VT_EFORMAT;
		}
		e = read_origin(s->docs, s->dir, &k);
	} else {
		k.origin = (struct vt_origin){.kind = s->kind, .who = s->who};
	}
	if (e && s->docs->mending)
		return e == VT_ENOMEM ? e : VT_OK;
	k.origin.path = vt_span_str(copy);
	if (!e && s->dir >= 0)
		e = add_exceptions(s->docs, s->dir, &k);
	return e ? e : keep(s->docs, &k);
}

static int by_id(const void *a, const void *b)
{
	vt_span x = ((const struct vt_known_directive *)a)->d.id;
	vt_span y = ((const struct vt_known_directive *)b)->d.id;
	int c = memcmp(x.p, y.p, vt_min_size(x.n, y.n));

	if (c || x.n != y.n)
		return c ? c : x.n > y.n ? 1 : -1;
	/* the one that was added is first */
	return (((const struct vt_known_directive *)b)->origin.added.n > 0) -
		(((const struct vt_known_directive *)a)->origin.added.n > 0);
}

static bool supersedes(const struct vt_directive *d, vt_span id)
{
	for (size_t i = 0; i < d->supersedes.n; i++)
		if (vt_span_eq(d->supersedes.v[i], id))
			return true;
	return false;
}

/* The last one of those that supersede it, by their dates of issue. */
static void find_superseding(const struct vt_docs *docs, struct vt_known_directive *k)
{
	vt_day latest = VT_DAY_NONE;

	for (size_t i = 0; i < docs->n; i++) {
		const struct vt_directive *d = &docs->v[i].d;

		if (supersedes(d, k->d.id) && d->issued > latest) {
			latest = d->issued;
			k->superseded_by = d->id;
		}
	}
}

static vt_err load_all(struct vt_docs *docs)
{
	struct scan s = {.docs = docs, .stored = true, .dir = -1};
	char *path = NULL;
	vt_err e = VT_OK;

	if (docs->listed)
		return VT_OK;
	if (asprintf(&path, "%s/directives", docs->state) < 0)
		return VT_ENOMEM;
	if (vt_store_open(path, false, &s.dir) == VT_OK)
		e = vt_known_each(docs, path, on_directive, &s);
	else if (errno != ENOENT)
		e = VT_EIO;
	if (e == VT_EIO && s.dir < 0)
		vt_complain_err(docs->command, path, e);
	s.stored = false;
	s.kind = VT_ORIGIN_LOG;
	if (!e)
		e = vt_known_log(docs, &s.who);
	if (!e)
		e = vt_known_each_logged(docs, on_directive, &s);
	s.kind = VT_ORIGIN_SHIPPED;
	s.who = vt_span_str("shipped");
	if (!e)
		e = vt_known_each_shipped(docs, "directives", on_directive, &s);
	vt_fd_close(s.dir);
	free(path);
	if (e)
		return e;
	if (docs->n > 1)
		qsort(docs->v, docs->n, sizeof *docs->v, by_id);
	for (size_t i = 0; i < docs->n; i++)
		find_superseding(docs, &docs->v[i]);
	docs->listed = true;
	return VT_OK;
}

vt_err vt_docs_list(
	struct vt_docs *docs, bool all, const struct vt_known_directive **out, size_t *out_n)
{
	vt_err e = load_all(docs);
	struct vt_known_directive *v;
	size_t n = 0;

	if (e)
		return e;
	v = vt_arena_array(&docs->a, docs->n + 1, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	for (size_t i = 0; i < docs->n; i++) {
		bool second = i && vt_span_eq(docs->v[i].d.id, docs->v[i - 1].d.id);

		if (docs->v[i].origin.added.n || (all && !second))
			v[n++] = docs->v[i];
	}
	*out = v;
	*out_n = n;
	return VT_OK;
}

static vt_err from_file(struct vt_docs *docs, const char *path, struct vt_known_directive *k)
{
	vt_buf text;
	vt_err e = vt_slurp(docs->command, path, VT_DIRECTIVE_MAX, &text);

	if (!e)
		e = parse(docs, path, vt_buf_span(&text), k);
	if (!e)
		e = vt_origin_of_file(docs, path, k->json, &k->origin);
	if (!e)
		e = load_all(docs);
	if (!e) {
		find_superseding(docs, k);
		vt_origin_warn(docs, path, &k->origin);
	}
	vt_buf_free(&text);
	return e;
}

static void say_unknown(const struct vt_docs *docs, const char *id)
{
	const char *near = NULL, **names = calloc(docs->n + 1, sizeof *names);

	for (size_t i = 0; names && i < docs->n; i++) /* arena copies end with a NUL */
		names[i] = (const char *)docs->v[i].d.id.p;
	if (names)
		near = vt_nearest(id, names, docs->n);
	vt_complain(docs->command, id, "there is no directive of that id%s%s%s",
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	free(names);
}

static vt_err find(
	struct vt_docs *docs, const char *id_or_path, bool kept, struct vt_known_directive *out)
{
	size_t n = strlen(id_or_path);
	vt_err e;

	if (strchr(id_or_path, '/') || (n > 5 && strcmp(id_or_path + n - 5, ".json") == 0)) {
		struct vt_known_directive k = {0};

		e = from_file(docs, id_or_path, &k);
		if (!e)
			*out = k;
		return e;
	}
	e = load_all(docs);
	for (size_t i = 0; i < docs->n && !e; i++)
		if (vt_span_eq(docs->v[i].d.id, vt_span_str(id_or_path)) &&
			(kept || !docs->v[i].origin.added.n)) {
			char where[80];

			*out = docs->v[i];
			snprintf(where, sizeof where, "%s", id_or_path);
			vt_origin_warn(docs, where, &out->origin);
			return VT_OK;
		}
	if (!e) {
		say_unknown(docs, id_or_path);
		e = VT_END;
	}
	return e;
}

vt_err vt_docs_directive(
	struct vt_docs *docs, const char *id_or_path, struct vt_known_directive *out)
{
	return find(docs, id_or_path, true, out);
}

vt_err vt_docs_addable(struct vt_docs *docs, const char *id_or_path, struct vt_known_directive *out)
{
	return find(docs, id_or_path, false, out);
}
