/* SPDX-License-Identifier: Apache-2.0 */
#include "update/compose.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "entry/delta.h"

#define FILES_MAX 4096
#define NAME_MAX_BYTES 256

/* A line of a file; `balance` is how often it came less how often it went. */
struct item {
	uint8_t sum[32]; /* SHA-256 of the line */
	vt_span line;    /* p NULL: known by its digest only */
	uint32_t file;
	int32_t balance;
	uint32_t seen; /* copies in the image underneath */
	bool taken;    /* withdrawn for good, however many copies there are */
	bool digested; /* `sum` is there */
	uint32_t next; /* in its slot: index + 1 */
};

struct file {
	char name[NAME_MAX_BYTES]; /* "<set>/<file>" */
	size_t size;
};

struct vt_compose {
	struct item *items;
	size_t n, cap;
	uint32_t *slots; /* by a quick hash of file and line: index + 1 */
	size_t nslots;
	struct file *files;
	size_t nfiles;
	const char *why;
	/* vt_compose_see(): the file that was asked for last */
	size_t at;
};

vt_err vt_compose_new(struct vt_compose **out)
{
	struct vt_compose *c = calloc(1, sizeof *c);

	if (c)
		c->files = calloc(FILES_MAX, sizeof *c->files);
	if (!c || !c->files) {
		free(c);
		return VT_ENOMEM;
	}
	*out = c;
	return VT_OK;
}

void vt_compose_free(struct vt_compose *c)
{
	if (!c)
		return;
	free(c->items);
	free(c->slots);
	free(c->files);
	free(c);
}

const char *vt_compose_why(const struct vt_compose *c)
{
	return c->why ? c->why : "";
}

static vt_err refuse(struct vt_compose *c, const char *why)
{
	c->why = why;
	return VT_EUNSUPPORTED;
}

static vt_span trimmed(vt_span line)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/*
 * Every line of the large image is looked up once, nearly all in vain: the slot comes from the
 * digest's place only for lines that are in a delta, and from this cheap mix for all.
 */
static uint64_t mix(uint32_t file, vt_span line)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ file, v;

	for (size_t i = 0; i < line.n; i += sizeof v) {
		v = 0;
		memcpy(&v, line.p + i, vt_min_size(line.n - i, sizeof v));
		h = (h ^ v) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return h ^ line.n;
}

static vt_err find_file(struct vt_compose *c, vt_span name, uint32_t *out)
{
	for (size_t i = 0; i < c->nfiles; i++) {
		if (vt_span_eq(vt_span_of(c->files[i].name, c->files[i].size), name)) {
			*out = (uint32_t)i;
			return VT_OK;
		}
	}
	if (c->nfiles == FILES_MAX || name.n > NAME_MAX_BYTES)
		return VT_ELIMIT;
	memcpy(c->files[c->nfiles].name, name.p, name.n);
	c->files[c->nfiles].size = name.n;
	*out = (uint32_t)c->nfiles++;
	return VT_OK;
}

static vt_err file_of(struct vt_compose *c, vt_span set, vt_span file, uint32_t *out)
{
	vt_buf name = VT_BUF_INIT(NAME_MAX_BYTES);
	vt_err e = vt_buf_add(&name, set.p, set.n);

	if (!e)
		e = vt_buf_add_u8(&name, '/');
	if (!e)
		e = vt_buf_add(&name, file.p, file.n);
	if (!e)
		e = find_file(c, vt_buf_span(&name), out);
	vt_buf_free(&name);
	return e;
}

static vt_err grow(struct vt_compose *c)
{
	size_t cap = c->cap ? 2 * c->cap : 1024;
	struct item *items;
	uint32_t *slots;

	if (c->n >= VT_COMPOSE_MAX)
		return refuse(c, "too many changed lines");
	items = realloc(c->items, cap * sizeof *items);
	if (!items)
		return VT_ENOMEM;
	c->items = items;
	c->cap = cap;
	slots = calloc(2 * cap, sizeof *slots);
	if (!slots)
		return VT_ENOMEM;
	free(c->slots);
	c->slots = slots;
	c->nslots = 2 * cap;
	for (size_t i = 0; i < c->n; i++) {
		uint32_t *slot = &slots[mix(items[i].file, items[i].line) & (c->nslots - 1)];

		items[i].next = *slot;
		*slot = (uint32_t)i + 1;
	}
	return VT_OK;
}

static struct item *lookup(const struct vt_compose *c, uint32_t file, vt_span line)
{
	uint32_t i = c->nslots ? c->slots[mix(file, line) & (c->nslots - 1)] : 0;

	while (i) {
		struct item *it = &c->items[i - 1];

		if (it->file == file && it->line.p && vt_span_eq(it->line, line))
			return it;
		i = it->next;
	}
	return NULL;
}

/* The item of a line, made if need be. An item without a line is found by its digest only. */
static vt_err item_of(struct vt_compose *c, uint32_t file, vt_span line, struct item **out)
{
	struct item *it = lookup(c, file, line);
	uint32_t *slot;
	vt_err e;

	if (!it || !line.p) {
		e = c->n == c->cap ? grow(c) : VT_OK;
		if (e)
			return e;
		slot = &c->slots[mix(file, line) & (c->nslots - 1)];
		it = &c->items[c->n++];
		*it = (struct item){.line = line, .file = file, .next = *slot};
		*slot = (uint32_t)c->n;
	}
	*out = it;
	return VT_OK;
}

static bool ends_with(vt_span s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && memcmp(s.p + s.n - n, tail, n) == 0;
}

/* Lines whose meaning hangs on lines elsewhere, or on which lines elsewhere hang. */
static const char *entangled(vt_span file, vt_span line)
{
	size_t at;

	if (ends_with(file, ".ign") || ends_with(file, ".ign2"))
		return "a list of ignored rules changed";
	if (vt_span_find(line, 0, "${", 2, &at) || vt_span_find(line, 0, ":$", 2, &at))
		return "a rule that refers to a group of others changed";
	return NULL;
}

static vt_err change(struct vt_compose *c, uint32_t file, vt_span name, vt_span line, int by)
{
	const char *why = entangled(name, line);
	struct item *it;
	vt_err e;

	if (why)
		return refuse(c, why);
	if (line.n == 0)
		return VT_OK; /* an empty line makes no rule */
	e = item_of(c, file, line, &it);
	if (!e)
		it->balance += by;
	return e;
}

static vt_err take_step(
	struct vt_compose *c, vt_span set, const struct vt_delta_step *s, uint32_t *io_file)
{
	switch (s->op) {
	case VT_DELTA_FILE:
	case VT_DELTA_ADD: return file_of(c, set, s->file, io_file);
	case VT_DELTA_DROP: return refuse(c, "a file was dropped");
	case VT_DELTA_PUT: return refuse(c, "a file that is not line by line changed");
	case VT_DELTA_KEEP: return VT_OK;
	case VT_DELTA_LESS: return change(c, *io_file, s->file, trimmed(s->text), -1);
	case VT_DELTA_MORE: return change(c, *io_file, s->file, trimmed(s->text), 1);
	default: return VT_EFORMAT;
	}
}

vt_err vt_compose_add(struct vt_compose *c, vt_span delta)
{
	struct vt_delta_reader d;
	struct vt_delta_step s;
	uint32_t file = 0;
	vt_err e = vt_delta_open(delta, &d);

	while (!e) {
		e = vt_delta_next(&d, &s);
		if (!e)
			e = take_step(c, d.set, &s, &file);
	}
	return e == VT_END ? VT_OK : e;
}

static void digest(struct item *it)
{
	if (!it->digested)
		vt_sha256(it->line, it->sum);
	it->digested = true;
}

vt_err vt_compose_withdraw(
	struct vt_compose *c, vt_span set, vt_span file, const uint8_t line_sha256[32])
{
	const vt_span none = {0};
	struct item *it;
	uint32_t f;
	vt_err e = file_of(c, set, file, &f);

	for (size_t i = 0; !e && i < c->n; i++) {
		it = &c->items[i];
		if (it->file != f || it->taken)
			continue;
		digest(it);
		if (memcmp(it->sum, line_sha256, sizeof it->sum) == 0) {
			it->taken = true;
			return VT_OK;
		}
	}
	if (!e)
		e = item_of(c, f, none, &it);
	if (!e) {
		memcpy(it->sum, line_sha256, sizeof it->sum);
		it->digested = it->taken = true;
	}
	return e;
}

void vt_compose_see(struct vt_compose *c, vt_span set_file, vt_span line)
{
	const struct file *f = c->at < c->nfiles ? &c->files[c->at] : NULL;
	struct item *it;

	if (!f || f->size != set_file.n || memcmp(f->name, set_file.p, f->size) != 0) {
		for (c->at = 0; c->at < c->nfiles; c->at++) {
			f = &c->files[c->at];
			if (vt_span_eq(vt_span_of(f->name, f->size), set_file))
				break;
		}
	}
	if (c->at == c->nfiles)
		return;
	it = lookup(c, (uint32_t)c->at, trimmed(line));
	if (it)
		it->seen++;
}

vt_err vt_compose_settle(struct vt_compose *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct item *it = &c->items[i];

		digest(it);
		if (it->balance >= 0)
			continue;
		if (it->seen < (uint32_t)-it->balance)
			return refuse(c, "the image underneath lacks a line that went");
		if (it->seen > (uint32_t)-it->balance)
			it->balance = 0;
	}
	return VT_OK;
}

static bool came(const struct item *it)
{
	return it->balance > 0 && !it->taken;
}

static bool went(const struct item *it)
{
	return it->balance < 0 || it->taken;
}

void vt_compose_counts(const struct vt_compose *c, size_t *out_more, size_t *out_less)
{
	*out_more = *out_less = 0;
	for (size_t i = 0; i < c->n; i++) {
		*out_more += came(&c->items[i]);
		*out_less += went(&c->items[i]);
	}
}

size_t vt_compose_files(const struct vt_compose *c)
{
	return c->nfiles;
}

vt_err vt_compose_file(const struct vt_compose *c, size_t i, vt_buf *text, vt_span *out_name)
{
	vt_err e = VT_OK;

	vt_buf_clear(text);
	for (size_t k = 0; !e && k < c->n; k++) {
		const struct item *it = &c->items[k];

		if (it->file != i || !came(it))
			continue;
		e = vt_buf_add(text, it->line.p, it->line.n);
		if (!e)
			e = vt_buf_add_u8(text, '\n');
	}
	*out_name = vt_span_of(c->files[i].name, c->files[i].size);
	return e;
}

vt_err vt_compose_withdrawn(const struct vt_compose *c, vt_buf *out)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < c->n; i++) {
		const struct item *it = &c->items[i];
		const struct file *f = &c->files[it->file];

		if (!went(it))
			continue;
		e = vt_buf_add(out, f->name, f->size);
		if (!e)
			e = vt_buf_add_u8(out, ' ');
		if (!e)
			e = vt_hex_add(out, vt_span_of(it->sum, sizeof it->sum));
		if (!e)
			e = vt_buf_add_u8(out, '\n');
	}
	return e;
}
