/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's own iconv(3), in place of the C library's for every library in the process. That
 * one loads its tables and its code from disk at the moment when an archive's header names a
 * character set: impossible in here, and nothing that a hostile file should bring about. libarchive
 * uses it for the names of members. They are bytes to us: UTF-16 becomes UTF-8 (lone surrogates
 * too, so that nothing is lost), and every other character set stays as it is.
 */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* An iconv_t is one of these numbers; nothing is allocated. */
enum kind { KIND_BYTES = 1, KIND_UTF16LE, KIND_UTF16BE };

iconv_t iconv_open(const char *to, const char *from)
{
	enum kind k = KIND_BYTES;

	(void)to;
	if (strncasecmp(from, "UTF-16LE", 8) == 0 || strncasecmp(from, "UCS-2LE", 7) == 0)
		k = KIND_UTF16LE;
	else if (strncasecmp(from, "UTF-16", 6) == 0 || strncasecmp(from, "UCS-2", 5) == 0)
		k = KIND_UTF16BE;
	return (iconv_t)(uintptr_t)k;
}

int iconv_close(iconv_t cd)
{
	(void)cd;
	return 0;
}

static uint32_t unit(const uint8_t *p, enum kind k)
{
	return k == KIND_UTF16LE ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[0] << 8 | p[1]);
}

/* One code point from at least 2 bytes; the number of bytes that it took. */
static size_t get(const uint8_t *p, size_t n, enum kind k, uint32_t *out)
{
	uint32_t high = unit(p, k), low;

	*out = high;
	if (high < 0xd800 || high > 0xdbff || n < 4)
		return 2;
	low = unit(p + 2, k);
	if (low < 0xdc00 || low > 0xdfff)
		return 2;
	*out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 4;
}

/* RFC 3629, section 3; the number of bytes. */
static size_t encode(uint32_t c, uint8_t out[4])
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[n > 1 ? n : 0] | c);
	return n;
}

size_t iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	enum kind k = (enum kind)(uintptr_t)cd;

	if (!in || !*in)
		return 0;
	while (*in_left > 0) {
		uint8_t bytes[4];
		uint32_t c;
		size_t used = 1, made = 1;

		bytes[0] = (uint8_t) * *in;
		if (k != KIND_BYTES) {
			if (*in_left < 2) {
				errno = EINVAL;
				return (size_t)-1;
			}
			used = get((const uint8_t *)*in, *in_left, k, &c);
			made = encode(c, bytes);
		}
		if (made > *out_left) {
			errno = E2BIG;
			return (size_t)-1;
		}
		memcpy(*out, bytes, made);
		*in += used;
		*in_left -= used;
		*out += made;
		*out_left -= made;
	}
	return 0;
}
