/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine report: many machines' signed proofs as one report. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/prove/fleet_load.h"
#include "cli/text.h"

#define AT(field) offsetof(struct vt_fleet_settings, field)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "fleet", "DIR", VT_OPTION_STRING, AT(fleet), "the folder with the proofs, one a file",
		NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, AT(keys),
		"a machine's key, or a file with one a line; several:\nonly their proofs count",
		NULL},
	{0, "expected", "FILE", VT_OPTION_STRING, AT(expected),
		"machines that must answer: a line each with the id or\nhost name, then anything",
		NULL},
	{0, "period", "DAYS", VT_OPTION_STRING, AT(period),
		"older proofs are no answer (default: 30d)", NULL},
	{0, "on", "DATE", VT_OPTION_STRING, AT(on), "the day of the report (default: today)", NULL},
	{0, "organisation", "NAME", VT_OPTION_STRING, AT(organisation), "who reports", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, AT(format), "of the report",
		"human|html|csv|json"},
	{'o', "output", "FILE", VT_OPTION_STRING, AT(out), "(default: standard output)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, AT(catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, AT(is_unsigned), "take documents without a signature",
		NULL},
	{0, "state", "DIR", VT_OPTION_STRING, AT(state), "the state folder", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = VT_FLEET_COMMAND,
	.usage =
		"Usage: vitrine report [OPTION]... --fleet DIR --key KEY DIRECTIVE\n"
		"Checks each proof in the folder and counts machines per product; those that never "
		"answered\nare named and stay in the denominator.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 shown absent everywhere, 1 found somewhere, 2 not shown, or an "
		 "error.\n",
};

static vt_fleet_fn *const forms[] = {vt_fleet_text, vt_fleet_html, vt_fleet_csv, vt_fleet_json};

static int report(const struct vt_fleet_settings *s, struct vt_docs *docs, const char *directive)
{
	struct vt_fleet_loaded l = {.s = s, .docs = docs};
	vt_buf out = VT_BUF_INIT(VT_REPORT_MAX);
	vt_err e = vt_fleet_load(&l, directive);
	int status = VT_EXIT_ERROR;

	if (!e)
		e = vt_fleet_judge(&l.f, &docs->a);
	if (!e)
		e = forms[s->format](&l.f, &out);
	if (e == VT_ENOMEM || e == VT_ELIMIT)
		fprintf(stderr, VT_FLEET_COMMAND ": %s\n", vt_err_text(e));
	if (!e)
		e = vt_spit(VT_FLEET_COMMAND, s->out ? s->out : "-", vt_buf_span(&out));
	if (!e)
		switch (vt_fleet_shown(&l.f)) {
		case VT_SHOWN_ABSENT: status = VT_EXIT_CLEAN; break;
		case VT_SHOWN_PRESENT: status = VT_EXIT_FOUND; break;
		case VT_SHOWN_NOT: break;
		}
	vt_buf_free(&out);
	vt_fleet_unload(&l);
	return status;
}

int vt_cmd_report(int argc, char **argv)
{
	struct vt_fleet_settings s = {0};
	struct vt_strings operands = {0};
	struct vt_docs docs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (operands.n != 1 || !s.fleet || !s.keys.n)) {
		fputs(VT_FLEET_COMMAND
			": name one directive, --fleet and --key\nTry '" VT_FLEET_COMMAND
			" --help'.\n",
			stderr);
	} else if (!e && vt_sign_init() == VT_OK &&
		!vt_docs_open(&docs, VT_FLEET_COMMAND, s.state)) {
		docs.unsigned_ok = s.is_unsigned;
		status = report(&s, &docs, operands.v[0]);
	}
	vt_docs_close(&docs);
	vt_strings_free(&operands);
	vt_strings_free(&s.keys);
	vt_strings_free(&s.catalogues);
	return status;
}
