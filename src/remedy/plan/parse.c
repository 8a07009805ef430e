/* SPDX-License-Identifier: Apache-2.0 */
/* Reading plans. Whatever a step needs to be safe is checked here, once, and not where it acts. */
#include <stdio.h>

#include "base/num.h"
#include "remedy/plan/plan.h"
#include "remedy/plan/read.h"

#define TEXT_MAX 8192
#define NAME_MAX_ 200

static const char *step_word(unsigned i)
{
	return vt_removal_step_word((enum vt_removal_step_kind)i);
}

static const char *place_word(unsigned i)
{
	return vt_place_word((enum vt_place_kind)i);
}

static const char *replacement_word(unsigned i)
{
	return vt_replacement_word((enum vt_replacement_kind)i);
}

static const char *type_word(unsigned i)
{
	static const char *const words[] = {"file", "folder", "link", "other"};

	return words[i];
}

static const char *acting_word(unsigned i)
{
	static const char *const words[] = {"steps", "person", "none"};

	return words[i];
}

static void take_file(struct vt_take *t, struct vt_removal_file *f)
{
	f->path = vt_take_bytes(t, "path", VT_REMOVAL_PATH_MAX, true);
	f->type = (enum vt_removal_file_type)vt_take_word(t, "type", type_word, 4);
	f->dev = vt_take_number(t, "dev", INT64_MAX);
	f->ino = vt_take_number(t, "ino", INT64_MAX);
	f->size = vt_take_number(t, "size", INT64_MAX);
	f->mode = (uint32_t)vt_take_number(t, "mode", 07777);
	f->uid = (uint32_t)vt_take_number(t, "uid", UINT32_MAX);
	f->gid = (uint32_t)vt_take_number(t, "gid", UINT32_MAX);
	f->mtime = vt_take_time(t, "mtime");
	f->sha256 = vt_take_hex(t, "sha256", 64, false);
	f->loose = vt_take_bool(t, "loose", false);
	if (t->e)
		return;
	if (!vt_removal_path_ok(f->path))
		vt_take_refuse(t, "path", "not an absolute path in its plain form");
	if ((f->type == VT_REMOVAL_FILE || f->type == VT_REMOVAL_LINK) && !f->loose && !f->sha256.n)
		vt_take_refuse(t, "sha256", "missing");
}

static void take_package(struct vt_take *t, struct vt_removal_package *p)
{
	p->manager = vt_take_text(t, "manager", 20, true);
	p->name = vt_take_text(t, "name", NAME_MAX_, true);
	p->version = vt_take_text(t, "version", NAME_MAX_, false);
	p->arch = vt_take_text(t, "arch", 40, false);
	p->status = vt_take_text(t, "status", NAME_MAX_, false);
	if (!t->e && !vt_removal_name_ok(p->name))
		vt_take_refuse(t, "name", "not the name of a package");
	if (!t->e && p->arch.n && !vt_removal_name_ok(p->arch))
		vt_take_refuse(t, "arch", "not the name of an architecture");
	if (!t->e && !vt_span_eq(p->manager, vt_span_str("dpkg")) &&
		!vt_span_eq(p->manager, vt_span_str("rpm")))
		vt_take_refuse(t, "manager", "not dpkg or rpm");
}

/* What a step's target must look like. */
static const char *target_trouble(const struct vt_removal *plan, const struct vt_removal_step *s)
{
	static const char *const refreshed[] = {"initramfs", "ldconfig", "certificates", "units"};
	vt_span name = s->target;

	switch (s->kind) {
	case VT_STEP_MASK:
	case VT_STEP_STOP:
	case VT_STEP_UNLOAD: return vt_removal_name_ok(name) ? NULL : "not a name";
	case VT_STEP_ACCOUNT:
		if (name.n > 5 && memcmp(name.p, "user ", 5) == 0)
			name = vt_span_of(name.p + 5, name.n - 5);
		else if (name.n > 6 && memcmp(name.p, "group ", 6) == 0)
			name = vt_span_of(name.p + 6, name.n - 6);
		else
			return "neither 'user NAME' nor 'group NAME'";
		return !vt_removal_name_ok(name) ? "not a name"
			: s->number < 100        ? "an account of the system itself"
						 : NULL;
	case VT_STEP_END:
		return vt_removal_place(plan, name) ? NULL : "not one of the plan's places";
	case VT_STEP_REFRESH:
		for (size_t i = 0; i < VT_COUNT(refreshed); i++)
			if (vt_span_eq(name, vt_span_str(refreshed[i])))
				return NULL;
		return "not something that can be refreshed";
	case VT_STEP_REPLACEMENT:
	case VT_STEP_SNAPSHOT:
	case VT_STEP_BACKUP:
	case VT_STEP_UNINSTALL:
	case VT_STEP_SWEEP:
	case VT_STEP_DISTRUST:
	case VT_STEP_RECHECK:
	case VT_STEP_REBOOT:
	case VT_STEP_VERIFY:
	case VT_STEP_PERSON:
	case VT_STEP_KINDS: break;
	}
	return NULL;
}

static void check_step(
	struct vt_take *t, const struct vt_removal *plan, const struct vt_removal_step *s)
{
	static const struct {
		bool files, packages;
	} may[] = {
#define VT_STEP(ID, word, files, packages, meaning) {files, packages},
#include "remedy/plan/steps.def"
#undef VT_STEP
	};
	const char *trouble = target_trouble(plan, s);

	if (trouble)
		vt_take_refuse(t, "target", trouble);
	if (s->nfiles && !may[s->kind].files)
		vt_take_refuse(t, "files", "this kind of step has none");
	if ((s->npackages != 0) != may[s->kind].packages)
		vt_take_refuse(t, "packages", "missing, or not of this kind of step");
	for (size_t i = 0; i < s->npackages; i++)
		if (!vt_span_eq(s->packages[i].manager, s->packages[0].manager))
			vt_take_refuse(t, "packages", "of several managers");
	for (size_t i = 0; i < s->nfiles && !t->e; i++)
		if (!vt_removal_place(plan, s->files[i].path))
			vt_take_refuse(t, "files", "a path outside of the findings' places");
	for (size_t i = 0; i < s->nfiles && !t->e && s->kind == VT_STEP_MASK; i++) {
		vt_span path = s->files[i].path;

		if (path.n <= s->target.n || path.p[path.n - s->target.n - 1] != '/' ||
			!vt_span_at(path, path.n - s->target.n, s->target.p, s->target.n))
			vt_take_refuse(t, "files", "not the unit that is masked");
	}
}

static void take_step(struct vt_take *t, const struct vt_removal *plan, struct vt_removal_step *s)
{
	const json_t *packages, *files;
	struct vt_take in;

	s->kind = (enum vt_removal_step_kind)vt_take_word(t, "step", step_word, VT_STEP_KINDS);
	s->target = vt_take_bytes(t, "target", VT_REMOVAL_PATH_MAX, false);
	s->does = vt_take_text(t, "does", TEXT_MAX, true);
	s->undo = vt_take_text(t, "undo", TEXT_MAX, false);
	s->findings = vt_take_text(t, "findings", TEXT_MAX, false);
	s->sha256 = vt_take_hex(t, "sha256", 64, false);
	if (s->kind == VT_STEP_ACCOUNT)
		s->number = vt_take_number(t, "number", UINT32_MAX);
	packages = vt_take_list(t, "packages", 1000, false);
	files = vt_take_list(t, "files", VT_REMOVAL_FILES_MAX, false);
	s->npackages = packages ? json_array_size(packages) : 0;
	s->nfiles = files ? json_array_size(files) : 0;
	s->packages = vt_take_array(t, s->npackages, sizeof *s->packages);
	s->files = vt_take_array(t, s->nfiles, sizeof *s->files);
	for (size_t i = 0; i < s->npackages && !t->e; i++) {
		vt_take_begin(&in, t, json_array_get(packages, i), "packages", i);
		take_package(&in, &s->packages[i]);
		t->e = vt_take_end(&in);
	}
	for (size_t i = 0; i < s->nfiles && !t->e; i++) {
		vt_take_begin(&in, t, json_array_get(files, i), "files", i);
		take_file(&in, &s->files[i]);
		t->e = vt_take_end(&in);
	}
	if (!t->e)
		check_step(t, plan, s);
}

static void take_finding(struct vt_take *t, struct vt_removal_finding *f)
{
	f->id = vt_take_text(t, "id", 40, true);
	f->product = vt_take_text(t, "product", NAME_MAX_, true);
	f->name = vt_take_text(t, "name", TEXT_MAX, false);
	f->subject = vt_take_text(t, "subject", TEXT_MAX, false);
	f->place = vt_take_bytes(t, "place", VT_REMOVAL_PATH_MAX, false);
	f->standing = vt_take_text(t, "standing", 40, true);
	f->acting = (enum vt_acting)vt_take_word(t, "removed_by", acting_word, 3);
	f->confirmed = vt_take_bool(t, "confirmed", true);
	f->embedded = vt_take_bool(t, "embedded", true);
}

static void take_element(struct vt_take *t, struct vt_element *e)
{
	e->id = vt_take_text(t, "id", 60, true);
	e->title = vt_take_text(t, "title", TEXT_MAX, true);
	if (json_is_null(json_object_get(t->o, "value")))
		(void)vt_take_value(t, "value", true);
	else
		e->value = vt_take_text(t, "value", TEXT_MAX, true);
}

static void take_place(struct vt_take *t, const struct vt_removal *plan, struct vt_place *p)
{
	const char *trouble;
	bool known = false;

	p->kind = (enum vt_place_kind)vt_take_word(t, "kind", place_word, VT_PLACE_KINDS);
	p->path = vt_take_bytes(t, "path", VT_REMOVAL_PATH_MAX, true);
	p->finding = vt_take_text(t, "finding", 40, true);
	if (t->e)
		return;
	trouble = vt_place_trouble(p->kind, p->path);
	if (trouble)
		vt_take_refuse(t, "path", trouble);
	for (size_t i = 0; i < plan->nfindings && !known; i++)
		known = vt_span_eq(plan->findings[i].id, p->finding) &&
			plan->findings[i].acting == VT_ACTING_HERE;
	if (!known)
		vt_take_refuse(t, "finding", "not a finding that the steps remove");
}

#define EACH(key, max, n, v, call)                                                                 \
	do {                                                                                       \
		const json_t *list_ = vt_take_list(t, key, max, true);                             \
		struct vt_take in;                                                                 \
		n = list_ ? json_array_size(list_) : 0;                                            \
		v = vt_take_array(t, n, sizeof *v);                                                \
		for (size_t i = 0; i < n && !t->e; i++) {                                          \
			vt_take_begin(&in, t, json_array_get(list_, i), key, i);                   \
			call;                                                                      \
			t->e = vt_take_end(&in);                                                   \
		}                                                                                  \
	} while (0)

static void take_problems(struct vt_take *t, struct vt_removal *p)
{
	const json_t *list = vt_take_list(t, "problems", 10000, true), *v;

	p->nproblems = list ? json_array_size(list) : 0;
	p->problems = vt_take_array(t, p->nproblems, sizeof *p->problems);
	for (size_t i = 0; i < p->nproblems && !t->e; i++) {
		v = json_array_get(list, i);
		if (!json_is_string(v) || json_string_length(v) > TEXT_MAX)
			vt_take_refuse(t, "problems", "not a sentence");
		else
			p->problems[i].p = (const uint8_t *)vt_arena_copy(
				t->a, vt_span_of(json_string_value(v), json_string_length(v)));
		if (!t->e && !p->problems[i].p)
			t->e = VT_ENOMEM;
		p->problems[i].n = t->e ? 0 : json_string_length(v);
	}
}

static void take_head(struct vt_take *t, struct vt_removal *p)
{
	const json_t *v;
	struct vt_take in;

	p->id = vt_take_hex(t, "id", 32, true);
	p->tool = vt_take_text(t, "tool", 80, true);
	p->made = vt_take_time(t, "made");
	p->machine = vt_take_hex(t, "machine", 32, false);
	p->host = vt_take_text(t, "host", 256, false);
	p->root = vt_take_bytes(t, "root", VT_REMOVAL_PATH_MAX, true);
	p->survey = vt_take_text(t, "survey", 64, false);
	p->directive_id = vt_take_text(t, "directive", NAME_MAX_, true);
	p->directive_version = vt_take_text(t, "directive_version", NAME_MAX_, false);
	p->directive_sha256 = vt_take_hex(t, "directive_sha256", 64, true);
	p->catalogue_id = vt_take_text(t, "catalogue", NAME_MAX_, false);
	p->catalogue_sha256 = vt_take_hex(t, "catalogue_sha256", 64, true);
	v = vt_take_value(t, "replacement", true);
	if (t->e)
		return;
	vt_take_begin(&in, t, v, "replacement", SIZE_MAX);
	p->replacement = (enum vt_replacement_kind)vt_take_word(
		&in, "kind", replacement_word, VT_REPLACEMENT_KINDS);
	p->replacement_name = vt_take_bytes(&in, "name", VT_REMOVAL_PATH_MAX, false);
	if (!in.e &&
		(p->replacement == VT_REPLACEMENT_PACKAGE ||
			p->replacement == VT_REPLACEMENT_UNIT) &&
		!vt_removal_name_ok(p->replacement_name))
		vt_take_refuse(&in, "name", "not a name");
	if (!in.e && p->replacement == VT_REPLACEMENT_FILE &&
		!vt_removal_path_ok(p->replacement_name))
		vt_take_refuse(&in, "name", "not a path");
	if (!in.e && p->replacement == VT_REPLACEMENT_NONE && !p->replacement_name.n)
		vt_take_refuse(&in, "name", "who said that none is needed, and why?");
	t->e = vt_take_end(&in);
}

static vt_err take_plan(struct vt_take *t, struct vt_removal *p)
{
	vt_span format = vt_take_text(t, "format", 60, true);

	if (!t->e && !vt_span_eq(format, vt_span_str(VT_REMOVAL_FORMAT))) {
		vt_take_refuse(t, "format", "not a removal plan of a version that is read here");
		return t->e = VT_EVERSION;
	}
	take_head(t, p);
	take_problems(t, p);
	EACH("elements", 200, p->nelements, p->elements, take_element(&in, &p->elements[i]));
	EACH("findings", 100000, p->nfindings, p->findings, take_finding(&in, &p->findings[i]));
	EACH("places", 10000, p->nplaces, p->places, take_place(&in, p, &p->places[i]));
	EACH("steps", VT_REMOVAL_STEPS_MAX, p->nsteps, p->steps, take_step(&in, p, &p->steps[i]));
	return vt_take_end(t);
}

vt_err vt_removal_parse(vt_span json, vt_arena *a, struct vt_removal *out, struct vt_doc_error *why)
{
	struct vt_take t = {.a = a, .why = why};
	struct vt_removal p = {0};
	json_error_t je;
	json_t *o;
	vt_err e;

	*why = (struct vt_doc_error){0};
	if (json.n > VT_REMOVAL_MAX)
		return VT_ELIMIT;
	o = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &je);
	if (!o) {
		(void)snprintf(
			why->where, sizeof why->where, "line %d, column %d", je.line, je.column);
		(void)snprintf(why->cause, sizeof why->cause, "%.180s", je.text);
		return VT_EFORMAT;
	}
	vt_take_begin(&t, NULL, o, "", SIZE_MAX);
	e = t.e ? t.e : take_plan(&t, &p);
	json_decref(o);
	if (!e)
		*out = p;
	return e;
}
