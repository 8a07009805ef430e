/* SPDX-License-Identifier: Apache-2.0 */
/* A run of collectors for tests: notes what they say, over a folder. */
#ifndef VT_COLLECT_FAKE_PACKAGES_H
#define VT_COLLECT_FAKE_PACKAGES_H

#include "base/buf.h"
#include "collect/collect.h"

struct vt_collect {
	struct vt_tree *tree;
	vt_arena scratch, kept;
	bool hidden;
	enum vt_platform platform;
	size_t nfacts, nmissed, nsources;
	struct fake_fact {
		struct vt_fact f;
		bool hidden, installed;
	} * facts; /* FAKE_MAX of each */
	struct fake_missed {
		vt_span locus;
		enum vt_miss why;
	} * missed;
	const char **sources;
	uint64_t seen, read;
};

/* A run without a tree, for what is handed its bytes. */
void fake_begin(struct vt_collect *c);
/* Runs the collectors of packages over a folder: fixed places, then the walk. */
void fake_run(struct vt_collect *c, const char *root);
void fake_free(struct vt_collect *c);
/* The fact of that locus, or NULL. */
const struct fake_fact *fake_find(const struct vt_collect *c, const char *locus);
/* How often something at that place was missed for that reason; locus NULL: anywhere. */
size_t fake_missed_count(const struct vt_collect *c, const char *locus, enum vt_miss why);

#endif
