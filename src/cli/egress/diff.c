/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine egress diff: what two machines asked for. Compared is what does not have to differ:
 * questions and requests in the order they were sent. Not compared: times, addresses (a name may
 * have several), when connections were opened, and TLS, whose plain text is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/egress/egress.h"
#include "cli/options.h"
#include "cli/text.h"
#include "crypto/hash.h"
#include "egress/entry.h"

#define DIFF "vitrine egress diff"
#define SHOWN 20

struct settings {
	bool set;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "set", NULL, VT_OPTION_FLAG, offsetof(struct settings, set),
		"compare what was sent, not in which order and how often", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};
static const struct vt_option_table table = {
	.command = DIFF,
	.usage = "Usage: vitrine egress diff [OPTION]... A B\n"
		 "Compares what two machines sent: two ledgers, as folders or exports.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 the same, 1 different, 2 an error.\n",
};

/* A question or a request. */
struct sent {
	uint64_t seq;
	uint8_t digest[32]; /* of kind, host and bytes */
	char sample[VT_SAMPLE_TEXT];
};
struct list {
	struct sent *v;
	size_t n, cap;
};

/* The host that was meant, without the address that it had. */
static vt_span host_of(const struct vt_egress *e)
{
	size_t blank;

	if (e->kind == VT_EGRESS_DNS)
		return (vt_span){0};
	return vt_span_find(e->peer, 0, " ", 1, &blank) ? vt_span_clip(e->peer, blank, e->peer.n)
							: e->peer;
}

/* The port of "192.0.2.1:443 host" with its colon. */
static vt_span port_of(const struct vt_egress *e)
{
	size_t end = e->peer.n, colon;

	if (e->kind == VT_EGRESS_DNS)
		return (vt_span){0};
	(void)vt_span_find(e->peer, 0, " ", 1, &end);
	for (colon = end; colon > 0 && e->peer.p[colon - 1] != ':'; colon--)
		;
	return vt_span_clip(e->peer, colon, end - colon);
}

static vt_err on_entry(void *ctx, const struct vt_egress *e, vt_span raw)
{
	struct list *l = ctx;
	struct vt_sha256_stream h;
	uint8_t kind = (uint8_t)e->kind;
	struct sent *s;

	(void)raw;
	if (e->kind == VT_EGRESS_OPEN || e->kind == VT_EGRESS_TLS)
		return VT_OK;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 1024;
		struct sent *p = realloc(l->v, cap * sizeof *p);

		if (!p)
			return VT_ENOMEM;
		l->v = p;
		l->cap = cap;
	}
	s = &l->v[l->n++];
	s->seq = e->seq;
	vt_egress_sample(e, s->sample);
	vt_sha256_start(&h);
	vt_sha256_add(&h, vt_span_of(&kind, 1));
	vt_sha256_add(&h, port_of(e));
	vt_sha256_add(&h, host_of(e));
	vt_sha256_add(&h, vt_span_of("", 1));
	vt_sha256_add(&h, e->bytes);
	vt_sha256_finish(&h, s->digest);
	return VT_OK;
}

static int by_digest(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;
	int d = memcmp(x->digest, y->digest, sizeof x->digest);

	return d ? d : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool equal_in_order(const struct list *a, const struct list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(a->v[i].digest, b->v[i].digest, sizeof a->v[i].digest) != 0)
			return false;
	return true;
}

static void print_only(const char *which, const struct sent *s, size_t *io_shown)
{
	if (++*io_shown > SHOWN)
		return;
	printf("%s%8" PRIu64 "  ", which, s->seq);
	vt_put_visible(stdout, vt_span_str(s->sample));
	putchar('\n');
}

/* The same as the one before it in a sorted list. */
static bool is_repeat(const struct list *l, size_t i)
{
	return i && memcmp(l->v[i - 1].digest, l->v[i].digest, sizeof l->v[i].digest) == 0;
}

/* Sorted lists side by side; the number of differences. Repeats count unless `set`. */
static size_t print_differences(const struct list *a, const struct list *b, bool set)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->n || j < b->n) {
		int d = 0;

		if (i == a->n || j == b->n)
			d = i == a->n ? 1 : -1;
		else
			d = memcmp(a->v[i].digest, b->v[j].digest, sizeof a->v[i].digest);
		if (d < 0 && !(set && is_repeat(a, i)))
			print_only("only in A  ", &a->v[i], &n);
		if (d > 0 && !(set && is_repeat(b, j)))
			print_only("only in B  ", &b->v[j], &n);
		i += d <= 0;
		j += d >= 0;
	}
	return n;
}

static int compare(struct list *a, struct list *b, bool set)
{
	char count[VT_NUMBER_MAX];
	size_t n;

	if (equal_in_order(a, b)) {
		printf("the same: %s questions and requests\n", vt_format_count(a->n, count));
		return VT_EXIT_CLEAN;
	}
	if (a->n)
		qsort(a->v, a->n, sizeof *a->v, by_digest);
	if (b->n)
		qsort(b->v, b->n, sizeof *b->v, by_digest);
	n = print_differences(a, b, set);
	if (n > SHOWN)
		printf("and %s more\n", vt_format_count(n - SHOWN, count));
	if (n == 0 && set) {
		puts("the same questions and requests; the order or the number differs");
		return VT_EXIT_CLEAN;
	}
	if (n == 0)
		puts("the same questions and requests, in another order");
	return VT_EXIT_FOUND;
}

static int read_list(const char *place, struct list *out)
{
	struct vt_ledger_view view;
	struct vt_ledger_walk walk;
	int status;

	if (vt_ledger_view_open(&view, DIFF, place))
		return VT_EXIT_ERROR;
	status = vt_ledger_view_result(
		&view, DIFF, vt_ledger_each(&view.files, 0, on_entry, out, &walk), &walk);
	vt_ledger_view_close(&view);
	return status;
}

int vt_egress_cmd_diff(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct list a = {0}, b = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n != 2) {
		fputs(DIFF ": name two ledgers\n", stderr);
	} else if (!e) {
		status = read_list(operands.v[0], &a);
		if (status == VT_EXIT_CLEAN)
			status = read_list(operands.v[1], &b);
		if (status == VT_EXIT_CLEAN)
			status = compare(&a, &b, s.set);
	}
	free(a.v);
	free(b.v);
	vt_strings_free(&operands);
	return status;
}
