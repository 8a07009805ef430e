/* SPDX-License-Identifier: Apache-2.0 */
/* What a guard denies programs by. */
#ifndef VT_CLI_REMEDY_GUARD_RULES_H
#define VT_CLI_REMEDY_GUARD_RULES_H

#include "cli/remedy/guarding.h"

/*
 * The image for the scanner's workers: content rules of covered products, and sonames and build ids
 * of its rules for executables as patterns. *out_fd is -1 if there are none.
 */
VT_MUST_USE vt_err vt_guard_rules(struct vt_guarding *g, vt_arena *a, int *out_fd);
/* The rule or folder (static or the catalogue's) that a path alone is denied by; empty: none. */
vt_span vt_guard_path_rule(struct vt_guarding *g, vt_span path);

#endif
