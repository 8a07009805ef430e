/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile image with right checksums: opened, listed and matched with. The input is a series of
 * changes to a good image (u16 section, u16 place in it, u8 value), since an image from nothing
 * never gets far, and most of a good one is tables of bits.
 */
#include <stdlib.h>

#include "crypto/hash.h"
#include "engine/db/db.h"
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err ignore_line(void *ctx, uint32_t line, vt_span text)
{
	(void)ctx;
	(void)line;
	(void)text;
	return VT_OK;
}

static void use(const struct vt_db *db)
{
	static const char sample[] =
		"head marker-body-any gap-a..gap-b gap-c alt-one-end logic-and-1 logic-and-2 case "
		"count-me count-me count-me trigger re12gex num=101 \xfe\xfd.\xfc bound\n notcone "
		"one-of two-of two-of global glob glob macro-...member tail!!";
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
	struct vt_input in = {.bytes = {.p = (const uint8_t *)sample, .n = sizeof sample - 1}};
	struct vt_scanner *s = NULL;
	struct vt_report report;

	o.limits.match_steps = 100000;
	(void)!vt_db_each_line(db, ignore_line, NULL);
	if (vt_scanner_new(&db, 1, &o, &s))
		return;
	vt_report_init(&report);
	(void)!vt_scan(s, &in, &report);
	vt_report_reset(&report);
	in.bytes = vt_span_str("abc");
	(void)!vt_scan(s, &in, &report);
	vt_report_free(&report);
	vt_scanner_free(s);
}

/* Where a change goes: into a section, or with one that is empty into the header. */
static size_t place(const uint8_t *image, unsigned section, unsigned at)
{
	const struct vt_image_header *h = (const struct vt_image_header *)(const void *)image;
	const struct vt_image_section *s = &h->sections[section % VT_SEC_END];

	return s->size ? s->offset + at % s->size : at % sizeof *h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *image;
	static size_t n;
	vt_reader r = vt_reader_of(vt_span_of(data, size));
	uint8_t *copy;
	struct vt_db *db = NULL;

	if (!image)
		image = make_image(every_kind, every_kind_count, &n);
	copy = aligned_alloc(
		VT_IMAGE_ALIGN, (n + VT_IMAGE_ALIGN - 1) & ~(size_t)(VT_IMAGE_ALIGN - 1));
	if (!copy)
		abort();
	memcpy(copy, image, n);
	while (vt_reader_left(&r) >= 5) {
		unsigned section = vt_read_u16le(&r), at = vt_read_u16le(&r);

		copy[place(image, section, at)] = vt_read_u8(&r);
	}
	struct vt_image_header *h = (struct vt_image_header *)(void *)copy;

	memset(h->check, 0, sizeof h->check);
	vt_sha256(vt_span_of(h, sizeof *h), h->check);
	if (vt_db_open(vt_span_of(copy, n), &db) == VT_OK) {
		use(db);
		vt_db_close(db);
	}
	free(copy);
	return 0;
}
