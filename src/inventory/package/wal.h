/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's write-ahead log (sqlite.org, "WAL-mode file format"): what was committed but not yet
 * written into the database is put into a copy of the database in memory.
 */
#ifndef VT_INVENTORY_PACKAGE_WAL_H
#define VT_INVENTORY_PACKAGE_WAL_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Puts the committed pages of `wal` into `db`, a whole database file, as a reader of both would see
 * it; an empty, reset or not committed log changes nothing. VT_EFORMAT: no database, or a log of
 * another one; VT_EVERSION; VT_ELIMIT past db->max; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_wal_apply(vt_span wal, vt_buf *db);
/* Makes a reader treat the copy as a database without a log. VT_EFORMAT: it is no database. */
VT_MUST_USE vt_err vt_wal_forget(vt_buf *db);

#endif
