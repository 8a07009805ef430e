/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inventory/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/where.h"
#include "evidence/store.h"

vt_err vt_evidence_where(const char *path, char **out)
{
	char *state = NULL;
	vt_err e = VT_OK;

	if (path) {
		*out = strdup(path);
		return *out ? VT_OK : VT_ENOMEM;
	}
	e = vt_where_state(&state);
	if (!e && asprintf(out, "%s/%s", state, VT_EVIDENCE_FILE) < 0)
		e = VT_ENOMEM;
	free(state);
	return e;
}

vt_err vt_evidence_open(
	const char *command, const char *path, const char *run, struct vt_survey **out)
{
	char why[VT_EVIDENCE_WHY_MAX] = "", *where = NULL;
	vt_err e = vt_evidence_where(path, &where);

	if (e) {
		fprintf(stderr,
			"%s: there is no home folder to keep evidence in; give --evidence\n",
			command);
		return e;
	}
	e = vt_evidence_load(where, run, out, why);
	if (e) {
		fprintf(stderr, "%s: ", command);
		vt_put_visible(stderr, vt_span_str(where));
		fprintf(stderr, ": %s\n", why[0] ? why : vt_err_text(e));
		if (e == VT_END && !run)
			fputs("Run 'vitrine inventory' first.\n", stderr);
	}
	free(where);
	return e;
}
