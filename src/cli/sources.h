/* SPDX-License-Identifier: Apache-2.0 */
/* The signature files that a database is compiled from. */
#ifndef VT_CLI_SOURCES_H
#define VT_CLI_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cli/options.h"

struct vt_source {
	char *path;
	const char *name; /* the part behind the last '/' */
	struct stat st;
};

struct vt_sources {
	struct vt_source *v;
	size_t n, cap;
	uint64_t bytes;
	struct vt_strings roots; /* what was added, as absolute paths; malloc'ed */
};

/*
 * Adds a file, or the signature files right inside of a folder (other files there are passed over).
 * VT_EIO with errno; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_sources_add(struct vt_sources *s, const char *path);
/* By name, then path: what follows does not depend on the order of the arguments. */
void vt_sources_sort(struct vt_sources *s);
void vt_sources_free(struct vt_sources *s);

/* Does a folder hold signature files at all? */
bool vt_sources_has_any(const char *folder);

#define VT_KEY_SIZE 32
/* Which paths they are. */
void vt_sources_paths_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE]);
/*
 * What the files look like from outside: path, inode, size, times. Equal keys mean equal content,
 * unless *out_young: a file changed so lately that another change could leave no trace.
 */
void vt_sources_stat_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE], bool *out_young);
/* Names and content. VT_EIO with errno, VT_ENOMEM. */
VT_MUST_USE vt_err vt_sources_content_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE]);

#endif
