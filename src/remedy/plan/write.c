/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as JSON: keys in a fixed order, one space a level, so that people can compare two. */
#include <jansson.h>

#include "base/base64.h"
#include "remedy/plan/plan.h"

/* A path is text where it is UTF-8, else {"hex": "..."}: names of files are bytes. */
static json_t *bytes(vt_span s)
{
	json_t *v = json_stringn(s.n ? (const char *)s.p : "", s.n);
	vt_buf hex = VT_BUF_INIT(2 * VT_REMOVAL_PATH_MAX);

	if (v)
		return v;
	if (!vt_hex_add(&hex, s))
		v = json_pack("{s:s%}", "hex", (const char *)hex.p, hex.n);
	vt_buf_free(&hex);
	return v;
}

/* Text that came from files of others: what is no UTF-8 is not worth keeping. */
static json_t *text(vt_span s)
{
	json_t *v = json_stringn(s.n ? (const char *)s.p : "", s.n);

	return v ? v : json_string("(not text)");
}

static bool put(json_t *o, const char *key, json_t *v)
{
	return v && json_object_set_new(o, key, v) == 0;
}

static bool put_text(json_t *o, const char *key, vt_span s)
{
	return put(o, key, text(s));
}

static bool put_given(json_t *o, const char *key, vt_span s)
{
	return s.n == 0 || put(o, key, text(s));
}

static bool put_number(json_t *o, const char *key, uint64_t v)
{
	return v <= INT64_MAX && put(o, key, json_integer((json_int_t)v));
}

static json_t *file(const struct vt_removal_file *f)
{
	static const char *const types[] = {"file", "folder", "link", "other"};
	json_t *o = json_object();
	bool ok = o && put(o, "path", bytes(f->path)) &&
		put(o, "type", json_string(types[f->type])) && put_number(o, "dev", f->dev) &&
		put_number(o, "ino", f->ino) && put_number(o, "size", f->size) &&
		put_number(o, "mode", f->mode) && put_number(o, "uid", f->uid) &&
		put_number(o, "gid", f->gid) && put(o, "mtime", json_integer(f->mtime)) &&
		put_given(o, "sha256", f->sha256) && (!f->loose || put(o, "loose", json_true()));

	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *package(const struct vt_removal_package *p)
{
	json_t *o = json_object();

	if (o && put_text(o, "manager", p->manager) && put_text(o, "name", p->name) &&
		put_text(o, "version", p->version) && put_given(o, "arch", p->arch) &&
		put_given(o, "status", p->status))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *step(const struct vt_removal_step *s)
{
	json_t *o = json_object(), *list;
	bool ok = o && put(o, "step", json_string(vt_removal_step_word(s->kind))) &&
		put(o, "target", bytes(s->target)) && put_text(o, "does", s->does) &&
		put_text(o, "undo", s->undo) && put_given(o, "findings", s->findings) &&
		put_given(o, "sha256", s->sha256) &&
		(s->kind != VT_STEP_ACCOUNT || put_number(o, "number", s->number));

	if (ok && s->npackages) {
		list = json_array();
		ok = put(o, "packages", list);
		for (size_t i = 0; i < s->npackages && ok; i++)
			ok = json_array_append_new(list, package(&s->packages[i])) == 0;
	}
	if (ok && s->nfiles) {
		list = json_array();
		ok = put(o, "files", list);
		for (size_t i = 0; i < s->nfiles && ok; i++)
			ok = json_array_append_new(list, file(&s->files[i])) == 0;
	}
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *finding(const struct vt_removal_finding *f)
{
	static const char *const acting[] = {"steps", "person", "none"};
	json_t *o = json_object();

	if (o && put_text(o, "id", f->id) && put_text(o, "product", f->product) &&
		put_text(o, "name", f->name) && put_text(o, "subject", f->subject) &&
		put(o, "place", bytes(f->place)) && put_text(o, "standing", f->standing) &&
		put(o, "removed_by", json_string(acting[f->acting])) &&
		put(o, "confirmed", json_boolean(f->confirmed)) &&
		put(o, "embedded", json_boolean(f->embedded)))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *element(const struct vt_element *e)
{
	json_t *o = json_object();

	if (o && put_text(o, "id", e->id) && put_text(o, "title", e->title) &&
		put(o, "value", e->value.n ? text(e->value) : json_null()))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *place(const struct vt_place *p)
{
	json_t *o = json_object();

	if (o && put(o, "kind", json_string(vt_place_word(p->kind))) &&
		put(o, "path", bytes(p->path)) && put_text(o, "finding", p->finding))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *replacement(const struct vt_removal *p)
{
	json_t *o = json_object();

	if (o && put(o, "kind", json_string(vt_replacement_word(p->replacement))) &&
		put(o, "name", bytes(p->replacement_name)))
		return o;
	json_decref(o);
	return NULL;
}

#define LIST(key, n, v, make)                                                                      \
	do {                                                                                       \
		json_t *list_ = json_array();                                                      \
		ok = ok && put(o, key, list_);                                                     \
		for (size_t i_ = 0; i_ < (n) && ok; i_++)                                          \
			ok = json_array_append_new(list_, make(&(v)[i_])) == 0;                    \
	} while (0)

static json_t *problem(const vt_span *s)
{
	return text(*s);
}

static bool head(json_t *o, const struct vt_removal *p)
{
	return put(o, "format", json_string(VT_REMOVAL_FORMAT)) && put_text(o, "id", p->id) &&
		put_text(o, "tool", p->tool) && put(o, "made", json_integer(p->made)) &&
		put_text(o, "machine", p->machine) && put_text(o, "host", p->host) &&
		put(o, "root", bytes(p->root)) && put_text(o, "survey", p->survey) &&
		put_text(o, "directive", p->directive_id) &&
		put_text(o, "directive_version", p->directive_version) &&
		put_text(o, "directive_sha256", p->directive_sha256) &&
		put_text(o, "catalogue", p->catalogue_id) &&
		put_text(o, "catalogue_sha256", p->catalogue_sha256) &&
		put(o, "replacement", replacement(p));
}

vt_err vt_removal_write(vt_buf *b, const struct vt_removal *p)
{
	json_t *o = json_object();
	bool ok = o && head(o, p);
	size_t n, flags = JSON_INDENT(1) | JSON_ENSURE_ASCII;
	vt_err e = VT_ENOMEM;

	LIST("problems", p->nproblems, p->problems, problem);
	LIST("elements", p->nelements, p->elements, element);
	LIST("findings", p->nfindings, p->findings, finding);
	LIST("places", p->nplaces, p->places, place);
	LIST("steps", p->nsteps, p->steps, step);
	if (!ok)
		goto out;
	n = json_dumpb(o, NULL, 0, flags);
	e = vt_buf_reserve(b, n + 1);
	if (e)
		goto out;
	(void)json_dumpb(o, (char *)b->p + b->n, n, flags);
	b->n += n;
	e = vt_buf_add(b, "\n", 1);
out:
	json_decref(o);
	return e;
}
