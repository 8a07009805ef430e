/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: made here, opened whole, damaged and cut short. */
#define ZLIB_CONST
#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "compile/clamav/clamav.h"
#include "crypto/hash.h"

#define CAP ((size_t)1 << 20)

struct seen {
	vt_buf text; /* "name=content;" */
};

static vt_err on_file(void *ctx, vt_span name, vt_span text)
{
	struct seen *s = ctx;

	return vt_buf_addf(&s->text, "%.*s=%.*s;", (int)name.n, (const char *)name.p, (int)text.n,
		(const char *)text.p);
}

static void add(vt_buf *b, const void *p, size_t n)
{
	assert_int_equal(vt_buf_add(b, p, n), VT_OK);
}

static void add_member(vt_buf *tar, const char *name, char type, const char *text)
{
	static const uint8_t zeros[512];
	char head[512] = {0};
	unsigned sum = 0;
	size_t n = strlen(text);

	(void)snprintf(head, 100, "%s", name);
	(void)snprintf(head + 100, 8, "%07o", 0644u);
	(void)snprintf(head + 124, 12, "%011o", (unsigned)n);
	head[156] = type;
	memcpy(head + 257, "ustar", 6);
	memset(head + 148, ' ', 8);
	for (size_t i = 0; i < sizeof head; i++)
		sum += (uint8_t)head[i];
	(void)snprintf(head + 148, 8, "%06o", sum);
	add(tar, head, sizeof head);
	add(tar, text, n);
	add(tar, zeros, -n % 512);
}

static void make_tar(vt_buf *tar)
{
	static const uint8_t zeros[1024];

	add_member(tar, "COPYING", '0', "text");
	add_member(tar, "x.info", '0', "info");
	add_member(tar, "folder.ndb", '5', "");
	add_member(tar, "x.ndb", '0', "A:0:*:6865\n");
	add_member(tar, "some/where/y.hdb", 0, "#");
	add_member(tar, "z.cbc", '0', "ClamBC");
	add(tar, zeros, sizeof zeros);
}

static void gzip(vt_span in, vt_buf *out)
{
	z_stream z = {.next_in = in.p, .avail_in = (uInt)in.n};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(vt_buf_reserve(out, in.n + 1000), VT_OK);
	z.next_out = out->p;
	z.avail_out = (uInt)(in.n + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n = z.total_out;
	(void)deflateEnd(&z);
}

/* A header and `rest`; `md5` or that of `rest` if NULL. */
static void make_container(vt_span rest, const char *md5, vt_buf *out)
{
	char head[513], hex[33];
	uint8_t digest[16];

	vt_md5(rest, digest);
	for (size_t i = 0; i < 16; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	(void)snprintf(head, sizeof head, "%-512s", "");
	(void)snprintf(head, sizeof head,
		"ClamAV-VDB:21 Nov 2026 22-19 +0000:7:42:90:%s:sig:me:1795299563", md5 ? md5 : hex);
	head[strlen(head)] = ' ';
	add(out, head, 512);
	add(out, rest.p, rest.n);
}

static const char all[] = "x.ndb=A:0:*:6865\n;y.hdb=#;z.cbc=ClamBC;";

static vt_err open_container(vt_span c, size_t cap, struct vt_cvd_header *h, struct seen *s)
{
	vt_buf storage = VT_BUF_INIT(cap);
	const char *why = NULL;
	vt_err err;

	*s = (struct seen){.text = VT_BUF_INIT(CAP)};
	err = vt_cvd_open(c, h, &storage, on_file, s, &why);
	assert_true(err == VT_OK || (why && *why));
	vt_buf_free(&storage);
	return err;
}

static void test_whole(void **state)
{
	vt_buf tar = VT_BUF_INIT(CAP), packed = VT_BUF_INIT(CAP), c = VT_BUF_INIT(CAP);
	struct vt_cvd_header h;
	struct seen s;

	(void)state;
	make_tar(&tar);
	gzip(vt_buf_span(&tar), &packed);
	make_container(vt_buf_span(&packed), NULL, &c);
	assert_int_equal(open_container(vt_buf_span(&c), CAP, &h, &s), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&s.text), vt_span_str(all)));
	assert_true(vt_span_eq(h.time, vt_span_str("21 Nov 2026 22-19 +0000")));
	assert_true(vt_span_eq(h.builder, vt_span_str("me")));
	assert_true(vt_span_eq(h.dsig, vt_span_str("sig")));
	assert_int_equal(h.version, 7);
	assert_int_equal(h.signatures, 42);
	assert_int_equal(h.level, 90);
	assert_int_equal(h.md5.n, 32);
	vt_buf_free(&s.text);

	/* Larger than the caller allows. */
	assert_int_equal(open_container(vt_buf_span(&c), 4096, &h, &s), VT_ELIMIT);
	vt_buf_free(&s.text);

	/* One bit of the content. */
	c.p[600] ^= 1;
	assert_int_equal(open_container(vt_buf_span(&c), CAP, &h, &s), VT_ECHECKSUM);
	assert_int_equal(s.text.n, 0);
	vt_buf_free(&s.text);
	vt_buf_free(&tar);
	vt_buf_free(&packed);
	vt_buf_free(&c);
}

/* .cld: patched in place, not packed, the MD5 that of what it was made from. */
static void test_plain_tar(void **state)
{
	vt_buf tar = VT_BUF_INIT(CAP), c = VT_BUF_INIT(CAP);
	struct vt_cvd_header h;
	struct seen s;

	(void)state;
	make_tar(&tar);
	make_container(vt_buf_span(&tar), "00000000000000000000000000000000", &c);
	assert_int_equal(open_container(vt_buf_span(&c), CAP, &h, &s), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&s.text), vt_span_str(all)));
	assert_int_equal(h.md5.n, 0);
	vt_buf_free(&s.text);
	for (size_t n = 0; n < c.n; n++) {
		vt_err err = open_container(vt_span_clip(vt_buf_span(&c), 0, n), CAP, &h, &s);

		/* An end behind a member is an end: ClamAV writes no closing blocks. */
		assert_true(err == VT_ETRUNCATED || (err == VT_OK && n >= 512));
		assert_true(s.text.n <= sizeof all - 1 &&
			memcmp(all, s.text.n ? (const char *)s.text.p : all, s.text.n) == 0);
		vt_buf_free(&s.text);
	}
	vt_buf_free(&tar);
	vt_buf_free(&c);
}

/* Cut anywhere, and with no MD5 that would tell: an error and not a part of the files. */
static void test_cut_gzip(void **state)
{
	vt_buf tar = VT_BUF_INIT(CAP), packed = VT_BUF_INIT(CAP), c = VT_BUF_INIT(CAP);
	struct vt_cvd_header h;
	struct seen s;

	(void)state;
	make_tar(&tar);
	gzip(vt_buf_span(&tar), &packed);
	make_container(vt_buf_span(&packed), "X", &c);
	for (size_t n = 514; n < c.n; n++) {
		assert_int_equal(open_container(vt_span_clip(vt_buf_span(&c), 0, n), CAP, &h, &s),
			VT_ETRUNCATED);
		assert_int_equal(s.text.n, 0);
		vt_buf_free(&s.text);
	}
	assert_int_equal(open_container(vt_buf_span(&c), CAP, &h, &s), VT_OK);
	assert_int_equal(h.md5.n, 1);
	vt_buf_free(&s.text);
	vt_buf_free(&tar);
	vt_buf_free(&packed);
	vt_buf_free(&c);
}

static void test_bad_headers(void **state)
{
	static const char *const heads[] = {
		"",
		"ClamAV-VDB",
		"ClamAV-VDB:time:1:2:3:md5:sig",
		"ClamAV-VDX:t:1:2:3:m:s:b:1",
		"ClamAV-VDB:t:x:2:3:m:s:b:1",
		"ClamAV-VDB:t:1:2:3:m:s:b:1:9",
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(heads); i++) {
		char head[513];
		struct vt_cvd_header h;
		struct seen s;

		(void)snprintf(head, sizeof head, "%-512s", heads[i]);
		assert_int_equal(open_container(vt_span_of(head, 512), CAP, &h, &s), VT_EFORMAT);
		vt_buf_free(&s.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_plain_tar),
		cmocka_unit_test(test_cut_gzip),
		cmocka_unit_test(test_bad_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
