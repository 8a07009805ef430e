/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine approve: a person reads a plan and signs exactly these bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/remedy.h"
#include "crypto/sign.h"

#define COMMAND "vitrine approve"
#define DAY 86400

struct settings {
	const char *key, *note;
	struct vt_passphrase pass;
	uint32_t days;
	bool yes, all, quiet;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'k', "key", "FILE", VT_OPTION_STRING, offsetof(struct settings, key),
		"your key ('vitrine publish keygen' makes one)", NULL},
	{0, "days", "N", VT_OPTION_U32, offsetof(struct settings, days),
		"for how many days it may be carried out (30)", NULL},
	{0, "note", "TEXT", VT_OPTION_STRING, offsetof(struct settings, note),
		"one line that is signed too", NULL},
	{0, "all", NULL, VT_OPTION_FLAG, offsetof(struct settings, all), "show each file", NULL},
	{'y', "yes", NULL, VT_OPTION_FLAG, offsetof(struct settings, yes),
		"sign without asking, for scripts", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage =
		"Usage: vitrine approve PLAN --key FILE [OPTION]...\n"
		"Shows the plan, asks, and writes PLAN.approval: your signature over exactly these "
		"bytes.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "The machine believes keys that its owner lists in CONFIG/approvers, one a "
		 "line.\n",
};

static bool agreed(void)
{
	char answer[16];

	fputs("Approve this removal? Type yes: ", stderr);
	return fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0;
}

static vt_err sign(const struct settings *s, const char *path, const struct vt_removal_document *f)
{
	vt_buf b = VT_BUF_INIT(VT_APPROVAL_MAX);
	struct vt_signer signer;
	int64_t now = vt_now_seconds();
	struct vt_approval a = {
		.plan = f->plan.id,
		.sha256 = vt_span_str(f->sha256),
		.machine = f->plan.machine,
		.time = now,
		.until = now + (int64_t)s->days * DAY,
		.note = vt_span_str(s->note ? s->note : ""),
	};
	char *out = NULL;
	vt_err e = vt_signer_open(&s->pass, COMMAND, s->key, &signer);

	if (e)
		return e;
	e = vt_approval_write(&b, &a, &signer);
	vt_wipe(signer.seed, sizeof signer.seed);
	if (!e && asprintf(&out, "%s.approval", path) < 0)
		e = VT_ENOMEM;
	if (e)
		vt_complain_err(COMMAND, path, e);
	else
		e = vt_spit(COMMAND, out, vt_buf_span(&b));
	if (!e)
		fprintf(stderr, COMMAND ": signed as %s: %s\n", signer.key.name, out);
	free(e == VT_ENOMEM ? NULL : out);
	vt_buf_free(&b);
	return e;
}

int vt_cmd_approve(int argc, char **argv)
{
	struct settings s = {.days = 30};
	struct vt_strings files = {0};
	struct vt_removal_document f = {0};
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && (files.n != 1 || !s.key || s.days == 0 || s.days > 3650)) {
		fputs(COMMAND ": give PLAN and --key\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e && vt_sign_init()) {
		fputs(COMMAND ": libsodium does not start\n", stderr);
		e = VT_EIO;
	}
	if (!e)
		e = vt_removal_open(&f, COMMAND, files.v[0]);
	if (!e) {
		vt_removal_show(stdout, &f.plan, s.all);
		(void)fflush(stdout);
		if (!s.yes && !agreed()) {
			fputs(COMMAND ": not signed\n", stderr);
			e = VT_EARG;
		}
	}
	if (!e)
		e = sign(&s, files.v[0], &f);
	vt_removal_close(&f);
	vt_strings_free(&files);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
