/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log compare: two views of a log are consistent, or evidence that it was forked. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/log/keep.h"
#include "cli/log/log.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "store/folder.h"
#include "update/trusted.h"

#define COMMAND "vitrine log compare"
#define EXIT_UNKNOWN VT_EXIT_ERROR

struct settings {
	const char *policy, *log, *state, *evidence;
	struct vt_strings sites;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, policy),
		"whom to believe: a tlog-policy file", NULL},
	{0, "log", "VKEY", VT_OPTION_STRING, offsetof(struct settings, log),
		"or only the log, by its verifier key", NULL},
	{0, "site", "PLACE", VT_OPTION_STRINGS, offsetof(struct settings, sites),
		"where to look for the tree that proves it: the log, a\nmirror, a folder or bundle",
		NULL},
	{0, "evidence", "DIR", VT_OPTION_STRING, offsetof(struct settings, evidence),
		"where evidence of a fork is written (default: the state\nfolder's evidence/)",
		NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, state),
		"use this state folder", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine log compare [OPTION]... A B\n"
		 "Compares two views of a log: checkpoint files, state folders of machines or "
		 "monitors, or"
		 " places\n(URLs, folders, bundles).\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 consistent, 1 forked (evidence is written), 2 can't tell.\n",
};

struct view {
	struct vt_log_place place; /* site is NULL for a lone head */
};

/* The head that `vitrine update` pinned. VT_END: it has none. */
static vt_err read_trusted(int dir, vt_buf *out)
{
	static const char *const places[] = {"update/" VT_TRUSTED_FILE, VT_TRUSTED_FILE};
	struct vt_trusted *t = calloc(1, sizeof *t);
	vt_buf text = VT_BUF_INIT(VT_TRUSTED_MAX);
	vt_err e = t ? VT_END : VT_ENOMEM;

	for (size_t i = 0; e == VT_END && i < VT_COUNT(places); i++)
		e = vt_store_read(dir, places[i], VT_TRUSTED_MAX, &text);
	if (!e)
		e = vt_trusted_parse(vt_buf_span(&text), t);
	if (!e)
		e = t->has_head ? vt_buf_add(out, t->note.p, t->note.n) : VT_END;
	vt_buf_free(&text);
	free(t);
	return e;
}

/* The head that `vitrine log follow` saw last, of a log of the policy. VT_END: it has none. */
static vt_err read_followed(int dir, const struct vt_log_trust *t, vt_buf *out)
{
	vt_err e = VT_END;

	for (size_t i = 0; e == VT_END && i < t->p->nlogs; i++) {
		vt_buf path = VT_BUF_INIT(100);
		uint8_t sum[32];

		vt_sha256(vt_span_str(t->p->logs[i].key.name), sum);
		e = vt_buf_addf(&path, "follow/");
		if (!e)
			e = vt_hex_add(&path, vt_span_of(sum, sizeof sum));
		if (!e)
			e = vt_buf_add(&path, "/head", sizeof "/head");
		if (!e)
			e = vt_store_read(dir, (const char *)path.p, VT_NOTE_MAX, out);
		vt_buf_free(&path);
	}
	return e;
}

/* A machine's or a monitor's state folder, or a place. */
static vt_err read_folder(
	const char *name, const struct vt_log_trust *t, vt_buf *out, bool *out_place)
{
	static const char *const heads[] = {"checkpoint", "head"};
	int dir;
	vt_err e = vt_store_open(name, false, &dir);

	if (e)
		return e;
	e = VT_END;
	for (size_t i = 0; e == VT_END && i < VT_COUNT(heads); i++) {
		e = vt_store_read(dir, heads[i], VT_NOTE_MAX, out);
		*out_place = !e && i == 0;
	}
	if (e == VT_END)
		e = read_trusted(dir, out);
	if (e == VT_END)
		e = read_followed(dir, t, out);
	vt_fd_close(dir);
	return e;
}

static vt_err read_head(const char *name, const struct stat *st, const struct vt_log_trust *t,
	vt_buf *out, bool *out_place)
{
	vt_err e;

	*out_place = false;
	if (S_ISREG(st->st_mode)) {
		int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		/* a bundle is no note: it holds zeros */
		e = fd < 0 ? VT_EIO : vt_fd_read_all(fd, 0, out);
		vt_fd_close(fd);
		*out_place = e == VT_ELIMIT || (!e && out->n && memchr(out->p, 0, out->n));
		return *out_place ? VT_OK : e;
	}
	return read_folder(name, t, out, out_place);
}

static vt_err open_view(struct view *v, const char *name, struct vt_fetcher *f,
	const struct vt_log_trust *t, char *why)
{
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX);
	struct stat st;
	bool place = true;
	vt_err e = VT_OK;

	v->place.name = name;
	if (strncmp(name, "file://", 7) != 0 && stat(name, &st) == 0) {
		e = read_head(name, &st, t, &note, &place);
		if (e)
			(void)snprintf(why, VT_LOG_WHY_MAX, "%s",
				e == VT_END ? "no checkpoint, and no state folder with a head"
					: e == VT_EIO ? strerror(errno)
						      : vt_err_text(e));
	}
	if (e || place) {
		vt_buf_free(&note);
		if (!e)
			e = vt_log_place_open(&v->place, name, f, why);
		return e ? e : vt_log_place_head(&v->place, t, why);
	}
	v->place.at.note = note;
	return vt_log_head_check(&v->place.at, t, why);
}

/* Opens the longer head's tree from wherever it is to be had. VT_END: nowhere. */
static vt_err find_tree(const struct settings *s, struct vt_fetcher *f, struct view *longer,
	struct view *shorter, struct vt_site **out_site, struct vt_tiles **out)
{
	const struct vt_checkpoint *c = &longer->place.at.head.at;
	struct view *views[] = {longer, shorter};

	*out_site = NULL;
	for (size_t i = 0; i < VT_COUNT(views); i++)
		if (views[i]->place.site &&
			vt_tiles_open(c->size, &c->root, vt_site_get, views[i]->place.site, out) ==
				VT_OK)
			return VT_OK;
	for (size_t i = 0; i < s->sites.n; i++) {
		if (vt_site_open(s->sites.v[i], f, out_site)) {
			*out_site = NULL;
			continue;
		}
		if (vt_tiles_open(c->size, &c->root, vt_site_get, *out_site, out) == VT_OK)
			return VT_OK;
		vt_site_close(*out_site);
		*out_site = NULL;
	}
	return VT_END;
}

struct outcome {
	enum { CONSISTENT, FORK, UNKNOWN } is;
	char why[VT_LOG_WHY_MAX];
	char *evidence;
	uint64_t shorter, longer;
};

static void keep(const struct settings *s, const struct vt_fork *fork, struct outcome *o)
{
	char *base = NULL, *folder = NULL, name[VT_KEEP_NAME_MAX];
	int dir = -1;
	vt_err e = VT_OK;

	if (s->evidence)
		folder = strdup(s->evidence);
	else if ((!s->state && vt_where_state(&base)) ||
		asprintf(&folder, "%s/evidence", s->state ? s->state : base) < 0)
		folder = NULL;
	e = folder ? vt_store_open(folder, true, &dir) : VT_EIO;
	if (!e)
		e = vt_log_keep_fork(dir, fork, name);
	if (e)
		(void)snprintf(o->why, sizeof o->why, "the evidence could not be written: %s",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	else if (asprintf(&o->evidence, "%s/%s", folder, name) < 0)
		o->evidence = NULL;
	vt_fd_close(dir);
	free(folder);
	free(base);
}

static void judge(const struct settings *s, struct vt_fetcher *f, struct view *a, struct view *b,
	struct outcome *o)
{
	struct view *shorter = a->place.at.head.at.size <= b->place.at.head.at.size ? a : b;
	struct view *longer = shorter == a ? b : a;
	const struct vt_checkpoint *x = &shorter->place.at.head.at, *y = &longer->place.at.head.at;
	struct vt_tiles *tiles = NULL;
	struct vt_site *site = NULL;
	struct vt_fork fork;
	vt_err e = VT_OK;

	o->is = UNKNOWN;
	o->shorter = x->size;
	o->longer = y->size;
	if (memcmp(a->place.at.log->pub, b->place.at.log->pub, VT_PUBLIC_SIZE) != 0) {
		(void)snprintf(o->why, sizeof o->why, "they are of different logs or keys");
		return;
	}
	if (x->size > 0 && x->size < y->size)
		e = find_tree(s, f, longer, shorter, &site, &tiles);
	if (!e)
		e = vt_fork_make(shorter->place.at.log, vt_buf_span(&shorter->place.at.note), x,
			vt_buf_span(&longer->place.at.note), y, vt_tiles_get, tiles, &fork);
	if (e == VT_ECHECKSUM && !tiles) {
		o->is = CONSISTENT;
	} else if (e == VT_ECHECKSUM) {
		vt_hash root;

		/* told apart from tiles that are false: those say VT_ECHECKSUM too */
		e = vt_merkle_root(vt_tiles_get, tiles, x->size, &root);
		if (!e && vt_hash_eq(&root, &x->root))
			o->is = CONSISTENT;
	}
	if (!e) {
		if (o->is != CONSISTENT) {
			o->is = FORK;
			keep(s, &fork, o);
		}
	} else if (o->is == UNKNOWN) {
		(void)snprintf(o->why, sizeof o->why,
			"missing: a place that serves the tree of size %" PRIu64
			" that the longer head is of; give it with --site",
			y->size);
	}
	vt_tiles_close(tiles);
	vt_site_close(site);
}

static void print(const struct settings *s, const struct view *v, const struct outcome *o)
{
	static const char *const words[] = {"consistent", "fork", "unknown"};

	if (s->format) {
		printf("{\"schema\":\"vitrine.log-compare/1\",\"result\":\"%s\"", words[o->is]);
		for (int i = 0; i < 2; i++) {
			const struct vt_checkpoint *c = &v[i].place.at.head.at;

			printf(",\"%c\":{\"view\":", 'a' + i);
			vt_put_json(stdout, vt_span_str(v[i].place.name));
			printf(",\"size\":%" PRIu64 ",\"root\":\"", c->size);
			vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
			printf("\",\"cosigned\":%s}", v[i].place.at.enough ? "true" : "false");
		}
		fputs(",\"evidence\":", stdout);
		if (o->evidence)
			vt_put_json(stdout, vt_span_str(o->evidence));
		else
			fputs("null", stdout);
		fputs(",\"why\":", stdout);
		vt_put_json(stdout, vt_span_str(o->why));
		puts("}");
		return;
	}
	for (int i = 0; i < 2; i++) {
		const struct vt_checkpoint *c = &v[i].place.at.head.at;

		printf("%c  size %" PRIu64 "  root ", 'A' + i, c->size);
		vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
		fputs("  ", stdout);
		vt_put_visible(stdout, vt_span_str(v[i].place.name));
		putchar('\n');
	}
	if (o->is == CONSISTENT && o->shorter == o->longer)
		puts("consistent: the same head");
	else if (o->is == CONSISTENT)
		printf("consistent: the first %" PRIu64 " of the %" PRIu64
		       " entries are the same ones\n",
			o->shorter, o->longer);
	else if (o->is == FORK)
		puts("FORK: the log's key signed two heads that no single log can have.");
	else
		printf("can't tell: %s\n", o->why);
	if (o->evidence) {
		fputs("Evidence that anybody can check with 'vitrine log verify --evidence': ",
			stdout);
		vt_put_visible(stdout, vt_span_str(o->evidence));
		putchar('\n');
	} else if (o->is == FORK) {
		puts(o->why);
	}
}

static int compare(const struct settings *s, const struct vt_strings *operands)
{
	static const int statuses[] = {VT_EXIT_CLEAN, VT_EXIT_FOUND, EXIT_UNKNOWN};
	struct vt_strings places = {0};
	struct vt_log_trust trust = {0};
	struct vt_fetcher *fetcher = NULL;
	struct view *v = calloc(2, sizeof *v);
	struct outcome o = {.is = UNKNOWN};
	char why[VT_LOG_WHY_MAX];
	vt_err e = v ? vt_log_trust_open(&trust, COMMAND, s->policy, s->log) : VT_ENOMEM;

	for (size_t i = 0; !e && i < operands->n; i++)
		e = vt_strings_add(&places, operands->v[i]);
	for (size_t i = 0; !e && i < s->sites.n; i++)
		e = vt_strings_add(&places, s->sites.v[i]);
	if (!e)
		e = vt_log_fetcher(COMMAND, s->state, places.v, places.n, &fetcher);
	for (size_t i = 0; !e && i < 2; i++) {
		e = open_view(&v[i], operands->v[i], fetcher, &trust, why);
		if (e) {
			fputs(COMMAND ": ", stderr);
			vt_put_visible(stderr, vt_span_str(operands->v[i]));
			fputs(": ", stderr);
			vt_put_visible(stderr, vt_span_str(why));
			fputc('\n', stderr);
		}
	}
	if (!e) {
		judge(s, fetcher, &v[0], &v[1], &o);
		print(s, v, &o);
	}
	free(o.evidence);
	for (size_t i = 0; v && i < 2; i++)
		vt_log_place_close(&v[i].place);
	free(v);
	if (fetcher)
		vt_fetcher_stop(fetcher);
	vt_log_trust_close(&trust);
	vt_strings_free(&places);
	return e ? EXIT_UNKNOWN : statuses[o.is];
}

int vt_log_cmd_compare(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	int status = EXIT_UNKNOWN;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && operands.n != 2)
		fputs(COMMAND ": give two views, A and B\n", stderr);
	else if (!e)
		status = compare(&s, &operands);
	vt_strings_free(&operands);
	vt_strings_free(&s.sites);
	return status;
}
