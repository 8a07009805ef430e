/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended signatures, "name:target:offset:hex[:min[:max]]" (.ndb), and the older "name=hex"
 * (.db). Each is a rule of one content subsignature.
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

/* The logic of a rule that has one subsignature: a SUB node that names subsignature 0. */
static const uint8_t just_sub_0[] = {VT_LOGIC_SUB, VT_CMP_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};

static vt_err add(struct vt_clam *c, vt_span name, uint8_t target, vt_span offset, vt_span hex)
{
	struct vt_sub sub;
	struct vt_rule rule = {
		.line = c->line,
		.name = name,
		.target = target,
		.flags = vt_clam_flags(c, name),
		.logic = {.p = just_sub_0, .n = sizeof just_sub_0},
		.nsubs = 1,
		.subs = &sub,
	};
	vt_err err = vt_clam_content(c, offset, hex, target, 0, &sub);

	if (err)
		return err;
	vt_clam_tdb_default(&rule.tdb);
	if (sub.offset.kind == VT_OFF_MACRO)
		rule.flags |= VT_RULE_NO_REPORT;
	return vt_builder_add_rule(c->b, &rule, &c->why);
}

vt_err vt_clam_ndb_line(struct vt_clam *c, vt_span line)
{
	vt_span f[6];
	size_t n = vt_clam_split(line, ':', f, VT_COUNT(f));
	uint64_t target = 0;
	vt_err err;

	if (n < 4)
		return vt_clam_bad(c, "an extended signature has at least four fields");
	if (n > VT_COUNT(f))
		return vt_clam_bad(c, "an extended signature has at most six fields");
	err = vt_clam_name(c, f[0]);
	if (!err)
		err = vt_clam_level(c, f + 4, n - 4);
	if (err)
		return err;
	if (f[1].n && !vt_clam_number(f[1], &target)) /* observed: an empty target is 0 */
		return vt_clam_bad(c, "the target is not a number");
	if (target >= VT_TARGETS)
		return vt_clam_unsupported(c, "a target above 14");
	return add(c, f[0], (uint8_t)target, f[2], f[3]);
}

vt_err vt_clam_db_line(struct vt_clam *c, vt_span line)
{
	vt_span name, hex;
	vt_err err;

	if (!vt_clam_cut(line, '=', &name, &hex))
		return vt_clam_bad(c, "a line of a .db file is name=hex");
	err = vt_clam_name(c, name);
	return err ? err : add(c, name, 0, (vt_span){0}, hex);
}
