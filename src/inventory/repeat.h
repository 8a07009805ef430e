/* SPDX-License-Identifier: Apache-2.0 */
/* The command that shows an observation again, without Vitrine where that is possible. */
#ifndef VT_INVENTORY_REPEAT_H
#define VT_INVENTORY_REPEAT_H

#include "base/buf.h"
#include "inventory/survey.h"

/*
 * Appends one line for a POSIX shell; every value that comes from the subject is quoted. `file`: of
 * an image, a layer or a disk, what was opened.
 */
VT_MUST_USE vt_err vt_repeat_write(
	vt_buf *b, const struct vt_subject *s, vt_span file, const struct vt_observation *o);
/* Appends `v` as one word of a shell. */
VT_MUST_USE vt_err vt_shell_quote(vt_buf *b, vt_span v);

#endif
