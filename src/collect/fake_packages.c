/* SPDX-License-Identifier: Apache-2.0 */
/* A run of collectors for tests. */
#include "collect/fake_packages.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/num.h"
#include "inventory/package/status.h"

extern const struct vt_collector vt_collector_packages, vt_collector_dpkg, vt_collector_rpm,
	vt_collector_apk, vt_collector_pacman, vt_collector_snap, vt_collector_flatpak,
	vt_collector_language, vt_collector_jar;
static const struct vt_collector *const all[] = {&vt_collector_packages, &vt_collector_dpkg,
	&vt_collector_rpm, &vt_collector_apk, &vt_collector_pacman, &vt_collector_snap,
	&vt_collector_flatpak, &vt_collector_language, &vt_collector_jar};

struct vt_tree *vt_collect_tree(struct vt_collect *c)
{
	return c->tree;
}

bool vt_collect_live(const struct vt_collect *c)
{
	(void)c;
	return false;
}

enum vt_platform vt_collect_platform(const struct vt_collect *c)
{
	return c->platform;
}

vt_arena *vt_collect_arena(struct vt_collect *c)
{
	return &c->scratch;
}

static vt_span keep(struct vt_collect *c, vt_span s)
{
	const char *p = vt_arena_copy(&c->kept, s);

	if (!p)
		abort();
	return vt_span_of(p, s.n);
}

/* Room for one more: doubles at powers of two. */
static void *grow(void *v, size_t n, size_t size)
{
	if (n & (n - 1))
		return v;
	v = realloc(v, (n ? 2 * n : 1) * size);
	if (!v)
		abort();
	return v;
}

void vt_collect_fact(struct vt_collect *c, const struct vt_fact *f)
{
	struct fake_fact *to;

	c->facts = grow(c->facts, c->nfacts, sizeof *c->facts);
	to = &c->facts[c->nfacts++];
	to->f.kind = f->kind;
	to->f.locus = keep(c, f->locus);
	to->hidden = c->hidden;
	for (size_t i = 0; i < VT_ATTRS; i++) {
		if (f->v[i].n > VT_FACT_VALUE_MAX)
			abort();
		to->f.v[i] = keep(c, f->v[i]);
	}
	to->installed = vt_package_installed(f->v[VT_ATTR_MANAGER], f->v[VT_ATTR_STATUS]);
}

void vt_collect_source(struct vt_collect *c, enum vt_area a, const char *what)
{
	if (a != VT_AREA_PACKAGES)
		abort();
	c->sources = grow(c->sources, c->nsources, sizeof *c->sources);
	c->sources[c->nsources++] = (const char *)keep(c, vt_span_str(what)).p;
}

void vt_collect_seen(struct vt_collect *c, enum vt_area a, bool read)
{
	if (a != VT_AREA_PACKAGES)
		abort();
	c->seen++;
	c->read += read;
}

void vt_collect_missed(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why)
{
	if (a != VT_AREA_PACKAGES)
		abort();
	c->missed = grow(c->missed, c->nmissed, sizeof *c->missed);
	c->seen++;
	c->missed[c->nmissed++] = (struct fake_missed){keep(c, locus), why};
}

enum vt_miss vt_collect_miss_of(vt_err e)
{
	switch (e) {
	case VT_EUNSUPPORTED:
	case VT_EVERSION: return VT_MISS_UNSUPPORTED;
	case VT_EENCRYPTED: return VT_MISS_ENCRYPTED;
	case VT_ELIMIT:
	case VT_ENOMEM: return VT_MISS_LIMIT;
	case VT_EIO: return VT_MISS_UNREADABLE;
	case VT_END: return VT_MISS_VANISHED;
	case VT_OK:
	case VT_EFORMAT:
	case VT_ETRUNCATED:
	case VT_EARG:
	case VT_EAGAIN:
	case VT_EPEER:
	case VT_ECHECKSUM:
	default: return VT_MISS_MALFORMED;
	}
}

void vt_collect_hidden(struct vt_collect *c, bool hidden)
{
	c->hidden = hidden;
}

static vt_err on_entry(void *ctx, const struct vt_visit *v)
{
	struct vt_collect *c = ctx;

	for (size_t i = 0; i < VT_COUNT(all); i++) {
		if (all[i]->visit && all[i]->visit(c, NULL, v))
			abort();
		vt_arena_reset(&c->scratch);
	}
	return VT_OK;
}

static void on_missed(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	(void)path;
	(void)why;
}

void fake_begin(struct vt_collect *c)
{
	*c = (struct vt_collect){.scratch = VT_ARENA_INIT((size_t)1 << 30),
		.kept = VT_ARENA_INIT((size_t)2 << 30),
		.platform = VT_PLATFORM_LINUX};
}

void fake_run(struct vt_collect *c, const char *root)
{
	const struct vt_walk_fns fns = {.entry = on_entry, .missed = on_missed, .ctx = c};
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	void *state;

	fake_begin(c);
	if (fd < 0 || vt_tree_folder(fd, false, &c->tree))
		abort();
	for (size_t i = 0; i < VT_COUNT(all); i++)
		if (all[i]->start) {
			if (all[i]->start(c, &state))
				abort();
			vt_arena_reset(&c->scratch);
		}
	if (vt_tree_walk(c->tree, vt_span_str("/"), &fns))
		abort();
}

void fake_free(struct vt_collect *c)
{
	if (c->tree)
		vt_tree_free(c->tree);
	vt_arena_free(&c->scratch);
	vt_arena_free(&c->kept);
	free(c->facts);
	free(c->missed);
	free(c->sources);
}

const struct fake_fact *fake_find(const struct vt_collect *c, const char *locus)
{
	for (size_t i = 0; i < c->nfacts; i++)
		if (vt_span_eq(c->facts[i].f.locus, vt_span_str(locus)))
			return &c->facts[i];
	return NULL;
}

size_t fake_missed_count(const struct vt_collect *c, const char *locus, enum vt_miss why)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nmissed; i++)
		n += c->missed[i].why == why &&
			(!locus || vt_span_eq(c->missed[i].locus, vt_span_str(locus)));
	return n;
}
