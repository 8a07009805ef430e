/* SPDX-License-Identifier: Apache-2.0 */
#include "report/common.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"
#include "crypto/hash.h"

/* A random one, chosen once: the name space of all UUIDs that are made here. */
static const uint8_t name_space[16] = {0x6c, 0x1d, 0x6e, 0x1b, 0x2f, 0x0a, 0x4b, 0x6e, 0x9a, 0x57,
	0x0e, 0x3c, 0x5d, 0x41, 0x8b, 0x27};

const char *vt_report_uuid(const vt_span *words, size_t n, char out[VT_UUID_SIZE])
{
	struct vt_sha256_stream h;
	uint8_t all[32], in[16 + 32], d[20];

	vt_sha256_start(&h);
	for (size_t i = 0; i < n; i++) {
		vt_sha256_add(&h, words[i]);
		vt_sha256_add(&h, vt_span_of("", 1));
	}
	vt_sha256_finish(&h, all);
	memcpy(in, name_space, sizeof name_space);
	memcpy(in + 16, all, sizeof all);
	vt_sha1(vt_span_of(in, sizeof in), d);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	(void)snprintf(out, VT_UUID_SIZE,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
		d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14],
		d[15]);
	return out;
}

bool vt_report_counts(enum vt_standing s)
{
	return s == VT_STANDING_COVERED || s == VT_STANDING_CANDIDATE;
}

vt_span vt_report_product_name(const struct vt_report_input *in, vt_span id)
{
	const struct vt_product *p = vt_catalogue_product(in->catalogue, id);

	return p && p->name.n ? p->name : id;
}

enum vt_aggregate vt_report_aggregate(const struct vt_subject *s, enum vt_area a)
{
	const struct vt_coverage *c = &s->coverage[a];

	if (!s->asked[a] || c->broken || !c->sources)
		return VT_AGGREGATE_UNKNOWN;
	for (unsigned m = 0; m < VT_MISSES; m++)
		if (c->misses[m] && m != VT_MISS_SPECIAL)
			return VT_AGGREGATE_INCOMPLETE;
	return VT_AGGREGATE_COMPLETE;
}

const char *vt_aggregate_word(enum vt_aggregate a)
{
	static const char *const words[] = {"complete", "incomplete", "unknown"};

	return (unsigned)a < VT_COUNT(words) ? words[a] : "?";
}

const char *vt_report_area_meaning(enum vt_area a)
{
	static const char *const meanings[] = {
#define VT_AREA(ID, word, meaning) [VT_AREA_##ID] = (meaning),
#include "inventory/facts.def"
#undef VT_AREA
	};

	return (unsigned)a < VT_COUNT(meanings) ? meanings[a] : "?";
}

static vt_err count(vt_buf *b, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
	vt_err e = VT_OK;

	for (int i = 0; i < n && !e; i++) {
		if (i && (n - i) % 3 == 0)
			e = vt_buf_add_u8(b, ',');
		if (!e)
			e = vt_buf_add_u8(b, (uint8_t)digits[i]);
	}
	return e;
}

vt_err vt_report_coverage_text(const struct vt_subject *s, enum vt_area a, vt_buf *out)
{
	const struct vt_coverage *c = &s->coverage[a];
	const char *before = "; ";
	vt_err e;

	if (!s->asked[a])
		return vt_buf_addf(out, "not part of the inventory");
	if (!c->sources && !c->broken)
		return vt_buf_addf(out, "there is no source to ask");
	e = count(out, c->read);
	if (!e)
		e = vt_buf_addf(out, " of ");
	if (!e)
		e = count(out, c->seen);
	if (!e)
		e = vt_buf_addf(out, " read, from %" PRIu64 " source%s", c->sources,
			c->sources == 1 ? "" : "s");
	if (!e && c->broken)
		e = vt_buf_addf(out, ", %" PRIu64 " more could not be read whole", c->broken);
	for (unsigned m = 0; m < VT_MISSES && !e; m++) {
		if (!c->misses[m])
			continue;
		e = vt_buf_addf(out, "%s", before);
		before = ", ";
		if (!e)
			e = count(out, c->misses[m]);
		if (!e)
			e = vt_buf_addf(out, " %s", vt_miss_word((enum vt_miss)m));
	}
	return e;
}
