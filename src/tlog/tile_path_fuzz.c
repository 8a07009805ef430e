/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a tile's path: what is read is written back the same. */
#include <stdlib.h>

#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[VT_TILE_PATH_MAX];
	struct vt_tile t;

	if (!vt_tile_path_parse(vt_span_of(data, size), &t) &&
		!vt_span_eq(vt_span_str(vt_tile_path(&t, path)), vt_span_of(data, size)))
		abort();
	return 0;
}
