/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inventory/verdict.h"

#include <inttypes.h>
#include <time.h>

#include "cli/text.h"
#include "inventory/judge.h"

#define MISSED_SHOWN 10

void vt_put_utc(FILE *f, int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;
	char text[32];

	if (gmtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		fputs(text, f);
}

static void put_misses(FILE *f, const struct vt_coverage *c)
{
	bool any = false;

	for (unsigned m = 0; m < VT_MISSES; m++) {
		if (!c->misses[m])
			continue;
		fprintf(f, "%s%" PRIu64 " %s", any ? ", " : "; not: ", c->misses[m],
			vt_miss_word((enum vt_miss)m));
		any = true;
	}
}

void vt_put_coverage(FILE *f, const struct vt_subject *s)
{
	for (unsigned a = 0; a < VT_AREAS; a++) {
		const struct vt_coverage *c = &s->coverage[a];

		if (!vt_area_applies(s->kind, (enum vt_area)a))
			continue;
		fprintf(f, "  %-11s", vt_area_word((enum vt_area)a));
		if (!s->asked[a]) {
			fputs("not asked for\n", f);
			continue;
		}
		fprintf(f, "%-10s %" PRIu64 " of %" PRIu64 " read", vt_answer_word(s->answer[a]),
			c->read, c->seen);
		put_misses(f, c);
		if (c->broken)
			fprintf(f, "; %" PRIu64 " can't be read whole", c->broken);
		else if (!c->sources)
			fputs("; there is no source to ask", f);
		fputc('\n', f);
	}
}

static void put_span(FILE *f, vt_span s)
{
	vt_put_visible(f, s);
}

void vt_put_finding(FILE *f, const struct vt_survey *s, const struct vt_catalogue *c,
	const struct vt_finding *v, bool all)
{
	const struct vt_product *p = vt_catalogue_product(c, v->product);

	put_span(f, v->id);
	fprintf(f, "  %s  ", v->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed" : "candidate");
	put_span(f, p ? p->name : v->product);
	fputs("  in ", f);
	put_span(f, s->subjects[v->subject].name);
	fputs(v->place.n ? ":" : " (the system)", f);
	put_span(f, v->place);
	if (v->embedded)
		fputs("  [embedded]", f);
	if (v->hidden)
		fputs("  [below a later layer]", f);
	fprintf(f, "\n    %s; %zu sign%s\n", v->why, v->n, v->n == 1 ? "" : "s");
	for (size_t i = 0; all && i < v->n; i++) {
		const struct vt_observation *o = &s->observations[v->observations[i]];

		fprintf(f, "\n  %" PRIu64 ". %s at ", o->id, vt_fact_word(o->kind));
		put_span(f, o->locus);
		fputs("\n     rule    ", f);
		put_span(f, o->rule);
		fputs(o->decisive ? " (identifies it)" : "", f);
		fputs(o->memory ? " (nobody has looked it up in a source)" : "", f);
		fputs("\n     seen    ", f);
		put_span(f, o->raw);
		fputs("\n     sha256  ", f);
		put_span(f, o->sha256);
		fputs("\n     repeat  ", f);
		put_span(f, o->repeat);
		fputc('\n', f);
	}
}

static void put_missed(FILE *f, const struct vt_survey *s, uint32_t subject)
{
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < s->nmissed; i++)
		n += s->missed[i].subject == subject;
	for (size_t i = 0; i < s->nmissed && shown < MISSED_SHOWN; i++) {
		const struct vt_missed *m = &s->missed[i];

		if (m->subject != subject)
			continue;
		if (!shown++)
			fputs("  not looked at:\n", f);
		fputs("    ", f);
		put_span(f, m->locus);
		fprintf(f, ": %s (%s)\n", vt_miss_text(m->why), vt_area_word(m->area));
	}
	if (n > shown)
		fprintf(f, "    and %zu more ('--format json' lists up to %d)\n", n - shown,
			VT_SURVEY_MISSED_MAX);
}

void vt_put_survey_human(FILE *f, const struct vt_survey *s, const struct vt_catalogue *c)
{
	for (size_t i = 0; i < s->nsubjects; i++) {
		const struct vt_subject *v = &s->subjects[i];

		fprintf(f, "%s ", vt_subject_word(v->kind));
		put_span(f, v->name);
		if (v->platform.n) {
			fputs(" (", f);
			put_span(f, v->platform);
			fputc(')', f);
		}
		fputc('\n', f);
		vt_put_coverage(f, v);
		put_missed(f, s, (uint32_t)i);
		fputc('\n', f);
	}
	for (size_t i = 0; i < s->nfindings; i++)
		vt_put_finding(f, s, c, &s->findings[i], false);
	fprintf(f, "%s%zu finding%s, %zu component%s; run ", s->nfindings ? "\n" : "", s->nfindings,
		s->nfindings == 1 ? "" : "s", s->ncomponents, s->ncomponents == 1 ? "" : "s");
	put_span(f, s->id);
	fputc('\n', f);
}

/* JSON ------------------------------------------------------------------------------------------
 */

static void put_pair(FILE *f, const char *key, vt_span v)
{
	fprintf(f, ",\"%s\":", key);
	vt_put_json(f, v);
}

static void put_area_json(FILE *f, const struct vt_subject *s, enum vt_area a)
{
	const struct vt_coverage *c = &s->coverage[a];
	bool any = false;

	fprintf(f,
		"\"%s\":{\"answer\":\"%s\",\"seen\":%" PRIu64 ",\"read\":%" PRIu64
		",\"sources\":%" PRIu64 ",\"broken\":%" PRIu64 ",\"missed\":{",
		vt_area_word(a), vt_answer_word(s->answer[a]), c->seen, c->read, c->sources,
		c->broken);
	for (unsigned m = 0; m < VT_MISSES; m++) {
		if (!c->misses[m])
			continue;
		fprintf(f, "%s\"%s\":%" PRIu64, any ? "," : "", vt_miss_word((enum vt_miss)m),
			c->misses[m]);
		any = true;
	}
	fputs("}}", f);
}

static void put_subject_json(FILE *f, const struct vt_survey *s, size_t i)
{
	const struct vt_subject *v = &s->subjects[i];
	bool any = false;

	fprintf(f, "{\"n\":%zu,\"kind\":\"%s\"", i, vt_subject_word(v->kind));
	put_pair(f, "name", v->name);
	put_pair(f, "platform", v->platform);
	fprintf(f, ",\"parent\":%" PRIu32 ",\"hidden\":%s,\"areas\":{", v->parent,
		v->hidden ? "true" : "false");
	for (unsigned a = 0; a < VT_AREAS; a++) {
		if (!v->asked[a])
			continue;
		fputs(any ? "," : "", f);
		put_area_json(f, v, (enum vt_area)a);
		any = true;
	}
	fputs("},\"missed\":[", f);
	any = false;
	for (size_t k = 0; k < s->nmissed; k++) {
		const struct vt_missed *m = &s->missed[k];

		if (m->subject != i)
			continue;
		fprintf(f, "%s{\"area\":\"%s\",\"why\":\"%s\"", any ? "," : "",
			vt_area_word(m->area), vt_miss_word(m->why));
		put_pair(f, "locus", m->locus);
		fputc('}', f);
		any = true;
	}
	fputs("]}", f);
}

static void put_observation_json(FILE *f, const struct vt_observation *o)
{
	fprintf(f, "{\"id\":%" PRIu64 ",\"kind\":\"%s\"", o->id, vt_fact_word(o->kind));
	put_pair(f, "locus", o->locus);
	put_pair(f, "rule", o->rule);
	put_pair(f, "raw", o->raw);
	put_pair(f, "sha256", o->sha256);
	put_pair(f, "repeat", o->repeat);
	fprintf(f, ",\"decisive\":%s,\"embedded\":%s,\"memory\":%s,\"hidden\":%s}",
		o->decisive ? "true" : "false", o->embedded ? "true" : "false",
		o->memory ? "true" : "false", o->hidden ? "true" : "false");
}

void vt_put_finding_json(FILE *f, const struct vt_survey *s, const struct vt_finding *v)
{
	fputs("{\"id\":", f);
	vt_put_json(f, v->id);
	put_pair(f, "product", v->product);
	fprintf(f, ",\"subject\":%" PRIu32, v->subject);
	put_pair(f, "place", v->place);
	fprintf(f, ",\"confidence\":\"%s\",\"embedded\":%s,\"hidden\":%s",
		v->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed" : "candidate",
		v->embedded ? "true" : "false", v->hidden ? "true" : "false");
	put_pair(f, "why", vt_span_str(v->why ? v->why : ""));
	fputs(",\"observations\":[", f);
	for (size_t i = 0; i < v->n; i++) {
		fputs(i ? "," : "", f);
		put_observation_json(f, &s->observations[v->observations[i]]);
	}
	fputs("]}", f);
}

static void put_component_json(FILE *f, const struct vt_component *c)
{
	fprintf(f, "{\"subject\":%" PRIu32, c->subject);
	put_pair(f, "manager", c->manager);
	put_pair(f, "name", c->name);
	put_pair(f, "version", c->version);
	put_pair(f, "arch", c->arch);
	put_pair(f, "vendor", c->vendor);
	put_pair(f, "status", c->status);
	put_pair(f, "source", c->source);
	put_pair(f, "purl", c->purl);
	put_pair(f, "locus", c->locus);
	fprintf(f, ",\"installed\":%s}", c->installed ? "true" : "false");
}

void vt_put_survey_json(FILE *f, const struct vt_survey *s)
{
	fputs("{\"schema\":\"vitrine.inventory/1\"", f);
	put_pair(f, "run", s->id);
	put_pair(f, "tool", s->tool);
	put_pair(f, "machine", s->machine);
	put_pair(f, "host", s->host);
	put_pair(f, "user", s->user);
	put_pair(f, "command", s->command);
	fputs(",\"started\":\"", f);
	vt_put_utc(f, s->started);
	fputs("\",\"ended\":\"", f);
	vt_put_utc(f, s->ended);
	fputc('"', f);
	put_pair(f, "catalogue", s->catalogue_id);
	put_pair(f, "catalogue_sha256", s->catalogue_sha256);
	put_pair(f, "catalogue_position", s->catalogue_position);
	put_pair(f, "rules_sha256", s->rules_sha256);
	fputs(",\"subjects\":[", f);
	for (size_t i = 0; i < s->nsubjects; i++) {
		fputs(i ? ",\n" : "\n", f);
		put_subject_json(f, s, i);
	}
	fputs("],\"findings\":[", f);
	for (size_t i = 0; i < s->nfindings; i++) {
		fputs(i ? ",\n" : "\n", f);
		vt_put_finding_json(f, s, &s->findings[i]);
	}
	fputs("],\"components\":[", f);
	for (size_t i = 0; i < s->ncomponents; i++) {
		fputs(i ? ",\n" : "\n", f);
		put_component_json(f, &s->components[i]);
	}
	fputs("]}\n", f);
}
