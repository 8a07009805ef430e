/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/origins.h"

#include <stdlib.h>

#include "base/base64.h"
#include "crypto/hash.h"

struct row {
	uint8_t hash[32];
	size_t log;
};

struct vt_origins {
	size_t n;
	struct row rows[];
};

static int by_hash(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return memcmp(x->hash, y->hash, sizeof x->hash);
}

vt_err vt_origins_make(const struct vt_service_config *c, struct vt_origins **out)
{
	struct vt_origins *o = calloc(1, sizeof *o + c->nlogs * sizeof o->rows[0]);

	if (!o)
		return VT_ENOMEM;
	o->n = c->nlogs;
	for (size_t i = 0; i < o->n; i++) {
		vt_sha256(vt_span_str(c->logs[i].key.name), o->rows[i].hash);
		o->rows[i].log = i;
	}
	if (o->n)
		qsort(o->rows, o->n, sizeof o->rows[0], by_hash);
	*out = o;
	return VT_OK;
}

void vt_origins_free(struct vt_origins *o)
{
	free(o);
}

size_t vt_origins_find(const struct vt_origins *o, const char *path, const char **out_file)
{
	struct row key;
	const struct row *r;
	vt_span hex;

	if (!vt_span_sub(vt_span_str(path), 1, 64, &hex) || path[0] != '/' || path[65] != '/' ||
		!vt_hex_get(hex, key.hash, sizeof key.hash))
		return VT_SERVICE_LOGS_MAX;
	r = o->n ? bsearch(&key, o->rows, o->n, sizeof o->rows[0], by_hash) : NULL;
	if (!r)
		return VT_SERVICE_LOGS_MAX;
	*out_file = path + 66;
	return r->log;
}

const char *vt_origin_hex(vt_span origin, char out[VT_ORIGIN_HEX_SIZE])
{
	vt_buf b = VT_BUF_INIT(64);
	uint8_t hash[32];

	vt_sha256(origin, hash);
	out[0] = 0;
	if (!vt_hex_add(&b, vt_span_of(hash, sizeof hash))) {
		memcpy(out, b.p, 64);
		out[64] = 0;
	}
	vt_buf_free(&b);
	return out;
}
