/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish sign, merge: what owners do with a proposal, without the publisher's folder. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/proposal.h"
#include "cli/publish/publish.h"
#include "cli/review.h"
#include "cli/text.h"
#include "crypto/sign.h"

#define COMMAND "vitrine publish sign"
#define MERGE "vitrine publish merge"

struct settings {
	const char *key, *out;
	struct vt_passphrase pass;
	uint32_t lines;
	bool all, yes, show;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'k', "key", "FILE", VT_OPTION_STRING, offsetof(struct settings, key), "your key", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"where to write the signed copy (over the proposal)", NULL},
	{0, "show", NULL, VT_OPTION_FLAG, offsetof(struct settings, show),
		"only show it; no key is needed", NULL},
	{0, "lines", "N", VT_OPTION_U32, offsetof(struct settings, lines),
		"show at most N changed rules of an entry (500)", NULL},
	{0, "all", NULL, VT_OPTION_FLAG, offsetof(struct settings, all), "show all of them", NULL},
	{'y', "yes", NULL, VT_OPTION_FLAG, offsetof(struct settings, yes),
		"sign without asking, for scripts", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage =
		"Usage: vitrine publish sign PROPOSAL --key FILE [OPTION]...\n"
		"Shows what the proposal changes, asks, and adds your signatures. Needs no network "
		"and not\nthe publisher's folder.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "The entries are signed first, by all who must; then the state that names them, "
		 "so\n"
		 "that all but the last to sign are asked twice.\n",
};

static vt_err load(const char *command, const char *path, vt_buf *bytes, struct vt_proposal **out)
{
	vt_err e = vt_slurp(command, path, VT_PROPOSAL_MAX, bytes);

	if (e)
		return e;
	e = vt_proposal_read(vt_buf_span(bytes), out);
	if (e)
		vt_complain(command, path, "%s",
			e == VT_EFORMAT ? "not a proposal, or one that contradicts itself"
					: vt_err_text(e));
	return e;
}

static vt_err save(const char *command, const char *path, const struct vt_proposal *p)
{
	vt_buf b = VT_BUF_INIT(VT_PROPOSAL_MAX);
	vt_err e = vt_proposal_write(&b, p);

	if (!e)
		e = vt_spit(command, path, vt_buf_span(&b));
	vt_buf_free(&b);
	return e;
}

static vt_err show_entry(const struct vt_proposal *p, const struct vt_item *i, size_t most)
{
	bool content = i->e.kind == VT_ENTRY_CONTENT || i->e.kind == VT_ENTRY_DIRECTIVE;
	vt_buf delta = VT_BUF_INIT((size_t)4 << 30), full = VT_BUF_INIT((size_t)4 << 30);
	struct vt_review r = {.to = stdout,
		.origin = p->origin,
		.root = vt_proposal_root(p),
		.most = most,
		.width = 300};
	struct vt_review_counts counts = {0};
	vt_err e = VT_OK;

	if (i->e.kind == VT_ENTRY_ROOT && p->has_base)
		r.before = &p->root.e;
	if (i->e.kind == VT_ENTRY_STATE && p->has_base)
		r.before = &p->state.e;
	if (content && i->e.u.content.ndelta)
		e = vt_proposal_content(p, &i->e.u.content, true, &delta);
	else if (content)
		e = vt_proposal_content(p, &i->e.u.content, false, &full);
	if (!e) {
		r.delta = vt_buf_span(&delta);
		r.payload = vt_buf_span(&full);
		printf("\n--- entry %" PRIu64 "\n", i->index);
		e = vt_review(&r, &i->e, &counts);
	}
	if (!e && content && !delta.n && !full.n)
		puts("The content does not travel with this proposal: compare the files' hashes.");
	vt_buf_free(&delta);
	vt_buf_free(&full);
	return e;
}

static vt_err show(const struct vt_proposal *p, size_t most)
{
	char time[VT_TIME_SIZE], expires[VT_TIME_SIZE];
	vt_err e = VT_OK;

	printf("A proposal for the log ");
	vt_put_visible(stdout, p->origin);
	printf(", which has %" PRIu64 " entries.\nNew state: from %s until %s.\n", p->size,
		vt_time_write(p->time, time), vt_time_write(p->expires, expires));
	for (size_t i = 0; i < p->nback; i++) {
		printf("Live again: entry %" PRIu64 ", version %" PRIu64 " of ", p->back[i].index,
			p->back[i].e.u.content.version);
		vt_put_visible(stdout, p->back[i].e.u.content.name);
		putchar('\n');
	}
	for (size_t i = 0; i < p->nlift; i++)
		printf("No longer withdrawn: what entry %" PRIu64 " took back\n", p->lift[i]);
	for (size_t i = 0; i < p->nfresh && !e; i++)
		e = show_entry(p, &p->fresh[i], most);
	if (!e && p->has_final)
		e = show_entry(p, &p->final, most);
	putchar('\n');
	return e;
}

static void show_missing(const char *command, const struct vt_proposal *p)
{
	const char *why;

	if (vt_proposal_done(p, &why)) {
		fprintf(stderr, "%s: complete: ready to be committed\n", command);
		return;
	}
	for (size_t i = 0; i < p->nfresh; i++)
		if (!vt_proposal_entry_done(p, i, &why))
			fprintf(stderr, "%s: entry %" PRIu64 ": %s\n", command, p->fresh[i].index,
				why);
	if (p->has_final && !vt_proposal_done(p, &why))
		fprintf(stderr,
			"%s: the entries are complete; their state, entry %" PRIu64 ": %s\n",
			command, p->final.index, why);
}

static bool agreed(void)
{
	char answer[16];

	fputs("Sign this? Type yes: ", stderr);
	return fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0;
}

static vt_err sign(const struct settings *s, const char *path, struct vt_proposal *p)
{
	struct vt_signer signer;
	unsigned n = 0;
	vt_err e;

	if (!s->yes && !agreed()) {
		fputs(COMMAND ": not signed\n", stderr);
		return VT_EARG;
	}
	e = vt_signer_open(&s->pass, COMMAND, s->key, &signer);
	if (e)
		return e;
	e = vt_proposal_sign(p, &signer, &n);
	vt_wipe(signer.seed, sizeof signer.seed);
	if (e) {
		vt_complain(COMMAND, path, "%s", vt_err_text(e));
		return e;
	}
	if (n == 0) {
		vt_complain(COMMAND, s->key,
			"there is nothing for this key to sign: it is no owner's, or has signed");
		return VT_EARG;
	}
	return save(COMMAND, s->out ? s->out : path, p);
}

int vt_publish_cmd_sign(int argc, char **argv)
{
	struct settings s = {.lines = 500};
	struct vt_strings files = {0};
	struct vt_proposal *p = NULL;
	vt_buf bytes = {0};
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && (files.n != 1 || (!s.key && !s.show))) {
		fputs(COMMAND ": give PROPOSAL and --key\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = load(COMMAND, files.v[0], &bytes, &p);
	if (!e) {
		e = show(p, s.all ? 0 : s.lines);
		(void)fflush(stdout);
		if (e)
			vt_complain(COMMAND, files.v[0], "what it changes can't be shown: %s",
				vt_err_text(e));
	}
	if (!e && !s.show)
		e = sign(&s, files.v[0], p);
	if (!e)
		show_missing(COMMAND, p);
	vt_proposal_free(p);
	vt_buf_free(&bytes);
	vt_strings_free(&files);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

static const struct vt_option merge_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"where to write the merged copy", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table merge_table = {
	.command = MERGE,
	.usage = "Usage: vitrine publish merge PROPOSAL... -o FILE\n"
		 "Puts the signatures of several copies of a proposal into one.\n",
	.options = merge_options,
	.count = VT_COUNT(merge_options),
};

int vt_publish_cmd_merge(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings files = {0};
	struct vt_proposal *p = NULL, *other = NULL;
	vt_buf bytes = {0}, more = {0};
	vt_err e = vt_options_parse(&merge_table, argc, argv, &s, &files);

	if (!e && (files.n == 0 || !s.out)) {
		fputs(MERGE ": give PROPOSALs and -o FILE\nTry '" MERGE " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = load(MERGE, files.v[0], &bytes, &p);
	for (size_t i = 1; i < files.n && !e; i++) {
		e = load(MERGE, files.v[i], &more, &other);
		if (!e) {
			e = vt_proposal_merge(p, other);
			if (e)
				vt_complain(MERGE, files.v[i], "a copy of another proposal");
		}
		vt_proposal_free(other);
		other = NULL;
		vt_buf_free(&more);
	}
	if (!e)
		e = save(MERGE, s.out, p);
	if (!e)
		show_missing(MERGE, p);
	vt_proposal_free(p);
	vt_buf_free(&bytes);
	vt_strings_free(&files);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
