/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine guard ... check: has the product come back, or another in its place? */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/inventory/evidence.h"
#include "cli/publish/publish.h"
#include "cli/remedy/guarding.h"
#include "cli/text.h"
#include "inventory/judge.h"
#include "os/fd.h"
#include "remedy/beneath.h"
#include "remedy/packages.h"
#include "remedy/run.h"
#include "store/folder.h"

struct checking {
	struct vt_guarding *g;
	size_t alerts;
	const struct vt_catalogue_rule *rule; /* the last that fired */
	bool covered;
};

void vt_guard_alert(struct vt_guarding *g, const char *kind, const char *what, const char *why)
{
	json_t *w = json_string(what), *o;
	char *line = NULL;
	int fd;

	o = json_pack("{s:I, s:s, s:o, s:s}", "time", (json_int_t)vt_now_seconds(), "alert", kind,
		"what", w ? w : json_string("(not text)"), "why", why);
	line = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	fd = openat(g->folder, VT_GUARD_ALERTS,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (line && fd >= 0 && (vt_fd_write(fd, line, strlen(line)) || vt_fd_write(fd, "\n", 1)))
		fputs(VT_GUARD_COMMAND ": the alert can't be written down\n", stderr);
	vt_fd_close(fd);
	if (g->s->format && line) {
		puts(line);
	} else {
		printf("ALERT %s: ", kind);
		vt_put_visible(stdout, vt_span_str(what));
		printf(": %s\n", why);
	}
	(void)fflush(stdout);
	free(line);
	json_decref(o);
}

static void alert(struct checking *c, const char *kind, const char *what, const char *why)
{
	c->alerts++;
	vt_guard_alert(c->g, kind, what, why);
}

static void item(void *ctx, const char *path, enum vt_guard_how how)
{
	struct checking *c = ctx;

	if (how == VT_GUARD_CHANGED)
		alert(c, "guard-changed", path, "somebody changed what the guard wrote");
	else if (how == VT_GUARD_MISSING)
		alert(c, "guard-missing", path, "somebody took away what the guard wrote");
}

static void hit(void *ctx, const struct vt_catalogue_rule *r)
{
	struct checking *c = ctx;
	const struct vt_product *p = &c->g->catalogue.products[r->product];
	bool covered = vt_guard_covers(c->g, p) && !r->embedded;

	if (!c->rule || (covered && !c->covered)) {
		c->rule = r;
		c->covered = covered;
	}
}

static bool takes_over(const struct vt_product *p)
{
	return vt_span_eq(p->category, vt_span_str("security-software")) ||
		vt_span_eq(p->category, vt_span_str("replacement"));
}

/* What a package says of itself, for those that no catalogue knows. */
static bool sounds_like_security(struct vt_guarding *g, vt_span name)
{
	static const char *const words[] = {"antivirus", "anti-virus", "anti virus",
		"endpoint protection", "endpoint security", "malware"};
	char where[4200], package[256];
	const char *argv[] = {
		"dpkg-query", where, "-W", "-f=${Provides} ${Description} ${Tag}", package, NULL};
	struct vt_run run = {.argv = argv, .timeout_ms = 60000, .quiet_errors = true};
	struct vt_run_result r = {0};
	bool found = false;
	size_t at;

	(void)snprintf(where, sizeof where, "--admindir=%s/var/lib/dpkg",
		strcmp(g->s->root, "/") == 0 ? "" : g->s->root);
	(void)snprintf(package, sizeof package, "%.*s", (int)vt_min_size(name.n, 200),
		(const char *)name.p);
	if (!vt_run(&run, &r) && vt_run_ok(&r)) {
		for (size_t i = 0; i < r.output.n; i++)
			if (r.output.p[i] >= 'A' && r.output.p[i] <= 'Z')
				r.output.p[i] |= 32;
		for (size_t i = 0; i < VT_COUNT(words) && !found; i++)
			found = vt_span_find(
				vt_buf_span(&r.output), 0, words[i], strlen(words[i]), &at);
	}
	vt_run_drop(&r);
	return found;
}

static void package(struct checking *c, const struct vt_removal_package *p, vt_span baseline)
{
	struct vt_fact f = {.kind = VT_FACT_PACKAGE};
	struct vt_removal_package was;
	char what[300];
	bool fresh = !vt_packages_find(baseline, p->manager, p->name, p->arch, &was) ||
		vt_package_presence(&was) < VT_PRESENCE_BROKEN;

	f.v[VT_ATTR_NAME] = p->name;
	f.v[VT_ATTR_MANAGER] = p->manager;
	f.v[VT_ATTR_VERSION] = p->version;
	f.v[VT_ATTR_ARCH] = p->arch;
	f.v[VT_ATTR_STATUS] = p->status;
	c->rule = NULL;
	c->covered = false;
	vt_catalogue_match(&c->g->catalogue, &f, hit, c);
	(void)snprintf(what, sizeof what, "%.*s %.*s", (int)vt_min_size(p->name.n, 150),
		(const char *)p->name.p, (int)vt_min_size(p->version.n, 100),
		(const char *)p->version.p);
	if (c->rule && c->covered)
		alert(c, "returned", what, "a package that the directive covers is installed");
	else if (fresh && c->rule && takes_over(&c->g->catalogue.products[c->rule->product]))
		alert(c, "replacement", what,
			"security software that the catalogue knows appeared since the guard "
			"began");
	else if (fresh && vt_span_eq(p->manager, vt_span_str("dpkg")) &&
		sounds_like_security(c->g, p->name))
		alert(c, "replacement", what,
			"a package that calls itself security software appeared since the guard "
			"began");
}

static int packages(struct checking *c)
{
	vt_buf now = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX), base = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	struct vt_removal_package p;
	vt_span rest;
	vt_err e = vt_packages_list(c->g->s->root, &now);

	if (!e)
		e = vt_store_read(c->g->folder, VT_GUARD_BASELINE, VT_PACKAGES_TEXT_MAX, &base);
	if (e)
		vt_complain(VT_GUARD_COMMAND, "packages", "they can't be compared: %s",
			e == VT_END ? "no database, or no baseline" : vt_err_text(e));
	rest = vt_buf_span(&now);
	while (!e && vt_packages_next(&rest, &p))
		if (vt_package_presence(&p) >= VT_PRESENCE_BROKEN)
			package(c, &p, vt_buf_span(&base));
	vt_buf_free(&now);
	vt_buf_free(&base);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

/* Folders and units of the product that are there. */
static void places(struct checking *c)
{
	const struct vt_catalogue *k = &c->g->catalogue;

	for (size_t i = 0; i < k->nproducts; i++) {
		const struct vt_product *p = &k->products[i];

		for (size_t n = 0; vt_guard_covers(c->g, p) && n < p->prefixes.n; n++) {
			char *plain = NULL;
			struct vt_removal_file f;
			struct vt_spot s;

			if (vt_path_plain(c->g->root, p->prefixes.v[n], &plain))
				continue;
			if (!vt_spot_open(c->g->root, NULL, vt_span_str(plain), &s)) {
				if (!vt_spot_look(&s, &f))
					alert(c, "returned", plain,
						"a folder that the directive's products use is "
						"there");
				vt_spot_close(&s);
			}
			free(plain);
		}
	}
}

/* What the latest inventory shows, which looked at content too. */
static int inventory(struct checking *c)
{
	struct vt_survey *s = NULL;
	struct vt_status status;
	vt_arena a = VT_ARENA_INIT((size_t)1 << 30);
	vt_day day;
	vt_err e = vt_docs_day(&c->g->docs, NULL, &day);

	if (!e)
		e = vt_evidence_open(VT_GUARD_COMMAND, c->g->s->evidence, NULL, &s);
	if (!e)
		e = vt_judge_findings(s, &c->g->catalogue);
	if (!e)
		e = vt_judge_directive(s, &c->g->catalogue, &c->g->directive.d, day, &a, &status);
	if (!e && status.shown == VT_SHOWN_PRESENT)
		alert(c, "returned", "inventory",
			"the latest inventory found what the directive covers (vitrine check)");
	vt_survey_free(s);
	vt_arena_free(&a);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

int vt_guard_check(struct vt_guarding *g)
{
	struct checking c = {.g = g};
	vt_err e = vt_guard_look(g->folder, g->root, item, &c);
	int status;

	if (e) {
		vt_complain(VT_GUARD_COMMAND, g->folder_path, "%s",
			e == VT_END ? "the guard is off" : vt_err_text(e));
		return VT_EXIT_ERROR;
	}
	status = packages(&c);
	places(&c);
	if (g->s->inventory)
		status = inventory(&c) == VT_EXIT_ERROR ? VT_EXIT_ERROR : status;
	if (!c.alerts && !g->s->format && status == VT_EXIT_CLEAN)
		puts("Nothing came back, nothing took its place, the guard is as it was written.");
	return c.alerts ? VT_EXIT_FOUND : status;
}
