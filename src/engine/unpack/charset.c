/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iconv() for programs that unpack in a sandbox. libarchive converts the names in 7z, rar and
 * Joliet from UTF-16 to the locale's charset by iconv, and the C library's iconv loads a module
 * from disk for that, which a worker may not. A program that links this file has an iconv that
 * makes UTF-8 of UTF-16 and copies every other charset as it is: a member's name is bytes.
 */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char descriptors[] = "=lb"; /* a descriptor is the address of one of these */
enum { SAME, LITTLE, BIG };

iconv_t iconv_open(const char *to, const char *from)
{
	unsigned kind = SAME;

	if (strncmp(to, "UTF-16", 6) == 0) {
		errno = EINVAL;
		return (iconv_t)-1;
	}
	if (strncmp(from, "UTF-16", 6) == 0)
		kind = strcmp(from, "UTF-16LE") == 0 ? LITTLE : BIG;
	return (iconv_t)(uintptr_t)&descriptors[kind];
}

int iconv_close(iconv_t cd)
{
	(void)cd;
	return 0;
}

static uint32_t unit(const char *p, bool big)
{
	uint8_t b[2];

	memcpy(b, p, 2);
	return big ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

/* UTF-8 (RFC 3629) of c; a lone half of a surrogate pair is kept as if it were a character. */
static size_t put_utf8(uint32_t c, char *out, size_t room)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n > room)
		return 0;
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0) | c);
	return n;
}

static bool is_pair(uint32_t high, uint32_t low)
{
	return high >> 10 == 0xd800 >> 10 && low >> 10 == 0xdc00 >> 10;
}

static size_t from_utf16(bool big, char **in, size_t *in_left, char **out, size_t *out_left)
{
	while (*in_left >= 2) {
		uint32_t c = unit(*in, big);
		size_t take = 2, made;

		if (*in_left >= 4 && is_pair(c, unit(*in + 2, big))) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (unit(*in + 2, big) & 0x3ff);
			take = 4;
		}
		made = put_utf8(c, *out, *out_left);
		if (made == 0) {
			errno = E2BIG;
			return (size_t)-1;
		}
		*in += take;
		*in_left -= take;
		*out += made;
		*out_left -= made;
	}
	if (*in_left == 0)
		return 0;
	errno = EINVAL;
	return (size_t)-1;
}

size_t iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	size_t kind = (size_t)((const char *)cd - descriptors), n;

	if (!in || !*in)
		return 0;
	if (kind != SAME)
		return from_utf16(kind == BIG, in, in_left, out, out_left);
	n = *in_left < *out_left ? *in_left : *out_left;
	memcpy(*out, *in, n);
	*in += n;
	*in_left -= n;
	*out += n;
	*out_left -= n;
	if (*in_left == 0)
		return 0;
	errno = E2BIG;
	return (size_t)-1;
}
