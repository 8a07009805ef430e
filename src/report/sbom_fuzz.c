/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a list of components, matched against a small directive. */
#include <jansson.h>
#include <stdlib.h>

#include "report/fake_survey.h"
#include "report/supply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_directive d;
	static struct vt_catalogue c;
	static vt_arena kept = VT_ARENA_INIT((size_t)16 << 20);
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	struct vt_doc_error why;
	struct vt_sbom b;
	vt_err e;

	if (!kept.blocks) {
		json_object_seed(1);
		if (vt_directive_parse(vt_span_str(FAKE_DIRECTIVE), &kept, &d, &why) ||
			vt_catalogue_parse(vt_span_str(FAKE_CATALOGUE), &kept, &c, &why))
			abort();
	}
	e = vt_sbom_read(vt_span_of(data, size), &a, &b, &why);
	if (e && e != VT_ENOMEM && !why.cause[0])
		abort();
	for (size_t i = 0; !e && i < b.n; i++) {
		struct vt_supply_match m = vt_supply_match_item(&b.items[i], &d, &c);

		if (m.weight && !m.by)
			abort();
	}
	vt_arena_free(&a);
	return 0;
}
