/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers. Each format is one file with one `const struct vt_unpacker` and one row in
 * formats.def. An open container hands out its members one at a time; the scan driver scans a
 * member (and what it holds) before it asks for the next, so at most one member a level is in
 * memory. No recursion, no files, no names interpreted: a member's name is bytes.
 */
#ifndef VT_ENGINE_UNPACK_UNPACK_H
#define VT_ENGINE_UNPACK_UNPACK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "engine/core/budget.h"
#include "engine/core/type.h"

#define VT_MEMBER_NAME_MAX 4096

struct vt_member {
	/*
	 * The member's name, as stored, at most VT_MEMBER_NAME_MAX bytes; empty for a format
	 * without names (the driver then calls it by the format's). Valid until the next call.
	 */
	vt_span name;
	/*
	 * The unpacked bytes: a part of the container itself (stored members), or `data` below.
	 * Valid until the next call. With `status` != VT_OK, what could be had of them; may be
	 * empty.
	 */
	vt_span bytes;
	/* What a container rule (.cdb) asks for; VT_SIZE_UNKNOWN where the format does not say. */
	uint64_t packed_size, real_size;
	uint64_t position; /* 1-based number of this member in its container */
	uint32_t crc;      /* CRC-32 as stored, if has_crc */
	bool has_crc, encrypted;
	/*
	 * VT_OK, or why `bytes` is not the whole member: VT_EENCRYPTED, VT_EUNSUPPORTED,
	 * VT_EFORMAT, VT_ETRUNCATED, VT_ECHECKSUM (all bytes are there), VT_ELIMIT (the budget has
	 * the reason), VT_ENOMEM.
	 */
	vt_err status;
	vt_reason limit; /* with VT_ELIMIT */
};

#define VT_SIZE_UNKNOWN UINT64_MAX

struct vt_unpacker {
	const char *name;
	/*
	 * Looks at the container's bytes, which outlive the state. VT_OK and a new state, which the
	 * caller gives to close(); or why there is nothing to iterate over (VT_EFORMAT, ...).
	 */
	vt_err (*open)(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state);
	/*
	 * The next member. VT_OK with *out filled; VT_END; or another error if the container cannot
	 * go on (it is not asked again): VT_EFORMAT, VT_ETRUNCATED, VT_EENCRYPTED (the list of
	 * names itself is encrypted), VT_EUNSUPPORTED, VT_ELIMIT, VT_ENOMEM. Directories and other
	 * members without content are skipped inside.
	 */
	vt_err (*next)(void *state, struct vt_member *out);
	void (*close)(void *state);
};

/* The unpacker for objects of this type, or NULL if its type is not a container that we open. */
const struct vt_unpacker *vt_unpacker_for(vt_type type);
/*
 * True for types that hold other objects whether or not we can open them (ARJ, EGG, NSIS, ...):
 * one without an unpacker is INCOMPLETE unsupported-format.
 */
bool vt_type_is_container(vt_type type);

#endif
