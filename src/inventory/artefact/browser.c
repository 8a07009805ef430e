/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/browser.h"

#include <strings.h>

#include <jansson.h>

#include "base/num.h"

struct out {
	vt_arena *a;
	vt_extension_fn *fn;
	void *ctx;
	bool full; /* no memory */
};

static vt_span keep(struct out *o, const char *text, size_t n)
{
	char *p = text ? vt_arena_copy(o->a, vt_span_of(text, n)) : NULL;

	if (text && !p)
		o->full = true;
	return p ? vt_span_of(p, n) : vt_span_of("", 0);
}

static vt_span text(struct out *o, const json_t *of, const char *key)
{
	const json_t *v = json_object_get(of, key);

	return keep(o, json_string_value(v), json_string_length(v));
}

static vt_span first(vt_span a, vt_span b)
{
	return a.n ? a : b;
}

/* "__MSG_appName__" names a message of the default locale. */
static void localise(struct vt_extension *x)
{
	if (x->name.n > 8 && vt_line_starts(x->name, "__MSG_") && vt_line_ends(x->name, "__"))
		x->message = vt_span_of(x->name.p + 6, x->name.n - 8);
}

static vt_err manifest(struct out *o, const json_t *top)
{
	struct vt_extension x = {.name = text(o, top, "name"),
		.version = text(o, top, "version"),
		.locale = text(o, top, "default_locale"),
		.source = text(o, top, "update_url")};
	const json_t *gecko =
		json_object_get(json_object_get(top, "browser_specific_settings"), "gecko");

	if (!gecko)
		gecko = json_object_get(json_object_get(top, "applications"), "gecko");
	x.id = text(o, gecko, "id");
	if (!json_object_get(top, "manifest_version") && !x.name.n)
		return VT_EFORMAT;
	localise(&x);
	o->fn(o->ctx, &x);
	return VT_OK;
}

static vt_err preferences(struct out *o, json_t *top)
{
	json_t *settings = json_object_get(json_object_get(top, "extensions"), "settings");
	const char *id;
	json_t *one;

	json_object_foreach(settings, id, one)
	{
		const json_t *m = json_object_get(one, "manifest");
		const json_t *state = json_object_get(one, "state");
		json_int_t location = json_integer_value(json_object_get(one, "location"));
		struct vt_extension x = {.id = keep(o, id, strlen(id)),
			.name = text(o, m, "name"),
			.version = text(o, m, "version"),
			.locale = text(o, m, "default_locale"),
			.path = text(o, one, "path")};

		/* extensions::mojom::ManifestLocation: 4 unpacked, 8 from the command line */
		x.source = first(text(o, m, "update_url"),
			vt_span_str(location == 4 || location == 8 ? "unpacked" : ""));
		if (json_is_integer(state))
			x.state = vt_span_str(
				json_integer_value(state) == 1 ? "enabled" : "disabled");
		localise(&x);
		o->fn(o->ctx, &x);
	}
	return json_is_object(top) ? VT_OK : VT_EFORMAT;
}

static void policy_settings(struct out *o, json_t *settings)
{
	const char *id;
	json_t *one;

	json_object_foreach(settings, id, one)
	{
		const char *mode = json_string_value(json_object_get(one, "installation_mode"));
		struct vt_extension x = {.id = keep(o, id, strlen(id)),
			.source = first(text(o, one, "update_url"), text(o, one, "install_url")),
			.state = vt_span_str("allowed")};

		if (mode &&
			(strcmp(mode, "force_installed") == 0 ||
				strcmp(mode, "normal_installed") == 0))
			x.state = vt_span_str("forced");
		else if (mode && (strcmp(mode, "blocked") == 0 || strcmp(mode, "removed") == 0))
			x.state = vt_span_str("blocked");
		o->fn(o->ctx, &x);
	}
}

static vt_err policy(struct out *o, json_t *top)
{
	json_t *firefox = json_object_get(top, "policies");
	json_t *list, *one;
	size_t i;

	list = json_object_get(top, "ExtensionInstallForcelist");
	json_array_foreach(list, i, one)
	{ /* "id;update URL" */
		vt_span id = keep(o, json_string_value(one), json_string_length(one));
		struct vt_extension x = {.id = id, .state = vt_span_str("forced")};

		(void)vt_line_split(id, ';', &x.id, &x.source);
		o->fn(o->ctx, &x);
	}
	policy_settings(o, json_object_get(top, "ExtensionSettings"));
	policy_settings(o, json_object_get(firefox, "ExtensionSettings"));
	list = json_object_get(json_object_get(firefox, "Extensions"), "Install");
	json_array_foreach(list, i, one)
	{
		vt_span url = keep(o, json_string_value(one), json_string_length(one));

		o->fn(o->ctx,
			&(struct vt_extension){.id = vt_line_base(url),
				.source = url,
				.state = vt_span_str("forced")});
	}
	return json_is_object(top) ? VT_OK : VT_EFORMAT;
}

static vt_err external(struct out *o, const json_t *top)
{
	struct vt_extension x = {.version = text(o, top, "external_version"),
		.path = text(o, top, "external_crx"),
		.source = text(o, top, "external_update_url"),
		.state = vt_span_str("forced")};

	if (!x.path.n && !x.source.n)
		return VT_EFORMAT;
	o->fn(o->ctx, &x);
	return VT_OK;
}

static vt_err addons(struct out *o, json_t *top)
{
	json_t *list = json_object_get(top, "addons"), *one;
	size_t i;

	if (!json_is_array(list))
		return VT_EFORMAT;
	json_array_foreach(list, i, one)
	{
		struct vt_extension x = {.id = text(o, one, "id"),
			.name = text(o, json_object_get(one, "defaultLocale"), "name"),
			.version = text(o, one, "version"),
			.path = text(o, one, "path"),
			.source = first(text(o, one, "sourceURI"), text(o, one, "location")),
			.state = vt_span_str(json_is_true(json_object_get(one, "active"))
					? "enabled"
					: "disabled")};

		o->fn(o->ctx, &x);
	}
	return VT_OK;
}

static vt_err host(struct out *o, const json_t *top)
{
	static const char *const keys[] = {"allowed_origins", "allowed_extensions"};
	struct vt_extension x = {.id = text(o, top, "name"),
		.name = text(o, top, "description"),
		.path = text(o, top, "path")};
	char joined[1024];
	size_t n = 0, i;
	json_t *one;

	for (size_t k = 0; k < VT_COUNT(keys); k++) {
		json_t *list = json_object_get(top, keys[k]);

		json_array_foreach(list, i, one)
		{
			size_t len = json_string_length(one);

			if (len == 0 || n + 1 + len > sizeof joined)
				continue;
			if (n)
				joined[n++] = ' ';
			memcpy(joined + n, json_string_value(one), len);
			n += len;
		}
	}
	if (!x.id.n || !x.path.n)
		return VT_EFORMAT;
	x.value = keep(o, joined, n);
	o->fn(o->ctx, &x);
	return VT_OK;
}

static json_t *load(vt_span json)
{
	if (vt_span_at(json, 0, "\xef\xbb\xbf", 3))
		json = vt_span_of(json.p + 3, json.n - 3);
	return json_loadb(json.n ? (const char *)json.p : "", json.n,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

vt_err vt_browser_read(
	enum vt_browser_doc doc, vt_span json, vt_arena *a, vt_extension_fn *fn, void *ctx)
{
	struct out o = {a, fn, ctx, false};
	json_t *top = load(json);
	vt_err e = VT_EFORMAT;

	if (!top)
		return VT_EFORMAT;
	switch (doc) {
	case VT_BROWSER_MANIFEST: e = manifest(&o, top); break;
	case VT_BROWSER_PREFERENCES: e = preferences(&o, top); break;
	case VT_BROWSER_POLICY: e = policy(&o, top); break;
	case VT_BROWSER_EXTERNAL: e = external(&o, top); break;
	case VT_BROWSER_ADDONS: e = addons(&o, top); break;
	case VT_BROWSER_HOST: e = host(&o, top); break;
	default: break;
	}
	json_decref(top);
	return o.full ? VT_ENOMEM : e;
}

vt_err vt_browser_message(vt_span json, vt_span name, vt_arena *a, vt_span *out)
{
	json_t *top = load(json), *one;
	const char *key;
	vt_err e = VT_END;

	json_object_foreach(top, key, one)
	{
		const json_t *m = json_object_get(one, "message");
		char *p;

		if (strlen(key) != name.n || strncasecmp(key, (const char *)name.p, name.n) != 0 ||
			!json_is_string(m))
			continue;
		p = vt_arena_copy(a, vt_span_of(json_string_value(m), json_string_length(m)));
		e = p ? VT_OK : VT_ENOMEM;
		if (p)
			*out = vt_span_of(p, json_string_length(m));
		break;
	}
	json_decref(top);
	return e;
}
