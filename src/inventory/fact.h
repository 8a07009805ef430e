/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An observation: a kind, a place, and what was seen there. Collectors make facts and know no
 * products; the catalogue's rules say which facts speak of which product (catalogue.h).
 */
#ifndef VT_INVENTORY_FACT_H
#define VT_INVENTORY_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum vt_area {
#define VT_AREA(ID, word, meaning) VT_AREA_##ID,
#include "inventory/facts.def"
#undef VT_AREA
	VT_AREAS
};
enum vt_fact_kind {
#define VT_FACT(ID, word, AREA, meaning) VT_FACT_##ID,
#include "inventory/facts.def"
#undef VT_FACT
	VT_FACT_KINDS
};
enum vt_attr {
#define VT_ATTR(ID, word, meaning) VT_ATTR_##ID,
#include "inventory/facts.def"
#undef VT_ATTR
	VT_ATTRS
};

#define VT_FACT_VALUE_MAX 4096 /* bytes of one value; longer ones are cut by who makes them */

struct vt_fact {
	enum vt_fact_kind kind;
	/* Where: a path in the tree, with "#" and a part of it if need be; "pid 12", "hive#key". */
	vt_span locus;
	vt_span v[VT_ATTRS]; /* n == 0: not said */
};

/* "packages", "package", "build-id"; static storage. */
const char *vt_area_word(enum vt_area a);
const char *vt_fact_word(enum vt_fact_kind k);
const char *vt_attr_word(enum vt_attr a);
enum vt_area vt_fact_area(enum vt_fact_kind k);
/* The other way; false if there is none of that word. */
bool vt_area_find(vt_span word, enum vt_area *out);
bool vt_fact_find(vt_span word, enum vt_fact_kind *out);
bool vt_attr_find(vt_span word, enum vt_attr *out);

/*
 * What an observation said, as one line: "name=kesl version=12.0", attributes in the order of
 * facts.def, spaces, '%', control and non-ASCII bytes as %XX.
 */
VT_MUST_USE vt_err vt_fact_write(vt_buf *b, const struct vt_fact *f);
/* The value of an attribute in such a line, decoded and appended; false if it says nothing of it.
 */
bool vt_fact_value(vt_span raw, enum vt_attr a, vt_buf *out);

/* What an area's answer is, for a directive or as a whole. */
enum vt_answer { VT_ANSWER_UNKNOWN, VT_ANSWER_NOT_FOUND, VT_ANSWER_FOUND };
const char *vt_answer_word(enum vt_answer a); /* "unknown", "not found", "found" */

/* Why something was not looked at. */
enum vt_miss {
#define VT_MISS(ID, word, meaning) VT_MISS_##ID,
#include "inventory/misses.def"
#undef VT_MISS
	VT_MISSES
};
const char *vt_miss_word(enum vt_miss m);
const char *vt_miss_text(enum vt_miss m);

/* What an area looked at. `misses` by reason; what is missed is not in `read`. */
struct vt_coverage {
	uint64_t seen; /* things that there were to look at: files, entries, processes */
	uint64_t read; /* of these, looked at as the area asks */
	uint64_t misses[VT_MISSES];
	uint64_t sources; /* databases and stores that were there and read whole */
	uint64_t broken;  /* those that were there and could not be: the area is unknown */
};

#endif
