/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine egress list and show: entries, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/egress/egress.h"
#include "cli/options.h"
#include "cli/text.h"
#include "crypto/hash.h"
#include "egress/entry.h"

#define LIST "vitrine egress list"
#define SHOW "vitrine egress show"
#define LINE 16 /* bytes of a line of a dump */

struct settings {
	const char *ledger;
	uint64_t since;
	int format;
};

static const struct vt_option list_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "ledger", "PLACE", VT_OPTION_STRING, offsetof(struct settings, ledger),
		"folder or export (default: this machine's)", NULL},
	{0, "since", "SEQ", VT_OPTION_U64, offsetof(struct settings, since),
		"begin with this entry", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|jsonl"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table list_table = {
	.command = LIST,
	.usage = "Usage: vitrine egress list [OPTION]...\n"
		 "Lists what was sent: number, time, kind, bytes, peer, how it begins.\n",
	.options = list_options,
	.count = VT_COUNT(list_options),
};

static const struct vt_option show_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "ledger", "PLACE", VT_OPTION_STRING, offsetof(struct settings, ledger),
		"folder or export (default: this machine's)", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the bytes: text if it is text, else a dump; or as they are", "auto|hex|raw"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table show_table = {
	.command = SHOW,
	.usage = "Usage: vitrine egress show [OPTION]... SEQ...\n"
		 "Shows the bytes that were sent, as 'vitrine egress list' numbers them.\n",
	.options = show_options,
	.count = VT_COUNT(show_options),
};

static void print_human(const struct vt_egress *e)
{
	char time[VT_TIME_TEXT], sample[VT_SAMPLE_TEXT];

	printf("%8" PRIu64 "  %s  %-5s %6zu  ", e->seq, vt_time_text(e->time, time),
		vt_egress_kind_name(e->kind), e->bytes.n);
	vt_put_visible(stdout, e->peer);
	vt_egress_sample(e, sample);
	printf("%s%s\n", *sample ? "  " : "", sample);
}

static void print_json(const struct vt_egress *e)
{
	char time[VT_TIME_TEXT];
	uint8_t digest[32];

	vt_sha256(e->bytes, digest);
	printf("{\"seq\":%" PRIu64 ",\"time\":\"%s\",\"kind\":\"%s\",\"peer\":", e->seq,
		vt_time_text(e->time, time), vt_egress_kind_name(e->kind));
	vt_put_json(stdout, e->peer);
	printf(",\"length\":%zu,\"sha256\":\"", e->bytes.n);
	for (size_t i = 0; i < sizeof digest; i++)
		printf("%02x", digest[i]);
	fputs("\",\"bytes\":\"", stdout);
	vt_put_base64(stdout, e->bytes);
	puts("\"}");
}

static vt_err on_listed(void *ctx, const struct vt_egress *e, vt_span raw)
{
	const struct settings *s = ctx;

	(void)raw;
	(s->format ? print_json : print_human)(e);
	return ferror(stdout) ? VT_EIO : VT_OK;
}

int vt_egress_cmd_list(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_ledger_view view;
	struct vt_ledger_walk walk;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&list_table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(LIST ": it takes no operands; a ledger is named by --ledger\n", stderr);
	} else if (!e && vt_ledger_view_open(&view, LIST, s.ledger) == VT_OK) {
		e = vt_ledger_each(&view.files, s.since, on_listed, &s, &walk);
		status = vt_ledger_view_result(&view, LIST, e, &walk);
		vt_ledger_view_close(&view);
	}
	vt_strings_free(&operands);
	return status;
}

struct showing {
	const struct settings *settings;
	uint64_t seq;
	bool found;
};

static void dump(vt_span bytes)
{
	for (size_t at = 0; at < bytes.n; at += LINE) {
		vt_span line = vt_span_clip(bytes, at, LINE);

		printf("%08zx ", at);
		for (size_t i = 0; i < LINE; i++)
			if (i < line.n)
				printf(" %02x", line.p[i]);
			else
				fputs("   ", stdout);
		fputs("  ", stdout);
		for (size_t i = 0; i < line.n; i++)
			putchar(line.p[i] >= 0x20 && line.p[i] <= 0x7e ? line.p[i] : '.');
		putchar('\n');
	}
}

static bool is_text(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != '\t') ||
			s.p[i] > 0x7e)
			return false;
	return true;
}

static void print_text(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r')
			putchar(s.p[i]);
	if (s.n && s.p[s.n - 1] != '\n')
		putchar('\n');
}

static vt_err on_shown(void *ctx, const struct vt_egress *e, vt_span raw)
{
	struct showing *s = ctx;
	uint8_t digest[32];
	char time[VT_TIME_TEXT];

	(void)raw;
	if (e->seq != s->seq)
		return VT_END;
	s->found = true;
	if (s->settings->format == 2)
		return fwrite(e->bytes.p, 1, e->bytes.n, stdout) == e->bytes.n ? VT_END : VT_EIO;
	vt_sha256(e->bytes, digest);
	printf("entry   %" PRIu64 "\ntime    %s\nkind    %s\npeer    ", e->seq,
		vt_time_text(e->time, time), vt_egress_kind_name(e->kind));
	vt_put_visible(stdout, e->peer);
	printf("\nlength  %zu\nsha256  ", e->bytes.n);
	for (size_t i = 0; i < sizeof digest; i++)
		printf("%02x", digest[i]);
	fputs("\n\n", stdout);
	if (s->settings->format == 0 && is_text(e->bytes))
		print_text(e->bytes);
	else
		dump(e->bytes);
	return VT_END;
}

static int show_one(const struct vt_ledger_view *view, const struct settings *s, const char *word)
{
	struct showing showing = {.settings = s};
	struct vt_ledger_walk walk;
	int status;

	if (!vt_decimal_get(vt_span_str(word), &showing.seq) || showing.seq >> 62) {
		fputs(SHOW ": '", stderr);
		vt_put_visible(stderr, vt_span_str(word));
		fputs("' is not the number of an entry\n", stderr);
		return VT_EXIT_ERROR;
	}
	status = vt_ledger_view_result(view, SHOW,
		vt_ledger_each(&view->files, showing.seq, on_shown, &showing, &walk), &walk);
	if (status == VT_EXIT_CLEAN && !showing.found) {
		fprintf(stderr, SHOW ": there is no entry %s\n", word);
		status = VT_EXIT_ERROR;
	}
	return status;
}

int vt_egress_cmd_show(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_ledger_view view;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&show_table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n == 0) {
		fputs(SHOW ": name an entry by its number, see 'vitrine egress list'\n", stderr);
	} else if (!e && vt_ledger_view_open(&view, SHOW, s.ledger) == VT_OK) {
		status = VT_EXIT_CLEAN;
		for (size_t i = 0; i < operands.n && status == VT_EXIT_CLEAN; i++) {
			if (i && s.format != 2)
				putchar('\n');
			status = show_one(&view, &s, operands.v[i]);
		}
		vt_ledger_view_close(&view);
	}
	vt_strings_free(&operands);
	return status;
}
