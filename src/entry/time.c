/* SPDX-License-Identifier: Apache-2.0 */
/* Times (RFC 3339, UTC, whole seconds) and names of chunks. Days by the civil calendar's rules. */
#include <stdio.h>

#include "entry/entry.h"

#define DAY 86400
#define FIRST_YEAR 1970
#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool leap(unsigned y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static unsigned days_of(unsigned y, unsigned month)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(y) ? 1u : 0u);
}

/* Days from 1970-01-01 to the first day of year y. */
static int64_t days_before(unsigned y)
{
	unsigned n = y - 1;
	/* 719162: days from 0001-01-01 to 1970-01-01 */
	return (int64_t)n * 365 + n / 4 - n / 100 + n / 400 - 719162;
}

static bool digits(vt_span s, size_t at, size_t n, unsigned *out)
{
	unsigned v = 0;

	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = 10 * v + (unsigned)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

bool vt_time_parse(vt_span s, int64_t *out)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	unsigned y, month, day, h, m, sec;
	int64_t days;

	if (s.n != VT_TIME_SIZE - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (shape[i] != 'd' && s.p[i] != (uint8_t)shape[i])
			return false;
	if (!digits(s, 0, 4, &y) || !digits(s, 5, 2, &month) || !digits(s, 8, 2, &day) ||
		!digits(s, 11, 2, &h) || !digits(s, 14, 2, &m) || !digits(s, 17, 2, &sec))
		return false;
	if (y < FIRST_YEAR || month < 1 || month > 12 || day < 1 || day > days_of(y, month) ||
		h > 23 || m > 59 || sec > 59)
		return false;
	days = days_before(y) + day - 1;
	for (unsigned k = 1; k < month; k++)
		days += days_of(y, k);
	*out = days * DAY + h * 3600 + m * 60 + sec;
	return true;
}

const char *vt_time_write(int64_t t, char out[VT_TIME_SIZE])
{
	unsigned y, month = 1, sec;
	int64_t days;

	t = t < 0 ? 0 : t > LAST_SECOND ? LAST_SECOND : t;
	days = t / DAY;
	sec = (unsigned)(t % DAY);
	y = FIRST_YEAR + (unsigned)(days / 366); /* never too late */
	while (days_before(y + 1) <= days)
		y++;
	days -= days_before(y);
	for (; days >= days_of(y, month); month++)
		days -= days_of(y, month);
	(void)snprintf(out, VT_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", y % 10000, month % 100,
		(unsigned)(days + 1) % 100, sec / 3600 % 100, sec / 60 % 60, sec % 60);
	return out;
}

const char *vt_chunk_path(const vt_hash *h, char out[VT_CHUNK_PATH_SIZE])
{
	static const char digits16[] = "0123456789abcdef";
	size_t n = 9;

	memcpy(out, "chunk/xx/", n);
	for (size_t i = 0; i < sizeof h->b; i++) {
		out[n++] = digits16[h->b[i] >> 4];
		out[n++] = digits16[h->b[i] & 15];
	}
	out[6] = out[9];
	out[7] = out[10];
	out[n] = '\0';
	return out;
}
