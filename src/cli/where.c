/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/where.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

/* The first of `places` below this executable's folder that has `name`. */
static vt_err find(const char *const *places, size_t n, const char *name, char **out)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (len <= 0)
		return VT_EIO;
	self[len] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		return VT_EIO;
	*slash = 0;
	for (size_t i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s%s", self, places[i], name) < 0)
			return VT_ENOMEM;
		if (access(path, R_OK) == 0) {
			*out = path;
			return VT_OK;
		}
		free(path);
	}
	return VT_EIO;
}

vt_err vt_where_program(const char *name, char **out)
{
	static const char *const places[] = {"", "../libexec/vitrine/", "../lib/vitrine/"};

	return find(places, VT_COUNT(places), name, out);
}

vt_err vt_where_content(char **out)
{
	static const char *const places[] = {"", "../share/vitrine/"};

	return find(places, VT_COUNT(places), "content/base", out);
}

/* $<variable>/vitrine<below>, else for root <root>, else ~/<home>/vitrine<below>. */
static vt_err place(
	const char *variable, const char *root, const char *in_home, const char *below, char **out)
{
	const char *xdg = getenv(variable), *home = getenv("HOME");
	int n = -1;

	if (xdg && xdg[0] == '/')
		n = asprintf(out, "%s/vitrine%s", xdg, below);
	else if (geteuid() == 0)
		n = asprintf(out, "%s%s", root, below);
	else if (home && home[0] == '/')
		n = asprintf(out, "%s/%s/vitrine%s", home, in_home, below);
	else
		return VT_EIO;
	return n < 0 ? VT_ENOMEM : VT_OK;
}

vt_err vt_where_cache(char **out)
{
	return place("XDG_CACHE_HOME", "/var/cache/vitrine", ".cache", "/db", out);
}

vt_err vt_where_state(char **out)
{
	return place("XDG_STATE_HOME", "/var/lib/vitrine", ".local/state", "", out);
}

vt_err vt_where_config(char **out)
{
	return place("XDG_CONFIG_HOME", "/etc/vitrine", ".config", "", out);
}
