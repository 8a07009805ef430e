/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a statement share. */
#ifndef VT_REPORT_STATEMENT_PARTS_H
#define VT_REPORT_STATEMENT_PARTS_H

#include <jansson.h>

#include "report/json.h"
#include "report/statement.h"

extern const char *const vt_statement_runs[3]; /* names of the members that are runs */

void vt_statement_run(struct vt_json *j, const char *key, const struct vt_report_run *r);
/* SHA-256 over all observations, hex. */
VT_MUST_USE vt_err vt_observations_hash(const struct vt_survey *s, char out[65]);

/* Reading: where we are is told by the caller once it fails. */
struct vt_statement_reader {
	struct vt_statement *s;
	struct vt_doc_error *why;
	vt_err e; /* the first error sticks */
};

/* Members of an object. Each sets r->e if it is missing or of another kind. */
vt_span vt_statement_text(struct vt_statement_reader *r, const json_t *o, const char *key);
vt_span vt_statement_some(struct vt_statement_reader *r, const json_t *o, const char *key);
uint64_t vt_statement_number(struct vt_statement_reader *r, const json_t *o, const char *key);
int64_t vt_statement_time(struct vt_statement_reader *r, const json_t *o, const char *key);
bool vt_statement_flag(const json_t *o, const char *key); /* missing: false */
const json_t *vt_statement_list(struct vt_statement_reader *r, const json_t *o, const char *key);
const json_t *vt_statement_object(struct vt_statement_reader *r, const json_t *o, const char *key);
void vt_statement_fail(struct vt_statement_reader *r, const char *where, const char *cause);
struct vt_strings_of vt_statement_strings(
	struct vt_statement_reader *r, const json_t *o, const char *key);

/* One run into a survey; `i`: which of the three. */
void vt_statement_read_run(struct vt_statement_reader *r, const json_t *o, size_t i);

#endif
