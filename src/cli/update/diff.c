/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine update diff: what the next update would change, rule by rule. Fetches and verifies what
 * an update would, and applies nothing. Where the log's own deltas lead from the version in use to
 * the new one they are shown as they are; else both versions are unpacked and compared.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "cli/options.h"
#include "cli/review.h"
#include "cli/text.h"
#include "cli/update/payload.h"
#include "cli/update/update.h"
#include "entry/delta.h"
#include "os/fd.h"
#include "os/map.h"

#define COMMAND "vitrine update diff"
#define DELTA_MAX ((size_t)1 << 30)

struct settings {
	struct vt_update_where where;
	const char *bundle;
	bool verified;
	uint64_t most;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "bundle", "FILE", VT_OPTION_STRING, offsetof(struct settings, bundle),
		"what this file would change, not the sources", NULL},
	{0, "verified", NULL, VT_OPTION_FLAG, offsetof(struct settings, verified),
		"what was verified last; asks no source", NULL},
	{0, "most", "N", VT_OPTION_U64, offsetof(struct settings, most),
		"rules to show of each version; unlimited (default: 1000)", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine update diff [OPTION]...\n"
		 "Shows what the next update would change, rule by rule: verified as an update is, "
		 "and not applied.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 nothing would change, 1 something would, 2 refused, or this "
		 "machine could not.\n",
};

struct diff {
	struct vt_updates *u;
	struct vt_review review;
};

/* Two versions by their files ------------------------------------------------------------------ */

struct version {
	struct vt_payload p;
	struct vt_delta_file files[VT_ENTRY_FILES_MAX];
};

static int by_name(const void *a, const void *b)
{
	const struct vt_delta_file *x = a, *y = b;
	int c = memcmp(x->name.p, y->name.p, vt_min_size(x->name.n, y->name.n));

	return c ? c : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void close_version(struct version *v)
{
	for (size_t i = 0; v && i < v->p.n; i++)
		if (v->files[i].bytes.n)
			vt_map_close(v->files[i].bytes);
	if (v)
		vt_payload_free(&v->p);
	free(v);
}

static vt_err open_version(
	struct vt_updates *u, const struct vt_plan_set *set, struct version **out)
{
	struct version *v = calloc(1, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;

	if (v && set)
		e = vt_payload_unpack(u->dir, u->dir, set, &v->p);
	for (size_t i = 0; !e && i < v->p.n; i++) {
		struct vt_delta_file *f = &v->files[i];
		uint64_t size, lines;

		f->name = v->p.v[i].name;
		e = vt_fd_size(v->p.v[i].fd, &size);
		if (!e && size)
			e = vt_map_file(v->p.v[i].fd, size, &f->bytes);
		if (!e)
			f->by_line = vt_delta_by_line(f->bytes, &lines);
	}
	if (!e && v->p.n)
		qsort(v->files, v->p.n, sizeof v->files[0], by_name);
	if (e)
		close_version(v);
	else
		*out = v;
	return e;
}

/* `old` NULL: everything is new. Versions may go back, which a delta can't say: the head lies. */
static vt_err compare(struct diff *d, const struct vt_plan_set *old, const struct vt_plan_set *now)
{
	const struct vt_content *c = now->chain[now->nchain - 1];
	struct version *a = NULL, *b = NULL;
	struct vt_review_counts counts = {0};
	struct vt_review r = d->review;
	vt_buf delta = VT_BUF_INIT(DELTA_MAX);
	vt_err e = open_version(d->u, old, &a);

	if (!e)
		e = open_version(d->u, now, &b);
	if (!e)
		e = vt_delta_make(&delta, c->name, 1, 2, a->files, a->p.n, b->files, b->p.n);
	if (!e) {
		r.delta = vt_buf_span(&delta);
		e = vt_review_delta(&r, &counts);
	}
	close_version(a);
	close_version(b);
	vt_buf_free(&delta);
	return e;
}

/* By the log's deltas -------------------------------------------------------------------------- */

/* Where in the chain the version after `from` is; nchain: the chain does not say. */
static size_t after(const struct vt_plan_set *s, uint64_t from)
{
	for (size_t i = 0; i < s->nchain; i++)
		if (s->chain[i]->ndelta && s->chain[i]->from == from)
			return i;
	return s->nchain;
}

static vt_err show_deltas(struct diff *d, const struct vt_plan_set *s, size_t first)
{
	vt_err e = VT_OK;

	for (size_t i = first; !e && i < s->nchain; i++) {
		const struct vt_content *c = s->chain[i];
		struct vt_review_counts counts = {0};
		struct vt_review r = d->review;
		vt_buf text = VT_BUF_INIT(VT_PAYLOAD_MAX);

		printf("  version %" PRIu64, c->version);
		if (c->note.n) {
			fputs(": ", stdout);
			vt_put_visible(stdout, c->note);
		}
		putchar('\n');
		e = vt_payload_delta(d->u->dir, c, &text);
		if (!e) {
			r.delta = vt_buf_span(&text);
			e = vt_review_delta(&r, &counts);
		}
		vt_buf_free(&text);
	}
	return e;
}

static const struct vt_plan_set *same_set(const struct vt_plan *p, const struct vt_plan_set *s)
{
	for (size_t i = 0; i < p->nsets; i++)
		if (p->sets[i].kind == s->kind &&
			vt_span_eq(p->sets[i].chain[0]->name, s->chain[0]->name))
			return &p->sets[i];
	return NULL;
}

static uint64_t version_of(const struct vt_plan_set *s)
{
	return s->chain[s->nchain - 1]->version;
}

static void put_title(const char *what, const struct vt_plan_set *s)
{
	fputs(what, stdout);
	fputs(s->kind == VT_ENTRY_DIRECTIVE ? "DIRECTIVE " : "set ", stdout);
	vt_put_visible(stdout, s->chain[0]->name);
}

static vt_err show_set(struct diff *d, const struct vt_plan_set *now)
{
	const struct vt_plan_set *old = d->u->has_applied ? same_set(&d->u->applied, now) : NULL;
	size_t first;

	if (old && version_of(old) == version_of(now))
		return VT_OK;
	put_title(old ? "" : "NEW ", now);
	if (old)
		printf(", version %" PRIu64 " to %" PRIu64 "%s\n", version_of(old), version_of(now),
			version_of(old) > version_of(now) ? ": BACK" : "");
	else
		printf(", version %" PRIu64 "\n", version_of(now));
	first = old && version_of(old) < version_of(now) ? after(now, version_of(old))
							 : now->nchain;
	return first < now->nchain ? show_deltas(d, now, first) : compare(d, old, now);
}

/* Rules taken back, and given back ------------------------------------------------------------- */

static bool has_rule(const struct vt_plan *p, const struct vt_withdraw *w)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (vt_span_eq(p->rules[i]->name, w->name) &&
			vt_span_eq(p->rules[i]->file, w->file) &&
			vt_hash_eq(&p->rules[i]->line, &w->line))
			return true;
	return false;
}

static void show_rules(const struct vt_plan *old, const struct vt_plan *now, const char *what)
{
	for (size_t i = 0; i < now->nrules; i++) {
		const struct vt_withdraw *w = now->rules[i];

		if (has_rule(old, w))
			continue;
		fputs(what, stdout);
		vt_put_visible(stdout, w->name);
		putchar('/');
		vt_put_visible(stdout, w->file);
		fputs(": the line with SHA-256 ", stdout);
		for (size_t k = 0; k < sizeof w->line.b; k++)
			printf("%02x", w->line.b[k]);
		fputs("; ", stdout);
		vt_put_visible(stdout, w->reason);
		putchar('\n');
	}
}

static vt_err show(struct diff *d)
{
	static const struct vt_plan none;
	const struct vt_plan *now = &d->u->plan, *old = d->u->has_applied ? &d->u->applied : &none;
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < now->nsets; i++)
		e = show_set(d, &now->sets[i]);
	for (size_t i = 0; !e && i < old->nsets; i++) {
		if (same_set(now, &old->sets[i]))
			continue;
		put_title("GOES: ", &old->sets[i]);
		putchar('\n');
	}
	show_rules(old, now, "WITHDRAWN at once: ");
	show_rules(now, old, "given back: ");
	return e;
}

static int put_all(struct vt_updates *u, uint64_t most)
{
	struct diff d = {.u = u,
		.review = {
			.to = stdout, .most = most == UINT64_MAX ? 0 : (size_t)most, .width = 400}};
	char digest[VT_DIGEST_TEXT];
	vt_err e = vt_update_digest(&u->plan, digest);

	if (!e && !vt_updates_changes(u, &u->plan)) {
		printf("nothing: state %" PRIu64 " asks for what is in use\n",
			u->plan.state_version);
		return VT_EXIT_CLEAN;
	}
	if (!e)
		e = show(&d);
	if (e) {
		fflush(stdout);
		fprintf(stderr, COMMAND ": %s\n",
			e == VT_EIO ? "pieces of what is in use are not at hand" : vt_err_text(e));
		return VT_EXIT_ERROR;
	}
	printf("content %.16s (state %" PRIu64 ")\n", digest, u->plan.state_version);
	if (!vt_update_approved(u, &u->plan, NULL) &&
		(u->config.approve != VT_APPROVE_NONE ||
			vt_settings_find(u->settings, VT_SETTING_HOLD, (vt_span){0})))
		printf("to let it apply: vitrine update approve --by NAME %.16s\n", digest);
	return VT_EXIT_FOUND;
}

/* False: refused, or this machine could not; that has been said. */
static bool verify(struct vt_updates *u, const char *bundle)
{
	struct vt_carry *c = vt_arena_alloc(&u->arena, sizeof *c);
	struct vt_update_sources s;
	bool evidence = false, good;

	if (!c || vt_update_sources_open(&s, u, bundle))
		return false;
	*c = (struct vt_carry){.u = u};
	c->last.run.time = (int64_t)time(NULL);
	c->last.run.action = vt_span_str("diff");
	good = vt_update_verify(c, &s, &evidence);
	c->last.run.bytes = vt_update_sources_bytes(&s);
	if (!good)
		(void)vt_update_conclude(c);
	vt_update_sources_close(&s);
	return good;
}

static int run(const struct settings *s)
{
	struct vt_updates u;
	struct vt_config_error why;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_updates_open(&u, COMMAND, &s->where, true);

	if (!e) {
		e = vt_updates_config(&u, &why);
		if (e)
			vt_update_say(
				VT_SAY_ERROR, COMMAND, "%s:%u: %s", why.file, why.line, why.cause);
	}
	if (!e)
		e = vt_updates_load(&u);
	if (!e && s->verified && !u.has_plan)
		puts("nothing has been verified yet");
	else if (!e && (s->verified || verify(&u, s->bundle)))
		status = put_all(&u, s->most);
	vt_updates_close(&u);
	return status;
}

int vt_update_cmd_diff(int argc, char **argv)
{
	struct settings s = {.most = 1000};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && operands.n)
		fputs(COMMAND ": takes no operands\n", stderr);
	else if (!e)
		status = run(&s);
	vt_strings_free(&operands);
	return status;
}
