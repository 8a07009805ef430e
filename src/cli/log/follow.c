/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log follow: options, and round after round. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/log/follow.h"
#include "cli/signals.h"

#define COMMAND "vitrine log follow"
#define INTERVAL_MS 300000u
#define MAX_AGE_MS (48u * 3600u * 1000u)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct vt_follow_settings, policy),
		"whom to believe: a tlog-policy file", NULL},
	{0, "log", "VKEY", VT_OPTION_STRING, offsetof(struct vt_follow_settings, log),
		"or only the log, by its verifier key", NULL},
	{0, "root", "LEAF", VT_OPTION_STRING, offsetof(struct vt_follow_settings, root),
		"the leaf hash that the log's first root must have", NULL},
	{0, "once", NULL, VT_OPTION_FLAG, offsetof(struct vt_follow_settings, once),
		"one round, then end", NULL},
	{0, "interval", "TIME", VT_OPTION_TIME, offsetof(struct vt_follow_settings, interval_ms),
		"between rounds (5m)", NULL},
	{0, "max-age", "TIME", VT_OPTION_TIME, offsetof(struct vt_follow_settings, max_age_ms),
		"alert if the newest cosignatures are older (48h)", NULL},
	{0, "most", "N", VT_OPTION_U64, offsetof(struct vt_follow_settings, most),
		"rules to print of each entry (unlimited)", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct vt_follow_settings, format),
		"of the output", "human|jsonl"},
	{0, "evidence", "DIR", VT_OPTION_STRING, offsetof(struct vt_follow_settings, evidence),
		"where evidence of a fork is written (default: the state\nfolder's evidence/)",
		NULL},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct vt_follow_settings, state),
		"use this state folder: what was seen is in DIR/follow", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine log follow [OPTION]... PLACE...\n"
		 "Watches a log that is published at one or several PLACEs (URLs, folders, "
		 "bundles; the log\nand its mirrors): checks everything, prints each change rule "
		 "by rule, and alerts.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "It goes on where it ended the last time. Exit status: 0 nothing to alert about, "
		 "1 there were\nalerts, 2 no place answered in the last round, or an error of this "
		 "system.\n",
};

static vt_err prepare(struct vt_follow *f, const struct vt_strings *places)
{
	const struct vt_follow_settings *s = f->s;
	vt_err e;

	if (s->root) {
		if (!vt_hex_get(vt_span_str(s->root), f->first.b, sizeof f->first.b)) {
			fputs(COMMAND ": --root: 64 hexadecimal digits in lower case\n", stderr);
			return VT_EARG;
		}
		f->has_first = true;
	}
	e = vt_log_trust_open(&f->trust, COMMAND, s->policy, s->log);
	if (!e)
		e = vt_log_fetcher(COMMAND, s->state, places->v, places->n, &f->fetcher);
	if (!e) {
		f->places = calloc(places->n, sizeof *f->places);
		e = f->places ? VT_OK : VT_ENOMEM;
	}
	if (e)
		return e;
	f->nplaces = places->n;
	for (size_t i = 0; i < places->n; i++)
		f->places[i].place.name = places->v[i];
	return VT_OK;
}

/* Ends early when a signal asks to stop. */
static void wait_ms(uint32_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (!vt_signals_stop() && nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static int follow(const struct vt_follow_settings *s, const struct vt_strings *places)
{
	struct vt_follow f = {
		.s = s, .dir = -1, .lock = -1, .kept = {.note = VT_BUF_INIT(VT_NOTE_MAX)}};
	bool answered = false;
	vt_err e = prepare(&f, places);

	vt_signals_install();
	while (!e) {
		e = vt_follow_round(&f, &answered);
		if (e == VT_ENOMEM)
			fprintf(stderr, COMMAND ": %s\n", vt_err_text(e));
		if (e || s->once || vt_signals_stop() || ferror(stdout))
			break;
		wait_ms(s->interval_ms);
		if (vt_signals_stop())
			break;
	}
	for (size_t i = 0; i < f.nplaces; i++)
		if (f.places[i].open)
			vt_log_place_close(&f.places[i].place);
	free(f.places);
	vt_follow_close(&f);
	if (f.fetcher)
		vt_fetcher_stop(f.fetcher);
	vt_log_trust_close(&f.trust);
	if (e || !answered || ferror(stdout))
		return VT_EXIT_ERROR;
	return f.all_alerts ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
}

int vt_log_cmd_follow(int argc, char **argv)
{
	struct vt_follow_settings s = {
		.interval_ms = INTERVAL_MS, .max_age_ms = MAX_AGE_MS, .most = UINT64_MAX};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && operands.n == 0)
		fputs(COMMAND ": give at least one PLACE\n", stderr);
	else if (!e)
		status = follow(&s, &operands);
	vt_strings_free(&operands);
	return status;
}
