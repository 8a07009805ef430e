/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the evidence file as a survey. What the file says is checked before it is an index. */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "evidence/internal.h"

struct load {
	struct vt_evidence_db d;
	int64_t run;
	struct vt_survey *s;
	size_t findings;  /* what there is room for */
	uint32_t finding; /* whose links come */
	size_t links;     /* of it, still to come */
};
/* Takes one row. VT_EFORMAT: it makes no sense. */
typedef vt_err row_fn(struct load *l, sqlite3_stmt *row);

static vt_span bytes_of(sqlite3_stmt *row, int column)
{
	const void *p = sqlite3_column_blob(row, column);

	return p ? vt_span_of(p, (size_t)sqlite3_column_bytes(row, column)) : vt_span_of("", 0);
}

/* A number that must be below `end`. */
static bool below(sqlite3_stmt *row, int column, uint64_t end, uint32_t *out)
{
	int64_t v = sqlite3_column_int64(row, column);

	if (v < 0 || (uint64_t)v >= end || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static vt_err take_subject(struct load *l, sqlite3_stmt *row)
{
	struct vt_subject v = {
		.name = bytes_of(row, 1),
		.sha256 = bytes_of(row, 2),
		.platform = bytes_of(row, 3),
		.hidden = sqlite3_column_int(row, 5) != 0,
	};
	uint32_t kind;

	if (!below(row, 0, VT_SUBJECT_DISK + 1, &kind) ||
		!below(row, 4, l->s->nsubjects + 1, &v.parent))
		return VT_EFORMAT;
	v.kind = (enum vt_subject_kind)kind;
	return vt_survey_subject(l->s, &v, NULL);
}

static vt_err take_coverage(struct load *l, sqlite3_stmt *row)
{
	uint32_t subject, answer;
	struct vt_coverage *c;
	enum vt_area area;

	if (!below(row, 0, l->s->nsubjects, &subject) || !vt_area_find(bytes_of(row, 1), &area) ||
		!below(row, 3, VT_ANSWER_FOUND + 1, &answer))
		return VT_EFORMAT;
	c = &l->s->subjects[subject].coverage[area];
	l->s->subjects[subject].asked[area] = sqlite3_column_int(row, 2) != 0;
	l->s->subjects[subject].answer[area] = (enum vt_answer)answer;
	c->seen = (uint64_t)sqlite3_column_int64(row, 4);
	c->read = (uint64_t)sqlite3_column_int64(row, 5);
	c->sources = (uint64_t)sqlite3_column_int64(row, 6);
	c->broken = (uint64_t)sqlite3_column_int64(row, 7);
	return VT_OK;
}

static bool miss_of(vt_span word, enum vt_miss *out)
{
	for (unsigned m = 0; m < VT_MISSES; m++)
		if (vt_span_eq(word, vt_span_str(vt_miss_word((enum vt_miss)m)))) {
			*out = (enum vt_miss)m;
			return true;
		}
	return false;
}

static vt_err take_miss(struct load *l, sqlite3_stmt *row)
{
	uint32_t subject;
	enum vt_area area;
	enum vt_miss miss;

	if (!below(row, 0, l->s->nsubjects, &subject) || !vt_area_find(bytes_of(row, 1), &area) ||
		!miss_of(bytes_of(row, 2), &miss))
		return VT_EFORMAT;
	l->s->subjects[subject].coverage[area].misses[miss] =
		(uint64_t)sqlite3_column_int64(row, 3);
	return VT_OK;
}

static vt_err take_missed(struct load *l, sqlite3_stmt *row)
{
	struct vt_missed m = {.locus = bytes_of(row, 3)};

	if (!below(row, 0, l->s->nsubjects, &m.subject) ||
		!vt_area_find(bytes_of(row, 1), &m.area) || !miss_of(bytes_of(row, 2), &m.why))
		return VT_EFORMAT;
	return vt_survey_miss(l->s, &m);
}

static vt_err take_component(struct load *l, sqlite3_stmt *row)
{
	struct vt_component c = {.installed = sqlite3_column_int(row, 12) != 0};
	vt_span *const columns[] = {&c.locus, &c.manager, &c.name, &c.version, &c.arch, &c.vendor,
		&c.status, &c.source, &c.purl, &c.cpe, &c.license};

	if (!below(row, 0, l->s->nsubjects, &c.subject))
		return VT_EFORMAT;
	for (size_t n = 0; n < VT_COUNT(columns); n++)
		*columns[n] = bytes_of(row, (int)n + 1);
	return vt_survey_component(l->s, &c);
}

static vt_err take_observation(struct load *l, sqlite3_stmt *row)
{
	struct vt_observation o = {
		.locus = bytes_of(row, 2),
		.rule = bytes_of(row, 3),
		.product = bytes_of(row, 4),
		.raw = bytes_of(row, 5),
		.sha256 = bytes_of(row, 6),
		.repeat = bytes_of(row, 7),
		.decisive = sqlite3_column_int(row, 8) != 0,
		.embedded = sqlite3_column_int(row, 9) != 0,
		.memory = sqlite3_column_int(row, 10) != 0,
		.hidden = sqlite3_column_int(row, 11) != 0,
	};

	if (!below(row, 0, l->s->nsubjects, &o.subject) || !vt_fact_find(bytes_of(row, 1), &o.kind))
		return VT_EFORMAT;
	return vt_survey_observe(l->s, &o);
}

/* The array was made by count, which a file that is written to meanwhile may belie. */
static vt_err take_finding(struct load *l, sqlite3_stmt *row)
{
	struct vt_finding *f = &l->s->findings[l->s->nfindings];
	bool ok = true;

	if (l->s->nfindings == l->findings)
		return VT_EFORMAT;
	f->id = vt_survey_copy(l->s, bytes_of(row, 0), VT_SURVEY_TEXT_MAX, &ok);
	f->product = vt_survey_copy(l->s, bytes_of(row, 1), VT_SURVEY_TEXT_MAX, &ok);
	f->place = vt_survey_copy(l->s, bytes_of(row, 3), VT_FACT_VALUE_MAX, &ok);
	f->why = (const char *)vt_survey_copy(l->s, bytes_of(row, 7), VT_SURVEY_TEXT_MAX, &ok).p;
	if (!below(row, 2, l->s->nsubjects, &f->subject))
		return VT_EFORMAT;
	f->confidence = sqlite3_column_int(row, 4) == VT_CONFIDENCE_CONFIRMED
		? VT_CONFIDENCE_CONFIRMED
		: VT_CONFIDENCE_CANDIDATE;
	f->embedded = sqlite3_column_int(row, 5) != 0;
	f->hidden = sqlite3_column_int(row, 6) != 0;
	l->s->nfindings++;
	return ok ? VT_OK : VT_ENOMEM;
}

/*
 * Rows come in the order of findings: count first, then fill. In a table that somebody else made,
 * 1, 1.5 and '1' are different to SQLite and one number here.
 */
static vt_err take_link(struct load *l, sqlite3_stmt *row)
{
	uint32_t finding, observation;
	struct vt_finding *f;

	if (!below(row, 0, l->s->nfindings, &finding) ||
		!below(row, 1, l->s->nobservations, &observation))
		return VT_EFORMAT;
	f = &l->s->findings[finding];
	if (!l->links) {
		if (f->observations)
			return VT_EFORMAT;
		l->finding = finding;
		l->links = (size_t)sqlite3_column_int64(row, 2);
		f->observations = vt_arena_array(&l->s->arena, (size_t)sqlite3_column_int64(row, 2),
			sizeof *f->observations);
		if (!f->observations)
			return VT_ENOMEM;
	}
	if (l->finding != finding || !l->links)
		return VT_EFORMAT;
	l->links--;
	f->observations[f->n++] = observation;
	return VT_OK;
}

static vt_err rows(struct load *l, const char *sql, row_fn *take)
{
	sqlite3_stmt *s;
	vt_err e = VT_OK;
	int r = SQLITE_DONE;

	if (sqlite3_prepare_v2(l->d.db, sql, -1, &s, NULL) != SQLITE_OK)
		return vt_evidence_db_fail(&l->d, VT_EFORMAT);
	(void)sqlite3_bind_int64(s, 1, l->run);
	while (!e && (r = sqlite3_step(s)) == SQLITE_ROW)
		e = take(l, s);
	if (!e && r != SQLITE_DONE)
		e = vt_evidence_db_fail(&l->d, VT_EFORMAT);
	else if (e == VT_EFORMAT)
		(void)snprintf(l->d.why, VT_EVIDENCE_WHY_MAX, "it contradicts itself");
	sqlite3_finalize(s);
	return e;
}

static vt_err take_run(struct load *l, sqlite3_stmt *row)
{
	struct vt_survey *s = l->s;
	vt_span *const columns[] = {&s->id, &s->tool, &s->machine, &s->host, &s->user, &s->command,
		&s->catalogue_id, &s->catalogue_sha256, &s->catalogue_position, &s->rules_sha256};
	bool ok = true;

	for (size_t n = 0; n < VT_COUNT(columns); n++)
		*columns[n] = vt_survey_copy(s, bytes_of(row, (int)n), VT_FACT_VALUE_MAX, &ok);
	s->started = sqlite3_column_int64(row, 10);
	s->ended = sqlite3_column_int64(row, 11);
	return ok ? VT_OK : VT_ENOMEM;
}

static vt_err count_findings(struct load *l, sqlite3_stmt *row)
{
	int64_t n = sqlite3_column_int64(row, 0);

	l->findings = (size_t)n;
	l->s->findings = vt_arena_array(&l->s->arena, (size_t)n + 1, sizeof *l->s->findings);
	return l->s->findings ? VT_OK : VT_ENOMEM;
}

/* The number of the run that is meant. */
static vt_err find_run(struct load *l, const char *run)
{
	sqlite3_stmt *s;
	const char *sql = run ? "SELECT run FROM run WHERE substr(id, 1, length(?1)) = ?1"
			      : "SELECT max(run) FROM run HAVING count(*) > 0";
	vt_err e = VT_OK;

	if (sqlite3_prepare_v2(l->d.db, sql, -1, &s, NULL) != SQLITE_OK)
		return vt_evidence_db_fail(&l->d, VT_EFORMAT);
	if (run)
		(void)sqlite3_bind_text(s, 1, run, -1, SQLITE_STATIC);
	if (sqlite3_step(s) != SQLITE_ROW) {
		(void)snprintf(l->d.why, VT_EVIDENCE_WHY_MAX,
			run ? "there is no run of that id" : "there is no run in it");
		e = VT_END;
	} else {
		l->run = sqlite3_column_int64(s, 0);
		if (sqlite3_step(s) == SQLITE_ROW) {
			(void)snprintf(l->d.why, VT_EVIDENCE_WHY_MAX,
				"more than one run's id begins like this");
			e = VT_END;
		}
	}
	sqlite3_finalize(s);
	return e;
}

static const struct {
	const char *sql;
	row_fn *take;
} tables[] = {
	{"SELECT id, tool, machine, host, user, command, catalogue, catalogue_sha256, "
	 "catalogue_position, rules_sha256, started, ended FROM run WHERE run=?",
		take_run},
	{"SELECT kind, name, sha256, platform, parent, hidden FROM subject WHERE run=? ORDER BY n",
		take_subject},
	{"SELECT subject, area, asked, answer, seen, read, sources, broken FROM coverage WHERE "
	 "run=?",
		take_coverage},
	{"SELECT subject, area, why, n FROM miss WHERE run=?", take_miss},
	{"SELECT subject, area, why, locus FROM missed WHERE run=? ORDER BY n", take_missed},
	{"SELECT subject, locus, manager, name, version, arch, vendor, status, source, purl, cpe, "
	 "license, installed FROM component WHERE run=? ORDER BY n",
		take_component},
	{"SELECT subject, kind, locus, rule, product, raw, sha256, repeat, decisive, embedded, "
	 "memory, hidden FROM observation WHERE run=? ORDER BY id",
		take_observation},
	{"SELECT count(*) FROM finding WHERE run=?", count_findings},
	{"SELECT id, product, subject, place, confidence, embedded, hidden, why FROM finding WHERE "
	 "run=? ORDER BY n",
		take_finding},
	{"SELECT finding, observation, (SELECT count(*) FROM finding_observation b WHERE "
	 "b.run=a.run "
	 "AND b.finding=a.finding) FROM finding_observation a WHERE run=? ORDER BY finding, "
	 "observation",
		take_link},
};

vt_err vt_evidence_load(
	const char *path, const char *run, struct vt_survey **out, char why[VT_EVIDENCE_WHY_MAX])
{
	struct load l = {0};
	vt_err e = vt_evidence_db_open(&l.d, path, false, why);

	if (e)
		return e;
	e = vt_survey_new(VT_SURVEY_MEMORY, &l.s);
	if (!e)
		e = find_run(&l, run);
	for (size_t i = 0; i < VT_COUNT(tables) && !e; i++)
		e = rows(&l, tables[i].sql, tables[i].take);
	vt_evidence_db_close(&l.d);
	if (e)
		vt_survey_free(l.s);
	else
		*out = l.s;
	return e;
}
