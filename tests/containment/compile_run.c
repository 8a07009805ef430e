/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile-run COMPILER OUTPUT strict|lax PATH...: compiles signature files in the sandboxed
 * compiler and prints what it reported.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/supervisor/compile.h"

#define TEXT(s) (int)(s).n, (const char *)(s).p

static void print(const struct vt_compile_result *r)
{
	for (size_t i = 0; i < r->ncontainers; i++) {
		const struct vt_wire_container *c = &r->containers[i];

		printf("container %.*s version %llu time %.*s md5 %d\n", TEXT(c->name),
			(unsigned long long)c->version, TEXT(c->time), c->md5_checked);
	}
	for (size_t i = 0; i < r->nasides; i++)
		printf("aside %.*s:%u %d %.*s\n", TEXT(r->asides[i].set), r->asides[i].line,
			r->asides[i].what, TEXT(r->asides[i].cause));
	printf("sets %llu bytes %llu asides %llu %llu %llu %llu\n",
		(unsigned long long)r->totals.sets, (unsigned long long)r->totals.image_bytes,
		(unsigned long long)r->totals.asides[0], (unsigned long long)r->totals.asides[1],
		(unsigned long long)r->totals.asides[2], (unsigned long long)r->totals.asides[3]);
	if (r->failed_cause.n)
		printf("failed %.*s: %.*s\n", TEXT(r->failed_source), TEXT(r->failed_cause));
}

int main(int argc, char **argv)
{
	struct vt_compile_source *sources = calloc((size_t)argc, sizeof *sources);
	struct vt_compile_request q = {.sources = sources};
	struct vt_compile_result r;
	vt_err e;

	if (argc < 4 || !sources)
		return 2;
	q.compiler_path = argv[1];
	q.output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	q.strict = strcmp(argv[3], "strict") == 0;
	for (int i = 4; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');

		sources[q.nsources].fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		sources[q.nsources++].name = vt_span_str(slash ? slash + 1 : argv[i]);
	}
	e = vt_compile_run(&q, &r);
	print(&r);
	printf("%s\n", vt_err_text(e));
	vt_compile_result_free(&r);
	free(sources);
	return e ? 1 : 0;
}
