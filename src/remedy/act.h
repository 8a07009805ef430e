/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the remover: what each kind of step does, and how it is undone. */
#ifndef VT_REMEDY_ACT_H
#define VT_REMEDY_ACT_H

#include "remedy/remover.h"

struct vt_act {
	struct vt_remover *r;
	const struct vt_removal_step *s;
	size_t index;  /* of the step */
	bool dry;      /* only tell */
	vt_buf text;   /* what to tell: lines */
	vt_buf output; /* of programs */
};

/* VT_MARK_DONE, FAILED, BLOCKED or ALERT; undoing: UNDONE, KEPT or FAILED. */
typedef enum vt_mark vt_act_fn(struct vt_act *a);

/* Adds a line to what is told. */
void vt_act_say(struct vt_act *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A path or name made harmless for a line of text; returns buf. */
#define VT_SHOWN_MAX 512
const char *vt_act_shown(vt_span s, char buf[VT_SHOWN_MAX]);
/* Keeps a program's output for the journal. */
void vt_act_output(struct vt_act *a, const vt_buf *output);
/* A program of the root's system: as it is, or by chroot. Keeps its output. */
struct vt_run_result;
VT_MUST_USE vt_err vt_act_program(struct vt_act *a, const char *const *argv, uint32_t timeout_ms,
	bool *out_ok, bool *out_missing);

vt_act_fn vt_act_replacement, vt_act_snapshot, vt_act_recheck, vt_act_reboot, vt_act_refresh;
vt_act_fn vt_act_mask, vt_act_unmask, vt_act_stop, vt_act_start, vt_act_end, vt_act_unload,
	vt_act_load;
vt_act_fn vt_act_uninstall, vt_act_install;
vt_act_fn vt_act_backup, vt_act_sweep, vt_act_unsweep;
vt_act_fn vt_act_account, vt_act_unaccount;
vt_act_fn vt_act_verify, vt_act_person;

/* Places ------------------------------------------------------------------------------------ */

/* Processes that run from a path below the root. */
struct vt_running {
	int pid;
	char exe[512]; /* as the kernel says, without " (deleted)" */
};
/* Calls fn for each process that runs from `place` (below `root_path`). */
typedef void vt_running_fn(void *ctx, const struct vt_running *p);
void vt_running_each(const char *root_path, vt_span place, vt_running_fn *fn, void *ctx);

/* Compares package lists: says what came, went or changed that the plan does not name. */
unsigned vt_packages_surprises(struct vt_act *a, vt_span before, vt_span after);

/* The name of the copy of file `i` of a step in rollback/. */
void vt_copy_name(size_t step, size_t i, char out[40]);
/* Copies a file of the plan into rollback/. */
VT_MUST_USE vt_err vt_copy_save(struct vt_act *a, size_t step, size_t i, const char **out_why);
/* Puts it back where nothing stands. VT_END: there is no copy. */
VT_MUST_USE vt_err vt_copy_restore(struct vt_act *a, size_t i, const char **out_why);

#endif
