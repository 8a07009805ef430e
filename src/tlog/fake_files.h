/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: the files of tests/data/tlog, and keys as tests/gen/tlog_vectors.py makes them. */
#ifndef VT_TLOG_FAKE_FILES_H
#define VT_TLOG_FAKE_FILES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "tlog/key.h"

static inline vt_span fake_file(const char *name)
{
	static uint8_t pool[1 << 18]; /* what tests read in all */
	static size_t used;
	char path[512];
	vt_span s;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", VT_SAMPLES, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		abort();
	}
	s = vt_span_of(pool + used, fread(pool + used, 1, sizeof pool - used, f));
	used += s.n;
	if (used == sizeof pool)
		abort();
	(void)fclose(f);
	return s;
}

static inline struct vt_signer fake_signer(const char *name, enum vt_key_type type)
{
	struct vt_signer out;
	uint8_t seed[32];
	char text[300];
	int n = snprintf(text, sizeof text, "vitrine test key %s", name);

	vt_sha256(vt_span_of(text, (size_t)n), seed);
	if (vt_signer_make(vt_span_str(name), type, seed, &out))
		abort();
	return out;
}

#endif
