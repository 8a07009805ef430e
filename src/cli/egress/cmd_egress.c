/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine egress: finds the verb in verbs.def and calls it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "cli/egress/egress.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/where.h"
#include "cli/verbs.h"

static const struct vt_verb_row rows[] = {
#define VT_EGRESS_VERB(name, help) {#name, help, vt_egress_cmd_##name},
#include "cli/egress/verbs.def"
#undef VT_EGRESS_VERB
};
static const struct vt_verbs verbs = {
	.command = "vitrine egress",
	.about = "Shows the ledger of what was sent from this machine, and checks it.",
	.v = rows,
	.n = VT_COUNT(rows),
};

int vt_cmd_egress(int argc, char **argv)
{
	return vt_verbs_run(&verbs, argc, argv);
}

static void complain(const char *command, const char *place, const char *why)
{
	fprintf(stderr, "%s: ", command);
	vt_put_visible(stderr, vt_span_str(place));
	fprintf(stderr, ": %s\n", why);
}

vt_err vt_ledger_view_open(struct vt_ledger_view *v, const char *command, const char *place)
{
	char *state = NULL, *own = NULL;
	vt_err e = VT_OK;

	*v = (struct vt_ledger_view){0};
	if (!place) {
		e = vt_where_state(&state);
		if (!e && asprintf(&own, "%s/egress", state) < 0)
			e = VT_ENOMEM;
		if (e)
			fprintf(stderr, "%s: no ledger: neither XDG_STATE_HOME nor HOME is set\n",
				command);
		place = own;
	}
	if (!e) {
		e = vt_site_open(place, NULL, &v->site);
		if (e)
			complain(command, place,
				e == VT_EIO            ? strerror(errno)
					: e == VT_EARG ? "not a folder, and not an export"
						       : "not an export that can be read");
	}
	v->files = (struct vt_ledger_files){.get = vt_site_get, .ctx = v->site};
	free(state);
	free(own);
	return e;
}

void vt_ledger_view_close(struct vt_ledger_view *v)
{
	vt_site_close(v->site);
	v->site = NULL;
}

int vt_ledger_view_result(const struct vt_ledger_view *v, const char *command, vt_err e,
	const struct vt_ledger_walk *walk)
{
	if (!e)
		return VT_EXIT_CLEAN;
	if (e == VT_EFORMAT && walk->why[0])
		fprintf(stderr, "%s: the ledger is damaged: %s\n", command, walk->why);
	else
		fprintf(stderr, "%s: %s\n", command,
			*vt_site_why(v->site) ? vt_site_why(v->site) : vt_err_text(e));
	return VT_EXIT_ERROR;
}

const char *vt_time_text(int64_t us, char buf[VT_TIME_TEXT])
{
	time_t seconds = (time_t)(us / 1000000);
	char text[24] = "?";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf, VT_TIME_TEXT, "%s.%06" PRId64 "Z", text, us % 1000000);
	return buf;
}

/* A name in a DNS question, with dots. */
static void sample_question(vt_span bytes, char out[VT_SAMPLE_TEXT])
{
	size_t at = 12, n = 0;
	uint8_t len;

	while (vt_get_u8(bytes, at, &len) && len && len < 64 && vt_span_has(bytes, at + 1, len)) {
		for (size_t i = 0; i < len && n < VT_SAMPLE_TEXT - 2; i++) {
			uint8_t c = bytes.p[at + 1 + i];

			out[n++] = c > 0x20 && c < 0x7f ? (char)c : '?';
		}
		if (n < VT_SAMPLE_TEXT - 2)
			out[n++] = '.';
		at += 1 + (size_t)len;
	}
	out[n] = 0;
}

void vt_egress_sample(const struct vt_egress *e, char out[VT_SAMPLE_TEXT])
{
	size_t n = 0;

	if (e->kind == VT_EGRESS_DNS) {
		sample_question(e->bytes, out);
		return;
	}
	while (n < e->bytes.n && n < VT_SAMPLE_TEXT - 1 && e->bytes.p[n] >= 0x20 &&
		e->bytes.p[n] < 0x7f) {
		out[n] = (char)e->bytes.p[n];
		n++;
	}
	/* A few printable bytes of something else say nothing. */
	out[n < 4 || e->kind == VT_EGRESS_TLS ? 0 : n] = 0;
}
