/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: journal, step, journal. What a step does is in the act_*.c files. */
#include "remedy/remover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"
#include "remedy/run.h"
#include "store/folder.h"

#define TEXT_MAX ((size_t)256 << 10)

static const struct {
	vt_act_fn *act, *undo;
} kinds[VT_STEP_KINDS] = {
	[VT_STEP_REPLACEMENT] = {vt_act_replacement, NULL},
	[VT_STEP_SNAPSHOT] = {vt_act_snapshot, NULL},
	[VT_STEP_BACKUP] = {vt_act_backup, NULL},
	[VT_STEP_MASK] = {vt_act_mask, vt_act_unmask},
	[VT_STEP_STOP] = {vt_act_stop, vt_act_start},
	[VT_STEP_END] = {vt_act_end, NULL},
	[VT_STEP_UNLOAD] = {vt_act_unload, vt_act_load},
	[VT_STEP_UNINSTALL] = {vt_act_uninstall, vt_act_install},
	[VT_STEP_SWEEP] = {vt_act_sweep, vt_act_unsweep},
	[VT_STEP_DISTRUST] = {vt_act_sweep, vt_act_unsweep},
	[VT_STEP_ACCOUNT] = {vt_act_account, vt_act_unaccount},
	[VT_STEP_REFRESH] = {vt_act_refresh, vt_act_refresh},
	[VT_STEP_RECHECK] = {vt_act_recheck, NULL},
	[VT_STEP_REBOOT] = {vt_act_reboot, NULL},
	[VT_STEP_VERIFY] = {vt_act_verify, NULL},
	[VT_STEP_PERSON] = {vt_act_person, NULL},
};

const char *vt_ending_word(enum vt_ending e)
{
	static const char *const words[] = {
		[VT_ENDING_DONE] = "done",
		[VT_ENDING_PERSON] = "done, but for what a person has to do",
		[VT_ENDING_PAUSED] = "paused",
		[VT_ENDING_FAILED] = "failed",
		[VT_ENDING_BLOCKED] = "blocked",
		[VT_ENDING_ALERT] = "stopped: something happened that the plan does not name",
	};

	return e < VT_COUNT(words) ? words[e] : "?";
}

void vt_act_say(struct vt_act *a, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (!vt_buf_add(&a->text, line, strlen(line)))
		(void)!vt_buf_add(&a->text, "\n", 1);
}

const char *vt_act_shown(vt_span s, char buf[VT_SHOWN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 8 < VT_SHOWN_MAX; i++) {
		if (s.p[i] < 0x20 || s.p[i] >= 0x7f)
			n += (size_t)snprintf(buf + n, 8, "\\x%02x", s.p[i]);
		else
			buf[n++] = (char)s.p[i];
	}
	buf[n] = '\0';
	return buf;
}

void vt_act_output(struct vt_act *a, const vt_buf *output)
{
	(void)!vt_buf_add(
		&a->output, output->p, vt_min_size(output->n, a->output.max - a->output.n));
}

vt_err vt_act_program(struct vt_act *a, const char *const *argv, uint32_t timeout_ms, bool *out_ok,
	bool *out_missing)
{
	const char *v[20] = {"chroot", a->r->root_path};
	struct vt_run run = {.argv = argv, .timeout_ms = timeout_ms};
	struct vt_run_result r = {0};
	char text[80];
	size_t n = 2;
	vt_err e;

	if (!a->r->live) {
		for (; n < VT_COUNT(v) - 1 && argv[n - 2]; n++)
			v[n] = argv[n - 2];
		v[n] = NULL;
		run.argv = v;
	}
	e = vt_run(&run, &r);
	if (e)
		return e;
	vt_act_output(a, &r.output);
	*out_ok = vt_run_ok(&r);
	*out_missing = r.missing || (!a->r->live && r.code == 127);
	if (!*out_ok)
		vt_act_say(a, "%s: %s", argv[0],
			*out_missing ? "there is no such program" : vt_run_text(&r, text));
	vt_run_drop(&r);
	return VT_OK;
}

/* What earlier runs did. */
static void remember(void *ctx, const struct vt_record_line *l)
{
	struct vt_remover *r = ctx;

	if (l->step == 0 || l->step > r->plan->nsteps || l->mark == VT_MARK_NOTE)
		return;
	r->last[l->step - 1] = l->mark;
}

static vt_err open_folder(struct vt_remover *r, const char *state)
{
	char id[33] = "";
	vt_err e;

	memcpy(id, r->plan->id.p, vt_min_size(r->plan->id.n, 32));
	if (asprintf(&r->folder_path, "%s/" VT_REMOVALS "/%s", state, id) < 0) {
		r->folder_path = NULL;
		return VT_ENOMEM;
	}
	e = vt_store_open(r->folder_path, true, &r->folder);
	if (!e && fchmod(r->folder, 0700))
		e = VT_EIO;
	if (!e)
		e = vt_store_lock(r->folder, false, &r->lock);
	if (!e && mkdirat(r->folder, "rollback", 0700) && errno != EEXIST)
		e = VT_EIO;
	return e ? e : vt_diary_open(r->folder, true, remember, r, &r->journal);
}

vt_err vt_remover_open(
	struct vt_remover *r, const struct vt_removal *plan, const char *root, const char *state)
{
	vt_err e;

	r->plan = plan;
	r->root_path = root;
	r->live = strcmp(root, "/") == 0;
	r->root = r->folder = r->lock = -1;
	r->journal = (struct vt_diary){.fd = -1};
	r->folder_path = NULL;
	r->last = calloc(plan->nsteps ? plan->nsteps : 1, sizeof *r->last);
	if (!r->last)
		return VT_ENOMEM;
	e = vt_root_open(root, &r->root);
	return e || !state ? e : open_folder(r, state);
}

void vt_remover_close(struct vt_remover *r)
{
	vt_diary_close(&r->journal);
	vt_fd_close(r->lock);
	vt_fd_close(r->folder);
	vt_fd_close(r->root);
	free(r->last);
	free(r->folder_path);
	r->last = NULL;
	r->folder_path = NULL;
	r->root = r->folder = r->lock = -1;
}

bool vt_remover_begun(const struct vt_remover *r)
{
	return r->journal.number > 0;
}

static void tell(struct vt_remover *r, const struct vt_act *a, enum vt_mark mark)
{
	if (r->say)
		r->say(r->ctx, a->index + 1, mark, a->text.n ? (const char *)a->text.p : "");
}

static enum vt_ending ending_of(enum vt_mark m)
{
	return m == VT_MARK_BLOCKED   ? VT_ENDING_BLOCKED
		: m == VT_MARK_ALERT  ? VT_ENDING_ALERT
		: m == VT_MARK_FAILED ? VT_ENDING_FAILED
				      : VT_ENDING_DONE;
}

static void act_begin(struct vt_act *a, struct vt_remover *r, size_t i, bool dry)
{
	*a = (struct vt_act){
		.r = r,
		.s = &r->plan->steps[i],
		.index = i,
		.dry = dry,
		.text.max = TEXT_MAX,
		.output.max = TEXT_MAX,
	};
}

static void act_end(struct vt_act *a)
{
	vt_buf_free(&a->text);
	vt_buf_free(&a->output);
}

vt_err vt_remover_try(struct vt_remover *r, enum vt_ending *out)
{
	bool person = false;

	*out = VT_ENDING_DONE;
	for (size_t i = 0; i < r->plan->nsteps; i++) {
		struct vt_act a;
		enum vt_mark m;

		act_begin(&a, r, i, true);
		m = kinds[a.s->kind].act(&a);
		tell(r, &a, m);
		act_end(&a);
		person |= a.s->kind == VT_STEP_PERSON;
		if (ending_of(m) != VT_ENDING_DONE && *out == VT_ENDING_DONE)
			*out = ending_of(m);
	}
	if (*out == VT_ENDING_DONE && person)
		*out = VT_ENDING_PERSON;
	return VT_OK;
}

static vt_err add(struct vt_remover *r, enum vt_mark m, size_t step, const char *text)
{
	return vt_diary_add(&r->journal, m, step, vt_span_str(text ? text : ""), (vt_span){0});
}

/* One record before, one after. Without the first, nothing is begun. */
static vt_err do_step(
	struct vt_remover *r, size_t i, enum vt_mark before, vt_act_fn *fn, enum vt_mark *out)
{
	char does[600];
	struct vt_act a;
	vt_err e;

	act_begin(&a, r, i, false);
	(void)snprintf(does, sizeof does, "%s: %.*s", vt_removal_step_word(a.s->kind),
		(int)vt_min_size(a.s->does.n, 500), (const char *)a.s->does.p);
	e = add(r, before, i + 1, does);
	if (!e) {
		*out = fn(&a);
		e = vt_diary_add(&r->journal, *out, i + 1,
			a.text.n ? vt_buf_span(&a.text) : vt_span_str("as planned"),
			vt_buf_span(&a.output));
		tell(r, &a, *out);
	}
	act_end(&a);
	return e;
}

static bool settled(const struct vt_remover *r, size_t i)
{
	enum vt_removal_step_kind k = r->plan->steps[i].kind;

	/* What only looks is looked at again: things may have changed since. */
	if (k == VT_STEP_REPLACEMENT || k == VT_STEP_RECHECK || k == VT_STEP_REBOOT ||
		k == VT_STEP_VERIFY)
		return false;
	return r->last[i] == VT_MARK_DONE;
}

vt_err vt_remover_apply(struct vt_remover *r, const char *who, bool once, enum vt_ending *out)
{
	enum vt_ending ending = VT_ENDING_DONE;
	bool person = false;
	vt_err e = add(r, VT_MARK_RUN, 0, who);

	for (size_t i = 0; i < r->plan->nsteps && !e && ending == VT_ENDING_DONE; i++) {
		enum vt_mark m = VT_MARK_DONE;
		bool again = r->last[i] == VT_MARK_DONE; /* it only looks: not the next step */

		person |= r->plan->steps[i].kind == VT_STEP_PERSON;
		if (settled(r, i))
			continue;
		e = do_step(r, i, VT_MARK_BEGIN, kinds[r->plan->steps[i].kind].act, &m);
		if (!e) {
			r->last[i] = m;
			ending = ending_of(m);
			if (once && !again && ending == VT_ENDING_DONE)
				ending = VT_ENDING_PAUSED;
		}
	}
	if (!e && ending == VT_ENDING_DONE && person)
		ending = VT_ENDING_PERSON;
	if (!e)
		e = add(r, VT_MARK_END, 0, vt_ending_word(ending));
	*out = ending;
	return e;
}

static bool undoes(const struct vt_remover *r, size_t i)
{
	return kinds[r->plan->steps[i].kind].undo && r->last[i] != VT_MARK_RUN &&
		r->last[i] != VT_MARK_UNDONE;
}

static vt_err undo_step(struct vt_remover *r, size_t i, enum vt_ending *io_ending)
{
	enum vt_mark m = VT_MARK_FAILED;
	vt_err e = do_step(r, i, VT_MARK_UNDO, kinds[r->plan->steps[i].kind].undo, &m);

	if (e)
		return e;
	r->last[i] = m == VT_MARK_DONE ? VT_MARK_UNDONE : m;
	if (m == VT_MARK_KEPT || m == VT_MARK_FAILED)
		*io_ending = VT_ENDING_FAILED;
	return VT_OK;
}

/* The last first, but packages before all: other files lie in their folders. */
vt_err vt_remover_undo(struct vt_remover *r, const char *who, enum vt_ending *out)
{
	enum vt_ending ending = VT_ENDING_DONE;
	vt_err e = add(r, VT_MARK_RUN, 0, who);

	for (size_t i = 0; i < r->plan->nsteps && !e; i++)
		if (r->plan->steps[i].kind == VT_STEP_UNINSTALL && undoes(r, i))
			e = undo_step(r, i, &ending);
	for (size_t i = r->plan->nsteps; i-- > 0 && !e;)
		if (r->plan->steps[i].kind != VT_STEP_UNINSTALL && undoes(r, i))
			e = undo_step(r, i, &ending);
	if (!e)
		e = add(r, VT_MARK_END, 0,
			ending == VT_ENDING_DONE ? "undone" : "undone as far as it goes");
	*out = ending;
	return e;
}
