/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's database in SQLite, from memory (sqlite3_deserialize). The file is hostile: views instead
 * of tables, endless recursion in them and functions of extensions are cut off (sqlite.org,
 * "Defense against the dark arts").
 */
#include "collect/rpm_sqlite.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "inventory/package/wal.h"

#define STEPS 1000u
#define TICKS_MAX 200000u /* times STEPS instructions of SQLite's machine */
#define BLOB_MAX (256 << 20)

static int on_tick(void *ctx)
{
	unsigned *ticks = ctx;

	return ++*ticks > TICKS_MAX;
}

/*
 * Reads of tables, and count(). A column that is computed by functions would otherwise cost more
 * than the steps that on_tick() counts.
 */
static int on_authorize(
	void *ctx, int what, const char *a, const char *b, const char *c, const char *d)
{
	(void)ctx;
	(void)a;
	(void)c;
	(void)d;
	if (what == SQLITE_SELECT || what == SQLITE_READ ||
		(what == SQLITE_FUNCTION && b && strcmp(b, "count") == 0))
		return SQLITE_OK;
	return SQLITE_DENY;
}

static vt_err err_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW: return VT_OK;
	case SQLITE_NOMEM: return VT_ENOMEM;
	case SQLITE_INTERRUPT:
	case SQLITE_TOOBIG: return VT_ELIMIT;
	default: return VT_EFORMAT;
	}
}

static vt_err open_memory(vt_buf *database, unsigned *ticks, sqlite3 **out)
{
	sqlite3 *db = NULL;
	vt_err e;
	int rc = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_deserialize(db, "main", database->p, (sqlite3_int64)database->n,
			(sqlite3_int64)database->n, SQLITE_DESERIALIZE_READONLY);
	e = err_of(rc);
	if (e) {
		(void)sqlite3_close(db);
		return e;
	}
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, BLOB_MAX);
	sqlite3_progress_handler(db, STEPS, on_tick, ticks);
	(void)sqlite3_set_authorizer(db, on_authorize, NULL);
	*out = db;
	return VT_OK;
}

/* One number, or VT_EFORMAT. */
static vt_err ask_number(sqlite3 *db, const char *sql, sqlite3_int64 *out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	return rc == SQLITE_DONE ? VT_EFORMAT : err_of(rc);
}

/* Headers are in the file, so that no more of them than that can come out. */
static vt_err each_header(sqlite3 *db, size_t size, vt_rpm_blob_fn *fn, void *ctx)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT blob FROM Packages ORDER BY hnum", -1, &q, NULL);
	vt_err e = err_of(rc);

	while (!e && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		const void *p = sqlite3_column_blob(q, 0);
		size_t n = (size_t)sqlite3_column_bytes(q, 0);

		e = n <= size ? fn(ctx, vt_span_of(p, n)) : VT_EFORMAT;
		size -= n <= size ? n : 0;
	}
	if (!e)
		e = err_of(rc);
	(void)sqlite3_finalize(q);
	return e;
}

/* A table of its own pages: not a view, and not one that a module makes up. */
#define IS_TABLE(name)                                                                             \
	"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = "     \
	"'" name "'"
#define LOST "SELECT count(*) FROM Name WHERE hnum NOT IN (SELECT hnum FROM Packages)"

vt_err vt_rpm_sqlite(vt_span log, vt_buf *database, vt_rpm_blob_fn *fn, void *ctx)
{
	sqlite3_int64 n = 0;
	unsigned ticks = 0;
	sqlite3 *db = NULL;
	vt_err e = vt_wal_apply(log, database);

	if (!e)
		e = vt_wal_forget(database);
	if (!e)
		e = open_memory(database, &ticks, &db);
	if (!e)
		e = ask_number(db, IS_TABLE("Packages"), &n);
	if (!e && n != 1)
		e = VT_EFORMAT;
	if (!e)
		e = each_header(db, database->n, fn, ctx);
	if (!e)
		e = ask_number(db, IS_TABLE("Name"), &n);
	/* an entry was taken out by somebody who did not know of the indexes */
	if (!e && n == 1) {
		e = ask_number(db, LOST, &n);
		if (!e && n)
			e = VT_EFORMAT;
	}
	(void)sqlite3_close(db);
	return e;
}
