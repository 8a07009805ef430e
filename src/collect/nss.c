/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/nss.h"

#include <sqlite3.h>

#define STEPS_MAX 20000000 /* of SQLite's virtual machine: a hostile schema can loop for long */

static int on_steps(void *ctx)
{
	(void)ctx;
	return 1; /* enough */
}

static vt_err query(sqlite3 *db, vt_certificate_fn *fn, void *ctx)
{
	static const char text[] = "SELECT a3, a11 FROM nssPublic WHERE a0 = x'00000001'";
	sqlite3_stmt *s = NULL;
	int r;

	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
		return VT_EFORMAT;
	while ((r = sqlite3_step(s)) == SQLITE_ROW) {
		const void *label = sqlite3_column_blob(s, 0), *der = sqlite3_column_blob(s, 1);
		int label_n = sqlite3_column_bytes(s, 0), der_n = sqlite3_column_bytes(s, 1);

		if (der && der_n > 0)
			fn(ctx, vt_span_of(label ? label : "", label ? (size_t)label_n : 0),
				vt_span_of(der, (size_t)der_n));
	}
	(void)sqlite3_finalize(s);
	return r == SQLITE_DONE ? VT_OK : r == SQLITE_NOMEM ? VT_ENOMEM : VT_EFORMAT;
}

vt_err vt_nss_each(vt_buf *b, vt_certificate_fn *fn, void *ctx)
{
	sqlite3 *db = NULL;
	vt_err e = VT_EFORMAT;

	if (b->n < 100 || !vt_span_at(vt_buf_span(b), 0, "SQLite format 3", 16))
		return VT_EFORMAT;
	/* A log to be replayed can't be in memory; what it would add is a state that was not
	 * committed to the file yet. */
	b->p[18] = b->p[19] = 1;
	if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) !=
		SQLITE_OK) {
		(void)sqlite3_close(db);
		return VT_ENOMEM;
	}
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_progress_handler(db, STEPS_MAX, on_steps, NULL);
	if (sqlite3_deserialize(db, "main", b->p, (sqlite3_int64)b->n, (sqlite3_int64)b->n,
		    SQLITE_DESERIALIZE_READONLY) == SQLITE_OK)
		e = query(db, fn, ctx);
	(void)sqlite3_close(db);
	return e;
}
