/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several deltas as one change: which lines came and which went since a database image was
 * compiled, whatever happened to them in between. From this a small image is compiled that lies
 * over the large one. Some changes can't be laid over another image; then the large one is compiled
 * anew.
 */
#ifndef VT_UPDATE_COMPOSE_H
#define VT_UPDATE_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* More changed lines than these are not worth a second image. */
#define VT_COMPOSE_MAX 1000000u

struct vt_compose;
VT_MUST_USE vt_err vt_compose_new(struct vt_compose **out);
void vt_compose_free(struct vt_compose *c);

/*
 * The next delta of its set; deltas of a set come in order. The text must outlive c. VT_EFORMAT;
 * VT_EUNSUPPORTED: can't be laid over an image (vt_compose_why()).
 */
VT_MUST_USE vt_err vt_compose_add(struct vt_compose *c, vt_span delta);
/* A rule that is taken back: a line of `file` of `set`, by its SHA-256. After all deltas. */
VT_MUST_USE vt_err vt_compose_withdraw(
	struct vt_compose *c, vt_span set, vt_span file, const uint8_t line_sha256[32]);
/* Why the last call said VT_EUNSUPPORTED; static text. */
const char *vt_compose_why(const struct vt_compose *c);

/*
 * One line of the image underneath, in set "<set>/<file>": tells how often lines that went are
 * there. Call for each line, then vt_compose_settle(): a line of which some copies stay does not
 * go; VT_EUNSUPPORTED if the image lacks a line that went, so that it is not what the deltas are
 * for.
 */
void vt_compose_see(struct vt_compose *c, vt_span set_file, vt_span line);
VT_MUST_USE vt_err vt_compose_settle(struct vt_compose *c);

/* Lines that came, lines that went. */
void vt_compose_counts(const struct vt_compose *c, size_t *out_more, size_t *out_less);
/*
 * The lines that came, file by file in order of their names "<set>/<file>": each file once, its
 * lines with their LF. Appends to *text (cleared first).
 */
size_t vt_compose_files(const struct vt_compose *c);
VT_MUST_USE vt_err vt_compose_file(
	const struct vt_compose *c, size_t i, vt_buf *text, vt_span *out_name);
/* The lines that went, as a .withdrawn file. */
VT_MUST_USE vt_err vt_compose_withdrawn(const struct vt_compose *c, vt_buf *out);

#endif
