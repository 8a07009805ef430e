/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a proposal's parts: is it sound, which signatures are missing, the state. */
#ifndef VT_CLI_PUBLISH_DERIVE_H
#define VT_CLI_PUBLISH_DERIVE_H

#include "cli/publish/proposal.h"

/* Does what a proposal says of the log hang together? VT_EFORMAT. */
VT_MUST_USE vt_err vt_proposal_sound(struct vt_proposal *p);
/* Adds a signature line of another copy to an item, in its place. */
VT_MUST_USE vt_err vt_add_signature(
	struct vt_proposal *p, struct vt_item *to, const struct vt_entry_sig *s);
/* Does `withdrawal` take back the version that `e` is, at that index? */
bool vt_withdraws(const struct vt_withdraw *w, const struct vt_entry *e, uint64_t index);

#endif
