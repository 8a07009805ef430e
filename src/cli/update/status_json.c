/* SPDX-License-Identifier: Apache-2.0 */
/* The status as one JSON object (docs/formats/update.md). */
#include <inttypes.h>

#include "cli/text.h"
#include "cli/update/status.h"

struct list {
	const struct vt_status *s;
	FILE *f;
	bool more;
};

static void put_time(FILE *f, int64_t time)
{
	char text[VT_TIME_SIZE];

	if (time)
		fprintf(f, "\"%s\"", vt_time_write(time, text));
	else
		fputs("null", f);
}

static void put_hex(FILE *f, const vt_hash *h)
{
	fputc('"', f);
	for (size_t i = 0; i < sizeof h->b; i++)
		fprintf(f, "%02x", h->b[i]);
	fputc('"', f);
}

static void put_cosigner(void *ctx, const char *name, int64_t time)
{
	struct list *l = ctx;

	fputs(l->more ? ",{\"name\":" : "{\"name\":", l->f);
	vt_put_json(l->f, vt_span_str(name));
	fputs(",\"time\":", l->f);
	put_time(l->f, time);
	fputc('}', l->f);
	l->more = true;
}

static void put_log(const struct vt_status *s, FILE *f)
{
	const struct vt_trusted *t = s->u->trusted;
	struct list l = {s, f, false};

	fputs("\"log\":", f);
	if (!t->has_log || !t->has_head) {
		fputs("null", f);
		return;
	}
	fputs("{\"origin\":", f);
	vt_put_json(f, vt_span_str(t->log.name));
	fprintf(f, ",\"size\":%" PRIu64 ",\"root\":", t->head.size);
	put_hex(f, &t->head.root);
	fputs(",\"as_of\":", f);
	put_time(f, t->head.since);
	fputs(",\"cosigners\":[", f);
	vt_status_cosigners(s, put_cosigner, &l);
	fputs("],\"state\":", f);
	if (t->has_state) {
		fprintf(f,
			"{\"index\":%" PRIu64 ",\"version\":%" PRIu64 ",\"time\":", t->state.index,
			t->state.version);
		put_time(f, t->state.time);
		fputc('}', f);
	} else {
		fputs("null", f);
	}
	fputc('}', f);
}

static void put_live(const struct vt_status *s, FILE *f)
{
	const struct vt_generation *g = &s->live;

	fputs(",\"in_use\":", f);
	if (!s->has_live) {
		fputs("null", f);
		return;
	}
	fprintf(f,
		"{\"generation\":\"%s\",\"state\":{\"index\":%" PRIu64 ",\"version\":%" PRIu64
		"},\"since\":",
		g->name, g->state_index, g->state_version);
	put_time(f, g->applied);
	fputs(",\"sets\":[", f);
	for (size_t i = 0; i < g->nsets; i++) {
		fputs(i ? ",{\"name\":" : "{\"name\":", f);
		vt_put_json(f, g->sets[i].name);
		fprintf(f, ",\"version\":%" PRIu64 "}", g->sets[i].version);
	}
	fputs("]}", f);
}

static void put_bad(const struct vt_status *s, FILE *f)
{
	fputs(",\"put_back\":", f);
	if (s->has_bad)
		fprintf(f,
			"{\"generation\":\"%s\",\"state\":{\"index\":%" PRIu64
			",\"version\":%" PRIu64 "}}",
			s->bad.name, s->bad.state_index, s->bad.state_version);
	else
		fputs("null", f);
}

static void put_id(FILE *f, enum vt_refusal r)
{
	if (r == VT_REFUSED_NOT)
		fputs("null", f);
	else
		vt_put_json(f, vt_span_str(vt_refusal_of(r)->id));
}

static void put_last(const struct vt_status *s, FILE *f)
{
	const struct vt_run *r = &s->last.run;

	fputs(",\"last\":", f);
	if (!s->has_last) {
		fputs("null", f);
		return;
	}
	fputs("{\"time\":", f);
	put_time(f, r->time);
	fprintf(f, ",\"outcome\":\"%s\",\"refusal\":", vt_outcome_word(r->outcome));
	put_id(f, r->refusal);
	fputs(",\"why\":", f);
	vt_put_json(f, r->text);
	fprintf(f, ",\"bytes\":%" PRIu64 ",\"newer_waits\":", r->bytes);
	put_time(f, s->last.newer_waits);
	fputs(",\"sources\":[", f);
	for (size_t i = 0; i < s->last.nfailures; i++) {
		const struct vt_last_failure *x = &s->last.failures[i];

		fputs(i ? ",{\"place\":" : "{\"place\":", f);
		vt_put_json(f, x->place);
		fputs(",\"refusal\":", f);
		put_id(f, x->refusal);
		fputs(",\"why\":", f);
		vt_put_json(f, x->why);
		fputc('}', f);
	}
	fputs("]}", f);
}

static void put_refusal(const struct vt_status *s, FILE *f)
{
	const struct vt_run *r = &s->last.run;
	const struct vt_refusal_row *row = vt_refusal_of(r->refusal);

	fputs(",\"refusal\":", f);
	if (!s->has_last || r->refusal == VT_REFUSED_NOT) {
		fputs("null", f);
		return;
	}
	fprintf(f, "{\"id\":\"%s\",\"step\":%u,\"sentence\":", row->id, row->step);
	vt_put_json(f, vt_span_str(row->sentence));
	fputs(",\"why\":", f);
	vt_put_json(f, r->text);
	fputs(",\"remedy\":", f);
	vt_put_json(f, vt_span_str(row->remedy));
	fputc('}', f);
}

static void put_steps(const struct vt_status *s, FILE *f)
{
	fputs(",\"steps\":[", f);
	for (unsigned i = 0; i < VT_STEPS; i++) {
		fprintf(f, "%s{\"step\":%u,\"result\":\"%s\",\"what\":", i ? "," : "", i,
			vt_update_step_word(vt_status_step(s, i)));
		vt_put_json(f, vt_span_str(vt_update_step(i)));
		fputc('}', f);
	}
	fputc(']', f);
}

static void put_settings(const struct vt_status *s, FILE *f)
{
	static const char *const words[VT_SETTINGS] = {
		"hold", "approved", "pin", "rollback", "acknowledged"};
	const struct vt_settings *x = s->u->settings;

	fputs(",\"settings\":[", f);
	for (size_t i = 0; i < x->n; i++) {
		fprintf(f, "%s{\"what\":\"%s\",\"number\":%" PRIu64 ",\"name\":", i ? "," : "",
			words[x->v[i].what], x->v[i].number);
		vt_put_json(f, x->v[i].name);
		fputs(",\"time\":", f);
		put_time(f, x->v[i].time);
		fputs(",\"by\":", f);
		vt_put_json(f, x->v[i].who);
		fputc('}', f);
	}
	fputs("],\"waits\":", f);
	if (s->held && s->differs)
		fprintf(f,
			"{\"state\":{\"index\":%" PRIu64 ",\"version\":%" PRIu64
			"},\"content\":\"%s\"}",
			s->u->plan.state_index, s->u->plan.state_version, s->digest);
	else
		fputs("null", f);
}

static void put_evidence(void *ctx, const char *name, int64_t time)
{
	struct list *l = ctx;
	const struct vt_setting_row *r =
		vt_settings_find(l->s->u->settings, VT_SETTING_ACKNOWLEDGED, vt_span_str(name));

	fputs(l->more ? ",{\"file\":" : "{\"file\":", l->f);
	vt_put_json(l->f, vt_span_str(name));
	fputs(",\"time\":", l->f);
	put_time(l->f, time);
	fputs(",\"acknowledged\":", l->f);
	if (r)
		vt_put_json(l->f, r->who);
	else
		fputs("null", l->f);
	fputc('}', l->f);
	l->more = true;
}

void vt_status_json(const struct vt_status *s, FILE *f)
{
	struct list l = {s, f, false};

	fputs("{\"type\":\"update-status\",\"version\":1,", f);
	put_log(s, f);
	put_live(s, f);
	put_bad(s, f);
	put_last(s, f);
	put_refusal(s, f);
	fputs(",\"verified\":", f);
	put_time(f, s->verified);
	put_steps(s, f);
	put_settings(s, f);
	fputs(",\"evidence\":[", f);
	vt_update_evidence_each(s->u, put_evidence, &l);
	fputs("]}\n", f);
}
