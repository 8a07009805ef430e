/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/filter.h"

#include <fnmatch.h>
#include <string.h>

static bool any(const struct vt_strings *patterns, const char *path)
{
	const char *slash, *name;

	if (patterns->n == 0)
		return false;
	slash = strrchr(path, '/');
	name = slash && slash[1] ? slash + 1 : path;
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], name, 0) == 0 || fnmatch(patterns->v[i], path, 0) == 0)
			return true;
	return false;
}

bool vt_filter_file(const struct vt_path_filter *f, const char *path)
{
	if (any(&f->exclude, path))
		return false;
	return f->include.n == 0 || any(&f->include, path);
}

bool vt_filter_dir(const struct vt_path_filter *f, const char *path)
{
	return !any(&f->exclude_dir, path);
}
