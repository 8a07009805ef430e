/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats that libarchive reads. One reader is enabled for each type, so that the type we found is
 * the type that is read. Contents that lie uncompressed and in one piece are handed out where they
 * are.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/formats.h"
#include "engine/unpack/output.h"
#include "engine/unpack/zip.h"

struct archive_state {
	vt_span s;
	struct archive *a;
	bool nameless, broken;
	uint64_t position;
	struct vt_output out;
};

typedef int enable_fn(struct archive *);

static int enable_rar(struct archive *a)
{
	int r = archive_read_support_format_rar(a);

	return r == ARCHIVE_OK ? archive_read_support_format_rar5(a) : r;
}

static int enable_compress(struct archive *a)
{
	int r = archive_read_support_filter_compress(a);

	return r == ARCHIVE_OK ? archive_read_support_format_raw(a) : r;
}

#define MAGIC(s) s, sizeof s - 1

static const struct format {
	vt_type type;
	enable_fn *enable;
	bool nameless;
	/* Where the archive stands in a program that unpacks itself. */
	const char *magic;
	size_t magic_len;
} formats[] = {
	{.type = VT_TYPE_TAR, .enable = archive_read_support_format_tar},
	{.type = VT_TYPE_TAR_OLD, .enable = archive_read_support_format_tar},
	{.type = VT_TYPE_CPIO_OLD, .enable = archive_read_support_format_cpio},
	{.type = VT_TYPE_CPIO_ODC, .enable = archive_read_support_format_cpio},
	{.type = VT_TYPE_CPIO_NEWC, .enable = archive_read_support_format_cpio},
	{.type = VT_TYPE_CPIO_CRC, .enable = archive_read_support_format_cpio},
	{.type = VT_TYPE_AR, .enable = archive_read_support_format_ar},
	{.type = VT_TYPE_RAR, .enable = enable_rar},
	{VT_TYPE_RARSFX, enable_rar, false, MAGIC("Rar!\x1a\x07")},
	{.type = VT_TYPE_7Z, .enable = archive_read_support_format_7zip},
	{VT_TYPE_7ZSFX, archive_read_support_format_7zip, false, MAGIC("7z\xbc\xaf\x27\x1c")},
	{.type = VT_TYPE_ISO9660, .enable = archive_read_support_format_iso9660},
	{.type = VT_TYPE_XAR, .enable = archive_read_support_format_xar},
	{.type = VT_TYPE_LHA, .enable = archive_read_support_format_lha},
	{.type = VT_TYPE_WARC, .enable = archive_read_support_format_warc},
	{.type = VT_TYPE_COMPRESS, .enable = enable_compress, .nameless = true},
};

/* What libarchive's messages say beyond its codes. The first that fits counts. */
static const struct hint {
	const char *word;
	vt_err e;
} hints[] = {
	{"ncrypt", VT_EENCRYPTED},
	{"runcated", VT_ETRUNCATED},
	{"unavailable", VT_EUNSUPPORTED},
	{"nsupported", VT_EUNSUPPORTED},
	{"not supported", VT_EUNSUPPORTED},
	{"codec ID", VT_EUNSUPPORTED},
	{"CRC", VT_ECHECKSUM},
	{"hecksum", VT_ECHECKSUM},
};

static vt_err error_of(struct archive *a)
{
	const char *text = archive_error_string(a);

	if (archive_errno(a) == ENOMEM)
		return VT_ENOMEM;
	/* Asked without a format, libarchive 3.6 looks at a stray pointer. */
	if (archive_format(a) && archive_read_has_encrypted_entries(a) > 0)
		return VT_EENCRYPTED;
	if (!text)
		return VT_ETRUNCATED; /* it wanted more bytes than there are */
	for (size_t i = 0; i < VT_COUNT(hints); i++) {
		if (strstr(text, hints[i].word))
			return hints[i].e;
	}
	return VT_EFORMAT;
}

static void archive_close(void *state)
{
	struct archive_state *st = state;

	if (!st)
		return;
	if (st->a)
		(void)archive_read_free(st->a);
	vt_output_free(&st->out);
	free(st);
}

static vt_err archive_open(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state)
{
	const struct format *f = formats;
	struct archive_state *st;
	size_t at;
	int r;
	vt_err e;

	while (f < formats + VT_COUNT(formats) && f->type != type)
		f++;
	if (f == formats + VT_COUNT(formats))
		return VT_EARG;
	if (f->magic && vt_span_find(bytes, 0, f->magic, f->magic_len, &at))
		bytes = vt_span_clip(bytes, at, bytes.n);
	st = calloc(1, sizeof *st);
	if (!st)
		return VT_ENOMEM;
	st->s = bytes;
	st->nameless = f->nameless;
	vt_output_init(&st->out, budget);
	e = VT_ENOMEM;
	st->a = archive_read_new();
	if (!st->a || f->enable(st->a) != ARCHIVE_OK)
		goto out;
	r = archive_read_open_memory(st->a, bytes.p, bytes.n);
	e = r == ARCHIVE_OK ? VT_OK : error_of(st->a);
	if (e)
		goto out;
	*out_state = st;
	return VT_OK;
out:
	archive_close(st);
	return e;
}

static bool inside(vt_span s, const void *p, size_t n)
{
	uintptr_t from = (uintptr_t)s.p, at = (uintptr_t)p;

	return at >= from && at - from <= s.n && n <= s.n - (at - from);
}

/* Zeros up to `end` bytes of output: a hole in a sparse file. */
static vt_err fill(struct vt_output *o, uint64_t end)
{
	while (o->buf.n < end) {
		uint8_t *p;
		size_t n;
		vt_err e = vt_output_room(o, &p, &n);

		if (e)
			return e;
		n = (size_t)vt_min_u64(n, end - o->buf.n);
		memset(p, 0, n);
		e = vt_output_commit(o, n);
		if (e)
			return e;
	}
	return VT_OK;
}

/* One more block at its offset. *io_direct: the contents so far, if they need no copy. */
static vt_err add_block(
	struct archive_state *st, vt_span block, uint64_t offset, vt_span *io_direct)
{
	struct vt_output *o = &st->out;
	vt_err e;

	if (o->buf.n == 0 && offset == io_direct->n && inside(st->s, block.p, block.n) &&
		(io_direct->n == 0 || io_direct->p + io_direct->n == block.p)) {
		*io_direct = (vt_span){
			.p = io_direct->n ? io_direct->p : block.p, .n = io_direct->n + block.n};
		return VT_OK;
	}
	e = vt_output_add(o, *io_direct);
	io_direct->n = 0;
	if (!e)
		e = fill(o, offset);
	return e ? e : vt_output_add(o, block);
}

/*
 * Reads on to the end of an entry that is too large, in case others stand behind it. What has to be
 * unpacked for that is work too, and only so much is done.
 */
static void drain(struct archive_state *st)
{
	uint64_t left = st->out.budget->limits.total_bytes;
	const void *p;
	size_t n;
	la_int64_t offset;
	int r;

	do {
		n = 0;
		r = archive_read_data_block(st->a, &p, &n, &offset);
		if (n > left || vt_budget_work(st->out.budget, n) != VT_OK) {
			st->broken = true;
			return;
		}
		left -= n;
	} while (r == ARCHIVE_OK);
}

/* The entry's data: *out_bytes is set in any case, to what there is. */
static vt_err read_data(struct archive_state *st, vt_span *out_bytes)
{
	struct vt_output *o = &st->out;
	vt_span direct = {0};
	const void *p;
	size_t n;
	la_int64_t offset;
	vt_err e = VT_OK, said = VT_OK;
	int r;

	do {
		n = 0;
		r = archive_read_data_block(st->a, &p, &n, &offset);
		if (r == ARCHIVE_WARN)
			said = error_of(st->a); /* the last block may come with a wrong checksum */
		if (n && (r == ARCHIVE_OK || r == ARCHIVE_WARN))
			e = add_block(st, vt_span_of(p, n), (uint64_t)offset, &direct);
	} while (!e && (r == ARCHIVE_OK || (r == ARCHIVE_WARN && n)));
	if (direct.n && !e)
		e = vt_output_borrow(o, &direct);
	*out_bytes = direct.n ? direct : vt_output_span(o);
	if (e == VT_ELIMIT)
		drain(st);
	if (e || said || r == ARCHIVE_EOF)
		return e ? e : said;
	st->broken |= r == ARCHIVE_FATAL;
	return error_of(st->a);
}

/* The end of the data came before the size that the header gave. */
static vt_err short_of(struct archive_state *st, struct archive_entry *entry, struct vt_member *m)
{
	vt_err e;

	if (archive_entry_sparse_count(entry) == 0)
		return VT_ETRUNCATED;
	if (m->bytes.n && st->out.buf.n == 0) {
		e = vt_output_add(&st->out, m->bytes);
		if (e)
			return e;
	}
	e = fill(&st->out, m->real_size);
	m->bytes = vt_output_span(&st->out);
	return e;
}

/* Folders, links and devices have none; ar members may not say what they are. */
static bool has_content(struct archive_entry *e)
{
	return (archive_entry_filetype(e) == AE_IFREG || archive_entry_filetype(e) == 0) &&
		(!archive_entry_hardlink(e) || archive_entry_size(e) > 0);
}

static vt_err next_header(struct archive_state *st, struct archive_entry **out)
{
	vt_err e;
	int r;

	if (st->broken)
		return VT_END;
	do {
		e = vt_budget_work(st->out.budget, 512);
		if (e)
			return e;
		r = archive_read_next_header(st->a, out);
	} while (r == ARCHIVE_RETRY ||
		((r == ARCHIVE_OK || r == ARCHIVE_WARN) && !has_content(*out)));
	if (r == ARCHIVE_EOF)
		return VT_END;
	return r == ARCHIVE_OK || r == ARCHIVE_WARN ? VT_OK : error_of(st->a);
}

static vt_err archive_next(void *state, struct vt_member *out)
{
	struct archive_state *st = state;
	struct archive_entry *entry;
	struct vt_member m = {.packed_size = VT_SIZE_UNKNOWN, .real_size = VT_SIZE_UNKNOWN};
	const char *name;
	vt_err e = next_header(st, &entry);

	if (e)
		return e;
	m.position = ++st->position;
	name = st->nameless ? NULL : archive_entry_pathname(entry);
	if (name)
		m.name = vt_span_str(name);
	m.name.n = vt_min_size(m.name.n, VT_MEMBER_NAME_MAX);
	if (archive_entry_size_is_set(entry))
		m.real_size = (uint64_t)archive_entry_size(entry);
	m.encrypted = archive_entry_is_data_encrypted(entry) > 0;
	vt_output_start(&st->out, st->s.n);
	m.status = m.encrypted ? VT_EENCRYPTED : read_data(st, &m.bytes);
	if (m.status == VT_OK && m.real_size != VT_SIZE_UNKNOWN && m.bytes.n < m.real_size)
		m.status = short_of(st, entry, &m);
	m.limit = st->out.budget->reason;
	*out = m;
	return VT_OK;
}

const struct vt_unpacker vt_archive_unpacker = {
	.name = "archive",
	.open = archive_open,
	.next = archive_next,
	.close = archive_close,
};

/* A local header in front of the packed bytes makes an archive of one member. */
struct one_member {
	uint8_t header[31];
	vt_span parts[2];
	unsigned next;
};

static la_ssize_t read_part(struct archive *a, void *ctx, const void **out)
{
	struct one_member *one = ctx;

	(void)a;
	if (one->next == VT_COUNT(one->parts))
		return 0;
	*out = one->parts[one->next].p;
	return (la_ssize_t)one->parts[one->next++].n;
}

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

vt_err vt_zip_ppmd(
	const struct vt_zip_entry *entry, vt_span in, struct vt_output *o, size_t *out_used)
{
	struct one_member one = {.header = VT_ZIP_LOCAL};
	struct archive_state st = {.s = in};
	struct archive_entry *e;
	vt_span bytes;
	vt_err err = VT_EUNSUPPORTED;

	if (in.n >= UINT32_MAX || entry->real >= UINT32_MAX)
		return VT_EUNSUPPORTED;
	put_le(one.header + 4, 63, 2);
	put_le(one.header + 8, entry->method, 2);
	put_le(one.header + 14, entry->crc, 4);
	put_le(one.header + 18, in.n, 4);
	put_le(one.header + 22, entry->real, 4);
	put_le(one.header + 26, 1, 2);
	one.header[30] = 'x';
	one.parts[0] = vt_span_of(one.header, sizeof one.header);
	one.parts[1] = in;
	st.a = archive_read_new();
	if (!st.a)
		return VT_ENOMEM;
	st.out = *o; /* borrowed for the call */
	if (archive_read_support_format_zip_streamable(st.a) != ARCHIVE_OK ||
		archive_read_open(st.a, &one, NULL, read_part, NULL) != ARCHIVE_OK ||
		archive_read_next_header(st.a, &e) != ARCHIVE_OK)
		goto out;
	err = read_data(&st, &bytes);
	if (!err)
		*out_used = in.n;
out:
	*o = st.out;
	(void)archive_read_free(st.a);
	return err;
}
