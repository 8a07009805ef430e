/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of a ledger against its tiles and checkpoints; and the log that it makes, for others.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "egress/internal.h"
#include "egress/read.h"

struct verify {
	const struct vt_ledger_files *files;
	struct vt_ledger_report *out;
	struct vt_ledger_tree tree; /* large */
	struct vt_edge edge;
	uint64_t sizes[2]; /* of checkpoints */
	vt_hash roots[2];  /* theirs, as we find them */
	vt_buf tile;
};

/* The tile that must be there by now. */
static vt_err compare_tile(void *ctx, const struct vt_tile *t, vt_span bytes)
{
	struct verify *v = ctx;
	char path[VT_TILE_PATH_MAX];
	vt_err e;

	vt_buf_clear(&v->tile);
	e = v->files->get(v->files->ctx, vt_tile_path(t, path), VT_TILE_BYTES, &v->tile);
	if (e == VT_END || e == VT_ELIMIT || (!e && !vt_span_eq(vt_buf_span(&v->tile), bytes)))
		return vt_ledger_damaged(&v->out->walk, "%s: %s", path,
			e == VT_END ? "the tile is missing"
				    : "the tile does not have the hashes of the entries");
	v->out->tiles++;
	return e;
}

static vt_err on_entry(void *ctx, const struct vt_egress *entry, vt_span raw)
{
	struct verify *v = ctx;
	vt_hash leaf;

	(void)entry;
	vt_merkle_leaf(raw, &leaf);
	vt_edge_add(&v->edge, &leaf);
	for (size_t i = 0; i < 2; i++)
		if (v->edge.size == v->sizes[i])
			vt_edge_root(&v->edge, &v->roots[i]);
	return vt_ledger_tree_add(&v->tree, &leaf, compare_tile, v);
}

static vt_err check_head(struct verify *v, size_t i, const struct vt_head *head, const char *which)
{
	if (head->at.size > v->edge.size)
		return vt_ledger_damaged(&v->out->walk,
			"%s covers %" PRIu64 " entries, but there are only %" PRIu64, which,
			head->at.size, v->edge.size);
	if (!vt_hash_eq(&head->at.root, &v->roots[i]))
		return vt_ledger_damaged(&v->out->walk,
			"%s does not match the first %" PRIu64 " entries: one was changed", which,
			head->at.size);
	return VT_OK;
}

static vt_err run(struct verify *v, vt_span other)
{
	struct vt_ledger_report *out = v->out;
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_head head = {0}, kept = {0};
	struct vt_key key;
	vt_err e = vt_ledger_get_head(v->files, &note, &key, &head);
	bool bad_head = e && e != VT_END;

	out->has_head = e == VT_OK;
	out->head_size = v->sizes[0] = out->has_head ? head.at.size : 0;
	if (other.n && (!out->has_head || vt_head_parse(other, &key, &kept)))
		e = vt_ledger_damaged(&out->walk,
			"the checkpoint that was given is not signed by this ledger's key");
	else
		e = VT_OK;
	out->other_size = v->sizes[1] = kept.at.size;
	vt_merkle_empty(&v->roots[0]);
	v->roots[1] = v->roots[0];
	if (!e)
		e = vt_ledger_each(v->files, 0, on_entry, v, &out->walk);
	if (!e && bad_head)
		e = vt_ledger_damaged(
			&out->walk, "checkpoint: not one signed by the key in key.pub");
	if (!e && out->has_head)
		e = check_head(v, 0, &head, "the checkpoint");
	if (!e && other.n)
		e = check_head(v, 1, &kept, "the checkpoint that was given");
	vt_edge_root(&v->edge, &out->root);
	vt_buf_free(&note);
	return e;
}

vt_err vt_ledger_verify(
	const struct vt_ledger_files *files, vt_span other, struct vt_ledger_report *out)
{
	struct verify *v = calloc(1, sizeof *v);
	vt_err e;

	*out = (struct vt_ledger_report){0};
	if (!v)
		return VT_ENOMEM;
	v->files = files;
	v->out = out;
	v->tile = (vt_buf)VT_BUF_INIT(VT_TILE_BYTES);
	e = run(v, other);
	vt_buf_free(&v->tile);
	free(v);
	return e;
}

struct export
{
	vt_export_put *put;
	void *ctx;
	uint64_t size;              /* of the checkpoint */
	struct vt_ledger_tree tree; /* large */
	vt_buf bundle;
};

static vt_err put_tile(void *ctx, const struct vt_tile *t, vt_span bytes)
{
	struct export *x = ctx;
	char path[VT_TILE_PATH_MAX];

	return x->put(x->ctx, vt_tile_path(t, path), bytes);
}

static vt_err put_bundle(struct export *x, unsigned width)
{
	const struct vt_tile t = {.level = VT_TILE_ENTRIES,
		.index = (x->tree.size - 1) / VT_TILE_WIDTH,
		.width = width};
	vt_err e = put_tile(x, &t, vt_buf_span(&x->bundle));

	vt_buf_clear(&x->bundle);
	return e;
}

static vt_err export_entry(void *ctx, const struct vt_egress *entry, vt_span raw)
{
	struct export *x = ctx;
	vt_hash leaf;
	vt_err e;

	if (entry->seq >= x->size)
		return VT_END;
	vt_merkle_leaf(raw, &leaf);
	e = vt_bundle_add(&x->bundle, raw);
	if (!e)
		e = vt_ledger_tree_add(&x->tree, &leaf, put_tile, x);
	if (!e && x->tree.size % VT_TILE_WIDTH == 0)
		e = put_bundle(x, VT_TILE_WIDTH);
	return e;
}

/* Tiles that are not full. */
static vt_err put_edge(struct export *x)
{
	unsigned width = (unsigned)(x->tree.size % VT_TILE_WIDTH);
	vt_err e = width ? put_bundle(x, width) : VT_OK;

	for (unsigned level = 0; !e && level < VT_TILE_LEVELS; level++) {
		struct vt_tile t = {.level = level};

		t.width = (unsigned)(x->tree.size >> (8 * level)) % VT_TILE_WIDTH;
		t.index = x->tree.size >> (8 * level) >> 8;
		if (t.width)
			e = put_tile(x, &t,
				vt_span_of(x->tree.edge[level], (size_t)t.width * VT_HASH_SIZE));
	}
	return e;
}

vt_err vt_ledger_export(const struct vt_ledger_files *files, vt_export_put *put, void *ctx,
	struct vt_ledger_walk *out)
{
	struct export *x = calloc(1, sizeof *x);
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX), key_text = VT_BUF_INIT(1024);
	struct vt_head head;
	struct vt_key key;
	vt_err e;

	*out = (struct vt_ledger_walk){0};
	if (!x)
		return VT_ENOMEM;
	x->put = put;
	x->ctx = ctx;
	x->bundle = (vt_buf)VT_BUF_INIT(VT_BUNDLE_MAX);
	e = vt_ledger_get_head(files, &note, &key, &head);
	if (!e) {
		x->size = head.at.size;
		e = vt_ledger_each(files, 0, export_entry, x, out);
	}
	if (!e && x->tree.size != x->size)
		e = vt_ledger_damaged(out, "entries that the checkpoint covers are missing");
	if (!e)
		e = put_edge(x);
	if (!e)
		e = vt_key_write(&key_text, &key);
	if (!e)
		e = vt_buf_add(&key_text, "\n", 1);
	if (!e)
		e = put(ctx, VT_LEDGER_PUBLIC, vt_buf_span(&key_text));
	if (!e)
		e = put(ctx, VT_LEDGER_HEAD, vt_buf_span(&note));
	vt_buf_free(&x->bundle);
	vt_buf_free(&note);
	vt_buf_free(&key_text);
	free(x);
	return e;
}
