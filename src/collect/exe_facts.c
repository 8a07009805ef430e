/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/exe_facts.h"

#include <string.h>

#include "crypto/hash.h"
#include "inventory/artefact/elf_note.h"
#include "inventory/artefact/window.h"
#include "os/fd.h"

#define HEADERS_BUDGET ((uint64_t)4 << 20) /* bytes that may be read of one file's headers */
#define CHUNK ((size_t)256 << 10)

struct file {
	int fd;
	uint64_t size;
	struct vt_collect *c;
	vt_arena *arena;
	struct vt_fact fact;
};

static vt_err read_fd(void *ctx, uint64_t at, void *p, size_t n, size_t *out_n)
{
	const struct file *f = ctx;

	return vt_fd_pread_sized(f->fd, p, n, at, f->size, out_n);
}

static vt_span hex(vt_arena *arena, vt_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *p = vt_arena_alloc(arena, 2 * bytes.n + 1);

	for (size_t i = 0; p && i < bytes.n; i++) {
		p[2 * i] = digits[bytes.p[i] >> 4];
		p[2 * i + 1] = digits[bytes.p[i] & 15];
	}
	return vt_span_of(p, p ? 2 * bytes.n : 0);
}

static vt_err whole_digest(struct file *f)
{
	struct vt_sha256_stream s;
	uint8_t digest[32], *chunk = vt_arena_alloc(f->arena, CHUNK);
	uint64_t at = 0;
	size_t got = CHUNK;

	if (!chunk)
		return VT_ENOMEM;
	vt_sha256_start(&s);
	while (got == CHUNK) {
		vt_err e = vt_fd_pread_sized(f->fd, chunk, CHUNK, at, f->size, &got);

		if (e)
			return e;
		vt_sha256_add(&s, vt_span_of(chunk, got));
		at += got;
	}
	vt_sha256_finish(&s, digest);
	f->fact.v[VT_ATTR_SHA256] = hex(f->arena, vt_span_of(digest, sizeof digest));
	return VT_OK;
}

static vt_err elf(struct file *f, struct vt_window *w)
{
	struct vt_elf_names names = {0};
	vt_err e = vt_elf_names(w, &names);

	if (e)
		return e;
	f->fact.v[VT_ATTR_SONAME] = names.soname;
	f->fact.v[VT_ATTR_BUILD_ID] = hex(f->arena, names.build_id);
	f->fact.v[VT_ATTR_PRODUCT] = names.module;
	vt_collect_fact(f->c, &f->fact);
	return VT_OK;
}

/* By the first bytes; a reader says VT_EFORMAT if it is not one after all. */
static const struct {
	const char *magic;
	size_t n;
	vt_err (*facts)(struct file *f, struct vt_window *w);
} readers[] = {
	{"\177ELF", 4, elf},
};

vt_err vt_exe_facts(struct vt_collect *c, const struct vt_exe_ask *ask, vt_span path, vt_span name,
	int fd, uint64_t size)
{
	struct file f = {.fd = fd, .size = size, .c = c, .arena = vt_collect_arena(c)};
	struct vt_window w = {.read = read_fd,
		.ctx = &f,
		.size = size,
		.budget = HEADERS_BUDGET,
		.arena = f.arena};
	uint8_t head[4] = {0};
	size_t got = 0;
	vt_err e = vt_fd_pread_sized(fd, head, sizeof head, 0, size, &got);

	for (size_t i = 0; !e && i < sizeof readers / sizeof *readers; i++) {
		if (got < readers[i].n || memcmp(head, readers[i].magic, readers[i].n) != 0)
			continue;
		f.fact = (struct vt_fact){.kind = VT_FACT_EXECUTABLE, .locus = path};
		f.fact.v[VT_ATTR_PATH] = path;
		f.fact.v[VT_ATTR_NAME] = name;
		e = ask->sha256 ? whole_digest(&f) : VT_OK;
		if (!e)
			e = readers[i].facts(&f, &w);
		return e == VT_EFORMAT ? VT_EUNSUPPORTED : e;
	}
	return e ? e : VT_EUNSUPPORTED;
}
