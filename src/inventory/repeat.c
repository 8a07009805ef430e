/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/repeat.h"

#include "base/num.h"
#include "inventory/place.h"

vt_err vt_shell_quote(vt_buf *b, vt_span v)
{
	vt_err e = VT_OK;
	bool plain = v.n > 0;

	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];

		plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' || c == '-' ||
			c == ':' || c == '+' || c == '=';
	}
	if (plain)
		return vt_buf_add(b, v.p, v.n);
	e = vt_buf_add_u8(b, '\'');
	for (size_t i = 0; i < v.n && !e; i++)
		e = v.p[i] == '\'' ? vt_buf_add(b, "'\\''", 4) : vt_buf_add_u8(b, v.p[i]);
	return e ? e : vt_buf_add_u8(b, '\'');
}

struct writer {
	vt_buf *b;
	const struct vt_subject *s;
	const struct vt_observation *o;
};

/* The place's path, and for another root that root before it. */
static vt_err put_path(struct writer *w)
{
	vt_buf path = VT_BUF_INIT((size_t)1 << 20);
	const vt_span file = vt_place_file(w->o);
	vt_err e = VT_OK;

	if (w->s->kind == VT_SUBJECT_ROOT)
		e = vt_buf_add(&path, w->s->name.p, w->s->name.n);
	if (!e)
		e = vt_buf_add(&path, file.p, file.n);
	if (!e)
		e = vt_shell_quote(w->b, vt_buf_span(&path));
	vt_buf_free(&path);
	return e;
}

/* The root that a package database belongs to. */
static vt_err put_root(struct writer *w)
{
	vt_buf path = VT_BUF_INIT((size_t)1 << 20);
	vt_span below = vt_place_root(w->o->locus);
	vt_err e = VT_OK;

	if (w->s->kind == VT_SUBJECT_ROOT)
		e = vt_buf_add(&path, w->s->name.p, w->s->name.n);
	if (!e)
		e = vt_buf_add(&path, below.p, below.n);
	if (!e && !path.n)
		e = vt_buf_add_u8(&path, '/');
	if (!e)
		e = vt_shell_quote(w->b, vt_buf_span(&path));
	vt_buf_free(&path);
	return e;
}

static bool attr_is(const struct vt_observation *o, enum vt_attr a, const char *word)
{
	vt_buf v = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	bool is = vt_fact_value(o->raw, a, &v) && vt_span_eq(vt_buf_span(&v), vt_span_str(word));

	vt_buf_free(&v);
	return is;
}

static vt_err put_attr(struct writer *w, enum vt_attr a)
{
	vt_buf v = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	vt_err e = vt_fact_value(w->o->raw, a, &v) ? vt_shell_quote(w->b, vt_buf_span(&v))
						   : vt_buf_add(w->b, "''", 2);

	vt_buf_free(&v);
	return e;
}

/*
 * In a template %p is the path, %r the option value for the root, and %A to %Z attributes: N name,
 * V value, C common name, O port, K key, P pid of the locus.
 */
static vt_err put_template(struct writer *w, const char *t)
{
	vt_err e = VT_OK;

	for (; *t && !e; t++) {
		if (*t != '%') {
			e = vt_buf_add_u8(w->b, (uint8_t)*t);
			continue;
		}
		switch (*++t) {
		case 'p': e = put_path(w); break;
		case 'r': e = put_root(w); break;
		case 'N': e = put_attr(w, VT_ATTR_NAME); break;
		case 'C': e = put_attr(w, VT_ATTR_CN); break;
		case 'O': e = put_attr(w, VT_ATTR_PORT); break;
		case 'K': e = put_attr(w, VT_ATTR_KEY); break;
		default: e = VT_EARG;
		}
	}
	return e;
}

static const char *const by_kind[VT_FACT_KINDS] = {
	[VT_FACT_PACKAGE] = "grep -n -F -e %N -- %p",
	[VT_FACT_FILE] = "if [ -f %p ]; then sha256sum -- %p; else ls -ld -- %p; fi",
	[VT_FACT_FOLDER] = "ls -la -- %p",
	[VT_FACT_EXECUTABLE] = "file -- %p && sha256sum -- %p",
	[VT_FACT_CONTENT] =
		"sha256sum -- %p && vitrine inventory --only content --root \"$(dirname -- %p)\"",
	[VT_FACT_UNIT] = "cat -- %p",
	[VT_FACT_MODULE] = "ls -l -- %p",
	[VT_FACT_CERTIFICATE] = "openssl crl2pkcs7 -nocrl -certfile %p | openssl pkcs7 "
				"-print_certs -noout | grep -F -e %C",
	[VT_FACT_EXTENSION] = "cat -- %p",
	[VT_FACT_ACCOUNT] = "grep -n -F -e %N -- %p",
	[VT_FACT_LISTENER] = "ss -H -l -t -u -n -p # %O",
	[VT_FACT_REGISTRY] = "hivexget %p %K",
};

/* "pid 12" or "pid 12#..." of a process's locus. */
static vt_err put_process(struct writer *w)
{
	vt_span locus = w->o->locus;
	size_t n = 4;

	if (!vt_span_at(locus, 0, "pid ", 4))
		return vt_buf_addf(w->b, "ps -ef");
	while (n < locus.n && locus.p[n] >= '0' && locus.p[n] <= '9')
		n++;
	return vt_buf_addf(w->b, "ls -l /proc/%.*s/exe && cat /proc/%.*s/maps", (int)(n - 4),
		(const char *)locus.p + 4, (int)(n - 4), (const char *)locus.p + 4);
}

vt_err vt_repeat_write(
	vt_buf *b, const struct vt_subject *s, vt_span file, const struct vt_observation *o)
{
	struct writer w = {.b = b, .s = s, .o = o};
	vt_err e;

	if (s->kind != VT_SUBJECT_SYSTEM && s->kind != VT_SUBJECT_ROOT) {
		e = vt_buf_addf(b, "vitrine inventory --%s ",
			s->kind == VT_SUBJECT_DISK ? "disk" : "image");
		return e ? e : vt_shell_quote(b, file);
	}
	if (o->kind == VT_FACT_PROCESS)
		return put_process(&w);
	if (o->kind == VT_FACT_PACKAGE && attr_is(o, VT_ATTR_MANAGER, "dpkg"))
		return put_template(&w, "dpkg-query --root=%r -s %N");
	if (o->kind == VT_FACT_PACKAGE && attr_is(o, VT_ATTR_MANAGER, "rpm"))
		return put_template(&w, "rpm --root %r -q -i %N");
	return put_template(&w, by_kind[o->kind] ? by_kind[o->kind] : "ls -l -- %p");
}
