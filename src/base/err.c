/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

const char *vt_err_text(vt_err e)
{
	static const char *const text[] = {
		[VT_OK] = "ok",
		[VT_END] = "no more",
		[VT_ENOMEM] = "out of memory",
		[VT_EFORMAT] = "malformed",
		[VT_ETRUNCATED] = "truncated",
		[VT_EUNSUPPORTED] = "unsupported",
		[VT_EENCRYPTED] = "encrypted",
		[VT_ELIMIT] = "limit reached",
		[VT_EARG] = "bad argument",
		[VT_EIO] = "input/output error",
		[VT_EAGAIN] = "try again",
		[VT_EPEER] = "peer failed",
		[VT_ECHECKSUM] = "checksum mismatch",
		[VT_EVERSION] = "unknown version",
	};
	if ((unsigned)e >= sizeof text / sizeof *text)
		return "unknown error";
	return text[e];
}
