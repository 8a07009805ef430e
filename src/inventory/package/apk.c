/* SPDX-License-Identifier: Apache-2.0 */
/* Alpine's database of installed packages. */
#include "inventory/package/apk.h"

#include "inventory/package/fields.h"

static vt_span *member_of(struct vt_package *p, uint8_t letter)
{
	switch (letter) {
	case 'P': return &p->name;
	case 'V': return &p->version;
	case 'A': return &p->arch;
	case 'm': return &p->vendor;
	case 'o': return &p->source;
	case 'L': return &p->license;
	default: return NULL;
	}
}

vt_err vt_apk_next(vt_span text, size_t *io_at, struct vt_package *out, vt_span *out_files)
{
	struct vt_package p = {.status = vt_span_str("installed")};
	vt_span paragraph, line, *to, value;
	size_t at = 0;

	if (!vt_paragraph_next(text, io_at, &paragraph))
		return VT_END;
	while (vt_text_line(paragraph, &at, &line)) {
		if (line.n < 2 || line.p[1] != ':') {
			p.malformed = true;
			continue;
		}
		value = vt_span_trim(vt_span_of(line.p + 2, line.n - 2));
		if (*line.p == 'f') /* files or scripts of it are broken */
			p.status = vt_span_str("installed broken");
		to = member_of(&p, *line.p);
		if (!to)
			continue;
		if (to->n)
			p.malformed = true;
		else
			*to = value;
	}
	if (!p.name.n)
		return VT_EFORMAT;
	p.malformed = p.malformed || !p.version.n;
	*out = p;
	*out_files = paragraph;
	return VT_OK;
}

bool vt_apk_file_next(struct vt_apk_files *f, vt_span *out_folder, vt_span *out_name)
{
	vt_span line;

	while (vt_text_line(f->text, &f->at, &line)) {
		if (line.n < 2 || line.p[1] != ':')
			continue;
		if (*line.p == 'F')
			f->folder = vt_span_of(line.p + 2, line.n - 2);
		if (*line.p == 'R' && line.n > 2) {
			*out_folder = f->folder;
			*out_name = vt_span_of(line.p + 2, line.n - 2);
			return true;
		}
	}
	return false;
}
