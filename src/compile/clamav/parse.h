/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parsers of the formats share: the context of one signature file, and one function a
 * noun of the grammar. A parser returns VT_OK when it has added its line to the builder;
 * VT_EFORMAT (the line is bad), VT_EUNSUPPORTED (recognised, not matched yet) or VT_EVERSION (for
 * another functionality level) when the line is to be set aside for the cause in `why`; any other
 * error ends the compilation.
 */
#ifndef VT_COMPILE_CLAMAV_PARSE_H
#define VT_COMPILE_CLAMAV_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "compile/builder.h"
#include "compile/clamav/clamav.h"
#include "engine/core/rule.h"

struct vt_clam_format;

struct vt_clam {
	struct vt_builder *b;
	const struct vt_clam_format *format;
	uint32_t line;
	bool has_nul; /* the file holds a NUL byte somewhere */
	const char *why;
	char why_text[192]; /* where `why` points if the cause is not a constant */
	vt_arena arena;     /* what one line's rule points to; dropped before the next line */
	vt_buf code;        /* where code grows before it is copied to the arena */
};

typedef vt_err vt_clam_line_fn(struct vt_clam *c, vt_span line);

/* One row of formats.def. */
struct vt_clam_format {
	const char *ext;
	vt_clam_line_fn *parse; /* NULL: `aside` says what becomes of the file */
	uint8_t kind;           /* enum vt_hash_kind for hash lists */
	uint32_t flags;         /* for its rules: VT_RULE_PUA */
	bool whole;             /* `aside` once for the file, not for each line */
	enum vt_aside aside;
	const char *why;
};

void vt_clam_init(struct vt_clam *c, struct vt_builder *b, const struct vt_clam_format *format);
void vt_clam_free(struct vt_clam *c);

/* Notes the cause and returns the code that goes with it. */
static inline vt_err vt_clam_bad(struct vt_clam *c, const char *why)
{
	c->why = why;
	return VT_EFORMAT;
}

static inline vt_err vt_clam_unsupported(struct vt_clam *c, const char *why)
{
	c->why = why;
	return VT_EUNSUPPORTED;
}

/* line.c: lines, fields and numbers */

/* Cuts the next line off *text, without its end ("\n" or "\r\n") and trailing blanks. */
bool vt_clam_next_line(vt_span *text, vt_span *out_line);
/*
 * Splits at `sep` into at most `max` fields. Returns how many there are, or max + 1 if there are
 * more than that.
 */
size_t vt_clam_split(vt_span s, char sep, vt_span *fields, size_t max);
/* The part before the first `sep`; *rest is what follows it. Without `sep`: all, false. */
bool vt_clam_cut(vt_span s, char sep, vt_span *head, vt_span *rest);
/* A decimal number of all of `s`; false if empty, not digits, or too large for 64 bits. */
bool vt_clam_number(vt_span s, uint64_t *out);
/* Digits from *at on; false if there are none or the number is above `max`. */
bool vt_clam_digits(vt_span s, size_t *at, uint64_t max, uint64_t *out);
/* "min-max", "min-", "-max", "-" or "n" (which is both); a missing bound is left alone. */
bool vt_clam_range(vt_span s, uint64_t *min, uint64_t *max);
/* A hexadecimal digit's value, or 255. */
extern const uint8_t vt_clam_hex_value[256];
/* The functionality level fields that may end a line: fields[0] is the lowest level, if n > 0. */
VT_MUST_USE vt_err vt_clam_level(struct vt_clam *c, const vt_span *fields, size_t n);
VT_MUST_USE vt_err vt_clam_name(struct vt_clam *c, vt_span name);
/* VT_RULE_* flags that follow from the file and the name. */
uint32_t vt_clam_flags(const struct vt_clam *c, vt_span name);

/* One a kind of line. */
vt_clam_line_fn vt_clam_hash_line, vt_clam_section_line, vt_clam_ndb_line, vt_clam_db_line,
	vt_clam_ldb_line, vt_clam_cdb_line, vt_clam_ign_line, vt_clam_withdrawn_line;

/* body.c: a hexadecimal signature becomes pattern code */

enum { VT_CLAM_NOCASE = 1, VT_CLAM_WIDE = 2, VT_CLAM_FULLWORD = 4, VT_CLAM_ASCII = 8 };

struct vt_clam_body {
	vt_span code; /* in the arena */
	/* How far before the place that the offset means the pattern starts ("aa[x-y]bbcc"). */
	uint32_t lead_min, lead_max;
};
/* `flags`: NOCASE and WIDE. */
VT_MUST_USE vt_err vt_clam_body(
	struct vt_clam *c, vt_span hex, unsigned flags, struct vt_clam_body *out);

/* offset.c */
VT_MUST_USE vt_err vt_clam_offset(
	struct vt_clam *c, vt_span s, unsigned target, struct vt_offset *out);

/* tdb.c: the target description block of a logical signature */
VT_MUST_USE vt_err vt_clam_tdb(
	struct vt_clam *c, vt_span s, uint8_t *out_target, struct vt_tdb *out);
void vt_clam_tdb_default(struct vt_tdb *t);

/* logic.c: logic code in the arena; *out_ids is the highest subsignature named, plus one */
VT_MUST_USE vt_err vt_clam_logic(
	struct vt_clam *c, vt_span s, unsigned *out_ids, vt_span *out_code);

/* sub.c and its kinds; `index` is the subsignature's own */
VT_MUST_USE vt_err vt_clam_sub(
	struct vt_clam *c, vt_span s, unsigned target, unsigned index, struct vt_sub *out);
VT_MUST_USE vt_err vt_clam_content(struct vt_clam *c, vt_span offset, vt_span hex, unsigned target,
	unsigned flags, struct vt_sub *out);
bool vt_clam_is_bytecmp(vt_span s);
VT_MUST_USE vt_err vt_clam_bytecmp(
	struct vt_clam *c, vt_span s, unsigned index, struct vt_byte_compare *out);
bool vt_clam_is_pcre(vt_span s);
VT_MUST_USE vt_err vt_clam_pcre(
	struct vt_clam *c, vt_span s, unsigned target, unsigned index, struct vt_sub *out);
/* Compiles `regex` to see whether it is one; `options` are PCRE2's. */
VT_MUST_USE vt_err vt_clam_pcre_check(struct vt_clam *c, vt_span regex, uint32_t options);

#endif
