/* SPDX-License-Identifier: Apache-2.0 */
/* Private to store.c and known.c: the folders that documents are in. */
#ifndef VT_CLI_DIRECTIVE_KNOWN_H
#define VT_CLI_DIRECTIVE_KNOWN_H

#include "cli/directive/store.h"

/* A document: its path, the name of the file, the bytes (valid during the call). */
typedef vt_err vt_known_fn(void *ctx, const char *path, const char *name, vt_span json);
vt_err vt_known_each(struct vt_docs *docs, const char *folder, vt_known_fn *fn, void *ctx);
/* `what`: "directives" or "catalogue". */
vt_err vt_known_each_shipped(struct vt_docs *docs, const char *what, vt_known_fn *fn, void *ctx);
vt_err vt_known_each_logged(struct vt_docs *docs, vt_known_fn *fn, void *ctx);
vt_err vt_known_log(struct vt_docs *docs, vt_span *out);
/* Does "format" begin so? */
bool vt_known_is(vt_span json, const char *format);
void vt_known_complain(
	const struct vt_docs *docs, const char *path, vt_err e, const struct vt_doc_error *why);

#endif
