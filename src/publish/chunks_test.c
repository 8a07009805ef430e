/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "crypto/hash.h"
#include "os/fd.h"
#include "publish/chunks.h"
#include "store/folder.h"

static char root[] = "/tmp/vt-chunks-XXXXXX";
static int dir = -1;

static int begin(void **state)
{
	(void)state;
	return mkdtemp(root) && vt_store_open(root, false, &dir) == VT_OK ? 0 : -1;
}

static int end(void **state)
{
	char command[] = "rm", flags[] = "-rf";
	char *argv[] = {command, flags, root, NULL};
	int status;
	pid_t pid;

	(void)state;
	vt_fd_close(dir);
	pid = fork();
	if (pid == 0) {
		execvp("rm", argv);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* Text like that of signatures: half of it can be packed away. */
static uint8_t *text_of(size_t n)
{
	uint8_t *p = malloc(n);
	uint32_t x = 1;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t) "0123456789abcdef"[x >> 28];
	}
	return p;
}

static vt_err from_folder(void *ctx, const char *path, size_t max, vt_buf *out)
{
	return vt_store_read(*(const int *)ctx, path, max, out);
}

static size_t pack(int to, const uint8_t *p, size_t n, size_t step, struct vt_chunk *out)
{
	const struct vt_chunk *v;
	struct vt_chunk_writer *w;
	size_t got;

	assert_int_equal(vt_chunk_writer_new(to, VT_CHUNK_FULL, &w), VT_OK);
	for (size_t at = 0; at < n; at += step)
		assert_int_equal(
			vt_chunk_writer_add(w, vt_span_of(p + at, step < n - at ? step : n - at)),
			VT_OK);
	assert_int_equal(vt_chunk_writer_finish(w, &v, &got), VT_OK);
	memcpy(out, v, got * sizeof *v);
	vt_chunk_writer_free(w);
	return got;
}

static void test_there_and_back(void **state)
{
	size_t n = 2 * VT_CHUNK_PIECE + 12345, at = 0, count;
	struct vt_chunk a[8], b[8];
	uint8_t *p = text_of(n);
	struct vt_chunk_reader r;
	vt_span piece;

	(void)state;
	count = pack(dir, p, n, 1000, a);
	assert_int_equal(count, 3);
	assert_int_equal(a[0].raw, VT_CHUNK_PIECE);
	assert_int_equal(a[2].raw, 12345);
	assert_true(a[0].packed < VT_CHUNK_PIECE * 6 / 10);
	/* however it was added, and without a folder */
	assert_int_equal(pack(-1, p, n, n, b), 3);
	assert_memory_equal(a, b, 3 * sizeof *a);
	vt_chunk_reader_open(&r, a, count, from_folder, &dir);
	while (vt_chunk_reader_next(&r, &piece) == VT_OK) {
		assert_true(piece.n <= n - at);
		assert_memory_equal(piece.p, p + at, piece.n);
		at += piece.n;
	}
	assert_int_equal(at, n);
	assert_int_equal(vt_chunk_reader_next(&r, &piece), VT_END);
	vt_chunk_reader_free(&r);
	assert_int_equal(pack(dir, p, 0, 1, a), 0);
	assert_int_equal(pack(dir, p, VT_CHUNK_PIECE, VT_CHUNK_PIECE, a), 1);
	free(p);
}

/* What a power loss left under the right name is written anew; what is whole is left alone. */
static void test_again(void **state)
{
	uint8_t *p = text_of(5000);
	char path[VT_CHUNK_PATH_SIZE];
	struct stat first, second;
	struct vt_chunk c;

	(void)state;
	assert_int_equal(pack(dir, p, 5000, 5000, &c), 1);
	(void)vt_chunk_path(&c.sha256, path);
	assert_int_equal(fstatat(dir, path, &first, 0), 0);
	assert_int_equal(pack(dir, p, 5000, 5000, &c), 1);
	assert_int_equal(fstatat(dir, path, &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(vt_store_write(dir, path, vt_span_str("")), VT_OK);
	assert_int_equal(pack(dir, p, 5000, 5000, &c), 1);
	assert_int_equal(fstatat(dir, path, &second, 0), 0);
	assert_int_equal(second.st_size, c.packed);
	free(p);
}

/* Looks like a chunk that the log vouches for. */
static struct vt_chunk named(vt_span packed, uint32_t raw)
{
	struct vt_chunk c = {.raw = raw, .packed = (uint32_t)packed.n};

	vt_sha256(packed, c.sha256.b);
	return c;
}

static void refused(vt_span packed, uint32_t raw, vt_err why)
{
	struct vt_chunk c = named(packed, raw);
	vt_buf b = VT_BUF_INIT(VT_CHUNK_RAW_MAX);

	assert_int_equal(vt_buf_add(&b, "x", 1), VT_OK);
	assert_int_equal(vt_chunk_unpack(&c, packed, &b), why);
	assert_int_equal(b.n, 1);
	for (unsigned i = 0; i < VT_BUF_SLACK; i++)
		assert_int_equal(b.p[1 + i], 0);
	vt_buf_free(&b);
}

static void test_hostile(void **state)
{
	static uint8_t raw[70000], packed[80000], twice[80000];
	vt_buf b = VT_BUF_INIT(sizeof raw);
	struct vt_chunk c;
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n, first;

	(void)state;
	n = ZSTD_compress(packed, sizeof packed, raw, sizeof raw, 3);
	c = named(vt_span_of(packed, n), sizeof raw);
	assert_int_equal(vt_chunk_unpack(&c, vt_span_of(packed, n), &b), VT_OK);
	assert_memory_equal(b.p, raw, sizeof raw);
	/* another size, other bytes, another name */
	assert_int_equal(vt_chunk_unpack(&c, vt_span_of(packed, n - 1), &b), VT_ECHECKSUM);
	packed[n - 1] ^= 1;
	assert_int_equal(vt_chunk_unpack(&c, vt_span_of(packed, n), &b), VT_ECHECKSUM);
	packed[n - 1] ^= 1;
	c.packed++;
	assert_int_equal(vt_chunk_unpack(&c, vt_span_of(packed, n), &b), VT_ECHECKSUM);
	/* the buffer is full: the frame is not begun */
	c.packed--;
	assert_int_equal(vt_chunk_unpack(&c, vt_span_of(packed, n), &b), VT_ELIMIT);
	vt_buf_free(&b);
	/* vouched for, but not one frame of that size */
	refused(vt_span_of(packed, n), sizeof raw - 1, VT_EFORMAT);
	refused(vt_span_of(packed, n), sizeof raw + 1, VT_EFORMAT);
	refused(vt_span_of(packed, n), 0, VT_EARG);
	refused(vt_span_of(packed, n), VT_CHUNK_RAW_MAX + 1, VT_EARG);
	refused(vt_span_of(packed, n - 1), sizeof raw, VT_EFORMAT);
	refused(vt_span_of(raw, 100), sizeof raw, VT_EFORMAT);
	refused(vt_span_of(raw, 0), sizeof raw, VT_EFORMAT);
	first = ZSTD_compress(twice, sizeof twice, raw, sizeof raw / 2, 3);
	n = ZSTD_compress(twice + first, sizeof twice - first, raw, sizeof raw / 2, 3);
	refused(vt_span_of(twice, first + n), sizeof raw, VT_EFORMAT);
	refused(vt_span_of(twice, first + n), sizeof raw / 2, VT_EFORMAT);
	/* a frame, and another that holds nothing */
	n = ZSTD_compress(packed, sizeof packed - 8, raw, sizeof raw, 3);
	memcpy(packed + n, "\x50\x2a\x4d\x18\0\0\0", 8);
	refused(vt_span_of(packed, n + 8), sizeof raw, VT_EFORMAT);
	/* a frame that does not say how long it is */
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(z, packed, sizeof packed, raw, sizeof raw);
	refused(vt_span_of(packed, n), sizeof raw, VT_EFORMAT);
	ZSTD_freeCCtx(z);
}

static void test_missing(void **state)
{
	struct vt_chunk c = {.raw = 10, .packed = 10};
	struct vt_chunk_reader r;
	vt_span piece;

	(void)state;
	vt_chunk_reader_open(&r, &c, 1, from_folder, &dir);
	assert_int_equal(vt_chunk_reader_next(&r, &piece), VT_EFORMAT);
	assert_int_equal(r.at, 0);
	vt_chunk_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
