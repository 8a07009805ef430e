/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of JSON objects: each key is taken by name, and none may be left over. */
#ifndef VT_REMEDY_PLAN_READ_H
#define VT_REMEDY_PLAN_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "inventory/catalogue.h"

struct vt_take {
	vt_arena *a;
	struct vt_doc_error *why;
	char at[160];    /* where we are, for messages */
	const json_t *o; /* the object that keys are taken from */
	size_t taken;
	vt_err e; /* the first failure; later calls do nothing then */
};

/* Begins with an object; fails (t->e) if `o` is none. */
void vt_take_begin(struct vt_take *t, const struct vt_take *parent, const json_t *o,
	const char *name, size_t index);
/* Fails with VT_EFORMAT and this cause. */
void vt_take_refuse(struct vt_take *t, const char *key, const char *cause);
/* Ends it: fails if keys are left over. */
vt_err vt_take_end(struct vt_take *t);

/* Text of at most `max` bytes; `must`: not empty and not missing. */
vt_span vt_take_text(struct vt_take *t, const char *key, size_t max, bool must);
/* As it, or {"hex": ...}. */
vt_span vt_take_bytes(struct vt_take *t, const char *key, size_t max, bool must);
/* `n` lower-case hex digits, or nothing unless `must`. */
vt_span vt_take_hex(struct vt_take *t, const char *key, size_t n, bool must);
uint64_t vt_take_number(struct vt_take *t, const char *key, uint64_t max);
int64_t vt_take_time(struct vt_take *t, const char *key);
bool vt_take_bool(struct vt_take *t, const char *key, bool must);
/* Index of a word; fails if it is none of them. */
unsigned vt_take_word(
	struct vt_take *t, const char *key, const char *(*word)(unsigned i), unsigned n);
/* A list of at most `max`; NULL if it is missing. */
const json_t *vt_take_list(struct vt_take *t, const char *key, size_t max, bool must);
const json_t *vt_take_value(struct vt_take *t, const char *key, bool must);
/* Memory from the arena; fails without. */
void *vt_take_array(struct vt_take *t, size_t n, size_t size);

#endif
