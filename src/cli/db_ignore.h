/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ignore lists (.ign, .ign2) in an image: which lines they leave out. Their sets stand before
 * all others (vt_set_compare()), so one pass over the lines collects and then asks.
 */
#ifndef VT_CLI_DB_IGNORE_H
#define VT_CLI_DB_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

struct vt_db_ignore {
	char *name;
	char md5[33]; /* of the only line that is meant, in hex; empty: all lines with that name */
};

struct vt_db_ignores {
	struct vt_db_ignore *v;
	size_t n, cap;
};

bool vt_db_is_ignore_list(vt_span set_name);
/* A line of such a list; lines that are not well-formed count for nothing. VT_ENOMEM. */
VT_MUST_USE vt_err vt_db_ignores_add(struct vt_db_ignores *i, vt_span line);
bool vt_db_ignores_has(const struct vt_db_ignores *i, vt_span name, vt_span line);
void vt_db_ignores_free(struct vt_db_ignores *i);

#endif
