/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/directive/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/directive/known.h"
#include "cli/directive/origin.h"
#include "cli/publish/publish.h"
#include "cli/readonly.h"
#include "cli/update/live.h"
#include "cli/where.h"
#include "crypto/sign.h"
#include "os/fd.h"
#include "store/folder.h"

#define MEMORY_MAX ((size_t)1 << 30)

vt_err vt_docs_open(struct vt_docs *docs, const char *command, const char *state)
{
	char *slash;
	vt_err e;

	*docs = (struct vt_docs){.command = command, .a = VT_ARENA_INIT(MEMORY_MAX)};
	e = vt_sign_init() ? VT_EIO : VT_OK;
	if (!e && !state)
		e = vt_where_state(&docs->own_state);
	docs->state = state ? state : docs->own_state;
	/* without a home there is no configuration, and so no keys */
	if (!e && vt_where_config(&docs->own_config) == VT_OK)
		docs->config = docs->own_config;
	if (e)
		vt_complain(command, "state folder", "%s", "neither --state nor HOME says where");
	/* content/base and its neighbours */
	if (!e && vt_where_content(&docs->content) == VT_OK) {
		slash = strrchr(docs->content, '/');
		if (slash)
			*slash = 0;
	}
	return e;
}

void vt_docs_close(struct vt_docs *docs)
{
	vt_strings_free(&docs->keys);
	vt_arena_free(&docs->a);
	free(docs->own_state);
	free(docs->own_config);
	free(docs->content);
	free(docs->v);
	*docs = (struct vt_docs){.command = docs->command};
}

#define CLOCK "clock" /* in STATE/directives: the latest day that a command has seen */

/*
 * A clock that was set back must not bring expired exceptions back to life: the latest day that was
 * seen here counts. Only where directives are kept, and as far as the folder can be written.
 */
static vt_day not_before(const struct vt_docs *docs, vt_day today)
{
	vt_buf text = VT_BUF_INIT(VT_DAY_SIZE);
	char *path = NULL, now[VT_DAY_SIZE], then[VT_DAY_SIZE];
	vt_day latest = today;
	int dir = -1;

	if (asprintf(&path, "%s/directives", docs->state) < 0)
		return today;
	if (vt_store_open(path, false, &dir) == VT_OK &&
		vt_store_read(dir, CLOCK, VT_DAY_SIZE, &text) == VT_OK &&
		vt_day_parse(vt_buf_span(&text), &latest) && latest > today)
		fprintf(stderr,
			"%s: the clock says %s, but here it has been %s: that counts (if it was "
			"the clock that was wrong, remove %s/" CLOCK ")\n",
			docs->command, vt_day_write(today, now), vt_day_write(latest, then), path);
	else if (dir >= 0 && (text.n == 0 || latest < today))
		(void)!vt_store_write(dir, CLOCK, vt_span_str(vt_day_write(today, now)));
	vt_fd_close(dir);
	vt_buf_free(&text);
	free(path);
	return latest > today ? latest : today;
}

vt_err vt_docs_day(const struct vt_docs *docs, const char *on, vt_day *out)
{
	if (!on) {
		*out = not_before(docs, vt_day_of_time((int64_t)time(NULL)));
		return VT_OK;
	}
	if (vt_day_parse(vt_span_str(on), out))
		return VT_OK;
	vt_complain(docs->command, on, "not a date of the calendar, as 2017-09-13");
	return VT_EARG;
}

/* Files ---------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the folder that end with ".json" (or all that are folders), sorted. */
static vt_err list_folder(const char *path, bool folders, struct vt_strings *out)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	vt_err e = VT_OK;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? VT_OK : VT_EIO;
	while (!e && (d = readdir(dir))) {
		size_t n = strlen(d->d_name);
		bool json = n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
		char *copy;

		if (d->d_name[0] == '.' || json == folders || strstr(d->d_name, ".exceptions."))
			continue;
		copy = strdup(d->d_name);
		e = copy ? vt_strings_add(out, copy) : VT_ENOMEM;
		if (e)
			free(copy);
	}
	(void)closedir(dir);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return e;
}

vt_err vt_known_each(struct vt_docs *docs, const char *folder, vt_known_fn *fn, void *ctx)
{
	struct vt_strings names = {0};
	vt_err e = list_folder(folder, false, &names);

	if (e)
		vt_complain_err(docs->command, folder, e);
	for (size_t i = 0; i < names.n && !e; i++) {
		vt_buf text = {0};
		char *path;

		if (asprintf(&path, "%s/%s", folder, names.v[i]) < 0) {
			e = VT_ENOMEM;
			break;
		}
		e = vt_slurp(docs->command, path, VT_CATALOGUE_MAX, &text);
		if (!e)
			e = fn(ctx, path, names.v[i], vt_buf_span(&text));
		vt_buf_free(&text);
		free(path);
	}
	vt_strings_free_all(&names);
	return e;
}

vt_err vt_known_each_shipped(struct vt_docs *docs, const char *what, vt_known_fn *fn, void *ctx)
{
	char *path;
	vt_err e;

	if (!docs->content)
		return VT_OK;
	if (asprintf(&path, "%s/%s", docs->content, what) < 0)
		return VT_ENOMEM;
	e = vt_known_each(docs, path, fn, ctx);
	free(path);
	return e;
}

vt_err vt_known_each_logged(struct vt_docs *docs, vt_known_fn *fn, void *ctx)
{
	struct vt_strings sets = {0};
	char *top;
	vt_err e;

	if (asprintf(&top, "%s/update/directives", docs->state) < 0)
		return VT_ENOMEM;
	e = list_folder(top, true, &sets);
	for (size_t i = 0; i < sets.n && !e; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", top, sets.v[i]) < 0) {
			e = VT_ENOMEM;
			break;
		}
		e = vt_known_each(docs, path, fn, ctx);
		free(path);
	}
	free(top);
	vt_strings_free_all(&sets);
	return e;
}

/* "update log: state 41"; only names what is live now. */
vt_err vt_known_log(struct vt_docs *docs, vt_span *out)
{
	struct vt_generation g = {0};
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	char text[64] = "update log";
	char *copy;
	int dir = -1;

	if (vt_live_open(docs->state, false, &dir) == VT_OK &&
		vt_live_read(dir, "live", &a, &g) == VT_OK)
		snprintf(text, sizeof text, "update log: state %llu",
			(unsigned long long)g.state_index);
	vt_fd_close(dir);
	vt_arena_free(&a);
	copy = vt_arena_copy(&docs->a, vt_span_str(text));
	if (!copy)
		return VT_ENOMEM;
	*out = vt_span_str(copy);
	return VT_OK;
}

bool vt_known_is(vt_span json, const char *format)
{
	json_t *j = json_loadb(json.n ? (const char *)json.p : "", json.n, 0, NULL);
	const char *is = json_string_value(json_object_get(j, "format"));
	bool yes = is && strncmp(is, format, strlen(format)) == 0;

	json_decref(j);
	return yes;
}

/* The catalogue -------------------------------------------------------------------------------- */

#define CATALOGUES_MAX VT_DOCS_CATALOGUES_MAX

struct catalogues {
	struct vt_docs *docs;
	size_t n, nfiles;
	struct vt_catalogue v[CATALOGUES_MAX];
	bool from_log, from_file, any_log;
	vt_buf position;
	vt_span json; /* that is being read; copies of those in v are in the docs */
};

/* Numbers in versions are compared as numbers: "2026-11-9" is before "2026-11-27". */
static int compare_versions(vt_span a, vt_span b)
{
	char x[80], y[80];

	snprintf(x, sizeof x, "%.*s", (int)a.n, (const char *)a.p);
	snprintf(y, sizeof y, "%.*s", (int)b.n, (const char *)b.p);
	return strverscmp(x, y);
}

static vt_err keep_catalogue(struct catalogues *c, const char *path, const struct vt_catalogue *new)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!vt_span_eq(c->v[i].id, new->id))
			continue;
		/* a file that the user names wins; else the later version, else what came first */
		if (c->from_file || compare_versions(new->version, c->v[i].version) > 0) {
			c->v[i] = *new;
			c->docs->catalogues[i] = c->json;
			c->any_log = c->any_log || c->from_log;
		}
		return VT_OK;
	}
	if (c->n == CATALOGUES_MAX) {
		vt_complain(c->docs->command, path, "more than %d catalogues", CATALOGUES_MAX);
		return VT_ELIMIT;
	}
	c->docs->catalogues[c->n] = c->json;
	c->v[c->n++] = *new;
	c->docs->ncatalogues = c->n;
	c->any_log = c->any_log || c->from_log;
	return VT_OK;
}

static vt_err on_catalogue(void *ctx, const char *path, const char *name, vt_span json)
{
	struct catalogues *c = ctx;
	struct vt_doc_error why;
	struct vt_catalogue one;
	vt_err e;

	(void)name;
	if (c->from_log && !vt_known_is(json, "vitrine/catalogue/"))
		return VT_OK;
	e = vt_catalogue_parse(json, &c->docs->a, &one, &why);
	if (e) {
		vt_known_complain(c->docs, path, e, &why);
		return e;
	}
	c->json = vt_span_of(vt_arena_copy(&c->docs->a, json), json.n);
	return c->json.p ? keep_catalogue(c, path, &one) : VT_ENOMEM;
}

static vt_err add_files(struct catalogues *c, const struct vt_strings *files)
{
	vt_err e = VT_OK;

	c->from_file = true;
	for (size_t i = 0; i < files->n && !e; i++) {
		struct vt_origin origin;
		vt_buf text;

		e = vt_slurp(c->docs->command, files->v[i], VT_CATALOGUE_MAX, &text);
		if (!e)
			e = vt_origin_of_file(c->docs, files->v[i], vt_buf_span(&text), &origin);
		if (!e)
			e = on_catalogue(c, files->v[i], files->v[i], vt_buf_span(&text));
		if (!e) {
			vt_origin_warn(c->docs, files->v[i], &origin);
			e = vt_buf_addf(&c->position, "; %s: %.*s", files->v[i], (int)origin.who.n,
				(const char *)origin.who.p);
		}
		vt_buf_free(&text);
	}
	return e;
}

static vt_err write_position(struct catalogues *c, vt_span *out)
{
	vt_span log = vt_span_str("shipped");
	vt_buf b = VT_BUF_INIT(65536);
	char *copy = NULL;
	vt_err e = c->any_log ? vt_known_log(c->docs, &log) : VT_OK;

	if (!e)
		e = vt_buf_addf(&b, "%.*s%.*s", (int)log.n, (const char *)log.p, (int)c->position.n,
			c->position.n ? (const char *)c->position.p : "");
	if (!e) {
		copy = vt_arena_copy(&c->docs->a, vt_buf_span(&b));
		e = copy ? VT_OK : VT_ENOMEM;
	}
	if (!e)
		*out = vt_span_of(copy, b.n);
	vt_buf_free(&b);
	return e;
}

static vt_err as_file(vt_span json, int *out_fd)
{
	int fd = memfd_create("catalogue", MFD_CLOEXEC);
	vt_err e = fd < 0 ? VT_EIO : vt_fd_write(fd, json.p, json.n);

	if (!e)
		e = vt_make_readonly(&fd);
	if (e)
		vt_fd_close(fd);
	else
		*out_fd = fd;
	return e;
}

vt_err vt_docs_catalogue_files(struct vt_docs *docs, int fds[VT_DOCS_CATALOGUES_MAX], size_t *out_n)
{
	vt_err e = VT_OK;
	size_t n = 0;

	for (; n < docs->ncatalogues && !e; n++)
		e = as_file(docs->catalogues[n], &fds[n]);
	if (!e) {
		*out_n = n;
		return VT_OK;
	}
	vt_complain(docs->command, "catalogue", "it can't be handed to a collector: %s",
		vt_err_text(e));
	for (n--; n-- > 0;)
		vt_fd_close(fds[n]);
	return e;
}

vt_err vt_docs_catalogue(struct vt_docs *docs, const struct vt_strings *files,
	struct vt_catalogue *out, vt_span *out_position)
{
	struct catalogues *c = calloc(1, sizeof *c);
	struct vt_doc_error why;
	struct vt_catalogue all;
	vt_span position;
	vt_err e = VT_ENOMEM;

	if (!c)
		goto out;
	c->docs = docs;
	c->position.max = 65536;
	e = vt_known_each_shipped(docs, "catalogue", on_catalogue, c);
	c->from_log = true;
	if (!e)
		e = vt_known_each_logged(docs, on_catalogue, c);
	c->from_log = false;
	if (!e && files)
		e = add_files(c, files);
	if (!e && c->n == 0) {
		vt_complain(docs->command, "catalogue", "there is none");
		e = VT_END;
	}
	if (!e) {
		e = vt_catalogue_join(c->v, c->n, &docs->a, &all, &why);
		if (e == VT_EARG)
			vt_known_complain(docs, "catalogues", e, &why);
	}
	if (!e)
		e = write_position(c, &position);
	if (!e) {
		*out = all;
		*out_position = position;
	}
out:
	if (e == VT_ENOMEM)
		vt_complain(docs->command, "catalogue", "no memory");
	if (c)
		vt_buf_free(&c->position);
	free(c);
	return e;
}
