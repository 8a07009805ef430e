/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs pattern code (engine/core/rule.h) against bytes. The code comes from an image and is not
 * trusted: whatever it holds, nothing outside of the span is read and the steps are bounded.
 */
#ifndef VT_ENGINE_MATCH_PATTERN_H
#define VT_ENGINE_MATCH_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "engine/core/budget.h"
#include "engine/core/rule.h"

/* Scratch memory for matching; one a scanner. */
struct vt_matcher;
VT_MUST_USE vt_err vt_matcher_new(struct vt_matcher **out);
void vt_matcher_free(struct vt_matcher *m);

/*
 * Do the elements from `run` up to the first of variable length match from `at`? A quick test
 * before the whole pattern is tried.
 */
bool vt_pattern_run_at(vt_span bytes, vt_span code, uint32_t flags, uint32_t run, uint64_t at);

/* The first start in [from, to] where the pattern matches; *out_end is the first byte behind it. */
bool vt_pattern_search(struct vt_matcher *m, struct vt_steps *steps, vt_span bytes, vt_span code,
	uint32_t flags, uint64_t from, uint64_t to, uint64_t *out_start, uint64_t *out_end);

/* One element of pattern code, as the walker below cuts it. */
struct vt_element {
	uint8_t op;
	vt_span data;      /* LIT: the bytes; MASK: (value, mask) pairs; ALT: the alternatives */
	uint32_t min, max; /* GAP */
	uint16_t count;    /* LIT, MASK: bytes; ALT: alternatives */
	uint8_t kind;      /* BOUND */
	uint8_t side;      /* BOUND */
	bool negated;      /* ALT, BOUND */
	uint32_t at;       /* where it starts in the code */
	uint32_t length;   /* bytes it takes up, if `fixed` */
	bool fixed;
};

/* The next element at r->at; false at the end or if the code is malformed (r->bad). */
bool vt_element_next(vt_reader *r, struct vt_element *out);

/*
 * Checks the code's form: element bounds, nesting, what rule.h says of GAP_ANY and negation.
 * NULL, or what is wrong. *out_min gets the length of the shortest match.
 */
const char *vt_pattern_check(vt_span code, uint64_t *out_min);

#endif
