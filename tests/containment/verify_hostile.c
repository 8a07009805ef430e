/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify-hostile FOLDER WHAT: the shipped verifying child of `vitrine update`, locked up over the
 * update folder FOLDER, with a verification that was taken over. WHAT is "out NAME" (a way out,
 * escapes.c), "put PATH" or "read PATH" (below the folder), "ask PATH" (of the source), "refusal N"
 * or "source N" (a result that makes no sense), "crash", "exit", "wait". One line says what came of
 * it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "escapes.h"
#include "proc/verifier/verifier.h"

static const char *what, *operand;

static vt_err serve(void *ctx, size_t source, const char *path, size_t max, vt_buf *out)
{
	(void)ctx;
	(void)source;
	(void)max;
	printf("served %s\n", path);
	return vt_buf_add(out, "served", 6);
}

static const char *why(void *ctx, size_t source)
{
	(void)ctx;
	(void)source;
	return "";
}

static bool tries(const struct vt_verify_job *job)
{
	vt_buf b = VT_BUF_INIT(100);
	int fd;

	if (strcmp(what, "out") == 0)
		return vt_escape_try(operand) == VT_ESCAPE_WORKED;
	if (strcmp(what, "ask") == 0)
		return job->sources[0].get(job->sources[0].ctx, operand, 100, &b) == VT_OK;
	fd = openat(job->store, operand, strcmp(what, "put") == 0 ? O_WRONLY | O_CREAT : O_RDONLY,
		0644);
	return fd >= 0;
}

/* In place of update/verify.c, inside of the sandbox. */
vt_err vt_verify_run(const struct vt_verify_job *job, struct vt_verify_result *out)
{
	vt_buf b = VT_BUF_INIT(100);

	memset(out, 0, sizeof *out);
	out->refusal = VT_REFUSED_STALE;
	if (strcmp(what, "crash") == 0)
		__builtin_trap();
	else if (strcmp(what, "exit") == 0)
		_exit(0);
	else if (strcmp(what, "wait") == 0)
		for (;;)
			(void)job->sources[0].get(job->sources[0].ctx, "checkpoint", 0, &b);
	else if (strcmp(what, "refusal") == 0)
		out->refusal = (enum vt_refusal)atoi(operand);
	else if (strcmp(what, "source") == 0)
		out->source = (size_t)atoi(operand);
	else
		(void)snprintf(out->why, sizeof out->why, "%s", tries(job) ? "WORKED" : "denied");
	return VT_OK;
}

int main(int argc, char **argv)
{
	static const char *const places[] = {"here"};
	static struct vt_update_config config;
	static struct vt_trusted trusted;
	static struct vt_verifier_result r;
	struct vt_verifier_job job = {.config = &config,
		.trusted = &trusted,
		.nsources = 1,
		.places = places,
		.get = serve,
		.why = why};
	vt_err e;

	if (argc < 3)
		return 2;
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	what = argv[2];
	operand = argc > 3 ? argv[3] : "";
	job.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e = vt_verifier_run(&job, &r);
	printf("%s: %s\n", e ? "failed" : vt_refusal_of(r.refusal)->id, r.why);
	vt_verifier_free(&r);
	return 0;
}
