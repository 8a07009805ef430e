/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of a zip file (APPNOTE 6.3.10) and the methods of its members. zip.c walks, these
 * read.
 */
#ifndef VT_ENGINE_UNPACK_ZIP_H
#define VT_ENGINE_UNPACK_ZIP_H

#include "base/err.h"
#include "base/span.h"
#include "engine/core/budget.h"
#include "engine/unpack/codec.h"

#define VT_ZIP_LOCAL "PK\3\4"
#define VT_ZIP_CENTRAL "PK\1\2"
#define VT_ZIP_DESCRIPTOR "PK\7\10"
#define VT_ZIP_MAGIC 4u

#define VT_ZIP_ENCRYPTED 1u /* general purpose flags, APPNOTE 4.4.4 */
#define VT_ZIP_STREAMED 8u  /* sizes and CRC follow the data */
#define VT_ZIP_STORED 0u    /* methods, APPNOTE 4.4.5 */
#define VT_ZIP_LZMA 14u
#define VT_ZIP_AES 99u

/* What one header, central or local, says of a member. */
struct vt_zip_entry {
	vt_span name;
	uint64_t packed, real;
	uint64_t local; /* where the local header stands in the file */
	uint64_t data;  /* local header only: where the data begins */
	uint32_t crc;
	uint32_t disk;
	uint16_t flags, method;
};

struct vt_zip_directory {
	uint64_t start, end; /* of the central headers */
	/*
	 * Bytes in front of the archive, to be added to its offsets; modulo 2^64, as what they
	 * count from may also have been cut off.
	 */
	uint64_t shift;
	uint32_t disk; /* number of this volume */
};

/*
 * The last end-of-central-directory record whose directory is where it says, with more or fewer
 * bytes in front of the archive than it thinks. VT_ETRUNCATED if there is none.
 */
VT_MUST_USE vt_err vt_zip_find_directory(vt_span s, struct vt_zip_directory *out);
/* The central header at `at`, and where the next one begins. VT_EFORMAT if none is there. */
VT_MUST_USE vt_err vt_zip_central(vt_span s, const struct vt_zip_directory *d, uint64_t at,
	struct vt_zip_entry *out, uint64_t *out_next);
/* The local header at `at`. VT_ETRUNCATED, or VT_EFORMAT if its magic is not there. */
VT_MUST_USE vt_err vt_zip_local(vt_span s, uint64_t at, struct vt_zip_entry *out);

/* True if `method` is a number that APPNOTE gives a meaning. */
bool vt_zip_method_known(uint16_t method);
/* Unpacks by method; stored members are not its business. VT_EUNSUPPORTED for unread methods. */
VT_MUST_USE vt_err vt_zip_decode(struct vt_codec *c, const struct vt_zip_entry *entry, vt_span in,
	struct vt_output *o, size_t *out_used);
/* PPMd (method 98), which only libarchive reads; in archive.c. */
VT_MUST_USE vt_err vt_zip_ppmd(
	const struct vt_zip_entry *entry, vt_span in, struct vt_output *o, size_t *out_used);

#endif
