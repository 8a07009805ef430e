/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proof as an in-toto Statement v1 with a predicate of our own (docs/formats/proof.md): what was
 * looked at, how, with which content, what was seen, and what follows. It holds all that the
 * verdict follows from, so that anyone can judge again offline: vt_statement_derive() does, with
 * the same judge, and a sentence that does not follow is refused whoever signed it.
 */
#ifndef VT_REPORT_STATEMENT_H
#define VT_REPORT_STATEMENT_H

#include "report/input.h"

#define VT_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define VT_PREDICATE_TYPE "urn:vitrine:directive-proof:1"
#define VT_STATEMENT_PAYLOAD "application/vnd.in-toto+json"
#define VT_STATEMENT_MEMORY ((size_t)2 << 30)

/* Counts and hashes the components of a run; once, before anything is written of it. */
VT_MUST_USE vt_err vt_report_run_seal(struct vt_report_run *r);

/* Appends the statement: one line of JSON. The same input gives the same bytes. */
VT_MUST_USE vt_err vt_statement_write(const struct vt_report_input *in, vt_buf *out);

/* A statement that was read. */
struct vt_statement {
	vt_arena arena;
	struct vt_report_input in; /* statuses as the statement claims them, without standings */
	struct vt_directive directive;
	struct vt_catalogue catalogue;
	vt_span covered; /* a byte a product of the catalogue: does the directive mean it? */
	struct vt_survey *surveys[3];
	vt_span shown[3], sentence[3]; /* as claimed: run, before, second */
};

/* Free with vt_statement_free(). VT_EFORMAT with *why; VT_EVERSION: another predicate. */
VT_MUST_USE vt_err vt_statement_read(
	vt_span payload, struct vt_statement **out, struct vt_doc_error *why);
void vt_statement_free(struct vt_statement *s);

/*
 * Judges again from what the statement holds; fills in the statuses. VT_ECHECKSUM with *why: what
 * it claims does not follow.
 */
VT_MUST_USE vt_err vt_statement_derive(
	struct vt_statement *s, vt_span payload, struct vt_doc_error *why);

/*
 * Does it apply this directive as the document has it? Areas, threshold, scope, and which products
 * it means. VT_ECHECKSUM with *why. *out_exceptions: how many exceptions it has that the document
 * has not.
 */
VT_MUST_USE vt_err vt_statement_applies(const struct vt_statement *s, const struct vt_directive *d,
	size_t *out_exceptions, struct vt_doc_error *why);

#endif
