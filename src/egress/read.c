/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "egress/entry.h"
#include "egress/internal.h"

#define BUNDLE_MAX ((size_t)VT_TILE_WIDTH * (VT_EGRESS_ENTRY_MAX + 2))

vt_err vt_ledger_damaged(struct vt_ledger_walk *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->why, sizeof w->why, fmt, ap);
	va_end(ap);
	return VT_EFORMAT;
}

/* A bundle's entries. `open`: it may end in the middle of one. */
static vt_err walk_bundle(vt_span bundle, bool open, uint64_t first, vt_egress_fn *fn, void *ctx,
	struct vt_ledger_walk *w)
{
	vt_reader r = vt_reader_of(bundle);
	vt_err e = VT_OK;

	w->torn = 0;
	for (unsigned n = 0; !e && vt_reader_left(&r); n++) {
		size_t at = r.at;
		vt_span raw = vt_read_span(&r, vt_read_u16be(&r));
		struct vt_egress entry;
		bool bad = r.bad || vt_egress_parse(raw, &entry);

		if (bad && open && (r.bad || vt_reader_left(&r) == 0)) {
			w->torn = bundle.n - at;
			return VT_OK;
		}
		if (n == VT_TILE_WIDTH)
			return vt_ledger_damaged(w, "more than 256 entries in a bundle");
		if (bad)
			return vt_ledger_damaged(w,
				"entry %" PRIu64
				": not as written: its form or its digest is wrong",
				w->next);
		if (entry.seq != w->next)
			return vt_ledger_damaged(w,
				"entry %" PRIu64 ": an entry with the number %" PRIu64
				" stands there",
				w->next, entry.seq);
		w->next++;
		if (entry.seq >= first)
			e = fn(ctx, &entry, raw);
	}
	if (!e && !open && w->next % VT_TILE_WIDTH)
		return vt_ledger_damaged(
			w, "entry %" PRIu64 ": its bundle ends before it", w->next);
	return e;
}

static vt_err get_bundle(
	const struct vt_ledger_files *files, uint64_t index, unsigned width, vt_buf *out)
{
	const struct vt_tile t = {.level = VT_TILE_ENTRIES, .index = index, .width = width};
	char path[VT_TILE_PATH_MAX];

	vt_buf_clear(out);
	return files->get(files->ctx, vt_tile_path(&t, path), BUNDLE_MAX, out);
}

vt_err vt_ledger_get_head(
	const struct vt_ledger_files *files, vt_buf *note, struct vt_key *key, struct vt_head *out)
{
	vt_buf text = VT_BUF_INIT(1024);
	vt_err e = files->get(files->ctx, VT_LEDGER_HEAD, VT_NOTE_MAX, note);

	if (!e)
		e = files->get(files->ctx, VT_LEDGER_PUBLIC, 1024, &text);
	if (!e && (text.n == 0 || text.p[text.n - 1] != '\n'))
		e = VT_EFORMAT;
	if (!e)
		e = vt_key_parse(vt_span_clip(vt_buf_span(&text), 0, text.n - 1), key);
	if (!e)
		e = vt_head_parse(vt_buf_span(note), key, out);
	vt_buf_free(&text);
	return e;
}

/* The entries behind the last full bundle: "current", or in an export a partial bundle. */
static vt_err get_last(
	const struct vt_ledger_files *files, uint64_t index, vt_buf *out, bool *out_there)
{
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_head head;
	struct vt_key key;
	vt_err e;

	vt_buf_clear(out);
	e = files->get(files->ctx, VT_LEDGER_CURRENT, BUNDLE_MAX, out);
	*out_there = e != VT_END;
	if (e != VT_END)
		return e;
	e = vt_ledger_get_head(files, &note, &key, &head);
	if (!e && head.at.size / VT_TILE_WIDTH == index && head.at.size % VT_TILE_WIDTH) {
		e = get_bundle(files, index, (unsigned)(head.at.size % VT_TILE_WIDTH), out);
		*out_there = e == VT_OK;
	}
	vt_buf_free(&note);
	return e == VT_END ? VT_OK : e;
}

/* True if these entries are not the ones of bundle `index`: it was filled and renamed meanwhile. */
static bool moved_on(vt_span bundle, uint64_t index)
{
	vt_reader r = vt_reader_of(bundle);
	struct vt_egress entry;
	vt_span raw = vt_read_span(&r, vt_read_u16be(&r));

	return !r.bad && vt_egress_parse(raw, &entry) == VT_OK &&
		entry.seq / VT_TILE_WIDTH == index + 1;
}

vt_err vt_ledger_each(const struct vt_ledger_files *files, uint64_t first, vt_egress_fn *fn,
	void *ctx, struct vt_ledger_walk *out)
{
	uint64_t index = first / VT_TILE_WIDTH;
	vt_buf b = VT_BUF_INIT(BUNDLE_MAX);
	bool there = true;
	vt_err e;

	*out = (struct vt_ledger_walk){.next = index * VT_TILE_WIDTH};
	for (;; index++) {
		e = get_bundle(files, index, VT_TILE_WIDTH, &b);
		if (e == VT_END) {
			e = get_last(files, index, &b, &there);
			if (!e && moved_on(vt_buf_span(&b), index) &&
				get_bundle(files, index, VT_TILE_WIDTH, &b) == VT_OK) {
				index--;
				continue;
			}
			if (!e)
				e = walk_bundle(vt_buf_span(&b), true, first, fn, ctx, out);
			break;
		}
		if (!e)
			e = walk_bundle(vt_buf_span(&b), false, first, fn, ctx, out);
		if (e)
			break;
	}
	if (!e && !there && out->next == 0)
		e = vt_ledger_damaged(out, "there is no ledger");
	vt_buf_free(&b);
	return e == VT_END ? VT_OK : e;
}
