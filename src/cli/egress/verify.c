/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine egress verify: the ledger against itself, a kept checkpoint and a capture. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/egress/egress.h"
#include "cli/options.h"
#include "cli/text.h"
#include "egress/capture.h"
#include "os/fd.h"
#include "os/map.h"
#include "tlog/note.h"

#define VERIFY "vitrine egress verify"

struct settings {
	const char *ledger, *checkpoint, *capture;
	uint64_t since;
	bool partial, others;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "ledger", "PLACE", VT_OPTION_STRING, offsetof(struct settings, ledger),
		"folder or export (default: this machine's)", NULL},
	{0, "checkpoint", "FILE", VT_OPTION_STRING, offsetof(struct settings, checkpoint),
		"that was kept elsewhere: the ledger must begin with it", NULL},
	{0, "capture", "FILE", VT_OPTION_STRING, offsetof(struct settings, capture),
		"compare with what tcpdump -w FILE saw leave", NULL},
	{0, "since", "SEQ", VT_OPTION_U64, offsetof(struct settings, since),
		"compare from this entry on, as the capture began then", NULL},
	{0, "partial", NULL, VT_OPTION_FLAG, offsetof(struct settings, partial),
		"the ledger may have more than the capture", NULL},
	{0, "others", NULL, VT_OPTION_FLAG, offsetof(struct settings, others),
		"the capture may have traffic with peers that the ledger does not name", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table table = {
	.command = VERIFY,
	.usage = "Usage: vitrine egress verify [OPTION]...\n"
		 "Checks every entry, the tree and the checkpoint of the ledger.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 whole and equal, 1 the capture differs, 2 damaged, or an error.\n",
};

static vt_err map_named(const char *path, uint64_t max, vt_span *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint64_t size = 0;
	vt_err e = fd < 0 ? VT_EIO : vt_fd_size(fd, &size);

	if (!e && size > max)
		e = VT_ELIMIT;
	if (!e)
		e = vt_map_file(fd, size, out);
	if (e) {
		fputs(VERIFY ": ", stderr);
		vt_put_visible(stderr, vt_span_str(path));
		fprintf(stderr, ": %s\n", e == VT_EIO ? strerror(errno) : "too large");
	}
	vt_fd_close(fd);
	return e;
}

static void print_report(const struct vt_ledger_report *r, bool kept)
{
	char count[VT_NUMBER_MAX];

	printf("entries     %s\n", vt_format_count(r->walk.next, count));
	printf("tiles       %s\n", vt_format_count(r->tiles, count));
	if (r->has_head)
		printf("checkpoint  signed, covers the first %s\n",
			vt_format_count(r->head_size, count));
	else
		puts("checkpoint  none yet");
	if (kept)
		printf("kept        the ledger begins with it: %s entries\n",
			vt_format_count(r->other_size, count));
	if (r->walk.torn)
		printf("unfinished  %zu bytes of an entry that was not sent\n", r->walk.torn);
}

static int verify_ledger(const struct vt_ledger_view *view, const struct settings *s)
{
	struct vt_ledger_report report;
	vt_span kept = {0};
	int status;

	if (s->checkpoint && map_named(s->checkpoint, VT_NOTE_MAX, &kept))
		return VT_EXIT_ERROR;
	if (s->checkpoint && kept.n == 0) {
		fputs(VERIFY ": the checkpoint is empty\n", stderr);
		return VT_EXIT_ERROR;
	}
	status = vt_ledger_view_result(
		view, VERIFY, vt_ledger_verify(&view->files, kept, &report), &report.walk);
	if (status == VT_EXIT_CLEAN)
		print_report(&report, s->checkpoint != NULL);
	if (s->checkpoint)
		vt_map_close(kept);
	return status;
}

static int verify_capture(const struct vt_ledger_view *view, const struct settings *s)
{
	struct vt_capture_report r;
	vt_span capture;
	char count[VT_NUMBER_MAX];
	bool same;
	vt_err e;

	if (map_named(s->capture, UINT64_MAX, &capture))
		return VT_EXIT_ERROR;
	e = vt_capture_compare(&view->files, s->since, capture, &r);
	vt_map_close(capture);
	if (e) {
		fprintf(stderr, VERIFY ": %s\n", r.why[0] ? r.why : vt_err_text(e));
		return VT_EXIT_ERROR;
	}
	same = !r.not_logged && (!r.foreign || s->others) && (!r.not_captured || s->partial);
	printf("capture     %s: ", same ? "equal" : "DIFFERENT");
	printf("%s bytes of ", vt_format_count(r.bytes, count));
	printf("%s connections and ", vt_format_count(r.connections, count));
	printf("%s questions are in the ledger\n", vt_format_count(r.datagrams, count));
	if (r.not_logged)
		printf("            %s bytes left and are not in the ledger\n",
			vt_format_count(r.not_logged, count));
	if (r.not_captured)
		printf("            %s bytes of the ledger are not in the capture\n",
			vt_format_count(r.not_captured, count));
	if (r.foreign)
		printf("            %s bytes went between peers that the ledger does not name\n",
			vt_format_count(r.foreign, count));
	if (!same)
		fprintf(stderr, VERIFY ": %s\n", r.why);
	return same ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
}

int vt_egress_cmd_verify(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_ledger_view view;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(VERIFY ": it takes no operands; a ledger is named by --ledger\n", stderr);
	} else if (!e && vt_ledger_view_open(&view, VERIFY, s.ledger) == VT_OK) {
		status = verify_ledger(&view, &s);
		if (status == VT_EXIT_CLEAN && s.capture)
			status = verify_capture(&view, &s);
		vt_ledger_view_close(&view);
	}
	vt_strings_free(&operands);
	return status;
}
