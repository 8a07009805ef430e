/* SPDX-License-Identifier: Apache-2.0 */
/* Deployed flatpaks: flatpak-metadata(5), GVariant's serialisation. */
#include "inventory/package/flatpak.h"

#include "inventory/package/fields.h"

vt_err vt_flatpak_metadata(vt_span text, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	bool ours = false;
	size_t at = 0, eq;
	vt_span line, key, value;

	while (vt_text_line(text, &at, &line)) {
		line = vt_span_trim(line);
		if (line.n && *line.p == '[')
			ours = vt_span_eq(line, vt_span_str("[Application]")) ||
				vt_span_eq(line, vt_span_str("[Runtime]"));
		if (!ours || !vt_span_find(line, 0, "=", 1, &eq))
			continue;
		key = vt_span_trim(vt_span_of(line.p, eq));
		value = vt_span_trim(vt_span_of(line.p + eq + 1, line.n - eq - 1));
		if (vt_span_eq(key, vt_span_str("name")))
			p.name = value;
		else if (vt_span_eq(key, vt_span_str("runtime")))
			p.source = value;
	}
	if (!p.name.n)
		return VT_EFORMAT;
	*out = p;
	return VT_OK;
}

static bool string_at(vt_span s, size_t at, vt_span *out, size_t *out_next)
{
	size_t end;

	if (!vt_span_find(s, at, "\0", 1, &end))
		return false;
	*out = vt_span_of(s.p + at, end - at);
	*out_next = end + 1;
	return true;
}

/* The string that a dictionary's key (with its NUL) stands for: a variant, aligned to 8. */
static vt_span entry_of(vt_span s, const char *key)
{
	size_t n = strlen(key) + 1, at = 0, next;
	vt_span value;

	while (vt_span_find(s, at, key, n, &at)) {
		at = (at + n + 7) & ~(size_t)7;
		if (string_at(s, at, &value, &next) && vt_span_at(s, next, "\0s", 2))
			return value;
	}
	return vt_span_of(NULL, 0);
}

vt_err vt_flatpak_deploy(
	vt_span data, vt_span *out_origin, vt_span *out_version, vt_span *out_license)
{
	vt_span origin, commit;
	size_t at = 0;

	if (!string_at(data, 0, &origin, &at) || !string_at(data, at, &commit, &at) ||
		commit.n != 64)
		return VT_EFORMAT;
	*out_origin = origin;
	*out_version = entry_of(data, "appdata-version");
	*out_license = entry_of(data, "appdata-license");
	return VT_OK;
}

/* Cuts the last name off. */
static vt_span pop(vt_span *io_path)
{
	vt_span name = {.n = 0};
	size_t at = io_path->n;

	while (at && io_path->p[at - 1] != '/')
		at--;
	if (!at)
		return name;
	name = vt_span_of(io_path->p + at, io_path->n - at);
	io_path->n = at - 1;
	return name;
}

static bool is_commit(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdef", s.p[i]) || !s.p[i])
			return false;
	return s.n == 64;
}

bool vt_flatpak_place(vt_span path, struct vt_flatpak_place *out)
{
	struct vt_flatpak_place v;
	vt_span kind;

	if (!vt_span_eq(pop(&path), vt_span_str("metadata")))
		return false;
	v.folder = path;
	v.commit = pop(&path);
	if (!is_commit(v.commit))
		return false;
	v.branch_folder = path;
	v.branch = pop(&path);
	v.arch = pop(&path);
	v.id = pop(&path);
	kind = pop(&path);
	if (!v.branch.n || !v.arch.n || !v.id.n ||
		(!vt_span_eq(kind, vt_span_str("app")) &&
			!vt_span_eq(kind, vt_span_str("runtime"))))
		return false;
	*out = v;
	return true;
}
