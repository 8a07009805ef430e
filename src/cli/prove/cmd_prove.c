/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine prove: reports and signed statements about a directive, and checks of these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/inventory/evidence.h"
#include "cli/prove/formats.h"
#include "cli/prove/prove.h"
#include "crypto/sign.h"

#define AT(field) offsetof(struct vt_prove, field)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What is said", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, AT(format), "(default: report)",
		VT_PROVE_FORMAT_CHOICES},
	{'o', "output", "FILE", VT_OPTION_STRING, AT(out), "(default: standard output)", NULL},
	{0, "challenge", "TEXT", VT_OPTION_STRING, AT(challenge),
		"what the one who asks wants to see in the proof", NULL},
	{0, "organisation", "NAME", VT_OPTION_STRING, AT(organisation), "who reports", NULL},
	{0, "contact", "TEXT", VT_OPTION_STRING, AT(contact), "whom to ask", NULL},
	{0, "reviewer", "NAME", VT_OPTION_STRINGS, AT(reviewers), "who looked at it; several",
		NULL},
	{0, "machine-key", "FILE", VT_OPTION_STRING, AT(machine_key),
		"signs the statement (default: machine.key in the state\nfolder, made at first "
		"use)",
		NULL},
	{0, "keygen", NULL, VT_OPTION_FLAG, AT(keygen),
		"make the machine's key if there is none, and show its\npublic part", NULL},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What it rests on", NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, AT(evidence),
		"the evidence file (default: inventory/evidence.db in\nthe state folder)", NULL},
	{0, "survey", "FILE", VT_OPTION_STRING, AT(evidence), "the same", NULL},
	{0, "run", "ID", VT_OPTION_STRING, AT(run), "the inventory (default: the latest)", NULL},
	{0, "before", "ID", VT_OPTION_STRING, AT(before), "one from before a removal", NULL},
	{0, "second", "ID", VT_OPTION_STRING, AT(second), "one by a second method", NULL},
	{0, "on", "DATE", VT_OPTION_STRING, AT(on),
		"the day that exceptions are judged at (default: today)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, AT(catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, AT(keys),
		"may vouch for documents; with --check: whose signature\ncounts", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, AT(is_unsigned), "take documents without a signature",
		NULL},
	{0, "state", "DIR", VT_OPTION_STRING, AT(state), "the state folder", NULL},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Checking a proof", NULL},
	{0, "check", "FILE", VT_OPTION_STRING, AT(check),
		"check this proof, offline: signature, content, verdict", NULL},
	{0, "directive", "DIRECTIVE", VT_OPTION_STRING, AT(directive),
		"it must apply this directive as the document has it", NULL},
	{0, "max-age", "TIME", VT_OPTION_STRING, AT(max_age),
		"the run may not be older: 12h, 7d, 4w", NULL},
	{0, "not-before", "TIME", VT_OPTION_STRING, AT(not_before),
		"the run may not have begun before: 2026-11-27", NULL},
	{0, "machine", "ID", VT_OPTION_STRING, AT(machine), "it must be about this machine", NULL},
	{0, "countersign", "FILE", VT_OPTION_STRING, AT(countersign),
		"add the signature of the key file of --key, after the\nsame checks of its content",
		NULL},
	VT_PASSPHRASE_OPTION(struct vt_prove),
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = VT_PROVE,
	.usage = "Usage: vitrine prove [OPTION]... DIRECTIVE\n"
		 "       vitrine prove --check FILE --key KEY [OPTION]...\n"
		 "Reports what an inventory shows about a directive, or signs a statement of it "
		 "that "
		 "anyone\ncan check.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 shown absent, 1 found, 2 not shown, refused, or an error.\n",
};

static int keygen(const struct vt_prove *p)
{
	vt_buf text = VT_BUF_INIT(1024);
	struct vt_signer signer = {0};
	struct vt_survey *s = NULL;
	vt_err e = vt_evidence_open(VT_PROVE, p->evidence, p->run, &s);

	if (!e)
		e = vt_machine_key(p, s->machine, &signer);
	if (!e)
		e = vt_key_write(&text, &signer.key);
	if (!e)
		printf("%.*s\n", (int)text.n, (const char *)text.p);
	vt_wipe(&signer, sizeof signer);
	vt_buf_free(&text);
	vt_survey_free(s);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

static int run(const struct vt_prove *p, const struct vt_strings *operands)
{
	bool other = p->check || p->countersign || p->keygen;
	struct vt_docs docs = {0};
	int status = VT_EXIT_ERROR;

	if (operands->n != (other ? 0 : 1)) {
		fputs(other ? VT_PROVE ": no operands with --check, --countersign and --keygen\n"
			    : VT_PROVE
				": name one directive; 'vitrine directive list' shows them\n",
			stderr);
		return VT_EXIT_ERROR;
	}
	if (vt_sign_init()) {
		fputs(VT_PROVE ": this system has no random numbers\n", stderr);
		return VT_EXIT_ERROR;
	}
	if (p->keygen)
		return keygen(p);
	if (p->countersign) {
		if (p->keys.n == 1)
			return vt_prove_countersign(p);
		fputs(VT_PROVE ": --countersign needs one --key, your key file\n", stderr);
		return VT_EXIT_ERROR;
	}
	if (!vt_docs_open(&docs, VT_PROVE, p->state)) {
		docs.unsigned_ok = p->is_unsigned;
		if (!p->check)
			docs.keys = p->keys;
		status = p->check ? vt_prove_check(p, &docs)
				  : vt_prove_make(p, &docs, operands->v[0]);
	}
	docs.keys = (struct vt_strings){0};
	vt_docs_close(&docs);
	return status;
}

int vt_cmd_prove(int argc, char **argv)
{
	struct vt_prove p = {0};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &p, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e)
		status = run(&p, &operands);
	vt_strings_free(&operands);
	vt_strings_free(&p.catalogues);
	vt_strings_free(&p.keys);
	vt_strings_free(&p.reviewers);
	return status;
}
