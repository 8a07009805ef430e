/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inventory/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/readonly.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "os/map.h"
#include "proc/supervisor/compile.h"

#define TEXT_MAX ((size_t)64 << 20)

/* Formats that a content rule may be written in. */
static const char *const formats[] = {"ldb", "ndb", "hdb", "hsb"};
#define FORMATS VT_COUNT(formats)

struct texts {
	struct vt_compile_source sources[FORMATS];
	char names[FORMATS][32];
	size_t n;
};

static vt_err add_text(struct texts *t, const char *format, const vt_buf *text)
{
	struct vt_compile_source *s = &t->sources[t->n];
	vt_err e;

	s->fd = memfd_create("rules", MFD_CLOEXEC);
	if (s->fd < 0)
		return VT_EIO;
	(void)snprintf(t->names[t->n], sizeof t->names[t->n], "catalogue.%s", format);
	s->name = vt_span_str(t->names[t->n]);
	t->n++;
	e = vt_fd_write(s->fd, text->p, text->n);
	return e ? e : vt_make_readonly(&s->fd);
}

static vt_err write_texts(struct texts *t, const struct vt_catalogue *c)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < FORMATS && !e; i++) {
		vt_buf text = VT_BUF_INIT(TEXT_MAX);

		e = vt_catalogue_signatures(c, formats[i], &text);
		if (!e && text.n)
			e = add_text(t, formats[i], &text);
		vt_buf_free(&text);
	}
	return e;
}

static vt_err compile(const char *command, struct texts *t, int output)
{
	struct vt_compile_request q = {
		.sources = t->sources, .nsources = t->n, .output = output, .strict = true};
	struct vt_compile_result r = {0};
	char *compiler = NULL;
	vt_err e = vt_where_program("vitrine-compiler", &compiler);

	if (e) {
		fprintf(stderr, "%s: vitrine-compiler is missing\n", command);
		return e;
	}
	q.compiler_path = compiler;
	e = vt_compile_run(&q, &r);
	if (e) {
		fprintf(stderr, "%s: the catalogue's content rules do not compile: ", command);
		vt_put_visible(
			stderr, r.failed_cause.n ? r.failed_cause : vt_span_str(vt_err_text(e)));
		fputc('\n', stderr);
	}
	vt_compile_result_free(&r);
	free(compiler);
	return e;
}

static vt_err hash_image(int fd, char sha256[65])
{
	vt_buf hex = VT_BUF_INIT(80);
	uint8_t digest[32];
	uint64_t size;
	vt_span map;
	vt_err e = vt_fd_size(fd, &size);

	if (!e)
		e = vt_map_file(fd, size, &map);
	if (e)
		return e;
	vt_sha256(map, digest);
	vt_map_close(map);
	e = vt_hex_add(&hex, vt_span_of(digest, sizeof digest));
	if (!e)
		(void)snprintf(sha256, 65, "%.*s", (int)hex.n, (const char *)hex.p);
	vt_buf_free(&hex);
	return e;
}

vt_err vt_rules_compile(
	const char *command, const struct vt_catalogue *c, int *out_fd, char sha256[65])
{
	struct texts t = {0};
	int fd = -1;
	vt_err e = write_texts(&t, c);

	sha256[0] = '\0';
	if (!e && t.n) {
		fd = memfd_create("rules.vtdb", MFD_CLOEXEC);
		e = fd < 0 ? VT_EIO : compile(command, &t, fd);
		if (!e)
			e = vt_make_readonly(&fd);
		if (!e)
			e = hash_image(fd, sha256);
	}
	for (size_t i = 0; i < t.n; i++)
		vt_fd_close(t.sources[i].fd);
	if (e)
		vt_fd_close(fd);
	else
		*out_fd = fd;
	return e;
}
