/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine db diff: rules that are in one image only, by their source lines. A name that lost one
 * line and gained another is a changed rule. Where a line stands does not matter.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "cli/db.h"
#include "cli/text.h"
#include "crypto/hash.h"

#define COMMAND "vitrine db diff"

struct settings {
	int format;
	bool quiet;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'q', "quiet", NULL, VT_OPTION_FLAG, offsetof(struct settings, quiet), "only the totals",
		NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage =
		"Usage: vitrine db diff [OPTION]... A B\n"
		"Prints the rules that B adds (+), removes (-) or changes (~) against A. Each is an"
		" image, a\nsignature file or a folder of them.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 the same rules, 1 different, 2 an error.\n",
};

struct entry {
	uint64_t text[2]; /* from the SHA-256 of the line */
	uint64_t name;    /* the same of the rule's name */
	uint32_t line;
};

struct side {
	struct vt_db_views views;
	struct entry *v;
	size_t n, cap;
	uint8_t *differs; /* one bit a line */
	uint64_t *names;  /* of the lines that differ, ascending */
	size_t nnames;
};

static void digest(vt_span s, uint64_t out[2])
{
	uint8_t sum[32];

	vt_sha256(s, sum);
	memcpy(out, sum, 2 * sizeof *out);
}

static vt_err on_rule(void *ctx, const struct vt_db_line *line)
{
	struct side *s = ctx;
	struct entry *e;
	uint64_t name[2];

	if (line->left_out)
		return VT_OK;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 4096;

		e = realloc(s->v, cap * sizeof *e);
		if (!e)
			return VT_ENOMEM;
		s->v = e;
		s->cap = cap;
	}
	e = &s->v[s->n++];
	digest(line->text, e->text);
	digest(line->name, name);
	e->name = name[0];
	e->line = line->index;
	return VT_OK;
}

/* Which of two lines with the same text is the other's partner does not matter. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->text, y->text, sizeof x->text);
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static vt_err load(struct side *s, const char *path)
{
	const char *one[] = {path};
	const struct vt_strings paths = {.v = one, .n = 1};
	vt_err e = vt_db_views_open(&s->views, COMMAND, &paths, false);

	if (e)
		return e;
	e = vt_db_each_rule(s->views.v[0].db, on_rule, s);
	if (!e) {
		uint64_t lines = s->views.v[0].db->counts[VT_COUNT_LINES];

		if (s->n)
			qsort(s->v, s->n, sizeof *s->v, compare);
		for (size_t i = 0; i < s->n; i++)
			lines = vt_max_u64(lines, (uint64_t)s->v[i].line + 1);
		s->differs = calloc(lines / 8 + 1, 1);
		s->names = calloc(s->n + 1, sizeof *s->names);
		if (!s->differs || !s->names)
			e = VT_ENOMEM;
	}
	if (e)
		fprintf(stderr, COMMAND ": %s: %s\n", path, vt_err_text(e));
	return e;
}

static void free_side(struct side *s)
{
	vt_db_views_close(&s->views);
	free(s->v);
	free(s->differs);
	free(s->names);
}

static void mark(struct side *s, const struct entry *e)
{
	s->differs[e->line / 8] |= (uint8_t)(1u << (e->line % 8));
	s->names[s->nnames++] = e->name;
}

/* Marks the lines that stand on one side more often than on the other. */
static void merge(struct side *a, struct side *b)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		int c = i == a->n ? 1 : j == b->n ? -1 : compare(&a->v[i], &b->v[j]);

		if (c < 0) {
			mark(a, &a->v[i++]);
		} else if (c > 0) {
			mark(b, &b->v[j++]);
		} else {
			i++;
			j++;
		}
	}
	qsort(a->names, a->nnames, sizeof *a->names, compare_u64);
	qsort(b->names, b->nnames, sizeof *b->names, compare_u64);
}

struct printer {
	const struct side *own, *other;
	const struct settings *settings;
	char sign;
	uint64_t counts[128]; /* by sign */
	uint64_t printed;
};

static void print(struct printer *p, const struct vt_db_line *l, char sign)
{
	static const char *const words[128] = {
		['+'] = "added", ['-'] = "removed", ['~'] = "changed"};

	if (p->settings->format) {
		printf("%s\n{\"change\":\"%s\",\"rule\":", p->printed ? "," : "",
			words[(unsigned char)sign]);
		vt_put_json(stdout, l->name);
		fputs(",\"set\":", stdout);
		vt_put_json(stdout, l->set);
		printf(",\"line\":%" PRIu64 "}", l->number);
	} else {
		printf("%c ", sign);
		vt_put_visible(stdout, l->name);
		fputs("  ", stdout);
		vt_put_visible(stdout, l->set);
		printf(":%" PRIu64 "\n", l->number);
	}
	p->printed++;
}

static vt_err print_rule(void *ctx, const struct vt_db_line *l)
{
	struct printer *p = ctx;
	uint64_t name[2];
	char sign = p->sign;

	if (l->left_out || !(p->own->differs[l->index / 8] & (1u << (l->index % 8))))
		return VT_OK;
	digest(l->name, name);
	if (p->other->nnames &&
		bsearch(name, p->other->names, p->other->nnames, sizeof *name, compare_u64)) {
		if (sign == '-')
			return VT_OK; /* told with its new line */
		sign = '~';
	}
	p->counts[(unsigned char)sign]++;
	if (!p->settings->quiet)
		print(p, l, sign);
	return ferror(stdout) ? VT_EIO : VT_OK;
}

static int diff(const struct settings *s, struct side *a, struct side *b)
{
	struct printer p = {.settings = s, .own = a, .other = b, .sign = '-'};
	vt_err e;

	merge(a, b);
	if (s->format)
		fputs("{\"schema\":\"vitrine.db-diff/1\",\"rules\":[", stdout);
	e = vt_db_each_rule(a->views.v[0].db, print_rule, &p);
	p.own = b;
	p.other = a;
	p.sign = '+';
	if (!e)
		e = vt_db_each_rule(b->views.v[0].db, print_rule, &p);
	if (e) {
		fprintf(stderr, COMMAND ": %s\n", vt_err_text(e));
		return VT_EXIT_ERROR;
	}
	printf(s->format ? "\n],\"added\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"changed\":%" PRIu64
			   "}\n"
			 : "%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed\n",
		p.counts['+'], p.counts['-'], p.counts['~']);
	return a->nnames + b->nnames ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

int vt_db_cmd_diff(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	struct side a = {0}, b = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &paths);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && paths.n != 2)
		fputs(COMMAND ": give two databases\n", stderr);
	else if (!e && load(&a, paths.v[0]) == VT_OK && load(&b, paths.v[1]) == VT_OK)
		status = diff(&s, &a, &b);
	free_side(&a);
	free_side(&b);
	vt_strings_free(&paths);
	return status;
}
