/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object is, from its bytes alone. The answer decides which unpacker opens it and which
 * signatures apply to it (vt_type_target), so it follows what ClamAV does with the same bytes;
 * docs/compat-clamav.md lists where it does not. Every function reads a bounded number of bytes.
 */
#ifndef VT_ENGINE_TYPE_IDENTIFY_H
#define VT_ENGINE_TYPE_IDENTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "engine/core/type.h"

/*
 * The type of an object: text and unknown data have types too (TEXT_ASCII, UNKNOWN, ...). A zip is
 * refined as by vt_identify_zip(). Never a ...SFX type: see vt_identify_embedded().
 */
vt_type vt_identify(vt_span bytes);

/*
 * What a zip archive is, from the names of its first members: ZIP, or one of the OOXML types.
 * ZIP also for bytes that are no zip archive.
 */
vt_type vt_identify_zip(vt_span bytes);

#define VT_EMBEDDED_WINDOW (1u << 20)

/*
 * The first archive that starts at or after `from`, within VT_EMBEDDED_WINDOW bytes of it: what a
 * self-extracting executable carries behind its code. Stores its offset and its ...SFX type
 * (ZIPSFX, RARSFX, 7ZSFX, CABSFX, ARJSFX, EGGSFX) or NSIS, AUTOIT, ISHIELD. The archive's own
 * header is checked for plausibility, since the magic numbers also occur in the code of unpackers.
 */
bool vt_identify_embedded(vt_span bytes, uint64_t from, uint64_t *out_offset, vt_type *out_type);

/*
 * True if the bytes end like a zip archive: whatever stands in front of one, tools that start from
 * its end open it (APPNOTE 4.3.16). The directory must lie where the end record says.
 */
bool vt_identify_zip_end(vt_span bytes);

#endif
