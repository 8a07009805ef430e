/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/place.h"

#include "base/num.h"

/* Without what stands behind the first '#'. */
static vt_span before_hash(vt_span locus)
{
	const uint8_t *hash = locus.n ? memchr(locus.p, '#', locus.n) : NULL;

	return hash ? vt_span_of(locus.p, (size_t)(hash - locus.p)) : locus;
}

/* Of a process's file that no name leads to, "/proc/12/exe#/a/b/c": where it was. */
static vt_span where_it_was(vt_span locus)
{
	size_t n = before_hash(locus).n;

	return vt_span_at(locus, 0, "/proc/", 6) && vt_span_at(locus, n, "#/", 2)
		? vt_span_of(locus.p + n + 1, locus.n - n - 1)
		: locus;
}

static bool is_file(enum vt_fact_kind k)
{
	return k == VT_FACT_FILE || k == VT_FACT_FOLDER || k == VT_FACT_EXECUTABLE ||
		k == VT_FACT_CONTENT;
}

/* How long the locus is without "#value" at its end; 0: it does not end so. */
static size_t without(vt_span locus, vt_span value)
{
	size_t at = locus.n > value.n ? locus.n - value.n : 0;

	return value.n && at > 1 && locus.p[at - 1] == '#' &&
			vt_span_at(locus, at, (const char *)value.p, value.n)
		? at - 1
		: 0;
}

vt_span vt_place_file(const struct vt_observation *o)
{
	vt_buf v = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	vt_span locus = o->locus, file = before_hash(locus);

	if (file.n < locus.n && is_file(o->kind)) {
		bool inside = vt_fact_value(o->raw, VT_ATTR_MEMBER, &v);
		size_t n = inside ? without(locus, vt_buf_span(&v)) : locus.n;

		vt_buf_clear(&v);
		/* one of several architectures in a file */
		if (!inside && o->kind == VT_FACT_EXECUTABLE &&
			vt_fact_value(o->raw, VT_ATTR_PATH, &v) && v.n < locus.n &&
			locus.p[v.n] == '#' && vt_span_at(locus, 0, (const char *)v.p, v.n))
			n = v.n;
		if (n)
			file = vt_span_of(locus.p, n);
	}
	vt_buf_free(&v);
	return file;
}

/* The folder of a path: "/a/b" of "/a/b/c". */
static vt_span folder_of(vt_span path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return vt_span_of(path.p, n > 1 ? n - 1 : n);
}

static bool is_below(vt_span path, vt_span folder)
{
	while (folder.n > 1 && folder.p[folder.n - 1] == '/')
		folder.n--;
	return vt_span_at(path, 0, folder.p, folder.n) &&
		(path.n == folder.n || path.p[folder.n] == '/');
}

static bool is_own(vt_span path, const struct vt_product *p)
{
	for (size_t i = 0; p && i < p->prefixes.n; i++)
		if (is_below(path, p->prefixes.v[i]))
			return true;
	return false;
}

/* Where package managers keep what is installed, below a root. */
static const char *const databases[] = {
	"/var/lib/dpkg/",
	"/var/lib/rpm/",
	"/usr/lib/sysimage/rpm/",
	"/lib/apk/db/",
	"/usr/lib/apk/db/",
	"/var/lib/pacman/",
	"/var/lib/snapd/",
	"/var/lib/flatpak/",
};

vt_span vt_place_root(vt_span locus)
{
	size_t best = locus.n, at;

	for (size_t i = 0; i < VT_COUNT(databases); i++)
		if (vt_span_find(locus, 0, databases[i], strlen(databases[i]), &at) && at < best)
			best = at;
	return best < locus.n ? vt_span_of(locus.p, best) : vt_span_of("", 0);
}

/* A manager whose packages are copies in folders, not parts of the system. */
static bool by_folder(vt_span manager)
{
	static const char *const names[] = {"npm", "pypi", "maven"};

	for (size_t i = 0; i < VT_COUNT(names); i++)
		if (vt_span_eq(manager, vt_span_str(names[i])))
			return true;
	return false;
}

vt_err vt_place_of(
	const struct vt_observation *o, const struct vt_product *p, vt_arena *a, vt_span *out)
{
	vt_buf v = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	const struct vt_observation there = {
		.kind = o->kind, .locus = where_it_was(o->locus), .raw = o->raw};
	vt_span path = vt_span_of("", 0), file = vt_place_file(&there);
	char *copy;

	if (o->kind == VT_FACT_FILE || o->kind == VT_FACT_EXECUTABLE || o->kind == VT_FACT_CONTENT)
		path = folder_of(file);
	else if (o->kind == VT_FACT_FOLDER)
		path = o->locus;
	else if (o->kind == VT_FACT_PROCESS && vt_fact_value(o->raw, VT_ATTR_PATH, &v))
		path = folder_of(vt_buf_span(&v));
	else if (o->kind == VT_FACT_PACKAGE && vt_fact_value(o->raw, VT_ATTR_MANAGER, &v) &&
		by_folder(vt_buf_span(&v)))
		path = folder_of(file);
	else if (o->kind == VT_FACT_PACKAGE)
		path = vt_place_root(o->locus);
	/* a folder that is the product's own stands in one that is not */
	if (is_own(path, p) || is_own(file, p) || !path.n || path.p[0] != '/')
		path = vt_span_of("", 0);
	copy = vt_arena_copy(a, path);
	if (copy)
		*out = vt_span_of(copy, path.n);
	vt_buf_free(&v);
	return copy ? VT_OK : VT_ENOMEM;
}

/* Folders that unrelated things share; '*' stands for one name. */
static const char *const shared[] = {
	"/*",
	"/usr/*",
	"/usr/local/*",
	"/usr/lib/x86_64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	"/usr/lib/systemd",
	"/usr/share/*",
	"/var/*",
	"/var/lib/docker",
	"/etc/*",
	"/home/*",
	"/opt",
	"/run/*",
	"/Users/*",
	"/Library/*",
	"/System/*",
	"/Users/*/Library",
	"/private/var/*",
	"/Windows/*",
	"/Program Files/Common Files",
};

static bool is_shared(vt_span path)
{
	for (size_t i = 0; i < VT_COUNT(shared); i++) {
		const char *s = shared[i];
		size_t k = 0;

		for (; *s; s++) {
			if (*s == '*') {
				while (k < path.n && path.p[k] != '/')
					k++;
			} else if (k < path.n && path.p[k] == (uint8_t)*s) {
				k++;
			} else {
				break;
			}
		}
		if (!*s && k == path.n)
			return true;
	}
	return path.n <= 1;
}

bool vt_place_join(vt_span x, vt_span y, vt_span *out)
{
	size_t n = 0, last = 0, least = vt_min_size(x.n, y.n);

	if (!x.n || !y.n) {
		*out = x;
		return x.n == y.n;
	}
	while (n < least && x.p[n] == y.p[n]) {
		if (x.p[n] == '/')
			last = n;
		n++;
	}
	/* a whole name must end where they part */
	if (n == least && (x.n == y.n || (x.n > n ? x.p[n] : y.p[n]) == '/'))
		last = n;
	*out = vt_span_of(x.p, last);
	return (x.n == y.n && n == x.n) || !is_shared(*out);
}
