/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/compiler/compiler.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/num.h"
#include "compile/builder.h"
#include "compile/clamav/clamav.h"
#include "crypto/hash.h"
#include "ipc/compile.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "os/map.h"
#include "sandbox/enter.h"

#define MEMORY_MAX ((uint64_t)6 << 30)
#define NAMES_MAX ((size_t)64 << 20)
#define CONTAINER_MAX ((size_t)2 << 30) /* unpacked */
#define SETS_MAX 65536
#define WRITE_BYTES ((size_t)1 << 20)

_Static_assert(VT_ASIDE_COUNT == VT_WIRE_ASIDE_KINDS, "the wire has every kind of set-aside line");

/* One signature file, alone or out of a container. */
struct set {
	vt_span name, text;
};

struct storage {
	vt_buf unpacked;
	struct storage *next;
};

struct compiler {
	int channel;
	bool strict;
	vt_arena names; /* and lists */
	struct set *sets;
	size_t nsets, cap;
	struct storage *storage; /* of containers: the sets' texts point into them */
	vt_span container;       /* the name of the one being opened */
	struct vt_builder *builder;
	vt_buf output;
	uint64_t image_bytes;
	vt_buf answer;
	struct vt_wire_failure failure;
	struct vt_message message; /* large */
};

static vt_err fail(struct compiler *c, vt_err e, vt_span source, const char *cause)
{
	c->failure = (struct vt_wire_failure){
		.error = e, .source = source, .cause = vt_span_str(cause ? cause : vt_err_text(e))};
	return e;
}

static vt_err send_answer(struct compiler *c)
{
	return vt_channel_send(c->channel, vt_buf_span(&c->answer), NULL, 0, true);
}

static vt_err add_set(struct compiler *c, vt_span name, vt_span text)
{
	if (c->nsets == SETS_MAX)
		return fail(c, VT_ELIMIT, name, "too many signature files");
	if (c->nsets == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct set *p = vt_arena_array(&c->names, cap, sizeof *p);

		if (!p)
			return VT_ENOMEM;
		if (c->nsets)
			memcpy(p, c->sets, c->nsets * sizeof *p);
		c->sets = p;
		c->cap = cap;
	}
	c->sets[c->nsets++] = (struct set){.name = name, .text = text};
	return VT_OK;
}

/* A file inside of a container: "daily.cvd/daily.ldb". */
static vt_err on_contained(void *ctx, vt_span name, vt_span text)
{
	struct compiler *c = ctx;
	uint8_t *p;
	vt_span full;

	if (!vt_clamav_knows(name))
		return VT_OK;
	full.n = c->container.n + 1 + name.n;
	p = vt_arena_alloc(&c->names, full.n);
	if (!p)
		return VT_ENOMEM;
	memcpy(p, c->container.p, c->container.n);
	p[c->container.n] = '/';
	memcpy(p + c->container.n + 1, name.p, name.n);
	full.p = p;
	return add_set(c, full, text);
}

static vt_err add_container(struct compiler *c, vt_span name, vt_span bytes)
{
	struct storage *s = vt_arena_alloc(&c->names, sizeof *s);
	struct vt_cvd_header h = {0};
	const char *why = NULL;
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	s->unpacked = (vt_buf)VT_BUF_INIT(CONTAINER_MAX);
	s->next = c->storage;
	c->storage = s;
	c->container = name;
	e = vt_cvd_open(bytes, &h, &s->unpacked, on_contained, c, &why);
	if (e)
		return c->failure.error ? e : fail(c, e, name, why);
	e = vt_container_write(&c->answer,
		&(struct vt_wire_container){
			.name = name,
			.time = h.time,
			.builder = h.builder,
			.version = h.version,
			.signatures = h.signatures,
			.level = h.level,
			.md5_checked = h.md5.n == 32,
		});
	return e ? e : send_answer(c);
}

static vt_err add_source(struct compiler *c, vt_span wire_name, int fd)
{
	vt_span name = {.n = wire_name.n}, bytes;
	uint64_t size;
	vt_err e = vt_fd_size(fd, &size);

	name.p = (const uint8_t *)vt_arena_copy(&c->names, wire_name);
	if (!name.p)
		return VT_ENOMEM;
	/* Mapped, not read: the text of all sets stays, and is not this process's memory. */
	if (!e)
		e = vt_map_file(fd, size, &bytes);
	if (e)
		return fail(c, e, name, "can't be read");
	if (vt_clamav_is_container(name))
		return add_container(c, name, bytes);
	if (!vt_clamav_knows(name))
		return fail(c, VT_EARG, name, "not a signature file that is known");
	return add_set(c, name, bytes);
}

static vt_err add_sources(struct compiler *c)
{
	struct vt_message *m = &c->message;
	vt_err e = VT_OK;

	for (size_t i = 0; i < m->nfds; i++) {
		vt_span name = vt_msg_read_string(&m->body, VT_WIRE_NAME_MAX);

		if (!e)
			e = m->body.bad ? VT_EPEER : add_source(c, name, m->fds[i]);
		vt_fd_close(m->fds[i]);
	}
	return e ? e : vt_reader_left(&m->body) ? VT_EPEER : VT_OK;
}

static int compare_sets(const void *a, const void *b)
{
	const struct set *x = a, *y = b;

	return vt_set_compare(x->name, x->text, y->name, y->text);
}

static vt_err flush_output(struct compiler *c)
{
	vt_err e = vt_fd_write(VT_SANDBOX_OUTPUT, c->output.p, c->output.n);

	vt_buf_clear(&c->output);
	return e ? fail(c, e, (vt_span){0}, "the image can't be written") : VT_OK;
}

static vt_err on_image(void *ctx, const void *p, size_t n)
{
	struct compiler *c = ctx;
	const uint8_t *from = p;
	vt_err e = VT_OK;

	c->image_bytes += n;
	while (!e && n > 0) {
		size_t part = vt_min_size(n, WRITE_BYTES - c->output.n);

		e = vt_buf_add(&c->output, from, part);
		from += part;
		n -= part;
		if (!e && c->output.n == WRITE_BYTES)
			e = flush_output(c);
	}
	return e;
}

/* Tells of the lines that were set aside, up to a bound, and counts them all. */
static vt_err send_asides(struct compiler *c, struct vt_wire_totals *totals)
{
	const struct vt_aside_entry *a;
	size_t n = vt_builder_asides(c->builder, &a);
	vt_err e = vt_msg_begin(&c->answer, VT_MSG_ASIDES);

	for (size_t i = 0; !e && i < n; i++) {
		const struct vt_wire_aside w = {
			.set = a[i].set,
			.cause = vt_span_str(a[i].cause),
			.line = a[i].line,
			.what = (uint8_t)a[i].what,
		};

		totals->asides[w.what % VT_WIRE_ASIDE_KINDS]++;
		if (i >= VT_WIRE_ASIDES_MAX)
			continue;
		e = vt_aside_add(&c->answer, &w);
		if (e != VT_ELIMIT)
			continue;
		e = send_answer(c);
		if (!e)
			e = vt_msg_begin(&c->answer, VT_MSG_ASIDES);
		if (!e)
			e = vt_aside_add(&c->answer, &w);
	}
	return e ? e : send_answer(c);
}

static vt_err compile(struct compiler *c)
{
	struct vt_wire_totals totals = {.sets = c->nsets};
	vt_err e = vt_builder_new(&c->builder);

	/* The order of the sources must not show in the image. */
	if (c->nsets)
		qsort(c->sets, c->nsets, sizeof *c->sets, compare_sets);
	for (size_t i = 0; !e && i < c->nsets; i++) {
		e = vt_clamav_compile(c->builder, c->sets[i].name, c->sets[i].text);
		if (e)
			return fail(c, e, c->sets[i].name, NULL);
	}
	if (!e)
		e = send_asides(c, &totals);
	if (e)
		return e;
	if (c->strict && totals.asides[VT_ASIDE_BAD])
		return fail(c, VT_EFORMAT, (vt_span){0}, "bad lines, and --strict");
	e = vt_builder_emit(c->builder, on_image, c);
	if (!e)
		e = flush_output(c);
	if (e)
		return c->failure.error ? e : fail(c, e, (vt_span){0}, NULL);
	totals.image_bytes = c->image_bytes;
	e = vt_totals_write(&c->answer, &totals);
	return e ? e : send_answer(c);
}

static vt_err start(struct compiler *c)
{
	const struct vt_sandbox sandbox = {.role = VT_ROLE_COMPILER, .memory = MEMORY_MAX};
	const vt_span nothing = {0};
	unsigned layers;
	uint8_t digest[16];
	vt_err e;

	vt_fd_close_from(c->channel + 1);
	(void)mallopt(M_ARENA_MAX, 1);
	vt_md5(nothing, digest);
	e = vt_sandbox_enter(&sandbox, &layers);
	if (!e)
		e = vt_channel_recv(c->channel, &c->message, true, true);
	if (e)
		return e;
	if (c->message.id != VT_MSG_COMPILE || c->message.nfds != 1 ||
		c->message.fds[0] != VT_SANDBOX_OUTPUT)
		return VT_EPEER;
	return vt_compile_read(&c->message.body, &c->strict);
}

static vt_err serve(struct compiler *c)
{
	vt_err e = start(c);

	while (!e) {
		e = vt_channel_recv(c->channel, &c->message, true, true);
		if (e || c->message.id == VT_MSG_COMPILE_START)
			break;
		e = c->message.id == VT_MSG_SOURCES ? add_sources(c) : VT_EPEER;
	}
	if (!e)
		e = compile(c);
	if (!e || e == VT_END || e == VT_EPEER)
		return e;
	if (!c->failure.error)
		(void)fail(c, e, (vt_span){0}, NULL);
	e = vt_failure_write(&c->answer, &c->failure);
	return e ? e : send_answer(c);
}

int vt_compiler_run(int channel)
{
	struct compiler *c = calloc(1, sizeof *c);
	vt_err e;

	if (!c)
		return VT_EXIT_MEMORY;
	c->channel = channel;
	c->names = (vt_arena)VT_ARENA_INIT(NAMES_MAX);
	c->output = (vt_buf)VT_BUF_INIT(WRITE_BYTES);
	c->answer = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	e = serve(c);
	vt_builder_free(c->builder);
	for (struct storage *s = c->storage; s; s = s->next)
		vt_buf_free(&s->unpacked);
	vt_arena_free(&c->names);
	vt_buf_free(&c->output);
	vt_buf_free(&c->answer);
	free(c);
	return e == VT_OK ? 0 : e == VT_ENOMEM ? VT_EXIT_MEMORY : 1;
}
