/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order: what takes over, evidence, copies; masks before stops, because some products write
 * their unit again when they start; packages before what is left of them; what was made from
 * removed files last.
 */
#include "remedy/plan/planner.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "remedy/plan/elements.h"

struct maker {
	const struct vt_planning *p;
	vt_arena *a;
	struct vt_removal *out;
	size_t cap;
	struct vt_removal_step nowhere; /* what no room is left for */
	vt_err e;
};

static vt_span __attribute__((format(printf, 2, 3))) textf(struct maker *m, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	char *copy;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	copy = n < 0
		? NULL
		: vt_arena_copy(m->a, vt_span_of(text, vt_min_size((size_t)n, sizeof text - 1)));
	if (!copy) {
		m->e = VT_ENOMEM;
		return (vt_span){0};
	}
	return vt_span_str(copy);
}

#define ARG(s) (int)vt_min_size((s).n, 1200), (s).n ? (const char *)(s).p : ""
#define S(literal) vt_span_str(literal)

static struct vt_removal_step *add(struct maker *m, enum vt_removal_step_kind kind, vt_span target,
	vt_span finding, vt_span does, vt_span undo)
{
	struct vt_removal_step *s;

	if (m->e || m->out->nsteps == m->cap) {
		if (!m->e)
			m->e = VT_ELIMIT;
		return &m->nowhere;
	}
	s = &m->out->steps[m->out->nsteps++];
	*s = (struct vt_removal_step){
		.kind = kind, .target = target, .findings = finding, .does = does, .undo = undo};
	return s;
}

static void before(struct maker *m)
{
	vt_span none = {0};

	(void)add(m, VT_STEP_REPLACEMENT, none, none,
		S("check that what takes over is there and at work; nothing is removed before"),
		none);
	(void)add(m, VT_STEP_SNAPSHOT, none, none,
		S("write down which packages there are, to compare with afterwards"), none);
	(void)add(m, VT_STEP_BACKUP, none, none,
		S("copy every file that later steps take away, with owner, mode and attributes, "
		  "and "
		  "make packages of what is installed (dpkg-repack)"),
		S("the copies stay in the removal's folder until somebody deletes them"));
}

/* Something may run from there. */
static bool has_program(const struct vt_scene_place *p)
{
	for (size_t i = 0; i < p->nfiles; i++)
		if (p->files[i].type == VT_REMOVAL_FILE && (p->files[i].mode & 0111))
			return true;
	return false;
}

static void units(struct maker *m)
{
	const struct vt_scene *s = m->p->scene;

	for (size_t i = 0; i < s->nunits; i++) {
		const struct vt_scene_unit *u = &s->units[i];
		struct vt_removal_step *step = add(m, VT_STEP_MASK, u->name, u->finding,
			S("link it to /dev/null in /etc/systemd/system, so that nothing starts it "
			  "again, even if it is written again; the link stays"),
			S("take the link away, put back what stood there"));

		step->nfiles = u->nfiles;
		step->files = u->files;
	}
	for (size_t i = 0; i < s->nunits; i++)
		(void)add(m, VT_STEP_STOP, s->units[i].name, s->units[i].finding,
			textf(m, "stop it; if it refuses, the maker's way is: %.*s",
				ARG(s->units[i].product->removal)),
			S("start it"));
	for (size_t i = 0; i < s->nplaces; i++)
		if (has_program(&s->places[i]))
			(void)add(m, VT_STEP_END, s->places[i].place.path,
				s->places[i].place.finding,
				S("end what runs from there (SIGTERM, then SIGKILL)"),
				(vt_span){0});
	for (size_t i = 0; i < s->nmodules; i++)
		(void)add(m, VT_STEP_UNLOAD, s->modules[i].target, s->modules[i].finding,
			S("unload it; if it is in use it goes with the next restart"),
			S("load it"));
}

static bool said_before(const struct maker *m, size_t i)
{
	const struct vt_survey *s = m->p->survey;

	for (size_t k = 0; k < i; k++)
		if (vt_span_eq(s->findings[k].product, s->findings[i].product))
			return true;
	return false;
}

/* The makers' ways, for when the packages defend themselves. */
static vt_span ways(struct maker *m)
{
	const struct vt_survey *s = m->p->survey;
	vt_span text = {0};

	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_product *p =
			vt_catalogue_product(m->p->catalogue, s->findings[i].product);

		if (p && p->removal.n && m->p->targets->acting[i] == VT_ACTING_HERE &&
			text.n < 1000 && !said_before(m, i))
			text = textf(m, "%.*s%s%.*s: %.*s%s%.*s", ARG(text), text.n ? " " : "",
				ARG(p->name), ARG(p->removal), p->removal_url.n ? " " : "",
				ARG(p->removal_url));
	}
	return text;
}

static void packages(struct maker *m)
{
	static const char *const managers[] = {"dpkg", "rpm"};
	const struct vt_scene *s = m->p->scene;

	for (size_t k = 0; k < VT_COUNT(managers); k++) {
		struct vt_removal_package *v;
		struct vt_removal_step *step;
		size_t n = 0;

		v = vt_arena_array(m->a, s->npackages ? s->npackages : 1, sizeof *v);
		for (size_t i = 0; v && i < s->npackages; i++)
			if (vt_span_eq(s->packages[i].manager, S(managers[k])))
				v[n++] = s->packages[i];
		if (!v)
			m->e = VT_ENOMEM;
		if (!v || n == 0)
			continue;
		step = add(m, VT_STEP_UNINSTALL, S(managers[k]), (vt_span){0},
			textf(m,
				"remove these and their configuration, and no other: %s refuses if "
				"something needs them. The maker's way: %.*s",
				k == 0 ? "dpkg --purge" : "rpm -e", ARG(ways(m))),
			k == 0 ? S("install the copies that dpkg-repack made")
			       : S("install the packages from where they came from"));
		step->npackages = n;
		step->packages = v;
	}
}

static void residue(struct maker *m)
{
	const struct vt_scene *s = m->p->scene;
	bool certificates = false, libraries = false, unit_files = false;

	for (size_t i = 0; i < s->nplaces; i++) {
		const struct vt_scene_place *x = &s->places[i];
		bool certificate = x->place.kind == VT_PLACE_CERTIFICATE;
		struct vt_removal_step *step = add(m,
			certificate ? VT_STEP_DISTRUST : VT_STEP_SWEEP, x->place.path,
			x->place.finding,
			certificate ? S("remove this certificate's file, if it is still this one")
				    : S("remove what is left there, each file only if it is "
					"still the one that the plan saw"),
			S("put the copies back"));

		step->nfiles = x->nfiles;
		step->files = x->files;
		step->sha256 = x->sha256;
		certificates |= certificate;
		unit_files |= x->place.kind == VT_PLACE_UNIT;
		libraries |= x->place.kind == VT_PLACE_FOLDER || x->place.kind == VT_PLACE_FILE;
	}
	for (size_t i = 0; i < s->naccounts; i++) {
		struct vt_removal_step *step = add(m, VT_STEP_ACCOUNT, s->accounts[i].target,
			s->accounts[i].finding,
			S("remove it, if it has the number that the plan saw; its home folder is "
			  "not touched"),
			S("make it again with its number, without its password"));

		step->number = s->accounts[i].number;
	}
	if (certificates)
		(void)add(m, VT_STEP_REFRESH, S("certificates"), (vt_span){0},
			S("make the bundles of certificates again (update-ca-certificates)"),
			S("the same"));
	if (libraries)
		(void)add(m, VT_STEP_REFRESH, S("ldconfig"), (vt_span){0},
			S("make the linker's cache again"), S("the same"));
	if (s->initramfs)
		(void)add(m, VT_STEP_REFRESH, S("initramfs"), (vt_span){0},
			S("make the initramfs again: it may hold copies of modules and units"),
			S("the same"));
	if (unit_files || s->nunits)
		(void)add(m, VT_STEP_REFRESH, S("units"), (vt_span){0},
			S("have systemd read its units again"), S("the same"));
}

static void afterwards(struct maker *m)
{
	const struct vt_targets *t = m->p->targets;
	const struct vt_scene *s = m->p->scene;
	vt_span none = {0};

	(void)add(m, VT_STEP_RECHECK, none, none,
		S("look whether a unit, package, process or file came back, or another came along; "
		  "stop with an alert if so"),
		none);
	(void)add(m, VT_STEP_REBOOT, none, none, S("look whether a restart is needed"), none);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == VT_TARGET_PERSON)
			(void)add(m, VT_STEP_PERSON, none,
				m->p->survey->findings[t->v[i].finding].id, t->v[i].value, none);
	for (size_t i = 0; i < s->npersons; i++)
		(void)add(m, VT_STEP_PERSON, none, m->p->survey->findings[s->persons[i].finding].id,
			s->persons[i].value, none);
	(void)add(m, VT_STEP_VERIFY, none, none,
		S("look by other means whether all of it is gone (again with 'vitrine verify', "
		  "after a restart if one is needed)"),
		none);
}

static void findings(struct maker *m)
{
	const struct vt_survey *s = m->p->survey;

	m->out->findings =
		vt_arena_array(m->a, s->nfindings ? s->nfindings : 1, sizeof *m->out->findings);
	if (!m->out->findings) {
		m->e = VT_ENOMEM;
		return;
	}
	m->out->nfindings = s->nfindings;
	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_finding *f = &s->findings[i];
		const struct vt_product *p = vt_catalogue_product(m->p->catalogue, f->product);

		m->out->findings[i] = (struct vt_removal_finding){
			.id = f->id,
			.product = f->product,
			.name = p ? p->name : f->product,
			.subject = s->subjects[f->subject].name,
			.place = f->place,
			.standing = S(vt_standing_word(m->p->standings[i])),
			.acting = m->p->targets->acting[i],
			.confirmed = f->confidence == VT_CONFIDENCE_CONFIRMED,
			.embedded = f->embedded,
		};
	}
}

static void places(struct maker *m)
{
	const struct vt_scene *s = m->p->scene;
	size_t n = 0, max = s->nplaces + s->nunits;

	m->out->places = vt_arena_array(m->a, max ? max : 1, sizeof *m->out->places);
	if (!m->out->places) {
		m->e = VT_ENOMEM;
		return;
	}
	for (size_t i = 0; i < s->nplaces; i++)
		m->out->places[n++] = s->places[i].place;
	for (size_t i = 0; i < s->nunits; i++)
		if (s->units[i].nfiles)
			m->out->places[n++] = (struct vt_place){
				VT_PLACE_UNIT, s->units[i].files[0].path, s->units[i].finding};
	m->out->nplaces = n;
}

static void problems(struct maker *m)
{
	const struct vt_scene *s = m->p->scene;
	vt_span *v = vt_arena_array(m->a, s->nproblems + 1, sizeof *v);
	size_t n = 0;

	if (!v) {
		m->e = VT_ENOMEM;
		return;
	}
	if (m->p->replacement == VT_REPLACEMENT_OPEN)
		v[n++] = S("nobody said what replaces it: --replacement, or --no-replacement with "
			   "who says so and why");
	for (size_t i = 0; i < s->nproblems; i++)
		v[n++] = s->problems[i];
	m->out->problems = v;
	m->out->nproblems = n;
}

vt_err vt_removal_make(const struct vt_planning *p, vt_arena *a, struct vt_removal *out)
{
	struct maker m = {.p = p, .a = a, .out = out, .cap = VT_REMOVAL_STEPS_MAX};

	*out = (struct vt_removal){
		.id = p->id,
		.tool = p->tool,
		.made = p->now,
		.machine = p->machine,
		.host = p->survey->host,
		.root = p->root,
		.survey = p->survey->id,
		.directive_id = p->directive->id,
		.directive_version = p->directive->version,
		.directive_sha256 = p->directive->sha256,
		.catalogue_id = p->catalogue->id,
		.catalogue_sha256 = p->catalogue->sha256,
		.replacement = p->replacement,
		.replacement_name = p->replacement_name,
	};
	out->steps = vt_arena_array(a, m.cap, sizeof *out->steps);
	if (!out->steps)
		return VT_ENOMEM;
	findings(&m);
	places(&m);
	problems(&m);
	before(&m);
	units(&m);
	packages(&m);
	residue(&m);
	afterwards(&m);
	return m.e ? m.e : vt_elements_make(p, a, out);
}
