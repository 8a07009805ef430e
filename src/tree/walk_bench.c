/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a live folder is walked: walk_bench FOLDER. Entries a second and the peak of memory. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "os/fd.h"
#include "tree/tree.h"

static vt_err count(void *ctx, const struct vt_visit *v)
{
	(void)v;
	++*(uint64_t *)ctx;
	return VT_OK;
}

static void missed(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	(void)printf("%s %.*s\n", vt_miss_word(why), (int)path.n, (const char *)path.p);
}

int main(int argc, char **argv)
{
	uint64_t n = 0, start;
	struct vt_walk_fns fns = {.entry = count, .missed = missed, .ctx = &n};
	struct vt_tree *t = NULL;
	struct rusage use;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || vt_tree_folder(fd, true, &t))
		return 2;
	start = vt_clock_ms();
	if (vt_tree_walk(t, vt_span_str("/"), &fns))
		return 1;
	start = vt_clock_ms() - start;
	vt_tree_free(t);
	(void)getrusage(RUSAGE_SELF, &use);
	(void)printf("%llu entries in %llu ms, %llu a second, peak %ld KiB\n",
		(unsigned long long)n, (unsigned long long)start,
		(unsigned long long)(start ? n * 1000 / start : 0), use.ru_maxrss);
	return 0;
}
