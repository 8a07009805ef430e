/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a folder of proofs, each of which is checked. */
#ifndef VT_CLI_PROVE_FLEET_LOAD_H
#define VT_CLI_PROVE_FLEET_LOAD_H

#include "cli/prove/prove.h"
#include "report/fleet.h"

#define VT_FLEET_COMMAND "vitrine report"

struct vt_fleet_settings {
	const char *fleet, *expected, *period, *on, *organisation, *out, *state;
	struct vt_strings keys, catalogues;
	bool is_unsigned;
	int format;
};

struct vt_fleet_loaded {
	const struct vt_fleet_settings *s;
	struct vt_docs *docs;
	struct vt_known_directive d;
	struct vt_catalogue c;
	struct vt_fleet f;
	/* private */
	struct vt_key *keys;
	size_t nkeys, cap_proofs, cap_refused, cap_expected;
};

/* Spans live in the docs' arena. Messages are printed. Call vt_fleet_unload() in any case. */
VT_MUST_USE vt_err vt_fleet_load(struct vt_fleet_loaded *l, const char *directive);
void vt_fleet_unload(struct vt_fleet_loaded *l);

#endif
