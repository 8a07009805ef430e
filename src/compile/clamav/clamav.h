/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClamAV's signature formats, lowered to the common form (engine/core/rule.h). One file a format;
 * formats.def lists them by file name extension. Facts from the ClamAV manual, "Signature
 * formats", and from observing clamscan.
 */
#ifndef VT_COMPILE_CLAMAV_CLAMAV_H
#define VT_COMPILE_CLAMAV_CLAMAV_H

#include "base/err.h"
#include "base/span.h"
#include "compile/builder.h"

/* The functionality level whose signatures are taken: that of ClamAV 1.4.6. */
#define VT_CLAM_LEVEL 216

/* True if a file of this name holds signatures that we know of (including those refused). */
bool vt_clamav_knows(vt_span file_name);
/* True if a file of this name is a container of signature files (.cvd, .cld, .cud). */
bool vt_clamav_is_container(vt_span file_name);

/*
 * Parses the text of one signature file into the builder: begins the set, adds each line or sets
 * it aside. Errors only for what is not a line's fault (VT_ENOMEM, VT_EARG for an unknown name).
 */
VT_MUST_USE vt_err vt_clamav_compile(struct vt_builder *b, vt_span set_name, vt_span text);

/* What a container's 512-byte header says; spans point into the container. */
struct vt_cvd_header {
	vt_span time, builder;
	uint64_t version, signatures, level;
	vt_span md5;  /* empty: the content was not checked against one */
	vt_span dsig; /* ClamAV's RSA signature: not verified */
};

/*
 * Reads a .cvd, .cld or .cud: header, MD5 of what follows (where the header has one), gzip, tar.
 * Calls `file` for each signature file inside; `name` and `text` are valid during the call only
 * unless they are in *storage, which receives the unpacked tar and must outlive the builder.
 * *why has the cause of an error.
 */
typedef vt_err vt_cvd_file_fn(void *ctx, vt_span name, vt_span text);
VT_MUST_USE vt_err vt_cvd_open(vt_span container, struct vt_cvd_header *out, vt_buf *storage,
	vt_cvd_file_fn *file, void *ctx, const char **why);

#endif
