/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a property list; every value of the tree is looked at, without recursion. */
#include "inventory/artefact/plist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	const struct vt_plist *stack[VT_PLIST_DEPTH_MAX + 2];
	const struct vt_plist *top;
	unsigned depth = 0;

	if (vt_plist_parse(vt_span_of(data, size), &a, &top) == VT_OK) {
		stack[depth++] = top;
		while (depth) {
			const struct vt_plist *p = stack[--depth];

			for (size_t i = 0; i < p->text.n; i++)
				sink ^= p->text.p[i];
			for (size_t i = 0; i < p->key.n; i++)
				sink ^= p->key.p[i];
			if (p->next)
				stack[depth++] = p->next;
			if (p->first)
				stack[depth++] = p->first;
		}
		sink ^= (uint8_t)vt_plist_text(top, "Label").n;
	}
	vt_arena_free(&a);
	return 0;
}
