/* SPDX-License-Identifier: Apache-2.0 */
/* Deltas: what their page says and refuses, and that what is made is what is applied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/delta.h"

#define HEAD "vitrine/delta/v1\nset main 6 7\n"

static vt_err read_all(const char *text, size_t *out_steps)
{
	struct vt_delta_reader d;
	struct vt_delta_step s;
	vt_err e = vt_delta_open(vt_span_str(text), &d);

	*out_steps = 0;
	while (!e) {
		e = vt_delta_next(&d, &s);
		*out_steps += e == VT_OK;
	}
	return e;
}

static bool is(vt_span s, const char *text)
{
	return vt_span_eq(s, vt_span_str(text));
}

static void test_read(void **state)
{
	static const char text[] = HEAD "add a.ldb\n+\n+x\n"
					"file d.hsb\n=1200\n-old\n+new\n-\n=1\n+-last\n"
					"drop e\n"
					"put r.yar 7\nfile x\n\n"
					"put s 0\n\n";
	static const struct {
		enum vt_delta_op op;
		const char *file, *text;
		uint64_t count;
	} steps[] = {
		{VT_DELTA_ADD, "a.ldb", "", 0},
		{VT_DELTA_MORE, "a.ldb", "", 0},
		{VT_DELTA_MORE, "a.ldb", "x", 0},
		{VT_DELTA_FILE, "d.hsb", "", 0},
		{VT_DELTA_KEEP, "d.hsb", "", 1200},
		{VT_DELTA_LESS, "d.hsb", "old", 0},
		{VT_DELTA_MORE, "d.hsb", "new", 0},
		{VT_DELTA_LESS, "d.hsb", "", 0},
		{VT_DELTA_KEEP, "d.hsb", "", 1},
		{VT_DELTA_MORE, "d.hsb", "-last", 0},
		{VT_DELTA_DROP, "e", "", 0},
		{VT_DELTA_PUT, "r.yar", "file x\n", 0},
		{VT_DELTA_PUT, "s", "", 0},
	};
	struct vt_delta_reader d;
	struct vt_delta_step s;

	(void)state;
	assert_int_equal(vt_delta_open(vt_span_str(text), &d), VT_OK);
	assert_true(is(d.set, "main"));
	assert_int_equal(d.from, 6);
	assert_int_equal(d.to, 7);
	for (size_t i = 0; i < VT_COUNT(steps); i++) {
		assert_int_equal(vt_delta_next(&d, &s), VT_OK);
		assert_int_equal(s.op, steps[i].op);
		assert_true(is(s.file, steps[i].file));
		assert_true(is(s.text, steps[i].text));
		assert_int_equal(s.count, steps[i].count);
	}
	assert_int_equal(vt_delta_next(&d, &s), VT_END);
	assert_int_equal(vt_delta_next(&d, &s), VT_END);
}

static void test_read_refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"vitrine/delta/v1",
		"vitrine/delta/v2\nset main 6 7\n",
		"vitrine/delta/v1\nset main 6 7",
		"vitrine/delta/v1\nset main 6\n",
		"vitrine/delta/v1\nset main 0 7\n",
		"vitrine/delta/v1\nset main 7 7\n",
		"vitrine/delta/v1\nset main 7 6\n",
		"vitrine/delta/v1\nset main 06 7\n",
		"vitrine/delta/v1\nset main 6 7 \n",
		"vitrine/delta/v1\nset main  6 7\n",
		"vitrine/delta/v1\nset main 6 9223372036854775808\n",
		"vitrine/delta/v1\nset Main 6 7\n",
		"vitrine/delta/v1\nSet main 6 7\n",
		HEAD "\n",
		HEAD "+x\n",
		HEAD "=1\n",
		HEAD "zap f\n",
		HEAD "file\n",
		HEAD "file \n",
		HEAD "file f",
		HEAD "file f\n",
		HEAD "file ../f\n+x\n",
		HEAD "file a/b\n+x\n",
		HEAD "file f \n+x\n",
		HEAD "file f\n=1\n",
		HEAD "file f\n=0\n+x\n",
		HEAD "file f\n=01\n+x\n",
		HEAD "file f\n=\n+x\n",
		HEAD "file f\n=x\n+x\n",
		HEAD "file f\n=18446744073709551616\n+x\n",
		HEAD "file f\n=1\n=1\n+x\n",
		HEAD "file f\n+x\n=1\n",
		HEAD "file f\n+x\n\n",
		HEAD "file f\n+x",
		HEAD "file f\n x\n",
		HEAD "file f\nfile g\n+x\n",
		HEAD "file g\n+x\nfile f\n+x\n",
		HEAD "file f\n+x\ndrop f\n",
		HEAD "add f\n",
		HEAD "add f\n=1\n+x\n",
		HEAD "add f\n-x\n",
		HEAD "add f\n+x\n-x\n",
		HEAD "add f\ndrop g\n",
		HEAD "drop f\n-x\n",
		HEAD "drop f\ndrop f\n",
		HEAD "put f\n",
		HEAD "put f 1\n",
		HEAD "put f 1\nx",
		HEAD "put f 1\nxy\n",
		HEAD "put f 2\nx\n",
		HEAD "put f 0\n",
		HEAD "put f 01\nx\n",
		HEAD "put f 1 \nx\n",
		HEAD "put f 18446744073709551615\nx\n",
		HEAD "put f 1\nx\n+y\n",
	};
	size_t steps, wrong = 0;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		if (read_all(rows[i], &steps) != VT_EFORMAT) {
			print_error("not refused: %s\n", rows[i]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(read_all(HEAD, &steps), VT_END);
	assert_int_equal(steps, 0);
}

/* Lines of at most 1 MiB with their LF. */
static void test_long_lines(void **state)
{
	vt_buf b = VT_BUF_INIT((size_t)4 << 20);
	struct vt_delta_file old = {.name = vt_span_str("f"), .by_line = true}, now = old;
	uint64_t lines;
	size_t steps;
	uint8_t *line = malloc(VT_DELTA_LINE_MAX + 1);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', VT_DELTA_LINE_MAX + 1);
	for (size_t more = 0; more < 2; more++) {
		size_t n = VT_DELTA_LINE_MAX + more;

		line[n - 1] = '\n';
		assert_int_equal(vt_delta_by_line(vt_span_of(line, n), &lines), !more);
		now.bytes = vt_span_of(line, n);
		old.bytes = vt_span_str("y\n");
		vt_buf_clear(&b);
		assert_int_equal(vt_delta_make(&b, vt_span_str("main"), 6, 7, &old, 1, &now, 1),
			more ? VT_ELIMIT : VT_OK);
		assert_int_equal(b.n != 0, !more);
		vt_buf_clear(&b);
		assert_int_equal(
			vt_buf_addf(&b, "%sfile f\n+%.*s", HEAD, (int)n, (char *)line), VT_OK);
		assert_int_equal(read_all((char *)b.p, &steps), more ? VT_EFORMAT : VT_END);
		line[n - 1] = 'x';
	}
	free(line);
	vt_buf_free(&b);
}

static void test_by_line(void **state)
{
	uint64_t lines = 99;

	(void)state;
	assert_false(vt_delta_by_line(vt_span_str(""), &lines));
	assert_false(vt_delta_by_line(vt_span_str("x"), &lines));
	assert_false(vt_delta_by_line(vt_span_str("x\ny"), &lines));
	assert_true(vt_delta_by_line(vt_span_str("\n"), &lines));
	assert_int_equal(lines, 1);
	assert_true(vt_delta_by_line(vt_span_str("x\n\ny\r\n"), &lines));
	assert_int_equal(lines, 3);
}

/* Applies the first file of a delta to `old`. */
static vt_err apply(const char *steps, const char *old, vt_buf *out, bool *out_end)
{
	vt_buf b = VT_BUF_INIT(10000);
	struct vt_delta_reader d;
	struct vt_delta_step s;
	vt_err e;

	assert_int_equal(vt_buf_addf(&b, HEAD "%s", steps), VT_OK);
	assert_int_equal(vt_delta_open(vt_buf_span(&b), &d), VT_OK);
	assert_int_equal(vt_delta_next(&d, &s), VT_OK);
	e = vt_delta_apply_file(&d, &s, vt_span_str(old), out, out_end);
	if (!e && !*out_end)
		assert_true(is(s.file, "next"));
	vt_buf_free(&b);
	return e;
}

static void test_apply(void **state)
{
	static const struct {
		const char *steps, *old, *now;
		bool end;
	} rows[] = {
		{"file f\n+x\n", "a\nb\n", "x\na\nb\n", true},
		{"file f\n=2\n+x\n", "a\nb\n", "a\nb\nx\n", true},
		{"file f\n-a\n-b\n", "a\nb\n", "", true},
		{"file f\n=1\n-b\n+x\n=1\n-d\n", "a\nb\nc\nd\ne\n", "a\nx\nc\ne\n", true},
		{"file f\n-a\n+y\ndrop next\n", "a\n", "y\n", false},
		{"file f\n-\n+\n+\n", "\na\n", "\n\na\n", true},
		{"add f\n+x\n+y\n", "", "x\ny\n", true},
		{"add f\n+x\nadd next\n+z\n", "", "x\n", false},
		{"put f 3\n\n\nx\n", "anything", "\n\nx", true},
		{"put f 0\n\nput next 1\nx\n", "a\n", "", false},
		/* what does not fit */
		{"file f\n-a\n", "b\n", NULL, true},
		{"file f\n-a\n", "ab\n", NULL, true},
		{"file f\n-ab\n", "a\n", NULL, true},
		{"file f\n-a\n-a\n", "a\n", NULL, true},
		{"file f\n=3\n+x\n", "a\nb\n", NULL, true},
		{"file f\n=1\n-a\n", "a\nb\n", NULL, true},
		{"file f\n=18446744073709551615\n+x\n", "a\nb\n", NULL, true},
		{"file f\n+x\n", "", NULL, true},
		{"file f\n+x\n", "a", NULL, true},
		{"file f\n-a\n", "a", NULL, true},
		{"add f\n+x\n", "a\n", NULL, true},
		{"file f\n+x\nzap\n", "a\n", NULL, true},
		{"put f 1\nx\nzap\n", "a\n", NULL, true},
		{"drop f\n", "a\n", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		vt_buf out = VT_BUF_INIT(1000);
		bool end = !rows[i].end;
		vt_err e = apply(rows[i].steps, rows[i].old, &out, &end);
		vt_err expected = rows[i].now     ? VT_OK
			: rows[i].steps[0] == 'd' ? VT_EARG
						  : VT_EFORMAT;

		if (e != expected)
			print_error("%s\n", rows[i].steps);
		assert_int_equal(e, expected);
		if (!e) {
			assert_true(is(vt_buf_span(&out), rows[i].now));
			assert_int_equal(end, rows[i].end);
		}
		vt_buf_free(&out);
	}
}

static void test_apply_limit(void **state)
{
	vt_buf out = VT_BUF_INIT(3);
	bool end;

	(void)state;
	assert_int_equal(apply("file f\n+x\n", "a\nb\n", &out, &end), VT_ELIMIT);
	vt_buf_clear(&out);
	assert_int_equal(apply("put f 4\nabcd\n", "a\nb\n", &out, &end), VT_ELIMIT);
	vt_buf_free(&out);
}

static struct vt_delta_file file(const char *name, const char *text)
{
	struct vt_delta_file f = {.name = vt_span_str(name), .bytes = vt_span_str(text)};
	uint64_t lines;

	f.by_line = vt_delta_by_line(f.bytes, &lines);
	return f;
}

static void test_make(void **state)
{
	const struct vt_delta_file old[] = {
		file("a", "1\n2\n3\n4\n"),
		file("b", "same\n"),
		file("c", "whole"),
		file("d", "gone\n"),
		file("e", "x\n"),
		file("f", ""),
		file("g", "1\n"),
	};
	const struct vt_delta_file now[] = {
		file("Z", "new\n\n"),
		file("a", "1\n2\nx\n4\n"),
		file("b", "same\n"),
		file("c", "whole\n"),
		file("e", "no end"),
		file("f", "y\n"),
		file("g", ""),
		file("h", ""),
	};
	static const char text[] =
		HEAD "add Z\n+new\n+\nfile a\n=2\n-3\n+x\nput c 6\nwhole\n\n"
		     "drop d\nput e 6\nno end\nput f 2\ny\n\nput g 0\n\nput h 0\n\n";
	vt_buf b = VT_BUF_INIT(10000);
	const vt_span set = vt_span_str("main");

	(void)state;
	assert_int_equal(vt_delta_make(&b, set, 6, 7, old, 7, now, 8), VT_OK);
	assert_true(is(vt_buf_span(&b), text));
	vt_buf_clear(&b);
	assert_int_equal(vt_delta_make(&b, set, 6, 7, old, 7, old, 7), VT_OK);
	assert_true(is(vt_buf_span(&b), HEAD));
	/* what could not be read back */
	vt_buf_clear(&b);
	assert_int_equal(vt_delta_make(&b, set, 7, 7, old, 7, now, 8), VT_EARG);
	assert_int_equal(vt_delta_make(&b, set, 0, 7, old, 7, now, 8), VT_EARG);
	assert_int_equal(vt_delta_make(&b, vt_span_str("Main"), 6, 7, old, 7, now, 8), VT_EARG);
	assert_int_equal(vt_delta_make(&b, set, 6, 7, old + 1, 1, now + 1, 1), VT_OK);
	vt_buf_clear(&b);
	{
		const struct vt_delta_file turned[] = {old[1], old[0]};
		const struct vt_delta_file twice[] = {old[1], old[1]};
		const struct vt_delta_file named = file("a/b", "x\n");

		assert_int_equal(vt_delta_make(&b, set, 6, 7, turned, 2, now, 8), VT_EARG);
		assert_int_equal(vt_delta_make(&b, set, 6, 7, old, 7, twice, 2), VT_EARG);
		assert_int_equal(vt_delta_make(&b, set, 6, 7, old, 7, &named, 1), VT_EARG);
	}
	b.max = 40;
	assert_int_equal(vt_delta_make(&b, set, 6, 7, old, 7, now, 8), VT_ELIMIT);
	assert_int_equal(b.n, 0);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_by_line),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_apply_limit),
		cmocka_unit_test(test_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
