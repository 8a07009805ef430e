/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue: products, what else they are called, and which facts speak of them
 * (docs/formats/catalogue.md). Fingerprints change faster than law, so it is a document of its own.
 */
#ifndef VT_INVENTORY_CATALOGUE_H
#define VT_INVENTORY_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "inventory/fact.h"

#define VT_CATALOGUE_MAX ((size_t)16 << 20) /* bytes of the document */
#define VT_RULE_TERMS_MAX 8
#define VT_RULE_GLOBS_MAX 128

struct vt_strings_of {
	size_t n;
	const vt_span *v;
};

/* Where a statement comes from. */
struct vt_provenance {
	vt_span text; /* what was read: "support.kaspersky.com kes-for-linux 250484" */
	vt_span url;  /* may be empty */
	/* "read", "second-hand", "derived", "memory", "choice" (docs/formats/catalogue.md) */
	vt_span confidence;
	bool memory; /* derived or memory: it can't confirm a finding by itself */
};

struct vt_product {
	vt_span id;       /* "kaspersky-endpoint-security-linux" */
	vt_span name;     /* "Kaspersky Endpoint Security for Linux" */
	vt_span entity;   /* id of the entity that makes it: "kaspersky" */
	vt_span category; /* "security-software", "sdk", "hardware-client", ... */
	struct vt_strings_of aliases, cpe, purl, swid; /* patterns, all compared without case */
	struct vt_strings_of
		prefixes; /* folders that an installation uses: its system-wide place */
	struct vt_strings_of units, accounts; /* what belongs to it, for a removal */
	vt_span removal; /* the vendor's documented way, for people; may be empty */
	vt_span removal_url;
	bool assessable; /* false: a service, never shown absent by looking at files */
	struct vt_provenance source;
};

/* An attribute must match one of the globs ('*', '?', '[a-z]'; '\\' quotes; without case if
 * `fold`). */
struct vt_rule_term {
	enum vt_attr attr;
	bool fold;
	struct vt_strings_of globs;
};

struct vt_catalogue_rule {
	vt_span id;
	uint32_t product; /* index */
	enum vt_fact_kind kind;
	size_t nterms;
	struct vt_rule_term terms[VT_RULE_TERMS_MAX]; /* all must match */
	/* kind FOLDER: at least `least` of the names are in one folder (terms is empty) */
	struct vt_strings_of names;
	unsigned least;
	/* kind CONTENT: a line of a ClamAV format ("ldb", "hsb", "hdb", "ndb") without its
	 * name */
	vt_span signature_format, signature;
	bool decisive; /* a signer or a hash: confirms alone (unless from memory) */
	bool embedded; /* code of it inside of something else */
	struct vt_provenance source;
};

struct vt_catalogue {
	vt_span id, version, title;
	vt_span sha256; /* of the document, lower-case hex */
	size_t nproducts, nrules;
	struct vt_product *products;     /* by id */
	struct vt_catalogue_rule *rules; /* by id */
	size_t by_kind_n[VT_FACT_KINDS];
	const uint32_t *by_kind[VT_FACT_KINDS]; /* rules of each kind */
};

struct vt_doc_error {
	char where[192]; /* JSON pointer, or line and column */
	char cause[192];
};

/* Everything lives in `a`. VT_EFORMAT with *why; VT_EVERSION; VT_ELIMIT; VT_ENOMEM. */
VT_MUST_USE vt_err vt_catalogue_parse(
	vt_span json, vt_arena *a, struct vt_catalogue *out, struct vt_doc_error *why);
/* Several documents as one; ids must differ. VT_EARG with *why. */
VT_MUST_USE vt_err vt_catalogue_join(const struct vt_catalogue *v, size_t n, vt_arena *a,
	struct vt_catalogue *out, struct vt_doc_error *why);
const struct vt_product *vt_catalogue_product(const struct vt_catalogue *c, vt_span id);

/* Calls fn for each rule (but FOLDER and CONTENT rules, which fire by RULE id: attribute "rule"
 * equal to their id) that the fact satisfies. */
typedef void vt_catalogue_hit_fn(void *ctx, const struct vt_catalogue_rule *r);
void vt_catalogue_match(
	const struct vt_catalogue *c, const struct vt_fact *f, vt_catalogue_hit_fn *fn, void *ctx);
/* True if `s` matches the glob as rules mean it; iterative, bounded by both lengths. */
bool vt_glob_match(vt_span glob, vt_span s, bool fold);

/*
 * The text of the signature file of all rules of this format ("ldb"), names are the rules' ids;
 * empty if there are none.
 */
VT_MUST_USE vt_err vt_catalogue_signatures(
	const struct vt_catalogue *c, const char *format, vt_buf *out);

#endif
