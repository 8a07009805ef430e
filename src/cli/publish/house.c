/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher's folder: its keys and policy, the log as published, drafts. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "os/fd.h"
#include "store/folder.h"
#include "update/plan.h"

#define MEMORY ((size_t)1 << 30)
#define POLICY_MAX ((size_t)1 << 20)

static vt_err from_public(void *ctx, const char *path, size_t max, vt_buf *out)
{
	const struct vt_house *h = ctx;

	return vt_store_read(h->pub, path, max, out);
}

static vt_err open_key(struct vt_house *h)
{
	char *path = NULL;
	vt_err e;

	if (asprintf(&path, "%s/private/log.key", h->path) < 0)
		return VT_ENOMEM;
	e = vt_keyfile_public(path, &h->log, &h->sealed);
	if (e)
		vt_complain_err(h->command, path, e);
	free(path);
	return e;
}

static vt_err open_policy(struct vt_house *h)
{
	struct vt_policy_error why;
	vt_err e;

	h->policy_text.max = POLICY_MAX;
	h->policy = calloc(1, sizeof *h->policy);
	if (!h->policy)
		return VT_ENOMEM;
	e = vt_store_read(h->priv, "policy", POLICY_MAX, &h->policy_text);
	if (e) {
		vt_complain_err(h->command, "private/policy", e);
		return e == VT_END ? VT_EIO : e;
	}
	e = vt_policy_parse(vt_buf_span(&h->policy_text), h->policy, &why);
	if (e)
		vt_complain(h->command, "private/policy", "line %u: %s", why.line, why.cause);
	return e;
}

/* The root in force and the last state. */
static vt_err open_state(struct vt_house *h)
{
	vt_err e = vt_house_record(h, h->size - 1, &h->state);

	if (!e && h->state.e.kind != VT_ENTRY_STATE)
		e = VT_EFORMAT;
	if (!e)
		e = vt_house_record(h, h->state.e.u.state.root_index, &h->root);
	if (!e &&
		(h->root.e.kind != VT_ENTRY_ROOT ||
			!vt_hash_eq(&h->root.leaf, &h->state.e.u.state.root)))
		e = VT_EFORMAT;
	if (e)
		vt_complain(h->command, "public", "the log's last entry is not a good state");
	return e;
}

static vt_err open_log(struct vt_house *h)
{
	struct vt_head head;
	vt_err e;

	h->checkpoint.max = VT_NOTE_MAX;
	e = vt_store_read(h->pub, "checkpoint", VT_NOTE_MAX, &h->checkpoint);
	if (e == VT_END)
		return VT_OK;
	if (!e)
		e = vt_head_parse(vt_buf_span(&h->checkpoint), &h->log, &head);
	if (e) {
		vt_complain(h->command, "public/checkpoint", "%s",
			e == VT_EIO ? strerror(errno) : "not signed by this log's key");
		return e;
	}
	h->size = head.at.size;
	h->hash = head.at.root;
	if (h->size == 0)
		return VT_EFORMAT;
	e = vt_tiles_open(h->size, &h->hash, from_public, h, &h->tiles);
	if (e) {
		vt_complain(h->command, "public", "the tiles are not those of the checkpoint");
		return e;
	}
	return open_state(h);
}

vt_err vt_house_open(struct vt_house *h, const char *command, const char *path)
{
	vt_err e;

	*h = (struct vt_house){.command = command,
		.path = path,
		.top = -1,
		.priv = -1,
		.pub = -1,
		.lock = -1,
		.a = VT_ARENA_INIT(MEMORY)};
	e = vt_store_open(path, false, &h->top);
	if (!e) {
		h->priv = openat(h->top, "private", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		h->pub = openat(h->top, "public", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		e = h->priv < 0 || h->pub < 0 ? VT_EIO : VT_OK;
	}
	if (e) {
		vt_complain(command, path, "%s; 'vitrine publish init' makes such a folder",
			strerror(errno));
		return e;
	}
	e = vt_store_lock(h->priv, false, &h->lock);
	if (e) {
		vt_complain(command, path, "%s",
			e == VT_EAGAIN ? "another 'vitrine publish' works in it" : strerror(errno));
		return e;
	}
	e = open_key(h);
	if (!e)
		e = open_policy(h);
	if (!e)
		e = open_log(h);
	return e;
}

void vt_house_close(struct vt_house *h)
{
	vt_tiles_close(h->tiles);
	free(h->policy);
	vt_buf_free(&h->policy_text);
	vt_buf_free(&h->checkpoint);
	vt_arena_free(&h->a);
	vt_fd_close(h->lock);
	vt_fd_close(h->pub);
	vt_fd_close(h->priv);
	vt_fd_close(h->top);
	h->tiles = NULL;
	h->policy = NULL;
}

vt_err vt_house_record(struct vt_house *h, uint64_t index, struct vt_record *out)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_entry_error why;
	vt_err e = vt_tiles_entry(h->tiles, index, &b);
	char *copy;

	if (!e) {
		copy = vt_arena_copy(&h->a, vt_buf_span(&b));
		out->index = index;
		out->bytes = vt_span_of(copy, b.n);
		vt_merkle_leaf(out->bytes, &out->leaf);
		e = copy ? vt_entry_parse(out->bytes, &h->a, &out->e, &why) : VT_ENOMEM;
	}
	vt_buf_free(&b);
	return e;
}

/* Backwards, a bundle at a time: what is looked for is mostly near the end. */
struct search {
	vt_buf want; /* how the entry begins */
	uint64_t found;
};

static vt_err look(void *ctx, uint64_t index, vt_span entry)
{
	struct search *s = ctx;

	if (vt_span_at(entry, 0, s->want.p, s->want.n))
		s->found = index;
	return VT_OK;
}

vt_err vt_house_find(struct vt_house *h, enum vt_entry_kind kind, vt_span name, uint64_t end,
	struct vt_record *out)
{
	struct search s = {.want = VT_BUF_INIT(1000), .found = UINT64_MAX};
	vt_err e = vt_buf_addf(&s.want, "vitrine/%s/v1\nname %.*s\n", vt_entry_word(kind),
		(int)name.n, (const char *)name.p);

	while (!e && end > 0 && s.found == UINT64_MAX) {
		uint64_t from = (end - 1) / VT_TILE_WIDTH * VT_TILE_WIDTH;

		e = vt_tiles_each_entry(h->tiles, from, end, look, &s);
		end = from;
	}
	vt_buf_free(&s.want);
	if (!e)
		e = s.found == UINT64_MAX ? VT_END : vt_house_record(h, s.found, out);
	return e;
}

vt_err vt_house_chain(struct vt_house *h, const struct vt_record *version,
	const struct vt_content ***out, size_t *out_n)
{
	const struct vt_content **v = vt_arena_array(&h->a, VT_PLAN_CHAIN_MAX, sizeof(void *));
	struct vt_record *at = vt_arena_array(&h->a, 1, sizeof *at);
	size_t n = 0;
	vt_err e;

	if (!v || !at)
		return VT_ENOMEM;
	*at = *version;
	for (;;) {
		struct vt_record *before = vt_arena_array(&h->a, 1, sizeof *before);

		if (!before)
			return VT_ENOMEM;
		if (n == VT_PLAN_CHAIN_MAX)
			return VT_ELIMIT;
		/* newest first, for now */
		v[n++] = &at->e.u.content;
		if (at->e.u.content.nfull > 0 || at->e.u.content.ndelta == 0)
			break;
		e = vt_house_find(h, at->e.kind, at->e.u.content.name, at->index, before);
		if (e)
			return e == VT_END ? VT_EFORMAT : e;
		if (!vt_hash_eq(&before->leaf, &at->e.u.content.previous.hash))
			return VT_EFORMAT;
		at = before;
	}
	for (size_t i = 0; i < n / 2; i++) {
		const struct vt_content *t = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = t;
	}
	*out = v;
	*out_n = n;
	return VT_OK;
}

/* Drafts --------------------------------------------------------------------------------------- */

vt_err vt_draft_save(struct vt_house *h, const char *name, const struct vt_entry *e)
{
	char path[300];
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	vt_err r = vt_entry_write(&b, e);

	(void)snprintf(path, sizeof path, "draft/%s", name);
	if (!r)
		r = vt_store_write(h->priv, path, vt_buf_span(&b));
	if (r)
		vt_complain(h->command, path, "%s",
			r == VT_EIO ? strerror(errno)
				    : "this can't be an entry of a log: a value is missing, too "
				      "long, or has characters that it may not have");
	vt_buf_free(&b);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

vt_err vt_draft_list(struct vt_house *h, struct vt_strings *out)
{
	const struct dirent *d;
	vt_err e = VT_OK;
	DIR *dir;
	int fd = openat(h->priv, "draft", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct vt_strings){0};
	if (fd < 0)
		return errno == ENOENT ? VT_OK : VT_EIO;
	dir = fdopendir(fd);
	if (!dir) {
		vt_fd_close(fd);
		return VT_EIO;
	}
	while (!e && (d = readdir(dir))) {
		char *copy;

		/* others are what a write that was interrupted left */
		if (d->d_name[0] == '.' || !vt_store_path_ok(d->d_name))
			continue;
		copy = strdup(d->d_name);
		e = copy ? vt_strings_add(out, copy) : VT_ENOMEM;
		if (e)
			free(copy);
	}
	(void)closedir(dir);
	if (!e && out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return e;
}

vt_err vt_draft_read(struct vt_house *h, const char *name, vt_buf *out)
{
	char path[300];

	(void)snprintf(path, sizeof path, "draft/%s", name);
	return vt_store_read(h->priv, path, VT_ENTRY_MAX, out);
}

vt_err vt_draft_remove(struct vt_house *h, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "draft/%s", name);
	return vt_store_remove(h->priv, path);
}

void vt_draft_new_name(struct vt_house *h, const char *prefix, char out[64])
{
	char path[80];
	unsigned n = 0;

	do {
		(void)snprintf(out, 64, "%s.%05u", prefix, ++n);
		(void)snprintf(path, sizeof path, "draft/%s", out);
	} while (vt_store_has(h->priv, path) && n < 99999);
}
