/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"
#include "engine/db/db.h"

void vt_withdrawn_key(vt_span set_name, const uint8_t line_sha256[32], uint8_t out[16])
{
	struct vt_sha256_stream s;
	uint8_t sum[32];

	vt_sha256_start(&s);
	vt_sha256_add(&s, set_name);
	vt_sha256_add(&s, vt_span_of("\n", 1));
	vt_sha256_add(&s, vt_span_of(line_sha256, 32));
	vt_sha256_finish(&s, sum);
	memcpy(out, sum, 16);
}

bool vt_db_withdraws(const struct vt_db *db, const uint8_t key[16])
{
	const struct vt_image_withdrawn *v = db->withdrawn.p;
	uint32_t lo = 0, hi = db->withdrawn.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = memcmp(v[mid].key, key, sizeof v->key);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}
