/* SPDX-License-Identifier: Apache-2.0 */
/* allowed: the rows of seccomp.def, "ROLE NUMBER NAME CHECK-KIND" a line, for the test to compare.
 */
#include <stdio.h>

#include "sandbox/filter.h"

int main(void)
{
	size_t n;
	const struct vt_allow *t = vt_filter_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (t[i].roles & VT_ROLE_WORKER)
			printf("worker %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
		if (t[i].roles & VT_ROLE_COMPILER)
			printf("compiler %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
		if (t[i].roles & VT_ROLE_UPDATER)
			printf("updater %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
		if (t[i].roles & VT_ROLE_COLLECTOR)
			printf("collector %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
		if (t[i].roles & VT_ROLE_PROCESSES)
			printf("processes %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
		if (t[i].roles & VT_ROLE_VERIFIER)
			printf("verifier %ld %s %d\n", t[i].number, t[i].name, (int)t[i].check);
	}
	return 0;
}
