/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log/keep.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/hash.h"
#include "store/folder.h"

vt_err vt_log_keep_fork(int dir, const struct vt_fork *f, char name[VT_KEEP_NAME_MAX])
{
	vt_buf text = VT_BUF_INIT(VT_FORK_MAX);
	struct vt_head a, b;
	const char *why;
	uint8_t sum[32];
	vt_err e = vt_fork_check(f, &a, &b, &why);

	if (!e)
		e = vt_fork_write(&text, f);
	if (!e) {
		vt_sha256(vt_buf_span(&text), sum);
		(void)snprintf(name, VT_KEEP_NAME_MAX,
			"fork-%" PRIu64 "-%" PRIu64 "-%02x%02x%02x%02x.evidence", a.at.size,
			b.at.size, sum[0], sum[1], sum[2], sum[3]);
		e = vt_store_write(dir, name, vt_buf_span(&text));
	}
	vt_buf_free(&text);
	return e;
}
