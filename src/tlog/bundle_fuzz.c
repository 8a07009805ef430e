/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a bundle of entries, and as every file of a log: entries written again are the same
 * bytes, and a tree is only opened if they are what its root says.
 */
#include <stdlib.h>

#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err serve(void *ctx, const char *path, size_t max, vt_buf *out)
{
	const vt_span *s = ctx;

	(void)path;
	return s->n > max ? VT_ELIMIT : vt_buf_add(out, s->p, s->n);
}

/* The tree that has these entries, of which every file is these bytes. */
static void as_a_log(vt_span s, const struct vt_edge *edge)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_tiles *t;
	vt_hash root;

	vt_edge_root(edge, &root);
	if (edge->size > 0 && !vt_tiles_open(edge->size, &root, serve, &s, &t)) {
		/* one hash is a tile that is its own root: then the entry must match */
		for (uint64_t i = 0; i < edge->size; i++)
			(void)!vt_tiles_entry(t, i, &b);
		vt_tiles_close(t);
	}
	vt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span s = vt_span_of(data, size), entry;
	vt_reader r = vt_reader_of(s);
	vt_buf b = VT_BUF_INIT(size + 1);
	struct vt_edge edge = {0};
	vt_err e;

	while (!(e = vt_bundle_next(&r, &entry))) {
		vt_hash leaf;

		if (vt_bundle_add(&b, entry))
			abort();
		vt_merkle_leaf(entry, &leaf);
		vt_edge_add(&edge, &leaf);
	}
	if (b.n > size || (b.n && memcmp(b.p, data, b.n) != 0) || (e == VT_END) != (b.n == size))
		abort();
	vt_buf_free(&b);
	as_a_log(s, &edge);
	return 0;
}
