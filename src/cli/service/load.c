/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/service/service.h"
#include "cli/where.h"
#include "os/fd.h"

const char *vt_service_word(enum vt_service kind)
{
	return kind == VT_SERVICE_WITNESS ? "witness" : "mirror";
}

static char *default_path(enum vt_service kind)
{
	char *folder, *path = NULL;

	if (vt_where_config(&folder))
		return NULL;
	if (asprintf(&path, "%s/%s.conf", folder, vt_service_word(kind)) < 0)
		path = NULL;
	free(folder);
	return path;
}

static vt_err read_file(const char *path, vt_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_err e;

	if (fd < 0)
		return VT_EIO;
	e = vt_fd_read_all(fd, 4096, out);
	vt_fd_close(fd);
	return e;
}

vt_err vt_service_file_read(enum vt_service kind, const char *path, struct vt_service_file *out)
{
	struct vt_service_error why = {0};
	vt_err e;

	*out = (struct vt_service_file){
		.path = path ? strdup(path) : default_path(kind),
		.bytes = VT_BUF_INIT(VT_SERVICE_CONFIG_MAX),
		.arena = VT_ARENA_INIT((size_t)256 << 20),
	};
	if (!out->path) {
		fprintf(stderr, "vitrine %s: no configuration: say --config FILE\n",
			vt_service_word(kind));
		return VT_EARG;
	}
	e = read_file(out->path, &out->bytes);
	if (e) {
		fprintf(stderr, "vitrine %s: %s: %s\n", vt_service_word(kind), out->path,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	} else {
		e = vt_service_config_parse(
			vt_buf_span(&out->bytes), kind, &out->arena, &out->config, &why);
		if (e && why.line)
			fprintf(stderr, "vitrine %s: %s:%u: %s\n", vt_service_word(kind), out->path,
				why.line, why.cause ? why.cause : vt_err_text(e));
		else if (e)
			fprintf(stderr, "vitrine %s: %s: %s\n", vt_service_word(kind), out->path,
				why.cause ? why.cause : vt_err_text(e));
	}
	if (e)
		vt_service_file_free(out);
	return e;
}

void vt_service_file_free(struct vt_service_file *f)
{
	free(f->path);
	f->path = NULL;
	vt_buf_free(&f->bytes);
	vt_arena_free(&f->arena);
}
