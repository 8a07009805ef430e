/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool-scan WORKER IMAGE WORKERS TIME_MS GRACE_MS PATH...: scans files through the pool, as the
 * tests of containment need it. A line a file: "path verdict rule,rule,... reason,reason,...".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/supervisor/pool.h"

static void on_result(void *ctx, uint64_t id, const struct vt_report *r)
{
	char **paths = ctx;

	printf("%s %s ", paths[id], vt_verdict_text(vt_report_verdict(r)));
	if (r->ndetections > 10)
		printf("%zu", r->ndetections);
	for (size_t i = 0; i < r->ndetections && r->ndetections <= 10; i++)
		printf("%s%.*s", i ? "," : "", (int)r->detections[i].rule.n,
			(const char *)r->detections[i].rule.p);
	printf(" ");
	for (size_t i = 0; i < r->ngaps; i++)
		printf("%s%s", i ? "," : "", vt_reason_word(r->gaps[i].reason));
	printf("\n");
}

static vt_err submit(struct vt_pool *p, const char *path, uint64_t id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	vt_err e;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return VT_EIO;
	}
	do {
		e = vt_pool_submit(p, fd, id, (uint64_t)st.st_size);
		if (e == VT_EAGAIN && vt_pool_run(p, -1))
			return VT_EIO;
	} while (e == VT_EAGAIN);
	return e;
}

int main(int argc, char **argv)
{
	struct vt_pool_config config = {.limits = vt_limits_default()};
	struct vt_pool *p = NULL;
	int image;
	vt_err e;

	if (argc < 6)
		return 2;
	image = open(argv[2], O_RDONLY | O_CLOEXEC);
	config.worker_path = argv[1];
	config.images = &image;
	config.nimages = 1;
	config.workers = (unsigned)strtoul(argv[3], NULL, 10);
	config.limits.time_ms = (uint32_t)strtoul(argv[4], NULL, 10);
	config.grace_ms = (uint32_t)strtoul(argv[5], NULL, 10);
	e = vt_pool_new(&config, on_result, argv, &p);
	for (int i = 6; !e && i < argc; i++)
		e = submit(p, argv[i], (uint64_t)i);
	if (!e)
		e = vt_pool_flush(p);
	while (!e && vt_pool_pending(p))
		e = vt_pool_run(p, -1);
	vt_pool_free(p);
	if (e)
		fprintf(stderr, "pool-scan: %s\n", vt_err_text(e));
	return e ? 2 : 0;
}
