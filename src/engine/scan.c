/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan of one file: a stack of open containers instead of recursion. The innermost one gives
 * its next member; the member is inspected and, if it is a container, opened on top.
 */
#include <stdlib.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "engine/scanner.h"
#include "engine/type/identify.h"

#define PATH_MAX_BYTES ((size_t)1 << 20)
#define ARENA_MAX ((size_t)64 << 20)
#define DEPTH_MAX 100u
/* Fewer bytes than this hold no archive. */
#define EMBEDDED_MIN 32

vt_err vt_scanner_new(const struct vt_db *const *dbs, size_t ndbs,
	const struct vt_scan_options *options, struct vt_scanner **out)
{
	struct vt_scanner *s;
	size_t frames;
	vt_err e = VT_OK;

	if (ndbs < 1 || ndbs > VT_MAX_DBS || options->limits.depth > DEPTH_MAX)
		return VT_EARG;
	s = calloc(1, sizeof *s);
	if (!s)
		return VT_ENOMEM;
	s->options = *options;
	s->ndbs = ndbs;
	s->arena.max = ARENA_MAX;
	s->storage.max = VT_IMAGE_TEXT_MAX;
	s->path.max = PATH_MAX_BYTES;
	frames = (size_t)options->limits.depth + 1;
	s->frames = calloc(frames, sizeof *s->frames);
	s->parents = calloc(frames, sizeof *s->parents);
	if (!s->frames || !s->parents)
		e = VT_ENOMEM;
	for (size_t i = 0; i < ndbs && !e; i++) {
		s->dbs[i] = dbs[i];
		e = vt_match_new(dbs[i], vt_filter_impls()[0], &s->matches[i]);
		if (!e)
			e = vt_eval_new(dbs[i], &s->evals[i]);
	}
	if (e)
		vt_scanner_free(s);
	else
		*out = s;
	return e;
}

void vt_scanner_free(struct vt_scanner *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->ndbs; i++) {
		vt_match_free(s->matches[i]);
		vt_eval_free(s->evals[i]);
	}
	vt_arena_free(&s->arena);
	vt_buf_free(&s->storage);
	vt_buf_free(&s->path);
	free(s->frames);
	free(s->parents);
	free(s);
}

unsigned vt_scanner_wants(const struct vt_scanner *s, uint64_t size)
{
	unsigned wants = 0;

	for (size_t i = 0; i < s->ndbs; i++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS; a++) {
			if (vt_db_hash_wanted(s->dbs[i], VT_HASH_OBJECT, a, size, s->options.pua))
				wants |= 1u << a;
		}
	}
	return wants;
}

void vt_scan_gap(struct vt_scanner *s, vt_reason reason)
{
	if (vt_report_gap(s->report, reason, vt_buf_span(&s->path)))
		s->failure = VT_ENOMEM;
}

vt_reason vt_reason_of(vt_err e, vt_reason limit)
{
	static const struct {
		vt_err e;
		vt_reason reason;
	} table[] = {
		{VT_EENCRYPTED, VT_REASON_ENCRYPTED},
		{VT_EUNSUPPORTED, VT_REASON_UNSUPPORTED_METHOD},
		{VT_ETRUNCATED, VT_REASON_TRUNCATED},
		{VT_ECHECKSUM, VT_REASON_CHECKSUM},
		{VT_ENOMEM, VT_REASON_MEMORY},
	};

	if (e == VT_ELIMIT)
		return limit;
	for (size_t i = 0; i < VT_COUNT(table); i++) {
		if (table[i].e == e)
			return table[i].reason;
	}
	return VT_REASON_MALFORMED;
}

static const struct vt_unpacker *unpacker_for(vt_type type)
{
	return type == VT_TYPE_MACHO_FAT ? &vt_unpacker_macho_fat : vt_unpacker_for(type);
}

/*
 * Opens a container on top of the stack, if limits and format allow; otherwise says why not. A
 * `guess` is a magic number found in other data: if nothing comes out of it, it was none.
 */
static void push(struct vt_scanner *s, vt_span bytes, vt_type type,
	const struct vt_digests *digests, bool guess)
{
	const struct vt_unpacker *u = unpacker_for(type);
	struct vt_frame *f = &s->frames[s->depth];
	void *state = NULL;
	vt_err e;

	if (!u) {
		if (vt_type_is_container(type) && !guess)
			vt_scan_gap(s, VT_REASON_UNSUPPORTED_FORMAT);
		return;
	}
	if (s->depth >= s->options.limits.depth) {
		vt_scan_gap(s, VT_REASON_LIMIT_DEPTH);
		return;
	}
	s->budget.reason = VT_REASON_MALFORMED;
	e = u->open(bytes, type, &s->budget, &state);
	if (e) {
		if (!guess)
			vt_scan_gap(s, vt_reason_of(e, s->budget.reason));
		return;
	}
	*f = (struct vt_frame){
		.unpacker = u,
		.state = state,
		.bytes = bytes,
		.type = type,
		.path_size = s->path.n,
		.guess = guess,
	};
	if (digests)
		f->digests = *digests;
	s->depth++;
	s->parents[s->options.limits.depth + 1 - s->depth] = type;
}

static void pop(struct vt_scanner *s)
{
	struct vt_frame *f = &s->frames[--s->depth];

	f->unpacker->close(f->state);
	s->path.n = f->path_size;
}

/* Text and byte code hold no archive; one may stand behind them, where its end record tells. */
static bool holds_no_archive(const struct vt_object *o)
{
	return o->target == vt_type_target(VT_TYPE_TEXT_ASCII) || o->type == VT_TYPE_HTML ||
		o->type == VT_TYPE_JAVA_CLASS || o->type == VT_TYPE_PYTHON_COMPILED;
}

/*
 * An archive inside of something that is none: behind an executable's last section (which makes it
 * self-extracting), or behind anything else that is no container.
 */
static void push_embedded(struct vt_scanner *s, const struct vt_object *o)
{
	uint64_t from = o->has_exe ? o->exe.overlay : 1, offset;
	vt_type type;

	if (from < o->bytes.n && o->bytes.n - from >= EMBEDDED_MIN && !holds_no_archive(o) &&
		vt_identify_embedded(o->bytes, from, &offset, &type))
		push(s, vt_span_clip(o->bytes, offset, o->bytes.n), type, NULL, !o->has_exe);
	else if (vt_identify_zip_end(o->bytes))
		push(s, o->bytes, VT_TYPE_ZIPSFX, NULL, true);
}

/* Inspects an object and, if it holds others, leaves it open on the stack. */
static void enter(struct vt_scanner *s, vt_span bytes, struct vt_digests *digests)
{
	struct vt_object object;
	vt_type type;

	vt_inspect(s, bytes, digests, &type, &object);
	if (s->stop)
		return;
	if (unpacker_for(type) || vt_type_is_container(type))
		push(s, bytes, type, digests, false);
	else
		push_embedded(s, &object);
}

/* The path of a member: that of its container, and its name or, without one, the format's. */
static void set_path(struct vt_scanner *s, const struct vt_frame *f, vt_span name)
{
	vt_err e = VT_OK;

	s->path.n = f->path_size;
	if (f->path_size)
		e = vt_buf_add_u8(&s->path, '/');
	if (!e && name.n)
		e = vt_buf_add(&s->path, name.p, name.n);
	else if (!e)
		e = vt_buf_addf(&s->path, "[%s]", vt_type_name(f->type));
	if (e == VT_ENOMEM)
		s->failure = e; /* a path past its maximum is cut, which harms nothing */
}

static void step(struct vt_scanner *s)
{
	struct vt_frame *f = &s->frames[s->depth - 1];
	struct vt_digests digests = {0};
	struct vt_member m = {0};
	vt_err e;

	s->path.n = f->path_size;
	s->budget.reason = VT_REASON_MALFORMED;
	e = f->unpacker->next(f->state, &m);
	if (e) {
		if (e != VT_END && !f->guess)
			vt_scan_gap(s, vt_reason_of(e, s->budget.reason));
		pop(s);
		return;
	}
	set_path(s, f, m.name);
	f->guess = f->guess &&
		(m.status == VT_EFORMAT || m.status == VT_ETRUNCATED ||
			m.status == VT_EUNSUPPORTED);
	if (vt_budget_object(&s->budget)) {
		s->path.n = f->path_size;
		vt_scan_gap(s, s->budget.reason);
		pop(s);
		return;
	}
	vt_inspect_member(s, &m);
	if (m.status && !f->guess)
		vt_scan_gap(s, vt_reason_of(m.status, m.limit));
	if (m.bytes.n && !s->stop)
		enter(s, m.bytes, &digests);
}

static void take_digests(const struct vt_input *in, struct vt_digests *d)
{
	const uint8_t *given[VT_HASH_ALGOS] = {in->md5, in->sha1, in->sha256};

	for (unsigned a = 0; a < VT_HASH_ALGOS; a++) {
		d->have[a] = given[a] != NULL;
		if (given[a])
			memcpy(d->digest[a], given[a], vt_hash_size(a));
	}
}

vt_err vt_scan(struct vt_scanner *s, const struct vt_input *in, struct vt_report *report)
{
	struct vt_digests digests = {0};

	vt_budget_start(&s->budget, &s->options.limits, in->tick, in->tick_ctx);
	s->report = report;
	s->stop = false;
	s->failure = VT_OK;
	s->path.n = 0;
	report->file_bytes = in->bytes.n;
	if (in->bytes.n > s->options.limits.file_size) {
		vt_scan_gap(s, VT_REASON_LIMIT_FILE_SIZE);
		return s->failure;
	}
	take_digests(in, &digests);
	enter(s, in->bytes, &digests);
	while (s->depth && !s->stop && !s->budget.out_of_time)
		step(s);
	if (s->budget.out_of_time) {
		s->path.n = s->depth ? s->frames[s->depth - 1].path_size : 0;
		vt_scan_gap(s, VT_REASON_LIMIT_TIME);
	}
	while (s->depth)
		pop(s);
	return s->failure;
}
