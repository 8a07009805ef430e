/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/exe_facts.h"

#include <string.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "crypto/signed.h"
#include "inventory/artefact/elf_note.h"
#include "inventory/artefact/macho_sign.h"
#include "inventory/artefact/pe_version.h"
#include "inventory/artefact/window.h"
#include "os/fd.h"

#define HEADERS_BUDGET ((uint64_t)8 << 20) /* bytes that may be read of one file's headers */
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

/*
 * Who signed it is said only if the signature is of this very file. Otherwise the state tells, and
 * the value keeps who is claimed to have: anybody can paste a signature.
 */
static void say_signer(struct file *f, const struct vt_signed *s, bool whole)
{
	vt_buf claim = VT_BUF_INIT(VT_FACT_VALUE_MAX);

	if (s->valid && whole) {
		f->fact.v[VT_ATTR_STATE] = vt_span_str("signed");
		f->fact.v[VT_ATTR_SIGNER] = s->cn;
		f->fact.v[VT_ATTR_SIGNER_ORG] = s->org;
		return;
	}
	f->fact.v[VT_ATTR_STATE] = vt_span_str("signature-broken");
	if (!vt_buf_addf(&claim, "claims to be signed by %.*s", (int)s->cn.n,
		    s->cn.n ? (const char *)s->cn.p : "")) {
		const char *copy = vt_arena_copy(f->arena, vt_buf_span(&claim));

		f->fact.v[VT_ATTR_VALUE] = vt_span_of(copy, copy ? claim.n : 0);
	}
	vt_buf_free(&claim);
}

static vt_err add_range(
	struct file *f, struct vt_hasher *h, uint8_t *chunk, uint64_t at, uint64_t end)
{
	while (at < end) {
		size_t n = (size_t)vt_min_u64(CHUNK, end - at), got = 0;
		vt_err e = vt_fd_pread_sized(f->fd, chunk, n, at, f->size, &got);

		if (e)
			return e;
		if (got < n)
			return VT_ETRUNCATED;
		vt_hasher_add(h, vt_span_of(chunk, got));
		at += got;
	}
	return VT_OK;
}

/* All of the file but the checksum, the directory's entry and the certificates. */
static vt_err pe_digest(
	struct file *f, const struct vt_pe_names *n, const struct vt_signed *s, bool *out_same)
{
	uint8_t *chunk = vt_arena_alloc(f->arena, CHUNK), digest[VT_DIGEST_MAX];
	struct vt_hasher *h = chunk ? vt_hasher_new(s->kind) : NULL;
	vt_err e;

	if (!h)
		return VT_ENOMEM;
	e = add_range(f, h, chunk, 0, n->checksum_at);
	if (!e)
		e = add_range(f, h, chunk, n->checksum_at + 4, n->directory_at);
	if (!e)
		e = add_range(f, h, chunk, n->directory_at + 8, n->certificates_at);
	if (!e)
		e = add_range(f, h, chunk, n->certificates_at + n->certificates_n, f->size);
	*out_same = vt_hasher_finish(h, digest) == s->digest_n && !e && s->digest_n &&
		memcmp(digest, s->digest, s->digest_n) == 0;
	return e == VT_EIO ? e : VT_OK;
}

#define CERTIFICATES_MAX ((uint64_t)2 << 20)
#define PKCS_SIGNED_DATA 2

static vt_err pe_signature(struct file *f, struct vt_window *w, const struct vt_pe_names *n)
{
	struct vt_signed s;
	uint32_t length = 0;
	uint16_t type = 0;
	bool same = false;
	vt_span c = {0}, der;
	vt_err e;

	f->fact.v[VT_ATTR_STATE] = vt_span_str("unsigned");
	if (!n->has_certificates)
		return VT_OK;
	f->fact.v[VT_ATTR_STATE] = vt_span_str("signature-damaged"); /* cut off, for instance */
	if (n->certificates_n > CERTIFICATES_MAX || n->certificates_n < 8)
		return VT_OK;
	e = vt_window_get(w, n->certificates_at, n->certificates_n, &c);
	if (e)
		return e == VT_ENOMEM || e == VT_EIO ? e : VT_OK;
	if (!vt_get_u32le(c, 0, &length) || !vt_get_u16le(c, 6, &type) ||
		type != PKCS_SIGNED_DATA || length < 8 || !vt_span_sub(c, 8, length - 8, &der))
		return VT_OK;
	e = vt_signed_read(der, vt_span_of(NULL, 0), f->arena, &s);
	if (e)
		return e == VT_ENOMEM ? e : VT_OK;
	if (s.kind != VT_DIGEST_NONE)
		e = pe_digest(f, n, &s, &same);
	if (!e)
		say_signer(f, &s, same);
	return e;
}

static vt_err pe(struct file *f, struct vt_window *w)
{
	struct vt_pe_names names;
	vt_err e = vt_pe_names(w, &names);

	if (e)
		return e;
	f->fact.v[VT_ATTR_COMPANY] = names.company;
	f->fact.v[VT_ATTR_PRODUCT] = names.product;
	f->fact.v[VT_ATTR_ORIGINAL] = names.original;
	f->fact.v[VT_ATTR_VERSION] = names.version;
	e = pe_signature(f, w, &names);
	if (!e)
		vt_collect_fact(f->c, &f->fact);
	return e;
}

/* Each page of code against the directory that was signed. */
static vt_err macho_digests(
	struct file *f, const struct vt_macho_part *part, vt_span directory, bool *out_same)
{
	uint8_t *chunk = vt_arena_alloc(f->arena, CHUNK), digest[VT_DIGEST_MAX];
	struct vt_macho_pages p;
	vt_err e = chunk ? VT_OK : VT_ENOMEM;

	*out_same = false;
	if (!vt_macho_pages(directory, &p) || p.limit > part->size || part->at > f->size)
		return e;
	for (uint64_t at = 0, i = 0; !e && at < p.limit; at += p.page, i++) {
		uint64_t end = at + vt_min_u64(p.page, p.limit - at);
		struct vt_hasher *h = vt_hasher_new(p.kind);

		if (!h)
			return VT_ENOMEM;
		e = add_range(f, h, chunk, part->at + at, part->at + end);
		if (vt_hasher_finish(h, digest) < p.digest_n ||
			memcmp(digest, p.digests.p + i * p.digest_n, p.digest_n) != 0)
			return e == VT_EIO ? e : VT_OK;
	}
	*out_same = !e;
	return e == VT_EIO ? e : VT_OK;
}

/* The team is as good as the signature over the code directory that names it. */
static vt_err macho_part(struct file *f, struct vt_window *w, const struct vt_macho_part *part)
{
	struct vt_macho_names names;
	struct vt_signed s = {0};
	bool same = false;
	vt_err e = vt_macho_names(w, part, &names);

	if (e)
		return e == VT_EFORMAT ? VT_OK : e;
	f->fact.v[VT_ATTR_ARCH] = vt_span_str(vt_macho_cpu(part->cpu));
	f->fact.v[VT_ATTR_ORIGINAL] = names.identifier;
	if (!names.directory.n) {
		f->fact.v[VT_ATTR_STATE] = vt_span_str("unsigned");
	} else if (!names.signature.n) {
		f->fact.v[VT_ATTR_STATE] = vt_span_str("ad-hoc");
	} else {
		e = vt_signed_read(names.signature, names.directory, f->arena, &s);
		if (e == VT_ENOMEM)
			return e;
		if (e) {
			f->fact.v[VT_ATTR_STATE] = vt_span_str("signature-damaged");
		} else {
			e = macho_digests(f, part, names.directory, &same);
			if (e)
				return e;
			say_signer(f, &s, same);
			if (s.valid && same)
				f->fact.v[VT_ATTR_TEAM_ID] = names.team;
		}
	}
	vt_collect_fact(f->c, &f->fact);
	return VT_OK;
}

static vt_err macho(struct file *f, struct vt_window *w)
{
	struct vt_macho_part parts[VT_MACHO_PARTS_MAX];
	const struct vt_fact plain = f->fact;
	size_t n = 0;
	vt_err e = vt_macho_parts(w, parts, &n);

	for (size_t i = 0; !e && i < n; i++) {
		const char *cpu = vt_macho_cpu(parts[i].cpu);
		vt_buf locus = VT_BUF_INIT(VT_TREE_PATH_MAX + 16);

		f->fact = plain;
		if (n > 1 &&
			!vt_buf_addf(&locus, "%.*s#%s", (int)plain.locus.n,
				(const char *)plain.locus.p, cpu))
			f->fact.locus = vt_buf_span(&locus);
		e = macho_part(f, w, &parts[i]);
		vt_buf_free(&locus);
	}
	return e;
}

/* By the first bytes; a reader says VT_EFORMAT if it is not one after all. */
static const struct {
	const char *magic;
	size_t n;
	vt_err (*facts)(struct file *f, struct vt_window *w);
} readers[] = {
	{"\177ELF", 4, elf},
	{"MZ", 2, pe},
	{"\xcf\xfa\xed\xfe", 4, macho},
	{"\xce\xfa\xed\xfe", 4, macho},
	{"\xfe\xed\xfa\xcf", 4, macho},
	{"\xfe\xed\xfa\xce", 4, macho},
	{"\xca\xfe\xba\xbe", 4, macho},
	{"\xca\xfe\xba\xbf", 4, macho},
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
