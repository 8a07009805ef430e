/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries are appended to the file "current", which is an entry bundle (tlog-tiles) that is not
 * full yet; with its 256th entry it is renamed to its place among the tiles. So an append is one
 * write and one sync, and nothing is ever written twice.
 */
#include "egress/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "egress/entry.h"
#include "egress/file.h"
#include "egress/internal.h"
#include "os/fd.h"

#define CURRENT_MAX ((size_t)VT_TILE_WIDTH * (VT_EGRESS_ENTRY_MAX + 2))

uint64_t vt_ledger_size(const struct vt_ledger *l)
{
	return l->tree.size;
}

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec < 0 ? 0 : (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static vt_err open_current(struct vt_ledger *l)
{
	vt_fd_close(l->file);
	l->file =
		openat(l->dir, VT_LEDGER_CURRENT, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	l->offset = 0;
	return l->file < 0 || fsync(l->dir) ? VT_EIO : VT_OK;
}

static vt_err write_tile(void *ctx, const struct vt_tile *t, vt_span bytes)
{
	const struct vt_ledger *l = ctx;
	char path[VT_TILE_PATH_MAX];

	return vt_file_replace(l->dir, vt_tile_path(t, path), 0644, bytes);
}

/* Counts a leaf; behind the 256th the bundle gets its name. Its hashes are there before. */
static vt_err count(struct vt_ledger *l, vt_span entry)
{
	struct vt_tile bundle = {.level = VT_TILE_ENTRIES,
		.index = l->tree.size / VT_TILE_WIDTH,
		.width = VT_TILE_WIDTH};
	char path[VT_TILE_PATH_MAX];
	vt_hash leaf;
	vt_err e;

	vt_merkle_leaf(entry, &leaf);
	e = vt_ledger_tree_add(&l->tree, &leaf, write_tile, l);
	if (e || l->tree.size % VT_TILE_WIDTH)
		return e;
	e = vt_file_move(l->dir, VT_LEDGER_CURRENT, vt_tile_path(&bundle, path));
	return e ? e : open_current(l);
}

static vt_err append_one(struct vt_ledger *l, const struct vt_egress *entry)
{
	vt_span body;
	vt_err e;

	vt_buf_clear(&l->scratch);
	e = vt_buf_add(&l->scratch, "\0\0", 2);
	if (!e)
		e = vt_egress_write(&l->scratch, entry);
	if (e)
		return e;
	body = vt_span_clip(vt_buf_span(&l->scratch), 2, l->scratch.n);
	l->scratch.p[0] = (uint8_t)(body.n >> 8);
	l->scratch.p[1] = (uint8_t)body.n;
	e = vt_file_pwrite(l->file, vt_buf_span(&l->scratch), l->offset);
	if (!e && fdatasync(l->file))
		e = VT_EIO;
	if (e)
		return e;
	l->offset += l->scratch.n;
	return count(l, body);
}

vt_err vt_ledger_append(struct vt_ledger *l, enum vt_egress_kind kind, vt_span peer, vt_span bytes)
{
	size_t done = 0;

	if (l->broken)
		return VT_EIO;
	do {
		struct vt_egress entry = {
			.seq = l->tree.size,
			.time = now_us(),
			.kind = kind,
			.peer = peer,
			.bytes = vt_span_clip(bytes, done, VT_EGRESS_MAX),
		};
		vt_err e = append_one(l, &entry);

		if (e) {
			l->broken = e != VT_EARG;
			return e;
		}
		done += entry.bytes.n;
	} while (done < bytes.n);
	return VT_OK;
}

static bool has_bundle(int dir, uint64_t index)
{
	char path[VT_TILE_PATH_MAX];
	const struct vt_tile t = {.level = VT_TILE_ENTRIES, .index = index, .width = VT_TILE_WIDTH};

	return faccessat(dir, vt_tile_path(&t, path), F_OK, 0) == 0;
}

/* Bundles in their place: they are numbered without gaps. */
static uint64_t count_bundles(int dir)
{
	uint64_t low = 0, high = 1; /* there are at least `low`, less than `high` */

	while (high < (uint64_t)1 << 40 && has_bundle(dir, high - 1)) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (has_bundle(dir, middle - 1))
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* What follows the last whole entry was not synced, so not sent. It is kept aside all the same. */
static vt_err cut_torn(struct vt_ledger *l)
{
	char name[64];
	vt_err e;

	if (l->scratch.n == 0)
		return VT_OK;
	(void)snprintf(name, sizeof name, "torn.%" PRIu64 ".%" PRId64, l->tree.size, now_us());
	e = vt_file_replace(l->dir, name, 0600, vt_buf_span(&l->scratch));
	if (e)
		return e;
	return ftruncate(l->file, (off_t)l->offset) || fdatasync(l->file) ? VT_EIO : VT_OK;
}

/*
 * Only the last write can be torn, and a file that grew may have zeros where its data was to be.
 * Anything else is damage.
 */
static bool is_torn(vt_span rest)
{
	vt_reader r = vt_reader_of(rest);
	size_t zeros = 0;

	if (rest.n > VT_EGRESS_ENTRY_MAX + 2)
		return false;
	(void)vt_read_span(&r, vt_read_u16be(&r));
	while (zeros < rest.n && rest.p[zeros] == 0)
		zeros++;
	return r.bad || vt_reader_left(&r) == 0 || zeros == rest.n;
}

/* Leaves what is torn in l->scratch. */
static vt_err read_current(struct vt_ledger *l)
{
	vt_buf b = VT_BUF_INIT(CURRENT_MAX + 1);
	uint64_t size;
	vt_err e = vt_fd_size(l->file, &size);
	vt_reader r;

	if (!e && size > CURRENT_MAX)
		e = VT_EFORMAT;
	if (!e)
		e = vt_fd_read_all(l->file, size, &b);
	r = vt_reader_of(vt_buf_span(&b));
	while (!e && vt_reader_left(&r)) {
		struct vt_egress entry;
		vt_span body = vt_read_span(&r, vt_read_u16be(&r));
		uint64_t before = l->tree.size;

		if (r.bad || vt_egress_parse(body, &entry)) {
			vt_span rest = vt_span_clip(vt_buf_span(&b), l->offset, b.n);

			e = is_torn(rest) ? vt_buf_add(&l->scratch, rest.p, rest.n) : VT_EFORMAT;
			break;
		}
		if (entry.seq != before)
			e = VT_EFORMAT;
		l->offset = r.at;
		if (!e)
			e = count(l, body);
		/* It was full, and has its place now. */
		if (!e && l->offset == 0 && vt_reader_left(&r))
			e = VT_EFORMAT;
	}
	vt_buf_free(&b);
	return e;
}

static vt_err take_lock(int dir, int *out_fd)
{
	int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return VT_EIO;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		vt_err e = errno == EWOULDBLOCK ? VT_EAGAIN : VT_EIO;

		vt_fd_close(fd);
		return e;
	}
	*out_fd = fd;
	return VT_OK;
}

vt_err vt_ledger_open_at(int dir, struct vt_ledger **out)
{
	struct vt_ledger *l = calloc(1, sizeof *l);
	vt_err e;

	if (!l)
		return VT_ENOMEM;
	l->dir = dir;
	l->own_dir = l->file = l->lock = -1;
	l->scratch = (vt_buf)VT_BUF_INIT(VT_EGRESS_ENTRY_MAX + 2);
	e = take_lock(dir, &l->lock);
	if (!e)
		e = vt_ledger_key(dir, true, &l->signer);
	if (!e)
		e = vt_ledger_tree_load(&l->tree, dir, count_bundles(dir));
	if (!e)
		e = open_current(l);
	if (!e)
		e = read_current(l);
	if (!e)
		e = vt_ledger_check_head(l);
	/* Only now: what a checkpoint covers was synced, and can't be torn. */
	if (!e)
		e = cut_torn(l);
	if (e) {
		l->broken = true;
		vt_ledger_close(l);
		return e;
	}
	*out = l;
	return VT_OK;
}

vt_err vt_ledger_open(const char *folder, struct vt_ledger **out)
{
	int dir = -1;
	vt_err e = vt_file_folder(folder, &dir);

	if (!e)
		e = vt_ledger_open_at(dir, out);
	if (e)
		vt_fd_close(dir);
	else
		(*out)->own_dir = dir;
	return e;
}

void vt_ledger_close(struct vt_ledger *l)
{
	if (!l)
		return;
	/* Without it the entries are there all the same; the next one covers them. */
	if (!l->broken && vt_ledger_sign(l))
		l->broken = true;
	vt_wipe(&l->signer, sizeof l->signer);
	vt_buf_free(&l->scratch);
	vt_fd_close(l->file);
	vt_fd_close(l->lock);
	vt_fd_close(l->own_dir);
	free(l);
}
