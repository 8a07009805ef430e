/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine remove: tells what an approved plan would do, and with --apply does it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/remedy.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/sign.h"
#include "remedy/remover.h"
#include "store/folder.h"

#define COMMAND "vitrine remove"

struct settings {
	const char *root;
	struct vt_binding binding;
	uint32_t timeout_ms;
	bool apply, resume, rollback, step;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What to do (else only tell)", NULL},
	{0, "apply", NULL, VT_OPTION_FLAG, offsetof(struct settings, apply), "do it", NULL},
	{0, "resume", NULL, VT_OPTION_FLAG, offsetof(struct settings, resume),
		"go on where it was interrupted or failed", NULL},
	{0, "step", NULL, VT_OPTION_FLAG, offsetof(struct settings, step),
		"with these: only the next step", NULL},
	{0, "rollback", NULL, VT_OPTION_FLAG, offsetof(struct settings, rollback),
		"undo what was done, as far as it can be", NULL},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "root", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, root),
		"another system's root, which the plan must name", NULL},
	{0, "timeout", "TIME", VT_OPTION_TIME, offsetof(struct settings, timeout_ms),
		"for uninstallers (10m)", NULL},
	VT_BINDING_OPTIONS(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine remove PLAN [--apply|--resume|--rollback] [OPTION]...\n"
		 "Without one of these, tells what each step would do now, and changes nothing.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Nothing is done without PLAN.approval by a key of CONFIG/approvers. The journal "
		 "is\nin STATE/removals/ID/.\n\n"
		 "Exit status: 0 done, 1 not all done (failed, blocked, alert, or a person's steps "
		 "are\nleft), 2 it could not begin.\n",
};

struct telling {
	const struct vt_removal *plan;
	bool dry;
};

static void say(void *ctx, size_t step, enum vt_mark mark, const char *text)
{
	const struct telling *t = ctx;
	const struct vt_removal_step *s = &t->plan->steps[step - 1];

	printf("%zu %s ", step, vt_removal_step_word(s->kind));
	vt_put_visible(stdout, s->target);
	printf("%s%s\n", s->target.n ? ": " : "",
		t->dry && mark == VT_MARK_DONE ? "ready" : vt_mark_word(mark));
	while (*text) {
		size_t n = strcspn(text, "\n");

		fputs("    ", stdout);
		vt_put_visible(stdout, vt_span_of(text, n));
		fputc('\n', stdout);
		text += n + (text[n] == '\n');
	}
	(void)fflush(stdout);
}

static vt_err state_of(const struct settings *s, char **out)
{
	if (!s->binding.state)
		return vt_where_state(out);
	*out = strdup(s->binding.state);
	return *out ? VT_OK : VT_ENOMEM;
}

/* The run's record: whose word, who runs it, what boot it is. */
static char *who_of(const char *approver, const struct vt_removal_document *f)
{
	vt_buf boot = VT_BUF_INIT(64);
	char *who = NULL;

	if (vt_slurp(COMMAND, "/proc/sys/kernel/random/boot_id", 64, &boot))
		vt_buf_clear(&boot);
	if (asprintf(&who, "plan %s, approved by %s, run by uid %ld, pid %ld, boot %.*s", f->sha256,
		    approver, (long)getuid(), (long)getpid(), (int)vt_min_size(boot.n, 36),
		    boot.n ? (const char *)boot.p : "") < 0)
		who = NULL;
	vt_buf_free(&boot);
	return who;
}

static int exit_of(enum vt_ending e)
{
	return e == VT_ENDING_DONE || e == VT_ENDING_PAUSED ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
}

static int tell(struct vt_remover *r, const char *path)
{
	enum vt_ending ending;
	vt_err e = vt_remover_open(r, r->plan, r->root_path, NULL);

	if (e) {
		vt_complain_err(COMMAND, path, e);
		return VT_EXIT_ERROR;
	}
	puts("DRY RUN: nothing is changed.");
	e = vt_remover_try(r, &ending);
	for (size_t i = 0; i < r->plan->nproblems; i++) {
		fputs("In the way: ", stdout);
		vt_put_visible(stdout, r->plan->problems[i]);
		fputc('\n', stdout);
	}
	if (r->plan->nproblems && ending == VT_ENDING_DONE)
		ending = VT_ENDING_FAILED;
	printf("As things are, it would be %s.\n", vt_ending_word(ending));
	return e ? VT_EXIT_ERROR : exit_of(ending);
}

static int act(const struct settings *s, struct vt_remover *r, const char *who)
{
	enum vt_ending ending = VT_ENDING_FAILED;
	vt_err e;

	if (s->rollback && !vt_remover_begun(r)) {
		fputs(COMMAND ": nothing was done that could be undone\n", stderr);
		return VT_EXIT_ERROR;
	}
	if (s->apply && vt_remover_begun(r)) {
		fputs(COMMAND ": this plan was begun before: go on with --resume, or undo it with "
			      "--rollback\n",
			stderr);
		return VT_EXIT_ERROR;
	}
	e = s->rollback ? vt_remover_undo(r, who, &ending)
			: vt_remover_apply(r, who, s->step, &ending);
	if (e) {
		fprintf(stderr, COMMAND ": the journal can't be written (%s): stopped\n",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
		return VT_EXIT_ERROR;
	}
	printf("%s.\nJournal: %s/journal\n",
		s->rollback && ending == VT_ENDING_DONE ? "undone"
			: s->rollback                   ? "undone as far as it goes"
							: vt_ending_word(ending),
		r->folder_path);
	return exit_of(ending);
}

static int begin(const struct settings *s, struct vt_remover *r,
	const struct vt_removal_document *f, const char *approver)
{
	char *state = NULL, *ancestor = NULL, *who = NULL;
	int status = VT_EXIT_ERROR;
	vt_err e = state_of(s, &state);

	if (!e)
		e = vt_remover_detach(r->plan, r->root_path, &ancestor);
	if (ancestor)
		fprintf(stderr,
			COMMAND ": it was started by %s, which the plan stops: going on "
				"in a session of its own\n",
			ancestor);
	if (!e)
		e = vt_remover_open(r, r->plan, r->root_path, state);
	if (!e)
		e = vt_store_write(r->folder, "plan.json", vt_buf_span(&f->bytes));
	who = e ? NULL : who_of(approver, f);
	if (who)
		status = act(s, r, who);
	else
		fprintf(stderr, COMMAND ": %s\n",
			e == VT_EAGAIN              ? "another run is under way"
				: e == VT_ECHECKSUM ? "the journal was altered: nothing is done"
				: e == VT_EIO       ? strerror(errno)
						    : vt_err_text(e));
	free(who);
	free(ancestor);
	free(state);
	return status;
}

static int run(const struct settings *s, const char *path)
{
	struct vt_removal_document f = {0};
	struct vt_remover r = {.timeout_ms = s->timeout_ms, .say = say};
	char *approver = NULL;
	int status = VT_EXIT_ERROR;
	bool doing = s->apply || s->resume || s->rollback;
	struct telling t = {&f.plan, !doing};
	vt_err e = vt_removal_open(&f, COMMAND, path);

	r.plan = &f.plan;
	r.ctx = &t;
	r.root_path = s->root;
	r.root = r.folder = r.lock = r.journal.fd = -1;
	if (e)
		goto out;
	e = vt_binding_check(&s->binding, COMMAND, &f.plan, s->root);
	if (!e && doing)
		e = vt_approval_check(COMMAND, path, &f, &approver);
	if (e)
		goto out;
	if (doing && f.plan.nproblems && !s->rollback) {
		for (size_t i = 0; i < f.plan.nproblems; i++)
			vt_complain(COMMAND, path, "in the way: %.*s", (int)f.plan.problems[i].n,
				(const char *)f.plan.problems[i].p);
		goto out;
	}
	status = doing ? begin(s, &r, &f, approver) : tell(&r, path);
out:
	vt_remover_close(&r);
	free(approver);
	vt_removal_close(&f);
	return status;
}

int vt_cmd_remove(int argc, char **argv)
{
	struct settings s = {.root = "/"};
	struct vt_strings files = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && (files.n != 1 || s.apply + s.resume + s.rollback > 1)) {
		fputs(COMMAND ": give one PLAN, and one of --apply, --resume and --rollback\nTry "
			      "'" COMMAND " --help'.\n",
			stderr);
		e = VT_EARG;
	}
	if (!e && vt_sign_init()) {
		fputs(COMMAND ": libsodium does not start\n", stderr);
		e = VT_EIO;
	}
	if (!e)
		status = run(&s, files.v[0]);
	vt_strings_free(&s.binding.catalogues);
	vt_strings_free(&files);
	return e == VT_END ? VT_EXIT_CLEAN : status;
}
