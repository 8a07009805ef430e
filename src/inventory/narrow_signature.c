/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content rules: lines of ClamAV's formats (docs/formats/clamav.md) without the name. A rule may
 * look for bytes in programs, not for words in documents: so executables only, or a fixed place;
 * enough fixed bytes in a row in each part; and nothing that asks for the absence of something.
 * Regular expressions and comparisons of bytes can't be judged, so there are none.
 */
#include <string.h>

#include "base/num.h"
#include "inventory/narrow.h"

#define FIXED 8          /* bytes in a row, anywhere */
#define FIXED_ANCHORED 4 /* at a place that is said */
#define PARTS_MAX 64

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The part before `c`, and what is behind it; false if there is no `c`. */
static bool cut(vt_span *io, uint8_t c, vt_span *out)
{
	const uint8_t *hit = io->n ? memchr(io->p, c, io->n) : NULL;

	if (!hit)
		return false;
	*out = vt_span_of(io->p, (size_t)(hit - io->p));
	*io = vt_span_of(hit + 1, io->n - out->n - 1);
	return true;
}

static const char *hash_line(vt_span line, bool md5)
{
	static const char *const empty[] = {"d41d8cd98f00b204e9800998ecf8427e",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
	vt_span hash, size = line;

	if (!cut(&size, ':', &hash))
		return "not <hash>:<size>";
	if (md5 ? hash.n != 32 : hash.n != 40 && hash.n != 64)
		return "not a hash of that format";
	for (size_t i = 0; i < hash.n; i++)
		if (!is_hex(hash.p[i]) || (hash.p[i] >= 'A' && hash.p[i] <= 'F'))
			return "not lower-case hexadecimal digits";
	for (size_t i = 0; i < VT_COUNT(empty); i++)
		if (vt_span_eq(hash, vt_span_str(empty[i])))
			return "the hash of an empty file";
	if (!md5 && vt_span_eq(size, vt_span_str("*")))
		return NULL;
	if (size.n < 1 || size.n > 12 || size.p[0] == '0')
		return "not a size of 1 byte or more";
	for (size_t i = 0; i < size.n; i++)
		if (!is_digit(size.p[i]))
			return "not a size of 1 byte or more";
	return NULL;
}

/* "0", "1024", "EP+0", "S2+16", "EOF-8", "SL+4": not "*", and no range of places. */
static bool anchored(vt_span offset)
{
	if (offset.n == 0)
		return false;
	for (size_t i = 0; i < offset.n; i++)
		if (offset.p[i] == '*' || offset.p[i] == ',')
			return false;
	return true;
}

static const char *bytes(vt_span hex, bool anchor)
{
	size_t run = 0, best = 0, need = anchor ? FIXED_ANCHORED : FIXED;

	for (size_t i = 0; i < hex.n; i++) {
		uint8_t c = hex.p[i];

		if (is_hex(c) && i + 1 < hex.n && is_hex(hex.p[i + 1])) {
			i++;
			run++;
			best = run > best ? run : best;
			continue;
		}
		run = 0;
		if (c == '{' || c == '[' || c == '(') {
			uint8_t end = c == '{' ? '}' : c == '[' ? ']' : ')';

			while (i < hex.n && hex.p[i] != end)
				i++;
			if (i == hex.n)
				return "a bracket that is not closed";
		} else if (c == '?' && i + 1 < hex.n) {
			i++;
		} else if (is_hex(c) && i + 1 < hex.n && hex.p[i + 1] == '?') {
			i++;
		} else if (c != '*' && c != '!') {
			return "bytes are pairs of hexadecimal digits, '?', '*', {n-m}, [n-m] and "
			       "(a|b)";
		}
	}
	if (best >= need)
		return NULL;
	return anchor ? "fewer than 4 fixed bytes in a row at that place"
		      : "fewer than 8 fixed bytes in a row, at any place of a file";
}

/* PE, ELF, Mach-O. */
static bool executable(vt_span target)
{
	return vt_span_eq(target, vt_span_str("1")) || vt_span_eq(target, vt_span_str("6")) ||
		vt_span_eq(target, vt_span_str("9"));
}

static const char documents[] =
	"it would look into files of any kind, so also into documents: say Target 1, 6 or 9 "
	"(executables)";

static const char *ndb_line(vt_span line)
{
	vt_span target, offset, hex = line;

	if (!cut(&hex, ':', &target) || !cut(&hex, ':', &offset))
		return "not <target>:<offset>:<bytes>";
	if (!executable(target) && !(vt_span_eq(target, vt_span_str("0")) && anchored(offset)))
		return documents;
	return bytes(hex, anchored(offset));
}

/* "Engine:81-255,Target:6" */
static const char *description(vt_span tdb)
{
	bool found = false;
	vt_span item, rest = tdb;

	do {
		if (!cut(&rest, ',', &item)) {
			item = rest;
			rest.n = 0;
		}
		if (!vt_span_at(item, 0, "Target:", 7))
			continue;
		found = executable(vt_span_of(item.p + 7, item.n - 7));
		if (!found)
			return documents;
	} while (rest.n);
	return found ? NULL : documents;
}

/* Numbers of parts, '&', '|', brackets, and counts of one or more. */
static const char *logic(vt_span l)
{
	if (l.n == 0)
		return "no logic";
	for (size_t i = 0; i < l.n; i++) {
		uint8_t c = l.p[i], next = i + 1 < l.n ? l.p[i + 1] : 0;

		if (c == '=' && (next < '1' || next > '9'))
			return "a count of none: it would match what has nothing of the product";
		if (!is_digit(c) && c != '&' && c != '|' && c != '(' && c != ')' && c != '=' &&
			c != '>')
			return "logic is made of numbers, '&', '|', brackets, '=' and '>'";
	}
	return NULL;
}

static const char *part(vt_span s)
{
	vt_span offset = {0}, hex = s;
	size_t at;

	if (vt_span_find(hex, 0, "::", 2, &at)) {
		for (size_t i = at + 2; i < hex.n; i++)
			if (!memchr("iwaf", hex.p[i], 4))
				return "a modifier that is none of i, w, a and f";
		hex.n = at;
	}
	(void)cut(&hex, ':', &offset);
	return bytes(hex, anchored(offset));
}

static const char *ldb_line(vt_span line)
{
	vt_span tdb, l, rest = line, one;
	const char *why;
	size_t n = 0;

	if (!cut(&rest, ';', &tdb) || !cut(&rest, ';', &l))
		return "not <description>;<logic>;<bytes>;...";
	why = description(tdb);
	if (!why)
		why = logic(l);
	for (bool more = true; more && !why; n++) {
		more = cut(&rest, ';', &one);
		why = part(more ? one : rest);
		if (n == PARTS_MAX)
			why = "more than 64 parts";
	}
	return why;
}

const char *vt_narrow_signature(vt_span format, vt_span line)
{
	if (vt_span_eq(format, vt_span_str("hdb")))
		return hash_line(line, true);
	if (vt_span_eq(format, vt_span_str("hsb")))
		return hash_line(line, false);
	if (vt_span_eq(format, vt_span_str("ndb")))
		return ndb_line(line);
	if (vt_span_eq(format, vt_span_str("ldb")))
		return ldb_line(line);
	return "a format that is none of hdb, hsb, ndb and ldb";
}
