/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents read strictly: known keys only, each once, of the right type, texts without
 * control characters. The first thing that is wrong is kept with its JSON pointer; after it every
 * reader does nothing, so a run of reads is checked once at its end. Needs a seeded jansson
 * (json_object_seed) where there is no /dev/urandom.
 */
#ifndef VT_INVENTORY_DOC_H
#define VT_INVENTORY_DOC_H

#include <jansson.h>
#include <stdbool.h>

#include "inventory/catalogue.h"
#include "inventory/day.h"

#define VT_DOC_TEXT_MAX 4096
#define VT_DOC_LIST_MAX 4096

struct vt_doc {
	vt_arena *a;
	struct vt_doc_error *why;
	vt_err e;
	char at[sizeof((struct vt_doc_error *)0)->where]; /* JSON pointer of what is being read */
	size_t n;
	size_t lost; /* of the innermost steps, how many there was no room for */
};

/* VT_ELIMIT past `max`; VT_EFORMAT: no JSON, or not an object. json_decref() it. */
VT_MUST_USE vt_err vt_doc_load(struct vt_doc *d, vt_span json, size_t max, vt_arena *a,
	struct vt_doc_error *why, json_t **out);
/* Takes "<name>/<number>" of the key "format". VT_EVERSION: another number. */
void vt_doc_format(struct vt_doc *d, const json_t *top, const char *name, int number);

void vt_doc_fail(struct vt_doc *d, vt_err e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Steps into a key or an element; vt_doc_leave() with what it returned. */
size_t vt_doc_enter(struct vt_doc *d, const char *key);
size_t vt_doc_enter_at(struct vt_doc *d, size_t index);
void vt_doc_leave(struct vt_doc *d, size_t mark);

/* Is it an object with no other keys than these? Ends with NULL; "!key" must be there. */
bool vt_doc_object(struct vt_doc *d, const json_t *j, const char *const *keys);

/* Texts: 1 to VT_DOC_TEXT_MAX bytes, or, if the key is missing, empty. */
vt_span vt_doc_text(struct vt_doc *d, const json_t *o, const char *key);
/* The same of the form [a-z0-9][a-z0-9._-]*, at most 64. */
vt_span vt_doc_id(struct vt_doc *d, const json_t *o, const char *key);
bool vt_doc_id_ok(vt_span s);
/* One of `n` words; 0 if it is missing. */
unsigned vt_doc_word(
	struct vt_doc *d, const json_t *o, const char *key, const char *const *words, unsigned n);
bool vt_doc_bool(struct vt_doc *d, const json_t *o, const char *key, bool otherwise);
long long vt_doc_number(
	struct vt_doc *d, const json_t *o, const char *key, long long low, long long high);
vt_day vt_doc_day(struct vt_doc *d, const json_t *o, const char *key);
/* A list of distinct texts. */
struct vt_strings_of vt_doc_texts(struct vt_doc *d, const json_t *o, const char *key, size_t max);
/* The list itself, or NULL; *out_n elements, at most `max`. */
const json_t *vt_doc_list(
	struct vt_doc *d, const json_t *o, const char *key, size_t max, size_t *out_n);
/* Zeroed; NULL only after a failure. */
void *vt_doc_array(struct vt_doc *d, size_t n, size_t size);
vt_span vt_doc_copy(struct vt_doc *d, vt_span s);
vt_span vt_doc_sha256(struct vt_doc *d, vt_span json);

/*
 * Where statements come from. "sources": an object of {"text", "url"} by id; "confidence" one of
 * the words below.
 */
enum vt_trust {
	VT_TRUST_READ,    /* in what the issuer or vendor itself published */
	VT_TRUST_SECOND,  /* in what others wrote about it */
	VT_TRUST_DERIVED, /* follows from what was read; nobody saw the thing itself */
	VT_TRUST_MEMORY,  /* nobody looked it up */
	VT_TRUST_CHOICE,  /* no fact: what this project decided */
	VT_TRUSTS,
};
extern const char *const vt_trust_words[VT_TRUSTS]; /* "read", "second-hand", ... */
struct vt_sources {
	size_t n;
	vt_span *ids;
	struct vt_provenance *v;
};
void vt_doc_sources(struct vt_doc *d, const json_t *top, struct vt_sources *out);
/* The keys "source" (an id of them) and "confidence" of an object. */
struct vt_provenance vt_doc_provenance(
	struct vt_doc *d, const json_t *o, const struct vt_sources *s);

#endif
