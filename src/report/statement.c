/* SPDX-License-Identifier: Apache-2.0 */
#include "report/statement.h"

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "report/statement_parts.h"

const char *const vt_statement_runs[3] = {"run", "before", "second"};

/* What identifies a subject: its content where it has one, else its name and the machine. */
static vt_err subject_digest(const struct vt_survey *s, const struct vt_subject *v, vt_buf *out)
{
	vt_buf b = VT_BUF_INIT(1 << 20);
	uint8_t digest[32];
	vt_err e;

	if (v->sha256.n == 64)
		return vt_buf_add(out, v->sha256.p, v->sha256.n);
	e = vt_buf_addf(&b, "vitrine/subject/v1\n%s\n", vt_subject_word(v->kind));
	if (!e)
		e = vt_buf_add(&b, v->name.p, v->name.n);
	if (!e)
		e = vt_buf_add_u8(&b, '\n');
	if (!e)
		e = vt_buf_add(&b, s->machine.p, s->machine.n);
	if (!e) {
		vt_sha256(vt_buf_span(&b), digest);
		e = vt_hex_add(out, vt_span_of(digest, sizeof digest));
	}
	vt_buf_free(&b);
	return e;
}

static void subjects(struct vt_json *j, const struct vt_survey *s)
{
	vt_buf name = VT_BUF_INIT(1 << 16), digest = VT_BUF_INIT(64);
	vt_err e = VT_OK;

	vt_json_open(j, "subject", '[');
	for (size_t i = 0; i < s->nsubjects && !e; i++) {
		const struct vt_subject *v = &s->subjects[i];

		vt_buf_clear(&name);
		vt_buf_clear(&digest);
		e = vt_buf_addf(&name, "%s:", vt_subject_word(v->kind));
		if (!e)
			e = vt_buf_add(&name, v->name.p, v->name.n);
		if (!e)
			e = subject_digest(s, v, &digest);
		vt_json_open(j, NULL, '{');
		vt_json_span(j, "name", vt_buf_span(&name));
		vt_json_open(j, "digest", '{');
		vt_json_span(j, "sha256", vt_buf_span(&digest));
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
	if (e && !j->e)
		j->e = e;
	vt_buf_free(&name);
	vt_buf_free(&digest);
}

static void strings(struct vt_json *j, const char *key, struct vt_strings_of v)
{
	vt_json_open(j, key, '[');
	for (size_t i = 0; i < v.n; i++)
		vt_json_span(j, NULL, v.v[i]);
	vt_json_close(j);
}

static void exceptions(struct vt_json *j, const struct vt_directive *d)
{
	char day[VT_DAY_SIZE];

	vt_json_open(j, "exceptions", '[');
	for (size_t i = 0; i < d->nexceptions; i++) {
		const struct vt_exception *x = &d->exceptions[i];

		vt_json_open(j, NULL, '{');
		vt_json_span(j, "id", x->id);
		vt_json_span(j, "approver", x->approver);
		vt_json_span(j, "reason", x->reason);
		vt_json_span(j, "mitigation", x->mitigation);
		vt_json_span(j, "scope", x->scope);
		strings(j, "products", x->products);
		if (x->expires != VT_DAY_NONE)
			vt_json_str(j, "expires", vt_day_write(x->expires, day));
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void directive(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_directive *d = in->directive;
	char day[VT_DAY_SIZE];

	vt_json_open(j, "directive", '{');
	vt_json_span(j, "id", d->id);
	vt_json_span(j, "version", d->version);
	vt_json_span(j, "title", d->title);
	vt_json_span(j, "issuer", d->issuer);
	vt_json_span(j, "sha256", d->sha256);
	vt_json_span(j, "position", in->directive_position);
	vt_json_str(j, "judgedOn", vt_day_write(in->on, day));
	vt_json_open(j, "scope", '{');
	vt_json_bool(j, "branded", d->branded);
	vt_json_bool(j, "embedded", d->embedded);
	vt_json_bool(j, "services", d->services);
	vt_json_bool(j, "hardware", d->hardware);
	vt_json_close(j);
	vt_json_open(j, "required", '[');
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (d->required[a])
			vt_json_str(j, NULL, vt_area_word((enum vt_area)a));
	vt_json_close(j);
	vt_json_u64(j, "threshold", d->threshold);
	exceptions(j, d);
	vt_json_close(j);
}

static bool is_seen(const struct vt_report_run *r, vt_span product)
{
	for (size_t i = 0; r->survey && i < r->survey->nobservations; i++)
		if (vt_span_eq(r->survey->observations[i].product, product))
			return true;
	return false;
}

/* Those that the directive means, and those that were seen. */
static void products(struct vt_json *j, const struct vt_report_input *in)
{
	vt_json_open(j, "products", '[');
	for (size_t i = 0; i < in->catalogue->nproducts; i++) {
		const struct vt_product *p = &in->catalogue->products[i];
		bool covered = vt_directive_covers(in->directive, p);

		if (!covered && !is_seen(&in->run, p->id) && !is_seen(&in->before, p->id) &&
			!is_seen(&in->second, p->id))
			continue;
		vt_json_open(j, NULL, '{');
		vt_json_span(j, "id", p->id);
		vt_json_span(j, "name", p->name);
		vt_json_span(j, "entity", p->entity);
		vt_json_span(j, "category", p->category);
		vt_json_bool(j, "covered", covered);
		vt_json_bool(j, "assessable", p->assessable);
		strings(j, "prefixes", p->prefixes);
		vt_json_close(j);
	}
	vt_json_close(j);
}

vt_err vt_statement_write(const struct vt_report_input *in, vt_buf *out)
{
	const struct vt_report_run *runs[] = {&in->run, &in->before, &in->second};
	struct vt_json j = {.b = out};
	size_t n = out->n;

	vt_json_open(&j, NULL, '{');
	vt_json_str(&j, "_type", VT_STATEMENT_TYPE);
	subjects(&j, in->run.survey);
	vt_json_str(&j, "predicateType", VT_PREDICATE_TYPE);
	vt_json_open(&j, "predicate", '{');
	vt_json_time(&j, "issued", in->time);
	vt_json_some(&j, "challenge", in->challenge);
	vt_json_some(&j, "organisation", in->organisation);
	vt_json_some(&j, "contact", in->contact);
	strings(&j, "reviewers", in->reviewers);
	directive(&j, in);
	products(&j, in);
	for (size_t i = 0; i < VT_COUNT(runs); i++)
		vt_statement_run(&j, vt_statement_runs[i], runs[i]);
	vt_json_close(&j);
	vt_json_close(&j);
	if (j.e)
		out->n = n;
	return j.e;
}
