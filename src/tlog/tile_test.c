/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "tlog/tile.h"

#define MOST 70000u

/* A published log: all complete nodes of MOST leaves, and a way to lie. */
static struct {
	vt_hash *level[18];
	uint64_t size;       /* what is published */
	const char *spoiled; /* the file of this path is not what it should be, ... */
	enum { FLIP, CUT, LONGER, GONE } how;
	bool no_partial; /* only full files are left */
	unsigned asked;
} log_;

static size_t entry_text(uint64_t i, char out[32])
{
	return (size_t)snprintf(out, 32, "entry %llu", (unsigned long long)i);
}

static int setup(void **state)
{
	(void)state;
	for (unsigned l = 0; MOST >> l; l++) {
		log_.level[l] = malloc((MOST >> l) * sizeof(vt_hash));
		for (size_t i = 0; i < MOST >> l; i++) {
			char text[32];

			if (l > 0)
				vt_merkle_node(&log_.level[l - 1][2 * i],
					&log_.level[l - 1][2 * i + 1], &log_.level[l][i]);
			else
				vt_merkle_leaf(
					vt_span_of(text, entry_text(i, text)), &log_.level[0][i]);
		}
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned l = 0; MOST >> l; l++)
		free(log_.level[l]);
	return 0;
}

static vt_err node(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	(void)ctx;
	*out = log_.level[level][index];
	return VT_OK;
}

static void add_tile(const struct vt_tile *t, vt_buf *out)
{
	for (unsigned i = 0; i < t->width; i++) {
		uint64_t at = t->index * 256 + i;
		char text[32];

		if (t->level == VT_TILE_ENTRIES)
			assert_int_equal(
				vt_bundle_add(out, vt_span_of(text, entry_text(at, text))), VT_OK);
		else
			assert_int_equal(
				vt_buf_add(out, log_.level[8 * t->level][at].b, 32), VT_OK);
	}
}

static vt_err serve(void *ctx, const char *path, size_t max, vt_buf *out)
{
	size_t before = out->n;
	struct vt_tile t;
	uint64_t count;

	(void)ctx;
	log_.asked++;
	assert_int_equal(vt_tile_path_parse(vt_span_str(path), &t), VT_OK);
	count = t.level == VT_TILE_ENTRIES ? log_.size : log_.size >> 8 * t.level;
	if (t.index * 256 + t.width > count || (log_.no_partial && t.width < 256))
		return VT_END;
	add_tile(&t, out);
	assert_true(out->n - before <= max);
	if (log_.spoiled && strcmp(path, log_.spoiled) == 0) {
		switch (log_.how) {
		case FLIP: out->p[before + (out->n - before) / 2] ^= 1; break;
		case CUT: out->n -= 1; break;
		case LONGER: return vt_buf_add_u8(out, 0);
		case GONE: out->n = before; return VT_END;
		}
	}
	return VT_OK;
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;
		struct vt_tile tile;
	} good[] = {
		{"tile/0/000", {0, 0, 256}},
		{"tile/0/x001/x234/067", {0, 1234067, 256}},
		{"tile/0/x001/067.p/3", {0, 1067, 3}},
		{"tile/7/999.p/255", {7, 999, 255}},
		{"tile/entries/000", {VT_TILE_ENTRIES, 0, 256}},
		{"tile/entries/x001/000.p/1", {VT_TILE_ENTRIES, 1000, 1}},
		{"tile/0/x036/x028/x797/x018/x963/967.p/1", {0, 36028797018963967, 1}},
	};
	static const char *const bad[] = {"", "tile", "tile/", "tile/0/", "tile/0/00",
		"tile/0/0000", "tile/0/1", "tile/8/000", "tile/00/000", "tile/-1/000",
		"tile/0/x000/067", "tile/0/x001/67", "tile/0/001/067", "tile/0/x001",
		"tile/0/x001/", "tile/0/x001/x067", "tile/0/000.p/", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/03", "tile/0/000.p/3/", "tile/0/000.p",
		"tile/0/000/", "tile/0/000 ", "/tile/0/000", "tile/entries/", "tile/data/000",
		"tile/8/0/000", "tile/0/../000", "tile/0/x036/x028/x797/x018/x963/968",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/999"};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(good); i++) {
		char path[VT_TILE_PATH_MAX];
		struct vt_tile t;

		assert_string_equal(vt_tile_path(&good[i].tile, path), good[i].path);
		assert_int_equal(vt_tile_path_parse(vt_span_str(good[i].path), &t), VT_OK);
		assert_int_equal(t.level, good[i].tile.level);
		assert_int_equal(t.index, good[i].tile.index);
		assert_int_equal(t.width, good[i].tile.width);
	}
	for (size_t i = 0; i < VT_COUNT(bad); i++) {
		struct vt_tile t;

		if (vt_tile_path_parse(vt_span_str(bad[i]), &t) != VT_EFORMAT)
			fail_msg("accepted: %s", bad[i]);
	}
}

static vt_err count_tile(void *ctx, const struct vt_tile *t)
{
	unsigned(*n)[3] = ctx; /* by level: full, partial, width of the partial */
	unsigned row = t->level == VT_TILE_ENTRIES ? 8 : t->level;

	if (t->width == 256) {
		n[row][0]++;
	} else {
		n[row][1]++;
		n[row][2] = t->width;
	}
	return VT_OK;
}

static vt_err stop_at_once(void *ctx, const struct vt_tile *t)
{
	(void)ctx;
	(void)t;
	return VT_EPEER;
}

/* tlog-tiles, "Partial Tiles", has the example of 70,000 and of 256 leaves. */
static void test_tiles_of_a_tree(void **state)
{
	unsigned n[9][3] = {0};
	struct vt_tile t;

	(void)state;
	assert_int_equal(vt_tile_each_new(0, 70000, count_tile, n), VT_OK);
	assert_true(n[0][0] == 273 && n[0][1] == 1 && n[0][2] == 112);
	assert_true(n[1][0] == 1 && n[1][1] == 1 && n[1][2] == 17);
	assert_true(n[2][0] == 0 && n[2][1] == 1 && n[2][2] == 1);
	assert_true(n[3][0] == 0 && n[3][1] == 0);
	assert_true(n[8][0] == 273 && n[8][1] == 1 && n[8][2] == 112);
	memset(n, 0, sizeof n);
	assert_int_equal(vt_tile_each_new(0, 256, count_tile, n), VT_OK);
	assert_true(n[0][0] == 1 && n[0][1] == 0 && n[1][0] == 0 && n[1][2] == 1);
	/* what one leaf more brings, and none */
	memset(n, 0, sizeof n);
	assert_int_equal(vt_tile_each_new(255, 256, count_tile, n), VT_OK);
	assert_true(n[0][0] == 1 && n[8][0] == 1 && n[1][2] == 1);
	memset(n, 0, sizeof n);
	assert_int_equal(vt_tile_each_new(256, 257, count_tile, n), VT_OK);
	assert_true(n[0][0] == 0 && n[0][2] == 1 && n[8][2] == 1 && n[1][1] == 0);
	assert_int_equal(vt_tile_each_new(257, 257, stop_at_once, NULL), VT_OK);
	assert_int_equal(vt_tile_each_new(256, 257, stop_at_once, NULL), VT_EPEER);
	assert_int_equal(vt_tile_each_new(257, 256, count_tile, n), VT_EARG);
	assert_int_equal(vt_tile_each_new(0, UINT64_MAX, stop_at_once, NULL), VT_EARG);
	assert_int_equal(vt_tile_of(0, 70000, 70000, &t), VT_EARG);
	assert_int_equal(vt_tile_of(8, 0, 70000, &t), VT_EARG);
	assert_int_equal(vt_tile_of(0, 69999, 70000, &t), VT_OK);
	assert_true(t.index == 273 && t.width == 112);
}

static void test_bundles(void **state)
{
	static const uint8_t raw[] = {0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
	static const uint8_t huge[VT_ENTRY_MAX + 1];
	vt_reader r = vt_reader_of(vt_span_of(raw, sizeof raw));
	vt_buf b = VT_BUF_INIT(VT_BUNDLE_MAX);
	vt_span e;

	(void)state;
	assert_int_equal(vt_bundle_next(&r, &e), VT_OK);
	assert_true(vt_span_eq(e, vt_span_str("ab")));
	assert_int_equal(vt_bundle_next(&r, &e), VT_OK);
	assert_int_equal(e.n, 0);
	assert_int_equal(vt_bundle_next(&r, &e), VT_OK);
	assert_int_equal(vt_bundle_next(&r, &e), VT_END);
	for (size_t n = 0; n < sizeof raw; n++) { /* cut off anywhere but between entries */
		vt_err last = VT_OK;

		r = vt_reader_of(vt_span_of(raw, n));
		while (!last)
			last = vt_bundle_next(&r, &e);
		assert_int_equal(last, n == 0 || n == 4 || n == 6 ? VT_END : VT_ETRUNCATED);
		assert_int_equal(vt_bundle_next(&r, &e), last);
	}
	assert_int_equal(vt_bundle_add(&b, vt_span_of(huge, sizeof huge)), VT_EARG);
	assert_int_equal(b.n, 0);
	assert_int_equal(vt_bundle_add(&b, vt_span_of(huge, VT_ENTRY_MAX)), VT_OK);
	assert_int_equal(b.n, 2 + VT_ENTRY_MAX);
	assert_true(b.p[0] == 0xff && b.p[1] == 0xff);
	vt_buf_free(&b);
}

static void use(uint64_t size)
{
	memset(&log_.size, 0, sizeof log_ - offsetof(__typeof__(log_), size));
	log_.size = size;
}

static vt_err open_log(uint64_t size, struct vt_tiles **out)
{
	vt_hash root;

	assert_int_equal(vt_merkle_root(node, NULL, size, &root), VT_OK);
	return vt_tiles_open(size, &root, serve, NULL, out);
}

static void check_nodes(struct vt_tiles *t, uint64_t size, uint64_t step)
{
	for (unsigned level = 0; size >> level; level++) {
		vt_hash h;

		for (uint64_t i = 0; i < size >> level; i += i + step < size >> level ? step : 1) {
			assert_int_equal(vt_tiles_get(t, level, i, &h), VT_OK);
			assert_true(vt_hash_eq(&h, &log_.level[level][i]));
		}
		assert_int_equal(vt_tiles_get(t, level, size >> level, &h), VT_EARG);
	}
}

static void test_every_node_is_what_it_is(void **state)
{
	static const uint64_t large[] = {
		4095, 4096, 65535, 65536, 65537, 65536 + 256, 65536 + 257, 69888, 70000};
	struct vt_tiles *t;

	(void)state;
	for (uint64_t size = 0; size < 780; size += size < 600 ? 1 : 31) {
		use(size);
		assert_int_equal(open_log(size, &t), VT_OK);
		check_nodes(t, size, 1);
		vt_tiles_close(t);
	}
	for (size_t i = 0; i < VT_COUNT(large); i++) {
		use(large[i]);
		assert_int_equal(open_log(large[i], &t), VT_OK);
		check_nodes(t, large[i], 211);
		vt_tiles_close(t);
		/* a smaller tree of a log that has grown and threw its partial tiles away */
		use(MOST);
		log_.no_partial = true;
		assert_int_equal(open_log(large[i], &t), large[i] < 65536 ? VT_OK : VT_END);
		if (large[i] < 65536) {
			check_nodes(t, large[i], 211);
			vt_tiles_close(t);
		}
	}
}

/* Whatever one file is changed in, the tree that is opened is the tree of the root, or none. */
static void test_lies_are_noticed(void **state)
{
	static const struct {
		const char *path;
		unsigned level;
		uint64_t index; /* a node that needs the file */
	} files[] = {
		{"tile/0/273.p/112", 0, 69900},
		{"tile/1/001.p/17", 8, 260},
		{"tile/2/000.p/1", 16, 0},
		{"tile/1/000", 9, 3},
		{"tile/0/005", 0, 5 * 256 + 7},
		{"tile/0/272", 3, 272 * 32},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(files); i++) {
		for (unsigned how = FLIP; how <= GONE; how++) {
			vt_err want = how == GONE ? VT_END : VT_ECHECKSUM, e;
			struct vt_tiles *t;
			vt_hash h;

			use(MOST);
			log_.spoiled = files[i].path;
			log_.how = how;
			e = open_log(MOST, &t);
			/* max is what a tile may be: a longer one does not get this far */
			if (how == LONGER && strchr(files[i].path, 'p') == NULL)
				want = VT_ELIMIT;
			if (i < 3) {
				assert_int_equal(e, want);
				continue;
			}
			assert_int_equal(e, VT_OK);
			assert_int_equal(vt_tiles_get(t, files[i].level, files[i].index, &h), want);
			/* and is right again once the file is */
			log_.spoiled = NULL;
			assert_int_equal(
				vt_tiles_get(t, files[i].level, files[i].index, &h), VT_OK);
			assert_true(vt_hash_eq(&h, &log_.level[files[i].level][files[i].index]));
			vt_tiles_close(t);
		}
	}
}

static void test_wrong_root(void **state)
{
	struct vt_tiles *t;
	vt_hash root = log_.level[0][0];

	(void)state;
	use(MOST);
	assert_int_equal(vt_tiles_open(MOST, &root, serve, NULL, &t), VT_ECHECKSUM);
	assert_int_equal(vt_tiles_open(0, &root, serve, NULL, &t), VT_ECHECKSUM);
	assert_int_equal(vt_tiles_open(UINT64_MAX, &root, serve, NULL, &t), VT_EARG);
	vt_merkle_empty(&root);
	assert_int_equal(vt_tiles_open(0, &root, serve, NULL, &t), VT_OK);
	assert_int_equal(vt_tiles_get(t, 0, 0, &root), VT_EARG);
	vt_tiles_close(t);
	vt_tiles_close(NULL);
}

/* Tiles are read once while they are in use, and again after many others: the memory is bounded. */
static void test_tiles_are_kept_a_while(void **state)
{
	struct vt_tiles *t;
	unsigned before;
	vt_hash h;

	(void)state;
	use(MOST);
	assert_int_equal(open_log(MOST, &t), VT_OK);
	assert_int_equal(vt_tiles_get(t, 0, 7, &h), VT_OK);
	before = log_.asked;
	for (uint64_t i = 0; i < 256; i++)
		assert_int_equal(vt_tiles_get(t, 0, i, &h), VT_OK);
	assert_int_equal(log_.asked, before);
	for (uint64_t i = 0; i < 65536; i += 256)
		assert_int_equal(vt_tiles_get(t, 0, i, &h), VT_OK);
	before = log_.asked;
	assert_int_equal(vt_tiles_get(t, 0, 7, &h), VT_OK);
	assert_int_equal(log_.asked, before + 1);
	vt_tiles_close(t);
}

static void expect_entry(struct vt_tiles *t, uint64_t i)
{
	vt_buf b = VT_BUF_INIT(100);
	char text[32];
	size_t n = entry_text(i, text);

	assert_int_equal(vt_tiles_entry(t, i, &b), VT_OK);
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, text, n);
	vt_buf_free(&b);
}

static void test_entries(void **state)
{
	static const uint64_t some[] = {0, 1, 255, 256, 65535, 65536, 69887, 69888, 69999, 69998};
	vt_buf b = VT_BUF_INIT(100);
	struct vt_tiles *t;

	(void)state;
	use(MOST);
	assert_int_equal(open_log(MOST, &t), VT_OK);
	for (size_t i = 0; i < VT_COUNT(some); i++)
		expect_entry(t, some[i]);
	assert_int_equal(vt_tiles_entry(t, MOST, &b), VT_EARG);
	log_.spoiled = "tile/entries/007";
	log_.how = FLIP;
	/* the byte in the middle is some entry's, or a length */
	for (uint64_t i = 7 * 256; i < 8 * 256; i++) {
		vt_err e = vt_tiles_entry(t, i, &b);
		char text[32];

		assert_true(e == VT_OK || e == VT_ECHECKSUM || e == VT_EFORMAT);
		if (!e)
			assert_memory_equal(b.p, text, entry_text(i, text));
		vt_buf_clear(&b);
	}
	log_.how = CUT;
	assert_int_equal(vt_tiles_entry(t, 8 * 256 - 1, &b), VT_EFORMAT);
	log_.spoiled = NULL; /* read anew after a failure */
	expect_entry(t, 8 * 256 - 1);
	expect_entry(t, 0);
	log_.spoiled = "tile/entries/007";
	expect_entry(t, 7 * 256);
	log_.how = GONE;
	assert_int_equal(vt_tiles_entry(t, 3000, &b), VT_OK); /* another bundle */
	vt_buf_clear(&b);
	assert_int_equal(vt_tiles_entry(t, 7 * 256, &b), VT_END);
	log_.spoiled = NULL;
	expect_entry(t, 7 * 256);
	vt_buf_free(&b);
	vt_tiles_close(t);
}

struct walk {
	struct vt_tiles *t;
	uint64_t next;
};

static vt_err on_entry(void *ctx, uint64_t index, vt_span entry)
{
	struct walk *w = ctx;
	char text[32];

	assert_int_equal(index, w->next);
	w->next++;
	/* whoever is asked may ask back, which must not pull the entry away */
	expect_entry(w->t, (index * 7919) % MOST);
	assert_true(vt_span_eq(entry, vt_span_of(text, entry_text(index, text))));
	return index == 69990 ? VT_EPEER : VT_OK;
}

static void test_each_entry(void **state)
{
	static const struct {
		uint64_t first, end, seen;
		vt_err e;
	} runs[] = {
		{0, 0, 0, VT_OK},
		{5, 700, 700, VT_OK},
		{255, 257, 257, VT_OK},
		{256, 512, 512, VT_OK},
		{69900, 70000, 69991, VT_EPEER},
		{69995, 70000, 70000, VT_OK},
		{5, 4, 5, VT_EARG},
		{5, 70001, 5, VT_EARG},
	};
	struct walk w = {0};

	(void)state;
	use(MOST);
	assert_int_equal(open_log(MOST, &w.t), VT_OK);
	for (size_t i = 0; i < VT_COUNT(runs); i++) {
		w.next = runs[i].first;
		assert_int_equal(vt_tiles_each_entry(w.t, runs[i].first, runs[i].end, on_entry, &w),
			runs[i].e);
		assert_int_equal(w.next, runs[i].seen);
	}
	log_.spoiled = "tile/entries/273.p/112";
	log_.how = LONGER;
	w.next = 69995;
	assert_int_equal(vt_tiles_each_entry(w.t, 69995, 70000, on_entry, &w), VT_EFORMAT);
	vt_tiles_close(w.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_tiles_of_a_tree),
		cmocka_unit_test(test_bundles),
		cmocka_unit_test(test_every_node_is_what_it_is),
		cmocka_unit_test(test_lies_are_noticed),
		cmocka_unit_test(test_wrong_root),
		cmocka_unit_test(test_tiles_are_kept_a_while),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_each_entry),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
