/* SPDX-License-Identifier: Apache-2.0 */
/* Which package owns a path: dpkg's lists of files, and what rpm says. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/packages.h"

#define LIST_MAX ((size_t)256 << 20)

struct search {
	const vt_span *paths;
	size_t n;
	vt_packages_owned_fn *fn;
	void *ctx;
	bool merged; /* /bin, /lib, ... are links into /usr */
};

static int by_bytes(vt_span a, vt_span b)
{
	int r = memcmp(a.p, b.p, vt_min_size(a.n, b.n));

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

static void look(const struct search *s, vt_span path, vt_span manager, vt_span name)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = by_bytes(s->paths[mid], path);

		if (r == 0) {
			s->fn(s->ctx, mid, manager, name);
			return;
		}
		if (r < 0)
			low = mid + 1;
		else
			high = mid;
	}
}

static void look_both(const struct search *s, vt_span path, vt_span manager, vt_span name)
{
	static const char *const old[] = {
		"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/"};
	char usr[VT_REMOVAL_PATH_MAX + 8];

	look(s, path, manager, name);
	for (size_t i = 0; s->merged && i < VT_COUNT(old); i++) {
		if (!vt_span_at(path, 0, old[i], strlen(old[i])) || path.n > VT_REMOVAL_PATH_MAX)
			continue;
		memcpy(usr, "/usr", 4);
		memcpy(usr + 4, path.p, path.n);
		look(s, vt_span_of(usr, path.n + 4), manager, name);
	}
}

static vt_err list_file(const struct search *s, int dir, const char *file, vt_span name)
{
	vt_buf b = VT_BUF_INIT(LIST_MAX);
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	vt_err e = fd < 0 ? VT_EIO : vt_fd_read_all(fd, 0, &b);
	size_t at = 0, end;

	while (!e && at < b.n) {
		if (!vt_span_find(vt_buf_span(&b), at, "\n", 1, &end))
			end = b.n;
		look_both(s, vt_span_of(b.p + at, end - at), vt_span_str("dpkg"), name);
		at = end + 1;
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
	return e;
}

static vt_err dpkg_lists(const struct search *s, const char *root, vt_packages_except_fn *except)
{
	char *path = NULL;
	struct dirent *d;
	vt_err e = VT_OK;
	DIR *dir;

	if (asprintf(&path, "%s/var/lib/dpkg/info", root) < 0)
		return VT_ENOMEM;
	dir = opendir(path);
	free(path);
	if (!dir)
		return errno == ENOENT ? VT_OK : VT_EIO;
	while (!e && (d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name), colon;
		vt_span name;

		if (n < 6 || strcmp(d->d_name + n - 5, ".list") != 0)
			continue;
		name = vt_span_of(d->d_name, n - 5);
		if (vt_span_find(name, 0, ":", 1, &colon))
			name.n = colon;
		if (!except(s->ctx, vt_span_str("dpkg"), name))
			e = list_file(s, dirfd(dir), d->d_name, name);
	}
	(void)closedir(dir);
	return e;
}

static vt_err rpm_files(const struct search *s, const char *root, vt_packages_except_fn *except)
{
	char *where = NULL, *db = NULL;
	const char *argv[] = {
		"rpm", NULL, NULL, "-qa", "--queryformat=[%{=NAME}\\t%{FILENAMES}\\n]", NULL};
	struct vt_run run = {argv, NULL, 120000, LIST_MAX, true};
	struct vt_run_result r = {0};
	size_t end, tab;
	vt_span text;
	vt_err e;

	if (asprintf(&db, "%s/var/lib/rpm", root) < 0)
		return VT_ENOMEM;
	e = access(db, F_OK) ? VT_END : VT_OK;
	free(db);
	if (e)
		return VT_OK;
	if (asprintf(&where, "--root=%s", root) < 0)
		return VT_ENOMEM;
	argv[1] = where;
	argv[2] = vt_packages_rpm_path(root);
	e = vt_run(&run, &r);
	if (!e && r.missing)
		goto out;
	if (!e && (!vt_run_ok(&r) || r.cut))
		e = VT_EIO;
	text = vt_buf_span(&r.output);
	while (!e && vt_span_find(text, 0, "\n", 1, &end)) {
		vt_span line = vt_span_of(text.p, end);

		text = vt_span_of(text.p + end + 1, text.n - end - 1);
		if (!vt_span_find(line, 0, "\t", 1, &tab) ||
			except(s->ctx, vt_span_str("rpm"), vt_span_of(line.p, tab)))
			continue;
		look_both(s, vt_span_of(line.p + tab + 1, line.n - tab - 1), vt_span_str("rpm"),
			vt_span_of(line.p, tab));
	}
out:
	vt_run_drop(&r);
	free(where);
	return e;
}

vt_err vt_packages_owners(const char *root, const vt_span *paths, size_t n,
	vt_packages_except_fn *except, vt_packages_owned_fn *fn, void *ctx)
{
	struct search s = {paths, n, fn, ctx, false};
	char *lib = NULL;
	struct stat st;
	vt_err e;

	if (asprintf(&lib, "%s/lib", root) < 0)
		return VT_ENOMEM;
	s.merged = lstat(lib, &st) == 0 && S_ISLNK(st.st_mode);
	free(lib);
	e = dpkg_lists(&s, root, except);
	return e ? e : rpm_files(&s, root, except);
}
