/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of Vitrine lie: relative to this executable, both in a build folder and when
 * installed, so that nothing but its own folder is trusted and it can be moved.
 */
#ifndef VT_CLI_WHERE_H
#define VT_CLI_WHERE_H

#include <stdbool.h>

#include "base/err.h"

/* Each is malloc'ed, the caller frees it; VT_EIO if there is no such file. */
VT_MUST_USE vt_err vt_where_program(const char *name, char **out);
/* The base content that ships with Vitrine. */
VT_MUST_USE vt_err vt_where_content(char **out);
/*
 * The folder for compiled databases: $XDG_CACHE_HOME/vitrine/db, else ~/.cache/vitrine/db; for root
 * /var/cache/vitrine/db (sudo may leave another user's HOME). VT_EIO if none of these is set.
 */
VT_MUST_USE vt_err vt_where_cache(char **out);
/*
 * What Vitrine remembers: $XDG_STATE_HOME/vitrine, else ~/.local/state/vitrine; for root
 * /var/lib/vitrine. The folder need not exist.
 */
VT_MUST_USE vt_err vt_where_state(char **out);
/* What the owner decides: $XDG_CONFIG_HOME/vitrine, else ~/.config/vitrine; for root /etc/vitrine.
 */
VT_MUST_USE vt_err vt_where_config(char **out);

#endif
