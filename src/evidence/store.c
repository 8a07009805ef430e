/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "evidence/internal.h"

/* docs/formats/evidence.md describes each column. */
static const char schema[] =
	"CREATE TABLE run(run INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, started INTEGER, ended "
	"INTEGER, tool TEXT, machine TEXT, host TEXT, user TEXT, command TEXT, catalogue TEXT, "
	"catalogue_sha256 TEXT, catalogue_position TEXT, rules_sha256 TEXT);"
	"CREATE TABLE subject(run INTEGER, n INTEGER, kind INTEGER, name BLOB, sha256 TEXT, "
	"platform TEXT, parent INTEGER, hidden INTEGER, PRIMARY KEY(run, n)) WITHOUT ROWID;"
	"CREATE TABLE coverage(run INTEGER, subject INTEGER, area TEXT, asked INTEGER, answer "
	"INTEGER, seen INTEGER, read INTEGER, sources INTEGER, broken INTEGER, PRIMARY KEY(run, "
	"subject, area)) "
	"WITHOUT ROWID;"
	"CREATE TABLE miss(run INTEGER, subject INTEGER, area TEXT, why TEXT, n INTEGER, "
	"PRIMARY KEY(run, subject, area, why)) WITHOUT ROWID;"
	"CREATE TABLE missed(run INTEGER, n INTEGER, subject INTEGER, area TEXT, why TEXT, locus "
	"BLOB, PRIMARY KEY(run, n)) WITHOUT ROWID;"
	"CREATE TABLE component(run INTEGER, n INTEGER, subject INTEGER, locus BLOB, manager BLOB, "
	"name BLOB, version BLOB, arch BLOB, vendor BLOB, status BLOB, source BLOB, purl BLOB, cpe "
	"BLOB, license BLOB, installed INTEGER, PRIMARY KEY(run, n)) WITHOUT ROWID;"
	"CREATE TABLE observation(run INTEGER, id INTEGER, subject INTEGER, kind TEXT, locus BLOB, "
	"rule TEXT, product TEXT, raw BLOB, sha256 TEXT, repeat BLOB, decisive INTEGER, embedded "
	"INTEGER, memory INTEGER, hidden INTEGER, PRIMARY KEY(run, id)) WITHOUT ROWID;"
	"CREATE TABLE finding(run INTEGER, n INTEGER, id TEXT, product TEXT, subject INTEGER, "
	"place "
	"BLOB, confidence INTEGER, embedded INTEGER, hidden INTEGER, why TEXT, PRIMARY KEY(run, "
	"n)) "
	"WITHOUT ROWID;"
	"CREATE TABLE finding_observation(run INTEGER, finding INTEGER, observation INTEGER, "
	"PRIMARY KEY(run, finding, observation)) WITHOUT ROWID;"
	"PRAGMA application_id=1449751633;" /* "Vi" */
	"PRAGMA user_version=1;";
#define APPLICATION 1449751633
#define VERSION 1

vt_err vt_evidence_db_fail(struct vt_evidence_db *d, vt_err e)
{
	(void)snprintf(d->why, VT_EVIDENCE_WHY_MAX, "%s", sqlite3_errmsg(d->db));
	return e;
}

static vt_err number_of(struct vt_evidence_db *d, const char *sql, int64_t *out)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) != SQLITE_OK)
		return vt_evidence_db_fail(d, VT_EFORMAT);
	*out = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return VT_OK;
}

vt_err vt_evidence_db_exec(struct vt_evidence_db *d, const char *sql)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK
		? VT_OK
		: vt_evidence_db_fail(d, VT_EIO);
}

/* Is this file ours, and of a version that we read? An empty one becomes ours. */
static vt_err recognise(struct vt_evidence_db *d, bool write)
{
	int64_t app, version, tables;
	vt_err e = number_of(d, "PRAGMA application_id", &app);

	if (!e)
		e = number_of(d, "PRAGMA user_version", &version);
	if (!e)
		e = number_of(d, "SELECT count(*) FROM sqlite_master", &tables);
	if (e)
		return e;
	if (write && app == 0 && tables == 0)
		return vt_evidence_db_exec(d, schema);
	if (app != APPLICATION) {
		(void)snprintf(d->why, VT_EVIDENCE_WHY_MAX, "it is not an evidence file");
		return VT_EFORMAT;
	}
	if (version != VERSION) {
		(void)snprintf(d->why, VT_EVIDENCE_WHY_MAX,
			"it has version %lld, and this program reads %d", (long long)version,
			VERSION);
		return VT_EVERSION;
	}
	return VT_OK;
}

/* The file with mode 0600, before SQLite makes one of its own. */
static vt_err touch(const char *path, char *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0) {
		(void)snprintf(why, VT_EVIDENCE_WHY_MAX, "%s", strerror(errno));
		return VT_EIO;
	}
	close(fd);
	return VT_OK;
}

vt_err vt_evidence_db_open(struct vt_evidence_db *d, const char *path, bool write, char *why)
{
	int flags = write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	vt_err e = write ? touch(path, why) : VT_OK;

	*d = (struct vt_evidence_db){.why = why};
	if (e)
		return e;
	if (!write && access(path, R_OK) != 0) {
		(void)snprintf(why, VT_EVIDENCE_WHY_MAX, "%s", strerror(errno));
		return errno == ENOENT ? VT_END : VT_EIO;
	}
	if (sqlite3_open_v2(path, &d->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		e = vt_evidence_db_fail(d, VT_EIO);
		vt_evidence_db_close(d);
		return e;
	}
	/* The file may come from somebody else: no code of its schema runs. */
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_busy_timeout(d->db, 10000);
	e = recognise(d, write);
	if (e)
		vt_evidence_db_close(d);
	return e;
}

void vt_evidence_db_close(struct vt_evidence_db *d)
{
	(void)sqlite3_close(d->db);
	d->db = NULL;
}

vt_err vt_evidence_runs(
	const char *path, vt_evidence_run_fn *fn, void *ctx, char why[VT_EVIDENCE_WHY_MAX])
{
	static const char sql[] =
		"SELECT id, started, ended, host, command, (SELECT count(*) FROM subject s WHERE "
		"s.run=r.run), (SELECT count(*) FROM observation o WHERE o.run=r.run), (SELECT "
		"count(*) FROM finding f WHERE f.run=r.run) FROM run r ORDER BY run DESC";
	struct vt_evidence_db d;
	sqlite3_stmt *s = NULL;
	vt_err e = vt_evidence_db_open(&d, path, false, why);

	if (e)
		return e;
	if (sqlite3_prepare_v2(d.db, sql, -1, &s, NULL) != SQLITE_OK)
		e = vt_evidence_db_fail(&d, VT_EFORMAT);
	while (!e && sqlite3_step(s) == SQLITE_ROW) {
		struct vt_evidence_run r = {
			.started = sqlite3_column_int64(s, 1),
			.ended = sqlite3_column_int64(s, 2),
			.subjects = (uint64_t)sqlite3_column_int64(s, 5),
			.observations = (uint64_t)sqlite3_column_int64(s, 6),
			.findings = (uint64_t)sqlite3_column_int64(s, 7),
		};
		const char *text[] = {(const char *)sqlite3_column_text(s, 0),
			(const char *)sqlite3_column_text(s, 3),
			(const char *)sqlite3_column_text(s, 4)};

		(void)snprintf(r.id, sizeof r.id, "%s", text[0] ? text[0] : "");
		(void)snprintf(r.host, sizeof r.host, "%s", text[1] ? text[1] : "");
		(void)snprintf(r.command, sizeof r.command, "%s", text[2] ? text[2] : "");
		fn(ctx, &r);
	}
	sqlite3_finalize(s);
	vt_evidence_db_close(&d);
	return e;
}
