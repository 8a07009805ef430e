/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/compile.h"
#include "cli/db.h"
#include "cli/publish/import.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "cli/where.h"
#include "entry/form.h"
#include "os/fd.h"
#include "os/map.h"

#define COMMAND VT_IMPORT_COMMAND
#define SHOWN 20

static const char *const containers[] = {".cvd", ".cld", ".cud"};

/* What the compiler reads line by line or as a whole. */
static const char *const readable[] = {
#define LINES(extension, parser, kind, flags) "." extension,
#define EACH(extension, aside, cause) "." extension,
#define WHOLE(extension, aside, cause) "." extension,
#include "compile/clamav/formats.def"
#undef LINES
#undef EACH
#undef WHOLE
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcasecmp(name + n - k, end) == 0;
}

static bool is_container(const char *name)
{
	for (size_t i = 0; i < VT_COUNT(containers); i++)
		if (ends_with(name, containers[i]))
			return true;
	return false;
}

static bool is_readable(const char *name)
{
	for (size_t i = 0; i < VT_COUNT(readable); i++)
		if (ends_with(name, readable[i]))
			return true;
	return false;
}

static int unnamed(int folder)
{
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("vitrine-import", MFD_CLOEXEC);
}

/* Takes the descriptor in any case. */
static vt_err add_fd(struct vt_import *im, vt_span name, int fd)
{
	struct vt_import_file *f;
	uint64_t size;
	char *copy = strndup((const char *)name.p, name.n);
	vt_err e = copy ? vt_fd_size(fd, &size) : VT_ENOMEM;

	if (!e && (!vt_file_name_ok(name) || ends_with(copy, ".withdrawn"))) {
		vt_complain(COMMAND, copy,
			"a file of a set has letters, digits, '.', '_' and '-' in its name, and "
			"does "
			"not end with .withdrawn");
		e = VT_EARG;
	}
	for (size_t i = 0; i < im->n && !e; i++) {
		if (strcmp(im->v[i].name, copy) == 0) {
			vt_complain(COMMAND, copy, "there are two files of this name");
			e = VT_EARG;
		}
	}
	if (!e && im->n == VT_ENTRY_FILES_MAX) {
		vt_complain(COMMAND, copy, "a set has at most %d files", VT_ENTRY_FILES_MAX);
		e = VT_ELIMIT;
	}
	if (e) {
		vt_fd_close(fd);
		free(copy);
		return e;
	}
	f = &im->v[im->n++];
	*f = (struct vt_import_file){.name = copy, .fd = fd};
	return vt_map_file(fd, size, &f->bytes);
}

/* The compiler ----------------------------------------------------------------------------------
 */

/* Bad lines are printed; false if there are any. */
static bool lines_good(const struct vt_compile_result *r)
{
	const char *bad = "bad";
	uint64_t n = 0, shown = 0;

	for (size_t i = 0; i < VT_WIRE_ASIDE_KINDS; i++)
		if (strcmp(vt_aside_word((unsigned)i), bad) == 0)
			n = r->totals.asides[i];
	for (size_t i = 0; i < r->nasides && shown < SHOWN; i++) {
		const struct vt_wire_aside *a = &r->asides[i];

		if (strcmp(vt_aside_word(a->what), bad) != 0)
			continue;
		vt_put_visible(stderr, a->set);
		fprintf(stderr, ":%" PRIu32 ": bad: ", a->line);
		vt_put_visible(stderr, a->cause);
		fputc('\n', stderr);
		shown++;
	}
	if (n > shown)
		fprintf(stderr, "... and %" PRIu64 " more bad lines\n", n - shown);
	return n == 0;
}

static vt_err compile(
	struct vt_import *im, int folder, const struct vt_sources *sources, int *out_image)
{
	struct vt_compile_job job = {.command = COMMAND, .sources = sources, .quiet = true};
	struct vt_compile_result result = {0};
	char *compiler = NULL;
	vt_err e = vt_where_program("vitrine-compiler", &compiler);

	if (e) {
		vt_complain(COMMAND, "vitrine-compiler", "not where it should be, next to vitrine");
		return e;
	}
	job.compiler = compiler;
	job.output = unnamed(folder);
	e = job.output < 0 ? VT_EIO : vt_compile_job_run(&job, &result);
	if (!e && !lines_good(&result) && !im->keep_bad) {
		fputs(COMMAND ": not imported; --keep-bad takes the files as they are\n", stderr);
		e = VT_EFORMAT;
	}
	vt_compile_result_free(&result);
	free(compiler);
	if (e)
		vt_fd_close(job.output);
	else
		*out_image = job.output;
	return e;
}

/* Containers: their lines, out of the image ------------------------------------------------------
 */

struct extract {
	struct vt_import *im;
	const struct vt_db *db;
	const struct vt_image_set *set; /* being written */
	int folder, fd;
	vt_buf text;
};

static vt_err drain(struct extract *x)
{
	vt_err e = vt_fd_write(x->fd, x->text.p, x->text.n);

	vt_buf_clear(&x->text);
	return e;
}

static vt_err end_set(struct extract *x)
{
	vt_span name;
	const uint8_t *slash;
	vt_err e;

	if (!x->set)
		return VT_OK;
	e = drain(x);
	name = vt_db_set_name(x->db, x->set);
	slash = name.n ? memrchr(name.p, '/', name.n) : NULL;
	if (slash)
		name = vt_span_of(slash + 1, name.n - (size_t)(slash + 1 - name.p));
	x->set = NULL;
	if (e) {
		vt_fd_close(x->fd);
		return e;
	}
	return add_fd(x->im, name, x->fd);
}

static vt_err take_line(void *ctx, uint32_t line, vt_span text)
{
	struct extract *x = ctx;
	vt_err e = VT_OK;

	if (!x->set || line - x->set->first_line >= x->set->lines) {
		e = end_set(x);
		if (e)
			return e;
		x->fd = unnamed(x->folder);
		if (x->fd < 0)
			return VT_EIO;
		x->set = vt_db_set_of_line(x->db, line);
		if (!x->set) {
			vt_fd_close(x->fd);
			return VT_EFORMAT;
		}
	}
	if (x->text.n + text.n + 1 > x->text.max)
		e = drain(x);
	if (!e)
		e = vt_buf_add(&x->text, text.p, text.n);
	return e ? e : vt_buf_add(&x->text, "\n", 1);
}

static vt_err extract(struct vt_import *im, int folder, int image, const char *name)
{
	struct vt_db_view view = {0};
	struct extract x = {.im = im, .folder = folder, .fd = -1};
	vt_err e = vt_db_view_open(&view, image, COMMAND, name);

	if (e)
		return e;
	x.text.max = (size_t)4 << 20;
	x.db = view.db;
	e = vt_db_each_line(view.db, take_line, &x);
	if (!e)
		e = end_set(&x);
	else if (x.set)
		vt_fd_close(x.fd);
	if (e == VT_EIO || e == VT_EFORMAT)
		vt_complain(COMMAND, name, "%s",
			e == VT_EIO ? strerror(errno) : "its lines can't be read back");
	vt_buf_free(&x.text);
	vt_db_view_close(&view);
	return e;
}

static vt_err add_container(struct vt_import *im, int folder, const char *path)
{
	struct vt_sources sources = {0};
	int image = -1;
	vt_err e = vt_sources_add(&sources, path);

	if (e)
		vt_complain(COMMAND, path, "%s", strerror(errno));
	else
		e = compile(im, folder, &sources, &image);
	if (!e)
		e = extract(im, folder, image, path);
	vt_fd_close(image);
	vt_sources_free(&sources);
	return e;
}

/* Files and folders ------------------------------------------------------------------------------
 */

static vt_err add_file(
	struct vt_import *im, int folder, const char *path, struct vt_sources *signatures)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int fd;

	if (im->signatures && is_container(name))
		return add_container(im, folder, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	/* files of other kinds travel along without a look into them */
	if (fd < 0 || (im->signatures && is_readable(name) && vt_sources_add(signatures, path))) {
		vt_complain(COMMAND, path, "%s", strerror(errno));
		vt_fd_close(fd);
		return VT_EIO;
	}
	return add_fd(im, vt_span_str(name), fd);
}

static vt_err add_folder(
	struct vt_import *im, int folder, const char *path, struct vt_sources *signatures)
{
	struct dirent **v = NULL;
	int n = scandir(path, &v, NULL, alphasort);
	vt_err e = n < 0 ? VT_EIO : VT_OK;

	if (e)
		vt_complain(COMMAND, path, "%s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct stat st;
		char *file = NULL;

		if (!e && v[i]->d_name[0] != '.' &&
			asprintf(&file, "%s/%s", path, v[i]->d_name) >= 0) {
			if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
				e = add_file(im, folder, file, signatures);
		}
		free(file);
		free(v[i]);
	}
	free(v);
	return e;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct vt_import_file *)a)->name, ((const struct vt_import_file *)b)->name);
}

vt_err vt_import_read(struct vt_import *im, int folder, const struct vt_strings *paths)
{
	struct vt_sources signatures = {0};
	vt_err e = VT_OK;
	int image;

	for (size_t i = 1; i < paths->n && !e; i++) {
		struct stat st;

		if (stat(paths->v[i], &st)) {
			vt_complain(COMMAND, paths->v[i], "%s", strerror(errno));
			e = VT_EIO;
		} else if (S_ISDIR(st.st_mode)) {
			e = add_folder(im, folder, paths->v[i], &signatures);
		} else {
			e = add_file(im, folder, paths->v[i], &signatures);
		}
	}
	if (!e && im->n == 0) {
		vt_complain(COMMAND, paths->v[1], "holds no files");
		e = VT_EARG;
	}
	if (!e && signatures.n > 0) {
		e = compile(im, folder, &signatures, &image);
		if (!e)
			vt_fd_close(image);
	}
	if (im->n > 1)
		qsort(im->v, im->n, sizeof *im->v, by_name);
	vt_sources_free(&signatures);
	return e;
}

void vt_import_free(struct vt_import *im)
{
	for (size_t i = 0; i < im->n; i++) {
		if (im->v[i].bytes.n)
			vt_map_close(im->v[i].bytes);
		vt_fd_close(im->v[i].fd);
		free(im->v[i].name);
	}
	im->n = 0;
}
