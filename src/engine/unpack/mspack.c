/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft's CAB, CHM and SZDD by libmspack, which is given two "files" that are memory: the
 * container and the member that is being unpacked.
 */
#include <mspack.h>
#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/formats.h"
#include "engine/unpack/output.h"

/* The decoders work in frames of 32 KiB, whether or not these are asked for: count them so. */
#define FRAME 32768u

struct state {
	struct mspack_system sys; /* first, so that its address is the state's */
	vt_span s;
	const struct format *format;
	struct vt_output out;
	vt_err failed; /* why the last write or read was refused */
	uint64_t position;
	bool salvaged; /* only readable with errors passed over */
	struct mscab_decompressor *cab;
	struct mscabd_cabinet *cabs, *at_cab;
	struct mscabd_file *cab_file;
	struct mschm_decompressor *chm;
	struct mschmd_header *book;
	struct mschmd_file *page;
	struct msszdd_decompressor *szdd;
	struct msszddd_header *packed;
};

struct format {
	vt_type type;
	vt_err (*open)(struct state *st);
	vt_err (*next)(struct state *st, struct vt_member *m);
};

/*
 * An open "file". libmspack 0.11 may hand back none at all, after an error in an earlier member of
 * the same folder.
 */
struct handle {
	struct state *st;
	bool writing;
	size_t at;
};

static struct mspack_file *sys_open(struct mspack_system *self, const char *name, int mode)
{
	struct handle *h = calloc(1, sizeof *h);

	(void)name;
	if (!h)
		return NULL;
	h->st = (struct state *)(void *)self;
	h->writing = mode != MSPACK_SYS_OPEN_READ;
	return (struct mspack_file *)(void *)h;
}

static void sys_close(struct mspack_file *f)
{
	free(f);
}

static int sys_read(struct mspack_file *f, void *to, int n)
{
	struct handle *h = (struct handle *)(void *)f;
	vt_span part;
	vt_err e;

	if (!h || n < 0 || h->writing)
		return -1;
	part = vt_span_clip(h->st->s, h->at, (uint64_t)n);
	e = vt_budget_work(h->st->out.budget, FRAME);
	if (e) {
		h->st->failed = e;
		return -1;
	}
	if (part.n)
		memcpy(to, part.p, part.n);
	h->at += part.n;
	return (int)part.n;
}

static int sys_write(struct mspack_file *f, void *from, int n)
{
	struct handle *h = (struct handle *)(void *)f;
	vt_err e;

	if (!h || n < 0 || !h->writing)
		return -1;
	e = vt_output_add(&h->st->out, vt_span_of(from, (size_t)n));
	if (e) {
		h->st->failed = e;
		return -1;
	}
	return n;
}

static int sys_seek(struct mspack_file *f, off_t offset, int mode)
{
	struct handle *h = (struct handle *)(void *)f;
	int64_t base = 0, to;

	if (!h)
		return -1;
	if (mode == MSPACK_SYS_SEEK_CUR)
		base = (int64_t)h->at;
	else if (mode == MSPACK_SYS_SEEK_END)
		base = (int64_t)h->st->s.n;
	if (!vt_add_i64(base, offset, &to) || to < 0 || (uint64_t)to > h->st->s.n)
		return -1;
	h->at = (size_t)to;
	return 0;
}

static off_t sys_tell(struct mspack_file *f)
{
	const struct handle *h = (struct handle *)(void *)f;

	return h ? (off_t)h->at : 0;
}

__attribute__((format(printf, 2, 3))) static void sys_message(
	struct mspack_file *f, const char *text, ...)
{
	(void)f;
	(void)text;
}

static void *sys_alloc(struct mspack_system *self, size_t n)
{
	(void)self;
	return malloc(n);
}

static void sys_free(void *p)
{
	free(p);
}

static void sys_copy(void *from, void *to, size_t n)
{
	memcpy(to, from, n);
}

static vt_err error_of(const struct state *st, int error)
{
	if (error == MSPACK_ERR_OK)
		return VT_OK;
	if (st->failed)
		return st->failed;
	return error == MSPACK_ERR_NOMEMORY ? VT_ENOMEM
		: error == MSPACK_ERR_READ  ? VT_ETRUNCATED
		: error == MSPACK_ERR_SEEK  ? VT_ETRUNCATED
					    : VT_EFORMAT;
}

/* Starts a member; the caller extracts, then calls end_member(). */
static void begin_member(struct state *st, const char *name, uint64_t size, struct vt_member *m)
{
	*m = (struct vt_member){
		.name = vt_span_str(name ? name : ""),
		.packed_size = VT_SIZE_UNKNOWN,
		.real_size = size,
		.position = ++st->position,
	};
	m->name.n = vt_min_size(m->name.n, VT_MEMBER_NAME_MAX);
	st->failed = VT_OK;
	vt_output_start(&st->out, st->s.n);
}

static void end_member(struct state *st, int error, struct vt_member *m)
{
	m->bytes = vt_output_span(&st->out);
	m->status = error_of(st, error);
	m->limit = st->out.budget->reason;
}

static vt_err cab_open(struct state *st)
{
	st->cab = mspack_create_cab_decompressor(&st->sys);
	if (!st->cab)
		return VT_ENOMEM;
	st->cabs = st->cab->open(st->cab, "");
	if (!st->cabs) {
		/* Behind a program, or with file entries that point nowhere. */
		st->salvaged = st->format->type == VT_TYPE_CAB;
		(void)st->cab->set_param(st->cab, MSCABD_PARAM_SALVAGE, 1);
		st->cabs = st->cab->search(st->cab, "");
	}
	if (!st->cabs)
		return error_of(st,
			st->cab->last_error(st->cab) ? st->cab->last_error(st->cab)
						     : MSPACK_ERR_SIGNATURE);
	st->at_cab = st->cabs;
	st->cab_file = st->cabs->files;
	return VT_OK;
}

static vt_err cab_next(struct state *st, struct vt_member *m)
{
	struct mscabd_file *f;

	while (!st->cab_file) {
		st->at_cab = st->at_cab ? st->at_cab->next : NULL;
		if (!st->at_cab)
			return st->salvaged ? VT_EFORMAT : VT_END;
		st->cab_file = st->at_cab->files;
	}
	f = st->cab_file;
	st->cab_file = f->next;
	begin_member(st, f->filename, f->length, m);
	end_member(st, st->cab->extract(st->cab, f, ""), m);
	if (m->status == VT_EFORMAT &&
		(st->at_cab->flags & (MSCAB_HDR_PREVCAB | MSCAB_HDR_NEXTCAB)))
		m->status = VT_EUNSUPPORTED; /* goes on in another cabinet of the set */
	return VT_OK;
}

static vt_err chm_open(struct state *st)
{
	st->chm = mspack_create_chm_decompressor(&st->sys);
	if (!st->chm)
		return VT_ENOMEM;
	st->book = st->chm->open(st->chm, "");
	if (!st->book)
		return error_of(st, st->chm->last_error(st->chm));
	st->page = st->book->files;
	return VT_OK;
}

static vt_err chm_next(struct state *st, struct vt_member *m)
{
	struct mschmd_file *f;

	do {
		f = st->page;
		if (!f)
			return VT_END;
		st->page = f->next;
	} while (f->length == 0);
	begin_member(st, f->filename, (uint64_t)f->length, m);
	end_member(st, st->chm->extract(st->chm, f, ""), m);
	return VT_OK;
}

static vt_err szdd_open(struct state *st)
{
	st->szdd = mspack_create_szdd_decompressor(&st->sys);
	if (!st->szdd)
		return VT_ENOMEM;
	st->packed = st->szdd->open(st->szdd, "");
	return st->packed ? VT_OK : error_of(st, st->szdd->last_error(st->szdd));
}

static vt_err szdd_next(struct state *st, struct vt_member *m)
{
	if (st->position)
		return VT_END;
	begin_member(st, NULL, (uint64_t)st->packed->length, m);
	end_member(st, st->szdd->extract(st->szdd, st->packed, ""), m);
	/* The decoder does not compare. */
	if (m->status == VT_OK && m->bytes.n != m->real_size)
		m->status = VT_ETRUNCATED;
	return VT_OK;
}

static const struct format formats[] = {
	{VT_TYPE_CAB, cab_open, cab_next},
	{VT_TYPE_CABSFX, cab_open, cab_next},
	{VT_TYPE_CHM, chm_open, chm_next},
	{VT_TYPE_SZDD, szdd_open, szdd_next},
};

static void close_state(void *state)
{
	struct state *st = state;

	if (!st)
		return;
	/* Frees all that the search found. */
	if (st->cabs)
		st->cab->close(st->cab, st->cabs);
	if (st->cab)
		mspack_destroy_cab_decompressor(st->cab);
	if (st->book)
		st->chm->close(st->chm, st->book);
	if (st->chm)
		mspack_destroy_chm_decompressor(st->chm);
	if (st->packed)
		st->szdd->close(st->szdd, st->packed);
	if (st->szdd)
		mspack_destroy_szdd_decompressor(st->szdd);
	vt_output_free(&st->out);
	free(st);
}

static vt_err open_state(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state)
{
	struct state *st = calloc(1, sizeof *st);
	vt_err e = VT_EARG;

	if (!st)
		return VT_ENOMEM;
	st->sys = (struct mspack_system){
		.open = sys_open,
		.close = sys_close,
		.read = sys_read,
		.write = sys_write,
		.seek = sys_seek,
		.tell = sys_tell,
		.message = sys_message,
		.alloc = sys_alloc,
		.free = sys_free,
		.copy = sys_copy,
	};
	st->s = bytes;
	vt_output_init(&st->out, budget);
	for (size_t i = 0; i < VT_COUNT(formats); i++) {
		if (formats[i].type == type)
			st->format = &formats[i];
	}
	if (st->format)
		e = st->format->open(st);
	if (e)
		close_state(st);
	else
		*out_state = st;
	return e;
}

static vt_err next_member(void *state, struct vt_member *out)
{
	struct state *st = state;
	vt_err e = vt_budget_work(st->out.budget, FRAME);

	return e ? e : st->format->next(st, out);
}

const struct vt_unpacker vt_mspack_unpacker = {
	.name = "mspack",
	.open = open_state,
	.next = next_member,
	.close = close_state,
};
