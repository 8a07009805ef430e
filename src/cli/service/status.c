/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine witness status, vitrine mirror status: read from the state folder, whoever runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/service/service.h"
#include "cli/text.h"
#include "entry/entry.h"
#include "os/fd.h"
#include "proc/service/evidence.h"
#include "proc/service/journal.h"
#include "proc/service/origins.h"
#include "store/folder.h"
#include "tlog/checkpoint.h"

#define NOTE_MAX ((size_t)64 << 10)
#define JOURNAL_MAX ((size_t)1 << 30)

struct settings {
	const char *config;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'c', "config", "FILE", VT_OPTION_STRING, offsetof(struct settings, config),
		"the configuration (default: witness.conf or mirror.conf\nin /etc/vitrine)", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = "vitrine status",
	.usage = "Usage: vitrine witness status [--config FILE]\n"
		 "       vitrine mirror status [--config FILE]\n"
		 "Shows of each log the newest head, when it was cosigned, and evidence kept\n"
		 "against it. A mirror's 'pending' head is one that it has not stored wholly.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0, or 2 if there is evidence of a fork or the state cannot be "
		 "read.\n",
};

struct seen {
	const struct vt_service_config *c;
	struct row {
		uint64_t size, time;
	} * rows;
};

static vt_err on_record(void *ctx, const struct vt_journal_record *r)
{
	struct seen *s = ctx;
	size_t i = vt_service_log_find(s->c, r->origin);
	struct vt_checkpoint at;
	struct vt_note note;

	if (i == VT_SERVICE_LOGS_MAX)
		return VT_OK;
	if (vt_note_parse(r->note, &note) || vt_checkpoint_parse(note.text, &at))
		return VT_EFORMAT;
	s->rows[i] = (struct row){at.size, r->time};
	return VT_OK;
}

static vt_err read_journal(int dir, struct seen *s)
{
	vt_buf b = VT_BUF_INIT(JOURNAL_MAX);
	uint64_t next;
	size_t good;
	vt_err e = vt_store_read(dir, VT_JOURNAL_FILE, JOURNAL_MAX, &b);

	if (!e)
		e = vt_journal_replay(vt_buf_span(&b), on_record, s, &good, &next);
	vt_buf_free(&b);
	return e == VT_END ? VT_OK : e;
}

/* The mirror checkpoint of a log; size 0: none. */
static struct row mirrored(int dir, const struct vt_key *key)
{
	char path[VT_ORIGIN_HEX_SIZE + 32], hex[VT_ORIGIN_HEX_SIZE];
	vt_buf b = VT_BUF_INIT(NOTE_MAX);
	struct row row = {0};
	struct vt_head head;

	(void)snprintf(path, sizeof path, "logs/%s/checkpoint",
		vt_origin_hex(vt_span_str(key->name), hex));
	if (!vt_store_read(dir, path, NOTE_MAX, &b) && !vt_head_parse(vt_buf_span(&b), key, &head))
		row.size = head.at.size;
	vt_buf_free(&b);
	return row;
}

static void show_row(const struct seen *s, int dir, size_t i, struct vt_evidence_count *io_evidence)
{
	const struct vt_key *key = &s->c->logs[i].key;
	struct row row = s->rows[i];
	struct vt_evidence_count n;
	char time[VT_TIME_SIZE];

	vt_put_visible(stdout, vt_span_str(key->name));
	if (s->c->kind == VT_SERVICE_MIRROR) {
		struct row m = mirrored(dir, key);

		printf(": %llu entries stored and cosigned", (unsigned long long)m.size);
		if (row.size > m.size)
			printf(", %llu pending", (unsigned long long)row.size);
	} else if (row.size) {
		printf(": size %llu, cosigned %s", (unsigned long long)row.size,
			vt_time_write((int64_t)row.time, time));
	} else {
		printf(": nothing cosigned yet");
	}
	vt_evidence_tally(dir, vt_span_str(key->name), &n);
	if (n.forks)
		printf(", FORKED: %d in evidence", n.forks);
	if (n.suspects)
		printf(", %d heads without a proof in evidence", n.suspects);
	putchar('\n');
	io_evidence->forks += n.forks;
}

int vt_service_cmd_status(enum vt_service kind, int argc, char **argv)
{
	struct vt_evidence_count evidence = {0, 0};
	struct vt_strings operands = {0};
	struct vt_service_file f;
	struct settings set = {0};
	struct seen s;
	int dir = -1;
	vt_err e = vt_options_parse(&table, argc, argv, &set, &operands);

	vt_strings_free(&operands);
	if (e == VT_END)
		return VT_EXIT_CLEAN;
	if (!e)
		e = vt_service_file_read(kind, set.config, &f);
	if (e)
		return VT_EXIT_ERROR;
	s = (struct seen){.c = &f.config, .rows = calloc(f.config.nlogs + 1, sizeof *s.rows)};
	e = s.rows ? vt_store_open(f.config.state, false, &dir) : VT_ENOMEM;
	if (!e)
		e = read_journal(dir, &s);
	if (e)
		fprintf(stderr, "vitrine %s status: %s: %s\n", vt_service_word(kind),
			f.config.state, e == VT_EIO ? strerror(errno) : vt_err_text(e));
	for (size_t i = 0; !e && i < f.config.nlogs; i++)
		show_row(&s, dir, i, &evidence);
	vt_fd_close(dir);
	free(s.rows);
	vt_service_file_free(&f);
	return e || evidence.forks ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
