/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/update/payload.h"
#include "engine/db/db.h"
#include "os/fd.h"
#include "os/map.h"
#include "proc/supervisor/compile.h"
#include "update/compose.h"
#include "vitrine/engine.h"

#define TIMEOUT_SMALL_MS 60000u
#define TIMEOUT_FULL_MS 900000u
#define SOURCES_MAX (VT_ENTRY_LIVE_MAX * VT_ENTRY_FILES_MAX)
#define SAMPLES_MAX_BYTES ((size_t)64 << 20)
#define NAME_SIZE (VT_ENTRY_NAME_MAX + VT_ENTRY_FILE_MAX + 2)
/* Of a thousand lines, how many may break their format's rules: more is a fault, not bad luck. */
#define BAD_PER_MILLE 1u

/* Signature files for the compiler. */
struct sources {
	struct vt_compile_source *v;
	char (*names)[NAME_SIZE];
	size_t n, cap;
};

static vt_err fail(struct vt_build *b, vt_err e, const char *why)
{
	if (!b->why[0])
		snprintf(b->why, sizeof b->why, "%s (%s)", why, vt_err_text(e));
	return e;
}

/* The content is at fault. */
static vt_err refuse(struct vt_build *b, const char *id, const char *why)
{
	b->refusal = id;
	snprintf(b->why, sizeof b->why, "%s", why);
	return VT_OK;
}

static void sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		vt_fd_close(s->v[i].fd);
	free(s->v);
	free(s->names);
}

/* Takes over `fd`. `set` empty: the name is `file` alone. */
static vt_err add_source(struct sources *s, int fd, vt_span set, vt_span file)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct vt_compile_source *v = realloc(s->v, cap * sizeof *v);
		char(*names)[NAME_SIZE];

		if (v)
			s->v = v;
		names = v ? realloc(s->names, cap * sizeof *names) : NULL;
		if (!names || cap > SOURCES_MAX) {
			vt_fd_close(fd);
			return VT_ENOMEM;
		}
		s->names = names;
		s->cap = cap;
	}
	snprintf(s->names[s->n], NAME_SIZE, "%.*s%s%.*s", (int)set.n,
		set.n ? (const char *)set.p : "", set.n ? "/" : "", (int)file.n,
		(const char *)file.p);
	s->v[s->n++].fd = fd;
	return VT_OK;
}

static vt_err add_text(struct sources *s, vt_span file, vt_span text)
{
	const vt_span none = {0};
	int fd = memfd_create("vitrine-update", MFD_CLOEXEC);
	vt_err e = fd < 0 ? VT_EIO : vt_fd_write(fd, text.p, text.n);

	if (e) {
		vt_fd_close(fd);
		return e;
	}
	return add_source(s, fd, none, file);
}

static bool ends_with(vt_span s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && memcmp(s.p + s.n - n, tail, n) == 0;
}

/* Compiling ------------------------------------------------------------------------------------ */

static vt_err keep_samples(struct vt_build *b, vt_span text)
{
	vt_err e = vt_buf_add(&b->samples, text.p, text.n);

	return e == VT_ELIMIT ? VT_OK : e; /* enough of them */
}

static vt_err open_image(int dir, const char *name, vt_span *out_map, struct vt_db **out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t size;
	vt_err e = fd < 0 ? VT_EIO : vt_fd_size(fd, &size);

	if (!e)
		e = vt_map_file(fd, size, out_map);
	vt_fd_close(fd);
	if (!e) {
		e = vt_db_open(*out_map, out);
		if (e)
			vt_map_close(*out_map);
	}
	return e;
}

static vt_err count_lines(struct vt_build *b, const char *image)
{
	struct vt_db *db;
	vt_span map;
	vt_err e = open_image(b->into, image, &map, &db);

	if (e)
		return e;
	b->lines = db->counts[VT_COUNT_LINES];
	vt_db_close(db);
	vt_map_close(map);
	return VT_OK;
}

static vt_err judge_compilation(
	struct vt_build *b, const struct vt_compile_result *r, const char *image)
{
	vt_err e = count_lines(b, image);
	char why[256];

	if (e)
		return fail(b, e, "the compiled image can't be read");
	b->bad_lines = r->totals.asides[0]; /* VT_ASIDE_BAD */
	if (b->bad_lines * 1000 <= b->lines * BAD_PER_MILLE)
		return VT_OK;
	snprintf(why, sizeof why, "%llu of %llu lines break their format's rules",
		(unsigned long long)b->bad_lines, (unsigned long long)b->lines);
	if (r->nasides)
		snprintf(why + strlen(why), sizeof why - strlen(why), ": %.*s line %u: %.*s",
			(int)vt_min_size(r->asides[0].set.n, 80), (const char *)r->asides[0].set.p,
			r->asides[0].line, (int)vt_min_size(r->asides[0].cause.n, 80),
			(const char *)r->asides[0].cause.p);
	return refuse(b, "bad-lines", why);
}

static vt_err compile(struct vt_build *b, struct sources *s, const char *image, uint32_t timeout_ms)
{
	struct vt_compile_result r = {0};
	struct vt_compile_request q = {.compiler_path = b->compiler,
		.sources = s->v,
		.nsources = s->n,
		.timeout_ms = timeout_ms};
	vt_err e;

	for (size_t i = 0; i < s->n; i++)
		s->v[i].name = vt_span_str(s->names[i]);
	q.output =
		openat(b->into, image, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (q.output < 0)
		return fail(b, VT_EIO, strerror(errno));
	e = vt_compile_run(&q, &r);
	if (!e && fsync(q.output))
		e = VT_EIO;
	vt_fd_close(q.output);
	if (!e)
		e = judge_compilation(b, &r, image);
	else if (e == VT_EPEER || e == VT_ENOMEM || e == VT_ELIMIT || e == VT_EFORMAT)
		/* the compiler gave up, or was given up: that is the content's doing */
		e = refuse(b, "compile",
			r.failed_cause.n ? "the compiler gave up on it" : "the compiler failed");
	vt_compile_result_free(&r);
	return e;
}

/* One image of everything ---------------------------------------------------------------------- */

static vt_err unpack_set(struct vt_build *b, const struct vt_plan_set *set, struct sources *s)
{
	struct vt_payload p;
	vt_span name = set->chain[set->nchain - 1]->name;
	vt_err e = vt_payload_unpack(b->store, b->into, set, &p);

	if (e) {
		char why[256];

		snprintf(why, sizeof why, "set %.*s: %s", (int)name.n, (const char *)name.p,
			p.why ? p.why : vt_err_text(e));
		vt_payload_free(&p);
		return e == VT_ENOMEM || e == VT_EIO ? fail(b, e, why) : refuse(b, "payload", why);
	}
	for (size_t i = 0; !e && i < p.n; i++) {
		vt_span text, file = p.v[i].name;
		uint64_t size;

		if (!ends_with(file, ".samples")) {
			e = add_source(s, p.v[i].fd, name, file);
			p.v[i].fd = -1;
			continue;
		}
		e = vt_fd_size(p.v[i].fd, &size);
		if (!e)
			e = vt_map_file(p.v[i].fd, size, &text);
		if (!e) {
			e = keep_samples(b, text);
			vt_map_close(text);
		}
	}
	vt_payload_free(&p);
	return e ? fail(b, e, "no room for unpacked content") : VT_OK;
}

/* Rules that were taken back, as a file of their own. */
static vt_err add_withdrawn(struct vt_build *b, struct sources *s, struct vt_compose *c)
{
	vt_buf text = VT_BUF_INIT(SAMPLES_MAX_BYTES);
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < b->plan->nrules; i++) {
		const struct vt_withdraw *w = b->plan->rules[i];

		e = vt_compose_withdraw(c, w->name, w->file, w->line.b);
	}
	if (!e)
		e = vt_compose_withdrawn(c, &text);
	if (!e && text.n)
		e = add_text(s, vt_span_str("update.withdrawn"), vt_buf_span(&text));
	vt_buf_free(&text);
	return e;
}

static vt_err build_everything(struct vt_build *b)
{
	struct sources s = {0};
	struct vt_compose *c = NULL;
	vt_err e = vt_compose_new(&c);

	for (size_t i = 0; !e && !b->refusal && i < b->plan->nsets; i++) {
		if (b->plan->sets[i].kind == VT_ENTRY_CONTENT)
			e = unpack_set(b, &b->plan->sets[i], &s);
	}
	if (!e && !b->refusal)
		e = add_withdrawn(b, &s, c);
	if (!e && !b->refusal)
		e = compile(b, &s, "base.vtdb", TIMEOUT_FULL_MS);
	for (size_t i = 0; i < b->next.nsets; i++)
		b->next.sets[i].base = b->next.sets[i].version;
	b->next.nwithdrawn = b->plan->nrules;
	for (size_t i = 0; i < b->plan->nrules; i++)
		b->next.withdrawn[i] = b->plan->rules[i]->line;
	vt_compose_free(c);
	sources_free(&s);
	return e;
}

/* A small image over the one that is there ----------------------------------------------------- */

static const struct vt_live_set *in_use(const struct vt_build *b, vt_span name)
{
	for (size_t i = 0; b->now && i < b->now->nsets; i++) {
		if (vt_span_eq(b->now->sets[i].name, name))
			return &b->now->sets[i];
	}
	return NULL;
}

/* Is there a delta for each version after `base`? */
static bool covers(const struct vt_plan_set *set, uint64_t base)
{
	uint64_t last = set->chain[set->nchain - 1]->version;

	if (base > last)
		return false;
	for (size_t i = 0; i < set->nchain; i++) {
		const struct vt_content *c = set->chain[i];

		if (c->version > base && (c->ndelta == 0 || c->from != c->version - 1))
			return false;
	}
	return set->chain[0]->version <= base + 1;
}

/* A rule that the large image was compiled without can't be given back by a small one. */
static bool gives_back(const struct vt_build *b)
{
	for (size_t i = 0; i < b->now->nwithdrawn; i++) {
		size_t k = 0;

		while (k < b->plan->nrules &&
			!vt_hash_eq(&b->plan->rules[k]->line, &b->now->withdrawn[i]))
			k++;
		if (k == b->plan->nrules)
			return true;
	}
	return false;
}

static bool small_will_do(const struct vt_build *b)
{
	if (!b->now || b->merge || b->next.nsets != b->now->nsets ||
		!vt_span_eq(b->now->log, b->log) || gives_back(b))
		return false;
	for (size_t i = 0; i < b->plan->nsets; i++) {
		const struct vt_plan_set *set = &b->plan->sets[i];
		const struct vt_live_set *now;

		if (set->kind != VT_ENTRY_CONTENT)
			continue;
		now = in_use(b, set->chain[0]->name);
		if (!now || !covers(set, now->base))
			return false;
	}
	return true;
}

struct walk {
	struct vt_build *b;
	const struct vt_db *db;
	struct vt_compose *c;
	struct sources *s;
	const struct vt_image_set *set; /* of the line at hand */
	vt_span name;
	vt_buf ignores; /* lines of the ignore list at hand */
};

/* Ignore lists of the large image hold for the small one too. */
static vt_err end_of_set(struct walk *w)
{
	vt_err e = VT_OK;

	if (w->ignores.n)
		e = add_text(w->s, w->name, vt_buf_span(&w->ignores));
	vt_buf_clear(&w->ignores);
	return e;
}

static vt_err on_line(void *ctx, uint32_t line, vt_span text)
{
	struct walk *w = ctx;
	vt_err e = VT_OK;

	if (!w->set || line - w->set->first_line >= w->set->lines) {
		e = end_of_set(w);
		w->set = vt_db_set_of_line(w->db, line);
		w->name = w->set ? vt_db_set_name(w->db, w->set) : (vt_span){0};
	}
	vt_compose_see(w->c, w->name, text);
	if (!e && (ends_with(w->name, ".ign") || ends_with(w->name, ".ign2"))) {
		e = vt_buf_add(&w->ignores, text.p, text.n);
		if (!e)
			e = vt_buf_add_u8(&w->ignores, '\n');
	}
	return e;
}

static vt_err walk_base(struct vt_build *b, int dir, struct vt_compose *c, struct sources *s)
{
	struct walk w = {.b = b, .c = c, .s = s, .ignores = VT_BUF_INIT(SAMPLES_MAX_BYTES)};
	struct vt_db *db;
	vt_span map;
	vt_err e = open_image(dir, "base.vtdb", &map, &db);

	if (e)
		return e;
	w.db = db;
	e = vt_db_each_line(db, on_line, &w);
	if (!e)
		e = end_of_set(&w);
	vt_buf_free(&w.ignores);
	vt_db_close(db);
	vt_map_close(map);
	return e;
}

/* All deltas since the base; their texts are kept in bufs[], which the caller frees. */
static vt_err compose(struct vt_build *b, struct vt_compose *c, vt_buf *bufs, size_t *io_nbufs)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < b->plan->nsets; i++) {
		const struct vt_plan_set *set = &b->plan->sets[i];
		const struct vt_live_set *now = in_use(b, set->chain[0]->name);

		for (size_t k = 0; !e && set->kind == VT_ENTRY_CONTENT && k < set->nchain; k++) {
			vt_buf *text = &bufs[*io_nbufs];

			if (set->chain[k]->version <= now->base)
				continue;
			*text = (vt_buf){.max = VT_PAYLOAD_MAX};
			(*io_nbufs)++;
			e = vt_payload_delta(b->store, set->chain[k], text);
			if (!e)
				e = vt_compose_add(c, vt_buf_span(text));
		}
	}
	return e;
}

static vt_err add_composed(struct vt_build *b, struct vt_compose *c, struct sources *s)
{
	vt_buf text = VT_BUF_INIT(VT_PAYLOAD_MAX);
	vt_err e = VT_OK;
	size_t more, less;

	for (size_t i = 0; !e && i < vt_compose_files(c); i++) {
		vt_span name;

		e = vt_compose_file(c, i, &text, &name);
		if (e || text.n == 0)
			continue;
		e = ends_with(name, ".samples") ? keep_samples(b, vt_buf_span(&text))
						: add_text(s, name, vt_buf_span(&text));
	}
	vt_buf_free(&text);
	vt_compose_counts(c, &more, &less);
	b->more = more;
	b->less = less;
	return e;
}

static vt_err link_base(struct vt_build *b, int dir)
{
	return linkat(dir, "base.vtdb", b->into, "base.vtdb", 0) ? VT_EIO : VT_OK;
}

/* VT_EUNSUPPORTED: it takes one image of everything. */
static vt_err build_small(struct vt_build *b)
{
	vt_buf *bufs = calloc(VT_ENTRY_LIVE_MAX * (VT_PLAN_CHAIN_MAX + 1), sizeof *bufs);
	int dir = openat(b->sets, b->now->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct sources s = {0};
	struct vt_compose *c = NULL;
	size_t nbufs = 0;
	vt_err e = !bufs ? VT_ENOMEM : dir < 0 ? VT_EIO : vt_compose_new(&c);

	if (!e)
		e = compose(b, c, bufs, &nbufs);
	if (!e)
		e = walk_base(b, dir, c, &s);
	if (!e)
		e = vt_compose_settle(c);
	if (!e)
		e = add_withdrawn(b, &s, c);
	if (!e)
		e = add_composed(b, c, &s);
	if (!e)
		e = link_base(b, dir);
	b->next.delta = !e && b->more + b->less > 0;
	if (b->next.delta)
		e = compile(b, &s, "delta.vtdb", TIMEOUT_SMALL_MS);
	for (size_t i = 0; i < nbufs; i++)
		vt_buf_free(&bufs[i]);
	free(bufs);
	vt_compose_free(c);
	sources_free(&s);
	vt_fd_close(dir);
	return e;
}

static vt_err list_sets(struct vt_build *b)
{
	struct vt_generation *g = &b->next;

	*g = (struct vt_generation){
		.log = b->log,
		.state_index = b->plan->state_index,
		.state_version = b->plan->state_version,
	};
	g->sets = vt_arena_array(b->arena, b->plan->nsets + 1, sizeof *g->sets);
	g->withdrawn = vt_arena_array(b->arena, VT_ENTRY_LIVE_MAX, sizeof *g->withdrawn);
	if (!g->sets || !g->withdrawn || vt_plan_digest(b->plan, &g->content))
		return VT_ENOMEM;
	g->has_content = true;
	if (b->now && b->now->nwithdrawn) {
		g->nwithdrawn = b->now->nwithdrawn;
		memcpy(g->withdrawn, b->now->withdrawn, g->nwithdrawn * sizeof *g->withdrawn);
	}
	for (size_t i = 0; i < b->plan->nsets; i++) {
		const struct vt_plan_set *set = &b->plan->sets[i];
		const struct vt_content *last = set->chain[set->nchain - 1];
		const struct vt_live_set *now;

		if (set->kind != VT_ENTRY_CONTENT)
			continue;
		now = in_use(b, last->name);
		g->sets[g->nsets++] = (struct vt_live_set){.name = last->name,
			.version = last->version,
			.base = now ? now->base : last->version};
	}
	return VT_OK;
}

vt_err vt_build_run(struct vt_build *b)
{
	vt_err e = list_sets(b);

	b->samples.max = SAMPLES_MAX_BYTES;
	if (!e && small_will_do(b)) {
		e = build_small(b);
		if (!e || e == VT_ENOMEM)
			return e;
		/* whatever the reason: what is compiled from the log's own chunks needs no base */
		vt_buf_clear(&b->samples);
		b->next.delta = false;
		b->more = b->less = 0;
		b->refusal = NULL;
		b->why[0] = 0;
		(void)unlinkat(b->into, "base.vtdb", 0);
		(void)unlinkat(b->into, "delta.vtdb", 0);
		e = VT_OK;
	}
	return e ? e : build_everything(b);
}

void vt_build_free(struct vt_build *b)
{
	vt_buf_free(&b->samples);
}
