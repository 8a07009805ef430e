/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "entry/entry.h"
#include "os/fd.h"
#include "store/folder.h"

#define SETS "update/sets"
#define MANIFEST_MAX ((size_t)1 << 20)
#define SETS_MAX 256
#define HEAD "vitrine/generation/v1\n"

vt_err vt_live_open(const char *state, bool make, int *out_dir)
{
	char *path;
	vt_err e;

	if (asprintf(&path, "%s/" SETS, state) < 0)
		return VT_ENOMEM;
	e = vt_store_open(path, make, out_dir);
	free(path);
	return e;
}

/* Manifests ------------------------------------------------------------------------------------ */

/* Cuts "<key> <value>\n" off; false if the next line has another key. */
static bool take(vt_span *rest, const char *key, vt_span *out)
{
	size_t n = strlen(key), lf;

	if (!vt_span_at(*rest, 0, key, n) || !vt_span_at(*rest, n, " ", 1) ||
		!vt_span_find(*rest, 0, "\n", 1, &lf))
		return false;
	*out = vt_span_of(rest->p + n + 1, lf - n - 1);
	*rest = vt_span_clip(*rest, lf + 1, rest->n);
	return true;
}

static vt_span word(vt_span *rest)
{
	size_t at;
	vt_span w = *rest;

	if (vt_span_find(*rest, 0, " ", 1, &at)) {
		w = vt_span_clip(*rest, 0, at);
		*rest = vt_span_clip(*rest, at + 1, rest->n);
	} else {
		*rest = vt_span_clip(*rest, rest->n, 0);
	}
	return w;
}

static bool parse_set(vt_span line, struct vt_live_set *s)
{
	s->name = word(&line);
	return vt_decimal_get(word(&line), &s->version) && vt_decimal_get(word(&line), &s->base);
}

static vt_err parse_withdrawn(vt_span *text, vt_arena *a, struct vt_generation *g)
{
	vt_span line;

	g->withdrawn = vt_arena_array(a, VT_ENTRY_LIVE_MAX, sizeof *g->withdrawn);
	if (!g->withdrawn)
		return VT_ENOMEM;
	while (take(text, "withdrawn", &line))
		if (g->nwithdrawn == VT_ENTRY_LIVE_MAX ||
			!vt_hex_get(line, g->withdrawn[g->nwithdrawn++].b, VT_HASH_SIZE))
			return VT_EFORMAT;
	return VT_OK;
}

static vt_err parse_manifest(vt_span text, vt_arena *a, struct vt_generation *g)
{
	vt_span line;
	vt_err e;

	if (!vt_span_at(text, 0, HEAD, strlen(HEAD)))
		return VT_EFORMAT;
	text = vt_span_clip(text, strlen(HEAD), text.n);
	if (!take(&text, "log", &g->log) || !take(&text, "state", &line) ||
		!vt_decimal_get(word(&line), &g->state_index) ||
		!vt_decimal_get(word(&line), &g->state_version) || !take(&text, "applied", &line) ||
		!vt_time_parse(line, &g->applied))
		return VT_EFORMAT;
	if (take(&text, "content", &line)) {
		if (!vt_hex_get(line, g->content.b, VT_HASH_SIZE))
			return VT_EFORMAT;
		g->has_content = true;
	}
	g->sets = vt_arena_array(a, SETS_MAX, sizeof *g->sets);
	if (!g->sets)
		return VT_ENOMEM;
	while (take(&text, "set", &line)) {
		if (g->nsets == SETS_MAX || !parse_set(line, &g->sets[g->nsets++]))
			return VT_EFORMAT;
	}
	e = parse_withdrawn(&text, a, g);
	if (e)
		return e;
	if (!take(&text, "images", &line))
		return VT_EFORMAT;
	g->delta = vt_span_eq(line, vt_span_str("base delta"));
	return text.n == 0 && (g->delta || vt_span_eq(line, vt_span_str("base"))) ? VT_OK
										  : VT_EFORMAT;
}

static vt_err put_hash(vt_buf *b, const char *key, const vt_hash *h)
{
	vt_err e = vt_buf_addf(b, "%s ", key);

	if (!e)
		e = vt_hex_add(b, vt_span_of(h->b, sizeof h->b));
	return e ? e : vt_buf_addf(b, "\n");
}

static vt_err write_manifest(vt_buf *b, const struct vt_generation *g)
{
	char when[VT_TIME_SIZE];
	vt_err e = vt_buf_addf(b, HEAD "log %.*s\nstate %" PRIu64 " %" PRIu64 "\napplied %s\n",
		(int)g->log.n, (const char *)g->log.p, g->state_index, g->state_version,
		vt_time_write(g->applied, when));

	if (!e && g->has_content)
		e = put_hash(b, "content", &g->content);
	for (size_t i = 0; !e && i < g->nsets; i++)
		e = vt_buf_addf(b, "set %.*s %" PRIu64 " %" PRIu64 "\n", (int)g->sets[i].name.n,
			(const char *)g->sets[i].name.p, g->sets[i].version, g->sets[i].base);
	for (size_t i = 0; !e && i < g->nwithdrawn; i++)
		e = put_hash(b, "withdrawn", &g->withdrawn[i]);
	return e ? e : vt_buf_addf(b, "images base%s\n", g->delta ? " delta" : "");
}

/* "g" and a number; links lead to nothing else. */
static bool is_generation(const char *name)
{
	uint64_t n;

	return name[0] == 'g' && vt_decimal_get(vt_span_str(name + 1), &n);
}

static vt_err read_link(int dir, const char *link, char name[VT_GENERATION_MAX])
{
	ssize_t n = readlinkat(dir, link, name, VT_GENERATION_MAX - 1);

	if (n < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	name[n] = 0;
	return is_generation(name) ? VT_OK : VT_EFORMAT;
}

vt_err vt_live_read(int dir, const char *link, vt_arena *a, struct vt_generation *out)
{
	vt_buf b = VT_BUF_INIT(MANIFEST_MAX);
	char path[VT_GENERATION_MAX + 16];
	char *copy;
	vt_err e;

	*out = (struct vt_generation){0};
	e = read_link(dir, link, out->name);
	if (e)
		return e;
	snprintf(path, sizeof path, "%s/manifest", out->name);
	e = vt_store_read(dir, path, MANIFEST_MAX, &b);
	if (!e) {
		copy = vt_arena_copy(a, vt_buf_span(&b));
		e = copy ? parse_manifest(vt_span_of(copy, b.n), a, out) : VT_ENOMEM;
	}
	vt_buf_free(&b);
	return e;
}

vt_err vt_live_bad(int dir, vt_arena *a, struct vt_generation *out)
{
	return vt_live_read(dir, "bad", a, out);
}

/* Switching ------------------------------------------------------------------------------------ */

/* Whatever is in it: a power loss may have left files that were not finished. */
static void remove_generation(int dir, const char *name)
{
	int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = sub < 0 ? NULL : fdopendir(sub);
	struct dirent *at;

	if (!d)
		vt_fd_close(sub);
	while (d && (at = readdir(d)) != NULL)
		(void)unlinkat(sub, at->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

vt_err vt_live_new(int dir, int *out_new)
{
	remove_generation(dir, "new");
	if (mkdirat(dir, "new", 0755) && errno != EEXIST)
		return VT_EIO;
	*out_new = openat(dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *out_new < 0 ? VT_EIO : VT_OK;
}

/* Makes `link` lead to `name` in one step. */
static vt_err set_link(int dir, const char *link, const char *name)
{
	if (unlinkat(dir, "link.tmp", 0) && errno != ENOENT)
		return VT_EIO;
	return symlinkat(name, dir, "link.tmp") || renameat(dir, "link.tmp", dir, link) ? VT_EIO
											: VT_OK;
}

/* A number above those of all generations that links know. */
static void next_name(int dir, char out[VT_GENERATION_MAX])
{
	static const char *const links[] = {"live", "good", "bad"};
	char name[VT_GENERATION_MAX];
	uint64_t top = 0, n;

	for (size_t i = 0; i < VT_COUNT(links); i++) {
		if (read_link(dir, links[i], name) == VT_OK &&
			vt_decimal_get(vt_span_str(name + 1), &n))
			top = vt_max_u64(top, n);
	}
	snprintf(out, VT_GENERATION_MAX, "g%" PRIu64, top + 1);
}

vt_err vt_live_switch(int dir, struct vt_generation *g)
{
	char old[VT_GENERATION_MAX] = "", good[VT_GENERATION_MAX] = "";
	vt_buf b = VT_BUF_INIT(MANIFEST_MAX);
	vt_err e = write_manifest(&b, g);

	next_name(dir, g->name);
	if (!e)
		e = vt_store_write(dir, "new/manifest", vt_buf_span(&b));
	vt_buf_free(&b);
	if (e)
		return e;
	(void)!read_link(dir, "live", old);
	(void)!read_link(dir, "good", good);
	/* what an interrupted switch left under this name is in no link */
	remove_generation(dir, g->name);
	if (renameat(dir, "new", dir, g->name))
		return VT_EIO;
	if (old[0])
		e = set_link(dir, "good", old);
	if (!e)
		e = set_link(dir, "live", g->name);
	if (!e && fsync(dir))
		e = VT_EIO;
	if (!e && good[0] && strcmp(good, old) != 0)
		remove_generation(dir, good);
	return e;
}

vt_err vt_live_back(int dir)
{
	char live[VT_GENERATION_MAX], good[VT_GENERATION_MAX], bad[VT_GENERATION_MAX] = "";
	vt_err e = read_link(dir, "good", good);

	if (!e)
		e = read_link(dir, "live", live);
	if (e)
		return e;
	if (strcmp(live, good) == 0)
		return VT_END;
	(void)!read_link(dir, "bad", bad);
	e = set_link(dir, "bad", live);
	if (!e)
		e = set_link(dir, "live", good);
	if (!e && fsync(dir))
		e = VT_EIO;
	if (!e && bad[0] && strcmp(bad, live) != 0)
		remove_generation(dir, bad);
	return e;
}

vt_err vt_live_swap(int dir)
{
	char live[VT_GENERATION_MAX], good[VT_GENERATION_MAX];
	vt_err e = read_link(dir, "good", good);

	if (!e)
		e = read_link(dir, "live", live);
	if (!e && strcmp(live, good) == 0)
		e = VT_END;
	if (!e)
		e = set_link(dir, "live", good);
	if (!e)
		e = set_link(dir, "good", live);
	return e ? e : fsync(dir) ? VT_EIO : VT_OK;
}

/* What scans need ------------------------------------------------------------------------------ */

static vt_err open_images(int dir, const char *name, int fds[2], size_t *out_n)
{
	static const char *const images[] = {"base.vtdb", "delta.vtdb"};
	int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	size_t n = 0;

	if (sub < 0)
		return VT_EIO;
	for (size_t i = 0; i < VT_COUNT(images); i++) {
		fds[n] = openat(sub, images[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		n += fds[n] >= 0;
	}
	vt_fd_close(sub);
	*out_n = n;
	return n ? VT_OK : VT_EIO;
}

vt_err vt_live_images(const char *state, const char *link, int fds[2], size_t *out_n,
	char name[VT_GENERATION_MAX])
{
	int dir;
	vt_err e;

	*out_n = 0;
	if (vt_live_open(state, false, &dir))
		return VT_OK;
	e = read_link(dir, link, name);
	if (!e)
		e = open_images(dir, name, fds, out_n);
	/* a switch in between took the old one away: once more */
	if (e == VT_EIO && read_link(dir, link, name) == VT_OK)
		e = open_images(dir, name, fds, out_n);
	vt_fd_close(dir);
	return e == VT_END ? VT_OK : e;
}

vt_err vt_live_crashed(const char *state, const char *name, bool *out_back)
{
	char path[VT_GENERATION_MAX + 16], live[VT_GENERATION_MAX];
	uint64_t count = 0;
	int dir, fd;
	vt_err e = is_generation(name) ? vt_live_open(state, false, &dir) : VT_EARG;

	*out_back = false;
	if (e)
		return e;
	snprintf(path, sizeof path, "%s/crashes", name);
	fd = openat(dir, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, "!", 1);
	if (!e)
		e = vt_fd_size(fd, &count);
	vt_fd_close(fd);
	if (!e && count >= VT_CRASHES_MAX && read_link(dir, "live", live) == VT_OK &&
		strcmp(live, name) == 0) {
		e = vt_live_back(dir);
		*out_back = !e;
	}
	vt_fd_close(dir);
	return e == VT_END ? VT_OK : e;
}
