/* SPDX-License-Identifier: Apache-2.0 */
#include "site/tar.h"

#include <inttypes.h>
#include <stdio.h>

/* Fields of the header: offset and length. */
#define NAME 0, 100
#define MODE 100, 8
#define SIZE 124, 12
#define TIME 136, 12
#define CHECKSUM 148, 8
#define TYPE 156
#define LINK 157, 100
#define MAGIC 257
#define PREFIX 345, 155

static bool is_zero(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

/* The bytes before the first NUL; behind that there must be only NULs. */
static bool text(vt_span block, size_t off, size_t len, vt_span *out)
{
	vt_span field = vt_span_clip(block, off, len);
	size_t n = 0;

	while (n < field.n && field.p[n])
		n++;
	*out = vt_span_clip(field, 0, n);
	return is_zero(vt_span_clip(field, n, field.n));
}

/* Octal digits, then NULs or spaces. */
static bool octal(vt_span block, size_t off, size_t len, uint64_t *out)
{
	vt_span field = vt_span_clip(block, off, len);
	uint64_t v = 0;
	size_t n = 0;

	while (n < field.n && field.p[n] >= '0' && field.p[n] <= '7')
		v = v << 3 | (uint64_t)(field.p[n++] - '0');
	if (n == 0)
		return false;
	for (size_t i = n; i < field.n; i++)
		if (field.p[i] != 0 && field.p[i] != ' ')
			return false;
	*out = v;
	return true;
}

/* The sum of all bytes, those of its own field taken as spaces. */
static uint64_t checksum(vt_span block)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < block.n; i++)
		sum += i >= 148 && i < 156 ? ' ' : block.p[i];
	return sum;
}

/* "./a//b/" is refused; "./a/b/" becomes "a/b". */
static bool join(vt_span prefix, vt_span name, char out[VT_TAR_PATH_MAX + 1])
{
	size_t n = 0, at = 0, segment = 0;
	char path[VT_TAR_PATH_MAX + 1];

	if (prefix.n + 1 + name.n > VT_TAR_PATH_MAX || name.n == 0)
		return false;
	if (prefix.n) {
		memcpy(path, prefix.p, prefix.n);
		n = prefix.n;
		path[n++] = '/';
	}
	memcpy(path + n, name.p, name.n);
	n += name.n;
	if (n >= 2 && path[0] == '.' && path[1] == '/')
		at = 2;
	else if (n == 1 && path[0] == '.')
		at = 1;
	if (n > at && path[n - 1] == '/')
		n--;
	segment = at;
	for (size_t i = at; i <= n && n > at; i++) {
		if (i < n && (path[i] < 0x21 || path[i] > 0x7e))
			return false;
		if (i < n && path[i] != '/')
			continue;
		if (i == segment || (i == segment + 1 && path[segment] == '.') ||
			(i == segment + 2 && path[segment] == '.' && path[segment + 1] == '.'))
			return false;
		segment = i + 1;
	}
	memcpy(out, path + at, n - at);
	out[n - at] = 0;
	return true;
}

vt_err vt_tar_header(vt_span block, struct vt_tar_entry *out)
{
	struct vt_tar_entry e = {0};
	vt_span name, prefix = {0}, link;
	uint64_t sum;
	bool gnu;
	uint8_t type;

	if (block.n != VT_TAR_BLOCK)
		return VT_ETRUNCATED;
	if (is_zero(block)) {
		e.kind = VT_TAR_END;
		*out = e;
		return VT_OK;
	}
	/* GNU tar's own magic: the same but for the prefix, which we then do not need. */
	gnu = vt_span_at(block, MAGIC, "ustar  ", 8);
	if (!gnu && !vt_span_at(block, MAGIC, "ustar\00000", 8))
		return VT_EFORMAT;
	if (!octal(block, CHECKSUM, &sum) || sum != checksum(block))
		return VT_ECHECKSUM;
	type = block.p[TYPE];
	if (type != '0' && type != 0 && type != '5')
		return VT_EUNSUPPORTED;
	e.kind = type == '5' ? VT_TAR_FOLDER : VT_TAR_FILE;
	if (!text(block, NAME, &name) || !text(block, LINK, &link) || link.n ||
		!octal(block, SIZE, &e.size) || e.size >= VT_TAR_FILE_MAX ||
		(e.kind == VT_TAR_FOLDER && e.size) || !text(block, PREFIX, &prefix) ||
		(gnu && prefix.n) || !join(prefix, name, e.path) ||
		(e.kind == VT_TAR_FILE && !e.path[0]))
		return VT_EFORMAT;
	*out = e;
	return VT_OK;
}

uint64_t vt_tar_padded(uint64_t size)
{
	return (size + VT_TAR_BLOCK - 1) / VT_TAR_BLOCK * VT_TAR_BLOCK;
}

static void put(uint8_t *block, size_t off, size_t len, const void *p, size_t n)
{
	memcpy(block + off, p, n < len ? n : len);
}

/* Where to cut a path in two: name of at most 100 bytes, prefix of at most 155. */
static bool cut(const char *path, size_t n, size_t *out_prefix)
{
	if (n <= 100) {
		*out_prefix = 0;
		return n > 0;
	}
	for (size_t i = n - 101; i < n && i <= 155; i++) {
		if (path[i] == '/' && i > 0 && i + 1 < n) {
			*out_prefix = i;
			return true;
		}
	}
	return false;
}

vt_err vt_tar_write_header(vt_buf *b, const char *path, uint64_t size)
{
	uint8_t block[VT_TAR_BLOCK] = {0};
	size_t n = strlen(path), prefix;
	char number[24];

	if (size >= VT_TAR_FILE_MAX || !cut(path, n, &prefix))
		return VT_EARG;
	put(block, PREFIX, path, prefix);
	if (prefix)
		put(block, NAME, path + prefix + 1, n - prefix - 1);
	else
		put(block, NAME, path, n);
	put(block, MODE, "0000644", 7);
	put(block, 108, 8, "0000000", 7); /* owner and group */
	put(block, 116, 8, "0000000", 7);
	(void)snprintf(number, sizeof number, "%011" PRIo64, size);
	put(block, SIZE, number, 11);
	put(block, TIME, "00000000000", 11);
	block[TYPE] = '0';
	put(block, MAGIC, 8, "ustar\00000", 8);
	(void)snprintf(
		number, sizeof number, "%06" PRIo64, checksum(vt_span_of(block, sizeof block)));
	put(block, CHECKSUM, number, 7);
	block[155] = ' ';
	return vt_buf_add(b, block, sizeof block);
}
