/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database image as it lies in the file: a header, then sections. See docs/formats/image.md.
 * Everything is little-endian, sections start at multiples of 64 bytes, all references are indices
 * or offsets inside of a section, so the file is used where it is mapped. The compiler writes these
 * structs, the engine reads them; every index is checked when it is used (db.h).
 */
#ifndef VT_ENGINE_DB_IMAGE_H
#define VT_ENGINE_DB_IMAGE_H

#include <stdint.h>

#include "engine/core/rule.h"

#define VT_IMAGE_MAGIC "VTRN.IMG"
#define VT_IMAGE_VERSION 1u
#define VT_IMAGE_ALIGN 64u

/* Four parallel arrays hold the hashes of one kind and algorithm. */
enum vt_hash_part {
	VT_HASH_SIZES,  /* u32, ascending, each once; VT_IMAGE_SIZE_ANY last */
	VT_HASH_STARTS, /* u32, one more than sizes: where the size's keys begin */
	VT_HASH_KEYS,   /* u32: first 4 bytes of the digest, ascending within a size */
	VT_HASH_LINES,  /* u32: line of the rule; top bit: PUA */
	VT_HASH_PARTS
};
#define VT_IMAGE_SIZE_ANY UINT32_MAX
#define VT_IMAGE_LINE_PUA 0x80000000u
#define VT_IMAGE_LINE_MASK 0x7fffffffu

enum vt_section {
	VT_SEC_SETS = 1,    /* struct vt_image_set */
	VT_SEC_STRINGS,     /* bytes: names of sets, causes */
	VT_SEC_TEXT_INDEX,  /* struct vt_image_text */
	VT_SEC_TEXT,        /* bytes: zstd frames of whole source lines */
	VT_SEC_ASIDES,      /* struct vt_image_aside */
	VT_SEC_RULES,       /* struct vt_image_rule, ascending by line */
	VT_SEC_SUBS,        /* struct vt_image_sub */
	VT_SEC_PATTERNS,    /* struct vt_image_pattern */
	VT_SEC_CODE,        /* bytes: pattern and logic code, regular expressions */
	VT_SEC_TDBS,        /* struct vt_image_tdb, each different one once */
	VT_SEC_CONTAINERS,  /* struct vt_image_container */
	VT_SEC_MACROS,      /* u32: subsignatures, ascending by (group, index) */
	VT_SEC_COUNTS,      /* u64[VT_COUNT_KINDS] */
	VT_SEC_TARGETS,     /* struct vt_image_target[VT_TARGETS]: what opening an image reads */
	VT_SEC_WITHDRAWN,   /* struct vt_image_withdrawn, ascending */
	VT_SEC_HASHES = 16, /* + (kind * VT_HASH_ALGOS + algo) * VT_HASH_PARTS + part: 48 of them */
	VT_SEC_FILTERS = 64, /* + target: the tables of struct vt_image_filter */
	VT_SEC_ANCHORS = 80, /* + target: the tables of struct vt_image_anchors */
	VT_SEC_ALWAYS = 96,  /* + target: u32 rules that are evaluated for every object */
	VT_SEC_END = 112
};

struct vt_image_section {
	uint64_t offset, size;
};

struct vt_image_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t nsections;  /* VT_SEC_END */
	uint64_t size;       /* of the whole file */
	uint8_t content[32]; /* SHA-256 of everything behind the header */
	uint8_t check[32];   /* SHA-256 of this header with this field zero */
	struct vt_image_section sections[VT_SEC_END];
};

struct vt_image_set {
	uint32_t name, name_size; /* in STRINGS */
	uint32_t first_line;      /* number of its first line among all lines of all sets, from 0 */
	uint32_t lines;
	uint64_t bytes; /* of its text */
	uint8_t sha256[32];
	uint32_t rules, asides; /* lines that made a rule; lines set aside */
};

/* One zstd frame of TEXT: whole lines, at most VT_IMAGE_TEXT_MAX bytes unpacked. */
struct vt_image_text {
	uint64_t offset;
	uint32_t packed, size;
	uint32_t first_line;
	uint32_t lines;
};
#define VT_IMAGE_TEXT_BLOCK (128u << 10)
#define VT_IMAGE_TEXT_MAX (16u << 20)

struct vt_image_aside {
	uint32_t line;              /* as first_line counts */
	uint32_t what;              /* enum vt_aside */
	uint32_t cause, cause_size; /* in STRINGS */
};

struct vt_image_rule {
	uint32_t line; /* as first_line counts */
	uint32_t flags;
	uint8_t target, nsubs;
	uint16_t name_size; /* the name stands at the start of the line */
	uint32_t first_sub;
	uint32_t logic, logic_size; /* in CODE */
	uint32_t tdb;               /* in TDBS */
	uint32_t spare;
	/* Subsignatures all of whose patterns have anchors in the filter: bit i is number i. */
	uint64_t anchored;
};

#define VT_IMAGE_NONE UINT32_MAX

struct vt_image_sub {
	uint8_t kind, npatterns;
	uint8_t offset_kind, spare;
	uint16_t section;
	uint16_t name; /* unused */
	int64_t offset_value;
	uint32_t shift;
	uint32_t rule;
	uint32_t first_pattern;
	/* PCRE: regex and trigger in CODE, flags; BYTECMP: struct vt_byte_compare in CODE;
	   MACRO: min, max, group */
	uint32_t a, a_size, b, b_size, c;
};

struct vt_image_pattern {
	uint32_t code, code_size; /* in CODE */
	uint32_t flags;
	uint32_t sub;
};

struct vt_image_tdb {
	uint64_t size_min, size_max, entry_min, entry_max;
	uint32_t sections_min, sections_max;
	uint16_t container, spare;
	uint8_t has_entry, has_sections, nintermediates, spare2;
	uint16_t intermediates[VT_MAX_INTERMEDIATES];
};

struct vt_image_byte_compare {
	int64_t offset;
	uint64_t value[2];
	uint32_t width;
	uint8_t trigger, base, big_endian, exact, ncompare, op[2], spare[5];
};

struct vt_image_container {
	uint32_t line, flags;
	uint16_t container, name_size;
	uint8_t encrypted, has_crc;
	uint16_t spare;
	uint64_t container_min, container_max, packed_min, packed_max, real_min, real_max;
	uint64_t position_min, position_max;
	uint32_t crc;
	uint32_t regex, regex_size; /* in CODE */
	uint32_t spare2;
};

/*
 * A source line that is no longer in force, in whatever image it stands: the first 16 bytes of the
 * SHA-256 of the set's name, LF, and the SHA-256 of the line without its line end. A small image
 * takes back lines of a large one in this way, which then need not be compiled anew.
 */
struct vt_image_withdrawn {
	uint8_t key[16];
};

/* What the image holds, for `db info`. */
enum vt_count_kind {
	VT_COUNT_BODY,      /* one content subsignature and no condition: .ndb, .db */
	VT_COUNT_LOGICAL,   /* .ldb */
	VT_COUNT_CONTAINER, /* .cdb */
	VT_COUNT_OBJECT_HASH,
	VT_COUNT_SECTION_HASH,
	VT_COUNT_IMPORT_HASH,
	VT_COUNT_ALLOW_HASH,
	VT_COUNT_IGNORED, /* rules left out because an ignore list names them */
	VT_COUNT_LINES,
	VT_COUNT_WITHDRAWN, /* lines of any image that are not in force */
	VT_COUNT_KINDS
};

/*
 * The literal filter for objects of one target: the anchors of that target and of target 0. Grams
 * and hashes are those of engine/db/gram.h. Offsets are from the start of the section.
 */
struct vt_image_filter {
	uint32_t long_bits;    /* log2 of the number of u64 words; 0: no table */
	uint32_t short_bits;   /* log2 of the number of u32 words; 0: no table */
	uint32_t short_stride; /* 1 or 2 */
	uint32_t has_pairs;
	uint64_t long_table, short_table, pair_table; /* the pair table is 65,536 bits */
};

enum vt_tier {
	VT_TIER_LONG,  /* 8 bytes: 5-grams at stride 4 */
	VT_TIER_SHORT, /* 3 to 8 bytes: 4-grams at short_stride */
	VT_TIER_PAIR,  /* 2 bytes, stride 1 */
	VT_FILTER_TIERS,
	/*
	 * The first 2 bytes of patterns that can only stand at the very start of an object: looked
	 * up once an object, without a filter.
	 */
	VT_TIER_HEAD = VT_FILTER_TIERS,
	VT_TIERS
};

/* From a gram to the literals that hold it, and from a literal to where it stands in patterns. */
struct vt_image_anchors {
	struct {
		uint32_t bucket_bits; /* log2 of the number of buckets; 0: the tier is empty */
		uint32_t entries;
		uint64_t bucket_table; /* u32[(1 << bucket_bits) + 1]: first entry */
		uint64_t entry_table;  /* struct vt_image_gram */
	} tiers[VT_TIERS];
	uint32_t literals, refs;
	uint64_t literal_table; /* struct vt_image_literal[literals + 1] */
	uint64_t ref_table;     /* struct vt_image_ref */
};

struct vt_image_target {
	struct vt_image_filter filter;
	struct vt_image_anchors anchors;
};

struct vt_image_gram {
	uint32_t literal;
	uint16_t print; /* more bits of the gram's hash */
	uint8_t at;     /* where in the literal the gram starts; UINT8_MAX: one byte before it */
	uint8_t spare;
};

struct vt_image_literal {
	uint64_t value; /* folded bytes, first one lowest, zero above `size` */
	uint32_t first_ref;
	uint32_t size; /* bytes, 2..8 */
};

/* A literal stands in this pattern: `run` is the fixed-length run of elements around it. */
struct vt_image_ref {
	uint32_t pattern;
	uint32_t rule;
	uint32_t run; /* where in the pattern's code the run starts */
	/*
	 * Low 24 bits: bytes from the run's start to the literal. Then the subsignature's index in
	 * its rule, and VT_IMAGE_REF_START if the run starts the pattern.
	 */
	uint32_t place;
};
#define VT_IMAGE_REF_START 0x80000000u
#define VT_IMAGE_REF_SUB_SHIFT 24
#define VT_IMAGE_REF_DISTANCE 0xffffffu

#endif
