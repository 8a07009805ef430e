/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collector looks at a tree (or at the running system) and reports facts. It knows formats, not
 * products. It runs inside of the sandboxed vitrine-collector process, one collector after another,
 * and all of those with `visit` in one walk. One struct vt_collector a file, one row in
 * collectors.def.
 */
#ifndef VT_COLLECT_COLLECT_H
#define VT_COLLECT_COLLECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "inventory/fact.h"
#include "tree/tree.h"

enum vt_platform { VT_PLATFORM_UNKNOWN, VT_PLATFORM_LINUX, VT_PLATFORM_WINDOWS, VT_PLATFORM_MACOS };

struct vt_collect; /* one run over one subject */

struct vt_tree *vt_collect_tree(struct vt_collect *c);
/* True: the tree is this system's "/", and /proc is that of the running kernel. */
bool vt_collect_live(const struct vt_collect *c);
enum vt_platform vt_collect_platform(const struct vt_collect *c);
/* Scratch memory until the end of the collector's present call. */
vt_arena *vt_collect_arena(struct vt_collect *c);

/* Reports a fact: compared with the catalogue; a PACKAGE becomes a component too. Never fails: what
 * can't be passed on is counted as a miss. Values may point anywhere; they are copied. */
void vt_collect_fact(struct vt_collect *c, const struct vt_fact *f);
/* A database or store of that area was there and read to its end: "dpkg /var/lib/dpkg/status". */
void vt_collect_source(struct vt_collect *c, enum vt_area a, const char *what);
/* Something that there was to look at (file, entry, process); `read`: it was. */
void vt_collect_seen(struct vt_collect *c, enum vt_area a, bool read);
/* Something was not looked at. Counts as seen, and not read. */
void vt_collect_missed(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why);
/* A database that is there could not be read whole (corrupt, cut off, refused): the area is
 * unknown, whatever else it finds nothing in. A miss, too. */
void vt_collect_broken(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why);
/* The miss that an error of tree/ or of a parser stands for. */
enum vt_miss vt_collect_miss_of(vt_err e);

/*
 * Has the engine look at the file's bytes (content rules, in another sandboxed process); takes the
 * descriptor. The answer goes into the evidence by itself.
 */
void vt_collect_scan(struct vt_collect *c, vt_span path, int fd, uint64_t size, bool hidden);
/* From now on facts of this collector speak of something that is hidden in an image. */
void vt_collect_hidden(struct vt_collect *c, bool hidden);
/* Globs for names in folders: FOLDER rules of the catalogue ask for them (content.c). */
const struct vt_catalogue *vt_collect_catalogue(const struct vt_collect *c);

struct vt_collector {
	const char *name;
	enum vt_area area; /* the one that it answers for; it may report facts of others */
	bool live_only;
	/* Looks at fixed places. *out_state is passed to the others, NULL if not needed. VT_ENOMEM,
	 * or another error that makes this collector's areas unknown. May be NULL. */
	vt_err (*start)(struct vt_collect *c, void **out_state);
	/* Each entry of the walk. May be NULL. VT_OK. */
	vt_err (*visit)(struct vt_collect *c, void *state, const struct vt_visit *v);
	/* A folder is done. May be NULL. */
	void (*leave)(struct vt_collect *c, void *state, vt_span path);
	/* Frees the state. May be NULL. */
	void (*finish)(struct vt_collect *c, void *state);
};

#define VT_COLLECTOR(name) extern const struct vt_collector vt_collector_##name;
#include "collect/collectors.def"
#undef VT_COLLECTOR

#endif
