/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apple's property lists, XML and binary (CFBinaryPList.c's "bplist00"; DTD PropertyList-1.0), as a
 * tree in an arena. Neither is read by recursion; what a file may hold is bounded.
 */
#ifndef VT_INVENTORY_ARTEFACT_PLIST_H
#define VT_INVENTORY_ARTEFACT_PLIST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define VT_PLIST_VALUES_MAX 200000
#define VT_PLIST_DEPTH_MAX 64

enum vt_plist_type {
	VT_PLIST_DICT,
	VT_PLIST_ARRAY,
	VT_PLIST_STRING, /* UTF-8 in `text` */
	VT_PLIST_DATA,   /* bytes in `text` (binary form; base 64 as written in XML) */
	VT_PLIST_OTHER,  /* numbers, dates, UIDs: `text` as written in XML, empty in binary */
	VT_PLIST_TRUE,
	VT_PLIST_FALSE,
};
struct vt_plist {
	enum vt_plist_type type;
	vt_span key; /* in a dict */
	vt_span text;
	struct vt_plist *first, *next; /* of a dict or array; the next in the same one */
};
/* VT_EFORMAT, VT_ETRUNCATED, VT_ELIMIT, VT_ENOMEM. */
VT_MUST_USE vt_err vt_plist_parse(vt_span bytes, vt_arena *a, const struct vt_plist **out);
/* The value of a key, NULL if `of` is NULL, no dict, or without it. */
const struct vt_plist *vt_plist_get(const struct vt_plist *of, const char *key);
/* The text of a string of that key; empty if there is none. */
vt_span vt_plist_text(const struct vt_plist *of, const char *key);

/* private: the two forms */
VT_MUST_USE vt_err vt_plist_binary(vt_span bytes, vt_arena *a, const struct vt_plist **out);
VT_MUST_USE vt_err vt_plist_xml(vt_span bytes, vt_arena *a, const struct vt_plist **out);
/* Appends UTF-16's UTF-8 in the arena; big-endian or little-endian. Lone surrogates become U+FFFD.
 */
VT_MUST_USE vt_err vt_utf16_text(vt_span utf16, bool big, vt_arena *a, vt_span *out);
/* The text itself if it is UTF-8; else each byte as a character. In the arena, NUL-terminated. */
VT_MUST_USE vt_err vt_latin1_text(vt_span s, vt_arena *a, vt_span *out);

#endif
