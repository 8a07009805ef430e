/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

static const struct vt_output_ops *const formats[] = {
#define VT_OUTPUT(name) &vt_output_##name,
#include "cli/outputs.def"
#undef VT_OUTPUT
};

const struct vt_output_ops *vt_output_find(vt_span name)
{
	for (size_t i = 0; i < VT_COUNT(formats); i++)
		if (vt_span_eq(vt_span_str(formats[i]->name), name))
			return formats[i];
	return NULL;
}

static const struct vt_output_ops *find_extension(const char *file)
{
	const char *dot = strrchr(file, '.');

	for (size_t i = 0; dot && i < VT_COUNT(formats); i++)
		if (strcmp(formats[i]->extension, dot + 1) == 0)
			return formats[i];
	return NULL;
}

static ssize_t write_cookie(void *cookie, const char *p, size_t n)
{
	struct vt_output *o = cookie;

	if (!o->error && vt_fd_write(o->fd, p, n))
		o->error = errno ? errno : EIO;
	return o->error ? 0 : (ssize_t)n;
}

/*
 * stdio over a descriptor of our own: its own write(2) gives up, and loses what it had, when a
 * signal interrupts it.
 */
static vt_err open_stream(struct vt_output *o)
{
	const cookie_io_functions_t io = {.write = write_cookie};

	o->file = fopencookie(o, "w", io);
	if (!o->file)
		return VT_ENOMEM;
	if (isatty(o->fd))
		(void)setvbuf(o->file, NULL, _IOLBF, 0);
	return VT_OK;
}

/* Opens one --output; O_CLOEXEC so that workers do not hold it. */
static vt_err open_spec(struct vt_output *o, const char *command, const char *spec)
{
	const char *colon = strchr(spec, ':');

	if (colon)
		o->ops = vt_output_find(vt_span_of(spec, (size_t)(colon - spec)));
	o->name = o->ops ? colon + 1 : spec;
	if (!o->ops)
		o->ops = find_extension(spec);
	if (!o->ops) {
		fprintf(stderr,
			"%s: --output %s: no format; write FORMAT:FILE or end the name in .txt,"
			" .jsonl, .json, .csv, .sarif or .html\n",
			command, spec);
		return VT_EARG;
	}
	if (strcmp(o->name, "-") == 0) {
		o->name = NULL;
		o->fd = STDOUT_FILENO;
		return open_stream(o);
	}
	o->fd = open(o->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (o->fd < 0) {
		fprintf(stderr, "%s: %s: %s\n", command, o->name, strerror(errno));
		return VT_EIO;
	}
	return open_stream(o);
}

static vt_err check(struct vt_outputs *o, struct vt_output *one, vt_err e)
{
	if (!e && !one->error)
		return VT_OK;
	if (!one->name && one->error == EPIPE) {
		o->broken_pipe = true;
		return VT_EPEER;
	}
	if (!one->told)
		fprintf(stderr, "vitrine scan: %s: %s\n", one->name ? one->name : "standard output",
			one->error ? strerror(one->error) : vt_err_text(e));
	one->told = true;
	return e ? e : VT_EIO;
}

vt_err vt_outputs_open(struct vt_outputs *o, const char *command, const char *format,
	const struct vt_strings *specs, const struct vt_output_style *style)
{
	vt_err e = VT_OK;

	o->v = calloc(specs->n + 1, sizeof *o->v);
	if (!o->v)
		return VT_ENOMEM;
	o->v[0] = (struct vt_output){
		.ops = vt_output_find(vt_span_str(format)), .fd = STDOUT_FILENO, .style = *style};
	o->n = 1;
	e = open_stream(&o->v[0]);
	for (size_t i = 0; !e && i < specs->n; i++) {
		struct vt_output *one = &o->v[o->n++];

		one->fd = -1;
		one->style = *style;
		one->style.color = false;
		one->style.quiet = false;
		e = open_spec(one, command, specs->v[i]);
	}
	for (size_t i = 0; !e && i < o->n; i++)
		e = check(o, &o->v[i], o->v[i].ops->begin(&o->v[i]));
	return e;
}

static bool is_shown(const struct vt_output *one, vt_verdict v)
{
	if (one->style.show == VT_SHOW_FOUND)
		return v == VT_DETECTED || v == VT_SUSPICIOUS;
	if (one->style.show == VT_SHOW_PROBLEMS || !(one->ops->lists_clean || one->style.verbose))
		return v != VT_CLEAN;
	return true;
}

vt_err vt_outputs_file(struct vt_outputs *o, const struct vt_result *r)
{
	for (size_t i = 0; i < o->n; i++) {
		struct vt_output *one = &o->v[i];
		vt_err e;

		if (!is_shown(one, r->verdict))
			continue;
		e = check(o, one, one->ops->file(one, r));
		if (e)
			return e;
		one->rows++;
	}
	return VT_OK;
}

vt_err vt_outputs_flush(struct vt_outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		vt_err e;

		fflush(o->v[i].file);
		e = check(o, &o->v[i], VT_OK);
		if (e)
			return e;
	}
	return VT_OK;
}

vt_err vt_outputs_end(struct vt_outputs *o, const struct vt_summary *s)
{
	vt_err first = VT_OK;

	for (size_t i = 0; i < o->n; i++) {
		struct vt_output *one = &o->v[i];
		vt_err e = one->ops->end(one, s);

		fflush(one->file);
		e = check(o, one, e);
		if (!first)
			first = e;
	}
	return first;
}

void vt_outputs_close(struct vt_outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		struct vt_output *one = &o->v[i];

		if (one->ops && one->ops->free)
			one->ops->free(one);
		if (one->file)
			(void)fclose(one->file); /* flushed and checked by vt_outputs_end() */
		if (one->fd > STDERR_FILENO)
			vt_fd_close(one->fd);
	}
	free(o->v);
	*o = (struct vt_outputs){0};
}
