/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dsse.h"

#include <jansson.h>

#include "base/base64.h"
#include "report/json.h"

vt_err vt_dsse_encode(vt_span type, vt_span payload, vt_buf *out)
{
	vt_err e = vt_buf_addf(out, "DSSEv1 %zu ", type.n);

	if (!e)
		e = vt_buf_add(out, type.p, type.n);
	if (!e)
		e = vt_buf_addf(out, " %zu ", payload.n);
	return e ? e : vt_buf_add(out, payload.p, payload.n);
}

vt_err vt_dsse_sign(struct vt_dsse *d, vt_span keyid, const uint8_t seed[VT_SEED_SIZE])
{
	vt_buf b = VT_BUF_INIT(VT_DSSE_MAX);
	vt_err e;

	if (d->n == VT_DSSE_SIGNATURES_MAX)
		return VT_ELIMIT;
	e = vt_dsse_encode(d->type, d->payload, &b);
	if (!e) {
		d->v[d->n].keyid = keyid;
		vt_sign(seed, vt_buf_span(&b), d->v[d->n++].sig);
	}
	vt_buf_free(&b);
	return e;
}

bool vt_dsse_verify(const struct vt_dsse *d, const uint8_t pub[VT_PUBLIC_SIZE], size_t *out_index)
{
	vt_buf b = VT_BUF_INIT(VT_DSSE_MAX);
	bool ok = false;

	if (vt_dsse_encode(d->type, d->payload, &b) == VT_OK)
		for (size_t i = 0; i < d->n && !ok; i++) {
			ok = vt_verify(pub, vt_buf_span(&b), d->v[i].sig);
			if (ok && out_index)
				*out_index = i;
		}
	vt_buf_free(&b);
	return ok;
}

vt_err vt_dsse_write(const struct vt_dsse *d, vt_buf *out)
{
	struct vt_json j = {.b = out, .pretty = true};
	vt_buf text = VT_BUF_INIT(VT_DSSE_MAX);
	vt_err e = vt_base64_add(&text, d->payload);

	vt_json_open(&j, NULL, '{');
	vt_json_span(&j, "payloadType", d->type);
	vt_json_span(&j, "payload", vt_buf_span(&text));
	vt_json_open(&j, "signatures", '[');
	for (size_t i = 0; i < d->n && !e; i++) {
		vt_buf_clear(&text);
		e = vt_base64_add(&text, vt_span_of(d->v[i].sig, VT_SIG_SIZE));
		vt_json_open(&j, NULL, '{');
		vt_json_some(&j, "keyid", d->v[i].keyid);
		vt_json_span(&j, "sig", vt_buf_span(&text));
		vt_json_close(&j);
	}
	vt_json_close(&j);
	vt_json_close(&j);
	vt_buf_free(&text);
	return e ? e : j.e;
}

/* A copy of the text in the standard alphabet, with padding. */
static vt_err standard(vt_span text, vt_buf *out)
{
	vt_err e = VT_OK;

	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n && !e; i++) {
		uint8_t c = text.p[i];

		e = vt_buf_add_u8(out, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (!e && out->n % 4)
		e = vt_buf_add_u8(out, '=');
	return e;
}

static vt_err decode(const json_t *v, vt_arena *a, vt_span *out)
{
	vt_buf text = VT_BUF_INIT(VT_DSSE_MAX);
	vt_err e = VT_EFORMAT;
	uint8_t *p;
	size_t n;

	if (!json_is_string(v))
		return VT_EFORMAT;
	e = standard(vt_span_of(json_string_value(v), json_string_length(v)), &text);
	if (e)
		goto out;
	e = VT_ENOMEM;
	p = vt_arena_alloc(a, text.n / 4 * 3 + 1);
	if (!p)
		goto out;
	e = VT_EFORMAT;
	if (!vt_base64_get(vt_buf_span(&text), p, text.n / 4 * 3, &n))
		goto out;
	*out = vt_span_of(p, n);
	e = VT_OK;
out:
	vt_buf_free(&text);
	return e;
}

static vt_err copy(const json_t *v, vt_arena *a, vt_span *out)
{
	char *p;

	if (!json_is_string(v))
		return VT_EFORMAT;
	p = vt_arena_copy(a, vt_span_of(json_string_value(v), json_string_length(v)));
	if (!p)
		return VT_ENOMEM;
	*out = vt_span_of(p, json_string_length(v));
	return VT_OK;
}

static vt_err read_signature(const json_t *v, vt_arena *a, struct vt_dsse *out)
{
	struct vt_dsse_signature s = {.keyid = vt_span_of("", 0)};
	const json_t *keyid = json_object_get(v, "keyid");
	vt_span sig;
	vt_err e = decode(json_object_get(v, "sig"), a, &sig);

	if (!e && keyid && !json_is_null(keyid))
		e = copy(keyid, a, &s.keyid);
	if (e || sig.n != VT_SIG_SIZE)
		return e;
	memcpy(s.sig, sig.p, sizeof s.sig);
	out->v[out->n++] = s;
	return VT_OK;
}

vt_err vt_dsse_read(vt_span json, vt_arena *a, struct vt_dsse *out)
{
	struct vt_dsse d = {.n = 0};
	const json_t *signatures;
	json_t *root;
	vt_err e;

	if (json.n > VT_DSSE_MAX)
		return VT_ELIMIT;
	root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return VT_EFORMAT;
	signatures = json_object_get(root, "signatures");
	e = json_is_array(signatures) && json_array_size(signatures) ? VT_OK : VT_EFORMAT;
	if (!e && json_array_size(signatures) > VT_DSSE_SIGNATURES_MAX)
		e = VT_ELIMIT;
	if (!e)
		e = copy(json_object_get(root, "payloadType"), a, &d.type);
	if (!e)
		e = decode(json_object_get(root, "payload"), a, &d.payload);
	for (size_t i = 0; !e && i < json_array_size(signatures); i++)
		e = read_signature(json_array_get(signatures, i), a, &d);
	json_decref(root);
	if (!e)
		*out = d;
	return e;
}
