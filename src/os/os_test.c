/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "os/map.h"

static int temporary(const void *p, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(vt_fd_write(fd, p, n), VT_OK);
	return fd;
}

static void test_read_all(void **state)
{
	static const uint64_t hints[] = {0, 1, 4095, 4096, 9999, 10000, 10001, 1 << 20};
	uint8_t *content = malloc(10000);
	int fd;

	(void)state;
	assert_non_null(content);
	for (size_t i = 0; i < 10000; i++)
		content[i] = (uint8_t)(i * 7);
	fd = temporary(content, 10000);
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
		vt_buf b = VT_BUF_INIT(1 << 21);

		assert_int_equal(vt_fd_read_all(fd, hints[i], &b), VT_OK);
		assert_int_equal(b.n, 10000);
		assert_memory_equal(b.p, content, 10000);
		vt_buf_free(&b);
	}
	for (size_t max = 9990; max <= 10001; max++) {
		vt_buf b = VT_BUF_INIT(max);

		/* Room for the whole file and one byte more, to see its end. */
		assert_int_equal(vt_fd_read_all(fd, 10000, &b), max > 10000 ? VT_OK : VT_ELIMIT);
		vt_buf_free(&b);
	}
	vt_fd_close(fd);
	free(content);
}

/* Files whose size is 0 for fstat, and which read in pieces. */
static void test_read_kernel_file(void **state)
{
	vt_buf b = VT_BUF_INIT(1 << 20);
	uint64_t size;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(vt_fd_size(fd, &size), VT_OK);
	assert_int_equal(size, 0);
	assert_int_equal(vt_fd_read_all(fd, size, &b), VT_OK);
	assert_true(b.n > 100);
	assert_int_equal(b.p[b.n - 1], '\n');
	assert_non_null(memmem(b.p, b.n, "[stack]", 7));
	vt_buf_free(&b);
	vt_fd_close(fd);
}

static void test_errors(void **state)
{
	uint64_t size;
	size_t n;
	char c;

	(void)state;
	assert_int_equal(vt_fd_size(-1, &size), VT_EIO);
	assert_int_equal(vt_fd_pread(-1, &c, 1, 0, &n), VT_EIO);
	assert_int_equal(vt_fd_write(-1, &c, 1), VT_EIO);
	vt_fd_close(-1);
}

static void test_close_from(void **state)
{
	int low = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high = fcntl(low, F_DUPFD_CLOEXEC, 100);

	(void)state;
	assert_true(low >= 0 && high >= 100);
	vt_fd_close_from(high);
	assert_int_equal(fcntl(high, F_GETFD), -1);
	assert_int_equal(fcntl(low, F_GETFD), FD_CLOEXEC);
	vt_fd_close(low);
}

static uint64_t sum(vt_span s)
{
	const volatile uint8_t *p = s.p;
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += p[i];
	return n;
}

static void test_guard(void **state)
{
	const size_t size = 10 * 4096 + 10;
	uint8_t *ones = malloc(size);
	vt_span map;
	int fd;

	(void)state;
	assert_non_null(ones);
	memset(ones, 1, size);
	fd = temporary(ones, size);
	assert_int_equal(vt_map_guard_install(), VT_OK);
	assert_int_equal(vt_map_file(fd, size, &map), VT_OK);
	vt_map_guard(map, fd);
	assert_int_equal(sum(map), size);
	assert_false(vt_map_unguard());
	/* The file shrinks to a part of its third page: the pages behind it are zeros. */
	vt_map_guard(map, fd);
	assert_int_equal(ftruncate(fd, 2 * 4096 + 5), 0);
	vt_map_drop(map);
	assert_int_equal(sum(map), 2 * 4096 + 5);
	assert_true(vt_map_unguard());
	vt_map_close(map);
	assert_int_equal(vt_map_file(fd, 0, &map), VT_OK);
	assert_int_equal(map.n, 0);
	vt_fd_close(fd);
	free(ones);
}

static void test_clock(void **state)
{
	uint64_t a = vt_clock_ms();

	(void)state;
	(void)usleep(3000);
	assert_in_range(vt_clock_ms() - a, 2, 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_all),
		cmocka_unit_test(test_read_kernel_file),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_close_from),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
