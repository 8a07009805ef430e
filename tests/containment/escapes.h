/* SPDX-License-Identifier: Apache-2.0 */
/* Ways out of a worker, by name. */
#ifndef VT_TESTS_CONTAINMENT_ESCAPES_H
#define VT_TESTS_CONTAINMENT_ESCAPES_H

enum vt_escape { VT_ESCAPE_WORKED, VT_ESCAPE_REFUSED, VT_ESCAPE_UNKNOWN };

/* Tries it from inside; may not return. The scanned file is descriptor 4. */
enum vt_escape vt_escape_try(const char *name);
/* Name i, or NULL past the last. */
const char *vt_escape_name(unsigned i);

#endif
