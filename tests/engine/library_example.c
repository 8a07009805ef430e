/* SPDX-License-Identifier: Apache-2.0 */
/* libvitrine in one page: scans FILE with IMAGE. See docs/library.md. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vitrine/engine.h"

static bool map_file(const char *path, vt_span *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) || st.st_size == 0) {
		perror(path);
		return false;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED) {
		perror(path);
		return false;
	}
	*out = vt_span_of(p, (size_t)st.st_size);
	return true;
}

static void print_report(const char *path, const struct vt_report *r)
{
	printf("%s: %s\n", path, vt_verdict_text(vt_report_verdict(r)));
	for (size_t i = 0; i < r->ndetections; i++)
		printf("  %.*s\n", (int)r->detections[i].rule.n,
			(const char *)r->detections[i].rule.p);
	for (size_t i = 0; i < r->ngaps; i++)
		printf("  %s\n", vt_reason_word(r->gaps[i].reason));
}

int main(int argc, char **argv)
{
	struct vt_scan_options options = {.limits = vt_limits_default(), .all_match = true};
	struct vt_scanner *scanner = NULL;
	struct vt_report report;
	struct vt_input input = {0};
	struct vt_db *db = NULL;
	const struct vt_db *dbs[1];
	vt_span image;
	vt_err e;

	if (argc != 3 || !map_file(argv[1], &image) || !map_file(argv[2], &input.bytes))
		return 2;
	e = vt_db_open(image, &db);
	dbs[0] = db;
	if (!e)
		e = vt_scanner_new(dbs, 1, &options, &scanner);
	vt_report_init(&report);
	if (!e)
		e = vt_scan(scanner, &input, &report);
	if (e)
		fprintf(stderr, "%s: %s\n", argv[1], vt_err_text(e));
	else
		print_report(argv[2], &report);
	vt_report_free(&report);
	vt_scanner_free(scanner);
	vt_db_close(db);
	return e ? 2 : 0;
}
