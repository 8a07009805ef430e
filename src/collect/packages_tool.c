/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the collectors of packages say of a folder, a line each, for tests that compare with
 * the package managers themselves: "fact", "missed", "source" or "count", then KEY=VALUE with tabs
 * between.
 */
#include <stdio.h>

#include "collect/fake_packages.h"

static void print_value(const char *key, vt_span s)
{
	(void)printf("\t%s=", key);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == '\\' || s.p[i] > 126)
			(void)printf("\\x%02x", s.p[i]);
		else
			(void)putchar(s.p[i]);
}

int main(int argc, char **argv)
{
	static struct vt_collect c;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: packages-tool ROOT\n");
		return 2;
	}
	fake_run(&c, argv[1]);
	for (size_t i = 0; i < c.nfacts; i++) {
		const struct fake_fact *f = &c.facts[i];

		(void)printf("fact");
		print_value("locus", f->f.locus);
		for (unsigned a = 0; a < VT_ATTRS; a++)
			if (f->f.v[a].n)
				print_value(vt_attr_word((enum vt_attr)a), f->f.v[a]);
		(void)printf("\tinstalled=%d\n", f->installed);
	}
	for (size_t i = 0; i < c.nmissed; i++) {
		(void)printf("missed\twhy=%s", vt_miss_word(c.missed[i].why));
		print_value("locus", c.missed[i].locus);
		(void)putchar('\n');
	}
	for (size_t i = 0; i < c.nsources; i++)
		(void)printf("source\twhat=%s\n", c.sources[i]);
	(void)printf("count\tseen=%llu\tread=%llu\n", (unsigned long long)c.seen,
		(unsigned long long)c.read);
	fake_free(&c);
	return 0;
}
