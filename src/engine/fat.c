/* SPDX-License-Identifier: Apache-2.0 */
/* A fat Mach-O file as a container of its slices (<mach-o/fat.h>): nothing is copied. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/exe/macho.h"
#include "engine/scanner.h"

struct fat {
	vt_span bytes;
	unsigned next;
	char name[24];
};

static vt_err fat_open(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state)
{
	struct fat *f = calloc(1, sizeof *f);

	(void)type;
	(void)budget;
	if (!f)
		return VT_ENOMEM;
	f->bytes = bytes;
	*out_state = f;
	return VT_OK;
}

static vt_err fat_next(void *state, struct vt_member *out)
{
	struct fat *f = state;
	struct vt_macho_slice slice;
	vt_err e = vt_macho_slice(f->bytes, f->next, &slice);
	int n;

	if (e)
		return e;
	f->next++;
	n = snprintf(f->name, sizeof f->name, "cpu-%u", slice.cpu);
	*out = (struct vt_member){
		.name = vt_span_of(f->name, n > 0 ? (size_t)n : 0),
		.bytes = vt_span_clip(f->bytes, slice.offset, slice.size),
		.packed_size = slice.size,
		.real_size = slice.size,
		.position = f->next,
	};
	if (out->bytes.n < slice.size)
		out->status = VT_ETRUNCATED;
	return VT_OK;
}

const struct vt_unpacker vt_unpacker_macho_fat = {
	.name = "macho-fat",
	.open = fat_open,
	.next = fat_next,
	.close = free,
};
