/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration text, as administrators write it: lines, words, assignments, and the sections of
 * systemd.syntax(7) and the Desktop Entry Specification. Nothing is rejected: a configuration that
 * is half wrong still starts things. Results point into the text, or into an arena.
 */
#ifndef VT_INVENTORY_ARTEFACT_LINE_H
#define VT_INVENTORY_ARTEFACT_LINE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* The next line, without its end (LF or CR LF); false at the end of the text. */
bool vt_line_next(vt_reader *r, vt_span *out);
/* The next line with those that it continues on by a backslash at its end, joined by blanks in `a`.
 * Comment lines ('#' or ';') in between are left out. False at the end, or without memory. */
bool vt_line_joined(vt_reader *r, vt_arena *a, vt_span *out);
/* Without blanks at both ends. */
vt_span vt_line_trim(vt_span s);
/* Takes the next word, ended by blanks, off the front of *io; false if there is none. */
bool vt_line_word(vt_span *io, vt_span *out);
/* Without one pair of equal quotes (' or ") around it. */
vt_span vt_line_unquote(vt_span s);
bool vt_line_is(vt_span s, const char *text);
bool vt_line_starts(vt_span s, const char *text);
bool vt_line_ends(vt_span s, const char *text);
/* Splits at the first `c`; false if there is none. Both sides trimmed. */
bool vt_line_split(vt_span s, char c, vt_span *out_left, vt_span *out_right);
/* A line of a shell's or PAM's environment: [export|setenv|set] NAME=VALUE or NAME VALUE; value
 * unquoted. */
bool vt_line_assignment(vt_span line, vt_span *out_name, vt_span *out_value);

/* Sections with keys: units, desktop files, .p11-kit files, dracut-like ones. */
struct vt_ini {
	vt_reader r;
	vt_arena *a;
	vt_span section;
};
/* The next assignment in *out_key and *out_value (trimmed, not unquoted); false at the end. */
bool vt_ini_next(struct vt_ini *i, vt_span *out_key, vt_span *out_value);

/* The program that a command line of a unit begins with: systemd.service(5)'s prefixes "@-:+!" and
 * quotes taken off. Empty if there is none. */
vt_span vt_line_program(vt_span command);
/* The last part of a path. */
vt_span vt_line_base(vt_span path);

#endif
