/* SPDX-License-Identifier: Apache-2.0 */
/* Which observations of a product belong to one copy of it. */
#ifndef VT_INVENTORY_PLACE_H
#define VT_INVENTORY_PLACE_H

#include "base/arena.h"
#include "inventory/catalogue.h"
#include "inventory/survey.h"

/*
 * Where an observation says that the product is: a folder, or empty for the system as a whole
 * (package managers, units, accounts, stores, and folders that are the product's own). In `a` or
 * static. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_place_of(
	const struct vt_observation *o, const struct vt_product *p, vt_arena *a, vt_span *out);
/*
 * The file that an observation's locus names, without "#part". Names of files may have a '#' of
 * their own: where what is inside is known, that alone is taken off.
 */
vt_span vt_place_file(const struct vt_observation *o);
/*
 * The root that a package database at this locus belongs to, from where such databases lie:
 * "/srv/chroot" of
 * "/srv/chroot/var/lib/dpkg/status#x"; empty for the subject's own root, or if it lies elsewhere.
 */
vt_span vt_place_root(vt_span locus);
/*
 * The folder that both are below, if that is close enough to be one copy's: not "/", "/home/x",
 * "/usr/lib" and their like. False: two copies.
 */
bool vt_place_join(vt_span x, vt_span y, vt_span *out);

#endif
