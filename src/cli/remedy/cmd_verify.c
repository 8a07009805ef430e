/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine verify: is what a plan lists gone? Asked by other means, and kept for the proof. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/remedy.h"
#include "cli/text.h"
#include "cli/where.h"
#include "os/fd.h"
#include "remedy/remover.h"
#include "remedy/verify.h"
#include "store/folder.h"

#define COMMAND "vitrine verify"
#define SAID_MAX 256
#define FORMAT_NAME "vitrine.removal-verified/1"

struct settings {
	const char *root, *state;
	int format;
	bool places;
	struct vt_strings done;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "root", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, root),
		"another system's root", NULL},
	{0, "places-only", NULL, VT_OPTION_FLAG, offsetof(struct settings, places),
		"don't walk the whole root for copies", NULL},
	{0, "done", "STEP=WHO", VT_OPTION_STRINGS, offsetof(struct settings, done),
		"a person's word that this step of theirs was done:\n3=\"J. Doe, image built "
		"again\"",
		NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{0, "state", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, state),
		"where Vitrine keeps its state", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine verify PLAN [OPTION]...\n"
		 "Looks whether all that the plan lists is gone, by other means than those of the\n"
		 "inventory and of the removal.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "The result is kept in STATE/removals/ID/verified.json.\n\n"
		 "Exit status: 0 all gone (a person's steps said to be done), 1 something is still "
		 "there, 2 not shown (something could "
		 "not be\nlooked at, or a person's steps are left).\n",
};

struct report {
	json_t *checks;
	bool human;
};

static json_t *text(vt_span s)
{
	json_t *v = json_stringn(s.n ? (const char *)s.p : "", s.n);

	return v ? v : json_string("(not text)");
}

static void each(void *ctx, const struct vt_check *c)
{
	static const char *const words[] = {"gone", "there", "unknown", "person", "said"};
	struct report *r = ctx;
	json_t *o = json_object();

	if (!o || json_object_set_new(o, "answer", json_string(words[c->answer])) ||
		json_object_set_new(o, "method", json_string(c->method)) ||
		json_object_set_new(o, "what", text(c->what)) ||
		json_object_set_new(o, "why", text(vt_span_str(c->why))) ||
		json_array_append_new(r->checks, o))
		return;
	if (!r->human)
		return;
	printf("%s: ", vt_check_word(c->answer));
	vt_put_visible(stdout, c->what);
	printf(" (%s: ", c->method);
	vt_put_visible(stdout, vt_span_str(c->why));
	puts(")");
}

static const char *answer_of(const struct vt_verified *v)
{
	return v->by_answer[VT_CHECK_THERE]                                       ? "there"
		: v->by_answer[VT_CHECK_UNKNOWN] || v->by_answer[VT_CHECK_PERSON] ? "not shown"
										  : "gone";
}

static json_t *document(const struct vt_removal_document *f, const struct settings *s,
	json_t *checks, const struct vt_verified *v)
{
	return json_pack("{s:s, s:s%, s:s, s:s%, s:s%, s:s, s:s, s:I, s:b, s:s, s:{s:I, s:I, s:I}, "
			 "s:O}",
		"format", FORMAT_NAME, "plan", (const char *)f->plan.id.p, f->plan.id.n,
		"plan_sha256", f->sha256, "machine",
		f->plan.machine.n ? (const char *)f->plan.machine.p : "", f->plan.machine.n,
		"directive", (const char *)f->plan.directive_id.p, f->plan.directive_id.n, "root",
		s->root, "tool", "vitrine " VITRINE_VERSION, "time", (json_int_t)vt_now_seconds(),
		"whole_root", !s->places, "answer", answer_of(v), "walk", "files",
		(json_int_t)v->files, "hashed", (json_int_t)v->hashed, "unreadable",
		(json_int_t)v->unreadable, "checks", checks);
}

static vt_err keep(const struct settings *s, const struct vt_removal *p, vt_span bytes)
{
	char *state = NULL, *path = NULL, id[33] = "";
	int folder = -1;
	vt_err e = s->state ? VT_OK : vt_where_state(&state);

	memcpy(id, p->id.p, vt_min_size(p->id.n, 32));
	if (!e && asprintf(&path, "%s/" VT_REMOVALS "/%s", s->state ? s->state : state, id) < 0) {
		path = NULL;
		e = VT_ENOMEM;
	}
	if (!e)
		e = vt_store_open(path, true, &folder);
	if (!e)
		e = vt_store_write(folder, "verified.json", bytes);
	if (e)
		vt_complain(COMMAND, path ? path : "state", "the result can't be kept: %s",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	if (folder >= 0)
		vt_fd_close(folder);
	free(path);
	free(state);
	return e;
}

static int finish(const struct settings *s, const struct vt_removal_document *f,
	const struct report *r, const struct vt_verified *v)
{
	json_t *o = document(f, s, r->checks, v);
	char *bytes = o ? json_dumps(o, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
	vt_err e = bytes ? keep(s, &f->plan, vt_span_str(bytes)) : VT_ENOMEM;

	if (bytes && s->format)
		puts(bytes);
	if (!s->format)
		printf("%zu checks: %zu gone, %zu still there, %zu unknown, %zu for a person, %zu "
		       "said to be done\n",
			v->n, v->by_answer[VT_CHECK_GONE], v->by_answer[VT_CHECK_THERE],
			v->by_answer[VT_CHECK_UNKNOWN], v->by_answer[VT_CHECK_PERSON],
			v->by_answer[VT_CHECK_SAID]);
	free(bytes);
	json_decref(o);
	if (v->by_answer[VT_CHECK_THERE])
		return VT_EXIT_FOUND;
	return e || strcmp(answer_of(v), "gone") != 0 ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

/* "3=J. Doe, image built again": only of steps that are a person's. */
static vt_err read_said(
	const struct settings *s, const struct vt_removal *p, struct vt_said said[SAID_MAX])
{
	if (s->done.n > SAID_MAX) {
		fprintf(stderr, COMMAND ": --done: more than %d steps\n", SAID_MAX);
		return VT_EARG;
	}
	for (size_t i = 0; i < s->done.n; i++) {
		const char *text = s->done.v[i], *equals = strchr(text, '=');
		uint64_t step = 0;

		if (!equals || !equals[1] ||
			!vt_decimal_get(vt_span_of(text, (size_t)(equals - text)), &step) ||
			step < 1 || step > p->nsteps || p->steps[step - 1].kind != VT_STEP_PERSON) {
			fprintf(stderr,
				COMMAND ": --done %s: give the number of a person's step in the "
					"plan, '=', and who did it and how\n",
				text);
			return VT_EARG;
		}
		said[i] = (struct vt_said){(size_t)step, equals + 1};
	}
	return VT_OK;
}

static int run(const struct settings *s, const char *path)
{
	struct vt_removal_document f = {0};
	struct report r = {json_array(), s->format == 0};
	struct vt_said said[SAID_MAX];
	struct vt_verified v;
	char machine[33];
	int status = VT_EXIT_ERROR;
	vt_err e = vt_removal_open(&f, COMMAND, path);

	if (!e)
		e = vt_machine_of(s->root, machine);
	if (!e &&
		(!vt_span_eq(f.plan.root, vt_span_str(s->root)) ||
			!vt_span_eq(f.plan.machine, vt_span_str(machine)))) {
		vt_complain(COMMAND, path, "the plan is for another machine or root");
		e = VT_EARG;
	}
	if (!e)
		e = read_said(s, &f.plan, said);
	if (!e) {
		e = vt_verify_removal(&f.plan, s->root, !s->places, said, s->done.n, each, &r, &v);
		if (e)
			vt_complain_err(COMMAND, s->root, e);
		else
			status = finish(s, &f, &r, &v);
	}
	json_decref(r.checks);
	vt_removal_close(&f);
	return status;
}

int vt_cmd_verify(int argc, char **argv)
{
	struct settings s = {.root = "/"};
	struct vt_strings files = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && files.n != 1) {
		fputs(COMMAND ": give one PLAN\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		status = run(&s, files.v[0]);
	vt_strings_free(&files);
	vt_strings_free(&s.done);
	return e == VT_END ? VT_EXIT_CLEAN : status;
}
