/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people: what they sign. Names from files can't write to the terminal. */
#include <inttypes.h>

#include "base/num.h"
#include "cli/remedy/remedy.h"
#include "cli/text.h"
#include "entry/entry.h"

#define FILES_SHOWN 12

static void line(FILE *f, const char *label, vt_span s)
{
	fprintf(f, "%s", label);
	vt_put_visible(f, s);
	fputc('\n', f);
}

static void elements(FILE *f, const struct vt_removal *p)
{
	if (p->nelements)
		fputs("\n## What the directive asks a plan to say\n\n", f);
	for (size_t i = 0; i < p->nelements; i++) {
		const struct vt_element *e = &p->elements[i];

		fputs("- ", f);
		vt_put_visible(f, e->id);
		fputs(". ", f);
		vt_put_visible(f, e->title);
		fputs(": ", f);
		if (e->value.n)
			vt_put_visible(f, e->value);
		else
			fputs("**________ (a person must fill this in)**", f);
		fputc('\n', f);
	}
}

static void findings(FILE *f, const struct vt_removal *p)
{
	static const char *const by[] = {"by the steps below", "by a person", "left alone"};

	fputs("\n## Findings\n\n", f);
	for (size_t i = 0; i < p->nfindings; i++) {
		const struct vt_removal_finding *x = &p->findings[i];

		fputs("- ", f);
		vt_put_visible(f, x->id);
		fputs(": ", f);
		vt_put_visible(f, x->name.n ? x->name : x->product);
		if (x->place.n) {
			fputs(" at ", f);
			vt_put_visible(f, x->place);
		}
		fputs(" (", f);
		vt_put_visible(f, x->subject);
		fprintf(f, "; %s%s, ", x->confirmed ? "confirmed" : "candidate",
			x->embedded ? ", embedded" : "");
		vt_put_visible(f, x->standing);
		fprintf(f, "): %s\n", by[x->acting]);
	}
	if (!p->nfindings)
		fputs("None.\n", f);
}

static void files(FILE *f, const struct vt_removal_step *s, bool all)
{
	static const char letters[] = {'-', 'd', 'l', '?'};

	for (size_t i = 0; i < s->nfiles; i++) {
		const struct vt_removal_file *x = &s->files[i];

		if (!all && i == FILES_SHOWN) {
			fprintf(f, "    - and %zu more ('vitrine plan show --all')\n",
				s->nfiles - i);
			break;
		}
		fprintf(f, "    - %c%04" PRIo32 " %" PRIu64 " ", letters[x->type], x->mode,
			x->size);
		vt_put_visible(f, x->path);
		if (x->loose)
			fputs(" (content may change)", f);
		fputc('\n', f);
	}
}

static void steps(FILE *f, const struct vt_removal *p, bool all)
{
	fputs("\n## Steps\n\n", f);
	for (size_t i = 0; i < p->nsteps; i++) {
		const struct vt_removal_step *s = &p->steps[i];

		fprintf(f, "%zu. **%s** ", i + 1, vt_removal_step_word(s->kind));
		vt_put_visible(f, s->target);
		fputs(s->target.n ? ": " : "", f);
		line(f, "", s->does);
		if (s->undo.n)
			line(f, "    - undone: ", s->undo);
		for (size_t k = 0; k < s->npackages; k++) {
			fputs("    - ", f);
			vt_put_visible(f, s->packages[k].manager);
			fputc(' ', f);
			vt_put_visible(f, s->packages[k].name);
			fputc(' ', f);
			line(f, "", s->packages[k].version);
		}
		files(f, s, all);
	}
}

void vt_removal_show(FILE *f, const struct vt_removal *p, bool all)
{
	char time[VT_TIME_SIZE];

	line(f, "# Removal plan ", p->id);
	fputs("\nDirective: ", f);
	vt_put_visible(f, p->directive_id);
	fputc(' ', f);
	line(f, "", p->directive_version);
	fputs("Machine: ", f);
	vt_put_visible(f, p->host);
	line(f, ", root ", p->root);
	line(f, "Survey: ", p->survey);
	fprintf(f, "Made: %s by ", vt_time_write(p->made, time));
	line(f, "", p->tool);
	fprintf(f, "Replacement: %s ", vt_replacement_word(p->replacement));
	line(f, "", p->replacement_name);
	if (p->nproblems)
		fputs("\n## Why it can't be carried out as it is\n\n", f);
	for (size_t i = 0; i < p->nproblems; i++)
		line(f, "- ", p->problems[i]);
	elements(f, p);
	findings(f, p);
	steps(f, p, all);
}
