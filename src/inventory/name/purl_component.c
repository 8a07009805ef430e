/* SPDX-License-Identifier: Apache-2.0 */
/* The package URL of installed software: how each manager's names become one. */
#include "base/num.h"
#include "inventory/name/purl.h"

enum shape {
	SHAPE_PLAIN,
	SHAPE_OS,    /* the namespace is the distribution */
	SHAPE_RPM,   /* the same, and the epoch is a qualifier */
	SHAPE_SCOPE, /* "@scope/name" */
	SHAPE_GROUP, /* "group:artefact" */
};

static const struct {
	const char *manager, *type;
	enum shape shape;
} managers[] = {
	{"dpkg", "deb", SHAPE_OS},
	{"rpm", "rpm", SHAPE_RPM},
	{"apk", "apk", SHAPE_OS},
	{"snap", "snap", SHAPE_PLAIN},
	{"flatpak", "flatpak", SHAPE_PLAIN},
	{"npm", "npm", SHAPE_SCOPE},
	{"pypi", "pypi", SHAPE_PLAIN},
	{"maven", "maven", SHAPE_GROUP},
};

static void qualifier(struct vt_purl *p, const char *key, vt_span value)
{
	if (value.n)
		p->qualifiers[p->nqualifiers++] =
			(struct vt_purl_qualifier){vt_span_str(key), value};
}

/* Cuts *s at the first (or last) `c`; *before is what came before it. */
static bool cut(vt_span *s, uint8_t c, bool last, vt_span *before)
{
	const uint8_t *at = NULL;

	if (s->n)
		at = last ? memrchr(s->p, c, s->n) : memchr(s->p, c, s->n);
	if (!at)
		return false;
	*before = vt_span_of(s->p, (size_t)(at - s->p));
	*s = vt_span_of(at + 1, s->n - before->n - 1);
	return true;
}

/* False if the name is not one that the type can have. */
static bool shape(enum shape sh, vt_span arch, vt_span os_id, struct vt_purl *p)
{
	vt_span epoch = vt_span_of("", 0);

	switch (sh) {
	case SHAPE_RPM:
		if (cut(&p->version, ':', false, &epoch) && vt_span_eq(epoch, vt_span_str("0")))
			epoch.n = 0;
		p->ns = os_id;
		qualifier(p, "arch", arch);
		qualifier(p, "epoch", epoch);
		return true;
	case SHAPE_OS:
		p->ns = os_id;
		qualifier(p, "arch", arch);
		return true;
	case SHAPE_PLAIN: qualifier(p, "arch", arch); return true;
	case SHAPE_SCOPE: (void)cut(&p->name, '/', true, &p->ns); return true;
	case SHAPE_GROUP: return cut(&p->name, ':', true, &p->ns) && p->ns.n;
	}
	return false;
}

/* Through the parser, so that what is written is normalised by its type. */
static vt_err canonical(vt_span text, vt_buf *out)
{
	struct vt_purl p;
	vt_err e = vt_purl_parse(text, &p);

	return e ? e : vt_purl_write(&p, out);
}

vt_err vt_purl_of_component(const struct vt_component *c, vt_span os_id, vt_buf *out)
{
	struct vt_purl p = {.name = c->name, .version = c->version};
	vt_buf b = VT_BUF_INIT(VT_PURL_MAX);
	size_t i = 0, n = out->n;
	vt_err e;

	if (c->purl.n && !canonical(c->purl, out))
		return VT_OK;
	out->n = n;
	while (i < VT_COUNT(managers) && !vt_span_eq(c->manager, vt_span_str(managers[i].manager)))
		i++;
	if (i == VT_COUNT(managers) || c->name.n == 0)
		return VT_EUNSUPPORTED;
	p.type = vt_span_str(managers[i].type);
	if (!shape(managers[i].shape, c->arch, os_id, &p) || p.name.n == 0)
		return VT_EUNSUPPORTED;
	e = vt_purl_write(&p, &b);
	if (!e)
		e = canonical(vt_buf_span(&b), out);
	if (e == VT_ELIMIT || e == VT_EFORMAT)
		e = VT_EUNSUPPORTED;
	vt_buf_free(&b);
	return e;
}
