/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and deadlines: proleptic Gregorian days, without clocks or time zones. A deadline is a day
 * in the issuer's place; a report is on time until that day ends. Business days leave out weekends
 * and the holidays of the calendar that the directive names.
 */
#ifndef VT_INVENTORY_DAY_H
#define VT_INVENTORY_DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

typedef int32_t vt_day; /* since 1970-01-01 */
#define VT_DAY_NONE INT32_MIN
#define VT_DAY_SIZE 16

/* "2017-09-13" (years 1583 to 9999). */
bool vt_day_parse(vt_span s, vt_day *out);
const char *vt_day_write(vt_day d, char buf[VT_DAY_SIZE]);
void vt_day_split(vt_day d, int *out_year, int *out_month, int *out_day);
vt_day vt_day_of(int year, int month, int day);
unsigned vt_day_weekday(vt_day d);      /* 0 Monday to 6 Sunday */
vt_day vt_day_of_time(int64_t seconds); /* UTC */

/* "P30D", "P1M", "P2Y", "P1W" (ISO 8601, one unit): months and years by the calendar. */
struct vt_period {
	unsigned n;
	char unit; /* 'D', 'W', 'M', 'Y' */
};
bool vt_period_parse(vt_span s, struct vt_period *out);
/* The 31st and the 29th of February become the last day of a shorter month. */
vt_day vt_day_add(vt_day from, struct vt_period p);

enum vt_calendar { VT_CALENDAR_ALL, VT_CALENDAR_BUSINESS };
/* Sorted, distinct; more than the rules of vt_holidays_us() know, for other issuers. */
struct vt_holidays {
	size_t n;
	const vt_day *v;
	bool us_federal; /* also those of 5 U.S.C. 6103, by rule */
};
bool vt_day_is_business(vt_day d, const struct vt_holidays *h);
/* `n` business days after `from`, which does not count. */
vt_day vt_day_add_business(vt_day from, unsigned n, const struct vt_holidays *h);
/* Business days in (from, to]; negative the other way. */
int vt_days_business_between(vt_day from, vt_day to, const struct vt_holidays *h);

#endif
