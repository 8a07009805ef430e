/* SPDX-License-Identifier: Apache-2.0 */
/* The files that keep a directive's products out: pins, masks, our own units. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/guarding.h"
#include "cli/where.h"
#include "os/fd.h"
#include "remedy/beneath.h"

#define UNITS "/etc/systemd/system"
#define NAMES_MAX 256

bool vt_guard_covers(const struct vt_guarding *g, const struct vt_product *p)
{
	return vt_directive_covers(&g->directive.d, p);
}

static const char *keep(struct vt_guard_list *l, const char *text, size_t n)
{
	const char *copy = vt_arena_copy(&l->a, vt_span_of(text, n));

	if (!copy)
		l->e = VT_ENOMEM;
	return copy ? copy : "";
}

static void add(struct vt_guard_list *l, const char *path, bool link, vt_span content)
{
	const char *copy = keep(l, (const char *)content.p, content.n);

	if (l->n == VT_GUARD_ITEMS_MAX)
		l->e = VT_ELIMIT;
	if (!l->e)
		l->v[l->n++] = (struct vt_guard_item){
			keep(l, path, strlen(path)), link, vt_span_of(copy, content.n)};
}

struct names {
	const char *v[NAMES_MAX];
	size_t n, refused;
};

static void add_name(struct vt_guard_list *l, struct names *names, vt_span glob)
{
	if (!vt_guard_name_ok(glob) || names->n == NAMES_MAX) {
		names->refused++;
		return;
	}
	for (size_t i = 0; i < names->n; i++)
		if (vt_span_eq(glob, vt_span_str(names->v[i])))
			return;
	names->v[names->n++] = keep(l, (const char *)glob.p, glob.n);
}

/* Names of packages that rules for packages of this manager look for. */
static void gather(
	struct vt_guarding *g, struct vt_guard_list *l, const char *manager, struct names *out)
{
	const struct vt_catalogue *c = &g->catalogue;

	for (size_t i = 0; i < c->by_kind_n[VT_FACT_PACKAGE]; i++) {
		const struct vt_catalogue_rule *r = &c->rules[c->by_kind[VT_FACT_PACKAGE][i]];
		const struct vt_rule_term *name = NULL;
		bool ours = true;

		if (r->embedded || !vt_guard_covers(g, &c->products[r->product]))
			continue;
		for (size_t k = 0; k < r->nterms; k++) {
			const struct vt_rule_term *t = &r->terms[k];

			if (t->attr == VT_ATTR_NAME)
				name = t;
			else if (t->attr == VT_ATTR_MANAGER) {
				ours = false;
				for (size_t m = 0; m < t->globs.n; m++)
					ours |= vt_glob_match(
						t->globs.v[m], vt_span_str(manager), true);
			} else {
				ours = false; /* it asks for more than a pin can */
			}
		}
		for (size_t k = 0; ours && name && k < name->globs.n; k++)
			add_name(l, out, name->globs.v[k]);
	}
}

static const char *id_of(const struct vt_guarding *g, char buf[128])
{
	(void)snprintf(buf, 128, "%.*s", (int)vt_min_size(g->directive.d.id.n, 100),
		(const char *)g->directive.d.id.p);
	return buf;
}

static void apt_pins(struct vt_guarding *g, struct vt_guard_list *l)
{
	struct names names = {0};
	vt_buf b = VT_BUF_INIT(65536);
	char path[256], id[128];

	gather(g, l, "dpkg", &names);
	if (!names.n)
		return;
	(void)snprintf(path, sizeof path, "/etc/apt/preferences.d/vitrine-%s.pref", id_of(g, id));
	l->e = vt_buf_addf(&b, "Explanation: kept out by 'vitrine guard %s on'\nPackage:", id);
	for (size_t i = 0; i < names.n && !l->e; i++)
		l->e = vt_buf_addf(&b, " %s", names.v[i]);
	if (!l->e)
		l->e = vt_buf_addf(&b, "\nPin: version *\nPin-Priority: -1\n");
	if (!l->e)
		add(l, path, false, vt_buf_span(&b));
	vt_buf_free(&b);
}

static void dnf_excludes(struct vt_guarding *g, struct vt_guard_list *l)
{
	static const char path[] = "/etc/dnf/dnf.conf";
	vt_buf was = VT_BUF_INIT((size_t)1 << 20), now = VT_BUF_INIT((size_t)2 << 20);
	struct vt_removal_file f = {0};
	struct names names = {0};
	struct vt_spot spot;
	int fd = -1;

	gather(g, l, "rpm", &names);
	if (!names.n || vt_spot_open(g->root, NULL, vt_span_str(path), &spot))
		return;
	if (!vt_spot_look(&spot, &f) && !vt_spot_read(&spot, &f, &fd) &&
		!vt_fd_read_all(fd, 0, &was)) {
		l->e = vt_guard_dnf(vt_buf_span(&was), names.v, names.n, &now);
		if (!l->e)
			add(l, path, false, vt_buf_span(&now));
	}
	vt_fd_close(fd);
	vt_spot_close(&spot);
	vt_buf_free(&was);
	vt_buf_free(&now);
}

static void masks(struct vt_guarding *g, struct vt_guard_list *l)
{
	const struct vt_catalogue *c = &g->catalogue;
	char path[400];

	for (size_t i = 0; i < c->nproducts; i++) {
		const struct vt_product *p = &c->products[i];

		for (size_t k = 0; vt_guard_covers(g, p) && k < p->units.n; k++) {
			if (!vt_removal_name_ok(p->units.v[k]))
				continue;
			(void)snprintf(path, sizeof path, UNITS "/%.*s", (int)p->units.v[k].n,
				(const char *)p->units.v[k].p);
			add(l, path, true, vt_span_str("/dev/null"));
		}
	}
}

static void unit(struct vt_guard_list *l, const char *id, const char *suffix, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof path, UNITS "/vitrine-guard-%s%s", id, suffix);
	add(l, path, false, vt_span_str(text));
}

static void wanted(struct vt_guard_list *l, const char *id, const char *suffix, const char *by)
{
	char path[300], to[256];

	(void)snprintf(to, sizeof to, UNITS "/vitrine-guard-%s%s", id, suffix);
	(void)snprintf(path, sizeof path, UNITS "/%s.wants/vitrine-guard-%s%s", by, id, suffix);
	add(l, path, true, vt_span_str(to));
}

/* The guard that answers the kernel, and a look every day. */
static void units(struct vt_guarding *g, struct vt_guard_list *l)
{
	char *program = NULL, text[2048], id[128];

	if (vt_where_program("vitrine", &program))
		return;
	(void)id_of(g, id);
	(void)snprintf(text, sizeof text,
		"# written by 'vitrine guard %s on'; 'off' takes it away\n[Unit]\n"
		"Description=Vitrine guard: programs of %s are not started\n"
		"DefaultDependencies=no\nAfter=local-fs.target\n\n"
		"[Service]\nType=exec\nExecStart=%s guard %s serve\nRestart=always\nRestartSec=5\n"
		"CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_READ_SEARCH\n"
		"LimitNOFILE=65536\nNoNewPrivileges=yes\n\n"
		"[Install]\nWantedBy=multi-user.target\n",
		id, id, program, id);
	unit(l, id, ".service", text);
	(void)snprintf(text, sizeof text,
		"# written by 'vitrine guard %s on'; 'off' takes it away\n[Unit]\n"
		"Description=Vitrine guard: has anything of %s come back?\n\n"
		"[Service]\nType=oneshot\n# what it finds is told by the second line\n"
		"ExecStart=-%s inventory\nExecStart=%s guard %s check --inventory\nNice=10\n"
		"IOSchedulingClass=idle\n",
		id, id, program, program, id);
	unit(l, id, "-check.service", text);
	(void)snprintf(text, sizeof text,
		"# written by 'vitrine guard %s on'; 'off' takes it away\n[Unit]\n"
		"Description=Vitrine guard: look every day\n\n[Timer]\nOnCalendar=daily\n"
		"RandomizedDelaySec=1h\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
		id);
	unit(l, id, "-check.timer", text);
	wanted(l, id, ".service", "multi-user.target");
	wanted(l, id, "-check.timer", "timers.target");
	free(program);
}

vt_err vt_guard_items(struct vt_guarding *g, struct vt_guard_list *out)
{
	*out = (struct vt_guard_list){.a = VT_ARENA_INIT((size_t)16 << 20)};
	apt_pins(g, out);
	if (!out->e)
		dnf_excludes(g, out);
	if (!out->e)
		masks(g, out);
	if (!out->e)
		units(g, out);
	return out->e;
}
