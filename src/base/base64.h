/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 (RFC 4648, section 4) and hexadecimal, strict: what decodes encodes to the same text. */
#ifndef VT_BASE_BASE64_H
#define VT_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Characters of `n` bytes, padding included. */
#define VT_BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Appends the text of `bytes`, no line breaks. VT_ELIMIT, VT_ENOMEM. */
VT_MUST_USE vt_err vt_base64_add(vt_buf *b, vt_span bytes);
/*
 * Decodes all of `text` into p, which has room for `max` bytes. False for a character outside of
 * the alphabet, wrong padding, bits set that stand for nothing, or more than `max` bytes.
 */
VT_MUST_USE bool vt_base64_get(vt_span text, uint8_t *p, size_t max, size_t *out_n);

/* Appends lower-case hexadecimal. */
VT_MUST_USE vt_err vt_hex_add(vt_buf *b, vt_span bytes);
/* Exactly 2 * n lower-case digits; false otherwise. */
VT_MUST_USE bool vt_hex_get(vt_span text, uint8_t *p, size_t n);

/* A decimal number without sign or leading zeros that fits; false otherwise. */
VT_MUST_USE bool vt_decimal_get(vt_span text, uint64_t *out);

#endif
