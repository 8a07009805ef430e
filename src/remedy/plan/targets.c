/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/plan/targets.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/num.h"
#include "inventory/place.h"

#define TEXT_MAX 6000

struct maker {
	const struct vt_survey *s;
	const struct vt_catalogue *c;
	vt_arena *a;
	struct vt_targets *t;
	uint32_t finding;
	const struct vt_product *product;
	vt_err e;
};

static vt_span keep(struct maker *m, vt_span s)
{
	char *p = s.n ? vt_arena_copy(m->a, s) : NULL;

	if (s.n && !p)
		m->e = VT_ENOMEM;
	return vt_span_of(p, p ? s.n : 0);
}

static struct vt_target *add(
	struct maker *m, enum vt_target_kind kind, vt_span value, vt_span manager)
{
	struct vt_targets *t = m->t;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == kind && vt_span_eq(t->v[i].value, value) &&
			vt_span_eq(t->v[i].manager, manager))
			return &t->v[i];
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct vt_target *v = vt_arena_array(m->a, cap, sizeof *v);

		if (!v) {
			m->e = VT_ENOMEM;
			return NULL;
		}
		if (t->n)
			memcpy(v, t->v, t->n * sizeof *v);
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n] = (struct vt_target){
		.kind = kind,
		.finding = m->finding,
		.product = m->product,
		.value = keep(m, value),
		.manager = keep(m, manager),
	};
	return &t->v[t->n++];
}

static void __attribute__((format(printf, 2, 3))) person(struct maker *m, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n > 0)
		(void)add(m, VT_TARGET_PERSON,
			vt_span_of(text, vt_min_size((size_t)n, sizeof text - 1)), (vt_span){0});
}

#define ARG(s) (int)vt_min_size((s).n, 1500), (s).n ? (const char *)(s).p : ""

/* A value of an observation, in the arena; empty if it is not said. */
static vt_span value(struct maker *m, const struct vt_observation *o, enum vt_attr at)
{
	vt_buf b = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	vt_span s = {0};

	if (vt_fact_value(o->raw, at, &b))
		s = keep(m, vt_buf_span(&b));
	vt_buf_free(&b);
	return s;
}

/* The path of a locus: without "#part"; empty if it is no path. */
static vt_span path_of(const struct vt_observation *o)
{
	vt_span path = vt_place_file(o);

	return vt_removal_path_ok(path) ? path : (vt_span){0};
}

static void package(struct maker *m, const struct vt_observation *o)
{
	vt_span manager = value(m, o, VT_ATTR_MANAGER), name = value(m, o, VT_ATTR_NAME);
	struct vt_target *t;

	if (vt_span_eq(manager, vt_span_str("dpkg")) || vt_span_eq(manager, vt_span_str("rpm"))) {
		if (!vt_removal_name_ok(name))
			return;
		t = add(m, VT_TARGET_PACKAGE, name, manager);
		if (t)
			t->sure = true;
		return;
	}
	person(m, "Remove %.*s, which %.*s manages (%.*s), with that manager.", ARG(name),
		ARG(manager), ARG(o->locus));
}

/* A file with several things in it is not to be taken away for one of them. */
static void certificate(struct maker *m, const struct vt_observation *o)
{
	vt_span path = path_of(o), fingerprint = value(m, o, VT_ATTR_FINGERPRINT);
	struct vt_target *t;

	if (!path.n || vt_place_trouble(VT_PLACE_CERTIFICATE, path)) {
		person(m, "Take the certificate %.*s out of the store %.*s.",
			ARG(value(m, o, VT_ATTR_CN)), ARG(o->locus));
		return;
	}
	t = add(m, VT_TARGET_CERTIFICATE, path, (vt_span){0});
	if (t) {
		t->sha256 = fingerprint;
		t->sure = true;
	}
}

static void named(struct maker *m, enum vt_target_kind kind, vt_span name)
{
	struct vt_target *t;

	if (!vt_removal_name_ok(name))
		return;
	t = add(m, kind, name, (vt_span){0});
	if (t)
		t->sure = true;
}

static void file(struct maker *m, enum vt_target_kind kind, vt_span path)
{
	struct vt_target *t = vt_removal_path_ok(path) ? add(m, kind, path, (vt_span){0}) : NULL;

	if (t)
		t->sure = true;
}

static void unit(struct maker *m, const struct vt_observation *o)
{
	vt_span manager = value(m, o, VT_ATTR_MANAGER), name = value(m, o, VT_ATTR_NAME);
	vt_span path = path_of(o);

	if (vt_span_eq(manager, vt_span_str("systemd")) && name.n)
		named(m, VT_TARGET_UNIT, name);
	else if (path.n && !vt_place_trouble(VT_PLACE_UNIT, path))
		file(m, VT_TARGET_PATH, path);
	else
		person(m, "Take out what starts it: %.*s (%.*s).", ARG(o->locus), ARG(name));
}

static void observation(struct maker *m, const struct vt_observation *o)
{
	switch (o->kind) {
	case VT_FACT_PACKAGE: package(m, o); break;
	case VT_FACT_FILE:
	case VT_FACT_EXECUTABLE:
	case VT_FACT_CONTENT: file(m, VT_TARGET_PATH, vt_place_file(o)); break;
	case VT_FACT_FOLDER: file(m, VT_TARGET_FOLDER, vt_place_file(o)); break;
	case VT_FACT_PROCESS: file(m, VT_TARGET_PATH, value(m, o, VT_ATTR_PATH)); break;
	case VT_FACT_UNIT: unit(m, o); break;
	case VT_FACT_MODULE: named(m, VT_TARGET_MODULE, value(m, o, VT_ATTR_NAME)); break;
	case VT_FACT_CERTIFICATE: certificate(m, o); break;
	case VT_FACT_EXTENSION: file(m, VT_TARGET_BROWSER, vt_place_file(o)); break;
	case VT_FACT_ACCOUNT: named(m, VT_TARGET_ACCOUNT, value(m, o, VT_ATTR_NAME)); break;
	case VT_FACT_REGISTRY:
		person(m, "On that Windows system: %.*s (%.*s)", ARG(m->product->removal),
			ARG(o->locus));
		break;
	case VT_FACT_LISTENER: /* ends with its process */
	case VT_FACT_KINDS: break;
	}
}

/* What the catalogue says belongs to the product; the prober sees whether it is there. */
static void belongings(struct maker *m)
{
	const struct vt_product *p = m->product;

	for (size_t i = 0; i < p->prefixes.n; i++)
		if (vt_removal_path_ok(p->prefixes.v[i]))
			(void)add(m, VT_TARGET_FOLDER, p->prefixes.v[i], (vt_span){0});
	for (size_t i = 0; i < p->units.n; i++)
		if (vt_removal_name_ok(p->units.v[i]))
			(void)add(m, VT_TARGET_UNIT, p->units.v[i], (vt_span){0});
	for (size_t i = 0; i < p->accounts.n; i++)
		if (vt_removal_name_ok(p->accounts.v[i]))
			(void)add(m, VT_TARGET_ACCOUNT, p->accounts.v[i], (vt_span){0});
}

static void elsewhere(struct maker *m, const struct vt_finding *f, const struct vt_subject *s)
{
	vt_span name = m->product->name;

	switch (s->kind) {
	case VT_SUBJECT_IMAGE:
	case VT_SUBJECT_LAYER:
		person(m,
			"Rebuild the container image %.*s without %.*s (in %s %.*s, at %.*s), "
			"replace the containers that run from it, and delete the old image%s.",
			ARG(m->s->subjects[vt_min_size(s->parent, m->s->nsubjects - 1)].name),
			ARG(name), vt_subject_word(s->kind), ARG(s->name), ARG(f->place),
			f->hidden ? "; a later layer hides it, but it is still in the image" : "");
		break;
	case VT_SUBJECT_DISK:
		person(m,
			"In the disk image %.*s: start that system and remove %.*s there (at "
			"%.*s), or mount it and plan with --root.",
			ARG(s->name), ARG(name), ARG(f->place));
		break;
	case VT_SUBJECT_SYSTEM:
	case VT_SUBJECT_ROOT:
		person(m, "Plan again for the root %.*s (vitrine plan --root): %.*s is there.",
			ARG(s->name), ARG(name));
		break;
	}
}

/* Where people keep their own things: one sign there may be a document that names the product. */
static bool peoples(vt_span locus)
{
	static const char *const folders[] = {
		"/opt/", "/etc/", "/usr/", "/var/", "/run/", "/lib/", "/lib64/", "/bin/", "/sbin/"};

	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (vt_span_at(locus, 0, folders[i], strlen(folders[i])))
			return false;
	return locus.n && locus.p[0] == '/';
}

/*
 * One sign is not enough to remove anything. But where the product is confirmed on this system, its
 * other signs in the system's folders are its traces, and are taken away with it.
 */
static bool is_trace(const struct maker *m, const enum vt_standing *standings)
{
	const struct vt_finding *f = &m->s->findings[m->finding], *g;
	bool confirmed = false;

	for (size_t i = 0; i < m->s->nfindings && !confirmed; i++) {
		g = &m->s->findings[i];
		confirmed = standings[i] == VT_STANDING_COVERED && !g->embedded &&
			g->subject == f->subject && vt_span_eq(g->product, f->product);
	}
	for (size_t i = 0; i < f->n && confirmed; i++)
		confirmed = !peoples(m->s->observations[f->observations[i]].locus);
	return confirmed;
}

static void finding(struct maker *m, enum vt_standing standing, uint32_t subject)
{
	const struct vt_finding *f = &m->s->findings[m->finding];
	enum vt_acting *acting = &m->t->acting[m->finding];

	*acting = standing == VT_STANDING_COVERED   ? VT_ACTING_HERE
		: standing == VT_STANDING_CANDIDATE ? VT_ACTING_PERSON
						    : VT_ACTING_NO;
	if (*acting == VT_ACTING_NO)
		return;
	if (f->embedded || f->subject != subject)
		*acting = VT_ACTING_PERSON;
	if (standing == VT_STANDING_CANDIDATE)
		person(m,
			"Look at the finding %.*s (vitrine explain): %.*s is not certain; nothing "
			"is "
			"removed for it.",
			ARG(f->id), ARG(m->product->name));
	else if (f->subject != subject)
		elsewhere(m, f, &m->s->subjects[f->subject]);
	else if (f->embedded)
		person(m,
			"Another product holds code of %.*s at %.*s: ask its maker for a version "
			"without it, or remove that product.",
			ARG(m->product->name), ARG(f->place));
	if (*acting == VT_ACTING_PERSON)
		return;
	for (size_t i = 0; i < f->n; i++)
		observation(m, &m->s->observations[f->observations[i]]);
	belongings(m);
}

vt_err vt_targets_make(const struct vt_survey *s, const struct vt_catalogue *c,
	const enum vt_standing *standings, uint32_t subject, vt_arena *a, struct vt_targets *out)
{
	struct maker m = {.s = s, .c = c, .a = a, .t = out};

	*out = (struct vt_targets){0};
	out->acting = vt_arena_array(a, s->nfindings ? s->nfindings : 1, sizeof *out->acting);
	if (!out->acting)
		return VT_ENOMEM;
	for (uint32_t i = 0; i < s->nfindings && !m.e; i++) {
		out->acting[i] = VT_ACTING_NO;
		m.finding = i;
		m.product = vt_catalogue_product(c, s->findings[i].product);
		if (m.product)
			finding(&m,
				standings[i] == VT_STANDING_CANDIDATE && is_trace(&m, standings)
					? VT_STANDING_COVERED
					: standings[i],
				subject);
	}
	return m.e;
}
