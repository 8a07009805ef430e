/* SPDX-License-Identifier: Apache-2.0 */
/* Python's core metadata: headers as in a mail. */
#include "inventory/package/python.h"

#include "base/num.h"
#include "inventory/package/fields.h"

vt_err vt_python_metadata(vt_span text, vt_arena *a, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	const struct {
		const char *word;
		vt_span *to;
	} fields[] = {
		{"Name", &p.name},
		{"Version", &p.version},
		{"Author", &p.vendor},
		{"Maintainer", &p.vendor},
		{"Author-Email", &p.vendor},
		{"License", &p.license},
		{"License-Expression", &p.license},
	};
	struct vt_field f;
	vt_span headers;
	size_t at = 0;

	if (!vt_paragraph_next(text, &at, &headers))
		return VT_EFORMAT;
	at = 0;
	while (vt_field_next(headers, &at, &f, &p.malformed))
		for (size_t i = 0; i < VT_COUNT(fields); i++)
			if (vt_span_is(f.name, fields[i].word) && !fields[i].to->n &&
				!vt_span_is(f.value, "UNKNOWN") && /* distutils' word for nothing */
				!vt_field_flat(a, f.value, fields[i].to))
				return VT_ENOMEM;
	if (!p.name.n)
		return VT_EFORMAT;
	*out = p;
	return VT_OK;
}

static bool ends(vt_span s, const char *with)
{
	size_t n = strlen(with);

	return s.n > n && vt_span_at(s, s.n - n, with, n);
}

bool vt_python_place(vt_span path)
{
	return ends(path, ".dist-info/METADATA") || ends(path, ".egg-info/PKG-INFO") ||
		ends(path, "/EGG-INFO/PKG-INFO") || ends(path, ".egg-info");
}
