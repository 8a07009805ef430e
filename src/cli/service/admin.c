/* SPDX-License-Identifier: Apache-2.0 */
/* keygen and add-log: what an administrator does before a service starts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/service/service.h"
#include "crypto/sign.h"
#include "os/fd.h"
#include "publish/keyfile.h"

struct settings {
	const char *config;
};

static const struct vt_option keygen_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table keygen_table = {
	.command = "vitrine keygen",
	.usage = "Usage: vitrine witness keygen FILE NAME\n"
		 "       vitrine mirror keygen FILE NAME\n"
		 "Makes a cosigner's key in a new file that only its owner can read, and prints\n"
		 "the verifier key, which goes into policies. NAME is a host name and a path\n"
		 "without a scheme, such as witness.example/w1; nobody else may use it.\n",
	.options = keygen_options,
	.count = VT_COUNT(keygen_options),
	.notes = "The file holds the bare key, since a service starts unattended: keep it where "
		 "only\nthe service can read it.\n",
};

static const struct vt_option add_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'c', "config", "FILE", VT_OPTION_STRING, offsetof(struct settings, config),
		"the configuration (default: witness.conf or mirror.conf\nin /etc/vitrine)", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table add_table = {
	.command = "vitrine add-log",
	.usage = "Usage: vitrine witness add-log [--config FILE] VKEY\n"
		 "       vitrine mirror add-log [--config FILE] VKEY [URL or FOLDER]\n"
		 "Adds a Log line to the configuration, checked first. The service reads it when "
		 "it\nstarts again.\n",
	.options = add_options,
	.count = VT_COUNT(add_options),
	.notes = NULL,
};

int vt_service_cmd_keygen(enum vt_service kind, int argc, char **argv)
{
	struct vt_strings operands = {0};
	vt_buf vkey = VT_BUF_INIT(1024);
	struct vt_signer signer;
	struct settings s = {0};
	vt_err e = vt_options_parse(&keygen_table, argc, argv, &s, &operands);

	if (!e && operands.n != 2) {
		fprintf(stderr, "vitrine %s keygen: a FILE and a NAME are expected\n",
			vt_service_word(kind));
		e = VT_EARG;
	} else if (!e) {
		e = vt_sign_init();
		if (!e)
			e = vt_keyfile_new(operands.v[0], vt_span_str(operands.v[1]),
				VT_KEY_COSIGNATURE, NULL, &signer);
		if (e)
			fprintf(stderr, "vitrine %s keygen: %s: %s\n", vt_service_word(kind),
				operands.v[0],
				e == VT_EARG          ? "the name may not have spaces or '+'"
					: e == VT_EIO ? strerror(errno)
						      : vt_err_text(e));
		if (!e)
			e = vt_key_write(&vkey, &signer.key);
		if (!e)
			printf("%.*s\n", (int)vkey.n, (const char *)vkey.p);
		vt_wipe(&signer, sizeof signer);
	}
	vt_buf_free(&vkey);
	vt_strings_free(&operands);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

/* A new file beside it, then one rename; mode and owner as they were. */
static vt_err replace(const char *path, vt_span bytes)
{
	struct stat st;
	char *fresh;
	int fd;
	vt_err e;

	if (stat(path, &st) || asprintf(&fresh, "%s.new", path) < 0)
		return VT_EIO;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, bytes.p, bytes.n);
	if (!e &&
		(fchmod(fd, st.st_mode & 07777) ||
			(geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid)) || fsync(fd) ||
			rename(fresh, path)))
		e = VT_EIO;
	vt_fd_close(fd);
	free(fresh);
	return e;
}

static vt_err add_log(enum vt_service kind, const char *config, const struct vt_strings *operands)
{
	struct vt_service_config c;
	struct vt_service_error why;
	struct vt_service_file f;
	vt_err e = vt_service_file_read(kind, config, &f);

	if (e)
		return e;
	if (f.bytes.n && f.bytes.p[f.bytes.n - 1] != '\n')
		e = vt_buf_add_u8(&f.bytes, '\n');
	if (!e)
		e = vt_buf_addf(&f.bytes, "Log %s%s%s\n", operands->v[0],
			operands->n > 1 ? " " : "", operands->n > 1 ? operands->v[1] : "");
	if (!e) {
		why.cause = NULL;
		e = vt_service_config_parse(vt_buf_span(&f.bytes), kind, &f.arena, &c, &why);
		if (e)
			fprintf(stderr, "vitrine %s add-log: %s\n", vt_service_word(kind),
				why.cause ? why.cause : vt_err_text(e));
		else if (replace(f.path, vt_buf_span(&f.bytes))) {
			e = VT_EIO;
			fprintf(stderr, "vitrine %s add-log: %s: %s\n", vt_service_word(kind),
				f.path, strerror(errno));
		}
	}
	if (!e)
		printf("%zu logs; start the service again to use them\n", c.nlogs);
	vt_service_file_free(&f);
	return e;
}

int vt_service_cmd_add_log(enum vt_service kind, int argc, char **argv)
{
	size_t most = kind == VT_SERVICE_MIRROR ? 2 : 1;
	struct vt_strings operands = {0};
	struct settings s = {0};
	vt_err e = vt_options_parse(&add_table, argc, argv, &s, &operands);

	if (!e && (operands.n < 1 || operands.n > most)) {
		fprintf(stderr, "vitrine %s add-log: a verifier key is expected%s\n",
			vt_service_word(kind), most > 1 ? ", and where the log is" : "");
		e = VT_EARG;
	} else if (!e) {
		e = add_log(kind, s.config, &operands);
	}
	vt_strings_free(&operands);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
