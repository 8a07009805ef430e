/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature types: one row each in kind.c, and nothing else knows what they are made of. A type
 * without a row is unknown: its keys cannot be read and its signature lines are passed over.
 */
#ifndef VT_TLOG_KIND_H
#define VT_TLOG_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "tlog/key.h"

#define VT_KIND_SIG_MAX (8 + VT_SIG_SIZE)

struct vt_key_kind {
	enum vt_key_type type;
	size_t public_size;
	size_t sig_size; /* bytes behind the key id in a signature line */
	/* Does `sig` sign `text`? *out_time: what it says; 0 for types without a time. */
	bool (*verify)(const uint8_t *pub, vt_span text, const uint8_t *sig, uint64_t *out_time);
	/* VT_EARG for a time that the type cannot hold. */
	vt_err (*sign)(const uint8_t *seed, vt_span text, uint64_t time, uint8_t *out_sig);
};

/* NULL for a type without a row. */
const struct vt_key_kind *vt_key_kind_of(unsigned type);

#endif
