/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "compile/builder.h"
#include "compile/clamav/clamav.h"
#include "engine/db/image.h"

const struct set every_kind[] = {
	{"a.ndb",
		"Body.Any:0:*:6d61726b65722d626f64792d616e79\n"
		"Body.Gap:0:*:6761702d61{2-9}6761702d62*6761702d63\n"
		"Body.Alt:0:*:616c742d(6f6e65|74776f2d)2d656e64\n"
		"Body.Head:0:0:68656164\n"
		"Body.Eof:0:EOF-6:7461696c2121\n"
		"Body.Pair:0:*:fefd??fc\n"
		"Body.Bound:0:*:(B)626f756e64(L)\n"
		"Body.Not:0:*:6e6f74!(61|62)6f6e65\n"
		"Member.Macro:0:$3:6d656d626572\n"
		"Body.Entry:1:EP+0:90909090c3\n"},
	{"b.ldb",
		"Logic.And;Engine:51-255,Target:0;0&1;6c6f6769632d616e642d31;"
		"6c6f6769632d616e642d32\n"
		"Logic.Count;Engine:51-255,Target:0;0>2;636f756e742d6d65\n"
		"Logic.Parts;Engine:51-255,Target:0;0>1;70617274612d*70617274622d\n"
		"Logic.Near;Engine:51-255,Target:0;0>1;6e656172612d{1-9}6e656172622d\n"
		"Logic.None;Engine:51-255,Target:0;(0=0)&1;6e6f742d74686973;6275742d74686973\n"
		"Logic.Case;Engine:51-255,Target:0;0;63617365::i\n"
		"Logic.Wide;Engine:51-255,Target:0;0;776964652d776f7264::w\n"
		"Logic.Size;Engine:51-255,Target:0,FileSize:0-100;0;73697a652d6c696d6974\n"
		"Logic.Regex;Engine:81-255,Target:0;0&1;74726967676572;0/re[0-9]+gex/\n"
		"Logic.Bytes;Engine:81-255,Target:0;0&1;6e756d3d;0(>>4#de3#>100)\n"
		"Logic.Distinct;Engine:51-255,Target:0;(0|1|2)>1,2;6f6e652d6f66;74776f2d6f66;"
		"74687265652d6f66\n"
		"Logic.Global;Engine:81-255,Target:0;0&1>2;676c6f62616c;0/gl?o+b/g\n"
		"Logic.Macro;Engine:51-255,Target:0;0&1;6d6163726f2d;${8-12}3$\n"
		"Logic.InZip;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;696e2d612d7a6970\n"},
	{"c.hdb",
		"900150983cd24fb0d6963f7d28e17f72:3:Hash.Abc\n"
		"5d41402abc4b2a76b9719d911017c592:*:Hash.Hello:73\n"},
	{"d.fp", "7d793037a0760186574b0282f2f435e7:5:Allow.World\n"},
	{"e.ndb", "Body.World:0:*:776f726c64\nIgnored.Rule:0:*:69676e6f7265642d72756c65\n"},
	{"f.cdb", "Container.Name:CL_TYPE_ZIP:*:evil\\.exe:*:*:*:*:*:*\n"},
	{"g.ign2", "Ignored.Rule\n"},
	{"h.withdrawn",
		"no-such-set.ndb "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"},
};
const size_t every_kind_count = sizeof every_kind / sizeof *every_kind;

static void must(vt_err e, const char *what)
{
	if (!e)
		return;
	fprintf(stderr, "fixture: %s: %s\n", what, vt_err_text(e));
	abort();
}

static vt_err append(void *ctx, const void *p, size_t n)
{
	return vt_buf_add(ctx, p, n);
}

static int compare(const void *a, const void *b)
{
	const struct set *x = a, *y = b;

	return vt_set_compare(vt_span_str(x->name), vt_span_str(x->text), vt_span_str(y->name),
		vt_span_str(y->text));
}

uint8_t *make_image(const struct set *sets, size_t n, size_t *out_size)
{
	vt_buf bytes = VT_BUF_INIT((size_t)64 << 20);
	struct set *sorted = calloc(n, sizeof *sorted);
	struct vt_builder *b = NULL;
	uint8_t *image;

	if (!sorted)
		abort();
	memcpy(sorted, sets, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare);
	must(vt_builder_new(&b), "builder");
	for (size_t i = 0; i < n; i++)
		must(vt_clamav_compile(b, vt_span_str(sorted[i].name), vt_span_str(sorted[i].text)),
			sorted[i].name);
	must(vt_builder_emit(b, append, &bytes), "emit");
	vt_builder_free(b);
	free(sorted);
	image = aligned_alloc(
		VT_IMAGE_ALIGN, (bytes.n + VT_IMAGE_ALIGN - 1) & ~(size_t)(VT_IMAGE_ALIGN - 1));
	if (!image)
		abort();
	memcpy(image, bytes.p, bytes.n);
	*out_size = bytes.n;
	vt_buf_free(&bytes);
	return image;
}
