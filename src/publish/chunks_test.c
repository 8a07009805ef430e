/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "publish/chunks.h"

struct kept {
	size_t n;
	struct vt_chunk v[8];
	vt_buf packed[8];
};

static vt_err keep(void *ctx, const struct vt_chunk *c, vt_span packed)
{
	struct kept *k = ctx;

	assert_true(k->n < 8);
	k->v[k->n] = *c;
	k->packed[k->n] = (vt_buf){.max = VT_CHUNK_PACKED_MAX};
	return vt_buf_add(&k->packed[k->n++], packed.p, packed.n);
}

static void drop(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		vt_buf_free(&k->packed[i]);
}

/* Cuts `text` into chunks, fed `step` bytes at a time. */
static void cut(struct kept *k, vt_span text, size_t step)
{
	struct vt_chunker *c;

	*k = (struct kept){0};
	assert_int_equal(vt_chunker_new(3, keep, k, &c), VT_OK);
	for (size_t at = 0; at < text.n; at += step)
		assert_int_equal(vt_chunker_add(c, vt_span_clip(text, at, step)), VT_OK);
	assert_int_equal(vt_chunker_finish(c), VT_OK);
	vt_chunker_free(c);
}

static void make_text(vt_buf *b, size_t lines)
{
	for (size_t i = 0; i < lines; i++)
		assert_int_equal(vt_buf_addf(b, "%zu:a line of the set\n", i * i), VT_OK);
}

static void test_round_trip(void **state)
{
	vt_buf text = VT_BUF_INIT(64 << 20), back = VT_BUF_INIT(64 << 20);
	struct kept a, b;

	(void)state;
	make_text(&text, 300000);
	cut(&a, vt_buf_span(&text), text.n);
	cut(&b, vt_buf_span(&text), 777);
	assert_true(a.n >= 2);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		assert_memory_equal(&a.v[i], &b.v[i], sizeof a.v[i]); /* deterministic */
		assert_int_equal(vt_chunk_unpack(&a.v[i], vt_buf_span(&a.packed[i]), &back), VT_OK);
	}
	assert_true(vt_span_eq(vt_buf_span(&text), vt_buf_span(&back)));
	drop(&a);
	drop(&b);
	vt_buf_free(&text);
	vt_buf_free(&back);
}

static void expect(const struct vt_chunk *c, const vt_buf *packed, vt_err want)
{
	vt_buf out = VT_BUF_INIT(VT_CHUNK_RAW_MAX);

	assert_int_equal(vt_chunk_unpack(c, vt_buf_span(packed), &out), want);
	assert_int_equal(out.n, 0);
	vt_buf_free(&out);
}

static void name_it(struct vt_chunk *c, const vt_buf *packed)
{
	c->packed = (uint32_t)packed->n;
	vt_sha256(vt_buf_span(packed), c->sha256.b);
}

static void test_refused(void **state)
{
	vt_buf text = VT_BUF_INIT(1 << 20);
	struct kept k;
	struct vt_chunk c;

	(void)state;
	make_text(&text, 1000);
	cut(&k, vt_buf_span(&text), text.n);
	/* one bit */
	k.packed[0].p[k.packed[0].n / 2] ^= 1;
	expect(&k.v[0], &k.packed[0], VT_ECHECKSUM);
	k.packed[0].p[k.packed[0].n / 2] ^= 1;
	/* it unpacks to more, or to less, than the log says */
	c = k.v[0];
	c.raw--;
	expect(&c, &k.packed[0], VT_EFORMAT);
	c.raw += 2;
	expect(&c, &k.packed[0], VT_EFORMAT);
	c.raw = VT_CHUNK_RAW_MAX + 1;
	expect(&c, &k.packed[0], VT_ECHECKSUM);
	/* bytes behind the frame, a second frame, no frame */
	c = k.v[0];
	assert_int_equal(vt_buf_add_u8(&k.packed[0], 0), VT_OK);
	name_it(&c, &k.packed[0]);
	expect(&c, &k.packed[0], VT_EFORMAT);
	k.packed[0].n--;
	k.packed[0].p[0] ^= 1;
	name_it(&c, &k.packed[0]);
	expect(&c, &k.packed[0], VT_EFORMAT);
	drop(&k);
	vt_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
