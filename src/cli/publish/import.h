/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a version, as they are found: in folders, or in ClamAV's containers. */
#ifndef VT_CLI_PUBLISH_IMPORT_H
#define VT_CLI_PUBLISH_IMPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "cli/options.h"
#include "entry/entry.h"

#define VT_IMPORT_COMMAND "vitrine publish import"

struct vt_import_file {
	char *name;
	int fd;
	vt_span bytes; /* mapped */
};
struct vt_import {
	bool signatures, keep_bad; /* given */
	size_t n;
	struct vt_import_file v[VT_ENTRY_FILES_MAX]; /* by name */
};

/*
 * Reads the files and folders that paths->v[1..] name; `folder` is where unpacked ones take up
 * room. What is wrong has been printed, bad lines too. Free in any case.
 */
VT_MUST_USE vt_err vt_import_read(struct vt_import *im, int folder, const struct vt_strings *paths);
void vt_import_free(struct vt_import *im);

#endif
