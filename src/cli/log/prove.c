/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log prove: a proof file (c2sp.org/tlog-proof) for an entry of a log. */
#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/log/log.h"
#include "cli/options.h"
#include "cli/text.h"
#include "tlog/proof.h"

#define COMMAND "vitrine log prove"

struct settings {
	const char *policy, *log, *state, *entry, *output, *entry_to;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, policy),
		"whom to believe: a tlog-policy file", NULL},
	{0, "log", "VKEY", VT_OPTION_STRING, offsetof(struct settings, log),
		"or only the log, by its verifier key", NULL},
	{0, "entry", "FILE", VT_OPTION_STRING, offsetof(struct settings, entry),
		"prove the entry whose bytes these are", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, output),
		"where to (default: standard output)", NULL},
	{0, "entry-to", "FILE", VT_OPTION_STRING, offsetof(struct settings, entry_to),
		"write the entry's bytes there too", NULL},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, state),
		"for http(s): the egress ledger is in DIR/egress", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine log prove [OPTION]... PLACE INDEX\n"
		 "       vitrine log prove [OPTION]... PLACE --entry FILE\n"
		 "Writes a proof that an entry is in the log at PLACE: a URL, folder or bundle.\n"
		 "'vitrine log verify' checks it, without any PLACE.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 written, 2 not possible.\n",
};

struct finder {
	vt_span wanted;
	uint64_t index;
	bool found;
};

static vt_err see(void *ctx, uint64_t index, vt_span entry)
{
	struct finder *f = ctx;

	if (!vt_span_eq(entry, f->wanted))
		return VT_OK;
	f->index = index;
	f->found = true;
	return VT_END;
}

static vt_err find(const struct settings *s, struct vt_log_place *p, uint64_t *out_index)
{
	vt_buf bytes = VT_BUF_INIT(VT_LOG_FILE_MAX);
	struct finder f = {0};
	char why[VT_LOG_WHY_MAX];
	vt_err e = vt_log_read_file(COMMAND, s->entry, &bytes);

	if (!e) {
		f.wanted = vt_buf_span(&bytes);
		e = vt_tiles_each_entry(p->tiles, 0, p->at.head.at.size, see, &f);
		if (f.found) {
			e = VT_OK;
			*out_index = f.index;
		} else if (!e) {
			fprintf(stderr, COMMAND ": %s is no entry of that log\n", s->entry);
			e = VT_EARG;
		} else {
			vt_log_place_why(p, e, why);
			fprintf(stderr, COMMAND ": %s: %s\n", p->name, why);
		}
	}
	vt_buf_free(&bytes);
	return e;
}

static vt_err write_proof(const struct settings *s, struct vt_log_place *p, uint64_t index)
{
	struct vt_proof_file proof = {.index = index, .checkpoint = vt_buf_span(&p->at.note)};
	vt_buf text = VT_BUF_INIT(VT_LOG_FILE_MAX), entry = VT_BUF_INIT(VT_ENTRY_MAX);
	vt_err e = vt_merkle_prove_included(
		vt_tiles_get, p->tiles, index, p->at.head.at.size, &proof.path);

	if (!e && s->entry_to)
		e = vt_tiles_entry(p->tiles, index, &entry);
	if (e) {
		char why[VT_LOG_WHY_MAX];

		vt_log_place_why(p, e, why);
		fprintf(stderr, COMMAND ": %s: %s\n", p->name, why);
	}
	if (!e)
		e = vt_proof_file_write(&text, &proof);
	if (!e && s->entry_to)
		e = vt_log_write_file(COMMAND, s->entry_to, vt_buf_span(&entry));
	if (!e)
		e = vt_log_write_file(COMMAND, s->output, vt_buf_span(&text));
	vt_buf_free(&text);
	vt_buf_free(&entry);
	return e;
}

static vt_err prove(const struct settings *s, const struct vt_strings *operands)
{
	struct vt_log_trust trust = {0};
	struct vt_log_place place = {0};
	struct vt_fetcher *fetcher = NULL;
	uint64_t index = 0;
	vt_err e = vt_log_trust_open(&trust, COMMAND, s->policy, s->log);

	if (!e)
		e = vt_log_fetcher(COMMAND, s->state, operands->v, 1, &fetcher);
	if (!e)
		e = vt_log_place_ready(&place, COMMAND, operands->v[0], fetcher, &trust);
	if (!e && s->entry)
		e = find(s, &place, &index);
	else if (!e &&
		(!vt_decimal_get(vt_span_str(operands->v[1]), &index) ||
			index >= place.at.head.at.size)) {
		fprintf(stderr,
			COMMAND ": %s: not an index of that log, which has %" PRIu64 " entries\n",
			operands->v[1], place.at.head.at.size);
		e = VT_EARG;
	}
	if (!e)
		e = write_proof(s, &place, index);
	vt_log_place_close(&place);
	if (fetcher)
		vt_fetcher_stop(fetcher);
	vt_log_trust_close(&trust);
	return e;
}

int vt_log_cmd_prove(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && operands.n != (s.entry ? 1u : 2u))
		fputs(COMMAND ": give a PLACE, and an INDEX or --entry FILE\n", stderr);
	else if (!e && prove(&s, &operands) == VT_OK)
		status = VT_EXIT_CLEAN;
	vt_strings_free(&operands);
	return status;
}
