/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one form that every rule language is lowered to. The compiler's front ends fill these
 * structs, the builder (compile/builder.h) lays them out in a database image, the engine reads the
 * same codes from the image. Everything is little-endian; codes are byte strings so that they can
 * be stored and mapped as they are.
 *
 * Pattern code: a sequence of elements, matched one after the other.
 *   LIT    u8 op, u16 n, n bytes
 *   MASK   u8 op, u16 n, n times (u8 value, u8 mask); value has no bit outside of mask. A byte of
 *          any value is mask 0
 *   GAP    u8 op, u32 min, u32 max: between min and max bytes of any value; max = VT_GAP_ANY: no
 *          upper bound
 *   ALT    u8 op, u8 negated, u16 count, u32 length of what follows, then count times
 *          (u16 n, n bytes of nested pattern code). Matches if one of them does; negated (all have
 *          the same fixed length): if none does, and then takes up that length
 *   BOUND  u8 op, u8 kind, u8 side * 2 + negated: takes up no byte (ClamAV manual, "Character
 *          classes")
 * Nesting is at most VT_PATTERN_DEPTH deep; a GAP with VT_GAP_ANY stands only at the top level.
 *
 * Logic code: one node.
 *   node   u8 op, u8 compare, u32 x, u32 y, u16 length of what follows, then
 *          SUB: u8 index of the subsignature;  AND, OR: nodes
 * A node's value is its number of hits and of distinct subsignatures that hit (ClamAV manual,
 * "Logical signatures"); compare NONE asks for at least one hit (AND: every child true); the others
 * ask hits = x, hits > x, hits < x, and distinct >= y where y is not 0.
 */
#ifndef VT_ENGINE_CORE_RULE_H
#define VT_ENGINE_CORE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "engine/core/type.h"

#define VT_PATTERN_DEPTH 15
#define VT_LOGIC_DEPTH 32
#define VT_MAX_SUBS 64
#define VT_GAP_ANY UINT32_MAX

enum vt_pattern_op {
	VT_OP_LIT = 1,
	VT_OP_MASK,
	VT_OP_GAP,
	VT_OP_ALT,
	VT_OP_BOUND,
};

enum vt_bound {
	VT_BOUND_WORD = 'B',    /* (B): a byte that delimits words */
	VT_BOUND_LINE = 'L',    /* (L): the end of a line */
	VT_BOUND_NONWORD = 'W', /* (W): a byte that is not alphanumeric */
};

/* Which byte a BOUND looks at; an end of the object holds for the first two. */
enum vt_side {
	VT_SIDE_BEFORE, /* the byte before: at the start of a pattern */
	VT_SIDE_AFTER,  /* the byte behind: at its end */
	VT_SIDE_HERE,   /* the same byte, which the code behind then takes up: in its midst */
};

enum vt_logic_op {
	VT_LOGIC_SUB = 1,
	VT_LOGIC_AND,
	VT_LOGIC_OR,
};

enum vt_compare {
	VT_CMP_NONE,
	VT_CMP_EQ,
	VT_CMP_GT,
	VT_CMP_LT,
};

/* Where a pattern may start. */
enum vt_offset_kind {
	VT_OFF_ANY,          /* * */
	VT_OFF_ABS,          /* n */
	VT_OFF_EOF,          /* EOF-n: value = n */
	VT_OFF_EP,           /* EP+n, EP-n: value is signed */
	VT_OFF_SECTION,      /* Sx+n: section = x (0-based) */
	VT_OFF_SECTION_END,  /* SEx: anywhere inside of section x */
	VT_OFF_SECTION_LAST, /* SL+n */
	VT_OFF_VERSION,      /* VI: inside of the version information */
	VT_OFF_MACRO,        /* $id: member of a macro group: value = id */
};

struct vt_offset {
	uint8_t kind;
	uint16_t section;
	int64_t value;
	uint32_t shift; /* starts at most this much later than the offset says (",maxshift") */
};

/* One way for a content subsignature to match. */
/* ASCII letters of LIT match both cases and are lower case; MASK is compared as it is (observed).
 */
#define VT_PATTERN_NOCASE 1u
/* No alphanumeric byte right before or after; with WIDE, none with a zero byte behind it. */
#define VT_PATTERN_FULLWORD 2u
#define VT_PATTERN_WIDE 4u

struct vt_pattern {
	vt_span code;
	uint32_t flags;
};

enum vt_sub_kind {
	VT_SUB_CONTENT = 1, /* patterns */
	VT_SUB_PCRE,
	VT_SUB_BYTECMP,
	VT_SUB_MACRO,
};

#define VT_PCRE_GLOBAL 1u       /* g */
#define VT_PCRE_ROLLING 2u      /* r */
#define VT_PCRE_ENCOMPASS 4u    /* e */
#define VT_PCRE_CASELESS 8u     /* i */
#define VT_PCRE_DOTALL 16u      /* s */
#define VT_PCRE_MULTILINE 32u   /* m */
#define VT_PCRE_EXTENDED 64u    /* x */
#define VT_PCRE_ANCHORED 128u   /* A */
#define VT_PCRE_DOLLAR_END 256u /* E */
#define VT_PCRE_UNGREEDY 512u   /* U */

enum vt_number_base {
	VT_BASE_HEX = 'h',
	VT_BASE_DECIMAL = 'd',
	VT_BASE_AUTO = 'a',
	VT_BASE_INTEGER = 'i', /* raw bytes */
};

struct vt_byte_compare {
	uint8_t trigger; /* index of the subsignature whose match it starts from */
	int64_t offset;  /* ">>n" is n, "<<n" is -n */
	uint8_t base;    /* enum vt_number_base */
	bool big_endian;
	bool exact;       /* 'e': exactly `width` digits */
	uint32_t width;   /* bytes */
	uint8_t ncompare; /* 1 or 2; both must hold */
	struct {
		uint8_t op; /* enum vt_compare, not NONE */
		uint64_t value;
	} compare[2];
};

struct vt_macro {
	uint32_t min, max; /* bytes between the previous subsignature's match and this one */
	uint32_t group;    /* 0..31 */
};

struct vt_sub {
	uint8_t kind; /* enum vt_sub_kind */
	struct vt_offset offset;
	uint8_t npatterns; /* CONTENT: 1, or 2 for ::wa (narrow and wide) */
	struct vt_pattern patterns[2];
	/* PCRE */
	vt_span regex;         /* PCRE2 syntax */
	vt_span trigger_logic; /* logic code over this rule's subsignatures; empty: always */
	uint32_t pcre_flags;
	struct vt_byte_compare bytecmp;
	struct vt_macro macro;
};

/* The target description block. A range that was not given is 0..UINT64_MAX / 0..UINT32_MAX. */
#define VT_MAX_INTERMEDIATES 16

struct vt_tdb {
	uint64_t size_min, size_max;
	uint64_t entry_min, entry_max;
	uint32_t sections_min, sections_max;
	bool has_entry, has_sections; /* the attribute was given: a non-executable never fits */
	uint16_t container;           /* vt_type the object came directly from; ANY: no condition */
	uint8_t nintermediates;
	uint16_t intermediates[VT_MAX_INTERMEDIATES]; /* vt_type, outermost first; ANY: wildcard */
};

#define VT_RULE_PUA 1u        /* from a *u file: only with PUA on */
#define VT_RULE_SUSPICIOUS 2u /* a weak rule: SUSPICIOUS, not DETECTED */
#define VT_RULE_NO_REPORT 4u  /* only used by others (macro group members) */

struct vt_rule {
	uint32_t line;  /* 1-based, in the current set */
	vt_span name;   /* the first field of that line */
	uint8_t target; /* 0..14 */
	uint32_t flags;
	struct vt_tdb tdb;
	vt_span logic; /* logic code; for one single content sub: a SUB node */
	unsigned nsubs;
	const struct vt_sub *subs;
};

enum vt_hash_kind {
	VT_HASH_OBJECT,  /* hdb, hsb */
	VT_HASH_SECTION, /* mdb, msb */
	VT_HASH_IMPORTS, /* imp */
	VT_HASH_ALLOW,   /* fp, sfp */
	VT_HASH_KINDS
};

enum vt_hash_algo { VT_MD5, VT_SHA1, VT_SHA256, VT_HASH_ALGOS };

static inline unsigned vt_hash_size(enum vt_hash_algo a)
{
	return a == VT_MD5 ? 16 : a == VT_SHA1 ? 20 : 32;
}

#define VT_SIZE_ANY UINT64_MAX

struct vt_hash_rule {
	uint32_t line;
	vt_span name; /* as the line gives it */
	uint8_t kind, algo;
	uint32_t flags; /* VT_RULE_PUA */
	uint64_t size;  /* bytes, < 4 GiB; VT_SIZE_ANY for "*" */
	uint8_t digest[32];
};

/* A rule over a container's member (.cdb): all that are given must hold. */
struct vt_container_rule {
	uint32_t line;
	vt_span name; /* the first field of that line */
	uint32_t flags;
	uint16_t container; /* vt_type; ANY: every container */
	uint64_t container_size_min, container_size_max;
	vt_span name_regex; /* POSIX extended regular expression, empty: any */
	uint64_t packed_min, packed_max, real_min, real_max;
	uint8_t encrypted; /* 0, 1, or 2 for either */
	uint64_t position_min, position_max;
	bool has_crc;
	uint32_t crc;
};

#endif
