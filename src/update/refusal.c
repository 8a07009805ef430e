/* SPDX-License-Identifier: Apache-2.0 */
#include "update/refusal.h"

#include "base/num.h"

static const struct vt_refusal_row rows[] = {
	{"", 0, "", ""},
#define VT_REFUSAL(NAME, id, step, sentence, remedy) {(id), (step), (sentence), (remedy)},
#include "update/refusal.def"
#undef VT_REFUSAL
};

const struct vt_refusal_row *vt_refusal_of(enum vt_refusal r)
{
	return &rows[(unsigned)r < VT_COUNT(rows) ? (unsigned)r : 0];
}

enum vt_refusal vt_refusal_find(vt_span id)
{
	for (unsigned i = 1; i < VT_COUNT(rows); i++)
		if (vt_span_eq(id, vt_span_str(rows[i].id)))
			return (enum vt_refusal)i;
	return VT_REFUSED_NOT;
}

const char *vt_update_step(unsigned step)
{
	static const char *const steps[VT_STEPS] = {
		"a source answers, within bounds of size and time",
		"the owner's policy",
		"the log's signature",
		"witnesses and mirrors, each key once",
		"freshness, and this machine's clock",
		"the log has only grown",
		"the last entry says what is live",
		"the owners' keys, signatures and versions",
		"each live entry is in the log",
		"waiting periods; pieces of content",
		"audit of what the rules could find",
		"compiled and tried in the sandbox",
		"switched over, the last good kept",
		"written into the history",
	};

	return step < VT_STEPS ? steps[step] : "";
}
