/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of images: found by digest, verified, decompressed once, indexed. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "os/fd.h"
#include "tree/images.h"

#define CHUNK ((size_t)256 << 10)

vt_span vt_images_text(struct vt_images_private *p, const char *fmt, ...)
{
	char text[500];
	char *copy;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return vt_span_of(NULL, 0);
	if ((size_t)n >= sizeof text)
		n = (int)sizeof text - 1;
	copy = vt_arena_copy(&p->arena, vt_span_of(text, (size_t)n));
	return vt_span_of(copy, copy ? (size_t)n : 0);
}

vt_span vt_images_blob_path(struct vt_images_private *p, vt_span digest)
{
	if (digest.n != 7 + 64 || !vt_span_at(digest, 0, "sha256:", 7))
		return vt_span_of(NULL, 0);
	for (size_t i = 7; i < digest.n; i++)
		if (!strchr("0123456789abcdef", digest.p[i]) || !digest.p[i])
			return vt_span_of(NULL, 0);
	return vt_images_text(p, "/blobs/sha256/%.64s", (const char *)digest.p + 7);
}

static vt_span digest_text(struct vt_images_private *p, const uint8_t digest[32])
{
	char hex[65];

	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return vt_images_text(p, "sha256:%s", hex);
}

/* Of a whole file. */
static vt_err digest_fd(struct vt_images_private *p, int fd, vt_span *out)
{
	uint8_t *chunk = vt_arena_alloc(&p->arena, CHUNK), digest[32];
	struct vt_sha256_stream s;
	size_t got = CHUNK;

	if (!chunk)
		return VT_ENOMEM;
	vt_sha256_start(&s);
	for (uint64_t at = 0; got == CHUNK; at += got) {
		vt_err e = vt_fd_pread(fd, chunk, CHUNK, at, &got);

		if (e)
			return e;
		vt_sha256_add(&s, vt_span_of(chunk, got));
	}
	vt_sha256_finish(&s, digest);
	*out = digest_text(p, digest);
	return out->n ? VT_OK : VT_ENOMEM;
}

vt_err vt_images_json(struct vt_images_private *p, vt_span path, vt_span digest, json_t **out)
{
	vt_buf b = VT_BUF_INIT(VT_IMAGE_JSON_MAX);
	vt_err e = path.n ? vt_tree_read(p->outer, path, &b) : VT_EFORMAT;
	uint8_t sum[32];
	json_t *j;

	if (!e && digest.n) {
		vt_sha256(vt_buf_span(&b), sum);
		if (!vt_span_eq(digest_text(p, sum), digest))
			e = VT_ECHECKSUM;
	}
	if (!e) {
		j = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
		if (j)
			*out = j;
		else
			e = VT_EFORMAT;
	}
	vt_buf_free(&b);
	return e;
}

/* Opens, verifies, decompresses and indexes. */
static vt_err load(struct vt_images_private *p, struct vt_layer_blob *b, vt_span digest)
{
	int fd = -1, plain = -1;
	vt_err e = vt_tree_open(p->outer, b->path, p->spool->max, &fd);

	if (!e)
		e = digest_fd(p, fd, &b->digest);
	if (!e && digest.n && !vt_span_eq(b->digest, digest))
		e = VT_ECHECKSUM;
	if (!e)
		e = vt_spool_stream(fd, p->spool, &plain);
	if (!e)
		e = digest_fd(p, plain, &b->diff);
	vt_fd_close(fd);
	if (e) {
		vt_fd_close(plain);
		return e;
	}
	return vt_tar_index(plain, &b->tar);
}

vt_err vt_images_blob(
	struct vt_images_private *p, vt_span path, vt_span digest, struct vt_layer_blob **out)
{
	struct vt_layer_blob *b;
	vt_err e;

	for (size_t i = 0; i < p->nblobs; i++)
		if (vt_span_eq(p->blobs[i]->path, path)) {
			*out = p->blobs[i];
			return VT_OK;
		}
	if (p->nblobs == VT_BLOBS_MAX)
		return VT_ELIMIT;
	b = vt_arena_alloc(&p->arena, sizeof *b);
	if (!b)
		return VT_ENOMEM;
	b->tar.fd = -1;
	b->path = path;
	p->blobs[p->nblobs++] = b;
	e = load(p, b, digest);
	if (e == VT_ENOMEM)
		return e;
	b->why = e == VT_ELIMIT ? VT_MISS_LIMIT
		: e == VT_EIO   ? VT_MISS_UNREADABLE
				: VT_MISS_MALFORMED;
	if (e == VT_END)
		b->wrong = vt_images_text(p, "is not there");
	else if (e)
		b->wrong = vt_images_text(p, "%s", vt_err_text(e));
	*out = b;
	return VT_OK;
}
