/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a container. A second run puts a right header before it, so that the archive behind
 * the MD5 is reached too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compile/clamav/clamav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAP ((size_t)1 << 22)

static vt_err touch(void *ctx, vt_span name, vt_span text)
{
	uint64_t *sum = ctx;

	for (size_t i = 0; i < name.n; i++)
		*sum += name.p[i];
	for (size_t i = 0; i < text.n; i++)
		*sum += text.p[i];
	return VT_OK;
}

static void open_one(vt_span container)
{
	vt_buf storage = VT_BUF_INIT(CAP);
	struct vt_cvd_header header;
	const char *why = NULL;
	uint64_t sum = 0;

	if (vt_cvd_open(container, &header, &storage, touch, &sum, &why) && !why)
		abort();
	vt_buf_free(&storage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf whole = VT_BUF_INIT(CAP);
	char head[513];

	if (size > CAP / 2)
		return 0;
	open_one(vt_span_of(data, size));
	(void)snprintf(head, sizeof head, "%-512s", "ClamAV-VDB:t:1:2:3:X:s:b:4");
	if (vt_buf_add(&whole, head, 512) || vt_buf_add(&whole, data, size))
		abort();
	open_one(vt_buf_span(&whole));
	vt_buf_free(&whole);
	return 0;
}
