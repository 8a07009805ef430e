/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/fd.h"
#include "proc/service/journal.h"
#include "store/folder.h"

struct replayed {
	size_t n;
	uint64_t sum;
};

static vt_err count(void *ctx, const struct vt_journal_record *r)
{
	struct replayed *s = ctx;

	s->n++;
	s->sum += r->time;
	return VT_OK;
}

static void add_batch(vt_buf *file, uint64_t number, uint64_t time, unsigned records)
{
	static const uint8_t head[VT_JOURNAL_HEAD];
	size_t start = file->n;

	assert_int_equal(vt_buf_add(file, head, sizeof head), VT_OK);
	for (unsigned i = 0; i < records; i++) {
		struct vt_journal_record r = {time, {0}, vt_span_str("origin\n1\nroot\n")};

		assert_int_equal(vt_journal_record_write(file, &r), VT_OK);
	}
	vt_journal_seal(file->p + start, file->n - start, number);
}

static vt_err replay(vt_span file, struct replayed *s, size_t *good, uint64_t *next)
{
	*s = (struct replayed){0};
	return vt_journal_replay(file, count, s, good, next);
}

static void test_replay(void **state)
{
	vt_buf file = VT_BUF_INIT((size_t)1 << 20);
	struct replayed s;
	uint64_t next;
	size_t good, two;

	(void)state;
	assert_int_equal(replay(vt_span_of(NULL, 0), &s, &good, &next), VT_OK);
	assert_int_equal(good, 0);
	add_batch(&file, 5, 10, 3);
	add_batch(&file, 6, 20, 1);
	two = file.n;
	add_batch(&file, 7, 40, 2);
	assert_int_equal(replay(vt_buf_span(&file), &s, &good, &next), VT_OK);
	assert_int_equal(s.n, 6);
	assert_int_equal(s.sum, 130);
	assert_int_equal(good, file.n);
	assert_int_equal(next, 8);
	/* whatever of the last batch is missing, those before it are there */
	for (size_t n = two; n < file.n; n++) {
		assert_int_equal(replay(vt_span_of(file.p, n), &s, &good, &next), VT_OK);
		assert_int_equal(s.n, 4);
		assert_int_equal(good, two);
		assert_int_equal(next, 7);
	}
	vt_buf_free(&file);
}

static void test_damage_is_seen(void **state)
{
	vt_buf file = VT_BUF_INIT((size_t)1 << 20);
	struct replayed s;
	uint64_t next;
	size_t good, two;

	(void)state;
	add_batch(&file, 1, 10, 1);
	add_batch(&file, 2, 20, 1);
	two = file.n;
	add_batch(&file, 3, 40, 1);
	for (size_t i = 0; i < file.n; i++) {
		file.p[i] ^= 4;
		/* in the last batch it looks like one that was being written */
		assert_int_equal(replay(vt_buf_span(&file), &s, &good, &next),
			i < two ? VT_ECHECKSUM : VT_OK);
		file.p[i] ^= 4;
	}
	/* a batch that is missing between two */
	vt_buf_clear(&file);
	add_batch(&file, 1, 10, 1);
	add_batch(&file, 3, 20, 1);
	assert_int_equal(replay(vt_buf_span(&file), &s, &good, &next), VT_ECHECKSUM);
	vt_buf_free(&file);
}

static void test_bad_records(void **state)
{
	struct vt_journal_record r = {1, {0}, vt_span_str("no line")};
	vt_buf file = VT_BUF_INIT((size_t)1 << 20);
	struct replayed s;
	uint64_t next;
	size_t good;

	(void)state;
	assert_int_equal(vt_journal_record_write(&file, &r), VT_EARG);
	assert_int_equal(file.n, 0);
	add_batch(&file, 1, 10, 1);
	file.p[VT_JOURNAL_HEAD + 8]++; /* longer than the payload */
	vt_journal_seal(file.p, file.n, 1);
	assert_int_equal(replay(vt_buf_span(&file), &s, &good, &next), VT_EFORMAT);
	vt_buf_free(&file);
}

static int open_folder(char path[32])
{
	int dir;

	(void)snprintf(path, 32, "/tmp/vt-journal-XXXXXX");
	assert_non_null(mkdtemp(path));
	assert_int_equal(vt_store_open(path, false, &dir), VT_OK);
	return dir;
}

static void close_folder(int dir, const char *path)
{
	(void)unlinkat(dir, VT_JOURNAL_FILE, 0);
	vt_fd_close(dir);
	assert_int_equal(rmdir(path), 0);
}

static void expect(struct vt_journal *j, const char *origin, uint64_t time, const char *note)
{
	struct vt_journal_record r;
	size_t slot;

	assert_int_equal(vt_journal_slot(j, vt_span_str(origin), &slot), VT_OK);
	r = vt_journal_last(j, slot);
	assert_int_equal(r.time, time);
	assert_true(vt_span_eq(r.note, vt_span_str(note)));
}

static void test_newest_of_each_stays(void **state)
{
	char path[32], note[64];
	struct vt_journal *j;
	uint64_t ticket;
	size_t a, b;
	int dir = open_folder(path);

	(void)state;
	assert_int_equal(vt_journal_open(dir, &j), VT_OK);
	assert_int_equal(vt_journal_slot(j, vt_span_str("a"), &a), VT_OK);
	assert_int_equal(vt_journal_slot(j, vt_span_str("b"), &b), VT_OK);
	for (uint64_t i = 1; i <= 100; i++) {
		(void)snprintf(note, sizeof note, "%s\n%u\n", i % 2 ? "a" : "b", (unsigned)i);
		assert_int_equal(
			vt_journal_put(j, i % 2 ? a : b, i, vt_span_str(note), &ticket), VT_OK);
		if (i % 7 == 0)
			assert_int_equal(vt_journal_wait(j, ticket), VT_OK);
	}
	assert_int_equal(vt_journal_wait(j, ticket), VT_OK);
	vt_journal_close(j);
	/* twice: what opening writes anew says the same */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vt_journal_open(dir, &j), VT_OK);
		assert_int_equal(vt_journal_time(j), 100);
		expect(j, "a", 99, "a\n99\n");
		expect(j, "b", 100, "b\n100\n");
		expect(j, "c", 0, "");
		vt_journal_close(j);
	}
	close_folder(dir, path);
}

static void test_many_logs(void **state)
{
	char path[32], note[64];
	struct vt_journal *j;
	uint64_t ticket;
	int dir = open_folder(path);

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(vt_journal_open(dir, &j), VT_OK);
		for (unsigned i = 0; i < 2000; i++) {
			size_t slot;

			(void)snprintf(note, sizeof note, "log%u\n%u\n", i * 7919 % 2000, i);
			assert_int_equal(
				vt_journal_slot(j, vt_span_of(note, strcspn(note, "\n")), &slot),
				VT_OK);
			if (round == 1) {
				assert_true(vt_span_eq(
					vt_journal_last(j, slot).note, vt_span_str(note)));
				continue;
			}
			assert_int_equal(
				vt_journal_put(j, slot, i, vt_span_str(note), &ticket), VT_OK);
		}
		if (round == 0)
			assert_int_equal(vt_journal_wait(j, ticket), VT_OK);
		vt_journal_close(j);
	}
	close_folder(dir, path);
}

#define THREADS 8u
#define EACH 200u

struct writer {
	struct vt_journal *j;
	size_t slot;
	unsigned n;
	vt_err e;
};

static void *write_many(void *ctx)
{
	struct writer *w = ctx;

	for (unsigned i = 1; i <= EACH && !w->e; i++) {
		uint64_t ticket;
		char note[64];

		(void)snprintf(note, sizeof note, "t%u\n%u\n", w->n, i);
		w->e = vt_journal_put(w->j, w->slot, i, vt_span_str(note), &ticket);
		if (!w->e)
			w->e = vt_journal_wait(w->j, ticket);
	}
	return NULL;
}

static void test_threads_share_writes(void **state)
{
	struct writer w[THREADS];
	pthread_t threads[THREADS];
	struct vt_journal *j;
	char path[32], name[16];
	int dir = open_folder(path);

	(void)state;
	assert_int_equal(vt_journal_open(dir, &j), VT_OK);
	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (struct writer){.j = j, .n = i};
		(void)snprintf(name, sizeof name, "t%u", i);
		assert_int_equal(vt_journal_slot(j, vt_span_str(name), &w[i].slot), VT_OK);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &w[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(w[i].e, VT_OK);
	}
	vt_journal_close(j);
	assert_int_equal(vt_journal_open(dir, &j), VT_OK);
	for (unsigned i = 0; i < THREADS; i++) {
		char note[64];

		(void)snprintf(name, sizeof name, "t%u", i);
		(void)snprintf(note, sizeof note, "t%u\n%u\n", i, EACH);
		expect(j, name, EACH, note);
	}
	vt_journal_close(j);
	close_folder(dir, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_damage_is_seen),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_newest_of_each_stays),
		cmocka_unit_test(test_many_logs),
		cmocka_unit_test(test_threads_share_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
