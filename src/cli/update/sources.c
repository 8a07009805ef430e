/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: the network by vitrine-updater, folders, a bundle. One that can't be opened is a source
 * that gives nothing, not a reason to ask no other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/update/update.h"
#include "cli/where.h"

static bool is_http(const char *place)
{
	return strncmp(place, "http://", 7) == 0 || strncmp(place, "https://", 8) == 0;
}

static vt_err start_fetcher(struct vt_update_sources *s, const struct vt_updates *u)
{
	struct vt_fetcher_config c = {
		.timeout_ms = u->config.timeout_ms, .certificates = u->config.certificates};
	char *updater = NULL, *ledger = NULL;
	vt_err e = vt_where_program("vitrine-updater", &updater);

	if (e)
		vt_update_say(VT_SAY_ERROR, u->command,
			"vitrine-updater is not beside this program; install it");
	if (!e && asprintf(&ledger, "%s/egress", u->state) < 0)
		e = VT_ENOMEM;
	if (!e) {
		c.updater = updater;
		c.ledger = ledger;
		e = vt_fetcher_start(&c, &s->fetcher);
		if (e)
			vt_update_say(VT_SAY_ERROR, u->command, "%s: %s", ledger,
				e == VT_EIO ? strerror(errno) : vt_err_text(e));
	}
	free(updater);
	free(ledger);
	return e;
}

static vt_err open_one(struct vt_update_sources *s, size_t i)
{
	vt_err e = vt_site_open(s->places[i], s->fetcher, &s->sites[i]);

	if (!e || e == VT_ENOMEM)
		return e;
	s->sites[i] = NULL;
	(void)snprintf(s->why[i], sizeof s->why[i], "%.200s: %s", s->places[i],
		e == VT_EIO            ? strerror(errno)
			: e == VT_EARG ? "not a URL (http, https, file), folder or bundle"
				       : "not a bundle that can be read");
	return VT_OK;
}

vt_err vt_update_sources_open(
	struct vt_update_sources *s, const struct vt_updates *u, const char *bundle)
{
	bool http = false;
	vt_err e = VT_OK;

	*s = (struct vt_update_sources){.n = bundle ? 1 : u->config.nsources};
	for (size_t i = 0; i < s->n; i++) {
		s->places[i] = bundle ? bundle : u->config.sources[i];
		http = http || is_http(s->places[i]);
	}
	if (bundle && http) {
		vt_update_say(VT_SAY_ERROR, u->command, "%s: a bundle is a file", bundle);
		return VT_EARG;
	}
	if (http)
		e = start_fetcher(s, u);
	for (size_t i = 0; !e && i < s->n; i++)
		e = open_one(s, i);
	return e;
}

void vt_update_sources_close(struct vt_update_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		vt_site_close(s->sites[i]);
	vt_fetcher_stop(s->fetcher);
	*s = (struct vt_update_sources){0};
}

uint64_t vt_update_sources_bytes(const struct vt_update_sources *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->sites[i] ? vt_site_bytes(s->sites[i]) : 0;
	return sum;
}

vt_err vt_update_sources_get(void *ctx, size_t source, const char *path, size_t max, vt_buf *out)
{
	struct vt_update_sources *s = ctx;

	return s->sites[source] ? vt_site_get(s->sites[source], path, max, out) : VT_EPEER;
}

const char *vt_update_sources_why(void *ctx, size_t source)
{
	struct vt_update_sources *s = ctx;

	return s->sites[source] ? vt_site_why(s->sites[source]) : s->why[source];
}
