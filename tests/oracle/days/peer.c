/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/e2e/test_days.py: reads "<date> <period>", "<date> B<n>" and "<date> ?" a line; prints
 * the date that follows, or "1" for a business day of the United States, and the weekday.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/day.h"

int main(void)
{
	struct vt_holidays us = {.us_federal = true};
	char line[128], buf[VT_DAY_SIZE];

	while (fgets(line, sizeof line, stdin)) {
		char *word = strchr(line, ' ');
		struct vt_period p;
		vt_day d;

		line[strcspn(line, "\n")] = 0;
		if (!word)
			return 1;
		*word++ = 0;
		if (!vt_day_parse(vt_span_str(line), &d))
			puts("bad");
		else if (*word == '?')
			printf("%d %u\n", vt_day_is_business(d, &us), vt_day_weekday(d));
		else if (*word == 'B')
			puts(vt_day_write(
				vt_day_add_business(d, (unsigned)strtoul(word + 1, NULL, 10), &us),
				buf));
		else if (vt_period_parse(vt_span_str(word), &p))
			puts(vt_day_write(vt_day_add(d, p), buf));
		else
			puts("bad period");
	}
	return 0;
}
