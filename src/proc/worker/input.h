/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting at a file's bytes: small files of a batch side by side in one buffer, those up to
 * VT_READ_MAX in a buffer that is used again, larger ones by a mapping that survives truncation.
 */
#ifndef VT_PROC_WORKER_INPUT_H
#define VT_PROC_WORKER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_READ_MAX ((uint64_t)1 << 20)
#define VT_GROUP_BYTES ((size_t)4 << 20)

struct vt_source {
	int fd;
	uint64_t size; /* what the supervisor's fstat said */
	/* filled by loading */
	vt_span bytes;
	bool loaded;     /* bytes are valid */
	bool mapped;     /* bytes are a guarded mapping: vt_source_close() ends it */
	bool unreadable; /* the system refused */
	bool changed;    /* the file changed size between beginning and end of the reading */
};

/* The buffers; zero is empty. */
struct vt_inputs {
	uint8_t *group; /* VT_GROUP_BYTES, allocated at first use */
	vt_buf single;
};

void vt_inputs_free(struct vt_inputs *in);
/*
 * Reads as many of the sources, from the first on, as go into the group's buffer together; returns
 * their number, at least 1. One that does not fit is left with loaded false, and so is one
 * that turns out larger than its size says. 64 readable bytes follow each one's bytes.
 */
size_t vt_inputs_group(struct vt_inputs *in, struct vt_source *s, size_t n);
/* Reads or maps one source. VT_ENOMEM; what the file does wrong is in its flags. */
VT_MUST_USE vt_err vt_inputs_single(struct vt_inputs *in, struct vt_source *s);
/* To be called when the bytes are no longer needed: unmaps, and finishes `changed`. */
void vt_source_close(struct vt_source *s);

#endif
