/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update history: what updates came to, and what people decided. */
#include <inttypes.h>

#include "base/num.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/update/update.h"

#define COMMAND "vitrine update history"

struct settings {
	struct vt_update_where where;
	int format;
	bool all;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'a', "all", NULL, VT_OPTION_FLAG, offsetof(struct settings, all),
		"also runs that found nothing new", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|jsonl"},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine update history [OPTION]...\n"
		 "Lists what updates came to, what was refused, and what people decided; the "
		 "newest last.\n",
	.options = options,
	.count = VT_COUNT(options),
};

static void put_json(const struct vt_run *r)
{
	char time[VT_TIME_SIZE];

	printf("{\"type\":\"run\",\"time\":\"%s\",\"action\":", vt_time_write(r->time, time));
	vt_put_json(stdout, r->action);
	printf(",\"outcome\":\"%s\",\"refusal\":", vt_outcome_word(r->outcome));
	if (r->refusal == VT_REFUSED_NOT)
		fputs("null", stdout);
	else
		vt_put_json(stdout, vt_span_str(vt_refusal_of(r->refusal)->id));
	printf(",\"tree\":%" PRIu64 ",\"state\":{\"index\":%" PRIu64 ",\"version\":%" PRIu64
	       "},\"generation\":",
		r->tree, r->state_index, r->state_version);
	if (r->generation.n)
		vt_put_json(stdout, r->generation);
	else
		fputs("null", stdout);
	printf(",\"bytes\":%" PRIu64 ",\"text\":", r->bytes);
	vt_put_json(stdout, r->text);
	puts("}");
}

static void put_human(const struct vt_run *r)
{
	char time[VT_TIME_SIZE];

	printf("%s  ", vt_time_write(r->time, time));
	vt_put_visible(stdout, r->action);
	if (r->outcome != VT_OUTCOME_DECIDED)
		printf(": %s", vt_outcome_word(r->outcome));
	if (r->refusal != VT_REFUSED_NOT)
		printf(" (%s)", vt_refusal_of(r->refusal)->id);
	if (r->outcome == VT_OUTCOME_UPDATED)
		printf(", state %" PRIu64 " as %.*s", r->state_version, (int)r->generation.n,
			(const char *)r->generation.p);
	if (r->text.n) {
		fputs(": ", stdout);
		vt_put_visible(stdout, r->text);
	}
	putchar('\n');
}

static vt_err put_all(struct vt_updates *u, const struct settings *s)
{
	struct vt_run r;
	vt_span text = {0};
	vt_err e = vt_updates_read(u, VT_HISTORY_FILE, VT_HISTORY_MAX, &text);

	while (!e) {
		e = vt_history_next(&text, &r);
		if (e || (r.outcome == VT_OUTCOME_SAME && !s->all))
			continue;
		if (s->format)
			put_json(&r);
		else
			put_human(&r);
	}
	if (e != VT_END)
		fprintf(stderr, COMMAND ": %s/update/" VT_HISTORY_FILE " is damaged\n", u->state);
	return e == VT_END ? VT_OK : e;
}

int vt_update_cmd_history(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(COMMAND ": takes no operands\n", stderr);
	} else if (!e) {
		if (vt_updates_open(&u, COMMAND, &s.where, false) == VT_OK &&
			put_all(&u, &s) == VT_OK)
			status = VT_EXIT_CLEAN;
		vt_updates_close(&u);
	}
	vt_strings_free(&operands);
	return status;
}
