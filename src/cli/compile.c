/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "os/fd.h"

#define TIMEOUT_MS 3600000u

/* As enum vt_aside of compile/builder.h. */
static const char *const aside_words[] = {"bad", "unsupported", "refused", "other-level"};
_Static_assert(VT_COUNT(aside_words) == VT_WIRE_ASIDE_KINDS, "a word for each kind");

const char *vt_aside_word(unsigned what)
{
	return what < VT_COUNT(aside_words) ? aside_words[what] : "?";
}

bool vt_put_asides(FILE *f, const uint64_t counts[VT_WIRE_ASIDE_KINDS])
{
	char buf[VT_NUMBER_MAX];
	bool any = false;

	for (unsigned i = 0; i < VT_WIRE_ASIDE_KINDS; i++) {
		if (!counts[i])
			continue;
		fprintf(f, "%s%s %s", any ? ", " : "", vt_format_count(counts[i], buf),
			vt_aside_word(i));
		any = true;
	}
	return any;
}

static void announce(const struct vt_compile_job *job)
{
	char files[VT_NUMBER_MAX], bytes[VT_NUMBER_MAX];
	const struct vt_sources *s = job->sources;

	fprintf(stderr, "%s: compiling signatures from", job->command);
	for (size_t i = 0; i < s->roots.n; i++) {
		fputs(i ? ", " : " ", stderr);
		vt_put_visible(stderr, vt_span_str(s->roots.v[i]));
	}
	fprintf(stderr, " (%s %s, %s)...\n", vt_format_count(s->n, files),
		s->n == 1 ? "file" : "files", vt_format_bytes((double)s->bytes, bytes));
}

static void conclude(
	const struct vt_compile_job *job, const struct vt_compile_result *r, double seconds)
{
	char bytes[VT_NUMBER_MAX];

	fprintf(stderr, "%s: compiled in %.1f s to %s", job->command, seconds,
		vt_format_bytes((double)r->totals.image_bytes, bytes));
	fputs("; lines set aside: ", stderr);
	fputs(vt_put_asides(stderr, r->totals.asides) ? "\n" : "none\n", stderr);
}

static void complain(const struct vt_compile_job *job, const struct vt_compile_result *r, vt_err e)
{
	fprintf(stderr, "%s: ", job->command);
	if (r->failed_source.n) {
		vt_put_visible(stderr, r->failed_source);
		fputs(": ", stderr);
	}
	if (r->failed_cause.n)
		vt_put_visible(stderr, r->failed_cause);
	else
		fputs(vt_err_text(e), stderr);
	fputc('\n', stderr);
}

static vt_err open_all(const struct vt_compile_job *job, struct vt_compile_source *out)
{
	const struct vt_sources *s = job->sources;

	for (size_t i = 0; i < s->n; i++) {
		out[i].name = vt_span_str(s->v[i].name);
		out[i].fd = open(s->v[i].path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (out[i].fd >= 0)
			continue;
		fprintf(stderr, "%s: ", job->command);
		vt_put_visible(stderr, vt_span_str(s->v[i].path));
		fprintf(stderr, ": %s\n", strerror(errno));
		return VT_EIO;
	}
	return VT_OK;
}

vt_err vt_compile_job_run(const struct vt_compile_job *job, struct vt_compile_result *out)
{
	size_t n = job->sources->n;
	struct vt_compile_source *sources = calloc(n ? n : 1, sizeof *sources);
	struct vt_compile_request request = {
		.compiler_path = job->compiler,
		.sources = sources,
		.nsources = n,
		.output = job->output,
		.strict = job->strict,
		.timeout_ms = TIMEOUT_MS,
	};
	double started = vt_now();
	vt_err e;

	*out = (struct vt_compile_result){0};
	if (!sources)
		return VT_ENOMEM;
	for (size_t i = 0; i < n; i++)
		sources[i].fd = -1;
	e = open_all(job, sources);
	if (!e) {
		if (!job->quiet)
			announce(job);
		e = vt_compile_run(&request, out);
		if (e)
			complain(job, out, e);
		else if (!job->quiet)
			conclude(job, out, vt_now() - started);
	}
	for (size_t i = 0; i < n; i++)
		vt_fd_close(sources[i].fd);
	free(sources);
	return e;
}
