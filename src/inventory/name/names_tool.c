/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers questions about names, a line each, for the tests that ask other programs the same:
 *
 *	version SCHEME A B     -1, 0, 1, or an error
 *	purl TEXT              type, namespace, name, version, subpath, key=value..., canonical text
 *	vers RANGE VERSION     in, out, or an error
 *	cpe SOURCE TARGET      the relation
 * Words are separated by tabs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/name/cpe.h"
#include "inventory/name/purl.h"
#include "inventory/name/vers.h"
#include "inventory/name/version.h"

static void print(vt_span s)
{
	printf("%.*s\t", (int)s.n, (const char *)s.p);
}

static void version(vt_span *w)
{
	enum vt_scheme s;
	int r = 0;
	vt_err e =
		vt_scheme_find(w[1], &s) ? vt_version_compare(s, w[2], w[3], &r) : VT_EUNSUPPORTED;

	if (e)
		printf("%s", vt_err_text(e));
	else
		printf("%d", (r > 0) - (r < 0));
}

static void purl(vt_span *w)
{
	vt_buf b = VT_BUF_INIT(65536);
	struct vt_purl p;
	vt_err e = vt_purl_parse(w[1], &p);

	if (!e)
		e = vt_purl_write(&p, &b);
	if (e) {
		printf("%s", vt_err_text(e));
	} else {
		print(p.type);
		print(p.ns);
		print(p.name);
		print(p.version);
		print(p.subpath);
		for (size_t i = 0; i < p.nqualifiers; i++) {
			printf("%.*s=", (int)p.qualifiers[i].key.n,
				(const char *)p.qualifiers[i].key.p);
			print(p.qualifiers[i].value);
		}
		printf("%.*s", (int)b.n, (const char *)b.p);
	}
	vt_buf_free(&b);
}

static void vers(vt_span *w)
{
	bool in = false;
	vt_err e = vt_vers_contains(w[1], w[2], &in);

	printf("%s", e ? vt_err_text(e) : in ? "in" : "out");
}

static void cpe(vt_span *w)
{
	struct vt_cpe a, b;
	vt_err e = vt_cpe_parse(w[1], &a);

	if (!e)
		e = vt_cpe_parse(w[2], &b);
	printf("%s", e ? vt_err_text(e) : vt_cpe_relation_word(vt_cpe_compare(&a, &b)));
}

int main(void)
{
	static const struct {
		const char *word;
		void (*run)(vt_span *w);
	} verbs[] = {{"version", version}, {"purl", purl}, {"vers", vers}, {"cpe", cpe}};
	size_t size = 0;
	char *line = NULL;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		vt_span w[4] = {{0}};
		char *at = line;

		line[strcspn(line, "\n")] = 0;
		for (unsigned i = 0; i < 4; i++) {
			char *tab = strchr(at, '\t');

			w[i] = vt_span_of(at, tab ? (size_t)(tab - at) : strlen(at));
			at = tab ? tab + 1 : at + strlen(at);
		}
		for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++)
			if (vt_span_eq(w[0], vt_span_str(verbs[i].word)))
				verbs[i].run(w);
		putchar('\n');
	}
	free(line);
	return 0;
}
