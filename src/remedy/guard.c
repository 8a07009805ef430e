/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "remedy/beneath.h"
#include "store/folder.h"

#define STATE "state.json"
#define CONTENT_MAX ((size_t)4 << 20)

bool vt_guard_name_ok(vt_span glob)
{
	size_t plain = 0;

	for (size_t i = 0; i < glob.n; i++) {
		uint8_t c = glob.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!letter && !memchr("+-.*?", c, 5))
			return false;
		if (letter && plain == i)
			plain++;
	}
	return plain >= 3 && glob.n < 100;
}

/* What stands at a path, file or link; VT_END: nothing. */
static vt_err read_item(int root, const char *path, bool *out_link, vt_buf *out, mode_t *out_mode)
{
	struct vt_removal_file f = {0};
	struct vt_spot s;
	char to[4096];
	ssize_t n;
	int fd = -1;
	vt_err e = vt_spot_open(root, NULL, vt_span_str(path), &s);

	if (e)
		return e;
	e = vt_spot_look(&s, &f);
	if (!e && f.type == VT_REMOVAL_LINK) {
		n = readlinkat(s.dir, s.name, to, sizeof to);
		e = n < 0 ? VT_EIO : vt_buf_add(out, to, (size_t)n);
	} else if (!e && f.type == VT_REMOVAL_FILE) {
		e = vt_spot_read(&s, &f, &fd);
		if (!e)
			e = vt_fd_read_all(fd, 0, out);
		vt_fd_close(fd);
	} else if (!e) {
		e = VT_EUNSUPPORTED;
	}
	vt_spot_close(&s);
	*out_link = f.type == VT_REMOVAL_LINK;
	*out_mode = (mode_t)f.mode;
	return e;
}

/* Whole or not at all: a new one beside it, renamed over it. */
static vt_err write_item(int root, const char *path, bool link, vt_span content, mode_t mode)
{
	struct vt_spot s;
	char name[300], to[4096];
	int fd;
	vt_err e = vt_spot_open(root, NULL, vt_span_str(path), &s);

	if (e)
		return VT_EIO;
	(void)snprintf(name, sizeof name, ".%.200s.vitrine~", s.name);
	(void)unlinkat(s.dir, name, 0);
	if (link) {
		(void)snprintf(to, sizeof to, "%.*s", (int)content.n, (const char *)content.p);
		e = symlinkat(to, s.dir, name) ? VT_EIO : VT_OK;
	} else {
		fd = openat(
			s.dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		e = fd < 0 ? VT_EIO : vt_fd_write(fd, content.p, content.n);
		if (!e && (fchmod(fd, mode) || fsync(fd)))
			e = VT_EIO;
		vt_fd_close(fd);
	}
	if (!e && (renameat(s.dir, name, s.dir, s.name) || fsync(s.dir)))
		e = VT_EIO;
	if (e)
		(void)unlinkat(s.dir, name, 0);
	vt_spot_close(&s);
	return e;
}

static vt_err drop_item(int root, const char *path)
{
	struct vt_spot s;
	vt_err e = vt_spot_open(root, NULL, vt_span_str(path), &s);

	if (e)
		return e == VT_END ? VT_OK : e;
	if (unlinkat(s.dir, s.name, 0) && errno != ENOENT)
		e = VT_EIO;
	else if (fsync(s.dir))
		e = VT_EIO;
	vt_spot_close(&s);
	return e;
}

static json_t *hash_text(vt_span s)
{
	vt_buf hex = VT_BUF_INIT(64);
	uint8_t sum[32];
	json_t *v = NULL;

	vt_sha256(s, sum);
	if (!vt_hex_add(&hex, vt_span_of(sum, sizeof sum)))
		v = json_stringn((const char *)hex.p, hex.n);
	vt_buf_free(&hex);
	return v;
}

static bool same_hash(vt_span s, const json_t *said)
{
	json_t *now = hash_text(s);
	bool same = now && json_equal(now, said);

	json_decref(now);
	return same;
}

/* The row of an item for the state, its `before` copied; NULL: not to be written, and told. */
static json_t *prepare(
	int folder, int root, const struct vt_guard_item *x, size_t i, vt_guard_fn *fn, void *ctx)
{
	vt_buf was = VT_BUF_INIT(CONTENT_MAX);
	char copy[32];
	json_t *row = NULL;
	bool link = false;
	mode_t mode = 0;
	vt_err e = read_item(root, x->path, &link, &was, &mode);

	(void)snprintf(copy, sizeof copy, "before-%zu", i);
	if (!e && link == x->link && vt_span_eq(vt_buf_span(&was), x->content))
		fn(ctx, x->path, VT_GUARD_AS_IS);
	else if ((!e && (x->link || link)) || e == VT_EUNSUPPORTED)
		fn(ctx, x->path, VT_GUARD_OTHER);
	else if (e && e != VT_END)
		fn(ctx, x->path, VT_GUARD_FAILED);
	else if (!e && vt_store_write(folder, copy, vt_buf_span(&was)))
		fn(ctx, x->path, VT_GUARD_FAILED);
	else
		row = json_pack("{s:s, s:b, s:o, s:o, s:i}", "path", x->path, "link", x->link,
			"after", hash_text(x->content), "before",
			e ? json_null() : json_string(copy), "mode", e ? 0644 : (int)mode);
	vt_buf_free(&was);
	return row;
}

static vt_err save_state(int folder, const json_t *rows)
{
	char *text = json_dumps(rows, JSON_INDENT(1));
	vt_err e = text ? vt_store_write(folder, STATE, vt_span_str(text)) : VT_ENOMEM;

	free(text);
	return e;
}

/* What would be written is on the disk before the first of it is: else it could not be undone. */
vt_err vt_guard_put(
	int folder, int root, const struct vt_guard_item *v, size_t n, vt_guard_fn *fn, void *ctx)
{
	json_t *rows = json_array(), *row;
	bool take[VT_GUARD_ITEMS_MAX] = {false};
	vt_err e = rows && n <= VT_GUARD_ITEMS_MAX ? VT_OK : VT_ELIMIT;

	if (!e && vt_store_has(folder, STATE))
		e = VT_EAGAIN;
	for (size_t i = 0; i < n && !e; i++) {
		row = prepare(folder, root, &v[i], i, fn, ctx);
		take[i] = row != NULL;
		if (row && json_array_append_new(rows, row))
			e = VT_ENOMEM;
	}
	if (!e)
		e = save_state(folder, rows);
	for (size_t i = 0; i < n && !e; i++) {
		vt_err w;

		if (!take[i])
			continue;
		w = write_item(root, v[i].path, v[i].link, v[i].content, 0644);
		fn(ctx, v[i].path, w ? VT_GUARD_FAILED : VT_GUARD_WRITTEN);
	}
	json_decref(rows);
	return e;
}

static vt_err load_state(int folder, json_t **out)
{
	vt_buf b = VT_BUF_INIT(CONTENT_MAX);
	vt_err e = vt_store_read(folder, STATE, CONTENT_MAX, &b);

	if (!e) {
		*out = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_array(*out)) {
			json_decref(*out);
			e = VT_EFORMAT;
		}
	}
	vt_buf_free(&b);
	return e;
}

/* How an item stands now. */
static enum vt_guard_how stands(int root, const json_t *row)
{
	const char *path = json_string_value(json_object_get(row, "path"));
	vt_buf now = VT_BUF_INIT(CONTENT_MAX);
	enum vt_guard_how how;
	bool link = false;
	mode_t mode;
	vt_err e = path ? read_item(root, path, &link, &now, &mode) : VT_EFORMAT;

	how = e == VT_END ? VT_GUARD_MISSING
		: e       ? VT_GUARD_CHANGED
		: link != json_is_true(json_object_get(row, "link")) ||
			!same_hash(vt_buf_span(&now), json_object_get(row, "after"))
		? VT_GUARD_CHANGED
		: VT_GUARD_AS_IS;
	vt_buf_free(&now);
	return how;
}

static vt_err undo(int folder, int root, const json_t *row)
{
	const char *path = json_string_value(json_object_get(row, "path"));
	const char *copy = json_string_value(json_object_get(row, "before"));
	json_int_t mode = json_integer_value(json_object_get(row, "mode"));
	vt_buf was = VT_BUF_INIT(CONTENT_MAX);
	vt_err e;

	if (!copy)
		return drop_item(root, path);
	e = vt_store_read(folder, copy, CONTENT_MAX, &was);
	if (!e)
		e = write_item(root, path, false, vt_buf_span(&was), (mode_t)mode & 07777);
	vt_buf_free(&was);
	return e;
}

vt_err vt_guard_take(int folder, int root, vt_guard_fn *fn, void *ctx, size_t *out_left)
{
	json_t *rows = NULL;
	size_t left = 0;
	vt_err e = load_state(folder, &rows);

	if (e)
		return e;
	for (size_t i = json_array_size(rows); i-- > 0;) {
		const json_t *row = json_array_get(rows, i);
		enum vt_guard_how how = stands(root, row);
		bool before = json_is_string(json_object_get(row, "before"));

		if (how == VT_GUARD_AS_IS || (how == VT_GUARD_MISSING && !before))
			how = undo(folder, root, row) ? VT_GUARD_FAILED : VT_GUARD_UNDONE;
		left += how != VT_GUARD_UNDONE;
		fn(ctx, json_string_value(json_object_get(row, "path")), how);
	}
	*out_left = left;
	json_decref(rows);
	return vt_store_remove(folder, STATE);
}

vt_err vt_guard_look(int folder, int root, vt_guard_fn *fn, void *ctx)
{
	json_t *rows = NULL;
	vt_err e = load_state(folder, &rows);

	for (size_t i = 0; !e && i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		fn(ctx, json_string_value(json_object_get(row, "path")), stands(root, row));
	}
	json_decref(rows);
	return e;
}

/* dnf.conf(5): the last excludepkgs of a section counts, so names are added to one that is there.
 */
vt_err vt_guard_dnf(vt_span text, const char *const *names, size_t n, vt_buf *out)
{
	size_t at = 0, end;
	bool in_main = false, done = false;
	vt_err e = VT_OK;

	for (; at < text.n && !e; at = end + 1) {
		vt_span line;
		bool key;

		if (!vt_span_find(text, at, "\n", 1, &end))
			end = text.n;
		line = vt_span_of(text.p + at, end - at);
		key = in_main && !done &&
			(vt_span_at(line, 0, "excludepkgs", 11) ||
				vt_span_at(line, 0, "exclude", 7));
		if (line.n && line.p[0] == '[')
			in_main = vt_span_at(line, 0, "[main]", 6);
		e = vt_buf_add(out, line.p, line.n);
		for (size_t i = 0; key && i < n && !e; i++)
			e = vt_buf_addf(out, " %s", names[i]);
		done |= key;
		if (!e)
			e = vt_buf_add(out, "\n", 1);
	}
	if (done || e)
		return e;
	/* a section of that name again goes on with it */
	e = vt_buf_addf(out, "[main]\nexcludepkgs=");
	for (size_t i = 0; i < n && !e; i++)
		e = vt_buf_addf(out, "%s%s", i ? " " : "", names[i]);
	return e ? e : vt_buf_add(out, "\n", 1);
}
