/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine taken over by an attacker who runs any code: the file "TRY <name>" makes it try one
 * way out (escapes.c). A way that works is a detection "ESCAPED"; one that the kernel refuses with
 * an error is "refused"; one that kills the worker shows as a dead worker.
 */
#include "vitrine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "escapes.h"

struct vt_scanner {
	int unused;
};

vt_err vt_db_open(vt_span image, struct vt_db **out)
{
	(void)image;
	*out = NULL;
	return VT_OK;
}

void vt_db_close(struct vt_db *db)
{
	(void)db;
}

vt_err vt_scanner_new(const struct vt_db *const *dbs, size_t ndbs,
	const struct vt_scan_options *options, struct vt_scanner **out)
{
	(void)dbs;
	(void)ndbs;
	(void)options;
	*out = calloc(1, sizeof **out);
	return *out ? VT_OK : VT_ENOMEM;
}

void vt_scanner_free(struct vt_scanner *s)
{
	free(s);
}

unsigned vt_scanner_wants(const struct vt_scanner *s, uint64_t size)
{
	(void)s;
	(void)size;
	return 0;
}

vt_err vt_scan(struct vt_scanner *s, const struct vt_input *in, struct vt_report *report)
{
	const char *verdict;
	char name[64] = "";

	(void)s;
	if (!vt_span_at(in->bytes, 0, "TRY ", 4))
		return VT_OK;
	(void)snprintf(
		name, sizeof name, "%.*s", (int)in->bytes.n - 4, (const char *)in->bytes.p + 4);
	switch (vt_escape_try(name)) {
	case VT_ESCAPE_WORKED: verdict = "ESCAPED"; break;
	case VT_ESCAPE_REFUSED: verdict = "refused"; break;
	case VT_ESCAPE_UNKNOWN:
	default: verdict = "unknown"; break;
	}
	return vt_report_detection(report,
		&(struct vt_detection){
			.rule = vt_span_str(verdict), .set = vt_span_str("hostile")});
}
