/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClamAV's containers: a header of 512 bytes, "ClamAV-VDB:time:version:signatures:level:md5:dsig:
 * builder:seconds", padded with blanks, then a tar archive, gzipped in .cvd and .cud, often not in
 * .cld (ClamAV manual, "CVD file"; tar: POSIX.1-2017, pax, "ustar Interchange Format"). The RSA
 * signature in the header is not checked.
 */
#define ZLIB_CONST
#include <zlib.h>

#include "base/num.h"
#include "compile/clamav/clamav.h"
#include "compile/clamav/parse.h"
#include "crypto/hash.h"

#define HEADER 512
#define BLOCK 512
#define CHUNK ((size_t)1 << 20)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, gzip framing */

enum { MAGIC, TIME, VERSION, SIGNATURES, LEVEL, MD5, DSIG, BUILDER, SECONDS, FIELDS };

static vt_err fail(const char **why, vt_err err, const char *cause)
{
	*why = cause;
	return err;
}

static vt_err parse_header(vt_span container, struct vt_cvd_header *out, const char **why)
{
	static const char magic[] = "ClamAV-VDB";
	struct vt_cvd_header h = {0};
	vt_span f[FIELDS], head;
	size_t n;

	if (!vt_span_sub(container, 0, HEADER, &head))
		return fail(why, VT_ETRUNCATED, "shorter than a container's header");
	while (head.n && (head.p[head.n - 1] == ' ' || head.p[head.n - 1] == 0))
		head.n--;
	n = vt_clam_split(head, ':', f, FIELDS);
	if (!vt_span_eq(f[MAGIC], vt_span_of(magic, sizeof magic - 1)))
		return fail(why, VT_EFORMAT, "not a ClamAV container: no ClamAV-VDB at its start");
	if (n < BUILDER + 1 || n > FIELDS)
		return fail(why, VT_EFORMAT, "the container's header has not nine fields");
	if (!vt_clam_number(f[VERSION], &h.version) ||
		!vt_clam_number(f[SIGNATURES], &h.signatures) ||
		!vt_clam_number(f[LEVEL], &h.level))
		return fail(why, VT_EFORMAT, "a number in the container's header is malformed");
	h.time = f[TIME];
	h.md5 = f[MD5];
	h.dsig = f[DSIG];
	h.builder = f[BUILDER];
	*out = h;
	return VT_OK;
}

/* The header's MD5 is of all that follows it; a container without one has other text there. */
static vt_err check_md5(vt_span hex, vt_span rest, const char **why)
{
	uint8_t digest[16];

	if (hex.n != 2 * sizeof digest)
		return VT_OK;
	vt_md5(rest, digest);
	for (size_t i = 0; i < hex.n; i++) {
		unsigned digit = i % 2 ? digest[i / 2] & 15u : digest[i / 2] >> 4;

		if (vt_clam_hex_value[hex.p[i]] != digit)
			return fail(why, VT_ECHECKSUM,
				"the container's content does not have the MD5 that its header "
				"gives");
	}
	return VT_OK;
}

static vt_err inflate_step(z_stream *z, vt_buf *out, const char **why, bool *done)
{
	size_t room = vt_min_size(CHUNK, out->max - out->n);
	vt_err err;
	int r;

	if (room == 0)
		return fail(why, VT_ELIMIT, "the container unpacks to more than the limit");
	err = vt_buf_reserve(out, room);
	if (err)
		return fail(why, err, vt_err_text(err));
	z->next_out = out->p + out->n;
	z->avail_out = (uInt)room;
	r = inflate(z, Z_NO_FLUSH);
	out->n += room - z->avail_out;
	*done = r == Z_STREAM_END;
	if (r == Z_OK || r == Z_STREAM_END)
		return VT_OK;
	if (r == Z_MEM_ERROR)
		return fail(why, VT_ENOMEM, vt_err_text(VT_ENOMEM));
	if (r == Z_BUF_ERROR)
		return fail(why, VT_ETRUNCATED, "the container's gzip stream ends too early");
	return fail(why, VT_EFORMAT, "the container's gzip stream is malformed");
}

static vt_err unpack_gzip(vt_span in, vt_buf *out, const char **why)
{
	z_stream z = {0};
	bool done = false;
	vt_err err = VT_OK;

	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return fail(why, VT_ENOMEM, vt_err_text(VT_ENOMEM));
	while (!err && !done) {
		if (z.avail_in == 0) {
			z.avail_in = (uInt)vt_min_size(in.n, UINT32_MAX);
			z.next_in = in.p;
			in = vt_span_clip(in, z.avail_in, in.n);
		}
		err = inflate_step(&z, out, why, &done);
	}
	(void)inflateEnd(&z);
	return err;
}

/* An octal number that blanks or NULs may surround. */
static bool parse_octal(vt_span s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0, digits = 0;

	while (i < s.n && s.p[i] == ' ')
		i++;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '7'; i++, digits++) {
		if (v >> 60)
			return false;
		v = v << 3 | (s.p[i] - (uint64_t)'0');
	}
	if (i < s.n && s.p[i] != ' ' && s.p[i] != 0)
		return false;
	*out = v;
	return digits > 0;
}

/* The sum of the header's bytes, its own field counted as blanks. */
static bool header_sum_fits(vt_span head)
{
	uint64_t sum = 0, want = 0;

	for (size_t i = 0; i < head.n; i++)
		sum += i >= 148 && i < 156 ? (uint8_t)' ' : head.p[i];
	return parse_octal(vt_span_clip(head, 148, 8), &want) && sum == want;
}

static bool all_zero(vt_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i])
			return false;
	}
	return true;
}

/* The name up to its NUL, without folders. */
static vt_span member_name(vt_span head)
{
	vt_span name = vt_span_clip(head, 0, 100);
	const uint8_t *slash;

	name.n = strnlen((const char *)name.p, name.n);
	slash = name.n ? memrchr(name.p, '/', name.n) : NULL;
	if (slash)
		name = vt_span_clip(name, (size_t)(slash - name.p) + 1, name.n);
	return name;
}

static vt_err walk_tar(vt_span tar, vt_cvd_file_fn *file, void *ctx, const char **why)
{
	vt_reader r = vt_reader_of(tar);

	while (vt_reader_left(&r)) {
		vt_span head = vt_read_span(&r, BLOCK), name, text;
		uint64_t size = 0;
		uint8_t type = 0;
		vt_err err;

		if (r.bad)
			return fail(
				why, VT_ETRUNCATED, "the archive in the container ends too early");
		if (all_zero(head))
			return VT_OK;
		if (!header_sum_fits(head) || !parse_octal(vt_span_clip(head, 124, 12), &size))
			return fail(why, VT_EFORMAT, "the archive in the container is malformed");
		text = vt_read_span(&r, size);
		if (r.bad)
			return fail(
				why, VT_ETRUNCATED, "the archive in the container ends too early");
		/* Padding; the last one may be missing. */
		(void)vt_read_span(&r, vt_min_size(-text.n % BLOCK, vt_reader_left(&r)));
		name = member_name(head);
		(void)vt_get_u8(head, 156, &type);
		if ((type != '0' && type != 0) || !vt_clamav_knows(name))
			continue;
		err = file(ctx, name, text);
		if (err)
			return fail(why, err, "a file in the container was not taken");
	}
	return VT_OK;
}

vt_err vt_cvd_open(vt_span container, struct vt_cvd_header *out, vt_buf *storage,
	vt_cvd_file_fn *file, void *ctx, const char **why)
{
	static const uint8_t gzip[] = {0x1f, 0x8b};
	struct vt_cvd_header header;
	vt_span rest;
	vt_err err;

	err = parse_header(container, &header, why);
	if (err)
		return err;
	rest = vt_span_clip(container, HEADER, container.n);
	vt_buf_clear(storage);
	if (vt_span_at(rest, 0, gzip, sizeof gzip)) {
		err = check_md5(header.md5, rest, why);
		if (!err)
			err = unpack_gzip(rest, storage, why);
	} else { /* patched in place: the MD5 is still that of the container it was made from */
		header.md5.n = 0;
		err = vt_buf_add(storage, rest.p, rest.n);
		if (err)
			*why = vt_err_text(err);
	}
	if (!err)
		err = walk_tar(vt_buf_span(storage), file, ctx, why);
	if (!err)
		*out = header;
	return err;
}
