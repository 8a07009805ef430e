/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition tables: MBR with extended partitions, and GPT (UEFI 2.10, chapter 5); and which file
 * system begins somewhere, by its magic.
 */
#ifndef VT_TREE_PARTITION_H
#define VT_TREE_PARTITION_H

#include "inventory/fact.h"
#include "tree/source.h"

#define VT_PARTITIONS_MAX 256

struct vt_partition {
	unsigned number; /* as the system counts them; 0: the whole disk */
	uint64_t at, size;
};

struct vt_partitions {
	size_t n;
	struct vt_partition v[VT_PARTITIONS_MAX];
	bool more; /* or damaged: there may be others */
};

/* None: no table. Partitions that reach past the disk are cut. VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_partitions_read(struct vt_source *s, struct vt_partitions *out);

struct vt_recognised {
	const char *name; /* "ntfs"; NULL: nothing known */
	enum vt_miss why; /* for what is not read */
};
/* VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_partition_recognise(
	struct vt_source *s, uint64_t at, uint64_t size, struct vt_recognised *out);

#endif
