/* SPDX-License-Identifier: Apache-2.0 */
/* The open evidence file, for the files of this folder. */
#ifndef VT_EVIDENCE_INTERNAL_H
#define VT_EVIDENCE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "evidence/store.h"

struct vt_evidence_db {
	sqlite3 *db;
	char *why; /* VT_EVIDENCE_WHY_MAX */
};

/* VT_END: no such file (reading only). */
VT_MUST_USE vt_err vt_evidence_db_open(
	struct vt_evidence_db *d, const char *path, bool write, char *why);
void vt_evidence_db_close(struct vt_evidence_db *d);
/* Takes SQLite's message down, and returns e. */
vt_err vt_evidence_db_fail(struct vt_evidence_db *d, vt_err e);
VT_MUST_USE vt_err vt_evidence_db_exec(struct vt_evidence_db *d, const char *sql);

#endif
