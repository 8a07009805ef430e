/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verifying child of an update costs: verify-bench CONF UPDATE-FOLDER, after an update has
 * been verified there and before the next one is. A child whose source gives nothing is the zero of
 * the measurement; then the real one. Nothing is written down but pieces of content. Made for
 * bench/verify.py, whose sources are folders.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "os/fd.h"
#include "proc/verifier/verifier.h"
#include "store/folder.h"

static unsigned files;
static uint64_t bytes;

static void need(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "verify-bench: %s\n", what);
	exit(1);
}

static vt_err nothing(void *ctx, size_t source, const char *path, size_t max, vt_buf *out)
{
	(void)ctx;
	(void)source;
	(void)path;
	(void)max;
	(void)out;
	return VT_EPEER;
}

static vt_err from_folder(void *ctx, size_t source, const char *path, size_t max, vt_buf *out)
{
	const int *folder = ctx;
	size_t before = out->n;
	vt_err e = vt_store_read(*folder, path, max, out);

	(void)source;
	files += !e;
	bytes += out->n - before;
	return e;
}

static const char *why(void *ctx, size_t source)
{
	(void)ctx;
	(void)source;
	return "";
}

static struct rusage children(void)
{
	struct rusage u;

	need(getrusage(RUSAGE_CHILDREN, &u) == 0, "rusage");
	return u;
}

static double cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
		(double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

static void read_file(int dir, const char *name, vt_buf *out)
{
	vt_err e = vt_store_read(dir, name, out->max, out);

	need(!e || e == VT_END, name);
}

int main(int argc, char **argv)
{
	static struct vt_update_config config;
	static struct vt_trusted trusted;
	static struct vt_config_error bad;
	static struct vt_verifier_result r;
	vt_arena arena = VT_ARENA_INIT((size_t)16 << 20);
	vt_buf known = VT_BUF_INIT(VT_TRUSTED_MAX), plan = VT_BUF_INIT(VT_VERIFY_ARENA_MAX);
	struct vt_verifier_job job = {.config = &config,
		.trusted = &trusted,
		.now = (int64_t)time(NULL),
		.nsources = 1,
		.get = nothing,
		.why = why};
	struct rusage zero, real;
	int folder;

	need(argc == 3 && vt_sign_init() == VT_OK, "usage: verify-bench CONF UPDATE-FOLDER");
	need(!vt_update_config_load(argv[1], &arena, &config, &bad), bad.cause);
	need(!vt_store_open(argv[2], false, &job.folder), argv[2]);
	need(config.nsources == 1 && !vt_store_open(config.sources[0], false, &folder), "Source");
	read_file(job.folder, VT_TRUSTED_FILE, &known);
	read_file(job.folder, "plan", &plan);
	need(!known.n || !vt_trusted_parse(vt_buf_span(&known), &trusted), "trusted");
	job.old_plan = vt_buf_span(&plan);
	job.places = config.sources;
	need(!vt_verifier_run(&job, &r) && r.refusal == VT_REFUSED_UNREACHABLE, r.why);
	vt_verifier_free(&r);
	zero = children();
	job.get = from_folder;
	job.ctx = &folder;
	need(!vt_verifier_run(&job, &r) && r.refusal == VT_REFUSED_NOT, r.why);
	real = children();
	(void)printf("%u files, %" PRIu64 " KB read, of that %" PRIu64
		     " KB of content; %.2f ms of processor time (%.2f ms more than a child that is "
		     "given nothing); %ld KB of memory more\n",
		files, bytes / 1000, r.bytes / 1000, cpu_ms(&real) - cpu_ms(&zero),
		cpu_ms(&real) - 2 * cpu_ms(&zero), real.ru_maxrss - zero.ru_maxrss);
	return 0;
}
