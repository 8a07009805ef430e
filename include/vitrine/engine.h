/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvitrine: match bytes against a database image. No files, no clock, no threads, no global
 * state: the same bytes, image and limits give the same report. A vt_db may be shared by any
 * number of scanners; a vt_scanner belongs to one thread at a time.
 */
#ifndef VITRINE_ENGINE_H
#define VITRINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "engine/core/budget.h"
#include "engine/core/verdict.h"

struct vt_db;
struct vt_scanner;

/*
 * Opens an image that the caller has mapped or read; the bytes must stay until vt_db_close().
 * Checks header, version, section bounds and table shapes: microseconds, whatever the size.
 * VT_EFORMAT, VT_ETRUNCATED, VT_EVERSION, VT_ECHECKSUM (of the header).
 */
VT_MUST_USE vt_err vt_db_open(vt_span image, struct vt_db **out);
/* NULL is fine. */
void vt_db_close(struct vt_db *db);

struct vt_scan_options {
	struct vt_limits limits;
	bool all_match; /* report every rule that fires; otherwise stop at a file's first detection
			 */
	bool pua;       /* rules for potentially unwanted applications fire too */
};

/* A scanner over one or more images, each of which must outlive it. */
VT_MUST_USE vt_err vt_scanner_new(const struct vt_db *const *dbs, size_t ndbs,
	const struct vt_scan_options *options, struct vt_scanner **out);
void vt_scanner_free(struct vt_scanner *s);

/* Input to one scan. */
struct vt_input {
	vt_span bytes;
	/* 64 readable bytes of any value follow the content (as behind a vt_buf): faster. */
	bool slack;
	/* Digests of `bytes` if the caller has them already (see vt_scanner_wants); or NULL. */
	const uint8_t *md5, *sha1, *sha256;
	vt_tick_fn *tick; /* may be NULL */
	void *tick_ctx;
};

/*
 * Scans one file's bytes and everything that can be unpacked from them; adds to *report, which the
 * caller has reset. VT_OK also when limits were reached: the report has the gaps. VT_ENOMEM when
 * even the report could not be made.
 */
VT_MUST_USE vt_err vt_scan(
	struct vt_scanner *s, const struct vt_input *in, struct vt_report *report);

/* Which digests a file of this size will be asked for: bit (1 << enum vt_hash_algo). */
unsigned vt_scanner_wants(const struct vt_scanner *s, uint64_t size);

#endif
