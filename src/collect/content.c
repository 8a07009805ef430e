/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: names and paths, folders in which several names stand together, headers of executables,
 * and bytes, which the engine looks at in another process.
 *
 * An empty regular file is no fact and counts for no folder: it holds nothing of a product,
 * whatever it is called. A symbolic link is reported with state "link", for what it points to may
 * be gone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "collect/collect.h"
#include "collect/exe_facts.h"
#include "collect/name_index.h"
#include "inventory/catalogue.h"
#include "os/fd.h"

/* The engine looks at files up to this size; larger ones are misses. */
#define SCAN_MAX ((uint64_t)2 << 30)
#define EXECUTABLE_MIN 32 /* bytes; the header of the smallest format, Mach-O, has as many */
#define FOLDERS_MAX 4096  /* folders on one path that hold names of folder rules */
#define FOLDER_RULES_MAX 65536
#define FILE_TAG 0u /* a FILE rule; a folder rule's tag is 1 + rule * NAMES + name */
#define NAMES VT_RULE_GLOBS_MAX
#define WORDS (VT_RULE_GLOBS_MAX / 64)

/* What a folder rule found in one folder so far. */
struct tally {
	uint32_t rule;
	uint64_t names[WORDS], visible[WORDS];
	struct tally *next;
};

/* A folder that the walk is in and that holds something. */
struct frame {
	size_t path_n;
	struct tally *tallies;
};

struct content {
	const struct vt_catalogue *cat;
	struct vt_name_index *index;
	bool files, executables, bytes;
	struct vt_exe_ask ask;
	struct frame *frames; /* from the root down */
	size_t nframes, cap_frames;
	const struct vt_visit *at; /* the present visit */
	bool is_fact;              /* a FILE rule could match it */
	vt_err e;
};

static void content_finish(struct vt_collect *c, void *state)
{
	struct content *s = state;

	(void)c;
	if (!s)
		return;
	while (s->nframes) {
		struct tally *t = s->frames[--s->nframes].tallies, *next;

		for (; t; t = next) {
			next = t->next;
			free(t);
		}
	}
	free(s->frames);
	vt_name_index_free(s->index);
	free(s);
}

/* A FILE rule is filed by the globs of its name, or else of its path. */
static vt_err add_file_rule(struct content *s, const struct vt_catalogue_rule *r)
{
	const struct vt_rule_term *best = NULL;
	vt_err e = VT_OK;

	for (size_t i = 0; i < r->nterms; i++) {
		const struct vt_rule_term *t = &r->terms[i];

		if (t->attr == VT_ATTR_NAME || (t->attr == VT_ATTR_PATH && !best))
			best = t;
	}
	if (!best) /* a walk knows no other attribute of all files */
		return VT_OK;
	s->files = true;
	for (size_t i = 0; !e && i < best->globs.n; i++)
		e = vt_name_index_add(
			s->index, best->globs.v[i], best->attr == VT_ATTR_PATH, FILE_TAG);
	return e;
}

static vt_err add_folder_rule(struct content *s, uint32_t index)
{
	const struct vt_catalogue_rule *r = &s->cat->rules[index];
	vt_err e = VT_OK;

	if (index >= FOLDER_RULES_MAX)
		return VT_ELIMIT;
	for (size_t i = 0; !e && i < r->names.n && i < NAMES; i++)
		e = vt_name_index_add(
			s->index, r->names.v[i], false, 1 + index * NAMES + (uint32_t)i);
	return e;
}

static vt_err content_start(struct vt_collect *c, void **out_state)
{
	const struct vt_catalogue *cat = vt_collect_catalogue(c);
	struct content *s = calloc(1, sizeof *s);
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	s->cat = cat;
	s->executables = cat->by_kind_n[VT_FACT_EXECUTABLE] > 0;
	s->bytes = cat->by_kind_n[VT_FACT_CONTENT] > 0;
	e = vt_name_index_new(&s->index);
	for (size_t i = 0; !e && i < cat->by_kind_n[VT_FACT_FILE]; i++)
		e = add_file_rule(s, &cat->rules[cat->by_kind[VT_FACT_FILE][i]]);
	for (size_t i = 0; !e && i < cat->by_kind_n[VT_FACT_FOLDER]; i++)
		e = add_folder_rule(s, cat->by_kind[VT_FACT_FOLDER][i]);
	for (size_t i = 0; i < cat->by_kind_n[VT_FACT_EXECUTABLE]; i++) {
		const struct vt_catalogue_rule *r =
			&cat->rules[cat->by_kind[VT_FACT_EXECUTABLE][i]];

		for (size_t k = 0; k < r->nterms; k++)
			s->ask.sha256 = s->ask.sha256 || r->terms[k].attr == VT_ATTR_SHA256;
	}
	if (e)
		content_finish(c, s);
	else
		*out_state = s;
	return e;
}

/* The folder of the present visit, noted when the first name in it counts. */
static struct frame *frame_of(struct content *s)
{
	size_t path_n = s->at->path.n - s->at->name.n - 1;
	struct frame *grown;

	if (path_n == 0)
		path_n = 1; /* the root is "/" */
	if (s->nframes && s->frames[s->nframes - 1].path_n == path_n)
		return &s->frames[s->nframes - 1];
	if (s->nframes == s->cap_frames) {
		size_t cap = s->cap_frames ? 2 * s->cap_frames : 16;

		if (cap > FOLDERS_MAX)
			return NULL;
		grown = reallocarray(s->frames, cap, sizeof *grown);
		if (!grown)
			return NULL;
		s->frames = grown;
		s->cap_frames = cap;
	}
	s->frames[s->nframes] = (struct frame){.path_n = path_n};
	return &s->frames[s->nframes++];
}

static void count_name(struct content *s, uint32_t rule, uint32_t name)
{
	struct frame *f = frame_of(s);
	struct tally *t = f ? f->tallies : NULL;

	while (t && t->rule != rule)
		t = t->next;
	if (!t && f) {
		t = calloc(1, sizeof *t);
		if (t) {
			t->rule = rule;
			t->next = f->tallies;
			f->tallies = t;
		}
	}
	if (!t) {
		s->e = f ? VT_ENOMEM : VT_ELIMIT;
		return;
	}
	t->names[name / 64] |= (uint64_t)1 << name % 64;
	if (!s->at->node->hidden)
		t->visible[name / 64] |= (uint64_t)1 << name % 64;
}

static void candidate(void *ctx, uint32_t tag)
{
	struct content *s = ctx;
	uint32_t rule, name;

	if (tag == FILE_TAG) {
		s->is_fact = true;
		return;
	}
	rule = (tag - 1) / NAMES;
	name = (tag - 1) % NAMES;
	if (vt_glob_match(s->cat->rules[rule].names.v[name], s->at->name, true))
		count_name(s, rule, name);
}

static void report_file(struct vt_collect *c, const struct vt_visit *v)
{
	struct vt_fact f = {.kind = VT_FACT_FILE, .locus = v->path};

	f.v[VT_ATTR_PATH] = v->path;
	f.v[VT_ATTR_NAME] = v->name;
	if (v->node->type == VT_NODE_LINK)
		f.v[VT_ATTR_STATE] = vt_span_str("link");
	vt_collect_fact(c, &f);
}

/* Opens the file once, for its headers and for the engine. */
static void look_inside(struct vt_collect *c, struct content *s, const struct vt_visit *v)
{
	vt_err e;
	int fd = -1;

	e = vt_visit_open(v, SCAN_MAX, &fd);
	if (!e && s->executables)
		e = vt_exe_facts(c, &s->ask, v->path, v->name, fd, v->node->size);
	if (e == VT_EUNSUPPORTED && fd >= 0)
		e = VT_OK; /* no executable */
	if (e) {
		enum vt_miss why = v->node->size > SCAN_MAX ? VT_MISS_TOO_LARGE
			: e == VT_EAGAIN || e == VT_END     ? VT_MISS_VANISHED
							    : vt_collect_miss_of(e);

		vt_collect_missed(c, VT_AREA_CONTENT, v->path, why);
		vt_fd_close(fd);
		return;
	}
	vt_collect_seen(c, VT_AREA_CONTENT, true);
	if (s->bytes)
		vt_collect_scan(c, v->path, fd, v->node->size, v->node->hidden);
	else
		vt_fd_close(fd);
}

static vt_err content_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	struct content *s = state;
	const struct vt_node *n = v->node;
	bool empty = n->type == VT_NODE_FILE && n->size == 0;

	s->at = v;
	s->is_fact = false;
	s->e = VT_OK;
	if (!empty)
		vt_name_index_find(s->index, v->path, v->name, candidate, s);
	if (s->e)
		vt_collect_missed(c, VT_AREA_CONTENT, v->path, vt_collect_miss_of(s->e));
	if (n->hidden)
		vt_collect_hidden(c, true);
	if (s->is_fact)
		report_file(c, v);
	if (n->type == VT_NODE_OTHER)
		vt_collect_missed(c, VT_AREA_CONTENT, v->path, VT_MISS_SPECIAL);
	else if (n->type == VT_NODE_FILE && !empty &&
		(s->bytes || (s->executables && n->size >= EXECUTABLE_MIN)))
		look_inside(c, s, v);
	else
		vt_collect_seen(c, VT_AREA_CONTENT, true);
	if (n->hidden)
		vt_collect_hidden(c, false);
	return VT_OK;
}

static unsigned count_bits(const uint64_t v[WORDS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < WORDS; i++)
		n += (unsigned)__builtin_popcountll(v[i]);
	return n;
}

static void report_folder(
	struct vt_collect *c, const struct content *s, const struct tally *t, vt_span path)
{
	const struct vt_catalogue_rule *r = &s->cat->rules[t->rule];
	unsigned least = r->least ? r->least : 1;
	bool visible = count_bits(t->visible) >= least;
	const uint64_t *names = visible ? t->visible : t->names;
	struct vt_fact f = {.kind = VT_FACT_FOLDER, .locus = path};
	vt_buf matched = VT_BUF_INIT(VT_FACT_VALUE_MAX);
	size_t base = path.n;

	if (count_bits(names) < least)
		return;
	for (size_t i = 0; i < r->names.n && i < NAMES; i++)
		if (names[i / 64] >> i % 64 & 1)
			if ((matched.n && vt_buf_add_u8(&matched, ' ')) ||
				vt_buf_add(&matched, r->names.v[i].p, r->names.v[i].n))
				break; /* as many as fit */
	while (base && path.p[base - 1] != '/')
		base--;
	f.v[VT_ATTR_PATH] = path;
	f.v[VT_ATTR_NAME] = vt_span_of(path.p + base, path.n - base);
	f.v[VT_ATTR_RULE] = r->id;
	f.v[VT_ATTR_MATCHED] = vt_buf_span(&matched);
	vt_collect_hidden(c, !visible);
	vt_collect_fact(c, &f);
	vt_collect_hidden(c, false);
	vt_buf_free(&matched);
}

static void content_leave(struct vt_collect *c, void *state, vt_span path)
{
	struct content *s = state;
	struct tally *t, *next;

	if (!s->nframes || s->frames[s->nframes - 1].path_n != path.n)
		return;
	for (t = s->frames[--s->nframes].tallies; t; t = next) {
		next = t->next;
		report_folder(c, s, t, path);
		free(t);
	}
}

const struct vt_collector vt_collector_content = {
	.name = "content",
	.area = VT_AREA_CONTENT,
	.start = content_start,
	.visit = content_visit,
	.leave = content_leave,
	.finish = content_finish,
};
