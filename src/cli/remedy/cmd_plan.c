/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine plan: what would be done to carry a directive out on this machine. Changes nothing. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/remedy.h"
#include "cli/where.h"
#include "crypto/sign.h"
#include "evidence/store.h"
#include "remedy/plan/planner.h"
#include "remedy/probe.h"

#define COMMAND "vitrine plan"
#define MEMORY ((size_t)4 << 30)
#define ANSWERS_MAX 100

struct settings {
	const char *out, *survey, *run, *root, *replacement, *no_replacement, *on;
	struct vt_strings answers, catalogues;
	const char *state;
	bool unsigned_ok, show;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"where to write the plan (standard output)", NULL},
	{0, "survey", "FILE", VT_OPTION_STRING, offsetof(struct settings, survey),
		"the evidence file of 'vitrine inventory' (STATE/inventory/evidence.db)", NULL},
	{0, "run", "ID", VT_OPTION_STRING, offsetof(struct settings, run),
		"which inventory in it (the latest)", NULL},
	{0, "root", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, root),
		"plan for another system's root", NULL},
	{0, "replacement", "WHAT", VT_OPTION_STRING, offsetof(struct settings, replacement),
		"what takes over: package:NAME, unit:NAME or file:PATH", NULL},
	{0, "no-replacement", "WHO-AND-WHY", VT_OPTION_STRING,
		offsetof(struct settings, no_replacement), "a person says that none is needed",
		NULL},
	{0, "element", "ID=TEXT", VT_OPTION_STRINGS, offsetof(struct settings, answers),
		"fill in an element of the plan: a=\"Agency of ...\"", NULL},
	{0, "on", "DAY", VT_OPTION_STRING, offsetof(struct settings, on),
		"judge exceptions as of this day (today)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, offsetof(struct settings, catalogues),
		"a catalogue besides the shipped ones", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(struct settings, unsigned_ok),
		"take documents that nobody signed", NULL},
	{0, "state", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, state),
		"where Vitrine keeps its state", NULL},
	{0, "all", NULL, VT_OPTION_FLAG, offsetof(struct settings, show),
		"with show: each file, too", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine plan DIRECTIVE -o PLAN [OPTION]...\n"
		 "       vitrine plan show PLAN [--all]\n"
		 "Says, from the last inventory, what would be removed for a directive, how, and "
		 "how\n"
		 "each step is undone; or shows such a plan to people. Changes nothing.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Then: vitrine approve PLAN, vitrine remove PLAN.\n\n"
		 "Exit status: 0 there is nothing to remove, 1 there is, 2 it could not be made.\n",
};

struct work {
	const struct settings *s;
	struct vt_docs docs;
	struct vt_known_directive directive;
	struct vt_catalogue catalogue;
	struct vt_survey *survey;
	vt_arena a;
	struct vt_status status;
	struct vt_targets targets;
	struct vt_scene scene;
	char machine[33];
	struct vt_element answers[ANSWERS_MAX];
	struct vt_planning planning;
};

static vt_err open_survey(struct work *w)
{
	char why[VT_EVIDENCE_WHY_MAX] = "", *state = NULL, *path = NULL;
	vt_err e = VT_OK;

	if (!w->s->survey) {
		if (!w->s->state)
			e = vt_where_state(&state);
		if (!e &&
			asprintf(&path, "%s/" VT_EVIDENCE_FILE, w->s->state ? w->s->state : state) <
				0) {
			path = NULL;
			e = VT_ENOMEM;
		}
	}
	if (!e)
		e = vt_evidence_load(path ? path : w->s->survey, w->s->run, &w->survey, why);
	if (e)
		vt_complain(COMMAND,
			path                   ? path
				: w->s->survey ? w->s->survey
					       : "state",
			"%s",
			why[0] ? why
				: e == VT_END
				? "there is no such inventory: run 'vitrine inventory'"
				: vt_err_text(e));
	free(state);
	free(path);
	return e;
}

static vt_err open_documents(struct work *w, const char *directive)
{
	vt_span position;
	vt_day day;
	vt_err e = vt_docs_open(&w->docs, COMMAND, w->s->state);

	w->docs.unsigned_ok = w->s->unsigned_ok;
	if (!e)
		e = vt_docs_directive(&w->docs, directive, &w->directive);
	if (e == VT_END)
		vt_complain(COMMAND, directive, "there is no such directive");
	if (!e)
		e = vt_docs_catalogue(&w->docs, &w->s->catalogues, &w->catalogue, &position);
	if (!e)
		e = vt_docs_day(&w->docs, w->s->on, &day);
	if (!e)
		e = open_survey(w);
	if (!e && w->survey->catalogue_sha256.n &&
		!vt_span_eq(w->survey->catalogue_sha256, w->catalogue.sha256)) {
		vt_complain(COMMAND, directive,
			"the inventory was made with another catalogue: make a new one");
		e = VT_EARG;
	}
	if (!e)
		e = vt_judge_findings(w->survey, &w->catalogue);
	if (!e)
		e = vt_judge_directive(
			w->survey, &w->catalogue, &w->directive.d, day, &w->a, &w->status);
	return e;
}

/* The system that is acted on: this one, or the root that was named. */
static vt_err find_subject(struct work *w, uint32_t *out)
{
	bool live = strcmp(w->s->root, "/") == 0;

	for (uint32_t i = 0; i < w->survey->nsubjects; i++) {
		const struct vt_subject *s = &w->survey->subjects[i];

		if (live ? s->kind == VT_SUBJECT_SYSTEM
			 : s->kind == VT_SUBJECT_ROOT &&
					vt_span_eq(s->name, vt_span_str(w->s->root))) {
			*out = i;
			return VT_OK;
		}
	}
	vt_complain(COMMAND, w->s->root, "the inventory did not look at this system%s",
		live ? "" : ": run 'vitrine inventory --root' with the same name");
	return VT_EARG;
}

static vt_err replacement(struct work *w)
{
	static const struct {
		const char *word;
		enum vt_replacement_kind kind;
	} kinds[] = {{"package:", VT_REPLACEMENT_PACKAGE}, {"unit:", VT_REPLACEMENT_UNIT},
		{"file:", VT_REPLACEMENT_FILE}};
	const char *said = w->s->replacement;

	if (said && w->s->no_replacement) {
		vt_complain(COMMAND, said, "--replacement and --no-replacement contradict");
		return VT_EARG;
	}
	if (w->s->no_replacement) {
		w->planning.replacement = VT_REPLACEMENT_NONE;
		w->planning.replacement_name = vt_span_str(w->s->no_replacement);
		return w->s->no_replacement[0] ? VT_OK : VT_EARG;
	}
	for (size_t i = 0; said && i < VT_COUNT(kinds); i++) {
		size_t n = strlen(kinds[i].word);

		if (strncmp(said, kinds[i].word, n) != 0)
			continue;
		w->planning.replacement = kinds[i].kind;
		w->planning.replacement_name = vt_span_str(said + n);
		return VT_OK;
	}
	if (said)
		vt_complain(COMMAND, said, "not package:NAME, unit:NAME or file:PATH");
	return said ? VT_EARG : VT_OK;
}

static vt_err answers(struct work *w)
{
	for (size_t i = 0; i < w->s->answers.n; i++) {
		const char *said = w->s->answers.v[i], *equals = strchr(said, '=');

		if (!equals || equals == said || i == ANSWERS_MAX) {
			vt_complain(COMMAND, said, "not ID=TEXT");
			return VT_EARG;
		}
		w->answers[i].id = vt_span_of(said, (size_t)(equals - said));
		w->answers[i].value = vt_span_str(equals + 1);
	}
	w->planning.nanswers = w->s->answers.n;
	w->planning.answers = w->answers;
	return VT_OK;
}

static vt_err new_id(struct work *w)
{
	vt_buf hex = VT_BUF_INIT(64);
	uint8_t id[16];
	vt_err e;

	vt_random(id, sizeof id);
	e = vt_hex_add(&hex, vt_span_of(id, sizeof id));
	if (!e) {
		w->planning.id = vt_span_of(vt_arena_copy(&w->a, vt_buf_span(&hex)), hex.n);
		if (!w->planning.id.p)
			e = VT_ENOMEM;
	}
	vt_buf_free(&hex);
	return e;
}

static vt_err plan(struct work *w, struct vt_removal *out)
{
	uint32_t subject = 0;
	vt_err e = find_subject(w, &subject);

	if (!e)
		e = vt_targets_make(
			w->survey, &w->catalogue, w->status.standings, subject, &w->a, &w->targets);
	if (!e) {
		e = vt_probe(&w->targets, w->survey, w->s->root, &w->a, &w->scene);
		if (e)
			vt_complain_err(COMMAND, w->s->root, e);
	}
	if (!e)
		e = vt_machine_of(w->s->root, w->machine);
	if (!e)
		e = replacement(w);
	if (!e)
		e = answers(w);
	if (!e)
		e = new_id(w);
	if (e)
		return e;
	w->planning.survey = w->survey;
	w->planning.directive = &w->directive.d;
	w->planning.catalogue = &w->catalogue;
	w->planning.standings = w->status.standings;
	w->planning.targets = &w->targets;
	w->planning.scene = &w->scene;
	w->planning.tool = vt_span_str("vitrine " VITRINE_VERSION);
	w->planning.machine = vt_span_str(w->machine);
	w->planning.root = vt_span_str(w->s->root);
	w->planning.now = vt_now_seconds();
	return vt_removal_make(&w->planning, &w->a, out);
}

/* What is written is read back as a stranger would: a plan that is refused later is no plan. */
static vt_err save(const struct settings *s, const struct vt_removal *p)
{
	vt_buf b = VT_BUF_INIT(VT_REMOVAL_MAX);
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why = {0};
	struct vt_removal again;
	vt_err e = vt_removal_write(&b, p);

	if (!e)
		e = vt_removal_parse(vt_buf_span(&b), &a, &again, &why);
	if (e)
		vt_complain(COMMAND, s->out ? s->out : "-", "the plan can't be written: %s %s %s",
			vt_err_text(e), why.where, why.cause);
	else
		e = vt_spit(COMMAND, s->out ? s->out : "-", vt_buf_span(&b));
	vt_arena_free(&a);
	vt_buf_free(&b);
	return e;
}

static int summary(const struct vt_removal *p)
{
	size_t acts = 0, persons = 0, blanks = 0;

	for (size_t i = 0; i < p->nfindings; i++)
		acts += p->findings[i].acting != VT_ACTING_NO;
	for (size_t i = 0; i < p->nsteps; i++)
		persons += p->steps[i].kind == VT_STEP_PERSON;
	for (size_t i = 0; i < p->nelements; i++)
		blanks += !p->elements[i].value.n;
	fprintf(stderr,
		COMMAND
		": %zu findings to act on, %zu steps (%zu of them a person's), %zu elements "
		"to fill in\n",
		acts, p->nsteps, persons, blanks);
	for (size_t i = 0; i < p->nproblems; i++)
		vt_complain(COMMAND, "in the way", "%.*s", (int)p->problems[i].n,
			(const char *)p->problems[i].p);
	return acts ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

static int make(const struct settings *s, const char *directive)
{
	struct work *w = calloc(1, sizeof *w);
	struct vt_removal p;
	int status = VT_EXIT_ERROR;
	vt_err e;

	if (!w)
		return VT_EXIT_ERROR;
	w->s = s;
	w->a = (vt_arena)VT_ARENA_INIT(MEMORY);
	e = open_documents(w, directive);
	if (!e)
		e = plan(w, &p);
	if (!e)
		e = save(s, &p);
	if (!e)
		status = summary(&p);
	else if (e == VT_ENOMEM || e == VT_ELIMIT)
		vt_complain(COMMAND, directive, "%s", vt_err_text(e));
	vt_survey_free(w->survey);
	vt_docs_close(&w->docs);
	vt_arena_free(&w->a);
	free(w);
	return status;
}

static int show(const struct settings *s, const char *path)
{
	struct vt_removal_document f = {0};
	vt_err e = vt_removal_open(&f, COMMAND, path);

	if (!e)
		vt_removal_show(stdout, &f.plan, s->show);
	vt_removal_close(&f);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

int vt_cmd_plan(int argc, char **argv)
{
	struct settings s = {.root = "/"};
	struct vt_strings names = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &names);
	bool showing = !e && names.n == 2 && strcmp(names.v[0], "show") == 0;

	if (!e && names.n != 1 && !showing) {
		fputs(COMMAND ": give one DIRECTIVE, or 'show' and a PLAN\nTry '" COMMAND
			      " --help'.\n",
			stderr);
		e = VT_EARG;
	}
	if (!e && vt_sign_init()) {
		fputs(COMMAND ": libsodium does not start\n", stderr);
		e = VT_EIO;
	}
	if (!e)
		status = showing ? show(&s, names.v[1]) : make(&s, names.v[0]);
	vt_strings_free(&s.answers);
	vt_strings_free(&s.catalogues);
	vt_strings_free(&names);
	return e == VT_END ? VT_EXIT_CLEAN : status;
}
