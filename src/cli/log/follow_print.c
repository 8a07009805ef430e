/* SPDX-License-Identifier: Apache-2.0 */
/* What `vitrine log follow` says: heads, entries with what they change, alerts. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/log/follow.h"
#include "cli/text.h"

static void put_key(const char *key, const char *value)
{
	printf(",\"%s\":", key);
	if (value)
		vt_put_json(stdout, vt_span_str(value));
	else
		fputs("null", stdout);
}

static void put_json_alert(const struct vt_follow *f, enum vt_log_alert what, uint64_t index,
	const char *text, const char *evidence)
{
	printf("{\"type\":\"alert\",\"alert\":\"%s\"", vt_log_alert_word(what));
	if (index != UINT64_MAX)
		printf(",\"index\":%" PRIu64, index);
	put_key("place", f->about);
	put_key("text", text);
	put_key("meaning", vt_log_alert_sentence(what));
	if (evidence)
		put_key("evidence", evidence);
	puts("}");
}

static void put_alert(const struct vt_follow *f, enum vt_log_alert what, uint64_t index,
	const char *text, const char *evidence)
{
	printf("ALERT %s", vt_log_alert_word(what));
	if (index != UINT64_MAX)
		printf(", entry %" PRIu64, index);
	if (f->about) {
		fputs(", ", stdout);
		vt_put_visible(stdout, vt_span_str(f->about));
	}
	fputs(": ", stdout);
	vt_put_visible(stdout, vt_span_str(text));
	printf("\n  (%s)\n", vt_log_alert_sentence(what));
	if (evidence) {
		fputs("  anybody can check it with 'vitrine log verify --evidence': ", stdout);
		vt_put_visible(stdout, vt_span_str(evidence));
		putchar('\n');
	}
}

static void alert(struct vt_follow *f, enum vt_log_alert what, uint64_t index, const char *text,
	const char *evidence)
{
	f->alerts++;
	f->all_alerts++;
	(f->s->format ? put_json_alert : put_alert)(f, what, index, text, evidence);
	(void)fflush(stdout);
}

void vt_follow_alert(struct vt_follow *f, enum vt_log_alert what, uint64_t index, const char *text)
{
	alert(f, what, index, text, NULL);
}

void vt_follow_alert_evidence(
	struct vt_follow *f, enum vt_log_alert what, const char *text, const char *evidence)
{
	alert(f, what, UINT64_MAX, text, evidence);
}

void vt_follow_tell(void *ctx, enum vt_log_alert what, uint64_t index, const char *text)
{
	alert(ctx, what, index, text, NULL);
}

void vt_follow_put_head(struct vt_follow *f, const struct vt_follow_place *p, uint64_t fresh)
{
	const struct vt_checkpoint *c = &p->place.at.head.at;

	if (f->s->format) {
		fputs("{\"type\":\"head\",\"log\":", stdout);
		vt_put_json(stdout, c->origin);
		put_key("place", p->place.name);
		printf(",\"size\":%" PRIu64 ",\"root\":\"", c->size);
		vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
		printf("\",\"new\":%" PRIu64 ",\"cosigners\":", fresh);
		vt_log_put_cosigners(stdout, &p->place.at, &f->trust, true);
		puts("}");
		return;
	}
	fputs("HEAD of ", stdout);
	vt_put_visible(stdout, c->origin);
	fputs(", from ", stdout);
	vt_put_visible(stdout, vt_span_str(p->place.name));
	printf(": %" PRIu64 " entries, %" PRIu64 " of them new\n  root ", c->size, fresh);
	vt_log_put_hex(stdout, vt_span_of(c->root.b, sizeof c->root.b));
	fputs("\n  cosigned by\n", stdout);
	vt_log_put_cosigners(stdout, &p->place.at, &f->trust, false);
}

void vt_follow_put_title(struct vt_follow *f, const struct vt_seen *s, bool again)
{
	char title[VT_AUDIT_TITLE_MAX];

	if (f->s->format)
		return;
	printf("\nENTRY %" PRIu64 "%s: ", s->index, again ? ", which can be read now" : "");
	vt_put_visible(stdout, vt_span_str(vt_audit_title(s, title)));
	putchar('\n');
}

static void put_json_entry(
	const struct vt_seen *s, bool again, vt_span review, const struct vt_review_counts *n)
{
	char title[VT_AUDIT_TITLE_MAX];

	printf("{\"type\":\"%s\",\"index\":%" PRIu64 ",\"leaf\":\"", again ? "readable" : "entry",
		s->index);
	vt_log_put_hex(stdout, vt_span_of(s->leaf.b, sizeof s->leaf.b));
	putchar('"');
	put_key("kind", vt_entry_word(s->e.kind));
	put_key("title", vt_audit_title(s, title));
	fputs(",\"signers\":[", stdout);
	for (size_t i = 0; i < s->e.nsigs; i++) {
		fputs(i ? "," : "", stdout);
		vt_put_json(stdout, s->e.sigs[i].name);
	}
	printf("],\"added\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"changed\":%" PRIu64
	       ",\"moved\":%" PRIu64 ",\"files\":%" PRIu64 ",\"review\":",
		n->added, n->removed, n->changed, n->moved, n->files);
	vt_put_json(stdout, review);
	puts("}");
}

vt_err vt_follow_put_entry(struct vt_follow *f, const struct vt_seen *s, const struct vt_seen *root,
	const struct vt_seen *before, const struct vt_log_change *change, bool again)
{
	struct vt_review_counts counts = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *to = f->s->format ? open_memstream(&text, &size) : stdout;
	struct vt_review r = {
		.to = to,
		.origin = f->audit.origin,
		.root = root ? &root->e : NULL,
		.before = before ? &before->e : NULL,
		.most = f->s->most == UINT64_MAX ? 0 : (size_t)f->s->most,
	};
	vt_err e;

	if (!to)
		return VT_ENOMEM;
	if (change) {
		r.delta = vt_buf_span(&change->delta);
		r.payload = vt_buf_span(&change->payload);
	}
	e = vt_review(&r, &s->e, &counts);
	if (e == VT_EFORMAT) {
		fputs("  what changes can't be told by rules: the content is not what the entry "
		      "says\n",
			to);
		e = VT_OK;
	}
	if (to != stdout && fclose(to) != 0)
		e = VT_ENOMEM;
	if (!e && f->s->format)
		put_json_entry(s, again, vt_span_of(text, size), &counts);
	free(text);
	(void)fflush(stdout);
	return e;
}

void vt_follow_put_end(struct vt_follow *f)
{
	if (f->s->format)
		printf("{\"type\":\"end\",\"size\":%" PRIu64 ",\"entries\":%" PRIu64
		       ",\"alerts\":%" PRIu64 "}\n",
			f->kept.head.at.size, f->entries, f->alerts);
	else if (f->entries || f->alerts)
		printf("%" PRIu64 " new entries; alerts: %" PRIu64 "\n", f->entries, f->alerts);
	(void)fflush(stdout);
}
