/* SPDX-License-Identifier: Apache-2.0 */
/* A survey into the evidence file, in one transaction. */
#include <stdio.h>

#include "base/num.h"
#include "evidence/internal.h"

/* A statement that is filled in column by column, and run once a row. */
struct insert {
	struct vt_evidence_db *d;
	sqlite3_stmt *s;
	int column;
	vt_err e;
};

static struct insert insert_into(struct vt_evidence_db *d, const char *sql)
{
	struct insert i = {.d = d};

	if (sqlite3_prepare_v2(d->db, sql, -1, &i.s, NULL) != SQLITE_OK)
		i.e = vt_evidence_db_fail(d, VT_EIO);
	return i;
}

static void put_number(struct insert *i, int64_t v)
{
	if (!i->e && sqlite3_bind_int64(i->s, ++i->column, v) != SQLITE_OK)
		i->e = vt_evidence_db_fail(i->d, VT_EIO);
}

/* Bytes that may be no text. */
static void put_bytes(struct insert *i, vt_span v)
{
	if (!i->e &&
		sqlite3_bind_blob64(i->s, ++i->column, v.n ? (const void *)v.p : "", v.n,
			SQLITE_STATIC) != SQLITE_OK)
		i->e = vt_evidence_db_fail(i->d, VT_EIO);
}

static void put_text(struct insert *i, vt_span v)
{
	if (!i->e &&
		sqlite3_bind_text64(i->s, ++i->column, v.n ? (const char *)v.p : "", v.n,
			SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
		i->e = vt_evidence_db_fail(i->d, VT_EIO);
}

static void put_word(struct insert *i, const char *v)
{
	put_text(i, vt_span_str(v));
}

static void put_row(struct insert *i)
{
	if (!i->e && sqlite3_step(i->s) != SQLITE_DONE)
		i->e = vt_evidence_db_fail(i->d, VT_EIO);
	if (!i->e)
		(void)sqlite3_reset(i->s);
	i->column = 0;
}

static vt_err insert_end(struct insert *i)
{
	sqlite3_finalize(i->s);
	return i->e;
}

static vt_err save_run(struct vt_evidence_db *d, const struct vt_survey *s, int64_t *out_run)
{
	struct insert i = insert_into(d,
		"INSERT INTO run(id, started, ended, tool, machine, host, user, command, "
		"catalogue, catalogue_sha256, catalogue_position, rules_sha256) "
		"VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");

	put_text(&i, s->id);
	put_number(&i, s->started);
	put_number(&i, s->ended);
	put_text(&i, s->tool);
	put_text(&i, s->machine);
	put_text(&i, s->host);
	put_text(&i, s->user);
	put_text(&i, s->command);
	put_text(&i, s->catalogue_id);
	put_text(&i, s->catalogue_sha256);
	put_text(&i, s->catalogue_position);
	put_text(&i, s->rules_sha256);
	put_row(&i);
	*out_run = sqlite3_last_insert_rowid(d->db);
	return insert_end(&i);
}

static vt_err save_subjects(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i = insert_into(d, "INSERT INTO subject VALUES(?,?,?,?,?,?,?,?)");

	for (size_t k = 0; k < s->nsubjects; k++) {
		const struct vt_subject *v = &s->subjects[k];

		put_number(&i, run);
		put_number(&i, (int64_t)k);
		put_number(&i, v->kind);
		put_bytes(&i, v->name);
		put_text(&i, v->sha256);
		put_text(&i, v->platform);
		put_number(&i, v->parent);
		put_number(&i, v->hidden);
		put_row(&i);
	}
	return insert_end(&i);
}

static vt_err save_coverage(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i = insert_into(d, "INSERT INTO coverage VALUES(?,?,?,?,?,?,?,?,?)");

	for (size_t k = 0; k < s->nsubjects; k++)
		for (unsigned a = 0; a < VT_AREAS; a++) {
			const struct vt_coverage *c = &s->subjects[k].coverage[a];

			put_number(&i, run);
			put_number(&i, (int64_t)k);
			put_word(&i, vt_area_word((enum vt_area)a));
			put_number(&i, s->subjects[k].asked[a]);
			put_number(&i, s->subjects[k].answer[a]);
			put_number(&i, (int64_t)c->seen);
			put_number(&i, (int64_t)c->read);
			put_number(&i, (int64_t)c->sources);
			put_number(&i, (int64_t)c->broken);
			put_row(&i);
		}
	return insert_end(&i);
}

static vt_err save_misses(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i = insert_into(d, "INSERT INTO miss VALUES(?,?,?,?,?)");

	for (size_t k = 0; k < s->nsubjects; k++)
		for (unsigned a = 0; a < VT_AREAS; a++)
			for (unsigned m = 0; m < VT_MISSES; m++) {
				uint64_t n = s->subjects[k].coverage[a].misses[m];

				if (!n)
					continue;
				put_number(&i, run);
				put_number(&i, (int64_t)k);
				put_word(&i, vt_area_word((enum vt_area)a));
				put_word(&i, vt_miss_word((enum vt_miss)m));
				put_number(&i, (int64_t)n);
				put_row(&i);
			}
	return insert_end(&i);
}

static vt_err save_missed(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i = insert_into(d, "INSERT INTO missed VALUES(?,?,?,?,?,?)");

	for (size_t k = 0; k < s->nmissed; k++) {
		const struct vt_missed *m = &s->missed[k];

		put_number(&i, run);
		put_number(&i, (int64_t)k);
		put_number(&i, m->subject);
		put_word(&i, vt_area_word(m->area));
		put_word(&i, vt_miss_word(m->why));
		put_bytes(&i, m->locus);
		put_row(&i);
	}
	return insert_end(&i);
}

static vt_err save_components(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i =
		insert_into(d, "INSERT INTO component VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	for (size_t k = 0; k < s->ncomponents; k++) {
		const struct vt_component *c = &s->components[k];
		const vt_span columns[] = {c->locus, c->manager, c->name, c->version, c->arch,
			c->vendor, c->status, c->source, c->purl, c->cpe, c->license};

		put_number(&i, run);
		put_number(&i, (int64_t)k);
		put_number(&i, c->subject);
		for (size_t n = 0; n < VT_COUNT(columns); n++)
			put_bytes(&i, columns[n]);
		put_number(&i, c->installed);
		put_row(&i);
	}
	return insert_end(&i);
}

static vt_err save_observations(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i =
		insert_into(d, "INSERT INTO observation VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	for (size_t k = 0; k < s->nobservations; k++) {
		const struct vt_observation *o = &s->observations[k];

		put_number(&i, run);
		put_number(&i, (int64_t)o->id);
		put_number(&i, o->subject);
		put_word(&i, vt_fact_word(o->kind));
		put_bytes(&i, o->locus);
		put_text(&i, o->rule);
		put_text(&i, o->product);
		put_bytes(&i, o->raw);
		put_text(&i, o->sha256);
		put_bytes(&i, o->repeat);
		put_number(&i, o->decisive);
		put_number(&i, o->embedded);
		put_number(&i, o->memory);
		put_number(&i, o->hidden);
		put_row(&i);
	}
	return insert_end(&i);
}

static vt_err save_findings(struct vt_evidence_db *d, const struct vt_survey *s, int64_t run)
{
	struct insert i = insert_into(d, "INSERT INTO finding VALUES(?,?,?,?,?,?,?,?,?,?)");
	struct insert j = insert_into(d, "INSERT INTO finding_observation VALUES(?,?,?)");
	vt_err a, b;

	for (size_t k = 0; k < s->nfindings; k++) {
		const struct vt_finding *f = &s->findings[k];

		put_number(&i, run);
		put_number(&i, (int64_t)k);
		put_text(&i, f->id);
		put_text(&i, f->product);
		put_number(&i, f->subject);
		put_bytes(&i, f->place);
		put_number(&i, f->confidence);
		put_number(&i, f->embedded);
		put_number(&i, f->hidden);
		put_word(&i, f->why ? f->why : "");
		put_row(&i);
		for (size_t n = 0; n < f->n; n++) {
			put_number(&j, run);
			put_number(&j, (int64_t)k);
			put_number(&j, f->observations[n]);
			put_row(&j);
		}
	}
	a = insert_end(&i);
	b = insert_end(&j);
	return a ? a : b;
}

vt_err vt_evidence_save(const char *path, const struct vt_survey *s, char why[VT_EVIDENCE_WHY_MAX])
{
	static vt_err (*const parts[])(
		struct vt_evidence_db *, const struct vt_survey *, int64_t) = {
		save_subjects,
		save_coverage,
		save_misses,
		save_missed,
		save_components,
		save_observations,
		save_findings,
	};
	struct vt_evidence_db d;
	int64_t run;
	vt_err e = vt_evidence_db_open(&d, path, true, why);

	if (e)
		return e;
	e = vt_evidence_db_exec(&d, "BEGIN IMMEDIATE");
	if (!e)
		e = save_run(&d, s, &run);
	for (size_t i = 0; i < VT_COUNT(parts) && !e; i++)
		e = parts[i](&d, s, run);
	if (!e)
		e = vt_evidence_db_exec(&d, "COMMIT");
	vt_evidence_db_close(&d);
	return e;
}
