/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's database: dpkg(1), deb822(5). */
#include "inventory/package/dpkg.h"

#include "base/num.h"
#include "inventory/package/fields.h"
#include "inventory/package/status.h"

#define FIELD(word, member)                                                                        \
	{                                                                                          \
		(word), offsetof(struct vt_package, member)                                        \
	}
static const struct {
	const char *word;
	size_t at;
} fields[] = {
	FIELD("Package", name),
	FIELD("Version", version),
	FIELD("Architecture", arch),
	FIELD("Status", status),
	FIELD("Maintainer", vendor),
	FIELD("Source", source),
	FIELD("License", license),
};

static vt_span *member_of(struct vt_package *p, vt_span name)
{
	for (size_t i = 0; i < VT_COUNT(fields); i++)
		if (vt_span_is(name, fields[i].word))
			return (vt_span *)(void *)((char *)p + fields[i].at);
	return NULL;
}

/* Names are [a-z0-9+.-] (deb-control(5)); more is let through, so that nothing can hide. */
static bool is_name(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == '/' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* dpkg refuses an entry without a known state, and one with files and without a version. */
static bool is_complete(const struct vt_package *p)
{
	return vt_dpkg_status_known(p->status) &&
		(p->version.n || !vt_package_installed(vt_span_str("dpkg"), p->status));
}

vt_err vt_dpkg_next(vt_span text, size_t *io_at, bool status, vt_arena *a, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	struct vt_field f;
	vt_span paragraph, *to;
	size_t at = 0;

	if (!vt_paragraph_next(text, io_at, &paragraph))
		return VT_END;
	while (vt_field_next(paragraph, &at, &f, &p.malformed)) {
		to = member_of(&p, f.name);
		if (!to)
			continue;
		if (to->n) { /* dpkg refuses this; the first one stays */
			p.malformed = true;
			continue;
		}
		if (!vt_field_flat(a, f.value, to))
			return VT_ENOMEM;
	}
	if (!p.name.n)
		return VT_EFORMAT;
	if (!is_name(p.name) || (status && !is_complete(&p)))
		p.malformed = true;
	*out = p;
	return VT_OK;
}

bool vt_dpkg_whole(vt_span text, bool by_dpkg)
{
	vt_span line = vt_span_of(text.p, 0);
	size_t start;

	if (!text.n || text.p[text.n - 1] != '\n')
		return false;
	if (!by_dpkg)
		return true;
	for (start = text.n - 1; start && text.p[start - 1] != '\n'; start--)
		;
	line = vt_span_of(text.p + start, text.n - start);
	return vt_span_trim(line).n == 0;
}

bool vt_dpkg_list_next(vt_span list, size_t *io_at, vt_span *out)
{
	size_t at = *io_at, after;
	vt_span line, next;

	while (vt_text_line(list, &at, &line)) {
		after = at;
		if (line.n < 2 || *line.p != '/' || vt_span_eq(line, vt_span_str("/.")))
			continue;
		if (vt_text_line(list, &after, &next) && next.n > line.n &&
			vt_span_at(next, 0, line.p, line.n) && next.p[line.n] == '/')
			continue;
		*io_at = at;
		*out = line;
		return true;
	}
	*io_at = at;
	return false;
}

bool vt_dpkg_list_name(vt_span file, const char *ending, vt_span *out_name, vt_span *out_arch)
{
	size_t n = strlen(ending), colon;

	if (file.n <= n || !vt_span_at(file, file.n - n, ending, n))
		return false;
	file.n -= n;
	*out_arch = vt_span_of(file.p, 0);
	if (vt_span_find(file, 1, ":", 1, &colon)) {
		*out_arch = vt_span_of(file.p + colon + 1, file.n - colon - 1);
		file.n = colon;
	}
	*out_name = file;
	return true;
}
