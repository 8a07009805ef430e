/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place where a log is published: an http(s) prefix, a folder, or a bundle (a tar file of that
 * folder). All three give files by the same paths, and are believed equally little.
 */
#ifndef VT_SITE_SITE_H
#define VT_SITE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct vt_fetcher; /* site/fetcher.h */

struct vt_site;
/*
 * `place`: "https://host/prefix", "http://...", "file:///folder", a folder's path, or a tar file.
 * http(s) needs a fetcher, which must outlive the site; NULL otherwise. VT_EIO with errno; VT_EARG.
 */
VT_MUST_USE vt_err vt_site_open(
	const char *place, struct vt_fetcher *fetcher, struct vt_site **out);
void vt_site_close(struct vt_site *s);
/*
 * Appends a file's bytes; a vt_file_get (tlog/tile.h) with the site as ctx. VT_END: it is not
 * there. VT_ELIMIT: longer than max. VT_EPEER: the server or the fetcher failed (vt_site_why()).
 */
vt_err vt_site_get(void *site, const char *path, size_t max, vt_buf *out);
/* What went wrong last, in words, with the place; valid until the next call. */
const char *vt_site_why(const struct vt_site *s);
/* Bytes of files that came from it. */
uint64_t vt_site_bytes(const struct vt_site *s);

#endif
