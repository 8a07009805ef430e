/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "os/fd.h"

vt_err vt_machine_of(const char *root, char out[33])
{
	static const char word[] = "vitrine/machine/v1\n";
	vt_buf b = VT_BUF_INIT(256), hex = VT_BUF_INIT(64);
	uint8_t digest[32];
	char *path = NULL;
	vt_err e;
	int fd;

	out[0] = '\0';
	if (asprintf(&path, "%s/etc/machine-id", root) < 0)
		return VT_ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0)
		return VT_OK;
	e = vt_buf_add(&b, word, sizeof word - 1);
	if (!e)
		e = vt_fd_read_all(fd, 64, &b);
	while (!e && b.n && b.p[b.n - 1] == '\n')
		b.n--;
	if (!e && b.n >= sizeof word - 1 + 32) {
		vt_sha256(vt_buf_span(&b), digest);
		e = vt_hex_add(&hex, vt_span_of(digest, 16));
		if (!e)
			(void)snprintf(out, 33, "%.32s", (const char *)hex.p);
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
	vt_buf_free(&hex);
	return e;
}
