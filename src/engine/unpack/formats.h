/* SPDX-License-Identifier: Apache-2.0 */
/* The unpackers that formats.def names. */
#ifndef VT_ENGINE_UNPACK_FORMATS_H
#define VT_ENGINE_UNPACK_FORMATS_H

#include "engine/unpack/unpack.h"

extern const struct vt_unpacker vt_zip_unpacker;     /* zip.c: own reader */
extern const struct vt_unpacker vt_stream_unpacker;  /* stream.c: gzip and other single streams */
extern const struct vt_unpacker vt_archive_unpacker; /* archive.c: what libarchive reads */
extern const struct vt_unpacker vt_mspack_unpacker;  /* mspack.c: what libmspack reads */

#endif
