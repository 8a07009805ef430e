/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "os/fd.h"
#include "publish/keyfile.h"

static char root[] = "/tmp/vt-keyfile-XXXXXX";
static char path[64];

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(root) || vt_sign_init())
		return -1;
	(void)snprintf(path, sizeof path, "%s/key", root);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(root);
}

static size_t load(char *out, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, max - 1, f);
	out[n] = '\0';
	assert_int_equal(fclose(f), 0);
	return n;
}

static void store(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void test_bare(void **state)
{
	struct vt_signer made, opened;
	struct vt_key public;
	struct stat st;
	bool sealed = true;

	(void)state;
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("example.com/log"), VT_KEY_ED25519, NULL, &made),
		VT_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_OK);
	assert_false(sealed);
	assert_string_equal(public.name, "example.com/log");
	assert_memory_equal(public.pub, made.key.pub, VT_PUBLIC_SIZE);
	assert_int_equal(vt_keyfile_open(path, NULL, &opened), VT_OK);
	assert_memory_equal(opened.seed, made.seed, VT_SEED_SIZE);
	assert_int_equal(opened.key.type, VT_KEY_ED25519);
	/* never over another key */
	errno = 0;
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("other"), VT_KEY_ED25519, NULL, &made), VT_EIO);
	assert_int_equal(errno, EEXIST);
	/* nor one that others may read or write */
	assert_int_equal(chmod(path, 0640), 0);
	errno = 0;
	assert_int_equal(vt_keyfile_open(path, NULL, &opened), VT_EIO);
	assert_int_equal(errno, EACCES);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_EIO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("a name"), VT_KEY_ED25519, NULL, &made), VT_EARG);
	assert_int_equal(vt_keyfile_open(path, NULL, &opened), VT_EIO);
	assert_int_equal(errno, ENOENT);
}

static void test_sealed(void **state)
{
	vt_span right = vt_span_str("correct horse"), wrong = vt_span_str("correct hors");
	struct vt_signer made, opened;
	struct vt_key public;
	bool sealed = false;
	static char text[4096];
	size_t n;

	(void)state;
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("w.example"), VT_KEY_COSIGNATURE, &right, &made),
		VT_OK);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_OK);
	assert_true(sealed);
	assert_int_equal(public.type, VT_KEY_COSIGNATURE);
	assert_int_equal(vt_keyfile_open(path, NULL, &opened), VT_ECHECKSUM);
	assert_int_equal(vt_keyfile_open(path, &wrong, &opened), VT_ECHECKSUM);
	assert_int_equal(vt_keyfile_open(path, &right, &opened), VT_OK);
	assert_memory_equal(opened.seed, made.seed, VT_SEED_SIZE);
	/* neither the seed nor a part of it is in the file */
	n = load(text, sizeof text);
	assert_null(memmem(text, n, made.seed, 8));
	assert_null(memmem(text, n, "bare ", 5));
	assert_int_equal(unlink(path), 0);
}

/* Any other text is refused: lines changed, cut off, added, another key's public line. */
static void test_format(void **state)
{
	struct vt_signer made;
	struct vt_key public;
	static char text[4096], other[4096];
	bool sealed;
	size_t n;

	(void)state;
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("a"), VT_KEY_ED25519, NULL, &made), VT_OK);
	n = load(other, sizeof other);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
		vt_keyfile_new(path, vt_span_str("a"), VT_KEY_ED25519, NULL, &made), VT_OK);
	assert_int_equal(load(text, sizeof text), n);
	for (size_t i = 0; i < n; i++) {
		store(text, i);
		assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_EFORMAT);
	}
	store(text, n + 1); /* the NUL behind it */
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_EFORMAT);
	store(text, n);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_OK);
	/* fewer bytes than a seed has */
	memmove(other + n - 5, other + n - 1, 1);
	store(other, n - 4);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_EFORMAT);
	/* the public line of one key over the seed of another */
	memcpy(text, other, (size_t)(strstr(other, "bare") - other));
	store(text, n);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_OK);
	assert_int_equal(vt_keyfile_open(path, NULL, &made), VT_EFORMAT);
	memset(text, 'a', sizeof text);
	store(text, sizeof text);
	assert_int_equal(vt_keyfile_public(path, &public, &sealed), VT_EFORMAT);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
