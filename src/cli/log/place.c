/* SPDX-License-Identifier: Apache-2.0 */
/* A place where a log is published: nothing from it is used before it has been checked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/log/log.h"
#include "cli/text.h"
#include "cli/where.h"

static bool is_http(const char *place)
{
	return strncmp(place, "http://", 7) == 0 || strncmp(place, "https://", 8) == 0;
}

vt_err vt_log_fetcher(const char *command, const char *state, const char *const *places, size_t n,
	struct vt_fetcher **out)
{
	struct vt_fetcher_config c = {0};
	char *updater = NULL, *folder = NULL, *ledger = NULL;
	bool wanted = false;
	vt_err e = VT_OK;

	*out = NULL;
	for (size_t i = 0; i < n; i++)
		wanted = wanted || is_http(places[i]);
	if (!wanted)
		return VT_OK;
	e = vt_where_program("vitrine-updater", &updater);
	if (e) {
		fprintf(stderr, "%s: vitrine-updater is not beside this program; install it\n",
			command);
		return e;
	}
	if (!state) {
		e = vt_where_state(&folder);
		if (e)
			fprintf(stderr, "%s: give --state DIR: HOME is not set\n", command);
	}
	if (!e && asprintf(&ledger, "%s/egress", state ? state : folder) < 0)
		e = VT_ENOMEM;
	if (!e) {
		c.updater = updater;
		c.ledger = ledger;
		e = vt_fetcher_start(&c, out);
		if (e)
			fprintf(stderr, "%s: %s: %s\n", command, ledger,
				e == VT_EIO ? strerror(errno) : vt_err_text(e));
	}
	free(updater);
	free(folder);
	free(ledger);
	return e;
}

void vt_log_place_why(const struct vt_log_place *p, vt_err e, char *why)
{
	const char *said = p->site ? vt_site_why(p->site) : NULL;

	switch ((int)e) {
	case VT_ECHECKSUM:
		(void)snprintf(why, VT_LOG_WHY_MAX,
			"what it serves is not what the log's signed head says");
		break;
	case VT_END:
		(void)snprintf(why, VT_LOG_WHY_MAX, "a file that the log must have is missing%s%s",
			said && *said ? ": " : "", said && *said ? said : "");
		break;
	case VT_EFORMAT: (void)snprintf(why, VT_LOG_WHY_MAX, "what it serves is malformed"); break;
	default:
		(void)snprintf(why, VT_LOG_WHY_MAX, "%s",
			said && *said && (e == VT_EPEER || e == VT_EIO) ? said : vt_err_text(e));
	}
}

vt_err vt_log_place_open(struct vt_log_place *p, const char *name, struct vt_fetcher *f, char *why)
{
	vt_err e;

	*p = (struct vt_log_place){.name = name, .at = {.note = VT_BUF_INIT(VT_NOTE_MAX)}};
	e = vt_site_open(name, f, &p->site);
	if (e)
		(void)snprintf(why, VT_LOG_WHY_MAX, "%s",
			e == VT_EIO            ? strerror(errno)
				: e == VT_EARG ? "not a URL (http, https, file), folder or bundle"
					       : vt_err_text(e));
	return e;
}

vt_err vt_log_place_head(struct vt_log_place *p, const struct vt_log_trust *t, char *why)
{
	vt_err e;

	vt_tiles_close(p->tiles);
	p->tiles = NULL;
	vt_log_head_free(&p->at);
	e = vt_site_get(p->site, "checkpoint", VT_NOTE_MAX, &p->at.note);
	if (e == VT_END) {
		(void)snprintf(why, VT_LOG_WHY_MAX, "there is no checkpoint: no log is here");
		return e;
	}
	if (e) {
		vt_log_place_why(p, e, why);
		return e;
	}
	return vt_log_head_check(&p->at, t, why);
}

vt_err vt_log_place_tiles(struct vt_log_place *p, char *why)
{
	vt_err e;

	if (p->tiles)
		return VT_OK;
	e = vt_tiles_open(p->at.head.at.size, &p->at.head.at.root, vt_site_get, p->site, &p->tiles);
	if (e)
		vt_log_place_why(p, e, why);
	return e;
}

void vt_log_place_close(struct vt_log_place *p)
{
	vt_tiles_close(p->tiles);
	vt_site_close(p->site);
	vt_buf_free(&p->at.note);
	*p = (struct vt_log_place){0};
}

vt_err vt_log_place_ready(struct vt_log_place *p, const char *command, const char *name,
	struct vt_fetcher *f, const struct vt_log_trust *t)
{
	char why[VT_LOG_WHY_MAX];
	vt_err e = vt_log_place_open(p, name, f, why);

	if (!e)
		e = vt_log_place_head(p, t, why);
	if (!e && !p->at.enough) {
		(void)snprintf(why, sizeof why,
			"its checkpoint is not cosigned as the policy asks (quorum)");
		e = VT_ECHECKSUM;
	}
	if (!e)
		e = vt_log_place_tiles(p, why);
	if (e) {
		fprintf(stderr, "%s: ", command);
		vt_put_visible(stderr, vt_span_str(name));
		fputs(": ", stderr);
		vt_put_visible(stderr, vt_span_str(why));
		fputc('\n', stderr);
	}
	return e;
}
