/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical signatures: "name;target description;logic;sub0;sub1;..." (ClamAV manual, "Logical
 * signatures").
 */
#include "compile/clamav/parse.h"

#define HEAD_FIELDS 3
#define MAX_FIELDS (HEAD_FIELDS + VT_MAX_SUBS)

/* As vt_clam_split(), but a ";" between two "/" belongs to a regular expression (observed). */
static size_t split(vt_span s, vt_span fields[MAX_FIELDS])
{
	size_t n = 0, start = 0;
	bool regex = false;

	for (size_t i = 0; i < s.n && n < MAX_FIELDS; i++) {
		if (s.p[i] == '/' && n >= HEAD_FIELDS) {
			regex = !regex;
		} else if (regex && s.p[i] == '\\') {
			i++;
		} else if (!regex && s.p[i] == ';') {
			fields[n++] = vt_span_clip(s, start, i - start);
			start = i + 1;
		}
	}
	if (n == MAX_FIELDS)
		return n + 1;
	fields[n] = vt_span_clip(s, start, s.n);
	return n + 1;
}

/* A byte comparison starts from where content matched, not from another comparison. */
static vt_err check_triggers(struct vt_clam *c, const struct vt_sub *subs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned trigger = subs[i].bytecmp.trigger;

		if (subs[i].kind != VT_SUB_BYTECMP)
			continue;
		if (trigger >= n)
			return vt_clam_bad(c, "a byte comparison's trigger does not exist");
		if (subs[trigger].kind != VT_SUB_CONTENT && subs[trigger].kind != VT_SUB_MACRO)
			return vt_clam_bad(c,
				"a byte comparison's trigger is not a content "
				"subsignature");
	}
	return VT_OK;
}

static vt_err parse_subs(
	struct vt_clam *c, const vt_span *f, unsigned n, uint8_t target, const struct vt_sub **out)
{
	struct vt_sub *subs = vt_arena_array(&c->arena, n, sizeof *subs);
	vt_err err;

	if (!subs)
		return VT_ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		err = vt_clam_sub(c, f[i], target, i, &subs[i]);
		if (err)
			return err;
	}
	err = check_triggers(c, subs, n);
	*out = subs;
	return err;
}

vt_err vt_clam_ldb_line(struct vt_clam *c, vt_span line)
{
	struct vt_rule rule = {.line = c->line};
	vt_span f[MAX_FIELDS];
	size_t n = split(line, f);
	unsigned ids = 0;
	vt_err err;

	if (n <= HEAD_FIELDS)
		return vt_clam_bad(c, "a logical signature has at least four fields");
	if (n > MAX_FIELDS)
		return vt_clam_bad(c, "a logical signature has more than 64 subsignatures");
	err = vt_clam_name(c, f[0]);
	if (!err)
		err = vt_clam_tdb(c, f[1], &rule.target, &rule.tdb);
	if (!err)
		err = vt_clam_logic(c, f[2], &ids, &rule.logic);
	if (err)
		return err;
	rule.nsubs = (unsigned)n - HEAD_FIELDS;
	if (ids != rule.nsubs)
		return vt_clam_bad(c,
			ids > rule.nsubs ? "the logic names more subsignatures than there are"
					 : "there are more subsignatures than the logic names");
	err = parse_subs(c, f + HEAD_FIELDS, rule.nsubs, rule.target, &rule.subs);
	if (err)
		return err;
	rule.name = f[0];
	rule.flags = vt_clam_flags(c, f[0]);
	return vt_builder_add_rule(c->b, &rule, &c->why);
}
