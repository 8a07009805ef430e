/* SPDX-License-Identifier: Apache-2.0 */
/* Checked reads in the byte order that a header announces: for ELF and Mach-O. */
#ifndef VT_ENGINE_EXE_WORD_H
#define VT_ENGINE_EXE_WORD_H

#include "base/span.h"

struct vt_words {
	vt_span s;
	bool be;   /* big-endian */
	bool wide; /* an address or size is 64 bits */
};

static inline bool vt_word_u16(const struct vt_words *w, uint64_t at, uint16_t *out)
{
	return w->be ? vt_get_u16be(w->s, at, out) : vt_get_u16le(w->s, at, out);
}

static inline bool vt_word_u32(const struct vt_words *w, uint64_t at, uint32_t *out)
{
	return w->be ? vt_get_u32be(w->s, at, out) : vt_get_u32le(w->s, at, out);
}

static inline bool vt_word_u64(const struct vt_words *w, uint64_t at, uint64_t *out)
{
	return w->be ? vt_get_u64be(w->s, at, out) : vt_get_u64le(w->s, at, out);
}

/* An address: 4 or 8 bytes, by the file's class. */
static inline bool vt_word_addr(const struct vt_words *w, uint64_t at, uint64_t *out)
{
	uint32_t narrow;

	if (w->wide)
		return vt_word_u64(w, at, out);
	if (!vt_word_u32(w, at, &narrow))
		return false;
	*out = narrow;
	return true;
}

#endif
