/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/cache.h"
#include "cli/compile.h"
#include "cli/readonly.h"
#include "cli/sources.h"
#include "cli/text.h"
#include "cli/update/live.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "engine/db/db.h"
#include "os/fd.h"
#include "os/map.h"
#include "vitrine/engine.h"

#define CLAMAV_FOLDER "/var/lib/clamav"
/* Smaller images are checked each time: it takes less than the bookkeeping is worth. */
#define ALWAYS_CHECK ((uint64_t)16 << 20)

struct opener {
	struct vt_databases *out;
	const char *command;
	bool quiet;
	struct vt_cache cache;
	struct vt_sources sources; /* what is to be compiled */
	char *compiler;
};

static vt_err say(const struct opener *o, const char *path, const char *what)
{
	fprintf(stderr, "%s: ", o->command);
	vt_put_visible(stderr, vt_span_str(path));
	fprintf(stderr, ": %s\n", what);
	return VT_EIO;
}

static bool is_image(int fd)
{
	uint8_t head[16];
	size_t n;

	return vt_fd_pread(fd, head, sizeof head, 0, &n) == VT_OK &&
		vt_db_is_image(vt_span_of(head, n));
}

/* The shape of every image, and each byte of one that was not seen before. */
static vt_err check_image(struct opener *o, int fd, vt_span map)
{
	struct vt_db *db;
	bool known = map.n >= ALWAYS_CHECK && vt_cache_is_checked(&o->cache, fd);
	vt_err e = vt_db_open(map, &db);

	if (e)
		return e;
	vt_db_close(db);
	if (known)
		return VT_OK;
	e = vt_db_verify(map);
	if (!e && map.n >= ALWAYS_CHECK)
		vt_cache_set_checked(&o->cache, fd);
	return e;
}

static vt_err verify(struct opener *o, int fd, const char *name)
{
	uint64_t size;
	vt_span map;
	vt_err e = vt_fd_size(fd, &size);

	if (!e)
		e = vt_map_file(fd, size, &map);
	if (!e) {
		e = check_image(o, fd, map);
		vt_map_close(map);
	}
	if (e)
		(void)say(o, name, vt_err_text(e));
	return e;
}

static vt_err add_image(struct opener *o, int fd, const char *name)
{
	vt_err e;

	if (o->out->n == VT_MAX_IMAGES)
		return say(o, name, "too many databases");
	e = verify(o, fd, name);
	if (!e)
		o->out->fds[o->out->n++] = fd;
	return e;
}

static vt_err add_name(struct opener *o, const char *path)
{
	char *name = strdup(path);
	vt_err e = name ? vt_strings_add(&o->out->names, name) : VT_ENOMEM;

	if (e)
		free(name);
	return e;
}

/* One path that the user named: an image is opened, all else waits to be compiled. */
static vt_err add_path(struct opener *o, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	size_t before = o->sources.n;
	vt_err e;

	if (fd < 0)
		return say(o, path, strerror(errno));
	e = add_name(o, path);
	if (!e && is_image(fd)) {
		e = add_image(o, fd, path);
		if (e)
			vt_fd_close(fd);
		return e;
	}
	vt_fd_close(fd);
	if (!e && vt_sources_add(&o->sources, path))
		return say(o, path, strerror(errno));
	if (!e && o->sources.n == before)
		return say(o, path, "holds no signature files");
	return e;
}

/* Everything that decides what a compilation gives: the compiler too. */
static vt_err make_key(const struct opener *o, struct vt_cache_key *k)
{
	struct vt_sources tool = {0};
	uint8_t parts[2][VT_KEY_SIZE];
	bool young_tool;
	vt_err e = vt_sources_add(&tool, o->compiler);

	if (e)
		goto out;
	vt_sources_paths_key(&o->sources, k->set);
	vt_sources_stat_key(&tool, parts[0], &young_tool);
	vt_sources_stat_key(&o->sources, parts[1], &k->young);
	vt_sha256(vt_span_of(parts, sizeof parts), k->look);
	memcpy(k->content, parts[0], sizeof k->content); /* completed by add_content() */
out:
	vt_sources_free(&tool);
	return e;
}

static vt_err add_content(const struct opener *o, struct vt_cache_key *k)
{
	uint8_t parts[2][VT_KEY_SIZE];
	vt_err e = vt_sources_content_key(&o->sources, parts[1]);

	if (e)
		return say(o, "signatures", strerror(errno));
	memcpy(parts[0], k->content, sizeof parts[0]);
	vt_sha256(vt_span_of(parts, sizeof parts), k->content);
	return VT_OK;
}

static void open_cache(struct opener *o)
{
	const char *why = "no HOME is set";
	char *path = NULL;
	vt_err e = vt_where_cache(&path);

	o->cache = (struct vt_cache){.dir = -1, .lock = -1};
	if (!e)
		e = vt_cache_open(&o->cache, path, &why);
	if (e && !o->quiet)
		fprintf(stderr, "%s: compiled signatures are not kept: %s: %s\n", o->command,
			path ? path : "cache", why);
	free(path);
}

/* Compiles into the cache, or into memory where there is none. */
static vt_err compile(struct opener *o, const struct vt_cache_key *k, int *out_fd)
{
	bool cached = vt_cache_create(&o->cache, out_fd) == VT_OK;
	struct vt_compile_job job = {.command = o->command,
		.compiler = o->compiler,
		.sources = &o->sources,
		.quiet = o->quiet};
	struct vt_compile_result result;
	vt_err e;

	if (!cached)
		*out_fd = memfd_create("vitrine-db", MFD_CLOEXEC);
	if (*out_fd < 0)
		return say(o, "memory file", strerror(errno));
	job.output = *out_fd;
	e = vt_compile_job_run(&job, &result);
	vt_compile_result_free(&result);
	if (!e && cached && vt_cache_install(&o->cache, k, *out_fd) && !o->quiet)
		(void)say(o, "compiled signatures are not kept", strerror(errno));
	if (!e && vt_make_readonly(out_fd))
		return say(o, "compiled image", strerror(errno));
	if (!e)
		return VT_OK;
	if (cached)
		vt_cache_discard(&o->cache);
	return e; /* the caller closes the file */
}

/* An image of the cache that is whole; one that is not is dropped. */
static bool use_cached(struct opener *o, const struct vt_cache_key *k, int fd)
{
	if (add_image(o, fd, "cached image") == VT_OK)
		return true;
	vt_cache_drop(&o->cache, k);
	vt_fd_close(fd);
	return false;
}

/* The image of all signature files that the user named. */
static vt_err add_sources(struct opener *o)
{
	struct vt_cache_key k;
	int fd = -1;
	vt_err e;

	if (vt_where_program("vitrine-compiler", &o->compiler))
		return say(o, "vitrine-compiler", "is not where it should be, next to vitrine");
	vt_sources_sort(&o->sources);
	e = make_key(o, &k);
	if (e)
		return say(o, o->compiler, strerror(errno));
	if (vt_cache_find_look(&o->cache, &k, &fd) == VT_OK && use_cached(o, &k, fd))
		return VT_OK;
	e = add_content(o, &k);
	if (e)
		return e;
	if (vt_cache_find_content(&o->cache, &k, &fd) == VT_OK && use_cached(o, &k, fd))
		return VT_OK;
	vt_cache_lock(&o->cache);
	/* Whoever had the lock before may have compiled just this. */
	if (vt_cache_find_content(&o->cache, &k, &fd) != VT_OK)
		e = compile(o, &k, &fd);
	vt_cache_unlock(&o->cache);
	if (!e)
		e = add_image(o, fd, "compiled image");
	if (e)
		vt_fd_close(fd);
	return e;
}

/* The images of one generation, all or none. */
static vt_err add_generation(struct opener *o, const char *state, const char *link)
{
	struct vt_databases *d = o->out;
	size_t before = d->n, n;
	char name[VT_GENERATION_MAX], shown[VT_GENERATION_MAX + 16];
	int fds[2];
	vt_err e = vt_live_images(state, link, fds, &n, name);

	if (e)
		return say(o, state, "the content that updates brought can't be opened");
	if (n == 0)
		return VT_OK;
	snprintf(shown, sizeof shown, "update %s", name);
	for (size_t i = 0; i < n; i++) {
		if (!e)
			e = add_image(o, fds[i], shown);
		if (e)
			vt_fd_close(fds[i]);
	}
	while (e && d->n > before)
		vt_fd_close(d->fds[--d->n]);
	if (!e)
		e = add_name(o, shown);
	if (!e)
		snprintf(d->generation, sizeof d->generation, "%s", name);
	return e;
}

/* What updates brought; if that is damaged, what they brought before. */
static vt_err add_live(struct opener *o, const char *state)
{
	char *usual = NULL;
	vt_err e;

	if (!state && vt_where_state(&usual) != VT_OK)
		return VT_OK;
	state = state ? state : usual;
	e = add_generation(o, state, "live");
	if (e && add_generation(o, state, "good") == VT_OK && o->out->generation[0]) {
		(void)say(o, state,
			"the content in use is damaged; scanning with the one before it."
			" 'vitrine update' brings it anew");
		e = VT_OK;
	}
	free(usual);
	return e;
}

static vt_err add_defaults(struct opener *o)
{
	char *base;
	vt_err e = VT_OK;

	if (vt_where_content(&base) == VT_OK) {
		e = add_path(o, base);
		free(base);
	}
	if (!e && vt_sources_has_any(CLAMAV_FOLDER))
		e = add_path(o, CLAMAV_FOLDER);
	else if (!e && access(CLAMAV_FOLDER, R_OK | X_OK) != 0 && errno == EACCES)
		(void)say(o, CLAMAV_FOLDER, "not used: permission denied");
	if (!e && o->out->names.n == 0)
		return say(o, "no signatures",
			"neither content/base nor " CLAMAV_FOLDER " is there; give --db");
	return e;
}

vt_err vt_databases_open(struct vt_databases *d, const char *command,
	const struct vt_strings *paths, const char *state, bool quiet)
{
	struct opener o = {.out = d, .command = command, .quiet = quiet};
	vt_err e = VT_OK;

	*d = (struct vt_databases){0};
	open_cache(&o);
	if (paths->n == 0)
		e = add_live(&o, state);
	if (!e && paths->n == 0)
		e = add_defaults(&o);
	for (size_t i = 0; !e && i < paths->n; i++)
		e = add_path(&o, paths->v[i]);
	if (!e && o.sources.n)
		e = add_sources(&o);
	vt_sources_free(&o.sources);
	vt_cache_close(&o.cache);
	free(o.compiler);
	return e;
}

void vt_databases_close(struct vt_databases *d)
{
	for (size_t i = 0; i < d->n; i++)
		vt_fd_close(d->fds[i]);
	vt_strings_free_all(&d->names);
	*d = (struct vt_databases){0};
}
