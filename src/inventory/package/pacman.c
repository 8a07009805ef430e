/* SPDX-License-Identifier: Apache-2.0 */
/* pacman's local database. */
#include "inventory/package/pacman.h"

#include "base/num.h"
#include "inventory/package/fields.h"

static vt_span *member_of(struct vt_package *p, vt_span field)
{
	const struct {
		const char *word;
		vt_span *to;
	} fields[] = {
		{"%NAME%", &p->name},
		{"%VERSION%", &p->version},
		{"%ARCH%", &p->arch},
		{"%PACKAGER%", &p->vendor},
		{"%BASE%", &p->source},
		{"%LICENSE%", &p->license},
	};

	for (size_t i = 0; i < VT_COUNT(fields); i++)
		if (vt_span_is(field, fields[i].word))
			return fields[i].to;
	return NULL;
}

vt_err vt_pacman_desc(vt_span text, struct vt_package *out)
{
	struct vt_package p = {.status = vt_span_str("installed")};
	vt_span line, *to = NULL;
	size_t at = 0;

	while (vt_text_line(text, &at, &line)) {
		line = vt_span_trim(line);
		if (line.n > 2 && *line.p == '%' && line.p[line.n - 1] == '%') {
			to = member_of(&p, line);
			if (to && to->n)
				p.malformed = true;
		} else if (line.n && to) {
			if (!to->n)
				*to = line;
			to = NULL; /* further values of a list are not asked for */
		}
	}
	if (!p.name.n)
		return VT_EFORMAT;
	p.malformed = p.malformed || !p.version.n;
	*out = p;
	return VT_OK;
}

bool vt_pacman_file_next(vt_span text, size_t *io_at, vt_span *out)
{
	size_t start;
	vt_span line;

	if (*io_at == 0) {
		if (!vt_span_find(text, 0, "%FILES%", 7, &start))
			return false;
		*io_at = start;
		if (!vt_text_line(text, io_at, &line))
			return false;
	}
	if (!vt_text_line(text, io_at, &line) || !line.n || *line.p == '%')
		return false;
	*out = line;
	return true;
}
