/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, passphrases, keys, files: what several verbs need. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "crypto/sign.h"
#include "os/fd.h"

#define PASSPHRASE_MAX 1000

void vt_complain(const char *command, const char *place, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", command);
	vt_put_visible(stderr, vt_span_str(place));
	fputs(": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void vt_complain_err(const char *command, const char *place, vt_err e)
{
	if (e == VT_EIO && errno == EACCES)
		vt_complain(
			command, place, "others may read it, or you may not: keys have mode 600");
	else
		vt_complain(command, place, "%s",
			e == VT_EIO           ? strerror(errno)
				: e == VT_END ? "there is no such file"
					      : vt_err_text(e));
}

static vt_err first_line(int fd, vt_buf *out)
{
	char c;
	ssize_t r;

	while ((r = read(fd, &c, 1)) == 1 && c != '\n')
		if (vt_buf_add(out, &c, 1))
			return VT_ELIMIT;
	return r < 0 ? VT_EIO : VT_OK;
}

static vt_err ask(int tty, const char *question, vt_buf *out)
{
	struct termios was, silent;
	vt_err e;

	if (tcgetattr(tty, &was))
		return VT_EIO;
	silent = was;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &silent))
		return VT_EIO;
	e = vt_fd_write(tty, question, strlen(question));
	if (!e)
		e = first_line(tty, out);
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	if (!e)
		e = vt_fd_write(tty, "\n", 1);
	return e;
}

static vt_err ask_all(const char *command, const char *what, bool twice, vt_buf *out)
{
	vt_buf again = VT_BUF_INIT(PASSPHRASE_MAX);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char question[400];
	vt_err e;

	if (tty < 0) {
		vt_complain(command, what,
			"there is no terminal to ask for the passphrase; --passphrase-file names a "
			"file with it");
		return VT_EIO;
	}
	(void)snprintf(question, sizeof question, "Passphrase for %s: ", what);
	e = ask(tty, question, out);
	if (!e && twice)
		e = ask(tty, "The same again: ", &again);
	vt_fd_close(tty);
	if (e)
		vt_complain(command, what, "the passphrase can't be read");
	else if (twice && !vt_span_eq(vt_buf_span(out), vt_buf_span(&again)))
		e = VT_EARG;
	if (e == VT_EARG)
		vt_complain(command, what, "these were two different passphrases");
	if (again.n)
		vt_wipe(again.p, again.n);
	vt_buf_free(&again);
	return e;
}

vt_err vt_passphrase_get(const struct vt_passphrase *p, const char *command, const char *what,
	bool twice, vt_buf *out)
{
	vt_err e;
	int fd;

	*out = (vt_buf)VT_BUF_INIT(PASSPHRASE_MAX);
	if (p->file) {
		fd = open(p->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		e = fd < 0 ? VT_EIO : first_line(fd, out);
		if (e)
			vt_complain(command, p->file, "%s",
				e == VT_EIO ? strerror(errno) : "too long for a passphrase");
		vt_fd_close(fd);
	} else {
		e = ask_all(command, what, twice, out);
	}
	if (!e && out->n == 0) {
		vt_complain(command, what, "an empty passphrase protects nothing");
		e = VT_EARG;
	}
	return e;
}

static void forget(vt_buf *b)
{
	if (b->n)
		vt_wipe(b->p, b->n);
	vt_buf_free(b);
}

vt_err vt_signer_open(
	const struct vt_passphrase *p, const char *command, const char *path, struct vt_signer *out)
{
	vt_buf pass = VT_BUF_INIT(PASSPHRASE_MAX);
	struct vt_key key;
	vt_span secret;
	bool sealed;
	vt_err e = vt_keyfile_public(path, &key, &sealed);

	if (e) {
		vt_complain_err(command, path, e);
		return e;
	}
	if (sealed)
		e = vt_passphrase_get(p, command, path, false, &pass);
	if (!e) {
		secret = vt_buf_span(&pass);
		e = vt_keyfile_open(path, sealed ? &secret : NULL, out);
		if (e == VT_ECHECKSUM)
			vt_complain(command, path, "this is not its passphrase");
		else if (e)
			vt_complain_err(command, path, e);
	}
	forget(&pass);
	return e;
}

vt_err vt_signer_new(const struct vt_passphrase *p, const char *command, const char *path,
	vt_span name, enum vt_key_type type, struct vt_signer *out)
{
	vt_buf pass = VT_BUF_INIT(PASSPHRASE_MAX);
	vt_span secret;
	vt_err e = VT_OK;

	if (!p->bare)
		e = vt_passphrase_get(p, command, path, true, &pass);
	if (!e) {
		secret = vt_buf_span(&pass);
		e = vt_keyfile_new(path, name, type, p->bare ? NULL : &secret, out);
		if (e == VT_EARG)
			vt_complain(command, path,
				"a key's name has no spaces and no '+': like 'example.org/alice'");
		else if (e)
			vt_complain(command, path, "%s",
				e == VT_EIO ? strerror(errno) : vt_err_text(e));
	}
	forget(&pass);
	return e;
}

vt_err vt_slurp(const char *command, const char *path, size_t max, vt_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_err e;

	*out = (vt_buf)VT_BUF_INIT(max);
	e = fd < 0 ? VT_EIO : vt_fd_read_all(fd, 0, out);
	vt_fd_close(fd);
	if (e)
		vt_complain(command, path, "%s",
			e == VT_EIO ? strerror(errno) : "too large for what it should be");
	return e;
}

vt_err vt_spit(const char *command, const char *path, vt_span bytes)
{
	char *temporary = NULL;
	mode_t mask = umask(0);
	vt_err e;
	int fd;

	(void)umask(mask);
	if (strcmp(path, "-") == 0)
		return vt_fd_write(STDOUT_FILENO, bytes.p, bytes.n);
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return VT_ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, bytes.p, bytes.n);
	if (!e && (fchmod(fd, 0666 & ~mask) || fsync(fd) || rename(temporary, path)))
		e = VT_EIO;
	if (e) {
		vt_complain(command, path, "%s", strerror(errno));
		if (fd >= 0)
			(void)unlink(temporary);
	}
	vt_fd_close(fd);
	free(temporary);
	return e;
}

int64_t vt_now_seconds(void)
{
	return (int64_t)time(NULL);
}

bool vt_days_parse(const char *text, int64_t *out_seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	int64_t v = 0;
	size_t i = 0;

	while (text[i] >= '0' && text[i] <= '9' && v < 1000000000)
		v = 10 * v + (text[i++] - '0');
	if (i == 0 || (text[i] && text[i + 1]))
		return false;
	for (size_t k = 0; k < VT_COUNT(units); k++) {
		if (text[i] == units[k].letter) {
			*out_seconds = v * units[k].seconds;
			return v > 0;
		}
	}
	return false;
}
