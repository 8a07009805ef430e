/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the document; the rest is its text. */
#include <jansson.h>

#include "inventory/artefact/browser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void on_extension(void *ctx, const struct vt_extension *e)
{

	(void)ctx;
	for (size_t i = 0; i < e->id.n; i++)
		sink ^= e->id.p[i];
	for (size_t i = 0; i < e->message.n; i++)
		sink ^= e->message.p[i];
	for (size_t i = 0; i < e->value.n; i++)
		sink ^= e->value.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	vt_span text, out;

	json_object_seed(1);
	if (size) {
		text = vt_span_of(data + 1, size - 1);
		(void)!vt_browser_read(
			(enum vt_browser_doc)(data[0] % 6), text, &a, on_extension, NULL);
		(void)!vt_browser_message(text, vt_span_str("appName"), &a, &out);
	}
	vt_arena_free(&a);
	return 0;
}
