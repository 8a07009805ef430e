/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the caller believes, and files that the caller names. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/log/log.h"
#include "cli/text.h"
#include "os/fd.h"

static void complain(const char *command, const char *path, const char *why)
{
	fprintf(stderr, "%s: ", command);
	vt_put_visible(stderr, vt_span_str(path));
	fprintf(stderr, ": %s\n", why);
}

vt_err vt_log_read_file(const char *command, const char *path, vt_buf *out)
{
	bool stdin_too = strcmp(path, "-") == 0;
	int fd = stdin_too ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_err e = VT_EIO;

	if (out->max == 0)
		out->max = VT_LOG_FILE_MAX;
	if (fd >= 0 && stdin_too) {
		uint8_t piece[4096];
		ssize_t n;

		e = VT_OK;
		while (!e && (n = read(fd, piece, sizeof piece)) > 0)
			e = vt_buf_add(out, piece, (size_t)n);
		e = !e && n < 0 ? VT_EIO : e;
	} else if (fd >= 0) {
		e = vt_fd_read_all(fd, 0, out);
	}
	if (e)
		complain(command, path, e == VT_EIO ? strerror(errno) : vt_err_text(e));
	if (!stdin_too)
		vt_fd_close(fd);
	return e;
}

vt_err vt_log_write_file(const char *command, const char *path, vt_span bytes)
{
	vt_err e;
	int fd;

	if (!path || strcmp(path, "-") == 0)
		return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n && fflush(stdout) == 0
			? VT_OK
			: VT_EIO;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, bytes.p, bytes.n);
	if (!e && close(fd) != 0)
		e = VT_EIO;
	else if (e)
		vt_fd_close(fd);
	if (e)
		complain(command, path, strerror(errno));
	return e;
}

vt_err vt_log_trust_open(
	struct vt_log_trust *t, const char *command, const char *policy, const char *vkey)
{
	struct vt_policy_error why = {0};
	vt_err e;

	*t = (struct vt_log_trust){.text = VT_BUF_INIT(VT_LOG_FILE_MAX)};
	if (!policy == !vkey) {
		fprintf(stderr,
			"%s: say whom to believe: either --policy FILE (a tlog-policy file) or "
			"--log "
			"VKEY\n",
			command);
		return VT_EARG;
	}
	if (policy)
		e = vt_log_read_file(command, policy, &t->text);
	else
		e = vt_buf_addf(&t->text, "log %s\nquorum none\n", vkey);
	t->p = malloc(sizeof *t->p);
	if (!e && !t->p)
		e = VT_ENOMEM;
	if (e)
		return e;
	e = vt_policy_parse(vt_buf_span(&t->text), t->p, &why);
	if (!e && t->p->nlogs == 0) {
		e = VT_EFORMAT;
		why.cause = "it names no log";
	}
	if (e && policy && why.line)
		fprintf(stderr, "%s: %s:%u: %s\n", command, policy, why.line, why.cause);
	else if (e)
		fprintf(stderr, "%s: %s: %s\n", command, policy ? policy : "--log",
			why.cause ? why.cause : vt_err_text(e));
	return e;
}

void vt_log_trust_close(struct vt_log_trust *t)
{
	vt_buf_free(&t->text);
	free(t->p);
	t->p = NULL;
}

const struct vt_key *vt_log_trust_key(const struct vt_log_trust *t, vt_span origin)
{
	for (size_t i = 0; i < t->p->nlogs; i++)
		if (vt_span_eq(origin, vt_span_str(t->p->logs[i].key.name)))
			return &t->p->logs[i].key;
	return NULL;
}
