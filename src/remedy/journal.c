/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"

#define OUTPUT_MAX ((size_t)256 << 10)
/* Room on the disk that is the journal's from the start: a full disk must still be told of. */
#define RESERVE ((off_t)1 << 20)

static const char *const words[VT_MARKS] = {
	[VT_MARK_RUN] = "run",
	[VT_MARK_BEGIN] = "begin",
	[VT_MARK_DONE] = "done",
	[VT_MARK_FAILED] = "failed",
	[VT_MARK_BLOCKED] = "blocked",
	[VT_MARK_ALERT] = "alert",
	[VT_MARK_UNDO] = "undo",
	[VT_MARK_UNDONE] = "undone",
	[VT_MARK_KEPT] = "kept",
	[VT_MARK_NOTE] = "note",
	[VT_MARK_END] = "end",
};

const char *vt_mark_word(enum vt_mark m)
{
	return m < VT_MARKS ? words[m] : "?";
}

static vt_span text_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? vt_span_of(json_string_value(v), json_string_length(v))
				 : (vt_span){0};
}

static bool read_line(const json_t *o, const uint8_t last[32], struct vt_record_line *l)
{
	const json_t *number = json_object_get(o, "n"), *step = json_object_get(o, "step");
	const json_t *when = json_object_get(o, "time");
	vt_span mark = text_of(o, "mark");
	uint8_t before[32];

	if (!json_is_integer(number) || !json_is_integer(step) || !json_is_integer(when) ||
		json_integer_value(number) < 0 || json_integer_value(step) < 0 ||
		!vt_hex_get(text_of(o, "before"), before, sizeof before) ||
		memcmp(before, last, sizeof before) != 0 ||
		(uint64_t)json_integer_value(number) != l->number + 1)
		return false;
	for (unsigned m = 0; m < VT_MARKS; m++) {
		if (!vt_span_eq(mark, vt_span_str(words[m])))
			continue;
		*l = (struct vt_record_line){
			.number = (uint64_t)json_integer_value(number),
			.time = json_integer_value(when),
			.mark = (enum vt_mark)m,
			.step = (uint64_t)json_integer_value(step),
			.text = text_of(o, "text"),
			.output = text_of(o, "output"),
		};
		return true;
	}
	return false;
}

vt_err vt_diary_read(vt_span bytes, vt_diary_fn *fn, void *ctx, uint64_t *out_number,
	uint8_t out_last[32], size_t *out_whole)
{
	struct vt_record_line l = {0};
	size_t at = 0, end;
	json_t *o;

	memset(out_last, 0, 32);
	while (vt_span_find(bytes, at, "\n", 1, &end)) {
		o = json_loadb((const char *)bytes.p + at, end - at, JSON_REJECT_DUPLICATES, NULL);
		if (!o || !read_line(o, out_last, &l)) {
			json_decref(o);
			return VT_ECHECKSUM;
		}
		if (fn)
			fn(ctx, &l);
		json_decref(o);
		vt_sha256(vt_span_of(bytes.p + at, end - at), out_last);
		at = end + 1;
	}
	*out_number = l.number;
	*out_whole = at;
	return VT_OK;
}

vt_err vt_diary_open(int folder, bool make, vt_diary_fn *fn, void *ctx, struct vt_diary *out)
{
	struct vt_diary j = {0};
	vt_buf b = VT_BUF_INIT(VT_DIARY_MAX);
	size_t whole;
	vt_err e;

	j.fd = openat(folder, VT_DIARY_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0),
		0600);
	if (j.fd < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	e = vt_fd_read_all(j.fd, 0, &b);
	if (!e)
		e = vt_diary_read(vt_buf_span(&b), fn, ctx, &j.number, j.last, &whole);
	if (e)
		goto out;
	j.size = whole;
	j.torn = whole < b.n;
	if (make && ((j.torn && ftruncate(j.fd, (off_t)whole)) || fsync(folder)))
		e = VT_EIO;
	/* KEEP_SIZE: blocks, not bytes. Not every file system can; then it must do without. */
	if (!e && make)
		(void)fallocate(j.fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)whole + RESERVE);
out:
	vt_buf_free(&b);
	if (e)
		vt_fd_close(j.fd);
	else
		*out = j;
	return e;
}

void vt_diary_close(struct vt_diary *j)
{
	vt_fd_close(j->fd);
	j->fd = -1;
}

/* Output of programs is bytes; what is no UTF-8 becomes '?'. */
static json_t *output_text(vt_span s)
{
	vt_buf b = VT_BUF_INIT(OUTPUT_MAX + 8);
	json_t *v = NULL;

	s.n = vt_min_size(s.n, OUTPUT_MAX);
	v = json_stringn(s.n ? (const char *)s.p : "", s.n);
	if (v)
		return v;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] < 0x80 && s.p[i] ? s.p[i] : '?';

		if (vt_buf_add_u8(&b, c))
			break;
	}
	v = json_stringn((const char *)b.p, b.n);
	vt_buf_free(&b);
	return v;
}

/* pwrite() and fdatasync() are used here and nowhere else: tests cut the power at each. */
static vt_err append(struct vt_diary *j, vt_span line)
{
	size_t done = 0;

	while (done < line.n) {
		ssize_t n = pwrite(j->fd, line.p + done, line.n - done, (off_t)(j->size + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return VT_EIO;
		done += (size_t)n;
	}
	if (fdatasync(j->fd))
		return VT_EIO;
	vt_sha256(vt_span_of(line.p, line.n - 1), j->last);
	j->size += line.n;
	j->number++;
	return VT_OK;
}

vt_err vt_diary_add(
	struct vt_diary *j, enum vt_mark mark, uint64_t step, vt_span text, vt_span output)
{
	vt_buf hex = VT_BUF_INIT(64), b = VT_BUF_INIT(4 * VT_DIARY_LINE_MAX);
	json_t *o = NULL;
	vt_err e = vt_hex_add(&hex, vt_span_of(j->last, sizeof j->last));
	size_t n;

	if (!e)
		o = json_pack("{s:s%, s:I, s:I, s:s, s:I, s:o}", "before", (char *)hex.p, hex.n,
			"n", (json_int_t)(j->number + 1), "time", (json_int_t)time(NULL), "mark",
			vt_mark_word(mark), "step", (json_int_t)step, "text", output_text(text));
	if (!e && (!o || (output.n && json_object_set_new(o, "output", output_text(output)))))
		e = VT_ENOMEM;
	if (e)
		goto out;
	n = json_dumpb(o, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII);
	e = vt_buf_reserve(&b, n + 1);
	if (e)
		goto out;
	(void)json_dumpb(o, (char *)b.p, n, JSON_COMPACT | JSON_ENSURE_ASCII);
	b.n = n;
	e = vt_buf_add(&b, "\n", 1);
	if (!e)
		e = append(j, vt_buf_span(&b));
out:
	json_decref(o);
	vt_buf_free(&hex);
	vt_buf_free(&b);
	return e;
}
