/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parsers of rpm's databases, on what tests/gen/package_samples.py makes with Berkeley DB and
 * SQLite themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/num.h"
#include "inventory/package/bdb.h"
#include "inventory/package/ndb.h"
#include "inventory/package/rpm.h"
#include "inventory/package/wal.h"

#define assert_span(span, text) assert_true(vt_span_eq((span), vt_span_str(text)))

static uint8_t bytes[1 << 20];
static vt_arena arena = VT_ARENA_INIT((size_t)1 << 20);

static int reset(void **state)
{
	(void)state;
	vt_arena_free(&arena);
	return 0;
}

static vt_span load(const char *name)
{
	char path[512];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, VT_SAMPLES "/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof bytes, f);
	(void)fclose(f);
	return vt_span_of(bytes, n);
}

static void test_header(void **state)
{
	vt_span blob = load("package-rpm/header-1"), folder, name;
	struct vt_rpm_files files;
	struct vt_package p;
	size_t n = 0;

	(void)state;
	assert_int_equal(vt_rpm_header(blob, &arena, &p, &files), VT_OK);
	assert_span(p.name, "kesl");
	assert_span(p.version, "2:12.1.0-1");
	assert_span(p.arch, "x86_64");
	assert_span(p.vendor, "Example AO");
	assert_span(p.source, "kesl.src.rpm");
	for (; vt_rpm_file_next(&files, &folder, &name); n++)
		assert_span(folder, n % 2 ? "/usr/bin/" : "/opt/kesl/");
	assert_int_equal(n, 40);
	assert_span(name, "file39");
	for (size_t cut = 0; cut < blob.n; cut++)
		assert_int_equal(
			vt_rpm_header(vt_span_of(bytes, cut), &arena, &p, &files), VT_ETRUNCATED);
	bytes[0] = 0xff; /* too many entries */
	assert_int_equal(vt_rpm_header(blob, &arena, &p, &files), VT_EFORMAT);
}

static unsigned count_ndb(vt_span s, vt_err want)
{
	struct vt_ndb d;
	vt_span blob;
	unsigned n = 0;
	vt_err e;

	assert_int_equal(vt_ndb_open(s, &d), VT_OK);
	while ((e = vt_ndb_next(&d, &blob)) != VT_END) {
		assert_true(!e || e == want);
		n += !e;
		if (e == VT_ELIMIT)
			break;
	}
	return n;
}

static void test_ndb(void **state)
{
	vt_span s = load("package-ndb/three");
	struct vt_ndb d;

	(void)state;
	assert_int_equal(count_ndb(s, VT_OK), 3);
	bytes[4200] ^= 1;
	assert_int_equal(count_ndb(s, VT_ECHECKSUM), 2);
	bytes[4200] ^= 1;
	bytes[4100] ^= 1; /* the number in the blob's head */
	assert_int_equal(count_ndb(s, VT_EFORMAT), 2);
	bytes[4100] ^= 1;
	assert_int_equal(count_ndb(vt_span_of(bytes, s.n - 16), VT_ETRUNCATED), 2);
	for (size_t i = 3; i < 256; i++) /* all slots name the first blob */
		memcpy(bytes + i * 16, bytes + 32, 16);
	assert_true(count_ndb(s, VT_ELIMIT) < 20);
	assert_int_equal(vt_ndb_open(vt_span_of(bytes, 4095), &d), VT_ETRUNCATED);
	bytes[4] = 1;
	assert_int_equal(vt_ndb_open(s, &d), VT_EVERSION);
	bytes[0] = 0;
	assert_int_equal(vt_ndb_open(s, &d), VT_EFORMAT);
}

static unsigned count_bdb(vt_span s)
{
	vt_buf scratch = VT_BUF_INIT(1 << 20);
	struct vt_rpm_files files;
	struct vt_package p;
	struct vt_bdb d;
	vt_span key, value;
	uint32_t number;
	unsigned n = 0;

	assert_int_equal(vt_bdb_open(s, &d), VT_OK);
	while (vt_bdb_next(&d, &scratch, &key, &value) == VT_OK) {
		assert_true(vt_bdb_u32(&d, key, 0, &number));
		assert_int_equal(key.n, 4);
		if (number) {
			assert_int_equal(vt_rpm_header(value, &arena, &p, &files), VT_OK);
			n++;
		}
	}
	vt_buf_free(&scratch);
	return n;
}

static void test_bdb(void **state)
{
	vt_span s = load("package-bdb/little");
	struct vt_bdb d;

	(void)state;
	assert_int_equal(count_bdb(s), 3);
	assert_int_equal(vt_bdb_open(vt_span_of(bytes, s.n - 512), &d), VT_ETRUNCATED);
	assert_int_equal(vt_bdb_open(vt_span_of(bytes, 511), &d), VT_ETRUNCATED);
	bytes[24] = 1; /* encrypted */
	assert_int_equal(vt_bdb_open(s, &d), VT_EUNSUPPORTED);
	bytes[16] = 6;
	assert_int_equal(vt_bdb_open(s, &d), VT_EVERSION);
	bytes[12] = 0;
	assert_int_equal(vt_bdb_open(s, &d), VT_EFORMAT);
	assert_int_equal(count_bdb(load("package-bdb/big")), 1);
}

/* The last pages of the log belong to a transaction that added a row. */
static void test_wal(void **state)
{
	vt_span s = load("package-wal/log");
	size_t n = (size_t)bytes[0] * 512, late;
	vt_buf db = VT_BUF_INIT(1 << 20);
	vt_span log = vt_span_of(bytes + 1 + n, s.n - 1 - n);

	(void)state;
	assert_int_equal(vt_buf_add(&db, bytes + 1, n), VT_OK);
	assert_false(vt_span_find(vt_buf_span(&db), 0, "late", 4, &late));
	assert_int_equal(vt_wal_apply(vt_span_of(log.p, log.n - 1), &db), VT_OK); /* no commit */
	assert_false(vt_span_find(vt_buf_span(&db), 0, "late", 4, &late));
	bytes[s.n - 1] ^= 1; /* a frame that was not written whole */
	assert_int_equal(vt_wal_apply(log, &db), VT_OK);
	bytes[s.n - 1] ^= 1;
	assert_int_equal(vt_wal_apply(vt_span_of(NULL, 0), &db), VT_OK);
	assert_memory_equal(db.p, bytes + 1, n);
	assert_int_equal(vt_wal_apply(log, &db), VT_OK);
	assert_true(vt_span_find(vt_buf_span(&db), 0, "late", 4, &late));
	assert_int_equal(db.p[18], 2);
	assert_int_equal(vt_wal_forget(&db), VT_OK);
	assert_int_equal(db.p[18], 1);
	bytes[1 + n + 4] ^= 1; /* the version, and so its checksum */
	assert_int_equal(vt_wal_apply(log, &db), VT_EVERSION);
	bytes[1 + n + 4] ^= 1;
	bytes[1 + n + 16] ^= 1;
	assert_int_equal(vt_wal_apply(log, &db), VT_EFORMAT);
	db.n = 99;
	assert_int_equal(vt_wal_apply(log, &db), VT_EFORMAT);
	assert_int_equal(vt_wal_forget(&db), VT_EFORMAT);
	vt_buf_free(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_ndb),
		cmocka_unit_test(test_bdb),
		cmocka_unit_test(test_wal),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
