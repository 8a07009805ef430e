/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define HELP_COLUMN 30

vt_err vt_strings_add(struct vt_strings *s, const char *string)
{
	const char **v;

	if ((s->n & (s->n - 1)) == 0) { /* full at each power of two */
		v = realloc(s->v, (s->n ? 2 * s->n : 1) * sizeof *v);
		if (!v)
			return VT_ENOMEM;
		s->v = v;
	}
	s->v[s->n++] = string;
	return VT_OK;
}

void vt_strings_free(struct vt_strings *s)
{
	free(s->v);
	*s = (struct vt_strings){0};
}

void vt_strings_free_all(struct vt_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free((void *)(uintptr_t)s->v[i]);
	vt_strings_free(s);
}

/* Number of one-byte edits from a to b, or `cap` if that many or more (rows of Levenshtein). */
static unsigned distance(const char *a, const char *b, unsigned cap)
{
	unsigned row[64];
	size_t na = strlen(a), nb = strlen(b);

	if (na >= VT_COUNT(row) || nb >= VT_COUNT(row))
		return cap;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb] < cap ? row[nb] : cap;
}

const char *vt_nearest(const char *word, const char *const *names, size_t count)
{
	const char *found = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < count; i++) {
		unsigned d = distance(word, names[i], best);

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

struct suffix {
	const char *text;
	uint64_t factor;
};

static const struct suffix size_suffixes[] = {
	{"", 1},
	{"K", 1ull << 10},
	{"M", 1ull << 20},
	{"G", 1ull << 30},
	{"T", 1ull << 40},
	{"k", 1ull << 10},
	{"m", 1ull << 20},
	{"g", 1ull << 30},
	{"KiB", 1ull << 10},
	{"MiB", 1ull << 20},
	{"GiB", 1ull << 30},
};
static const struct suffix time_suffixes[] = {
	{"", 1000},
	{"ms", 1},
	{"s", 1000},
	{"m", 60000},
	{"h", 3600000},
};
static const struct suffix no_suffix[] = {{"", 1}};

static bool parse_number(
	const char *text, const struct suffix *suffixes, size_t n, uint64_t max, uint64_t *out)
{
	char *end;
	uint64_t v;

	if (strcmp(text, "unlimited") == 0) {
		*out = max;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(end, suffixes[i].text) == 0)
			return vt_mul_u64(v, suffixes[i].factor, out) && *out <= max;
	return false;
}

static bool parse_u32(const char *text, const struct suffix *suffixes, size_t n, uint32_t *out)
{
	uint64_t v;

	if (!parse_number(text, suffixes, n, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool parse_choice(const char *text, const char *choices, int *out)
{
	size_t n = strlen(text);
	int index = 0;

	for (const char *c = choices; c; c = strchr(c, '|')) {
		if (*c == '|')
			c++;
		if (n && strncmp(c, text, n) == 0 && (c[n] == '|' || c[n] == 0)) {
			*out = index;
			return true;
		}
		index++;
	}
	return false;
}

static vt_err complain(const struct vt_option_table *t, const struct vt_option *o, const char *text)
{
	fprintf(stderr, "%s: '%s' is not a value of --%s", t->command, text, o->name);
	if (o->choices)
		fprintf(stderr, " (%s)", o->choices);
	else if (o->kind == VT_OPTION_SIZE)
		fputs(" (a number with an optional K, M, G or T, or 'unlimited')", stderr);
	else if (o->kind == VT_OPTION_TIME)
		fputs(" (seconds, or a number with ms, s, m or h, or 'unlimited')", stderr);
	else
		fputs(" (a whole number)", stderr);
	fputc('\n', stderr);
	return VT_EARG;
}

/* Stores `text` as the option's value. */
static vt_err store(const struct vt_option_table *t, const struct vt_option *o, const char *text,
	bool on, void *values)
{
	void *field = (char *)values + o->offset;
	bool ok = true;

	switch (o->kind) {
	case VT_OPTION_FLAG: *(bool *)field = on; break;
	case VT_OPTION_TRI: *(int *)field = on; break;
	case VT_OPTION_STRING: *(const char **)field = text; break;
	case VT_OPTION_STRINGS: return vt_strings_add(field, text);
	case VT_OPTION_CHOICE: ok = parse_choice(text, o->choices, field); break;
	case VT_OPTION_SIZE:
		ok = parse_number(text, size_suffixes, VT_COUNT(size_suffixes), UINT64_MAX, field);
		break;
	case VT_OPTION_U64: ok = parse_number(text, no_suffix, 1, UINT64_MAX, field); break;
	case VT_OPTION_U32: ok = parse_u32(text, no_suffix, 1, field); break;
	case VT_OPTION_TIME:
		ok = parse_u32(text, time_suffixes, VT_COUNT(time_suffixes), field);
		break;
	case VT_OPTION_SECTION:
	case VT_OPTION_HELP: break;
	}
	return ok ? VT_OK : complain(t, o, text);
}

static void print_help(const struct vt_option_table *t)
{
	fputs(t->usage, stdout);
	for (size_t i = 0; i < t->count; i++) {
		const struct vt_option *o = &t->options[i];
		int n;

		if (o->kind == VT_OPTION_SECTION) {
			printf("\n%s:\n", o->help);
			continue;
		}
		n = o->letter ? printf("  -%c, ", o->letter) : printf("      ");
		n += printf("--%s", o->name);
		if (o->value)
			n += printf(" %s", o->value);
		if (n >= HELP_COLUMN)
			n = printf("\n") - 1;
		printf("%*s", HELP_COLUMN - n, "");
		for (const char *c = o->help; *c; c++)
			if (printf("%c", *c) > 0 && *c == '\n')
				printf("%*s", HELP_COLUMN, "");
		if (o->choices)
			printf(" (%s)", o->choices);
		putchar('\n');
	}
	if (t->notes)
		printf("\n%s", t->notes);
}

static bool is_flag(const struct vt_option *o)
{
	return o->kind == VT_OPTION_FLAG || o->kind == VT_OPTION_TRI || o->kind == VT_OPTION_HELP;
}

/* The option that `name` (n bytes) stands for; *on is false for "no-name". */
static const struct vt_option *find_long(
	const struct vt_option_table *t, const char *name, size_t n, bool *on)
{
	for (int undo = 0; undo < 2; undo++) {
		if (undo && (n < 3 || strncmp(name, "no-", 3) != 0))
			break;
		name += undo ? 3 : 0;
		n -= undo ? 3 : 0;
		for (size_t i = 0; i < t->count; i++) {
			const struct vt_option *o = &t->options[i];

			if (!o->name || strlen(o->name) != n || strncmp(o->name, name, n) != 0)
				continue;
			if (undo && (!is_flag(o) || o->kind == VT_OPTION_HELP))
				continue;
			*on = !undo;
			return o;
		}
	}
	return NULL;
}

static const struct vt_option *find_letter(const struct vt_option_table *t, char letter)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->options[i].letter == letter)
			return &t->options[i];
	return NULL;
}

static vt_err unknown(const struct vt_option_table *t, const char *word)
{
	const char *names[128];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < t->count && n < VT_COUNT(names); i++)
		if (t->options[i].name)
			names[n++] = t->options[i].name;
	fprintf(stderr, "%s: unknown option '%s'", t->command, word);
	near = word[1] == '-' ? vt_nearest(word + 2, names, n) : NULL;
	if (near)
		fprintf(stderr, "; did you mean '--%s'?", near);
	fprintf(stderr, "\nTry '%s --help'.\n", t->command);
	return VT_EARG;
}

static vt_err missing(const struct vt_option_table *t, const struct vt_option *o)
{
	fprintf(stderr, "%s: --%s needs a value (%s)\n", t->command, o->name, o->value);
	return VT_EARG;
}

struct arguments {
	int argc, at;
	char **argv;
};

static vt_err parse_long(
	const struct vt_option_table *t, struct arguments *a, const char *word, void *values)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
	bool on = true;
	const struct vt_option *o = find_long(t, word + 2, n, &on);

	if (!o)
		return unknown(t, word);
	if (o->kind == VT_OPTION_HELP) {
		print_help(t);
		return VT_END;
	}
	if (is_flag(o)) {
		if (!equals)
			return store(t, o, NULL, on, values);
		fprintf(stderr, "%s: --%s takes no value\n", t->command, o->name);
		return VT_EARG;
	}
	if (equals)
		return store(t, o, equals + 1, true, values);
	if (a->at >= a->argc)
		return missing(t, o);
	return store(t, o, a->argv[a->at++], true, values);
}

static vt_err parse_short(
	const struct vt_option_table *t, struct arguments *a, const char *word, void *values)
{
	for (const char *c = word + 1; *c; c++) {
		const struct vt_option *o = find_letter(t, *c);
		vt_err e;

		if (!o)
			return unknown(t, word);
		if (o->kind == VT_OPTION_HELP) {
			print_help(t);
			return VT_END;
		}
		if (!is_flag(o)) {
			if (c[1])
				return store(t, o, c[1] == '=' ? c + 2 : c + 1, true, values);
			if (a->at >= a->argc)
				return missing(t, o);
			return store(t, o, a->argv[a->at++], true, values);
		}
		e = store(t, o, NULL, true, values);
		if (e)
			return e;
	}
	return VT_OK;
}

vt_err vt_options_parse(const struct vt_option_table *t, int argc, char **argv, void *values,
	struct vt_strings *operands)
{
	struct arguments a = {.argc = argc, .at = 1, .argv = argv};
	bool ended = false;
	vt_err e = VT_OK;

	while (!e && a.at < argc) {
		const char *word = argv[a.at++];

		if (ended || word[0] != '-' || word[1] == 0)
			e = vt_strings_add(operands, word);
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			e = parse_long(t, &a, word, values);
		else
			e = parse_short(t, &a, word, values);
	}
	return e;
}
