/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directive: who orders what about which products until when (docs/formats/directive.md). The
 * law's side; how products are recognised is in the catalogue.
 */
#ifndef VT_INVENTORY_DIRECTIVE_H
#define VT_INVENTORY_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "inventory/catalogue.h"
#include "inventory/day.h"
#include "inventory/fact.h"

#define VT_DIRECTIVE_MAX ((size_t)4 << 20)

enum vt_verb {
	VT_VERB_IDENTIFY,
	VT_VERB_REPORT,
	VT_VERB_PLAN,
	VT_VERB_REMOVE,
	VT_VERB_PREVENT,
	VT_VERB_STATUS,
};
const char *vt_verb_word(enum vt_verb v);

struct vt_entity {
	vt_span id, name;
	struct vt_strings_of aliases;
	vt_span relation; /* "principal", "subsidiary", ...; may be empty */
};
/* A product as the directive names it. */
struct vt_covered {
	vt_span name;
	struct vt_strings_of products; /* ids of the catalogue; '*' globs */
	struct vt_strings_of cpe, purl, swid;
	vt_span category;
};
struct vt_action {
	vt_span id, text; /* text: what exactly must be done, for people */
	enum vt_verb verb;
	bool has_due;
	vt_day due;             /* a fixed date, or VT_DAY_NONE: */
	struct vt_period after; /* counted from the directive's issue, or from a discovery */
	bool from_discovery;
	enum vt_calendar calendar;
	bool repeats;
	struct vt_period every;
	vt_span until; /* "complete", or a date; empty if it does not repeat */
};
/* A field of the report, in the issuer's order. `key`: which answer fills it (docs); may be empty:
 * a person must. */
struct vt_report_field {
	vt_span id, title, key;
};
struct vt_exception {
	vt_span id, approver, reason, mitigation;
	vt_span scope; /* glob over a finding's subject and place; empty: all */
	struct vt_strings_of products;
	vt_day expires;
};

/* Where a field comes from: the JSON pointer of it, or of what holds it ("" is all of it). */
struct vt_claim {
	vt_span pointer;
	struct vt_provenance source;
};

struct vt_directive {
	vt_span id, version, title, issuer,
		status;           /* status: "in force", "archived", "superseded" */
	vt_day issued, effective; /* effective may be VT_DAY_NONE */
	struct vt_strings_of supersedes;
	vt_span source_url, source_quote, source_retrieved, source_sha256;
	vt_span applies_to; /* who, for people */
	/* scope */
	bool branded, embedded, services, hardware;
	size_t nentities, ncovered, nactions, nfields, nexceptions, nexclusions;
	struct vt_entity *entities;
	struct vt_covered *covered;
	struct vt_strings_of
		exclusions; /* ids of products, and words, that are expressly not meant */
	struct vt_action *actions;
	struct vt_report_field *fields;      /* report_template */
	struct vt_report_field *plan_fields; /* plan_template */
	size_t nplan_fields;
	struct vt_exception *exceptions;
	struct vt_holidays holidays;
	/* What must have answered for "absent", and how much of what was seen must have been read.
	 */
	bool required[VT_AREAS];
	unsigned threshold; /* in hundredths of a percent: 10000 is all */
	size_t nclaims;
	struct vt_claim *claims;
	vt_span note;
	vt_span memory; /* which fields nobody looked up: JSON pointers, spaces between */
	vt_span sha256; /* of the document, lower-case hex */
};

/* As vt_catalogue_parse(). */
VT_MUST_USE vt_err vt_directive_parse(
	vt_span json, vt_arena *a, struct vt_directive *out, struct vt_doc_error *why);
/*
 * Exceptions in a document of their own (docs/formats/directive.md), which are added to those of
 * the directive that it names. VT_EARG: it names another.
 */
VT_MUST_USE vt_err vt_directive_except(
	struct vt_directive *d, vt_span json, vt_arena *a, struct vt_doc_error *why);
/* The directive that a document of exceptions is for. */
VT_MUST_USE vt_err vt_exceptions_of(
	vt_span json, vt_arena *a, vt_span *out_id, struct vt_doc_error *why);
/* Where the field of that JSON pointer comes from: the nearest claim above it; never NULL. */
const struct vt_provenance *vt_directive_source(const struct vt_directive *d, const char *pointer);
/* Does the directive mean this product of the catalogue? Not one of the category "service" or
 * "hardware" if those are not in its scope. */
bool vt_directive_covers(const struct vt_directive *d, const struct vt_product *p);

/* A date to keep, of one action. */
struct vt_due {
	const struct vt_action *action;
	vt_day day;
	unsigned number; /* of a repeated one: from 1 */
};
/*
 * The dates of `d` from `from` to `to` (both included), earliest first, at most `max`; how many.
 * `discovered`: when a product was found (VT_DAY_NONE: not found).
 */
size_t vt_directive_due(const struct vt_directive *d, vt_day from, vt_day to, vt_day discovered,
	struct vt_due *out, size_t max);
/* The exception that a finding falls under on that day, or NULL. */
const struct vt_exception *vt_directive_exception(
	const struct vt_directive *d, vt_span product, vt_span subject_and_place, vt_day on);

#endif
