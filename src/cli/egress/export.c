/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine egress export: what an owner hands to somebody else. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/egress/egress.h"
#include "cli/options.h"
#include "site/tar.h"
#include "tlog/note.h"

#define EXPORT "vitrine egress export"

struct settings {
	const char *ledger;
	bool checkpoint, key;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "ledger", "PLACE", VT_OPTION_STRING, offsetof(struct settings, ledger),
		"folder or export (default: this machine's)", NULL},
	{0, "checkpoint", NULL, VT_OPTION_FLAG, offsetof(struct settings, checkpoint),
		"only the signed checkpoint: tells nothing but the number of entries", NULL},
	{0, "key", NULL, VT_OPTION_FLAG, offsetof(struct settings, key),
		"only the verifier key, which a witness asks for", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table table = {
	.command = EXPORT,
	.usage = "Usage: vitrine egress export [OPTION]... > FILE\n"
		 "Writes the ledger up to its last checkpoint as a tar file of a tlog-tiles log.\n",
	.options = options,
	.count = VT_COUNT(options),
};

static vt_err put_file(void *ctx, const char *path, vt_span bytes)
{
	static const uint8_t zeros[VT_TAR_BLOCK];
	vt_buf *header = ctx;
	size_t padding = (size_t)(vt_tar_padded(bytes.n) - bytes.n);
	vt_err e;

	vt_buf_clear(header);
	e = vt_tar_write_header(header, path, bytes.n);
	if (!e &&
		(fwrite(header->p, 1, header->n, stdout) != header->n ||
			fwrite(bytes.p, 1, bytes.n, stdout) != bytes.n ||
			fwrite(zeros, 1, padding, stdout) != padding))
		e = VT_EIO;
	return e;
}

static vt_err put_end(void)
{
	static const uint8_t zeros[2 * VT_TAR_BLOCK];

	return fwrite(zeros, 1, sizeof zeros, stdout) != sizeof zeros || fflush(stdout) ? VT_EIO
											: VT_OK;
}

static vt_err put_one(const struct vt_ledger_view *view, const char *path)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	vt_err e = view->files.get(view->files.ctx, path, VT_NOTE_MAX, &b);

	if (!e && (fwrite(b.p, 1, b.n, stdout) != b.n || fflush(stdout)))
		e = VT_EIO;
	vt_buf_free(&b);
	return e;
}

static int run(const struct vt_ledger_view *view, const struct settings *s)
{
	vt_buf header = VT_BUF_INIT(VT_TAR_BLOCK);
	struct vt_ledger_walk walk = {0};
	vt_err e;

	if (s->checkpoint || s->key) {
		e = put_one(view, s->checkpoint ? "checkpoint" : "key.pub");
	} else {
		e = vt_ledger_export(&view->files, put_file, &header, &walk);
		if (!e)
			e = put_end();
	}
	vt_buf_free(&header);
	if (e == VT_END) {
		fputs(EXPORT ": there is no checkpoint yet; the updater signs one when it ends\n",
			stderr);
		return VT_EXIT_ERROR;
	}
	return vt_ledger_view_result(view, EXPORT, e, &walk);
}

int vt_egress_cmd_export(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_ledger_view view;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (operands.n || (s.checkpoint && s.key))) {
		fputs(EXPORT ": it takes no operands, and one of --checkpoint and --key\n", stderr);
	} else if (!e && vt_ledger_view_open(&view, EXPORT, s.ledger) == VT_OK) {
		status = run(&view, &s);
		vt_ledger_view_close(&view);
	}
	vt_strings_free(&operands);
	return status;
}
