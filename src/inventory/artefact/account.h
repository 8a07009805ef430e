/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups: passwd(5), group(5), sysusers.d(5). */
#ifndef VT_INVENTORY_ARTEFACT_ACCOUNT_H
#define VT_INVENTORY_ARTEFACT_ACCOUNT_H

#include "inventory/artefact/line.h"

struct vt_account {
	bool group;
	vt_span name, id, home, shell;
	vt_span about;   /* of a user: the comment field */
	vt_span members; /* of a group */
};
enum vt_account_form { VT_ACCOUNT_PASSWD, VT_ACCOUNT_GROUP, VT_ACCOUNT_SYSUSERS };
/* The next account of the text; false at its end. Lines that are none are counted. */
bool vt_account_next(
	vt_reader *r, enum vt_account_form form, struct vt_account *out, unsigned *io_bad);

#endif
