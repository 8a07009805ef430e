/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a plan may act. A plan is signed by a person who can't look at a hundred thousand paths: so
 * some things are refused whoever signed them.
 */
#include "base/num.h"
#include "remedy/plan/plan.h"

bool vt_removal_path_ok(vt_span path)
{
	size_t start = 1;

	if (path.n < 2 || path.n > VT_REMOVAL_PATH_MAX || path.p[0] != '/')
		return false;
	for (size_t i = 1; i <= path.n; i++) {
		vt_span name;

		if (i < path.n && path.p[i] == '\0')
			return false;
		if (i < path.n && path.p[i] != '/')
			continue;
		name = vt_span_of(path.p + start, i - start);
		if (name.n == 0 || name.n > 255 || vt_span_eq(name, vt_span_str(".")) ||
			vt_span_eq(name, vt_span_str("..")))
			return false;
		start = i + 1;
	}
	return true;
}

bool vt_removal_name_ok(vt_span name)
{
	if (name.n == 0 || name.n > 200 || name.p[0] == '-' || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    memchr("+-._:@\\~", c, 8)))
			return false;
	}
	return true;
}

/* The next name of a path that passed vt_removal_path_ok(); false at its end. */
static bool next_name(vt_span *path, vt_span *out)
{
	size_t n = 1;

	if (path->n < 2)
		return false;
	while (n < path->n && path->p[n] != '/')
		n++;
	*out = vt_span_of(path->p + 1, n - 1);
	*path = vt_span_of(path->p + n, path->n - n);
	return true;
}

/* One '*' a name at most, which is all that protected.def needs. */
static bool name_matches(vt_span pattern, vt_span name)
{
	const uint8_t *star = memchr(pattern.p, '*', pattern.n);
	size_t head, tail;

	if (!star)
		return vt_span_eq(pattern, name);
	head = (size_t)(star - pattern.p);
	tail = pattern.n - head - 1;
	return name.n >= head + tail && memcmp(name.p, pattern.p, head) == 0 &&
		memcmp(name.p + name.n - tail, star + 1, tail) == 0;
}

enum relation { UNRELATED, ABOVE, SAME, BELOW };

/* How `path` stands to a protected one. */
static enum relation relate(vt_span path, const char *pattern)
{
	vt_span rest = vt_span_str(pattern), a, b;

	for (;;) {
		bool more_path = next_name(&path, &a), more_pattern = next_name(&rest, &b);

		if (!more_path)
			return more_pattern ? ABOVE : SAME;
		if (!more_pattern)
			return BELOW;
		if (!name_matches(b, a))
			return UNRELATED;
	}
}

enum protection { FOLDER, TREE, FILE_ALONE };
static const struct {
	const char *path;
	enum protection what;
} protected[] = {
#define VT_PROTECTED_FOLDER(p) {p, FOLDER},
#define VT_PROTECTED_TREE(p) {p, TREE},
#define VT_PROTECTED_FILE(p) {p, FILE_ALONE},
#include "remedy/plan/protected.def"
#undef VT_PROTECTED_FOLDER
#undef VT_PROTECTED_TREE
#undef VT_PROTECTED_FILE
};

static const struct {
	enum vt_place_kind kind;
	const char *below;
} homes[] = {
	{VT_PLACE_UNIT, "/etc/systemd/system"},
	{VT_PLACE_UNIT, "/etc/systemd/user"},
	{VT_PLACE_UNIT, "/usr/lib/systemd/system"},
	{VT_PLACE_UNIT, "/usr/lib/systemd/user"},
	{VT_PLACE_UNIT, "/usr/local/lib/systemd/system"},
	{VT_PLACE_UNIT, "/lib/systemd/system"},
	{VT_PLACE_UNIT, "/run/systemd/system"},
	{VT_PLACE_UNIT, "/etc/init.d"},
	{VT_PLACE_UNIT, "/etc/rc*.d"},
	{VT_PLACE_UNIT, "/etc/init"},
	{VT_PLACE_UNIT, "/etc/cron*"},
	{VT_PLACE_UNIT, "/var/spool/cron"},
	{VT_PLACE_UNIT, "/etc/udev/rules.d"},
	{VT_PLACE_UNIT, "/etc/xdg/autostart"},
	{VT_PLACE_UNIT, "/etc/modules-load.d"},
	{VT_PLACE_UNIT, "/etc/profile.d"},
	{VT_PLACE_UNIT, "/etc/ld.so.conf.d"},
	{VT_PLACE_CERTIFICATE, "/usr/local/share/ca-certificates"},
	{VT_PLACE_CERTIFICATE, "/usr/share/ca-certificates"},
	{VT_PLACE_CERTIFICATE, "/etc/ssl/certs"},
	{VT_PLACE_CERTIFICATE, "/etc/pki/ca-trust/source"},
	{VT_PLACE_CERTIFICATE, "/usr/share/pki/ca-trust-source"},
	{VT_PLACE_BROWSER, "/etc/opt"},
	{VT_PLACE_BROWSER, "/etc/chromium"},
	{VT_PLACE_BROWSER, "/etc/firefox"},
	{VT_PLACE_BROWSER, "/usr/lib/mozilla"},
	{VT_PLACE_BROWSER, "/usr/lib64/mozilla"},
	{VT_PLACE_BROWSER, "/usr/share/mozilla"},
	{VT_PLACE_BROWSER, "/usr/share/chromium"},
	{VT_PLACE_BROWSER, "/opt/google/chrome"},
	{VT_PLACE_BROWSER, "/home/*"},
	{VT_PLACE_BROWSER, "/root"},
};

const char *vt_place_trouble(enum vt_place_kind kind, vt_span path)
{
	bool home = kind == VT_PLACE_FOLDER || kind == VT_PLACE_FILE;

	if (!vt_removal_path_ok(path))
		return "not an absolute path in its plain form";
	for (size_t i = 0; i < VT_COUNT(protected); i++) {
		enum relation r = relate(path, protected[i].path);

		if (protected[i].what == TREE && r != UNRELATED &&
			(r != ABOVE || kind == VT_PLACE_FOLDER))
			return "the system's own records are there";
		if (protected[i].what == FILE_ALONE && r == SAME)
			return "the system needs this file";
		if (kind == VT_PLACE_FOLDER && (r == SAME || r == ABOVE))
			return "a folder that is not one product's";
	}
	for (size_t i = 0; i < VT_COUNT(homes) && !home; i++)
		home = homes[i].kind == kind && relate(path, homes[i].below) == BELOW;
	return home ? NULL : "this kind of thing is not found there";
}

bool vt_place_holds(const struct vt_place *place, vt_span path)
{
	if (path.n < place->path.n || memcmp(path.p, place->path.p, place->path.n) != 0)
		return false;
	return path.n == place->path.n ||
		(place->kind == VT_PLACE_FOLDER && path.p[place->path.n] == '/');
}

const struct vt_place *vt_removal_place(const struct vt_removal *p, vt_span path)
{
	for (size_t i = 0; i < p->nplaces; i++)
		if (vt_place_holds(&p->places[i], path))
			return &p->places[i];
	return NULL;
}

bool vt_removal_removes(const struct vt_removal *p, vt_span manager, vt_span name)
{
	for (size_t i = 0; i < p->nsteps; i++)
		for (size_t k = 0; k < p->steps[i].npackages; k++)
			if (vt_span_eq(p->steps[i].packages[k].manager, manager) &&
				vt_span_eq(p->steps[i].packages[k].name, name))
				return true;
	return false;
}
