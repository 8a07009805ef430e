/* SPDX-License-Identifier: Apache-2.0 */
/* How fast images and disks are opened, walked and read: image_bench image|disk FILE. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "os/fd.h"
#include "tree/tree.h"

static bool reading;
static uint64_t entries, bytes, misses;

static vt_err count(void *ctx, const struct vt_visit *v)
{
	int fd;

	(void)ctx;
	entries++;
	if (reading && v->node->type == VT_NODE_FILE) {
		if (vt_visit_open(v, UINT64_MAX, &fd)) {
			misses++;
			return VT_OK;
		}
		bytes += v->node->size;
		vt_fd_close(fd);
	}
	return VT_OK;
}

static void missed(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	(void)path;
	(void)why;
	misses++;
}

static void walk(struct vt_tree *t, const char *what)
{
	struct vt_walk_fns fns = {.entry = count, .missed = missed};
	struct rusage use;
	uint64_t start;

	for (int i = 0; t && i < 2; i++) {
		reading = i == 1;
		entries = bytes = misses = 0;
		start = vt_clock_ms();
		if (vt_tree_walk(t, vt_span_str("/"), &fns))
			return;
		start = vt_clock_ms() - start;
		(void)getrusage(RUSAGE_SELF, &use);
		(void)printf(
			"%s, %s: %llu entries, %llu MB, %llu misses in %llu ms, peak %ld KiB\n",
			what, reading ? "files opened" : "names", (unsigned long long)entries,
			(unsigned long long)bytes >> 20, (unsigned long long)misses,
			(unsigned long long)start, use.ru_maxrss);
	}
}

int main(int argc, char **argv)
{
	struct vt_spool spool = {.folder = open("/tmp", O_RDONLY | O_DIRECTORY), .max = 1ull << 40};
	uint64_t start = vt_clock_ms();
	struct vt_images im = {0};
	struct vt_disk d = {0};
	int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
	vt_err e;

	if (fd < 0)
		return 2;
	e = strcmp(argv[1], "disk") == 0 ? vt_disk_open(fd, &spool, &d)
					 : vt_images_archive(fd, &spool, &im);
	if (e)
		return 1;
	(void)printf("opened in %llu ms\n", (unsigned long long)(vt_clock_ms() - start));
	for (size_t i = 0; i < d.n; i++)
		walk(d.v[i].tree, "volume");
	for (size_t i = 0; i < im.n; i++)
		walk(im.v[i].merged, "merged");
	vt_disk_free(&d);
	vt_images_free(&im);
	return 0;
}
