/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/hive.h"

#include <hivex.h>
#include <stdio.h>
#include <stdlib.h>

#include "inventory/artefact/plist.h"
#include "os/fd.h"

#define HIVE_MAX ((uint64_t)1 << 30)
#define VALUE_MAX ((size_t)1 << 20)

/* The header's two sequence numbers differ while changes are only in the log. */
static bool is_dirty(int fd)
{
	uint8_t head[12];
	uint32_t first = 0, second = 0;
	size_t n;
	vt_span s;

	if (vt_fd_pread(fd, head, sizeof head, 0, &n) != VT_OK)
		return false;
	s = vt_span_of(head, n);
	return vt_get_u32le(s, 4, &first) && vt_get_u32le(s, 8, &second) && first != second;
}

bool vt_hive_open(const struct vt_look *l, vt_span path, const char *root, struct vt_hive *out)
{
	struct vt_hive h = {.l = l, .fd = -1, .path = path, .root = root};
	char name[64];
	vt_err e = vt_tree_open(vt_collect_tree(l->c), path, HIVE_MAX, &h.fd);

	if (e == VT_END)
		return false;
	if (e) {
		vt_collect_missed(l->c, l->area, path,
			e == VT_ELIMIT ? VT_MISS_TOO_LARGE : vt_collect_miss_of(e));
		return false;
	}
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", h.fd);
	h.h = hivex_open(name, 0);
	if (!h.h) {
		vt_collect_missed(l->c, l->area, path, VT_MISS_MALFORMED);
		vt_fd_close(h.fd);
		return false;
	}
	if (is_dirty(h.fd))
		vt_collect_missed(l->c, l->area, path, VT_MISS_UNSUPPORTED);
	else
		vt_collect_seen(l->c, l->area, true);
	*out = h;
	return true;
}

void vt_hive_close(struct vt_hive *h)
{
	if (h->h)
		(void)hivex_close(h->h);
	vt_fd_close(h->fd);
	*h = (struct vt_hive){.fd = -1};
}

size_t vt_hive_key(const struct vt_hive *h, size_t from, const char *path)
{
	size_t at = from ? from : hivex_root(h->h);
	char name[256];

	while (at && *path) {
		size_t n = strcspn(path, "\\");

		if (n == 0 || n >= sizeof name)
			return 0;
		memcpy(name, path, n);
		name[n] = 0;
		at = hivex_node_get_child(h->h, at, name);
		path += n + (path[n] == '\\');
	}
	return at;
}

/* A name of one byte a character is Latin-1, unless it was converted by now. */
static const char *name_of(const struct vt_hive *h, const char *name)
{
	vt_span text;

	if (vt_latin1_text(vt_span_str(name), vt_collect_arena(h->l->c), &text) != VT_OK)
		return NULL;
	return (const char *)text.p;
}

bool vt_hive_keys(const struct vt_hive *h, size_t of, vt_hive_fn *fn, void *ctx)
{
	hive_node_h *keys = hivex_node_children(h->h, of);
	bool more = true;

	for (size_t i = 0; keys && keys[i] && more; i++) {
		char *name = hivex_node_name(h->h, keys[i]);
		const char *text = name ? name_of(h, name) : NULL;

		if (!text) {
			free(name);
			vt_collect_missed(h->l->c, h->l->area, h->path, VT_MISS_MALFORMED);
			continue;
		}
		more = fn(ctx, keys[i], text);
		free(name);
	}
	if (!keys)
		vt_collect_missed(h->l->c, h->l->area, h->path, VT_MISS_MALFORMED);
	free(keys);
	return keys != NULL;
}

static vt_span copy(const struct vt_hive *h, const char *p, size_t n)
{
	char *q =
		n <= VALUE_MAX ? vt_arena_copy(vt_collect_arena(h->l->c), vt_span_of(p, n)) : NULL;

	return q ? vt_span_of(q, n) : vt_span_of("", 0);
}

/* Texts are UTF-16 with or without a NUL at their end; several have one between them. */
static vt_span text_of(const struct vt_hive *h, hive_value_h value)
{
	vt_span raw, text = vt_span_of("", 0);
	hive_type type;
	size_t n;
	char *p = hivex_value_value(h->h, value, &type, &n);

	if (p && n <= VALUE_MAX &&
		(type == hive_t_REG_SZ || type == hive_t_REG_EXPAND_SZ ||
			type == hive_t_REG_MULTI_SZ)) {
		raw = vt_span_of(p, n);
		for (size_t i = 0; i + 1 < raw.n; i += 2)
			if (raw.p[i] == 0 && raw.p[i + 1] == 0)
				raw.n = i;
		if (vt_utf16_text(raw, false, vt_collect_arena(h->l->c), &text) != VT_OK)
			text = vt_span_of("", 0);
	}
	free(p);
	return text;
}

static hive_value_h value_of(const struct vt_hive *h, size_t key, const char *name)
{
	return key ? hivex_node_get_value(h->h, key, name) : 0;
}

vt_span vt_hive_text(const struct vt_hive *h, size_t key, const char *name)
{
	hive_value_h value = value_of(h, key, name);

	return value ? text_of(h, value) : vt_span_of("", 0);
}

bool vt_hive_number(const struct vt_hive *h, size_t key, const char *name, uint32_t *out)
{
	vt_span bytes = vt_hive_bytes(h, key, name);

	return bytes.n == 4 && vt_get_u32le(bytes, 0, out);
}

vt_span vt_hive_bytes(const struct vt_hive *h, size_t key, const char *name)
{
	hive_value_h value = value_of(h, key, name);
	vt_span bytes = vt_span_of("", 0);
	hive_type type;
	size_t n;
	char *p = value ? hivex_value_value(h->h, value, &type, &n) : NULL;

	if (p)
		bytes = copy(h, p, n);
	free(p);
	return bytes;
}

void vt_hive_texts(const struct vt_hive *h, size_t key, vt_hive_value_fn *fn, void *ctx)
{
	hive_value_h *values = key ? hivex_node_values(h->h, key) : NULL;

	for (size_t i = 0; values && values[i]; i++) {
		char *name = hivex_value_key(h->h, values[i]);
		vt_span text = text_of(h, values[i]);

		const char *utf8 = name ? name_of(h, name) : NULL;

		if (utf8 && text.n)
			fn(ctx, utf8, text);
		free(name);
	}
	free(values);
}

vt_span vt_hive_locus(const struct vt_hive *h, const char *key)
{
	return vt_look_locus(h->l, h->path, vt_span_str(key));
}

vt_span vt_hive_name(const struct vt_hive *h, const char *key)
{
	const char *p = vt_look_printf(h->l, "%s\\%s", h->root, key);

	return vt_span_str(p ? p : "");
}
