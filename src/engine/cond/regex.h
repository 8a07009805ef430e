/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCRE2 behind a cache: an expression is compiled when it is first needed. No just-in-time
 * compilation (a worker can't make memory executable); match limits as ClamAV's defaults, so that
 * no expression runs away.
 */
#ifndef VT_ENGINE_COND_REGEX_H
#define VT_ENGINE_COND_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "engine/match/pattern.h"

struct vt_regexes;
VT_MUST_USE vt_err vt_regexes_new(struct vt_regexes **out);
void vt_regexes_free(struct vt_regexes *r);

/*
 * Searches `subject` from `from` for the expression (VT_PCRE_* flags); `anchored`: only right
 * there. `key` names the expression in the cache. False if there is no match, or none within the
 * limits (steps->exhausted is set then).
 */
bool vt_regex_search(struct vt_regexes *r, struct vt_steps *steps, uint64_t key, vt_span regex,
	uint32_t flags, bool anchored, vt_span subject, uint64_t from, uint64_t *out_start,
	uint64_t *out_end);

#endif
