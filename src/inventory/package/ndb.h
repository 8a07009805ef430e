/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's "ndb" database, Packages.db: pages of slots, each naming a run of 16-byte blocks with a
 * package's header between a head and a checksummed tail.
 */
#ifndef VT_INVENTORY_PACKAGE_NDB_H
#define VT_INVENTORY_PACKAGE_NDB_H

#include "base/err.h"
#include "base/span.h"

struct vt_ndb {
	vt_span s;
	uint64_t slot, slots;
	uint64_t left; /* bytes that may still be gone through: slots may overlap */
};

/* VT_EFORMAT, VT_ETRUNCATED, VT_EVERSION. */
VT_MUST_USE vt_err vt_ndb_open(vt_span s, struct vt_ndb *out);
/* The next package's header. VT_END; VT_ECHECKSUM: it was changed, but *out is there; VT_EFORMAT,
 * VT_ETRUNCATED: this one is broken, go on; VT_ELIMIT: more than fits into the file. */
VT_MUST_USE vt_err vt_ndb_next(struct vt_ndb *d, vt_span *out);

#endif
