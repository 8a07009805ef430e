/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers alone, where the digests of an image would stop a fuzzer: the input is one tar archive,
 * cut in two layers at each 512 bytes that begin with "LAYER".
 */
#include "tree/overlay.h"
#include "tree/tree_fuzz.h"

#define LAYERS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_tar tars[LAYERS];
	struct vt_tar *list[LAYERS];
	struct vt_overlay merged, own;
	struct vt_overlay_view views[2] = {{.o = &merged}, {.o = &own}};
	struct vt_tree *t;
	uint64_t work = 0;
	uint32_t *placed = calloc(size / 512 + 2, sizeof *placed), n = 0;
	size_t start = 0;

	for (size_t at = 0; at <= size && n < LAYERS; at += 512) {
		if (at + 512 <= size && (at == 0 || memcmp(data + at, "LAYER", 5) != 0))
			continue;
		(void)!vt_tar_index(fuzz_file(data + start, at - start), &tars[n]);
		list[n] = &tars[n];
		n++;
		start = at + 512 < size ? at + 512 : size;
	}
	if (placed && vt_overlay_new(&merged, list, &work) == VT_OK) {
		merged.whiteouts = true;
		for (uint32_t i = 0; i < n; i++)
			if (tars[i].n <= size / 512)
				(void)!vt_overlay_layer(&merged, i, placed);
		if (n && vt_overlay_new(&own, list, &work) == VT_OK) {
			own.own = true;
			if (tars[n - 1].n <= size / 512)
				(void)!vt_overlay_layer(&own, n - 1, placed);
			if (vt_overlay_tree(&views[1], &t) == VT_OK) {
				fuzz_walk(t);
				vt_tree_free(t);
			}
			vt_overlay_free(&own);
		}
		if (vt_overlay_tree(&views[0], &t) == VT_OK) {
			fuzz_walk(t);
			vt_tree_free(t);
		}
		vt_overlay_free(&merged);
	}
	for (uint32_t i = 0; i < n; i++)
		vt_tar_free(&tars[i]);
	free(placed);
	return 0;
}
