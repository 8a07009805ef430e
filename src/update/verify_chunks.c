/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of content: from any source, believed by their hash alone. */
#include <inttypes.h>

#include "crypto/hash.h"
#include "store/folder.h"
#include "update/verify_internal.h"

static bool is_it(const struct vt_chunk *c, vt_span bytes)
{
	vt_hash found;

	if (bytes.n != c->packed)
		return false;
	vt_sha256(bytes, found.b);
	return vt_hash_eq(&found, &c->sha256);
}

/* From one source. VT_ECHECKSUM: it is not that. */
static vt_err try_source(
	const struct vt_verify_source *s, const struct vt_chunk *c, const char *path, vt_buf *b)
{
	vt_err e;

	vt_buf_clear(b);
	e = s->get(s->ctx, path, c->packed, b);
	if (!e && !is_it(c, vt_buf_span(b)))
		e = VT_ECHECKSUM;
	return e;
}

static vt_err fetch(struct vt_verify *v, const struct vt_chunk *c, const char *path, vt_buf *b)
{
	vt_err first = try_source(v->source, c, path, b);

	for (size_t i = 0; first && first != VT_ENOMEM && i < v->job->nsources; i++)
		if (&v->job->sources[i] != v->source &&
			try_source(&v->job->sources[i], c, path, b) == VT_OK)
			first = VT_OK;
	if (first == VT_ENOMEM)
		return first;
	if (first == VT_EPEER || first == VT_EIO)
		return vt_verify_refuse_file(v, first, path);
	if (first)
		return vt_verify_refuse(v, VT_REFUSED_CHUNK, "%s is %s", path,
			first == VT_END              ? "in no source"
				: first == VT_ELIMIT ? "longer than the log says"
						     : "not what the log says");
	v->out->chunks++;
	v->out->bytes += b->n;
	return vt_store_put(v->job->store, path, vt_buf_span(b));
}

static vt_err need(struct vt_verify *v, const struct vt_chunk *chunks, size_t n, vt_buf *b)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < n; i++)
		if (!vt_store_has(v->job->store, vt_chunk_path(&chunks[i].sha256, path)))
			e = fetch(v, &chunks[i], path, b);
	return e;
}

vt_err vt_verify_chunks(struct vt_verify *v)
{
	const struct vt_plan *p = &v->out->plan;
	uint64_t before = v->out->chunks;
	vt_buf b = VT_BUF_INIT(VT_CHUNK_PACKED_MAX);
	vt_err e = VT_OK;

	if (v->job->store < 0)
		return VT_OK;
	for (size_t i = 0; !e && i < p->nsets; i++) {
		const struct vt_plan_set *s = &p->sets[i];

		e = need(v, s->chain[0]->full, s->chain[0]->nfull, &b);
		for (size_t k = 1; !e && k < s->nchain; k++)
			e = need(v, s->chain[k]->delta, s->chain[k]->ndelta, &b);
	}
	vt_buf_free(&b);
	/* a plan names only what is on the disk */
	if (!e && v->out->chunks > before)
		e = vt_store_sync(v->job->store);
	return e;
}
