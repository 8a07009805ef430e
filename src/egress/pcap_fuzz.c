/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a capture, next to a ledger with a few entries: it ends, and counts add up. */
#include <stdlib.h>

#include "base/num.h"
#include "egress/capture.h"
#include "egress/entry.h"
#include "egress/pcap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err get(void *ctx, const char *path, size_t max, vt_buf *out)
{
	static const struct {
		enum vt_egress_kind kind;
		const char *peer, *bytes;
	} entries[] = {
		{VT_EGRESS_DNS, "127.0.0.1:53", "question"},
		{VT_EGRESS_OPEN, "192.0.2.1:80 h", ""},
		{VT_EGRESS_TCP, "192.0.2.1:80 h", "GET / HTTP/1.1\r\n\r\n"},
	};

	(void)ctx;
	(void)max;
	if (strcmp(path, "current") != 0)
		return VT_END;
	for (size_t i = 0; i < VT_COUNT(entries); i++) {
		const struct vt_egress e = {.seq = i,
			.kind = entries[i].kind,
			.peer = vt_span_str(entries[i].peer),
			.bytes = vt_span_str(entries[i].bytes)};
		vt_buf b = VT_BUF_INIT(VT_EGRESS_ENTRY_MAX);

		if (vt_egress_write(&b, &e) || vt_bundle_add(out, vt_buf_span(&b)))
			abort();
		vt_buf_free(&b);
	}
	return VT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vt_ledger_files files = {.get = get};
	struct vt_capture_report r;
	vt_err e = vt_capture_compare(&files, 0, vt_span_of(data, size), &r);

	if (e && e != VT_EFORMAT && e != VT_ENOMEM)
		abort();
	if (e && !r.why[0])
		abort();
	if (!e && r.bytes + r.not_captured != 8 + 18)
		abort();
	if (!e && r.bytes + r.not_logged + r.foreign > size)
		abort();
	return 0;
}
