/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Business days. The legal public holidays of the United States are computed: 5 U.S.C. 6103(a),
 * with the day that is observed where one falls on a weekend (6103(b), Executive Order 11582). The
 * rules are those in force since 1978; Juneteenth since 2021. Days off by a single executive order
 * are not: a directive lists those itself.
 */
#include "base/num.h"
#include "inventory/day.h"

/* The n-th weekday (0: Monday) of a month; n 5: the last. */
static vt_day nth(int year, int month, unsigned weekday, int n)
{
	vt_day first = vt_day_of(year, month, 1);
	vt_day d = first + (vt_day)((weekday + 7 - vt_day_weekday(first)) % 7);
	vt_day next = month == 12 ? vt_day_of(year + 1, 1, 1) : vt_day_of(year, month + 1, 1);

	d += 7 * (n - 1);
	return d < next ? d : d - 7;
}

struct holiday {
	int month, day, since; /* day 0: the n-th weekday */
	unsigned weekday;
	int n;
};
static const struct holiday us[] = {
	{1, 1, 0, 0, 0},     /* New Year's Day */
	{1, 0, 1986, 0, 3},  /* Birthday of Martin Luther King, Jr. */
	{2, 0, 0, 0, 3},     /* Washington's Birthday */
	{5, 0, 0, 0, 5},     /* Memorial Day */
	{6, 19, 2021, 0, 0}, /* Juneteenth National Independence Day */
	{7, 4, 0, 0, 0},     /* Independence Day */
	{9, 0, 0, 0, 1},     /* Labor Day */
	{10, 0, 0, 0, 2},    /* Columbus Day */
	{11, 11, 0, 0, 0},   /* Veterans Day */
	{11, 0, 0, 3, 4},    /* Thanksgiving Day */
	{12, 25, 0, 0, 0},   /* Christmas Day */
};

static bool is_us_holiday(vt_day d)
{
	int year, month, day;

	vt_day_split(d, &year, &month, &day);
	/* the day off of the 1st of January may be in the year before */
	for (int y = year; y <= year + 1; y++) {
		for (size_t i = 0; i < VT_COUNT(us); i++) {
			const struct holiday *h = &us[i];
			vt_day on;

			if (y < h->since)
				continue;
			on = h->day ? vt_day_of(y, h->month, h->day)
				    : nth(y, h->month, h->weekday, h->n);
			on += vt_day_weekday(on) == 5 ? -1 : vt_day_weekday(on) == 6 ? 1 : 0;
			if (on == d)
				return true;
		}
	}
	return false;
}

bool vt_day_is_business(vt_day d, const struct vt_holidays *h)
{
	size_t low = 0, high = h ? h->n : 0;

	if (vt_day_weekday(d) >= 5)
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->v[mid] == d)
			return false;
		if (h->v[mid] < d)
			low = mid + 1;
		else
			high = mid;
	}
	return !h || !h->us_federal || !is_us_holiday(d);
}

vt_day vt_day_add_business(vt_day from, unsigned n, const struct vt_holidays *h)
{
	const vt_day last = vt_day_of(9999, 12, 31);
	vt_day d = from;

	while (n > 0 && d < last)
		if (vt_day_is_business(++d, h))
			n--;
	return d;
}

int vt_days_business_between(vt_day from, vt_day to, const struct vt_holidays *h)
{
	int n = 0;

	if (to < from)
		return -vt_days_business_between(to, from, h);
	for (vt_day d = from; d < to;)
		n += vt_day_is_business(++d, h);
	return n;
}
