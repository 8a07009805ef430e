/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine guard: keeps what a directive bans from coming back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/guarding.h"
#include "cli/text.h"
#include "cli/where.h"
#include "os/fd.h"
#include "remedy/beneath.h"
#include "remedy/packages.h"
#include "remedy/run.h"
#include "store/folder.h"

#define COMMAND VT_GUARD_COMMAND

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "root", "FOLDER", VT_OPTION_STRING, offsetof(struct vt_guard_settings, root),
		"guard another system's root (not serve)", NULL},
	{0, "inventory", NULL, VT_OPTION_FLAG, offsetof(struct vt_guard_settings, inventory),
		"check: what the latest inventory found, too", NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, offsetof(struct vt_guard_settings, evidence),
		"check: its evidence file", NULL},
	{0, "path", "PATH", VT_OPTION_STRINGS, offsetof(struct vt_guard_settings, paths),
		"serve: only programs of the mount that PATH is on (all)", NULL},
	{0, "strict", NULL, VT_OPTION_FLAG, offsetof(struct vt_guard_settings, strict),
		"serve: deny by names, and by rules that are not well sourced, too", NULL},
	{0, "wait", "TIME", VT_OPTION_TIME, offsetof(struct vt_guard_settings, wait_ms),
		"serve: let a program start if it was not looked at by then (5s)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, offsetof(struct vt_guard_settings, catalogues),
		"a catalogue besides the shipped ones", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(struct vt_guard_settings, unsigned_ok),
		"take documents that nobody signed", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct vt_guard_settings, format),
		"of alerts", "human|jsonl"},
	{0, "state", "FOLDER", VT_OPTION_STRING, offsetof(struct vt_guard_settings, state),
		"where Vitrine keeps its state", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine guard DIRECTIVE on|off|status|check|serve [OPTION]...\n"
		 "on      pins packages, masks units, has systemd serve and check\n"
		 "off     brings back exactly what was there before\n"
		 "status  tells what is written, and whether it is still so\n"
		 "check   tells if a product came back, or another took its place\n"
		 "serve   answers the kernel: may this program start? (as root)\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 all is well, 1 there are alerts or things left, 2 an error.\n",
};

static void tell(void *ctx, const char *path, enum vt_guard_how how)
{
	static const char *const words[] = {
		[VT_GUARD_WRITTEN] = "written",
		[VT_GUARD_AS_IS] = "as it should be",
		[VT_GUARD_OTHER] = "NOT written: something else stands there",
		[VT_GUARD_UNDONE] = "as it was before",
		[VT_GUARD_CHANGED] = "CHANGED by somebody since",
		[VT_GUARD_MISSING] = "MISSING: somebody took it away",
		[VT_GUARD_FAILED] = "FAILED",
	};
	size_t *bad = ctx;

	*bad += how == VT_GUARD_OTHER || how == VT_GUARD_CHANGED || how == VT_GUARD_MISSING ||
		how == VT_GUARD_FAILED;
	vt_put_visible(stdout, vt_span_str(path));
	printf(": %s\n", words[how]);
}

static void systemctl(const struct vt_guarding *g, const char *verb, const char *suffix)
{
	char name[300];
	const char *argv[] = {"systemctl", verb, suffix ? name : NULL, NULL};
	struct vt_run run = {.argv = argv, .timeout_ms = 60000};
	struct vt_run_result r = {0};
	char text[80];

	if (strcmp(g->s->root, "/") != 0 || access("/run/systemd/system", F_OK))
		return;
	if (suffix)
		(void)snprintf(name, sizeof name, "vitrine-guard-%.*s%s",
			(int)vt_min_size(g->directive.d.id.n, 100),
			(const char *)g->directive.d.id.p, suffix);
	if (!vt_run(&run, &r) && !vt_run_ok(&r))
		vt_complain(COMMAND, "systemctl", "%s %s: %s", verb, suffix ? name : "",
			vt_run_text(&r, text));
	vt_run_drop(&r);
}

static int on(struct vt_guarding *g)
{
	struct vt_guard_list *l = calloc(1, sizeof *l);
	vt_buf list = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	size_t bad = 0;
	vt_err e = l ? vt_guard_items(g, l) : VT_ENOMEM;

	if (!e && !vt_store_has(g->folder, VT_GUARD_BASELINE)) {
		e = vt_packages_list(g->s->root, &list);
		if (!e || e == VT_END)
			e = vt_store_write(g->folder, VT_GUARD_BASELINE, vt_buf_span(&list));
	}
	if (!e)
		e = vt_guard_put(g->folder, g->root, l->v, l->n, tell, &bad);
	if (e)
		vt_complain(COMMAND, g->folder_path, "%s",
			e == VT_EAGAIN        ? "the guard is on already: off first, to change it"
				: e == VT_EIO ? strerror(errno)
					      : vt_err_text(e));
	if (!e) {
		systemctl(g, "daemon-reload", NULL);
		systemctl(g, "start", ".service");
		systemctl(g, "start", "-check.timer");
	}
	vt_buf_free(&list);
	if (l)
		vt_arena_free(&l->a);
	free(l);
	return e ? VT_EXIT_ERROR : bad ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

static int off(struct vt_guarding *g)
{
	size_t bad = 0, left = 0;
	vt_err e;

	systemctl(g, "stop", "-check.timer");
	systemctl(g, "stop", ".service");
	e = vt_guard_take(g->folder, g->root, tell, &bad, &left);
	if (!e)
		e = vt_store_remove(g->folder, VT_GUARD_BASELINE);
	if (e)
		vt_complain(COMMAND, g->folder_path, "%s",
			e == VT_END           ? "the guard is off"
				: e == VT_EIO ? strerror(errno)
					      : vt_err_text(e));
	systemctl(g, "daemon-reload", NULL);
	return e ? VT_EXIT_ERROR : left ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

static int show(struct vt_guarding *g)
{
	size_t bad = 0;
	vt_err e = vt_guard_look(g->folder, g->root, tell, &bad);

	if (e == VT_END)
		puts("The guard is off.");
	else if (e)
		vt_complain(COMMAND, g->folder_path, "%s", vt_err_text(e));
	return e && e != VT_END ? VT_EXIT_ERROR : bad ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

static const struct {
	const char *name;
	int (*run)(struct vt_guarding *g);
} verbs[] = {{"on", on}, {"off", off}, {"status", show}, {"check", vt_guard_check},
	{"serve", vt_guard_serve}};

static vt_err begin(struct vt_guarding *g, const char *directive)
{
	char *state = NULL;
	vt_span position;
	vt_err e = vt_docs_open(&g->docs, COMMAND, g->s->state);

	g->docs.unsigned_ok = g->s->unsigned_ok;
	if (!e)
		e = vt_docs_directive(&g->docs, directive, &g->directive);
	if (e == VT_END)
		vt_complain(COMMAND, directive, "there is no such directive");
	if (!e)
		e = vt_docs_catalogue(&g->docs, &g->s->catalogues, &g->catalogue, &position);
	if (e)
		return e;
	if (!vt_removal_name_ok(g->directive.d.id)) {
		vt_complain(COMMAND, directive, "its id can't be part of a file's name");
		return VT_EARG;
	}
	e = g->s->state ? VT_OK : vt_where_state(&state);
	if (!e &&
		asprintf(&g->folder_path, "%s/" VT_GUARD "/%.*s", g->s->state ? g->s->state : state,
			(int)g->directive.d.id.n, (const char *)g->directive.d.id.p) < 0) {
		g->folder_path = NULL;
		e = VT_ENOMEM;
	}
	free(state);
	if (!e)
		e = vt_store_open(g->folder_path, true, &g->folder);
	if (!e)
		e = vt_root_open(g->s->root, &g->root);
	if (e)
		vt_complain(COMMAND, g->folder_path ? g->folder_path : "state", "%s",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	return e;
}

int vt_cmd_guard(int argc, char **argv)
{
	struct vt_guard_settings s = {.root = "/", .wait_ms = 5000};
	struct vt_guarding g = {.s = &s, .folder = -1, .root = -1};
	struct vt_strings names = {0};
	int status = VT_EXIT_ERROR;
	size_t verb = 0;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &names);

	while (!e && names.n == 2 && verb < VT_COUNT(verbs) &&
		strcmp(verbs[verb].name, names.v[1]) != 0)
		verb++;
	if (!e && (names.n != 2 || verb == VT_COUNT(verbs))) {
		fputs(COMMAND ": give DIRECTIVE and on, off, status, check or serve\nTry '" COMMAND
			      " --help'.\n",
			stderr);
		e = VT_EARG;
	}
	if (!e && begin(&g, names.v[0]) == VT_OK)
		status = verbs[verb].run(&g);
	vt_docs_close(&g.docs);
	vt_fd_close(g.folder);
	vt_fd_close(g.root);
	free(g.folder_path);
	vt_strings_free(&s.catalogues);
	vt_strings_free(&s.paths);
	vt_strings_free(&names);
	return e == VT_END ? VT_EXIT_CLEAN : status;
}
