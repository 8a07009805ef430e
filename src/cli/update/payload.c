/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/payload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "entry/delta.h"
#include "os/fd.h"
#include "os/map.h"
#include "publish/chunks.h"
#include "store/folder.h"

/* One chunk from the store, unpacked behind what is in `out`. */
static vt_err add_chunk(int store, const struct vt_chunk *c, vt_buf *packed, vt_buf *out)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_err e;

	vt_buf_clear(packed);
	e = vt_store_read(store, vt_chunk_path(&c->sha256, path), c->packed, packed);
	if (e)
		return e == VT_END ? VT_EIO : e;
	return vt_chunk_unpack(c, vt_buf_span(packed), out);
}

vt_err vt_payload_delta(int store, const struct vt_content *c, vt_buf *out)
{
	vt_buf packed = VT_BUF_INIT(VT_CHUNK_PACKED_MAX);
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < c->ndelta; i++)
		e = add_chunk(store, &c->delta[i], &packed, out);
	vt_buf_free(&packed);
	return e;
}

/* A file without a name: in the folder where that works, else in memory. */
static int unnamed(int folder)
{
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("vitrine-update", MFD_CLOEXEC);
}

static vt_err fail(struct vt_payload *p, vt_err e, const char *why)
{
	p->why = why;
	return e;
}

/* The full text, cut into files --------------------------------------------------------------- */

struct cutter {
	struct vt_payload *p;
	const struct vt_content *c;
	int folder;
	size_t at;     /* the file being written */
	uint64_t left; /* bytes of it still to come */
};

/* Opens files until one wants bytes; empty ones are complete at once. */
static vt_err next_file(struct cutter *t)
{
	while (t->left == 0 && t->at < t->c->nfiles) {
		const struct vt_entry_file *f = &t->c->files[t->at];
		int fd = unnamed(t->folder);

		if (fd < 0)
			return fail(t->p, VT_EIO, "no room for unpacked content");
		t->p->v[t->p->n++] = (struct vt_payload_file){.name = f->name, .fd = fd};
		t->left = f->size;
		if (t->left)
			return VT_OK;
		t->at++;
	}
	return VT_OK;
}

static vt_err cut(struct cutter *t, vt_span bytes)
{
	vt_err e = VT_OK;

	while (!e && bytes.n) {
		size_t n;

		if (t->left == 0)
			return fail(t->p, VT_EFORMAT, "the chunks hold more than the files");
		n = (size_t)vt_min_u64(bytes.n, t->left);
		e = vt_fd_write(t->p->v[t->p->n - 1].fd, bytes.p, n);
		if (e)
			return fail(t->p, e, "can't write unpacked content");
		bytes = vt_span_clip(bytes, n, bytes.n);
		t->left -= n;
		if (t->left == 0) {
			t->at++;
			e = next_file(t);
		}
	}
	return e;
}

static vt_err unpack_full(int store, int folder, const struct vt_content *c, struct vt_payload *p)
{
	vt_buf packed = VT_BUF_INIT(VT_CHUNK_PACKED_MAX), raw = VT_BUF_INIT(VT_CHUNK_RAW_MAX);
	struct cutter t = {.p = p, .c = c, .folder = folder};
	vt_err e = next_file(&t);

	for (size_t i = 0; !e && i < c->nfull; i++) {
		vt_buf_clear(&raw);
		e = add_chunk(store, &c->full[i], &packed, &raw);
		if (e)
			(void)fail(p, e, "a chunk is missing or damaged");
		else
			e = cut(&t, vt_buf_span(&raw));
	}
	if (!e && t.at < c->nfiles)
		e = fail(p, VT_EFORMAT, "the chunks hold less than the files");
	vt_buf_free(&packed);
	vt_buf_free(&raw);
	return e;
}

/* Deltas --------------------------------------------------------------------------------------- */

static size_t find(const struct vt_payload *p, vt_span name)
{
	size_t i = 0;

	while (i < p->n && !vt_span_eq(p->v[i].name, name))
		i++;
	return i;
}

static void drop(struct vt_payload *p, size_t i)
{
	vt_fd_close(p->v[i].fd);
	p->v[i] = p->v[--p->n];
}

static vt_err map_file(int fd, vt_span *out)
{
	uint64_t size;
	vt_err e = vt_fd_size(fd, &size);

	return e ? e : vt_map_file(fd, size, out);
}

/* Puts new bytes in the place of a file, or adds one. */
static vt_err replace(struct vt_payload *p, int folder, size_t i, vt_span name, vt_span bytes)
{
	int fd = unnamed(folder);
	vt_err e = fd < 0 ? VT_EIO : vt_fd_write(fd, bytes.p, bytes.n);

	if (!e && i == p->n && p->n == VT_ENTRY_FILES_MAX)
		e = VT_ELIMIT;
	if (e) {
		vt_fd_close(fd);
		return fail(p, e, "can't write unpacked content");
	}
	if (i < p->n)
		vt_fd_close(p->v[i].fd);
	else
		p->n++;
	p->v[i] = (struct vt_payload_file){.name = name, .fd = fd};
	return VT_OK;
}

/* The name as an entry has it: names in a delta's text don't outlive the text. */
static vt_span lasting_name(const struct vt_content *c, vt_span name)
{
	for (size_t i = 0; i < c->nfiles; i++) {
		if (vt_span_eq(c->files[i].name, name))
			return c->files[i].name;
	}
	return (vt_span){0};
}

static vt_err apply_file(struct vt_payload *p, int folder, const struct vt_content *c,
	struct vt_delta_reader *d, struct vt_delta_step *io_step, bool *out_end)
{
	vt_span name = lasting_name(c, io_step->file), old = {0};
	size_t i = find(p, io_step->file);
	bool fresh = io_step->op == VT_DELTA_ADD;
	vt_buf now = VT_BUF_INIT(VT_PAYLOAD_MAX);
	vt_err e = VT_OK;

	if (!name.n || (io_step->op == VT_DELTA_FILE && i == p->n) || (fresh && i < p->n))
		return fail(p, VT_EFORMAT, "a delta names files that are not there");
	if (io_step->op == VT_DELTA_FILE)
		e = map_file(p->v[i].fd, &old);
	if (!e)
		e = vt_delta_apply_file(d, io_step, old, &now, out_end);
	if (old.n)
		vt_map_close(old);
	if (e)
		(void)fail(p, e, "a delta does not fit the version before");
	else
		e = replace(p, folder, i, name, vt_buf_span(&now));
	vt_buf_free(&now);
	return e;
}

static vt_err apply_text(struct vt_payload *p, int folder, const struct vt_content *c, vt_span text)
{
	struct vt_delta_reader d;
	struct vt_delta_step s;
	bool end = false;
	vt_err e = vt_delta_open(text, &d);

	if (!e) {
		e = vt_delta_next(&d, &s);
		end = e == VT_END;
	}
	if (e && !end)
		return fail(p, e, "a delta is malformed");
	e = VT_OK;
	while (!e && !end) {
		if (s.op != VT_DELTA_DROP) {
			e = apply_file(p, folder, c, &d, &s, &end);
			continue;
		}
		if (find(p, s.file) == p->n)
			return fail(p, VT_EFORMAT, "a delta drops a file that is not there");
		drop(p, find(p, s.file));
		e = vt_delta_next(&d, &s);
		end = e == VT_END;
		e = end ? VT_OK : e;
	}
	return e;
}

static vt_err apply_delta(int store, int folder, const struct vt_content *c, struct vt_payload *p)
{
	vt_buf text = VT_BUF_INIT(VT_PAYLOAD_MAX);
	vt_err e = vt_payload_delta(store, c, &text);

	if (e)
		(void)fail(p, e, "a chunk is missing or damaged");
	else
		e = apply_text(p, folder, c, vt_buf_span(&text));
	vt_buf_free(&text);
	return e;
}

/* Checks --------------------------------------------------------------------------------------- */

static vt_err check_files(const struct vt_content *c, struct vt_payload *p)
{
	if (p->n != c->nfiles)
		return fail(p, VT_ECHECKSUM, "the deltas give other files than the log says");
	for (size_t i = 0; i < c->nfiles; i++) {
		size_t at = find(p, c->files[i].name);
		vt_span bytes = {0};
		vt_hash sum;

		if (at == p->n || map_file(p->v[at].fd, &bytes))
			return fail(p, VT_ECHECKSUM, "a file that the log names is not there");
		vt_sha256(bytes, sum.b);
		if (bytes.n)
			vt_map_close(bytes);
		if (bytes.n != c->files[i].size || !vt_hash_eq(&sum, &c->files[i].sha256))
			return fail(p, VT_ECHECKSUM, "a file has not the hash that the log says");
	}
	return VT_OK;
}

vt_err vt_payload_unpack(
	int store, int folder, const struct vt_plan_set *set, struct vt_payload *out)
{
	vt_err e;

	*out = (struct vt_payload){0};
	if (set->nchain == 0)
		return VT_EARG;
	e = unpack_full(store, folder, set->chain[0], out);
	if (!e)
		e = check_files(set->chain[0], out);
	for (size_t i = 1; !e && i < set->nchain; i++)
		e = apply_delta(store, folder, set->chain[i], out);
	if (!e && set->nchain > 1)
		e = check_files(set->chain[set->nchain - 1], out);
	return e;
}

void vt_payload_free(struct vt_payload *p)
{
	for (size_t i = 0; i < p->n; i++)
		vt_fd_close(p->v[i].fd);
	p->n = 0;
}
