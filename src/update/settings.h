/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people decided on this machine, and what the last runs did: files "settings", "last" and
 * "history" of the update folder (docs/formats/update.md).
 */
#ifndef VT_UPDATE_SETTINGS_H
#define VT_UPDATE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_SETTINGS_FILE "settings"
#define VT_SETTINGS_MAX ((size_t)256 << 10)
#define VT_SETTING_ROWS_MAX 512

enum vt_setting {
	VT_SETTING_HOLD,         /* nothing applies until it is approved */
	VT_SETTING_APPROVED,     /* number: index of a state; what it asks for may apply */
	VT_SETTING_PIN,          /* name: a set; number: its version */
	VT_SETTING_ROLLBACK,     /* the same, by `rollback` */
	VT_SETTING_ACKNOWLEDGED, /* name: a file of evidence */
	VT_SETTINGS
};

struct vt_setting_row {
	enum vt_setting what;
	uint64_t number;
	vt_span name; /* no spaces; "-" if there is none */
	int64_t time;
	vt_span who; /* the rest of the line */
};
struct vt_settings {
	size_t n;
	struct vt_setting_row v[VT_SETTING_ROWS_MAX];
};

/* Spans point into the text. VT_EFORMAT. */
VT_MUST_USE vt_err vt_settings_parse(vt_span text, struct vt_settings *out);
VT_MUST_USE vt_err vt_settings_write(vt_buf *b, const struct vt_settings *s);
/* The row, or NULL. An empty name: any. */
const struct vt_setting_row *vt_settings_find(
	const struct vt_settings *s, enum vt_setting what, vt_span name);
/* Adds, or replaces the one of that name. VT_ELIMIT, VT_EARG. */
VT_MUST_USE vt_err vt_settings_set(struct vt_settings *s, const struct vt_setting_row *row);
/* Removes all of that kind and name (empty: any); how many. */
size_t vt_settings_drop(struct vt_settings *s, enum vt_setting what, vt_span name);

#endif
