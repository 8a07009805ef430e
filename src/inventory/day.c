/* SPDX-License-Identifier: Apache-2.0 */
/* Days by the proleptic Gregorian calendar; periods by ISO 8601. Holidays are in holidays.c. */
#include "inventory/day.h"

#include <stdio.h>

#define YEAR_MIN 1583
#define YEAR_MAX 9999
#define PERIOD_MAX 36500u
#define DAY_LAST 2932896 /* 9999-12-31 */

static bool leap(int y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int days_in(int y, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(y));
}

/* Days from 0001-01-01 to the first day of year y. */
static int32_t days_before(int y)
{
	int n = y - 1;

	return n * 365 + n / 4 - n / 100 + n / 400;
}

vt_day vt_day_of(int year, int month, int day)
{
	int32_t d = days_before(year) - 719162 + day - 1; /* 719162: 0001-01-01 to 1970-01-01 */

	for (int m = 1; m < month; m++)
		d += days_in(year, m);
	return d;
}

void vt_day_split(vt_day d, int *out_year, int *out_month, int *out_day)
{
	int32_t n = d + 719162;
	int y = (int)((int64_t)n * 400 / 146097) + 1, m = 1;

	/* the estimate is at most one year off */
	while (days_before(y + 1) <= n)
		y++;
	while (days_before(y) > n)
		y--;
	n -= days_before(y);
	while (n >= days_in(y, m))
		n -= days_in(y, m++);
	*out_year = y;
	*out_month = m;
	*out_day = n + 1;
}

static bool digits(vt_span s, size_t at, size_t n, int *out)
{
	int v = 0;

	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = 10 * v + (s.p[i] - '0');
	}
	*out = v;
	return true;
}

bool vt_day_parse(vt_span s, vt_day *out)
{
	int y, m, d;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s, 0, 4, &y) ||
		!digits(s, 5, 2, &m) || !digits(s, 8, 2, &d))
		return false;
	if (y < YEAR_MIN || m < 1 || m > 12 || d < 1 || d > days_in(y, m))
		return false;
	*out = vt_day_of(y, m, d);
	return true;
}

const char *vt_day_write(vt_day d, char buf[VT_DAY_SIZE])
{
	int y, m, day;

	if (d == VT_DAY_NONE) {
		snprintf(buf, VT_DAY_SIZE, "-");
		return buf;
	}
	vt_day_split(d, &y, &m, &day);
	snprintf(buf, VT_DAY_SIZE, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u,
		(unsigned)day % 100u);
	return buf;
}

unsigned vt_day_weekday(vt_day d)
{
	return (unsigned)((d % 7 + 7 + 3) % 7); /* 1970-01-01 was a Thursday */
}

vt_day vt_day_of_time(int64_t seconds)
{
	int64_t d = seconds / 86400 - (seconds % 86400 < 0);

	return d > DAY_LAST ? DAY_LAST : d < -719162 ? -719162 : (vt_day)d;
}

bool vt_period_parse(vt_span s, struct vt_period *out)
{
	unsigned n = 0;

	if (s.n < 3 || s.n > 7 || s.p[0] != 'P' || s.p[1] == '0')
		return false;
	for (size_t i = 1; i < s.n - 1; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = 10 * n + (unsigned)(s.p[i] - '0');
	}
	switch (s.p[s.n - 1]) {
	case 'D':
	case 'W':
	case 'M':
	case 'Y': break;
	default: return false;
	}
	if (n > PERIOD_MAX)
		return false;
	*out = (struct vt_period){.n = n, .unit = (char)s.p[s.n - 1]};
	return true;
}

static vt_day clamp(int64_t d)
{
	return d > DAY_LAST ? DAY_LAST : (vt_day)d;
}

vt_day vt_day_add(vt_day from, struct vt_period p)
{
	int y, m, d;
	int64_t months;

	if (p.unit == 'D' || p.unit == 'W')
		return clamp(from + (int64_t)p.n * (p.unit == 'W' ? 7 : 1));
	vt_day_split(from, &y, &m, &d);
	months = (int64_t)y * 12 + m - 1 + (int64_t)p.n * (p.unit == 'Y' ? 12 : 1);
	if (months / 12 > YEAR_MAX)
		return DAY_LAST;
	y = (int)(months / 12);
	m = (int)(months % 12) + 1;
	return vt_day_of(y, m, d < days_in(y, m) ? d : days_in(y, m));
}
