/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log show: the entries of a log, each checked against the signed head. */
#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/log/log.h"
#include "cli/options.h"
#include "cli/text.h"

#define COMMAND "vitrine log show"
#define ENTRY_MEMORY ((size_t)4 << 20)

struct settings {
	const char *policy, *log, *state;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, policy),
		"whom to believe: a tlog-policy file", NULL},
	{0, "log", "VKEY", VT_OPTION_STRING, offsetof(struct settings, log),
		"or only the log, by its verifier key", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|jsonl"},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, state),
		"for http(s): the egress ledger is in DIR/egress", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine log show [OPTION]... PLACE [INDEX|LEAF|KIND[/NAME]]\n"
		 "Lists the entries of the log at PLACE (a URL, folder or bundle), or prints the "
		 "one with"
		 " an INDEX or\nLEAF hash, or the newest of a KIND and NAME. Each is checked "
		 "against the"
		 " signed head.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 shown, 2 not found, or the log is not what was signed.\n",
};

/* What is asked for. */
struct wanted {
	enum { ALL, INDEX, LEAF, NEWEST } by;
	uint64_t index;
	vt_hash leaf;
	vt_span kind, name;
	/* what was found, of LEAF and NEWEST */
	bool found;
	const struct settings *s;
	vt_arena arena;
};

static void parse_wanted(const char *word, struct wanted *w)
{
	vt_span s = vt_span_str(word);
	size_t slash;

	if (vt_decimal_get(s, &w->index)) {
		w->by = INDEX;
	} else if (vt_hex_get(s, w->leaf.b, sizeof w->leaf.b)) {
		w->by = LEAF;
	} else {
		w->by = NEWEST;
		w->kind = s;
		if (vt_span_find(s, 0, "/", 1, &slash)) {
			w->kind = vt_span_of(s.p, slash);
			w->name = vt_span_of(s.p + slash + 1, s.n - slash - 1);
		}
	}
}

static vt_span name_of(const struct vt_entry *e)
{
	switch (e->kind) {
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE: return e->u.content.name;
	case VT_ENTRY_RELEASE: return e->u.release.name;
	case VT_ENTRY_WITHDRAW: return e->u.withdraw.name;
	case VT_ENTRY_ROOT:
	case VT_ENTRY_ATTEST:
	case VT_ENTRY_STATE:
	case VT_ENTRY_KINDS: break;
	}
	return (vt_span){0};
}

static void put_row(struct wanted *w, uint64_t index, vt_span bytes, bool whole)
{
	struct vt_entry_error why = {0};
	struct vt_entry entry;
	char title[VT_LOG_WHY_MAX];
	vt_hash leaf;
	bool good;

	vt_arena_reset(&w->arena);
	good = vt_entry_parse(bytes, &w->arena, &entry, &why) == VT_OK;
	vt_merkle_leaf(bytes, &leaf);
	if (good)
		vt_log_entry_title(&entry, title);
	else
		(void)snprintf(title, sizeof title, "NOT AN ENTRY (line %u: %s)", why.line,
			why.cause ? why.cause : "?");
	if (w->s->format) {
		printf("{\"type\":\"entry\",\"index\":%" PRIu64 ",\"leaf\":\"", index);
		vt_log_put_hex(stdout, vt_span_of(leaf.b, sizeof leaf.b));
		printf("\",\"valid\":%s,\"kind\":", good ? "true" : "false");
		vt_put_json(stdout, vt_span_str(good ? vt_entry_word(entry.kind) : "?"));
		fputs(",\"title\":", stdout);
		vt_put_json(stdout, vt_span_str(title));
		fputs(",\"signers\":[", stdout);
		for (size_t i = 0; good && i < entry.nsigs; i++) {
			fputs(i ? "," : "", stdout);
			vt_put_json(stdout, entry.sigs[i].name);
		}
		putchar(']');
		if (whole) {
			fputs(",\"text\":", stdout);
			vt_put_json(stdout, bytes);
		}
		puts("}");
		return;
	}
	printf("%8" PRIu64 "  ", index);
	vt_put_visible(stdout, vt_span_str(title));
	fputs("  signed by ", stdout);
	if (good)
		vt_log_put_signers(stdout, &entry);
	else
		putchar('?');
	putchar('\n');
}

/* The entry's own text, so that it can be compared and piped; made safe for a terminal. */
static void put_whole(struct wanted *w, uint64_t index, vt_span bytes)
{
	vt_hash leaf;

	if (w->s->format) {
		put_row(w, index, bytes, true);
		return;
	}
	vt_merkle_leaf(bytes, &leaf);
	printf("# index %" PRIu64 "\n# leaf ", index);
	vt_log_put_hex(stdout, vt_span_of(leaf.b, sizeof leaf.b));
	putchar('\n');
	while (bytes.n) {
		size_t n;
		bool line = vt_span_find(bytes, 0, "\n", 1, &n);

		vt_put_visible(stdout, vt_span_of(bytes.p, line ? n : bytes.n));
		putchar('\n');
		bytes = vt_span_clip(bytes, line ? n + 1 : bytes.n, bytes.n);
	}
}

static vt_err see(void *ctx, uint64_t index, vt_span bytes)
{
	struct wanted *w = ctx;
	struct vt_entry_error why;
	struct vt_entry entry;
	vt_hash leaf;

	if (w->by == ALL) {
		put_row(w, index, bytes, false);
		return VT_OK;
	}
	if (w->by == LEAF) {
		vt_merkle_leaf(bytes, &leaf);
		if (!vt_hash_eq(&leaf, &w->leaf))
			return VT_OK;
	} else {
		vt_arena_reset(&w->arena);
		if (vt_entry_parse(bytes, &w->arena, &entry, &why) ||
			!vt_span_eq(w->kind, vt_span_str(vt_entry_word(entry.kind))) ||
			(w->name.n && !vt_span_eq(w->name, name_of(&entry))))
			return VT_OK;
	}
	w->found = true;
	w->index = index;
	return VT_OK;
}

static void put_head(const struct vt_log_place *p, const struct vt_log_trust *t, bool json)
{
	const struct vt_checkpoint *c = &p->at.head.at;

	if (json) {
		fputs("{\"type\":\"head\",\"log\":", stdout);
		vt_put_json(stdout, c->origin);
		printf(",\"size\":%" PRIu64 ",\"root\":\"", c->size);
		vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
		fputs("\",\"cosigners\":", stdout);
		vt_log_put_cosigners(stdout, &p->at, t, true);
		puts("}");
		return;
	}
	fputs("log   ", stdout);
	vt_put_visible(stdout, c->origin);
	printf("\nsize  %" PRIu64 "\nroot  ", c->size);
	vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
	fputs("\ncosigned by\n", stdout);
	vt_log_put_cosigners(stdout, &p->at, t, false);
	fputs("\n   index  entry\n", stdout);
}

static vt_err show_one(struct vt_log_place *p, struct wanted *w)
{
	vt_buf bytes = VT_BUF_INIT(VT_ENTRY_MAX);
	vt_err e = vt_tiles_entry(p->tiles, w->index, &bytes);

	if (!e)
		put_whole(w, w->index, vt_buf_span(&bytes));
	vt_buf_free(&bytes);
	return e;
}

static vt_err show(struct vt_log_place *p, const struct vt_log_trust *t, struct wanted *w)
{
	uint64_t size = p->at.head.at.size;
	char why[VT_LOG_WHY_MAX];
	vt_err e = VT_OK;

	if (w->by == ALL)
		put_head(p, t, w->s->format);
	if (w->by != INDEX)
		e = vt_tiles_each_entry(p->tiles, 0, size, see, w);
	if (!e && w->by != ALL && ((w->by != INDEX && !w->found) || w->index >= size)) {
		fprintf(stderr, COMMAND ": there is no such entry; the log has %" PRIu64 "\n",
			size);
		return VT_EARG;
	}
	if (!e && w->by != ALL)
		e = show_one(p, w);
	if (e) {
		vt_log_place_why(p, e, why);
		fprintf(stderr, COMMAND ": %s: %s\n", p->name, why);
	}
	return e;
}

int vt_log_cmd_show(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_log_trust trust = {0};
	struct vt_log_place place = {0};
	struct vt_fetcher *fetcher = NULL;
	struct wanted w = {.s = &s, .arena = VT_ARENA_INIT(ENTRY_MEMORY)};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (operands.n < 1 || operands.n > 2)) {
		fputs(COMMAND ": give a PLACE and at most one entry\n", stderr);
	} else if (!e) {
		if (operands.n == 2)
			parse_wanted(operands.v[1], &w);
		e = vt_log_trust_open(&trust, COMMAND, s.policy, s.log);
		if (!e)
			e = vt_log_fetcher(COMMAND, s.state, operands.v, 1, &fetcher);
		if (!e)
			e = vt_log_place_ready(&place, COMMAND, operands.v[0], fetcher, &trust);
		if (!e && show(&place, &trust, &w) == VT_OK)
			status = VT_EXIT_CLEAN;
		vt_log_place_close(&place);
		if (fetcher)
			vt_fetcher_stop(fetcher);
		vt_log_trust_close(&trust);
	}
	vt_arena_free(&w.arena);
	vt_strings_free(&operands);
	return status;
}
