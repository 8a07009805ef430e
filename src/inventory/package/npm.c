/* SPDX-License-Identifier: Apache-2.0 */
/* npm's package.json. */
#include "inventory/package/npm.h"

#include <jansson.h>

/* A string, or the member of that name of an object. */
static bool copy_text(vt_arena *a, const json_t *v, const char *member, vt_span *out)
{
	const char *p;

	if (json_is_array(v))
		v = json_array_get(v, 0);
	if (json_is_object(v))
		v = json_object_get(v, member);
	*out = vt_span_of(NULL, 0);
	if (!json_is_string(v))
		return true;
	p = vt_arena_copy(a, vt_span_of(json_string_value(v), json_string_length(v)));
	*out = vt_span_of(p, p ? json_string_length(v) : 0);
	return p;
}

vt_err vt_npm_package(vt_span json, vt_arena *a, struct vt_package *out)
{
	json_t *root;
	const json_t *author, *license;
	struct vt_package p = {.malformed = false};
	vt_err e = VT_EFORMAT;

	if (vt_span_at(json, 0, "\xef\xbb\xbf", 3)) /* a byte order mark is common, and no JSON */
		json = vt_span_of(json.p + 3, json.n - 3);
	root = json_loadb((const char *)json.p, json.n, 0, NULL);
	if (!json_is_object(root))
		goto out;
	author = json_object_get(root, "author");
	license = json_object_get(root, "license");
	e = VT_ENOMEM;
	if (!copy_text(a, json_object_get(root, "name"), "", &p.name) ||
		!copy_text(a, json_object_get(root, "version"), "", &p.version) ||
		!copy_text(a, author, "name", &p.vendor) ||
		!copy_text(a, license ? license : json_object_get(root, "licenses"), "type",
			&p.license))
		goto out;
	e = p.name.n ? VT_OK : VT_END;
	if (!e)
		*out = p;
out:
	json_decref(root);
	return e;
}

/* Cuts the last name off; true if it was a name. */
static bool pop(vt_span *io_path, vt_span *out)
{
	size_t at = io_path->n;

	while (at && io_path->p[at - 1] != '/')
		at--;
	if (!at || at == io_path->n)
		return false;
	*out = vt_span_of(io_path->p + at, io_path->n - at);
	io_path->n = at - 1;
	return true;
}

bool vt_npm_place(vt_span path)
{
	vt_span file, name, above;

	if (!pop(&path, &file) || !vt_span_eq(file, vt_span_str("package.json")) ||
		!pop(&path, &name) || !pop(&path, &above))
		return false;
	if (*above.p == '@' && !pop(&path, &above))
		return false;
	return vt_span_eq(above, vt_span_str("node_modules"));
}
