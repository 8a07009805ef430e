/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints in the bundles that programs read: SHA-256 of what is between the PEM lines. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "remedy/verify.h"

#define BUNDLE_MAX ((size_t)64 << 20)
#define CERTIFICATE_MAX ((size_t)64 << 10)
#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static const char *const folders[] = {"/etc/ssl/certs", "/usr/local/share/ca-certificates",
	"/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted/pem",
	"/etc/pki/ca-trust/source/anchors"};

/* The next certificate's fingerprint; *io_at moves on. */
static bool next(vt_span text, size_t *io_at, uint8_t sum[32])
{
	vt_buf b64 = VT_BUF_INIT(2 * CERTIFICATE_MAX);
	uint8_t *der = malloc(CERTIFICATE_MAX);
	size_t from, to, n = 0;
	bool ok = der && vt_span_find(text, *io_at, BEGIN, strlen(BEGIN), &from) &&
		vt_span_find(text, from, END, strlen(END), &to);

	for (size_t i = ok ? from + strlen(BEGIN) : 0; ok && i < to; i++)
		if (text.p[i] > ' ' && vt_buf_add_u8(&b64, text.p[i]))
			break;
	if (ok) {
		*io_at = to + strlen(END);
		memset(sum, 0, 32);
		if (vt_base64_get(vt_buf_span(&b64), der, CERTIFICATE_MAX, &n))
			vt_sha256(vt_span_of(der, n), sum);
	}
	free(der);
	vt_buf_free(&b64);
	return ok;
}

static unsigned in_file(struct vt_verifying *v, const char *path, const struct vt_removal_step *s)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	vt_buf b = VT_BUF_INIT(BUNDLE_MAX);
	uint8_t sum[32], wanted[32];
	unsigned n = 0;
	size_t at = 0;

	if (fd >= 0 && vt_hex_get(s->sha256, wanted, sizeof wanted) && !vt_fd_read_all(fd, 0, &b)) {
		while (next(vt_buf_span(&b), &at, sum))
			n += memcmp(sum, wanted, sizeof sum) == 0;
	}
	if (n)
		vt_verify_say(v, VT_CHECK_THERE, "fingerprint", s->target, path);
	vt_fd_close(fd);
	vt_buf_free(&b);
	return n;
}

static unsigned in_folder(
	struct vt_verifying *v, const char *folder, const struct vt_removal_step *s)
{
	char *path = NULL;
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	if (asprintf(&path, "%s%s", v->live ? "" : v->root, folder) < 0)
		return 0;
	d = opendir(path);
	free(path);
	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' ||
			asprintf(&path, "%s%s/%s", v->live ? "" : v->root, folder, e->d_name) < 0)
			continue;
		n += in_file(v, path, s);
		free(path);
	}
	if (d)
		(void)closedir(d);
	return n;
}

void vt_verify_certificates(struct vt_verifying *v)
{
	for (size_t i = 0; i < v->plan->nsteps; i++) {
		const struct vt_removal_step *s = &v->plan->steps[i];
		unsigned n = 0;

		if (s->kind != VT_STEP_DISTRUST || !s->sha256.n)
			continue;
		for (size_t k = 0; k < VT_COUNT(folders); k++)
			n += in_folder(v, folders[k], s);
		if (!n)
			vt_verify_say(v, VT_CHECK_GONE, "fingerprint", s->target,
				"in none of the bundles");
	}
}
