/* SPDX-License-Identifier: Apache-2.0 */
/* How entries are written, as tables: forms of values, and the keys of each kind in their order. */
#ifndef VT_ENTRY_FORM_H
#define VT_ENTRY_FORM_H

#include "entry/entry.h"

enum vt_form_id {
	VT_FORM_NUMBER,    /* uint64_t */
	VT_FORM_THRESHOLD, /* unsigned */
	VT_FORM_HASH,      /* vt_hash */
	VT_FORM_LEAF,      /* struct vt_leaf */
	VT_FORM_TIME,      /* int64_t */
	VT_FORM_NAME,      /* vt_span, as the next two */
	VT_FORM_FILE,
	VT_FORM_TEXT,
	VT_FORM_VKEY,     /* struct vt_key */
	VT_FORM_SET_FILE, /* struct vt_entry_file, as the next two */
	VT_FORM_RELEASE_FILE,
	VT_FORM_ATTEST_FILE,
	VT_FORM_CHUNK, /* struct vt_chunk */
	VT_FORM_WHAT,  /* enum vt_entry_kind */
	VT_FORM_ROOT,  /* struct vt_state: its root_index and root */
	VT_FORM_LIVE,  /* struct vt_live */
	VT_FORMS
};

struct vt_form {
	/* The object may point into `value`, which is printable ASCII, not empty, and neither
	 * begins nor ends with a space. */
	bool (*get)(vt_span value, void *out);
	vt_err (*put)(vt_buf *b, const void *v);
	size_t size; /* of the object */
	const char *cause;
};
const struct vt_form *vt_form_of(enum vt_form_id id);

enum vt_row_count {
	VT_ROW_ONE,
	VT_ROW_TEXT,     /* one, unless the span is empty */
	VT_ROW_DELTA,    /* one, unless the content has no delta */
	VT_ROW_RULE,     /* one in the withdrawal of a rule, else none */
	VT_ROW_NOT_RULE, /* the other way round */
	VT_ROW_MANY,     /* `most` at most: a pointer, and a size_t at `count` */
};
struct vt_row {
	const char *key;
	enum vt_form_id form;
	enum vt_row_count times;
	size_t at; /* in struct vt_entry, as is `count` */
	size_t count;
	size_t most;
};
/* The keys of a kind in their order. */
const struct vt_row *vt_rows_of(enum vt_entry_kind k, size_t *out_n);

/* What the forms of single values can't say; NULL if the entry is fine. */
const char *vt_entry_wrong(const struct vt_entry *e);

/* The order of names: byte by byte, a prefix first. */
static inline int vt_name_compare(vt_span a, vt_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* A value: printable ASCII, not empty, no space at either end. */
bool vt_value_ok(vt_span s);
/* A file's name in a set: [A-Za-z0-9][A-Za-z0-9._-]*, at most VT_ENTRY_FILE_MAX. */
bool vt_file_name_ok(vt_span s);
/* [a-z0-9][a-z0-9._-]*, at most VT_ENTRY_NAME_MAX. */
bool vt_name_ok(vt_span s);

#endif
