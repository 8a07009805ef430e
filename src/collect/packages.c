/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says when nobody can answer what is installed: there is no database of any package manager that
 * is read, or there is one that is not. "No database" must not look like "nothing installed".
 */
#include "base/num.h"
#include "collect/record.h"

static const struct {
	const char *path;
	bool read; /* a collector of its own reads it, and says how that went */
} databases[] = {
	{"/var/lib/dpkg/status", true}, {"/var/lib/dpkg/status.d", true},
	{"/var/lib/dpkg/info", true}, {"/var/lib/opkg/status", true},
	{"/usr/lib/opkg/status", true}, {"/var/lib/rpm/rpmdb.sqlite", true},
	{"/var/lib/rpm/Packages.db", true}, {"/var/lib/rpm/Packages", true},
	{"/usr/lib/sysimage/rpm/rpmdb.sqlite", true}, {"/usr/lib/sysimage/rpm/Packages.db", true},
	{"/usr/lib/sysimage/rpm/Packages", true}, {"/lib/apk/db/installed", true},
	{"/usr/lib/apk/db/installed", true}, {"/var/lib/pacman/local", true},
	{"/usr/lib/pacman/local", true},
	{"/var/lib/snapd/modeenv", true},      /* Ubuntu Core: only snaps */
	{"/var/db/pkg", false},                /* Gentoo */
	{"/var/lib/pkgtools/packages", false}, /* Slackware */
	{"/var/log/packages", false}, {"/nix/var/nix/db/db.sqlite", false}, /* NixOS */
	{"/var/guix/db/db.sqlite", false},                                  /* Guix */
	{"/var/db/xbps", false},                                            /* Void */
	{"/var/lib/eopkg/package", false},                                  /* Solus */
	{"/var/lib/swupd/version", false},                                  /* Clear Linux */
	{"/var/lib/chisel/manifest.wall", false},             /* Ubuntu images of slices */
	{"/var/lib/rpmmanifest/container-manifest-2", false}, /* Azure Linux images without rpm */
};

static vt_err packages_start(struct vt_collect *c, void **out_state)
{
	enum vt_platform on = vt_collect_platform(c);
	struct vt_node node;
	bool any = false;

	*out_state = NULL;
	if (on == VT_PLATFORM_WINDOWS || on == VT_PLATFORM_MACOS)
		return VT_OK; /* these have registries and receipts */
	for (size_t i = 0; i < VT_COUNT(databases); i++) {
		vt_span path = vt_span_str(databases[i].path);

		if (vt_tree_stat(vt_collect_tree(c), path, true, &node))
			continue;
		any = true;
		if (!databases[i].read)
			vt_collect_missed(c, VT_AREA_PACKAGES, path, VT_MISS_UNSUPPORTED);
	}
	if (!any)
		vt_collect_missed(c, VT_AREA_PACKAGES, vt_span_str("/"), VT_MISS_ABSENT);
	return VT_OK;
}

const struct vt_collector vt_collector_packages = {
	.name = "packages",
	.area = VT_AREA_PACKAGES,
	.start = packages_start,
};
