/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector `content` over a live folder with real catalogues: content_bench FOLDER names|all
 * CATALOGUE... "names": only rules of names and paths; "all": executables too. The engine is not
 * part of it: files for it are counted and closed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "collect/fake_collect.h"

#define CATALOGUES 8

static vt_err load(int n, char **paths, vt_arena *arena, struct vt_catalogue *out)
{
	struct vt_catalogue v[CATALOGUES];
	struct vt_doc_error why;
	vt_err e = VT_OK;

	for (int i = 0; !e && i < n; i++) {
		vt_buf b = VT_BUF_INIT(VT_CATALOGUE_MAX);
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		e = fd < 0 ? VT_EIO : vt_fd_read_all(fd, 0, &b);
		if (!e)
			e = vt_catalogue_parse(vt_buf_span(&b), arena, &v[i], &why);
		vt_fd_close(fd);
		vt_buf_free(&b);
	}
	return e ? e : vt_catalogue_join(v, (size_t)n, arena, out, &why);
}

int main(int argc, char **argv)
{
	vt_arena arena = VT_ARENA_INIT(256u << 20);
	struct vt_catalogue cat;
	struct vt_collect *c;
	struct vt_tree *t = NULL;
	struct rusage use;
	uint64_t start;
	int fd = argc > 3 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || argc - 3 > CATALOGUES || load(argc - 3, argv + 3, &arena, &cat) ||
		vt_tree_folder(fd, false, &t))
		return 2;
	if (strcmp(argv[2], "names") == 0)
		cat.by_kind_n[VT_FACT_EXECUTABLE] = 0;
	cat.by_kind_n[VT_FACT_CONTENT] = 0;
	c = fake_collect(t);
	c->catalogue = cat;
	start = vt_clock_ms();
	if (fake_run(c, &vt_collector_content))
		return 1;
	start = vt_clock_ms() - start;
	(void)getrusage(RUSAGE_SELF, &use);
	(void)printf("%zu entries, %zu facts, %zu misses in %llu ms: %llu a second; peak %ld KiB\n",
		c->seen, c->facts, c->misses, (unsigned long long)start,
		(unsigned long long)(start ? c->seen * 1000 / start : 0), use.ru_maxrss);
	fake_collect_free(c);
	vt_tree_free(t);
	vt_arena_free(&arena);
	return 0;
}
