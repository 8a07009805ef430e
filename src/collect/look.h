/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What collectors of fixed places share: files and folders of the tree are looked at with coverage
 * kept by itself, and facts are built without forgetting their limits. What is not there is no
 * miss; what is there and can't be read is one.
 */
#ifndef VT_COLLECT_LOOK_H
#define VT_COLLECT_LOOK_H

#include "base/arena.h"
#include "base/buf.h"
#include "collect/collect.h"
#include "inventory/artefact/line.h"

#define VT_LOOK_TEXT_MAX ((size_t)4 << 20) /* bytes of a configuration file */
#define VT_LOOK_DEPTH_MAX 24
#define VT_LOOK_ENTRIES_MAX 1000000

/* One area's look at one tree. */
struct vt_look {
	struct vt_collect *c;
	enum vt_area area;
	uint64_t left; /* entries of folders that may still be met; 0: VT_LOOK_ENTRIES_MAX */
};

/* The same area, in words of the caller: a source that was there and read to its end. */
void vt_look_source(const struct vt_look *l, const char *kind, vt_span path);
/* Text of a path for messages and paths: printf into the run's arena. NULL without memory. */
const char *vt_look_printf(const struct vt_look *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Something of that path is there (links followed); its node. */
bool vt_look_at(const struct vt_look *l, vt_span path, struct vt_node *out);
/* True if it is a link itself; *out_target (in the arena) is what it says. */
bool vt_look_link(const struct vt_look *l, vt_span path, vt_span *out_target);
/*
 * The file's content into `b`, counted as seen and read. False: not there, or missed (counted).
 * Facts are marked hidden from here on if the file is.
 */
bool vt_look_text(const struct vt_look *l, vt_span path, vt_buf *b);
/* The same for a format of bytes with a limit of its own. */
bool vt_look_bytes(const struct vt_look *l, vt_span path, size_t max, vt_buf *b);

struct vt_look_entry {
	vt_span path, name; /* in the arena */
	struct vt_node node;
	unsigned depth; /* of the entry: 1 in the folder itself */
	struct vt_look_entry *next;
};
/* The entries of a folder as a list in the arena, by name. False: there is no such folder, or it
 * can't be read (a miss). */
bool vt_look_folder(struct vt_look *l, vt_span path, struct vt_look_entry **out);
/* All below a folder, down to `depth` levels, folders before what is in them; links not followed.
 * fn returns false for a folder that is not to be entered. */
typedef bool vt_look_fn(void *ctx, const struct vt_look_entry *entry);
bool vt_look_below(struct vt_look *l, vt_span path, unsigned depth, vt_look_fn *fn, void *ctx);
/* A pattern of a path, in whose names '*' stands for anything: each that there is, links followed,
 * in order, as a list in the arena. */
bool vt_look_glob(struct vt_look *l, const char *pattern, struct vt_look_entry **out);

/* A path that is found without regard to case, one name after the other; false if there is none. */
bool vt_look_nocase(struct vt_look *l, const char *path, vt_span *out);

struct vt_home {
	vt_span path, user;
	struct vt_home *next;
};
/* Home folders: of passwd, and whatever is in /home, /root, /Users. In the arena. */
struct vt_home *vt_look_homes(struct vt_look *l);

/* Sets an attribute: cut at VT_FACT_VALUE_MAX, empty ones are not said. */
void vt_fact_set(struct vt_fact *f, enum vt_attr a, vt_span value);
void vt_fact_str(struct vt_fact *f, enum vt_attr a, const char *value);
/* "path" or "path#part" in the arena. */
vt_span vt_look_locus(const struct vt_look *l, vt_span path, vt_span part);
vt_span vt_look_join(const struct vt_look *l, vt_span folder, vt_span name);

#endif
