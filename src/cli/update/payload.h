/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a version of a set, unpacked from chunks into unnamed files, checked by their
 * hashes. */
#ifndef VT_CLI_UPDATE_PAYLOAD_H
#define VT_CLI_UPDATE_PAYLOAD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "entry/entry.h"
#include "update/plan.h"

/* A text that is longer, or a file, is refused (VT_ELIMIT). */
#define VT_PAYLOAD_MAX ((uint64_t)4 << 30)

/* Appends the delta text of an entry. VT_ECHECKSUM, VT_EFORMAT: the chunks are not what they should
 * be. */
VT_MUST_USE vt_err vt_payload_delta(int store, const struct vt_content *c, vt_buf *out);

struct vt_payload_file {
	vt_span name;
	int fd; /* open for reading and writing, in no folder */
};
struct vt_payload {
	size_t n;
	struct vt_payload_file v[VT_ENTRY_FILES_MAX];
	const char *why; /* of an error; static */
};
/*
 * The files as the last entry of the chain names them: the first entry's full text, then the
 * deltas. `folder` is where they take up room. Free with vt_payload_free() in any case.
 */
VT_MUST_USE vt_err vt_payload_unpack(
	int store, int folder, const struct vt_plan_set *set, struct vt_payload *out);
void vt_payload_free(struct vt_payload *p);

#endif
