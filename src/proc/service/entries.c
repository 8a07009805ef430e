/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/entries.h"

#include "base/num.h"

vt_err vt_entries_head_read(vt_reader *r, struct vt_entries_head *out)
{
	vt_reader at = *r;
	struct vt_entries_head h;

	h.origin = vt_read_span(&at, vt_read_u16be(&at));
	h.start = vt_read_u64be(&at);
	h.end = vt_read_u64be(&at);
	h.ticket = vt_read_span(&at, vt_read_u16be(&at));
	if (at.bad)
		return VT_ETRUNCATED;
	if (h.start > h.end || h.end > VT_TREE_MAX)
		return VT_EFORMAT;
	*out = h;
	*r = at;
	return VT_OK;
}

bool vt_entries_range(uint64_t start, uint64_t end, uint64_t i, struct vt_entries_package *out)
{
	uint64_t first = start / VT_TILE_WIDTH + i;

	if (start >= end || i > VT_TREE_MAX / VT_TILE_WIDTH || first > (end - 1) / VT_TILE_WIDTH)
		return false;
	out->rounded = first * VT_TILE_WIDTH;
	out->start = vt_max_u64(start, out->rounded);
	out->end = vt_min_u64(end, out->rounded + VT_TILE_WIDTH);
	return true;
}

vt_err vt_entries_package_read(vt_reader *r, struct vt_entries_package *io)
{
	vt_reader at = *r;
	size_t n = (size_t)(io->end - io->start), nhashes;

	for (size_t i = 0; i < n && !at.bad; i++)
		io->entry[i] = vt_read_span(&at, vt_read_u16be(&at));
	nhashes = vt_read_u8(&at);
	if (at.bad)
		return VT_ETRUNCATED;
	if (nhashes > VT_PROOF_MAX)
		return VT_EFORMAT;
	for (size_t i = 0; i < nhashes && !at.bad; i++) {
		vt_span h = vt_read_span(&at, VT_HASH_SIZE);

		if (!at.bad)
			memcpy(io->proof.v[i].b, h.p, VT_HASH_SIZE);
	}
	if (at.bad)
		return VT_ETRUNCATED;
	io->n = n;
	io->proof.n = nhashes;
	*r = at;
	return VT_OK;
}
