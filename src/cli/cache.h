/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled databases on disk. A folder of the user's own with
 *   <set>-<content>.vtdb   an image: which paths it was compiled from, and their content
 *   <set>-<look>.ref       a symbolic link to the image of files that look so (sources.h)
 *   <look>.ok              an image whose every byte was checked looks so
 *   lock, new.tmp          one compilation at a time
 * Everything in it can be deleted at any time.
 */
#ifndef VT_CLI_CACHE_H
#define VT_CLI_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/sources.h"

struct vt_cache {
	int dir; /* -1: there is none, every call fails or does nothing */
	int lock;
};

struct vt_cache_key {
	uint8_t set[VT_KEY_SIZE];
	uint8_t look[VT_KEY_SIZE];
	uint8_t content[VT_KEY_SIZE];
	bool young; /* `look` can't be relied on next time */
};

/* Opens or makes the folder; *why says what stands against it. VT_EIO. */
VT_MUST_USE vt_err vt_cache_open(struct vt_cache *c, const char *path, const char **why);
void vt_cache_close(struct vt_cache *c);

/* An image by the files' look or by their content; VT_END if it is not there. */
VT_MUST_USE vt_err vt_cache_find_look(
	const struct vt_cache *c, const struct vt_cache_key *k, int *out_fd);
VT_MUST_USE vt_err vt_cache_find_content(
	const struct vt_cache *c, const struct vt_cache_key *k, int *out_fd);

/* The image that was found is damaged: forget it. */
void vt_cache_drop(const struct vt_cache *c, const struct vt_cache_key *k);

/* Waits until nobody else compiles. */
void vt_cache_lock(struct vt_cache *c);
void vt_cache_unlock(struct vt_cache *c);
/* A file to write a new image to; under the lock. VT_EIO. */
VT_MUST_USE vt_err vt_cache_create(const struct vt_cache *c, int *out_fd);
/* Gives what was written its name and drops what it replaces. VT_EIO. */
VT_MUST_USE vt_err vt_cache_install(const struct vt_cache *c, const struct vt_cache_key *k, int fd);
void vt_cache_discard(const struct vt_cache *c);

/* Was this very file found to be whole? And: it was. */
bool vt_cache_is_checked(const struct vt_cache *c, int fd);
void vt_cache_set_checked(const struct vt_cache *c, int fd);

#endif
