/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --exclude, --include and --exclude-dir: shell patterns, as grep has them. A pattern is held
 * against the name and against the whole path ('*' matches '/' too). Excluding beats including;
 * with any --include, only files that match one are scanned.
 */
#ifndef VT_CLI_FILTER_H
#define VT_CLI_FILTER_H

#include <stdbool.h>

#include "cli/options.h"

struct vt_path_filter {
	struct vt_strings exclude, include, exclude_dir;
};

bool vt_filter_file(const struct vt_path_filter *f, const char *path);
bool vt_filter_dir(const struct vt_path_filter *f, const char *path);

#endif
