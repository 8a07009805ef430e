/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the catalogue's globs could match a name, at a cost that hardly depends on their number:
 * a walk asks for each of a million files. A glob is filed under a literal piece of it: its last
 * name, its beginning or its end. What is found is a candidate; the glob itself decides.
 */
#ifndef VT_COLLECT_NAME_INDEX_H
#define VT_COLLECT_NAME_INDEX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct vt_name_index;

VT_MUST_USE vt_err vt_name_index_new(struct vt_name_index **out);
void vt_name_index_free(struct vt_name_index *ix);
/*
 * Files a glob, of whole paths or of names alone. The spans must live as long as the index.
 * VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_name_index_add(
	struct vt_name_index *ix, vt_span glob, bool of_path, uint32_t tag);
/* Calls fn with the tag of each candidate, perhaps more than once. */
typedef void vt_name_index_fn(void *ctx, uint32_t tag);
void vt_name_index_find(const struct vt_name_index *ix, vt_span path, vt_span name,
	vt_name_index_fn *fn, void *ctx);

#endif
