/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "egress/entry.h"
#include "egress/file.h"
#include "egress/internal.h"
#include "egress/read.h"

static const vt_span peer = {(const uint8_t *)"192.0.2.1:80 h.example", 22};

static vt_egress_fn count_entry;
static vt_err count_entry(void *ctx, const struct vt_egress *e, vt_span raw)
{
	(void)e;
	(void)raw;
	++*(uint64_t *)ctx;
	return VT_OK;
}

/* A folder of its own for a test. */
struct folder {
	char path[64];
	int dir;
	struct vt_ledger_files files;
};

static vt_err get_file(void *ctx, const char *path, size_t max, vt_buf *out)
{
	return vt_file_read(((struct folder *)ctx)->dir, path, max, out);
}

static void make(struct folder *f)
{
	(void)snprintf(f->path, sizeof f->path, "/tmp/vt-ledger-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY);
	assert_true(f->dir >= 0);
	f->files = (struct vt_ledger_files){.get = get_file, .ctx = f};
}

static void drop(struct folder *f)
{
	static const char *const known[] = {"current", "checkpoint", "key", "key.pub", "lock",
		"tile/entries/000", "tile/entries/001", "tile/entries", "tile/0/000", "tile/0/001",
		"tile/0", "tile"};

	DIR *d = opendir(f->path);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, "torn.", 5) == 0)
			(void)unlinkat(f->dir, e->d_name, 0);
	if (d)
		(void)closedir(d);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (unlinkat(f->dir, known[i], 0))
			(void)unlinkat(f->dir, known[i], AT_REMOVEDIR);
	(void)close(f->dir);
	(void)rmdir(f->path);
}

static void append(struct vt_ledger *l, size_t n)
{
	char text[32];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text, sizeof text, "GET /%zu", i);
		assert_int_equal(
			vt_ledger_append(l, VT_EGRESS_TCP, peer, vt_span_str(text)), VT_OK);
	}
}

static void expect(const struct folder *f, uint64_t size, uint64_t head)
{
	struct vt_ledger_report r;

	assert_int_equal(vt_ledger_verify(&f->files, (vt_span){0}, &r), VT_OK);
	assert_int_equal(r.walk.next, size);
	assert_int_equal(r.head_size, head);
	assert_int_equal(r.tiles, size / 256);
}

static void test_grows_and_reopens(void **state)
{
	struct vt_ledger *l, *second;
	uint64_t seen = 0;
	struct vt_ledger_walk walk;
	struct folder f;

	(void)state;
	make(&f);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	assert_int_equal(vt_ledger_open(f.path, &second), VT_EAGAIN);
	append(l, 300);
	assert_int_equal(vt_ledger_size(l), 300);
	expect(&f, 300, 0); /* also while it is open */
	vt_ledger_close(l);
	expect(&f, 300, 300);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	assert_int_equal(vt_ledger_size(l), 300);
	append(l, 212);
	assert_int_equal(vt_ledger_size(l), 512);
	vt_ledger_close(l);
	expect(&f, 512, 512);
	assert_int_equal(vt_ledger_each(&f.files, 500, count_entry, &seen, &walk), VT_OK);
	assert_int_equal(seen, 12);
	drop(&f);
}

static void test_long_bytes_become_several(void **state)
{
	static uint8_t big[2 * VT_EGRESS_MAX + 1];
	struct vt_ledger *l;
	struct folder f;

	(void)state;
	make(&f);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	assert_int_equal(
		vt_ledger_append(l, VT_EGRESS_PLAIN, peer, vt_span_of(big, sizeof big)), VT_OK);
	assert_int_equal(vt_ledger_size(l), 3);
	/* A bad argument is the caller's mistake, and ends nothing. */
	assert_int_equal(
		vt_ledger_append(l, VT_EGRESS_TCP, vt_span_str("a\nb"), (vt_span){0}), VT_EARG);
	append(l, 1);
	vt_ledger_close(l);
	expect(&f, 4, 4);
	drop(&f);
}

static size_t file_size(const struct folder *f, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(f->dir, name, &st, 0), 0);
	return (size_t)st.st_size;
}

static void cut(const struct folder *f, const char *name, size_t size)
{
	int fd = openat(f->dir, name, O_RDWR);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	(void)close(fd);
}

/* Wherever the last write was cut off, the ledger goes on behind the entry before it. */
static void test_torn_anywhere(void **state)
{
	struct vt_ledger *l;
	struct folder f;
	size_t two, three;

	(void)state;
	make(&f);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 2);
	vt_ledger_close(l);
	two = file_size(&f, "current");
	for (size_t lost = 1;; lost++) {
		assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
		assert_int_equal(vt_ledger_size(l), 2);
		append(l, 1);
		l->broken = true; /* killed: no checkpoint */
		vt_ledger_close(l);
		three = file_size(&f, "current");
		if (lost >= three - two)
			break;
		cut(&f, "current", three - lost);
		assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
		assert_int_equal(vt_ledger_size(l), 2);
		assert_int_equal(file_size(&f, "current"), two);
		l->broken = true;
		vt_ledger_close(l);
	}
	/* Zeros in place of the data. */
	cut(&f, "current", two);
	cut(&f, "current", three);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	assert_int_equal(vt_ledger_size(l), 2);
	vt_ledger_close(l);
	expect(&f, 2, 2);
	drop(&f);
}

static void flip(const struct folder *f, const char *name, size_t at)
{
	int fd = openat(f->dir, name, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	(void)close(fd);
}

/* Damage that no lost power explains is not repaired: nothing may be sent. */
static void test_damage_stops(void **state)
{
	struct vt_ledger_report r;
	struct vt_ledger *l;
	struct folder f;
	size_t n;

	(void)state;
	make(&f);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 260);
	vt_ledger_close(l);
	n = file_size(&f, "current");
	flip(&f, "current", n / 2);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_EFORMAT);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	flip(&f, "current", n / 2);
	flip(&f, "tile/0/000", 5);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_EFORMAT);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	flip(&f, "tile/0/000", 5);
	flip(&f, "tile/entries/000", 300);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	flip(&f, "tile/entries/000", 300);
	/* The last entries are gone, but the checkpoint has them. */
	cut(&f, "current", 0);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_EFORMAT);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	drop(&f);
}

/* The same where no checkpoint helps: nobody but the writer knew of the entries. */
static void test_damage_without_checkpoint(void **state)
{
	vt_buf b = VT_BUF_INIT(1 << 16);
	struct vt_ledger_report r;
	struct vt_ledger *l;
	struct folder f;
	int fd;

	(void)state;
	make(&f);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 3);
	l->broken = true; /* killed */
	vt_ledger_close(l);
	flip(&f, "current", 5);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_EFORMAT);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	flip(&f, "current", 5);
	expect(&f, 3, 0);
	/* The same entries once more, with numbers that are taken. */
	assert_int_equal(vt_file_read(f.dir, "current", 1 << 15, &b), VT_OK);
	fd = openat(f.dir, "current", O_RDWR);
	assert_int_equal(vt_file_pwrite(fd, vt_buf_span(&b), b.n), VT_OK);
	(void)close(fd);
	assert_int_equal(vt_ledger_verify(&f.files, (vt_span){0}, &r), VT_EFORMAT);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_EFORMAT);
	vt_buf_free(&b);
	drop(&f);
}

static vt_err keep_last(void *ctx, const char *path, vt_span bytes)
{
	vt_buf *b = ctx;

	(void)path;
	vt_buf_clear(b);
	return vt_buf_add(b, bytes.p, bytes.n);
}

/* A checkpoint that was kept elsewhere: of this ledger, of its past, of another. */
static void test_kept_checkpoint(void **state)
{
	vt_buf kept = VT_BUF_INIT(1 << 16);
	struct vt_ledger_report r;
	struct vt_ledger_walk walk;
	struct folder f, other;
	struct vt_ledger *l;

	(void)state;
	make(&f);
	make(&other);
	assert_int_equal(vt_ledger_export(&f.files, keep_last, &kept, &walk), VT_END);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 5);
	vt_ledger_close(l);
	assert_int_equal(vt_ledger_export(&f.files, keep_last, &kept, &walk), VT_OK);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 300);
	vt_ledger_close(l);
	assert_int_equal(vt_ledger_verify(&f.files, vt_buf_span(&kept), &r), VT_OK);
	assert_int_equal(r.other_size, 5);
	assert_int_equal(vt_ledger_open(other.path, &l), VT_OK);
	append(l, 5);
	vt_ledger_close(l);
	assert_int_equal(vt_ledger_verify(&other.files, vt_buf_span(&kept), &r), VT_EFORMAT);
	/* The same key, another past. */
	assert_int_equal(unlinkat(f.dir, "current", 0), 0);
	assert_int_equal(unlinkat(f.dir, "checkpoint", 0), 0);
	assert_int_equal(unlinkat(f.dir, "tile/entries/000", 0), 0);
	assert_int_equal(vt_ledger_open(f.path, &l), VT_OK);
	append(l, 7);
	vt_ledger_close(l);
	assert_int_equal(vt_ledger_verify(&f.files, vt_buf_span(&kept), &r), VT_EFORMAT);
	vt_buf_free(&kept);
	drop(&f);
	drop(&other);
}

static void test_entry_form(void **state)
{
	static const char *const bad[] = {
		"vitrine/egress/v2\nseq 1\ntime 2\nkind tcp\npeer p\nlength 0\nsha256 ",
		"vitrine/egress/v1\nseq 01\ntime 2\nkind tcp\npeer p\nlength 0\nsha256 ",
		"vitrine/egress/v1\nseq 1\ntime -2\nkind tcp\npeer p\nlength 0\nsha256 ",
		"vitrine/egress/v1\nseq 1\ntime 2\nkind TCP\npeer p\nlength 0\nsha256 ",
		"vitrine/egress/v1\nseq 1\ntime 2\nkind tcp\npeer  p\nlength 0\nsha256 ",
		"vitrine/egress/v1\nseq 1\ntime 2\nkind tcp\npeer p\nlength 1\nsha256 ",
		"vitrine/egress/v1\ntime 2\nseq 1\nkind tcp\npeer p\nlength 0\nsha256 ",
	};
	static const char good[] =
		"vitrine/egress/v1\nseq 1\ntime 2\nkind tcp\npeer p\nlength 0\nsha256 ";
	static const char empty[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\n";
	struct vt_egress e = {.seq = 1, .time = 2, .kind = VT_EGRESS_TCP};
	vt_buf b = VT_BUF_INIT(4096);
	char text[256];

	(void)state;
	e.peer = vt_span_str("p");
	assert_int_equal(vt_egress_write(&b, &e), VT_OK);
	(void)snprintf(text, sizeof text, "%s%s", good, empty);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(text)));
	assert_int_equal(vt_egress_parse(vt_span_str(text), &e), VT_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)snprintf(text, sizeof text, "%s%s", bad[i], empty);
		assert_int_equal(vt_egress_parse(vt_span_str(text), &e), VT_EFORMAT);
	}
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(
			vt_egress_parse(vt_span_clip(vt_buf_span(&b), 0, n), &e), VT_EFORMAT);
	assert_int_equal(vt_buf_add(&b, "x", 1), VT_OK);
	assert_int_equal(vt_egress_parse(vt_buf_span(&b), &e), VT_EFORMAT);
	/* The digest is of the bytes. */
	vt_buf_clear(&b);
	e.bytes = vt_span_str("abc");
	e.peer = vt_span_str("p");
	assert_int_equal(vt_egress_write(&b, &e), VT_OK);
	assert_int_equal(vt_egress_parse(vt_buf_span(&b), &e), VT_OK);
	b.p[b.n - 1] ^= 1;
	assert_int_equal(vt_egress_parse(vt_buf_span(&b), &e), VT_EFORMAT);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_form),
		cmocka_unit_test(test_grows_and_reopens),
		cmocka_unit_test(test_long_bytes_become_several),
		cmocka_unit_test(test_torn_anywhere),
		cmocka_unit_test(test_damage_stops),
		cmocka_unit_test(test_damage_without_checkpoint),
		cmocka_unit_test(test_kept_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
