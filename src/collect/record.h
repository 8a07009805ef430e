/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the collectors of packages share: an entry becomes a fact; where databases are, below other
 * roots too; whether a database speaks of the tree that it lies in.
 */
#ifndef VT_COLLECT_RECORD_H
#define VT_COLLECT_RECORD_H

#include "collect/collect.h"
#include "inventory/package/package.h"

#define VT_DATABASE_MAX ((size_t)512 << 20) /* bytes of one database */

struct vt_record {
	const char *manager;
	const struct vt_package *package;
	vt_span database; /* its path */
	vt_span part;     /* behind "#" in the locus; empty: "name:arch" */
	vt_span path;     /* of the package's folder or archive; may be empty */
	const char *state;
};
/* The entry as a fact; counts it as seen, and as missed too if it is malformed. */
void vt_record_package(struct vt_collect *c, const struct vt_record *r);

/* `a` and `b` in scratch memory, with a NUL. False without memory. */
bool vt_record_join(struct vt_collect *c, vt_span a, vt_span b, vt_span *out);
/* Reads a file whole. Anything but VT_OK and VT_END was counted as missed. */
VT_MUST_USE vt_err vt_record_read(struct vt_collect *c, vt_span path, vt_buf *out);

/*
 * Databases are in folders. fn(c, root, folder) is called for each of the folders that is there,
 * once if two are the same by a link; root is "" and folder as given. True if one was there.
 */
typedef void vt_database_fn(struct vt_collect *c, vt_span root, vt_span folder);
bool vt_record_folders(
	struct vt_collect *c, const char *const *folders, size_t n, vt_database_fn *fn);
/* The same for other systems below the tree's root, met on a walk (a chroot, a container). */
void vt_record_nested(struct vt_collect *c, const struct vt_visit *v, const char *const *folders,
	size_t n, vt_database_fn *fn);

/*
 * A database that was copied from elsewhere names files that are not in this tree. Asks for some
 * files of each package.
 */
#define VT_BELONG_FILES 2u /* of a package */
#define VT_BELONG_LOOK 64u /* paths of a package that are looked at for these */
struct vt_belong {
	uint32_t asked, there;     /* in all */
	uint32_t p_asked, p_there; /* of the present package */
	uint32_t p_looked;
};
void vt_belong_package(struct vt_belong *b);
/* True: another path may be asked for. */
bool vt_belong_more(const struct vt_belong *b);
void vt_belong_ask(
	struct vt_collect *c, struct vt_belong *b, vt_span root, vt_span folder, vt_span name);
/* NULL or what to say of the present package. */
const char *vt_belong_state(const struct vt_belong *b);
/* False: most of the files are not here. Below the tree's root that is no matter: a layer of a
 * container has the database of all of them. */
bool vt_belong_here(const struct vt_belong *b, vt_span root);

#endif
