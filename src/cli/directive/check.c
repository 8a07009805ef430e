/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive check: does a document hold to its format, and if not, where and why not? */
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/documents.h"
#include "cli/directive/known.h"
#include "cli/text.h"

#define COMMAND "vitrine directive check"
#define MEMORY_MAX ((size_t)512 << 20)

static void complain(
	const char *command, const char *path, vt_err e, const struct vt_doc_error *why)
{
	struct vt_docs docs = {.command = command};

	vt_known_complain(&docs, path, e, why);
}

/* A glob that names nothing of the catalogue is most often a slip. */
static void note_unmatched(const char *path, vt_span bytes, const struct vt_catalogue *c)
{
	vt_arena a = VT_ARENA_INIT(MEMORY_MAX);
	struct vt_doc_error why;
	struct vt_directive d;

	if (vt_directive_parse(bytes, &a, &d, &why) == VT_OK)
		for (size_t i = 0; i < d.ncovered; i++)
			for (size_t k = 0; k < d.covered[i].products.n; k++) {
				vt_span glob = d.covered[i].products.v[k];
				size_t hits = 0;

				for (size_t p = 0; p < c->nproducts; p++)
					hits += vt_glob_match(glob, c->products[p].id, false);
				if (hits == 0)
					printf("%s: note: /products/%zu/products/%zu: '%.*s' is no "
					       "product of the catalogue\n",
						path, i, k, (int)glob.n, (const char *)glob.p);
			}
	vt_arena_free(&a);
}

static vt_err check_directive(
	const char *path, vt_span bytes, vt_arena *a, FILE *say, struct vt_doc_error *why)
{
	struct vt_directive d;
	vt_err e = vt_directive_parse(bytes, a, &d, why);

	if (!e && say)
		fprintf(say, "%s: directive %.*s, version %.*s: %zu products, %zu actions\n", path,
			(int)d.id.n, (const char *)d.id.p, (int)d.version.n,
			(const char *)d.version.p, d.ncovered, d.nactions);
	return e;
}

static vt_err check_catalogue(
	const char *path, vt_span bytes, vt_arena *a, FILE *say, struct vt_doc_error *why)
{
	struct vt_catalogue c;
	size_t memory = 0;
	vt_err e = vt_catalogue_parse(bytes, a, &c, why);

	for (size_t i = 0; !e && i < c.nrules; i++)
		memory += c.rules[i].source.memory;
	if (!e && say)
		fprintf(say,
			"%s: catalogue %.*s, version %.*s: %zu products, %zu rules (%zu derived or "
			"from memory)\n",
			path, (int)c.id.n, (const char *)c.id.p, (int)c.version.n,
			(const char *)c.version.p, c.nproducts, c.nrules, memory);
	return e;
}

/* Exceptions need the directive that they are for; any will do to see their form. */
static vt_err check_exceptions(
	const char *path, vt_span bytes, vt_arena *a, FILE *say, struct vt_doc_error *why)
{
	struct vt_directive d = {0};
	vt_err e = vt_exceptions_of(bytes, a, &d.id, why);

	if (!e)
		e = vt_directive_except(&d, bytes, a, why);
	if (!e && say)
		fprintf(say, "%s: %zu exceptions of %.*s\n", path, d.nexceptions, (int)d.id.n,
			(const char *)d.id.p);
	return e;
}

static vt_err judge(const char *path, vt_span bytes, FILE *say, struct vt_doc_error *why)
{
	vt_arena a = VT_ARENA_INIT(MEMORY_MAX);
	vt_err e;

	if (vt_known_is(bytes, "vitrine/catalogue/"))
		e = check_catalogue(path, bytes, &a, say, why);
	else if (vt_known_is(bytes, "vitrine/exceptions/"))
		e = check_exceptions(path, bytes, &a, say, why);
	else
		e = check_directive(path, bytes, &a, say, why);
	vt_arena_free(&a);
	return e;
}

bool vt_document_is(vt_span bytes)
{
	return vt_known_is(bytes, "vitrine/");
}

vt_err vt_document_judge(vt_span bytes, struct vt_doc_error *why)
{
	return judge("", bytes, NULL, why);
}

vt_err vt_document_check(const char *command, const char *path, vt_span bytes, FILE *say)
{
	struct vt_doc_error why = {0};
	vt_err e = judge(path, bytes, say, &why);

	if (e)
		complain(command, path, e, &why);
	return e;
}

static const struct vt_option options[] = {
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive check FILE...\n"
		 "Checks directives, catalogues and exceptions: each file on a line, with the JSON "
		 "pointer\nof what is wrong.\n",
	.options = options,
	.count = VT_COUNT(options),
};

int vt_directive_cmd_check(int argc, char **argv)
{
	struct vt_strings files = {0};
	struct vt_catalogue catalogue;
	struct vt_docs docs = {0};
	vt_span position;
	bool bad = false, known = false;
	char unused;
	vt_err e = vt_options_parse(&table, argc, argv, &unused, &files);

	if (!e && files.n == 0) {
		fputs(COMMAND ": give FILEs\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		known = vt_docs_open(&docs, COMMAND, NULL) == VT_OK &&
			vt_docs_catalogue(&docs, NULL, &catalogue, &position) == VT_OK;
	for (size_t i = 0; i < files.n && !e; i++) {
		vt_buf bytes;

		if (vt_slurp(COMMAND, files.v[i], VT_CATALOGUE_MAX, &bytes) ||
			vt_document_check(COMMAND, files.v[i], vt_buf_span(&bytes), stdout))
			bad = true;
		else if (known)
			note_unmatched(files.v[i], vt_buf_span(&bytes), &catalogue);
		vt_buf_free(&bytes);
	}
	vt_docs_close(&docs);
	vt_strings_free(&files);
	return bad || (e && e != VT_END) ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
