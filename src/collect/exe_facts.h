/* SPDX-License-Identifier: Apache-2.0 */
/* Executables: what their headers say, as one fact a file (one a part of a fat Mach-O file). */
#ifndef VT_COLLECT_EXE_FACTS_H
#define VT_COLLECT_EXE_FACTS_H

#include "collect/collect.h"

struct vt_exe_ask {
	bool sha256; /* a rule asks for the file's digest: all of it is read */
};

/*
 * Reports an EXECUTABLE fact if the open file is ELF, PE or Mach-O. Only headers, resources and
 * signatures are read; a signed PE file is read whole, to compare the digest that was signed. Uses
 * the collector's arena. VT_EUNSUPPORTED: it is none of these; VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_exe_facts(struct vt_collect *c, const struct vt_exe_ask *ask, vt_span path,
	vt_span name, int fd, uint64_t size);

#endif
