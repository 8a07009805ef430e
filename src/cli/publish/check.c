/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine publish check: everything in the public folder, from the files alone. Tiles and entries
 * against the checkpoint, signatures, chains of roots, versions and states, checkpoints of the
 * past, every chunk, and that each version comes out of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/num.h"
#include "cli/log/content.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "store/folder.h"

#define COMMAND "vitrine publish check"

struct check {
	struct vt_house *h;
	uint64_t problems;
	bool content; /* not only the log */
	struct vt_audit audit;
	struct vt_log_content files;
};

static void problem(struct check *a, uint64_t index, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void problem(struct check *a, uint64_t index, const char *fmt, ...)
{
	va_list ap;

	a->problems++;
	printf("entry %" PRIu64 ": ", index);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* What readers have to look at, and what is no fault of the log, is not for a publisher. */
static void tell(void *ctx, enum vt_log_alert what, uint64_t index, const char *text)
{
	if (what != VT_LOG_NEW_KEY && what != VT_LOG_OWNERS && what != VT_LOG_WITHDRAWAL &&
		what != VT_LOG_GONE && what != VT_LOG_REBUILD)
		problem(ctx, index, "%s", text);
}

/* Checkpoints -----------------------------------------------------------------------------------
 */

static void check_history(struct check *a, uint64_t state)
{
	char path[64];
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_head head;
	vt_hash root;
	vt_err e;

	(void)snprintf(path, sizeof path, "history/%" PRIu64, state + 1);
	e = vt_store_read(a->h->pub, path, VT_NOTE_MAX, &b);
	if (!e)
		e = vt_head_parse(vt_buf_span(&b), &a->h->log, &head);
	if (!e)
		e = vt_merkle_root(vt_tiles_get, a->h->tiles, state + 1, &root);
	if (e)
		problem(a, state, "%s: %s", path,
			e == VT_END ? "is missing" : "not a checkpoint of this log");
	else if (head.at.size != state + 1 || !vt_hash_eq(&head.at.root, &root))
		problem(a, state, "%s: a checkpoint of another tree", path);
	vt_buf_free(&b);
}

static void check_quorum(struct check *a)
{
	struct vt_note note;
	bool enough = false;
	uint64_t time;

	if (vt_note_parse(vt_buf_span(&a->h->checkpoint), &note) ||
		vt_policy_check(a->h->policy, a->h->policy->quorum, &note, &enough, &time) ||
		!enough)
		problem(a, a->h->size - 1, "the checkpoint is not cosigned as the policy asks");
}

/* Entries ----------------------------------------------------------------------------------------
 */

static vt_err check_content(struct check *a, const struct vt_seen *s, uint64_t before)
{
	struct vt_log_change change;
	vt_err e = vt_log_content_check(&a->files, s, before, &change);

	vt_log_change_free(&change);
	return e;
}

static vt_err check_entry(struct check *a, struct vt_seen **io_seen)
{
	const struct vt_seen *s = *io_seen;
	const struct vt_seen_set *set = NULL;
	uint64_t index = s->index, last = UINT64_MAX;
	bool is_set = vt_audit_is_set(&s->e), is_state = s->e.kind == VT_ENTRY_STATE;
	struct vt_seen *before;
	vt_err e;

	if (is_set)
		set = vt_audit_set(&a->audit, s->e.kind, s->e.u.content.name);
	if (set)
		last = set->index;
	e = vt_audit_entry(&a->audit, io_seen, &before);
	vt_seen_free(before);
	if (!e && is_state)
		check_history(a, index);
	return !e && is_set && a->content ? check_content(a, s, last) : e;
}

static vt_err each(void *ctx, uint64_t index, vt_span bytes)
{
	struct check *a = ctx;
	struct vt_seen *s = NULL;
	const char *why;
	vt_err e = vt_seen_new(index, bytes, &s, &why);

	if (e == VT_EFORMAT) {
		problem(a, index, "%s", why);
		return VT_OK;
	}
	if (!e)
		e = check_entry(a, &s);
	vt_seen_free(s);
	return e;
}

static vt_err run(struct check *a)
{
	struct vt_house *h = a->h;
	vt_err e;

	a->audit.origin = vt_span_str(h->log.name);
	a->audit.tiles = h->tiles;
	a->audit.tell = tell;
	a->audit.ctx = a;
	a->files.a = &a->audit;
	a->files.store = h->pub;
	a->files.folder = h->priv;
	e = vt_tiles_each_entry(h->tiles, 0, h->size, each, a);
	if (e && e != VT_ENOMEM) {
		puts("public/tile: entries are not those of the checkpoint");
		a->problems++;
		return VT_OK;
	}
	if (!e)
		check_quorum(a);
	return e;
}

struct settings {
	bool quick;
};
static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "quick", NULL, VT_OPTION_FLAG, offsetof(struct settings, quick),
		"only the log, not the content", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish check DIR [OPTION]...\n"
		 "Checks everything that is published, from the files alone.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 all is well, 1 something is wrong and was listed, 2 an error.\n",
};

int vt_publish_cmd_check(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings dirs = {0};
	struct check a = {0};
	struct vt_house h;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &dirs);

	if (!e && dirs.n != 1) {
		fputs(COMMAND ": give DIR\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (e) {
		vt_strings_free(&dirs);
		return e == VT_END ? VT_EXIT_CLEAN : VT_EXIT_ERROR;
	}
	e = vt_house_open(&h, COMMAND, dirs.v[0]);
	a.h = &h;
	if (e == VT_ECHECKSUM || e == VT_EFORMAT || e == VT_END)
		status = VT_EXIT_FOUND;
	a.content = !s.quick;
	if (!e && h.size > 0)
		e = run(&a);
	if (e == VT_ENOMEM)
		vt_complain(COMMAND, h.path, "%s", vt_err_text(e));
	if (!e) {
		status = a.problems ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
		printf("%" PRIu64 " entries; problems: %" PRIu64 "\n", h.size, a.problems);
	}
	vt_audit_free(&a.audit);
	vt_house_close(&h);
	vt_strings_free(&dirs);
	return status;
}
