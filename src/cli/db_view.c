/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/compile.h"
#include "cli/db_ignore.h"
#include "os/fd.h"
#include "os/map.h"
#include "vitrine/engine.h"

/* Where the name of a rule stands: field `field` of a line split at `separator`. */
static const struct {
	const char *extension;
	char separator;
	unsigned field;
	const char *kind;
} line_kinds[] = {
	{"hdb", ':', 2, "MD5 of a whole object"},
	{"hsb", ':', 2, "SHA-1 or SHA-256 of a whole object"},
	{"hdu", ':', 2, "MD5 of a whole object (potentially unwanted)"},
	{"hsu", ':', 2, "SHA-1 or SHA-256 of a whole object (potentially unwanted)"},
	{"mdb", ':', 2, "MD5 of a section of an executable"},
	{"msb", ':', 2, "SHA-1 or SHA-256 of a section of an executable"},
	{"mdu", ':', 2, "MD5 of a section of an executable (potentially unwanted)"},
	{"msu", ':', 2, "SHA-1 or SHA-256 of a section of an executable (potentially unwanted)"},
	{"imp", ':', 2, "hash of the import table of an executable"},
	{"fp", ':', 2, "MD5 of an object that is allowed"},
	{"sfp", ':', 2, "SHA-1 or SHA-256 of an object that is allowed"},
	{"ndb", ':', 0, "byte pattern"},
	{"ndu", ':', 0, "byte pattern (potentially unwanted)"},
	{"sdb", ':', 0, "byte pattern"},
	{"db", '=', 0, "byte pattern"},
	{"ldb", ';', 0, "logical expression over patterns"},
	{"ldu", ';', 0, "logical expression over patterns (potentially unwanted)"},
	{"cdb", ':', 0, "member of a container"},
};

static size_t find_kind(vt_span set)
{
	for (size_t i = 0; i < VT_COUNT(line_kinds); i++) {
		const char *extension = line_kinds[i].extension;
		size_t n = strlen(extension);

		if (set.n > n && set.p[set.n - n - 1] == '.' &&
			strncasecmp((const char *)set.p + set.n - n, extension, n) == 0)
			return i;
	}
	return VT_COUNT(line_kinds);
}

const char *vt_line_kind(vt_span set_name)
{
	size_t i = find_kind(set_name);

	return i < VT_COUNT(line_kinds) ? line_kinds[i].kind : "not used";
}

vt_span vt_line_name(vt_span set_name, vt_span text)
{
	size_t i = find_kind(set_name);

	if (i == VT_COUNT(line_kinds) || text.n == 0 || text.p[0] == '#')
		return (vt_span){0};
	return vt_line_field(text, line_kinds[i].separator, line_kinds[i].field);
}

/* The set-aside lines are in order of lines. */
static const struct vt_image_aside *find_aside(const struct vt_db *db, uint32_t line)
{
	uint32_t lo = 0, hi = db->asides.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct vt_image_aside *a = vt_db_aside(db, mid);

		if (a && a->line < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	const struct vt_image_aside *a = vt_db_aside(db, lo);

	return a && a->line == line ? a : NULL;
}

struct each {
	const struct vt_db *db;
	vt_db_line_fn *fn;
	void *ctx;
	const struct vt_image_set *set;
	struct vt_db_ignores ignores;
};

static void find_state(const struct each *e, struct vt_db_line *line)
{
	const struct vt_image_aside *aside = find_aside(e->db, line->index);

	if (aside) {
		line->left_out = vt_aside_word(aside->what);
		line->cause = vt_db_string(e->db, aside->cause, aside->cause_size);
	} else if (vt_db_ignores_has(&e->ignores, line->name, line->text)) {
		line->left_out = "ignored";
		line->cause = vt_span_str("an ignore list names it");
	}
}

static vt_err on_line(void *ctx, uint32_t index, vt_span text)
{
	struct each *e = ctx;
	struct vt_db_line line = {.db = e->db, .index = index, .text = text};

	if (!e->set || index < e->set->first_line || index - e->set->first_line >= e->set->lines)
		e->set = vt_db_set_of_line(e->db, index);
	if (!e->set)
		return VT_OK;
	line.set = vt_db_set_name(e->db, e->set);
	line.number = (uint64_t)index - e->set->first_line + 1;
	if (vt_db_is_ignore_list(line.set))
		return vt_db_ignores_add(&e->ignores, text);
	line.name = vt_line_name(line.set, text);
	if (line.name.n == 0)
		return VT_OK;
	find_state(e, &line);
	return e->fn(e->ctx, &line);
}

vt_err vt_db_each_rule(const struct vt_db *db, vt_db_line_fn *fn, void *ctx)
{
	struct each e = {.db = db, .fn = fn, .ctx = ctx};

	vt_err err = vt_db_each_line(db, on_line, &e);

	vt_db_ignores_free(&e.ignores);
	return err;
}

vt_err vt_db_view_open(struct vt_db_view *view, int fd, const char *command, const char *name)
{
	uint64_t size;
	vt_err e = vt_fd_size(fd, &size);

	*view = (struct vt_db_view){0};
	if (!e)
		e = vt_map_file(fd, size, &view->map);
	if (!e)
		e = vt_db_open(view->map, &view->db);
	if (e) {
		fprintf(stderr, "%s: %s: %s\n", command, name, vt_err_text(e));
		vt_db_view_close(view);
	}
	return e;
}

void vt_db_view_close(struct vt_db_view *view)
{
	vt_db_close(view->db);
	if (view->map.n)
		vt_map_close(view->map);
	*view = (struct vt_db_view){0};
}

vt_err vt_db_views_open(
	struct vt_db_views *views, const char *command, const struct vt_strings *paths, bool quiet)
{
	vt_err e;

	*views = (struct vt_db_views){0};
	e = vt_databases_open(&views->databases, command, paths, NULL, quiet);
	for (size_t i = 0; !e && i < views->databases.n; i++) {
		e = vt_db_view_open(&views->v[i], views->databases.fds[i], command, "database");
		views->n += !e;
	}
	return e;
}

void vt_db_views_close(struct vt_db_views *views)
{
	for (size_t i = 0; i < views->n; i++)
		vt_db_view_close(&views->v[i]);
	vt_databases_close(&views->databases);
	views->n = 0;
}
