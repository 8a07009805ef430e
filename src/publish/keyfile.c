/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "crypto/sign.h"
#include "os/fd.h"
#include "tlog/lines.h"

#define HEAD "vitrine/key/v1\n"
#define SEALED_SIZE (VT_SEED_SIZE + VT_SEAL_EXTRA)
#define FILE_MAX ((size_t)4096)

/* What a file says: the key, and the seed, sealed or bare. */
struct content {
	struct vt_key key;
	bool sealed;
	uint8_t bytes[SEALED_SIZE];
};

static vt_err parse(vt_span file, struct content *out)
{
	vt_span line;
	size_t n, want;
	vt_err e;

	if (!vt_prefix_take(&file, HEAD) || !vt_prefix_take(&file, "key ") ||
		!vt_line_take(&file, &line))
		return VT_EFORMAT;
	e = vt_key_parse(line, &out->key);
	if (e)
		return e == VT_ECHECKSUM ? VT_EFORMAT : e;
	out->sealed = vt_prefix_take(&file, "sealed ");
	if (!out->sealed && !vt_prefix_take(&file, "bare "))
		return VT_EFORMAT;
	want = out->sealed ? SEALED_SIZE : VT_SEED_SIZE;
	if (!vt_line_take(&file, &line) || file.n != 0 ||
		!vt_base64_get(line, out->bytes, sizeof out->bytes, &n) || n != want)
		return VT_EFORMAT;
	return VT_OK;
}

static vt_err load(const char *path, struct content *out)
{
	vt_buf b = VT_BUF_INIT(FILE_MAX);
	struct stat st;
	vt_err e = VT_EIO;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return VT_EIO;
	if (fstat(fd, &st))
		goto out;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto out;
	}
	/* What others may read is no secret, and who may write it may put another key there. */
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		errno = EACCES;
		goto out;
	}
	e = vt_fd_read_all(fd, (uint64_t)st.st_size, &b);
	if (!e)
		e = parse(vt_buf_span(&b), out);
	else if (e == VT_ELIMIT)
		e = VT_EFORMAT;
out:
	if (b.n)
		vt_wipe(b.p, b.n);
	vt_buf_free(&b);
	vt_fd_close(fd);
	return e;
}

static vt_err sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd, r;

	if (!copy)
		return VT_ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return VT_EIO;
	r = fsync(fd);
	vt_fd_close(fd);
	return r ? VT_EIO : VT_OK;
}

static vt_err save(const char *path, vt_span bytes)
{
	int saved, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	vt_err e;

	if (fd < 0)
		return VT_EIO;
	e = vt_fd_write(fd, bytes.p, bytes.n);
	if (!e && fsync(fd))
		e = VT_EIO;
	vt_fd_close(fd);
	if (!e)
		e = sync_folder(path);
	if (e) {
		saved = errno;
		(void)unlink(path);
		errno = saved;
	}
	return e;
}

vt_err vt_keyfile_new(const char *path, vt_span name, enum vt_key_type type,
	const vt_span *passphrase, struct vt_signer *out)
{
	uint8_t sealed[SEALED_SIZE];
	struct vt_signer s;
	vt_buf b = VT_BUF_INIT(FILE_MAX);
	uint8_t seed[VT_SEED_SIZE];
	vt_err e;

	vt_random(seed, sizeof seed);
	e = vt_signer_make(name, type, seed, &s);
	if (!e && passphrase)
		e = vt_seal(*passphrase, vt_span_of(seed, sizeof seed), sealed);
	if (!e)
		e = vt_buf_addf(&b, HEAD "key ");
	if (!e)
		e = vt_key_write(&b, &s.key);
	if (!e)
		e = vt_buf_addf(&b, passphrase ? "\nsealed " : "\nbare ");
	if (!e)
		e = vt_base64_add(&b,
			passphrase ? vt_span_of(sealed, sizeof sealed)
				   : vt_span_of(seed, sizeof seed));
	if (!e)
		e = vt_buf_add(&b, "\n", 1);
	if (!e)
		e = save(path, vt_buf_span(&b));
	if (!e)
		*out = s;
	vt_wipe(&s, sizeof s);
	vt_wipe(seed, sizeof seed);
	if (b.n)
		vt_wipe(b.p, b.n);
	vt_buf_free(&b);
	return e;
}

vt_err vt_keyfile_public(const char *path, struct vt_key *out, bool *out_sealed)
{
	struct content c;
	vt_err e = load(path, &c);

	if (!e) {
		*out = c.key;
		*out_sealed = c.sealed;
	}
	vt_wipe(&c, sizeof c);
	return e;
}

vt_err vt_keyfile_open(const char *path, const vt_span *passphrase, struct vt_signer *out)
{
	uint8_t seed[VT_SEED_SIZE];
	struct vt_signer s;
	struct content c;
	vt_err e = load(path, &c);

	if (!e && c.sealed)
		e = passphrase ? vt_unseal(*passphrase, vt_span_of(c.bytes, sizeof c.bytes), seed)
			       : VT_ECHECKSUM;
	else if (!e)
		memcpy(seed, c.bytes, sizeof seed);
	if (!e)
		e = vt_signer_make(vt_span_str(c.key.name), c.key.type, seed, &s);
	/* The public line is what people looked at: the seed must be that key's. */
	if (!e && memcmp(s.key.pub, c.key.pub, sizeof s.key.pub) != 0)
		e = VT_EFORMAT;
	if (!e)
		*out = s;
	vt_wipe(&c, sizeof c);
	vt_wipe(&s, sizeof s);
	vt_wipe(seed, sizeof seed);
	return e;
}
