/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of any of the formats, checked by their parsers. */
#ifndef VT_CLI_DIRECTIVE_DOCUMENTS_H
#define VT_CLI_DIRECTIVE_DOCUMENTS_H

#include <stdio.h>

#include "base/err.h"
#include "base/span.h"
#include "inventory/catalogue.h"

/* Does it say that it is of one of the formats? */
bool vt_document_is(vt_span bytes);
/* VT_OK, or *why. */
VT_MUST_USE vt_err vt_document_judge(vt_span bytes, struct vt_doc_error *why);
/* What is wrong has been printed; `say`: one line about a good one, or NULL. */
VT_MUST_USE vt_err vt_document_check(
	const char *command, const char *path, vt_span bytes, FILE *say);

#endif
