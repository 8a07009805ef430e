/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine supply: lists of what products are made of, against directives, before one buys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "report/sbom.h"
#include "report/supply.h"

#define COMMAND "vitrine supply"
#define MEMORY ((size_t)2 << 30)

struct settings {
	const char *state;
	struct vt_strings directives, catalogues, keys;
	bool is_unsigned, assume_complete;
	int format;
};

#define AT(field) offsetof(struct settings, field)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'d', "directive", "DIRECTIVE", VT_OPTION_STRINGS, AT(directives),
		"an id, or a file; several (default: those that were\nadded, or else all that are "
		"installed)",
		NULL},
	{0, "assume-complete", NULL, VT_OPTION_FLAG, AT(assume_complete),
		"a list that does not say how complete it is lists all", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, AT(catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, AT(keys), "may vouch for documents", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, AT(is_unsigned), "take documents without a signature",
		NULL},
	{0, "state", "DIR", VT_OPTION_STRING, AT(state), "the state folder", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, AT(format), "of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage =
		"Usage: vitrine supply [OPTION]... SBOM...\n"
		"Compares CycloneDX (JSON) and SPDX 2 (JSON, tag-value) documents with directives: "
		"who made\nit, CPE and package names, aliases.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 nothing that is covered, 1 found, 2 not shown (the list is "
		 "incomplete or\nunreadable, or a name alone agrees), or an error.\n",
};

struct run {
	const struct settings *s;
	const struct vt_known_directive *directives;
	size_t n;
	struct vt_catalogue c;
	bool found, open, any; /* any: something was printed in the JSON list */
};

static void put_quoted(const char *key, vt_span v)
{
	printf(",\"%s\":", key);
	vt_put_json(stdout, v);
}

static void put_match(struct run *r, const char *path, const struct vt_directive *d,
	const struct vt_sbom_item *i, const struct vt_supply_match *m)
{
	if (r->s->format) {
		printf("%s{\"type\":\"match\",\"weight\":\"%s\",\"by\":\"%s\"", r->any ? ",\n" : "",
			vt_supply_weight_word(m->weight), m->by);
		put_quoted("document", vt_span_str(path));
		put_quoted("directive", d->id);
		put_quoted("name", i->name);
		put_quoted("version", i->version);
		put_quoted("ref", i->ref);
		put_quoted("agrees_with", m->what);
		put_quoted("product", m->product);
		printf(",\"part\":%s}", i->whole ? "false" : "true");
		r->any = true;
		return;
	}
	fputs(m->weight == VT_SUPPLY_FOUND ? "  FOUND " : "  ", stdout);
	if (m->weight != VT_SUPPLY_FOUND)
		printf("%s: ", vt_supply_weight_word(m->weight));
	vt_put_visible(stdout, i->name);
	putchar(' ');
	vt_put_visible(stdout, i->version);
	printf("%s, ", i->whole ? "" : " (a part of it)");
	vt_put_visible(stdout, d->id);
	printf(": its %s agrees with ", m->by);
	vt_put_visible(stdout, m->what);
	putchar('\n');
}

static void put_result(struct run *r, const char *path, const struct vt_sbom *b,
	enum vt_supply_weight worst, const char *why)
{
	const char *word = worst == VT_SUPPLY_FOUND ? "found" : why ? "not shown" : "nothing found";

	if (r->s->format) {
		printf("%s{\"type\":\"document\",\"result\":\"%s\"", r->any ? ",\n" : "", word);
		put_quoted("document", vt_span_str(path));
		put_quoted("format", vt_span_str(b ? b->format : ""));
		put_quoted("why", vt_span_str(why ? why : ""));
		printf(",\"components\":%zu}", b ? b->n : 0);
		r->any = true;
		return;
	}
	vt_put_visible(stdout, vt_span_str(path));
	printf(": %s", word);
	if (b)
		printf(" (%s, %zu component%s)", b->format, b->n, b->n == 1 ? "" : "s");
	if (why) {
		fputs(": ", stdout);
		vt_put_visible(stdout, vt_span_str(why));
	}
	putchar('\n');
}

static const char *doubt(const struct run *r, const struct vt_sbom *b, bool truncated)
{
	if (b->claim == VT_SBOM_SAYS_INCOMPLETE)
		return "the list says that it is not complete";
	if (truncated)
		return "a component has more names than are read";
	if (b->claim == VT_SBOM_SAYS_NOTHING && !r->s->assume_complete)
		return "the list does not say that it is complete";
	return NULL;
}

static void compare(struct run *r, const char *path, const struct vt_sbom *b)
{
	enum vt_supply_weight worst = VT_SUPPLY_NOTHING;
	bool truncated = false;
	const char *why;

	for (size_t i = 0; i < b->n; i++) {
		truncated = truncated || b->items[i].truncated;
		for (size_t k = 0; k < r->n; k++) {
			struct vt_supply_match m =
				vt_supply_match_item(&b->items[i], &r->directives[k].d, &r->c);

			if (!m.weight)
				continue;
			put_match(r, path, &r->directives[k].d, &b->items[i], &m);
			worst = m.weight > worst ? m.weight : worst;
		}
	}
	why = doubt(r, b, truncated);
	if (worst == VT_SUPPLY_CANDIDATE)
		why = "a name agrees, and a name alone may mean something else";
	r->found = r->found || worst == VT_SUPPLY_FOUND;
	r->open = r->open || why;
	put_result(r, path, b, worst, why);
}

static void look(struct run *r, const char *path)
{
	vt_arena a = VT_ARENA_INIT(MEMORY);
	struct vt_doc_error why = {0};
	struct vt_sbom b;
	vt_buf text;
	vt_err e = vt_slurp(COMMAND, path, VT_SBOM_MAX, &text);

	if (!e)
		e = vt_sbom_read(vt_buf_span(&text), &a, &b, &why);
	if (e) {
		put_result(r, path, NULL, VT_SUPPLY_NOTHING,
			why.cause[0] ? why.cause : "it can't be read");
		r->open = true;
	} else {
		compare(r, path, &b);
	}
	vt_buf_free(&text);
	vt_arena_free(&a);
}

/* Those that are asked for, or were added, or are there. */
static vt_err choose(struct vt_docs *docs, const struct settings *s, struct run *r)
{
	struct vt_known_directive *v;
	vt_err e = VT_OK;

	if (!s->directives.n) {
		e = vt_docs_list(docs, false, &r->directives, &r->n);
		if (!e && r->n == 0)
			e = vt_docs_list(docs, true, &r->directives, &r->n);
		return e;
	}
	v = vt_arena_array(&docs->a, s->directives.n, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	for (size_t i = 0; i < s->directives.n && !e; i++) {
		e = vt_docs_directive(docs, s->directives.v[i], &v[i]);
		if (e == VT_END)
			vt_complain(COMMAND, s->directives.v[i],
				"there is no such directive; 'vitrine directive list' shows them");
	}
	r->directives = v;
	r->n = s->directives.n;
	return e;
}

static int supply(const struct settings *s, const struct vt_strings *paths)
{
	struct run r = {.s = s};
	struct vt_docs docs = {0};
	vt_span position;
	vt_err e = vt_docs_open(&docs, COMMAND, s->state);

	docs.unsigned_ok = s->is_unsigned;
	docs.keys = s->keys;
	if (!e)
		e = choose(&docs, s, &r);
	if (!e)
		e = vt_docs_catalogue(&docs, &s->catalogues, &r.c, &position);
	if (!e && s->format)
		fputs("{\"schema\":\"vitrine.supply/1\",\"results\":[\n", stdout);
	for (size_t i = 0; !e && i < paths->n; i++)
		look(&r, paths->v[i]);
	if (!e && s->format)
		fputs("\n]}\n", stdout);
	docs.keys = (struct vt_strings){0};
	vt_docs_close(&docs);
	if (e)
		return VT_EXIT_ERROR;
	return r.found ? VT_EXIT_FOUND : r.open ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

int vt_cmd_supply(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &paths);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && paths.n == 0)
		fputs(COMMAND ": name a document\nTry '" COMMAND " --help'.\n", stderr);
	else if (!e)
		status = supply(&s, &paths);
	vt_strings_free(&paths);
	vt_strings_free(&s.directives);
	vt_strings_free(&s.catalogues);
	vt_strings_free(&s.keys);
	return status;
}
