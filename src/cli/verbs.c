/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/options.h"
#include "cli/text.h"
#include "crypto/sign.h"

#define VERBS_MAX 32

static void help(const struct vt_verbs *t, FILE *f)
{
	fprintf(f, "Usage: %s VERB [OPTION]...\n%s\n\nVerbs:\n", t->command, t->about);
	for (size_t i = 0; i < t->n; i++)
		fprintf(f, "  %-10s%s\n", t->v[i].name, t->v[i].help);
	fprintf(f, "\n'%s VERB --help' says more.\n", t->command);
}

int vt_verbs_unknown(const struct vt_verbs *t, const char *word)
{
	const char *names[VERBS_MAX], *near;
	size_t n = vt_min_size(t->n, VERBS_MAX);

	for (size_t i = 0; i < n; i++)
		names[i] = t->v[i].name;
	near = vt_nearest(word, names, n);
	fprintf(stderr, "%s: there is no verb '", t->command);
	vt_put_visible(stderr, vt_span_str(word));
	fputc('\'', stderr);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fprintf(stderr, "\nTry '%s --help'.\n", t->command);
	return VT_EXIT_ERROR;
}

bool vt_verbs_pick(
	const struct vt_verbs *t, int argc, char **argv, size_t *out_index, int *out_status)
{
	*out_status = VT_EXIT_ERROR;
	if (argc < 2) {
		help(t, stderr);
		return false;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(t, stdout);
		*out_status = VT_EXIT_CLEAN;
		return false;
	}
	if (t->signs && vt_sign_init()) {
		fprintf(stderr, "%s: this system has no random numbers\n", t->command);
		return false;
	}
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, argv[1]) == 0) {
			*out_index = i;
			return true;
		}
	(void)vt_verbs_unknown(t, argv[1]);
	return false;
}

int vt_verbs_run(const struct vt_verbs *t, int argc, char **argv)
{
	size_t i;
	int status;

	return vt_verbs_pick(t, argc, argv, &i, &status) ? t->v[i].run(argc - 1, argv + 1) : status;
}
