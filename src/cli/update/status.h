/* SPDX-License-Identifier: Apache-2.0 */
/* What `vitrine update status` knows: gathered once, shown in two ways. */
#ifndef VT_CLI_UPDATE_STATUS_H
#define VT_CLI_UPDATE_STATUS_H

#include "cli/update/update.h"

/* How far a run came with a step (docs/formats/update.md). */
enum vt_step_result { VT_STEP_PASSED, VT_STEP_REFUSED, VT_STEP_NOT_REACHED, VT_STEP_NOT_AUDITED };
const char *vt_update_step_word(enum vt_step_result r);

struct vt_status {
	struct vt_updates *u;
	bool has_config; /* else `why` */
	struct vt_config_error why;
	bool has_last, has_live, has_bad;
	struct vt_last last;
	struct vt_generation live, bad; /* bad: crashes put it out of use */
	int64_t verified;               /* the last run that was not refused; 0: none */
	bool held, differs;             /* a person must approve; the plan is not what is in use */
	char digest[VT_DIGEST_TEXT];
	size_t evidence, fresh; /* files; not acknowledged */
};
enum vt_step_result vt_status_step(const struct vt_status *s, unsigned step);
/* Whose cosignatures stand under the pinned head, of those that the policy knows. */
typedef void vt_cosigner_fn(void *ctx, const char *name, int64_t time);
void vt_status_cosigners(const struct vt_status *s, vt_cosigner_fn *fn, void *ctx);
void vt_status_json(const struct vt_status *s, FILE *f);

#endif
