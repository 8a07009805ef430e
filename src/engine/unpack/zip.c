/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip archives (APPNOTE 6.3.10). Unpackers disagree on what a broken or crafted archive holds, and
 * malware hides where they do; so everything that one of them would extract is handed out: what the
 * central directory lists; a member again by its local header where that says otherwise; and local
 * members that no central header names, found by their magic in the bytes that no listed member
 * takes up. Without a directory that last step finds all of them.
 */
#include "engine/unpack/zip.h"

#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/formats.h"

#define MAX_ENTRIES ((uint32_t)1 << 22)
#define MIN_LOCAL 30u
#define MIN_CENTRAL 46u
/* Packed bytes that overlapping members may take in all, in sizes of the archive. */
#define OVERLAP_TIMES 4u

/* The bytes that a listed member takes up: header and data. */
struct range {
	uint64_t start, end;
	bool overlaps;
};

struct zip {
	vt_span s;
	struct vt_budget *budget;
	struct vt_zip_directory directory;
	vt_err directory_status; /* the answer once all members are out; VT_OK: VT_END */
	uint64_t central;        /* the next central header */
	uint32_t next, count;    /* its number; how many there are */
	struct range *ranges;    /* of each central header */
	uint32_t *by_start;      /* their numbers in order of start */
	bool again;              /* the local header of member next - 1 says otherwise */
	uint64_t gap;            /* how far the search for unlisted members came */
	uint32_t gap_range;      /* the first of by_start that may lie behind it */
	uint64_t overlap_left;   /* bytes that may still be read more than once */
	uint64_t position;
	struct vt_codec codec;
	struct vt_output out;
};

static void zip_close(void *state)
{
	struct zip *z = state;

	if (!z)
		return;
	vt_codec_free(&z->codec);
	vt_output_free(&z->out);
	free(z->ranges);
	free(z->by_start);
	free(z);
}

static bool later(const struct zip *z, uint32_t a, uint32_t b)
{
	return z->ranges[a].start > z->ranges[b].start;
}

static void sift(const struct zip *z, uint32_t *heap, uint32_t at, uint32_t n)
{
	uint32_t v = heap[at], child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && later(z, heap[child + 1], heap[child]))
			child++;
		if (!later(z, heap[child], v))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = v;
}

/* Heap sort: qsort() allocates and asks the system how much memory there is. */
static void sort_ranges(struct zip *z)
{
	uint32_t *heap = z->by_start;
	bool sorted = true;

	for (uint32_t i = 0; i < z->count; i++) {
		heap[i] = i;
		sorted = sorted && (i == 0 || !later(z, i - 1, i));
	}
	if (sorted)
		return;
	for (uint32_t i = z->count / 2; i-- > 0;)
		sift(z, heap, i, z->count);
	for (uint32_t n = z->count; n-- > 1;) {
		uint32_t last = heap[n];

		heap[n] = heap[0];
		heap[0] = last;
		sift(z, heap, 0, n);
	}
}

static void mark_overlaps(struct zip *z)
{
	uint32_t widest = 0;

	for (uint32_t i = 0; i < z->count; i++) {
		uint32_t at = z->by_start[i];
		struct range *r = &z->ranges[at];

		if (i && r->start < z->ranges[widest].end) {
			r->overlaps = true;
			z->ranges[widest].overlaps = true;
		}
		if (i == 0 || r->end > z->ranges[widest].end)
			widest = at;
	}
}

static struct range range_of(struct zip *z, const struct vt_zip_entry *e)
{
	struct vt_zip_entry local;
	struct range r = {.start = vt_min_u64(e->local, z->s.n), .end = 0};

	if (vt_zip_local(z->s, e->local, &local) != VT_OK)
		r.end = r.start;
	else if (!vt_add_u64(local.data, e->packed, &r.end) || r.end > z->s.n)
		r.end = z->s.n;
	return r;
}

/* One pass over the central directory: how many headers, and what their members take up. */
static vt_err index_members(struct zip *z)
{
	uint64_t at = z->directory.start, next;
	uint64_t most = (z->directory.end - at) / MIN_CENTRAL;
	struct vt_zip_entry e;
	vt_err err;

	if (most > MAX_ENTRIES)
		most = MAX_ENTRIES;
	z->ranges = calloc(most + 1, sizeof *z->ranges);
	z->by_start = calloc(most + 1, sizeof *z->by_start);
	if (!z->ranges || !z->by_start)
		return VT_ENOMEM;
	for (; z->count < most && at < z->directory.end; at = next) {
		if (vt_zip_central(z->s, &z->directory, at, &e, &next) != VT_OK)
			break;
		err = vt_budget_work(z->budget, next - at);
		if (err)
			return err;
		z->ranges[z->count++] = range_of(z, &e);
	}
	if (z->count == MAX_ENTRIES) {
		z->directory_status = VT_ELIMIT;
	} else if (at != z->directory.end &&
		vt_span_at(z->s, at, "PK\5\5", VT_ZIP_MAGIC) == false) {
		z->directory_status = VT_EFORMAT; /* not even a digital signature, 4.3.13 */
	}
	sort_ranges(z);
	mark_overlaps(z);
	return VT_OK;
}

static vt_err zip_open(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state)
{
	struct zip *z = calloc(1, sizeof *z);
	vt_err e;

	(void)type;
	if (!z)
		return VT_ENOMEM;
	z->s = bytes;
	z->budget = budget;
	vt_output_init(&z->out, budget);
	if (!vt_mul_u64(bytes.n, OVERLAP_TIMES, &z->overlap_left))
		z->overlap_left = UINT64_MAX;
	z->directory_status = vt_zip_find_directory(bytes, &z->directory);
	if (z->directory_status == VT_OK) {
		e = index_members(z);
		if (e)
			goto out;
	}
	z->central = z->directory.start;
	*out_state = z;
	return VT_OK;
out:
	zip_close(z);
	return e;
}

/* Looks at what came out against what the header promised. */
static vt_err check(const struct vt_zip_entry *e, vt_err status, vt_span *io)
{
	if (status == VT_ELIMIT || status == VT_ENOMEM || status == VT_EUNSUPPORTED)
		return status;
	if (io->n == e->real && vt_crc32(*io) == e->crc)
		return VT_OK;
	/* LZMA without an end marker: the coder's last bytes read as a few symbols too many. */
	if (e->method == VT_ZIP_LZMA && io->n > e->real &&
		vt_crc32(vt_span_clip(*io, 0, e->real)) == e->crc) {
		io->n = (size_t)e->real;
		return VT_OK;
	}
	return status ? status : VT_ECHECKSUM;
}

/*
 * Unpacks the member that `e` describes, whose data begins at e->data. *out_used: how many packed
 * bytes the method took, if it knows.
 */
static void unpack(
	struct zip *z, const struct vt_zip_entry *e, struct vt_member *m, uint64_t *out_used)
{
	vt_span in = vt_span_clip(z->s, e->data, e->packed);
	bool cut = in.n < e->packed;
	size_t used = in.n;

	vt_output_start(&z->out, in.n);
	if (e->method == VT_ZIP_STORED) {
		m->bytes = in;
		m->status = vt_output_borrow(&z->out, &m->bytes);
	} else {
		m->status = vt_zip_decode(&z->codec, e, in, &z->out, &used);
		m->bytes = vt_output_span(&z->out);
	}
	/* An unknown method on bytes that did not shrink: some unpackers just copy these. */
	if (m->status == VT_EUNSUPPORTED && e->packed == e->real) {
		m->bytes = in;
		if (vt_output_borrow(&z->out, &m->bytes) == VT_OK && vt_crc32(in) == e->crc)
			m->status = VT_OK;
	}
	m->limit = z->budget->reason;
	m->status = check(e, m->status, &m->bytes);
	if (cut && (m->status == VT_ECHECKSUM || m->status == VT_EFORMAT))
		m->status = VT_ETRUNCATED;
	*out_used = used;
}

static void describe(struct zip *z, const struct vt_zip_entry *e, struct vt_member *out)
{
	*out = (struct vt_member){
		.name = vt_span_clip(e->name, 0, VT_MEMBER_NAME_MAX),
		.packed_size = e->packed,
		.real_size = e->real,
		.position = ++z->position,
		.crc = e->crc,
		.has_crc = true,
		.encrypted = e->method == VT_ZIP_AES || (e->flags & VT_ZIP_ENCRYPTED),
	};
}

static bool is_folder(const struct vt_zip_entry *e)
{
	return e->packed == 0 && e->real == 0 && e->name.n && e->name.p[e->name.n - 1] == '/';
}

/* True if a reader that goes by the local header would get something else than one that does not.
 */
static bool disagree(vt_span s, const struct vt_zip_entry *central,
	const struct vt_zip_entry *local, const struct vt_member *m)
{
	bool sized = local->packed && local->packed != UINT32_MAX;
	bool streamed = !sized && (local->flags & VT_ZIP_STREAMED);

	if (m->encrypted || local->method == VT_ZIP_AES)
		return false;
	if (central->method != local->method)
		return sized || streamed;
	if (streamed && central->packed == 0 && central->method != VT_ZIP_STORED)
		return !vt_span_at(s, local->data, VT_ZIP_DESCRIPTOR, VT_ZIP_MAGIC);
	/* A compressed member that came out well knew its own end. */
	if (m->status == VT_OK && central->method != VT_ZIP_STORED)
		return false;
	return sized ? local->packed != central->packed : streamed && m->status;
}

static void central_member(struct zip *z, const struct vt_zip_entry *central, struct vt_member *m)
{
	struct range *r = &z->ranges[z->next];
	struct vt_zip_entry e = *central, local = {0};
	vt_err bad = vt_zip_local(z->s, central->local, &local);
	uint64_t used;

	describe(z, central, m);
	if (central->disk != z->directory.disk && (bad || !vt_span_eq(central->name, local.name))) {
		m->status = VT_EUNSUPPORTED; /* in another volume */
		return;
	}
	if (bad) {
		m->status = bad;
		return;
	}
	/* Some flag one header only, against readers that believe it. */
	if (m->encrypted && (central->method == VT_ZIP_AES || (local.flags & VT_ZIP_ENCRYPTED))) {
		m->status = VT_EENCRYPTED;
		return;
	}
	if (r->overlaps) {
		m->status = VT_EFORMAT;
		if (e.packed > z->overlap_left)
			return;
		z->overlap_left -= e.packed;
	}
	e.data = local.data;
	unpack(z, &e, m, &used);
	if (m->status && m->status != VT_ELIMIT &&
		((central->flags | local.flags) & VT_ZIP_ENCRYPTED))
		m->status = VT_EENCRYPTED;
	if (r->overlaps && m->status == VT_OK)
		m->status = VT_EFORMAT;
	z->again = disagree(z->s, central, &local, m);
	if (m->status == VT_OK && used < e.packed)
		r->end = vt_min_u64(r->end, e.data + used);
	if (z->again && local.packed < e.packed)
		r->end = vt_min_u64(r->end, e.data + local.packed);
}

/* The next local header's magic that no listed member takes up; false if there is none. */
static bool find_unlisted(struct zip *z, uint64_t *out)
{
	while (z->gap < z->s.n) {
		uint64_t limit;
		size_t hit;

		for (; z->gap_range < z->count; z->gap_range++) {
			const struct range *r = &z->ranges[z->by_start[z->gap_range]];

			if (r->start > z->gap)
				break;
			z->gap = vt_max_u64(z->gap, r->end);
		}
		limit = z->gap_range < z->count ? z->ranges[z->by_start[z->gap_range]].start
						: z->s.n;
		if (z->gap < limit &&
			vt_span_find(vt_span_clip(z->s, 0, limit), (size_t)z->gap, VT_ZIP_LOCAL,
				VT_ZIP_MAGIC, &hit)) {
			*out = hit;
			return true;
		}
		/* A listed member whose header is broken takes up nothing: step over its start. */
		z->gap = vt_max_u64(limit, z->gap + 1);
	}
	return false;
}

/*
 * The sizes of a stored member that only a descriptor behind its data tells (APPNOTE 4.3.9). The
 * search is paid for like overlapping data: otherwise each of many headers could cause a long one.
 */
static void find_descriptor(struct zip *z, struct vt_zip_entry *e)
{
	uint64_t at = vt_min_u64(e->data, z->s.n);
	uint32_t packed;
	size_t hit;

	e->packed = e->real = z->s.n - at;
	while (z->overlap_left) {
		bool found = vt_span_find(z->s, (size_t)at, VT_ZIP_DESCRIPTOR, VT_ZIP_MAGIC, &hit);

		z->overlap_left -= vt_min_u64(z->overlap_left, (found ? hit : z->s.n) - at);
		if (!found)
			return;
		if (vt_get_u32le(z->s, hit + 8, &packed) && packed == (uint32_t)(hit - e->data)) {
			e->packed = e->real = hit - e->data;
			(void)vt_get_u32le(z->s, hit + 4, &e->crc);
			return;
		}
		at = hit + VT_ZIP_MAGIC;
	}
}

static bool plausible(const struct vt_zip_entry *e)
{
	return vt_zip_method_known(e->method) && e->name.n && !is_folder(e);
}

static void unlisted_member(struct zip *z, struct vt_zip_entry *e, struct vt_member *m)
{
	bool streamed = (e->flags & VT_ZIP_STREAMED) && e->packed == 0;
	bool encrypted = e->method == VT_ZIP_AES || (e->flags & VT_ZIP_ENCRYPTED);
	uint64_t used = 0;

	if (streamed && (e->method == VT_ZIP_STORED || encrypted))
		find_descriptor(z, e);
	else if (streamed)
		e->packed = z->s.n - vt_min_u64(e->data, z->s.n);
	describe(z, e, m);
	if (encrypted) {
		m->status = VT_EENCRYPTED;
		used = e->packed;
	} else {
		unpack(z, e, m, &used);
	}
	if (streamed && m->status == VT_ECHECKSUM) {
		bool magic = vt_span_at(z->s, e->data + used, VT_ZIP_DESCRIPTOR, VT_ZIP_MAGIC);

		if (vt_get_u32le(z->s, e->data + used + (magic ? VT_ZIP_MAGIC : 0), &m->crc) &&
			m->crc == vt_crc32(m->bytes))
			m->status = VT_OK;
		m->packed_size = used;
		m->real_size = m->bytes.n;
	}
	if (m->status == VT_OK || (e->packed && !streamed))
		z->gap = vt_min_u64(z->s.n, e->data + used);
}

/* The same member by its local header alone. */
static void local_member(struct zip *z, const struct vt_zip_entry *central, struct vt_member *m)
{
	uint64_t gap = z->gap;
	struct vt_zip_entry e;
	vt_err err = vt_zip_local(z->s, central->local, &e);

	z->again = false;
	if (err) {
		describe(z, central, m);
		m->status = err;
		return;
	}
	unlisted_member(z, &e, m);
	z->gap = gap; /* the search for others has not begun */
}

/* A folder in the directory whose local header has data. */
static bool hides_data(struct zip *z, const struct vt_zip_entry *folder)
{
	struct vt_zip_entry local;

	return vt_zip_local(z->s, folder->local, &local) == VT_OK && local.packed != 0;
}

static vt_err next_listed(struct zip *z, struct vt_member *out)
{
	struct vt_zip_entry e;
	bool found = false;
	uint64_t next;
	vt_err err;

	while (!found && z->next < z->count) {
		/* The header was read before, so that it cannot fail now. */
		err = vt_zip_central(z->s, &z->directory, z->central, &e, &next);
		if (!err)
			err = vt_budget_work(z->budget, next - z->central);
		if (err)
			return err;
		if (z->again || (is_folder(&e) && hides_data(z, &e))) {
			local_member(z, &e, out);
			found = true;
		} else if (!is_folder(&e)) {
			central_member(z, &e, out);
			found = true;
		}
		if (z->again)
			break; /* stays here for once more */
		z->central = next;
		z->next++;
	}
	return found ? VT_OK : VT_END;
}

static vt_err next_unlisted(struct zip *z, struct vt_member *out)
{
	struct vt_zip_entry e;
	uint64_t at;
	vt_err err;

	while (z->directory_status != VT_ELIMIT && find_unlisted(z, &at)) {
		err = vt_budget_work(z->budget, MIN_LOCAL);
		if (err)
			return err;
		z->gap = at + VT_ZIP_MAGIC;
		if (vt_zip_local(z->s, at, &e) == VT_OK && plausible(&e)) {
			unlisted_member(z, &e, out);
			return VT_OK;
		}
	}
	return VT_END;
}

static vt_err zip_next(void *state, struct vt_member *out)
{
	struct zip *z = state;
	vt_err e = next_listed(z, out);

	if (e == VT_END)
		e = next_unlisted(z, out);
	if (e != VT_END)
		return e;
	if (z->directory.disk)
		return VT_EUNSUPPORTED;
	if (z->directory_status == VT_ELIMIT)
		z->budget->reason = VT_REASON_LIMIT_COUNT;
	return z->directory_status ? z->directory_status : VT_END;
}

const struct vt_unpacker vt_zip_unpacker = {
	.name = "zip",
	.open = zip_open,
	.next = zip_next,
	.close = zip_close,
};
