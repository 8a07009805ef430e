/* SPDX-License-Identifier: Apache-2.0 */
/* Step verify: the remover asks the second opinion as well, and does not go by its own. */
#include "remedy/act.h"
#include "remedy/verify.h"

static void told(void *ctx, const struct vt_check *c)
{
	struct vt_act *a = ctx;

	if (c->answer != VT_CHECK_GONE)
		vt_act_say(a, "%s: %.*s: %s", vt_check_word(c->answer), (int)c->what.n,
			(const char *)c->what.p, c->why);
}

enum vt_mark vt_act_verify(struct vt_act *a)
{
	struct vt_verified v = {0};
	vt_err e;

	if (a->dry)
		return VT_MARK_DONE;
	e = vt_verify_removal(a->r->plan, a->r->root_path, false, NULL, 0, told, a, &v);
	if (e) {
		vt_act_say(a, "it can't be looked at: %s", vt_err_text(e));
		return VT_MARK_FAILED;
	}
	vt_act_say(a, "%zu checks: %zu gone, %zu still there, %zu unknown", v.n,
		v.by_answer[VT_CHECK_GONE], v.by_answer[VT_CHECK_THERE],
		v.by_answer[VT_CHECK_UNKNOWN]);
	return v.by_answer[VT_CHECK_THERE] || v.by_answer[VT_CHECK_UNKNOWN] ? VT_MARK_FAILED
									    : VT_MARK_DONE;
}
