/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks a proof offline: who signed it, what it holds, whether its verdict follows, and whether it
 * is about the directive, machine, time and challenge that are asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/prove/prove.h"
#include "cli/text.h"
#include "report/json.h"

#define CLOCKS_DIFFER 600 /* seconds that two clocks may be apart */

static int refuse(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(const char *path, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fputs("REFUSED ", stdout);
	vt_put_visible(stdout, vt_span_str(path));
	fputs(": ", stdout);
	vt_put_visible(stdout, vt_span_str(text));
	putchar('\n');
	return VT_EXIT_ERROR;
}

/* The key that is known and signed; NULL: none. */
static const struct vt_key *signer_of(const struct vt_dsse *d, const struct vt_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vt_dsse_verify(d, keys[i].pub, NULL))
			return &keys[i];
	return NULL;
}

/* A date, or a time; -1 with a message. */
static int64_t moment(const char *text)
{
	vt_day day;
	int64_t t;

	if (vt_time_parse_utc(vt_span_str(text), &t))
		return t;
	if (vt_day_parse(vt_span_str(text), &day))
		return (int64_t)day * 86400;
	fputs(VT_PROVE ": --not-before takes 2026-11-27 or 2026-11-27T09:30:00Z\n", stderr);
	return -1;
}

static int check_time(const struct vt_prove *p, const struct vt_statement *s)
{
	int64_t now = vt_now_seconds(), age, least;
	const struct vt_survey *run = s->surveys[0];

	if (s->in.time > now + CLOCKS_DIFFER)
		return refuse(
			p->check, "it was made in the future: a clock is wrong, here or there");
	if (p->max_age) {
		if (!vt_days_parse(p->max_age, &age)) {
			fputs(VT_PROVE ": --max-age takes 12h, 7d, 4w\n", stderr);
			return VT_EXIT_ERROR;
		}
		if (run->ended < now - age)
			return refuse(p->check, "the run is older than %s: this may be a replay",
				p->max_age);
	}
	if (p->not_before) {
		least = moment(p->not_before);
		if (least < 0)
			return VT_EXIT_ERROR;
		if (run->started < least)
			return refuse(p->check, "the run began before %s: this may be a replay",
				p->not_before);
	}
	if (p->challenge && !vt_span_eq(s->in.challenge, vt_span_str(p->challenge)))
		return refuse(p->check,
			"it does not answer the challenge: it was made for somebody else, or "
			"earlier");
	if (p->machine && !vt_span_eq(run->machine, vt_span_str(p->machine)))
		return refuse(p->check, "it is about another machine, %.*s", (int)run->machine.n,
			(const char *)run->machine.p);
	return VT_EXIT_CLEAN;
}

static int check_directive(
	const struct vt_prove *p, struct vt_docs *docs, const struct vt_statement *s)
{
	struct vt_known_directive d;
	struct vt_doc_error why = {0};
	size_t extra = 0;
	vt_err e;

	if (!p->directive)
		return VT_EXIT_CLEAN;
	e = vt_docs_directive(docs, p->directive, &d);
	if (e == VT_END)
		vt_complain(VT_PROVE, p->directive, "there is no such directive");
	if (e)
		return VT_EXIT_ERROR;
	if (vt_statement_applies(s, &d.d, &extra, &why))
		return refuse(p->check, "%s: %s", why.where, why.cause);
	if (extra)
		printf("note: it applies %zu exception%s that the document does not have\n", extra,
			extra == 1 ? "" : "s");
	return VT_EXIT_CLEAN;
}

static void put(const char *name, vt_span v)
{
	if (!v.n)
		return;
	printf("%-12s", name);
	vt_put_visible(stdout, v);
	putchar('\n');
}

static void put_result(const struct vt_statement *s, const struct vt_key *key, size_t signatures)
{
	static const char *const words[] = {"SHOWN ABSENT", "FOUND", "NOT SHOWN"};
	const struct vt_survey *run = s->surveys[0];
	char time[VT_UTC_SIZE];

	printf("VALID: %s\n\n", words[s->in.run.status.shown]);
	vt_put_visible(stdout, s->in.run.status.sentence);
	fputs("\n\n", stdout);
	put("directive", s->directive.id);
	put("document", s->directive.sha256);
	put("machine", run->machine);
	put("host", run->host);
	put("run", run->id);
	put("ended", vt_span_str(vt_time_text_utc(run->ended, time)));
	put("issued", vt_span_str(vt_time_text_utc(s->in.time, time)));
	put("catalogue", run->catalogue_id);
	put("position", run->catalogue_position);
	put("challenge", s->in.challenge);
	put("signed by", vt_span_str(key->name));
	if (signatures > 1)
		printf("%-12s%zu signatures\n", "", signatures);
	for (size_t i = 0; i < s->in.reviewers.n; i++)
		put("reviewer", s->in.reviewers.v[i]);
	if (s->in.before.survey)
		put("before", s->in.before.status.sentence);
	if (s->in.second.survey)
		put("second", s->in.second.status.sentence);
	for (size_t i = 0; i < s->in.run.status.ndoubts; i++)
		put("not shown", s->in.run.status.doubts[i].text);
}

static int check_statement(const struct vt_prove *p, struct vt_docs *docs, const struct vt_dsse *d,
	const struct vt_key *key)
{
	struct vt_statement *s = NULL;
	struct vt_doc_error why = {0};
	int status;
	vt_err e = vt_statement_read(d->payload, &s, &why);

	if (!e)
		e = vt_statement_derive(s, d->payload, &why);
	if (e) {
		status = refuse(p->check, "%s%s%s", why.where, why.where[0] ? ": " : "",
			why.cause[0] ? why.cause : vt_err_text(e));
	} else if (!vt_machine_key_fits(key->name, s->surveys[0]->machine)) {
		status = refuse(p->check, "the key %s is another machine's", key->name);
	} else {
		status = check_time(p, s);
		if (!status)
			status = check_directive(p, docs, s);
		if (!status) {
			put_result(s, key, d->n);
			status = s->in.run.status.shown == VT_SHOWN_ABSENT   ? VT_EXIT_CLEAN
				: s->in.run.status.shown == VT_SHOWN_PRESENT ? VT_EXIT_FOUND
									     : VT_EXIT_ERROR;
		}
	}
	vt_statement_free(s);
	return status;
}

int vt_prove_check(const struct vt_prove *p, struct vt_docs *docs)
{
	vt_arena a = VT_ARENA_INIT(VT_STATEMENT_MEMORY);
	struct vt_key *keys = NULL;
	const struct vt_key *key;
	struct vt_dsse d;
	vt_buf file = {0};
	size_t n = 0;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_prove_keys(VT_PROVE, &p->keys, &keys, &n);

	if (!e && n == 0) {
		fputs(VT_PROVE ": --key says whose signature counts\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_slurp(VT_PROVE, p->check, VT_DSSE_MAX, &file);
	if (!e) {
		e = vt_dsse_read(vt_buf_span(&file), &a, &d);
		if (e)
			(void)refuse(p->check, "no DSSE envelope: %s", vt_err_text(e));
	}
	if (!e) {
		key = signer_of(&d, keys, n);
		if (!vt_span_eq(d.type, vt_span_str(VT_STATEMENT_PAYLOAD)))
			(void)refuse(p->check, "its payload is no in-toto statement");
		else if (!key)
			(void)refuse(p->check, "no signature by a key that is known");
		else
			status = check_statement(p, docs, &d, key);
	}
	vt_buf_free(&file);
	vt_arena_free(&a);
	free(keys);
	return status;
}

int vt_prove_countersign(const struct vt_prove *p)
{
	vt_arena a = VT_ARENA_INIT(VT_STATEMENT_MEMORY);
	vt_buf file = {0}, out = VT_BUF_INIT(VT_DSSE_MAX), keyid = VT_BUF_INIT(1024);
	struct vt_statement *s = NULL;
	struct vt_doc_error why = {0};
	struct vt_signer signer = {0};
	struct vt_dsse d;
	vt_err e = vt_slurp(VT_PROVE, p->countersign, VT_DSSE_MAX, &file);

	if (!e && vt_dsse_read(vt_buf_span(&file), &a, &d)) {
		(void)refuse(p->countersign, "no DSSE envelope");
		e = VT_EFORMAT;
	}
	/* Nobody should put a name under what does not follow. */
	if (!e &&
		(vt_statement_read(d.payload, &s, &why) ||
			vt_statement_derive(s, d.payload, &why))) {
		(void)refuse(p->countersign, "%s: %s", why.where, why.cause);
		e = VT_ECHECKSUM;
	}
	if (!e)
		e = vt_signer_open(&p->pass, VT_PROVE, p->keys.v[0], &signer);
	if (!e)
		e = vt_key_write(&keyid, &signer.key);
	if (!e)
		e = vt_dsse_sign(&d, vt_buf_span(&keyid), signer.seed);
	if (!e)
		e = vt_dsse_write(&d, &out);
	if (!e)
		e = vt_spit(VT_PROVE, p->out ? p->out : "-", vt_buf_span(&out));
	vt_wipe(&signer, sizeof signer);
	vt_statement_free(s);
	vt_buf_free(&file);
	vt_buf_free(&out);
	vt_buf_free(&keyid);
	vt_arena_free(&a);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
