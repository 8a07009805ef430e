/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a catalogue: what is taken can be asked, and every rule has a product. */
#include <stdlib.h>

#include "inventory/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_hit(void *ctx, const struct vt_catalogue_rule *r)
{
	(void)r;
	++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	vt_buf b = VT_BUF_INIT((size_t)64 << 20);
	struct vt_doc_error why = {0};
	struct vt_catalogue c;
	vt_err e = vt_catalogue_parse(vt_span_of(data, size), &a, &c, &why);
	size_t hits = 0;

	if (e && e != VT_ENOMEM && !why.cause[0])
		abort();
	for (size_t i = 0; !e && i < c.nrules; i++) {
		const struct vt_catalogue_rule *r = &c.rules[i];
		struct vt_fact f = {.kind = r->kind};

		if (r->product >= c.nproducts ||
			vt_catalogue_product(&c, c.products[r->product].id) !=
				&c.products[r->product])
			abort();
		f.v[VT_ATTR_RULE] = r->id;
		for (size_t k = 0; k < r->nterms; k++)
			f.v[r->terms[k].attr] = r->terms[k].globs.v[0];
		vt_catalogue_match(&c, &f, on_hit, &hits);
	}
	if (!e &&
		(vt_catalogue_signatures(&c, "ldb", &b) || vt_catalogue_signatures(&c, "hsb", &b)))
		abort();
	vt_buf_free(&b);
	vt_arena_free(&a);
	return 0;
}
