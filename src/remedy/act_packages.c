/* SPDX-License-Identifier: Apache-2.0 */
/* Step uninstall. What the manager says is kept; what its database says afterwards counts. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/packages.h"

/* Words that uninstallers of products that defend themselves use. */
static const char *const defences[] = {"password", "passphrase", "self-defen", "self defen",
	"self-protect", "self protect", "tamper"};

static bool defends(const vt_buf *output)
{
	vt_buf low = VT_BUF_INIT(output->n + 1);
	bool found = false;
	size_t at;

	for (size_t i = 0; i < output->n; i++) {
		uint8_t c = output->p[i];

		if (vt_buf_add_u8(&low, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 32) : c))
			break;
	}
	for (size_t i = 0; i < VT_COUNT(defences) && !found; i++)
		found = vt_span_find(vt_buf_span(&low), 0, defences[i], strlen(defences[i]), &at);
	vt_buf_free(&low);
	return found;
}

static bool count_left(struct vt_act *a, vt_span list, size_t *out_left, size_t *out_gone)
{
	struct vt_removal_package now;
	char shown[VT_SHOWN_MAX], status[VT_SHOWN_MAX];

	*out_left = *out_gone = 0;
	for (size_t i = 0; i < a->s->npackages; i++) {
		const struct vt_removal_package *p = &a->s->packages[i];

		if (!vt_packages_find(list, p->manager, p->name, p->arch, &now) ||
			vt_package_presence(&now) == VT_PRESENCE_NONE) {
			++*out_gone;
			continue;
		}
		++*out_left;
		if (!a->dry)
			vt_act_say(a, "%s is still there: %s", vt_act_shown(p->name, shown),
				vt_act_shown(now.status, status));
	}
	return *out_left == 0;
}

static vt_err tried(struct vt_act *a, bool *out_ok)
{
	vt_buf why = VT_BUF_INIT((size_t)1 << 20);
	vt_err e = vt_packages_try(a->r->root_path, a->s->packages, a->s->npackages, out_ok, &why);
	size_t at = 0, end, told = 0;
	char shown[VT_SHOWN_MAX];

	while (!e && !*out_ok && at < why.n && told++ < 20) {
		if (!vt_span_find(vt_buf_span(&why), at, "\n", 1, &end))
			end = why.n;
		vt_act_say(a, "%s", vt_act_shown(vt_span_of(why.p + at, end - at), shown));
		at = end + 1;
	}
	vt_buf_free(&why);
	return e;
}

/* New packages and lost ones, since this run of the manager. */
static enum vt_mark after(struct vt_act *a, vt_span before, const struct vt_run_result *r)
{
	vt_buf now = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	size_t left = 0, gone = 0;
	enum vt_mark m = VT_MARK_DONE;
	char text[80];
	vt_err e = vt_packages_list(a->r->root_path, &now);

	if (e) {
		vt_act_say(a, "the package database can't be asked afterwards: %s", vt_err_text(e));
		m = VT_MARK_FAILED;
	} else {
		if (!count_left(a, vt_buf_span(&now), &left, &gone) || !vt_run_ok(r)) {
			vt_act_say(a, "the package manager: %s", vt_run_text(r, text));
			m = defends(&r->output) ? VT_MARK_BLOCKED : VT_MARK_FAILED;
			if (m == VT_MARK_BLOCKED)
				vt_act_say(a,
					"the product defends itself; this is its maker's "
					"way, for a person: %.*s",
					(int)vt_min_size(a->s->does.n, 1500),
					(const char *)a->s->does.p);
		}
		if (vt_packages_surprises(a, before, vt_buf_span(&now)))
			m = VT_MARK_ALERT;
	}
	if (m == VT_MARK_DONE)
		vt_act_say(a, "%zu removed", gone);
	vt_buf_free(&now);
	return m;
}

enum vt_mark vt_act_uninstall(struct vt_act *a)
{
	vt_buf before = VT_BUF_INIT(VT_PACKAGES_TEXT_MAX);
	struct vt_run_result r = {0};
	size_t left, gone;
	enum vt_mark m = VT_MARK_FAILED;
	bool ok = false;
	vt_err e = vt_packages_list(a->r->root_path, &before);

	if (e) {
		vt_act_say(a, "the package database can't be asked: %s",
			e == VT_END ? "there is none" : vt_err_text(e));
		goto out;
	}
	if (count_left(a, vt_buf_span(&before), &left, &gone) || left == 0) {
		vt_act_say(a, "none of the %zu is installed any more", gone);
		m = VT_MARK_DONE;
		goto out;
	}
	a->text.n = 0; /* what is there before is no news */
	e = tried(a, &ok);
	if (e || !ok) {
		vt_act_say(a, "the package manager would not remove these, and these alone%s",
			a->dry ? "" : ": nothing was done");
		goto out;
	}
	if (a->dry) {
		vt_act_say(a, "would remove %zu packages, and nothing else", left);
		m = VT_MARK_DONE;
		goto out;
	}
	e = vt_packages_remove(
		a->r->root_path, a->s->packages, a->s->npackages, a->r->timeout_ms, &r);
	vt_act_output(a, &r.output);
	if (!e)
		m = after(a, vt_buf_span(&before), &r);
out:
	vt_run_drop(&r);
	vt_buf_free(&before);
	return m;
}

enum vt_mark vt_act_install(struct vt_act *a)
{
	struct vt_run_result r = {0};
	char *folder = NULL, text[80];
	enum vt_mark m = VT_MARK_KEPT;

	if (asprintf(&folder, "%s/rollback/packages", a->r->folder_path) < 0)
		return VT_MARK_KEPT;
	if (!vt_span_eq(a->s->packages[0].manager, vt_span_str("dpkg")) || rmdir(folder) == 0) {
		vt_act_say(a,
			"no copies of the packages were made: install them from where they "
			"came from");
	} else if (!vt_packages_restore(a->r->root_path, folder, &r)) {
		vt_act_output(a, &r.output);
		vt_act_say(a, "the package manager: %s", vt_run_text(&r, text));
		m = vt_run_ok(&r) ? VT_MARK_UNDONE : VT_MARK_KEPT;
	}
	vt_run_drop(&r);
	free(folder);
	return m;
}

unsigned vt_packages_surprises(struct vt_act *a, vt_span before, vt_span now)
{
	struct vt_removal_package p, q;
	char shown[VT_SHOWN_MAX];
	unsigned n = 0;
	vt_span rest = now;

	while (vt_packages_next(&rest, &p)) {
		bool was = vt_packages_find(before, p.manager, p.name, p.arch, &q);
		bool here = vt_package_presence(&p) >= VT_PRESENCE_BROKEN;

		if (vt_removal_removes(a->r->plan, p.manager, p.name))
			continue;
		if (here && (!was || vt_package_presence(&q) < VT_PRESENCE_BROKEN)) {
			vt_act_say(a, "ALERT: %s was installed, which the plan does not name",
				vt_act_shown(p.name, shown));
			n++;
		} else if (here && was && !vt_span_eq(p.version, q.version)) {
			vt_act_say(a, "ALERT: %s was replaced by another version",
				vt_act_shown(p.name, shown));
			n++;
		}
	}
	rest = before;
	while (vt_packages_next(&rest, &p)) {
		if (vt_package_presence(&p) < VT_PRESENCE_BROKEN ||
			vt_removal_removes(a->r->plan, p.manager, p.name))
			continue;
		if (!vt_packages_find(now, p.manager, p.name, p.arch, &q) ||
			vt_package_presence(&q) < VT_PRESENCE_BROKEN) {
			vt_act_say(a, "ALERT: %s was removed too, which the plan does not name",
				vt_act_shown(p.name, shown));
			n++;
		}
	}
	return n;
}
