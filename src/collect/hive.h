/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registries of Windows systems that are not running, by libhivex. Keys are named with backslashes,
 * found without regard to case. Texts are in the run's arena. libhivex converts names by iconv(3),
 * of which the collector has one of its own (proc/worker/iconv.c): what that leaves as it was
 * written is converted here.
 */
#ifndef VT_COLLECT_HIVE_H
#define VT_COLLECT_HIVE_H

#include <stddef.h>

#include "collect/look.h"

struct hive_h;

struct vt_hive {
	const struct vt_look *l; /* the area that is charged */
	struct hive_h *h;
	int fd;
	vt_span path;     /* in the tree */
	const char *root; /* what its keys are called: "HKLM\\SOFTWARE" */
};

/* False: there is none, or a miss (MALFORMED: libhivex refuses it), counted. One whose last changes
 * are only in its log is read, and is a miss as well. */
bool vt_hive_open(const struct vt_look *l, vt_span path, const char *root, struct vt_hive *out);
void vt_hive_close(struct vt_hive *h);

/* The key at that place below `from` (0: the root); 0 if there is none. */
size_t vt_hive_key(const struct vt_hive *h, size_t from, const char *path);
/* Calls fn for each key right below; name is UTF-8. fn returns false to stop. False: can't be read.
 */
typedef bool vt_hive_fn(void *ctx, size_t key, const char *name);
bool vt_hive_keys(const struct vt_hive *h, size_t of, vt_hive_fn *fn, void *ctx);
/* A text value (REG_SZ, REG_EXPAND_SZ, the first of REG_MULTI_SZ); empty if there is none. */
vt_span vt_hive_text(const struct vt_hive *h, size_t key, const char *name);
/* A REG_DWORD; false if there is none. */
bool vt_hive_number(const struct vt_hive *h, size_t key, const char *name, uint32_t *out);
/* Any value's bytes; empty if there is none. */
vt_span vt_hive_bytes(const struct vt_hive *h, size_t key, const char *name);
/* Each text value of a key. */
typedef void vt_hive_value_fn(void *ctx, const char *name, vt_span text);
void vt_hive_texts(const struct vt_hive *h, size_t key, vt_hive_value_fn *fn, void *ctx);
/* "/Windows/System32/config/SOFTWARE#key" and "HKLM\SOFTWARE\key". */
vt_span vt_hive_locus(const struct vt_hive *h, const char *key);
vt_span vt_hive_name(const struct vt_hive *h, const char *key);

#endif
