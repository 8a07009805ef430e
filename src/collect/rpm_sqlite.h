/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's database in SQLite: table Packages(hnum, blob), and index tables with hnum. */
#ifndef VT_COLLECT_RPM_SQLITE_H
#define VT_COLLECT_RPM_SQLITE_H

#include "base/buf.h"
#include "base/err.h"

/* Each header; valid during the call. fn returns VT_OK to go on. */
typedef vt_err vt_rpm_blob_fn(void *ctx, vt_span blob);
/*
 * Reads a database that lies in memory, with the write-ahead log beside it (empty: none), which is
 * put into it. No file is opened. VT_EFORMAT: SQLite calls it corrupt, there is no such table, or
 * an index speaks of packages that are not there; VT_ELIMIT; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_rpm_sqlite(vt_span log, vt_buf *database, vt_rpm_blob_fn *fn, void *ctx);

#endif
