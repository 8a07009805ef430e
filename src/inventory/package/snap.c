/* SPDX-License-Identifier: Apache-2.0 */
/* snapd's state and the metadata of snaps. */
#include "inventory/package/snap.h"

#include <jansson.h>

#include "base/num.h"
#include "inventory/package/fields.h"

static vt_span text_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) ? vt_span_of(json_string_value(v), json_string_length(v))
				 : vt_span_of(NULL, 0);
}

static vt_err each_revision(vt_span name, const json_t *snap, vt_snap_fn *fn, void *ctx)
{
	const json_t *sequence = json_object_get(snap, "sequence"), *info, *inner;
	vt_span current = text_of(snap, "current"), channel = text_of(snap, "channel");
	bool active = json_is_true(json_object_get(snap, "active"));
	size_t n = json_array_size(sequence);
	vt_err e;

	if (!channel.n)
		channel = text_of(snap, "tracking-channel");
	for (size_t i = 0; i < n; i++) {
		info = json_array_get(sequence, i);
		inner = json_object_get(info, "snap"); /* since components: one level deeper */
		if (json_is_object(inner))
			info = inner;
		struct vt_snap s = {.name = name,
			.revision = text_of(info, "revision"),
			.channel = channel,
			.type = text_of(snap, "type"),
			.publisher = text_of(info, "publisher")};
		s.current = vt_span_eq(s.revision, current);
		s.active = active && s.current;
		e = fn(ctx, &s);
		if (e)
			return e;
	}
	if (n)
		return VT_OK;
	/* no revision: still an entry */
	return fn(ctx, &(struct vt_snap){.name = name, .channel = channel, .current = true});
}

vt_err vt_snap_state(vt_span json, vt_snap_fn *fn, void *ctx)
{
	json_t *root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *snaps, *snap;
	const char *name;
	vt_err e = VT_EFORMAT;

	snaps = json_object_get(json_object_get(root, "data"), "snaps");
	if (!json_is_object(json_object_get(root, "data")) || (snaps && !json_is_object(snaps)))
		goto out;
	e = VT_OK;
	json_object_foreach(snaps, name, snap)
	{
		e = json_is_object(snap) ? each_revision(vt_span_str(name), snap, fn, ctx)
					 : VT_EFORMAT;
		if (e)
			break;
	}
out:
	json_decref(root);
	return e;
}

bool vt_snap_file(vt_span file, vt_span *out_name, vt_span *out_revision)
{
	static const char ending[] = ".snap";
	size_t n = sizeof ending - 1, at;

	if (file.n <= n || !vt_span_at(file, file.n - n, ending, n))
		return false;
	file.n -= n;
	for (at = file.n; at && file.p[at - 1] != '_'; at--)
		;
	if (at < 2 || at == file.n)
		return false;
	*out_name = vt_span_of(file.p, at - 1);
	*out_revision = vt_span_of(file.p + at, file.n - at);
	return true;
}

/* A plain, '...' or "..." scalar, without a comment behind it. */
static vt_span scalar(vt_span s)
{
	size_t end;

	s = vt_span_trim(s);
	if (s.n >= 2 && (*s.p == '\'' || *s.p == '"')) {
		if (!vt_span_find(s, 1, s.p, 1, &end))
			return vt_span_of(s.p + 1, s.n - 1);
		return vt_span_of(s.p + 1, end - 1);
	}
	if (vt_span_find(s, 0, " #", 2, &end))
		s.n = end;
	return vt_span_trim(s);
}

vt_err vt_snap_yaml(vt_span text, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	const struct {
		const char *key;
		vt_span *to;
	} keys[] = {
		{"name", &p.name},
		{"version", &p.version},
		{"license", &p.license},
	};
	vt_span line;
	size_t at = 0, colon;

	while (vt_text_line(text, &at, &line)) {
		if (!line.n || *line.p == ' ' || !vt_span_find(line, 0, ":", 1, &colon))
			continue;
		for (size_t i = 0; i < VT_COUNT(keys); i++)
			if (vt_span_eq(vt_span_of(line.p, colon), vt_span_str(keys[i].key)))
				*keys[i].to =
					scalar(vt_span_of(line.p + colon + 1, line.n - colon - 1));
	}
	if (!p.name.n)
		return VT_EFORMAT;
	*out = p;
	return VT_OK;
}
