/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who vouches for a document. FILE.sig is a signed note (c2sp.org/signed-note) whose text is
 *
 *	vitrine/document/v1
 *	sha256 <64 hex digits>
 *
 * Keys that count are in CONFIG/directive-keys, one vkey a line, '#' for remarks, or in --key.
 */
#ifndef VT_CLI_DIRECTIVE_ORIGIN_H
#define VT_CLI_DIRECTIVE_ORIGIN_H

#include "base/buf.h"
#include "cli/directive/store.h"

#define VT_ORIGIN_MAX ((size_t)64 << 10)

/* The note's text for a document. */
VT_MUST_USE vt_err vt_origin_text(vt_span document, vt_buf *out);
/* Verifies FILE.sig, or takes --unsigned for an answer. What is wrong has been printed. */
VT_MUST_USE vt_err vt_origin_of_file(
	struct vt_docs *docs, const char *path, vt_span document, struct vt_origin *out);
/* STATE/directives/ID.origin. VT_ECHECKSUM: the document is not the one that it speaks of. */
VT_MUST_USE vt_err vt_origin_write(vt_buf *b, const struct vt_origin *o, vt_span document);
VT_MUST_USE vt_err vt_origin_read(
	vt_span text, vt_span document, vt_arena *a, struct vt_origin *out);

/* Printed before everything that an unsigned document leads to. */
void vt_origin_warn(const struct vt_docs *docs, const char *what, const struct vt_origin *o);
const char *vt_origin_word(enum vt_origin_kind k); /* "shipped", "log", "signed", "unsigned" */

#endif
