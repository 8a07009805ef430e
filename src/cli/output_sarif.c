/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 (OASIS, 2020): detections are results, what was not looked at is a notification of
 * the tool (section 3.20.21), the path inside a container a logical location (3.33). Results are
 * written as they come; the rules and notifications, which stand elsewhere, are kept until the end.
 */
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/text.h"

/* More are counted: readers of SARIF refuse larger documents long before. */
#define MAX_NOTIFICATIONS 100000

struct sarif {
	void *rules; /* tsearch(3) tree of names */
	FILE *notes;
	char *notes_text;
	size_t notes_n;
	uint64_t nnotes;
};

static void free_state(struct vt_output *o)
{
	struct sarif *s = o->state;

	if (!s)
		return;
	tdestroy(s->rules, free);
	if (s->notes)
		(void)fclose(s->notes);
	free(s->notes_text);
	free(s);
	o->state = NULL;
}

static vt_err begin(struct vt_output *o)
{
	struct sarif *s = calloc(1, sizeof *s);

	if (!s)
		return VT_ENOMEM;
	o->state = s;
	s->notes = open_memstream(&s->notes_text, &s->notes_n);
	if (!s->notes)
		return VT_ENOMEM;
	fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
	      "\"version\":\"2.1.0\",\"runs\":[{\"results\":[",
		o->file);
	return VT_OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static vt_err remember_rule(struct sarif *s, vt_span rule)
{
	char *name = strndup((const char *)rule.p, rule.n);
	void *node = name ? tsearch(name, &s->rules, compare) : NULL;

	if (!node) {
		free(name);
		return VT_ENOMEM;
	}
	if (*(char **)node != name)
		free(name);
	return VT_OK;
}

static void put_locations(FILE *f, vt_span path, vt_span inner)
{
	fputs("\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"", f);
	fputs(path.n && path.p[0] == '/' ? "file://" : "", f);
	vt_put_uri(f, path);
	fputs("\"}}", f);
	if (inner.n) {
		fputs(",\"logicalLocations\":[{\"kind\":\"member\",\"fullyQualifiedName\":", f);
		vt_put_json(f, inner);
		fputs("}]", f);
	}
	fputs("}]", f);
}

static void put_result(FILE *f, const struct vt_result *r, const struct vt_detection *d)
{
	fputs("\n{\"ruleId\":", f);
	vt_put_json(f, d->rule);
	fprintf(f, ",\"level\":\"%s\",\"message\":{\"text\":", d->suspicious ? "warning" : "error");
	vt_put_json(f, d->rule);
	fputs("},", f);
	put_locations(f, r->path, d->path);
	fputs(",\"properties\":{\"set\":", f);
	vt_put_json(f, d->set);
	fprintf(f, ",\"line\":%" PRIu64 "}}", d->line);
}

static void note_gap(struct sarif *s, const struct vt_result *r, const struct vt_gap *g)
{
	FILE *f = s->notes;

	if (s->nnotes++ >= MAX_NOTIFICATIONS)
		return;
	fprintf(f, "%s\n{\"descriptor\":{\"id\":\"%s\"},\"level\":\"%s\",\"message\":{\"text\":",
		s->nnotes > 1 ? "," : "", vt_reason_word(g->reason),
		r->error ? "error" : "warning");
	vt_put_json(f, vt_span_str(r->error ? strerror(r->error) : vt_reason_text(g->reason)));
	fputs("},", f);
	put_locations(f, r->path, g->path);
	fputc('}', f);
}

static vt_err file(struct vt_output *o, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;
	struct sarif *s = o->state;
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < rep->ndetections; i++) {
		/* Rows are files: a row without a result writes no separator. */
		fputs(s->rules ? "," : "", o->file);
		put_result(o->file, r, &rep->detections[i]);
		e = remember_rule(s, rep->detections[i].rule);
	}
	for (size_t i = 0; i < rep->ngaps; i++)
		note_gap(s, r, &rep->gaps[i]);
	return e;
}

struct rule_writer {
	FILE *f;
	bool any;
};

static void put_rule(const void *node, VISIT which, void *closure)
{
	struct rule_writer *w = closure;

	if (which != postorder && which != leaf)
		return;
	fputs(w->any ? ",\n{\"id\":" : "\n{\"id\":", w->f);
	vt_put_json(w->f, vt_span_str(*(char *const *)node));
	fputc('}', w->f);
	w->any = true;
}

static vt_err end(struct vt_output *o, const struct vt_summary *sum)
{
	struct sarif *s = o->state;
	struct rule_writer w = {.f = o->file};
	bool whole = !sum->interrupted && sum->errors == 0;

	if (fflush(s->notes) != 0)
		return VT_ENOMEM;
	fputs("\n],\"tool\":{\"driver\":{\"name\":\"Vitrine\",\"version\":\"" VITRINE_VERSION
	      "\",\"rules\":[",
		o->file);
	twalk_r(s->rules, put_rule, &w);
	fprintf(o->file, "]}},\"invocations\":[{\"executionSuccessful\":%s,\"exitCode\":%d,",
		whole ? "true" : "false", sum->exit_status);
	fputs("\"startTimeUtc\":\"", o->file);
	vt_put_time(o->file, sum->started);
	fputs("\",\"toolExecutionNotifications\":[", o->file);
	fwrite(s->notes_text, 1, s->notes_n, o->file);
	fprintf(o->file,
		"]}],\"properties\":{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"notificationsDropped\":%" PRIu64 "}}]}\n",
		sum->files, sum->bytes,
		s->nnotes > MAX_NOTIFICATIONS ? s->nnotes - MAX_NOTIFICATIONS : 0);
	return VT_OK;
}

const struct vt_output_ops vt_output_sarif = {
	.name = "sarif",
	.extension = "sarif",
	.begin = begin,
	.file = file,
	.end = end,
	.free = free_state,
};
