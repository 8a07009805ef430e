/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "store/folder.h"

#define PATH_SIZE 192
#define FILE_MAX ((size_t)256 << 10)

/* "evidence/<hex>" and, with a name, "/<fork|suspect>-<hex>". */
static void path_of(vt_span origin, const char *kind, vt_span request, char out[PATH_SIZE])
{
	vt_buf b = VT_BUF_INIT(PATH_SIZE - 1);
	uint8_t digest[32];
	vt_err e;

	vt_sha256(origin, digest);
	e = vt_buf_addf(&b, "evidence/");
	if (!e)
		e = vt_hex_add(&b, vt_span_of(digest, sizeof digest));
	if (!e && kind) {
		vt_sha256(request, digest);
		e = vt_buf_addf(&b, "/%s-", kind);
		if (!e)
			e = vt_hex_add(&b, vt_span_of(digest, 16));
	}
	out[0] = 0;
	if (!e)
		(void)snprintf(out, PATH_SIZE, "%.*s", (int)b.n, (const char *)b.p);
	vt_buf_free(&b);
}

void vt_evidence_tally(int dir, vt_span origin, struct vt_evidence_count *out)
{
	struct vt_evidence_count n = {0, 0};
	char path[PATH_SIZE];
	const struct dirent *d;
	DIR *folder;
	int fd;

	path_of(origin, NULL, vt_span_of(NULL, 0), path);
	*out = n;
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	folder = fdopendir(fd);
	if (!folder) {
		vt_fd_close(fd);
		return;
	}
	while ((d = readdir(folder))) {
		n.forks += strncmp(d->d_name, "fork-", 5) == 0;
		n.suspects += strncmp(d->d_name, "suspect-", 8) == 0;
	}
	(void)closedir(folder);
	*out = n;
}

vt_err vt_evidence_keep(
	int dir, struct vt_evidence_count *count, const struct vt_evidence *ev, bool *out_kept)
{
	int *n = ev->fork ? &count->forks : &count->suspects;
	vt_buf b = VT_BUF_INIT(FILE_MAX);
	char path[PATH_SIZE];
	vt_err e;

	*out_kept = false;
	if (count->forks < 0)
		vt_evidence_tally(dir, ev->origin, count);
	path_of(ev->origin, ev->fork ? "fork" : "suspect", ev->request, path);
	if (*n >= (ev->fork ? VT_EVIDENCE_FORKS_MAX : VT_EVIDENCE_SUSPECTS_MAX) ||
		vt_store_has(dir, path))
		return VT_OK;
	e = vt_buf_addf(&b, "vitrine/evidence/v1\nkind %s\ntime %llu\nknown %zu\n",
		ev->fork ? "fork" : "suspect", (unsigned long long)ev->time, ev->known.n);
	if (!e)
		e = vt_buf_add(&b, ev->known.p, ev->known.n);
	if (!e)
		e = vt_buf_addf(&b, "request %zu\n", ev->request.n);
	if (!e)
		e = vt_buf_add(&b, ev->request.p, ev->request.n);
	if (!e)
		e = vt_store_write(dir, path, vt_buf_span(&b));
	if (!e) {
		(*n)++;
		*out_kept = true;
	}
	vt_buf_free(&b);
	return e;
}
