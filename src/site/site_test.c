/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles, and what all kinds of sites have in common. http is in tests/e2e/test_egress.py. */
#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site/tar.h"

#define HEX64 "0123456789012345678901234567890123456789012345678901234567890123"

static void test_headers(void **state)
{
	static const char under_prefix[] = HEX64 "/chunk/ab/" HEX64;
	static const char *const paths[] = {"a", "tile/0/x001/067.p/3", under_prefix};
	vt_buf b = VT_BUF_INIT(1024);
	struct vt_tar_entry e;
	char longest[300];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		vt_buf_clear(&b);
		assert_int_equal(vt_tar_write_header(&b, paths[i], 12345 + i), VT_OK);
		assert_int_equal(b.n, VT_TAR_BLOCK);
		assert_int_equal(vt_tar_header(vt_buf_span(&b), &e), VT_OK);
		assert_string_equal(e.path, paths[i]);
		assert_int_equal(e.size, 12345 + i);
		/* Each byte of it is under the checksum. */
		for (size_t k = 0; k < b.n; k++) {
			b.p[k] ^= 1;
			if (k < 148 || k >= 156)
				assert_int_not_equal(vt_tar_header(vt_buf_span(&b), &e), VT_OK);
			b.p[k] ^= 1;
		}
	}
	memset(longest, 'a', sizeof longest);
	longest[299] = 0;
	assert_int_equal(vt_tar_write_header(&b, longest, 1), VT_EARG);
	assert_int_equal(vt_tar_write_header(&b, "", 1), VT_EARG);
	assert_int_equal(vt_tar_write_header(&b, "a", VT_TAR_FILE_MAX), VT_EARG);
	vt_buf_free(&b);
}

/* Writes a bundle of files whose content is their own path; `flaw` says what is wrong with it. */
static void write_bundle(const char *path, const char *const *names, size_t n, bool cut)
{
	FILE *f = fopen(path, "wb");
	vt_buf b = VT_BUF_INIT(1 << 16);

	assert_non_null(f);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		assert_int_equal(vt_tar_write_header(&b, names[i], len), VT_OK);
		assert_int_equal(vt_buf_add(&b, names[i], len), VT_OK);
		while (b.n % VT_TAR_BLOCK && !(cut && i + 1 == n))
			assert_int_equal(vt_buf_add(&b, "", 1), VT_OK);
	}
	if (cut)
		b.n--;
	else
		for (size_t i = 0; i < 2 * VT_TAR_BLOCK; i++)
			assert_int_equal(vt_buf_add(&b, "", 1), VT_OK);
	assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
	(void)fclose(f);
	vt_buf_free(&b);
}

static void test_bundles(void **state)
{
	static const char *const names[] = {"tile/0/000", "checkpoint", "tile/entries/000.p/7"};
	static const char *const twice[] = {"a", "b", "a"};
	char path[] = "/tmp/vt-bundle-XXXXXX";
	vt_buf out = VT_BUF_INIT(100);
	struct vt_site *s;

	(void)state;
	(void)close(mkstemp(path));
	write_bundle(path, names, 3, false);
	assert_int_equal(vt_site_open(path, NULL, &s), VT_OK);
	for (size_t i = 0; i < 3; i++) {
		vt_buf_clear(&out);
		assert_int_equal(vt_site_get(s, names[i], 100, &out), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&out), vt_span_str(names[i])));
	}
	vt_buf_clear(&out);
	assert_int_equal(vt_site_get(s, "checkpoint", 9, &out), VT_ELIMIT);
	assert_non_null(strstr(vt_site_why(s), "checkpoint"));
	assert_int_equal(vt_site_get(s, "checkpoin", 9, &out), VT_END);
	assert_int_equal(vt_site_get(s, "tile", 9, &out), VT_END);
	assert_int_equal(vt_site_get(s, "../x", 9, &out), VT_EARG);
	assert_int_equal(out.n, 0);
	assert_int_equal(vt_site_bytes(s), 10 + 10 + 20);
	vt_site_close(s);
	write_bundle(path, twice, 3, false);
	assert_int_equal(vt_site_open(path, NULL, &s), VT_EFORMAT);
	write_bundle(path, names, 3, true);
	assert_int_equal(vt_site_open(path, NULL, &s), VT_ETRUNCATED);
	(void)unlink(path);
	vt_buf_free(&out);
}

static void test_places(void **state)
{
	struct vt_site *s;

	(void)state;
	assert_int_equal(vt_site_open("http://h.example/x", NULL, &s), VT_EARG);
	assert_int_equal(vt_site_open("ftp://h.example/x", NULL, &s), VT_EARG);
	assert_int_equal(vt_site_open("/nonexistent/x", NULL, &s), VT_EIO);
	assert_int_equal(vt_site_open("/dev/null", NULL, &s), VT_EARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_bundles),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
