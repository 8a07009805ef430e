/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish init, keygen, rotate: keys, and the roots that name them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "os/fd.h"
#include "store/folder.h"

#define ROOT_VALID ((int64_t)365 * 86400)

struct settings {
	const char *origin, *policy, *out, *valid;
	struct vt_strings owners, rebuilders;
	uint32_t threshold;
	struct vt_passphrase pass;
	bool cosigner;
};

static void print_vkey(const char *before, const struct vt_key *k)
{
	vt_buf b = VT_BUF_INIT(1000);

	if (vt_key_write(&b, k) == VT_OK)
		printf("%s%.*s\n", before, (int)b.n, (const char *)b.p);
	vt_buf_free(&b);
}

/* A vkey, or a file whose first line is one (a key file has it in its second). */
static vt_err owner_key(const char *command, const char *text, struct vt_key *out)
{
	vt_buf b = VT_BUF_INIT(4096);
	const uint8_t *end;
	bool sealed;
	vt_err e = vt_key_parse(vt_span_str(text), out);

	if (e && access(text, F_OK) == 0) {
		e = vt_keyfile_public(text, out, &sealed);
		if (e)
			e = vt_slurp(command, text, 4096, &b);
		end = b.n ? memchr(b.p, '\n', b.n) : NULL;
		if (!e && b.n)
			e = vt_key_parse(vt_span_of(b.p, end ? (size_t)(end - b.p) : b.n), out);
	}
	vt_buf_free(&b);
	if (e)
		vt_complain(command, text,
			"not a public key: that is name+id+key, as 'vitrine "
			"publish keygen' prints it");
	else if (out->type != VT_KEY_ED25519)
		vt_complain(command, text, "a witness's key; people have others");
	return !e && out->type != VT_KEY_ED25519 ? VT_EARG : e;
}

static int by_key_name(const void *a, const void *b)
{
	return strcmp(((const struct vt_key *)a)->name, ((const struct vt_key *)b)->name);
}

static vt_err owner_keys(
	const char *command, const struct vt_strings *from, vt_arena *a, struct vt_key **out)
{
	struct vt_key *v = vt_arena_array(a, from->n + 1, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; i < from->n && !e; i++)
		e = owner_key(command, from->v[i], &v[i]);
	if (!e && from->n > 1)
		qsort(v, from->n, sizeof *v, by_key_name);
	if (!e)
		*out = v;
	return e;
}

/* The root that the settings describe, behind the one in force. */
static vt_err draft_root(struct vt_house *h, const struct settings *s)
{
	struct vt_entry e = {.kind = VT_ENTRY_ROOT};
	struct vt_root *r = &e.u.root;
	int64_t valid = ROOT_VALID;
	vt_err err;

	if (s->valid && !vt_days_parse(s->valid, &valid)) {
		vt_complain(h->command, s->valid, "not a time like 90d or 52w");
		return VT_EARG;
	}
	if (s->threshold == 0 || s->threshold > s->owners.n) {
		vt_complain(h->command, "--threshold", "between 1 and the number of owners");
		return VT_EARG;
	}
	r->version = h->size ? h->root.e.u.root.version + 1 : 1;
	r->previous.set = h->size > 0;
	r->previous.hash = h->root.leaf;
	r->expires = vt_now_seconds() + valid;
	r->threshold = s->threshold;
	r->nkeys = (unsigned)s->owners.n;
	r->nrebuilders = (unsigned)s->rebuilders.n;
	err = owner_keys(h->command, &s->owners, &h->a, &r->keys);
	if (!err)
		err = owner_keys(h->command, &s->rebuilders, &h->a, &r->rebuilders);
	return err ? err : vt_draft_save(h, "0-root", &e);
}

#define OWNER_OPTIONS                                                                              \
	{0, "owner", "VKEY|FILE", VT_OPTION_STRINGS, offsetof(struct settings, owners),            \
		"an owner's public key, or a key file; give all of them", NULL},                   \
		{0, "threshold", "K", VT_OPTION_U32, offsetof(struct settings, threshold),         \
			"how many owners must sign", NULL},                                        \
		{0, "rebuilder", "VKEY|FILE", VT_OPTION_STRINGS,                                   \
			offsetof(struct settings, rebuilders), "who may sign 'attest'", NULL},     \
	{                                                                                          \
		0, "root-valid", "TIME", VT_OPTION_STRING, offsetof(struct settings, valid),       \
			"when the root expires (52w)", NULL                                        \
	}

static const struct vt_option init_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "origin", "NAME", VT_OPTION_STRING, offsetof(struct settings, origin),
		"the log's name, which is its key's: example.org/updates", NULL},
	OWNER_OPTIONS,
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, policy),
		"a C2SP tlog-policy: who cosigns, and how many (none)", NULL},
	{0, "bare", NULL, VT_OPTION_FLAG, offsetof(struct settings, pass.bare),
		"the log's key has no passphrase: commits run unattended", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table init_table = {
	.command = "vitrine publish init",
	.usage = "Usage: vitrine publish init DIR --origin NAME --owner VKEY... --threshold K "
		 "[OPTION]...\n"
		 "Makes a publisher's folder with the log's key, and prepares the first root.\n",
	.options = init_options,
	.count = VT_COUNT(init_options),
	.notes = "Run it again with other owners as long as nothing is published.\n",
};

static vt_err make_folders(const char *command, const char *path)
{
	static const char *const names[] = {"private", "public", "private/draft"};
	int dir;
	vt_err e = vt_store_open(path, true, &dir);

	for (size_t i = 0; i < VT_COUNT(names) && !e; i++)
		if (mkdirat(dir, names[i], i == 1 ? 0755 : 0700) && errno != EEXIST)
			e = VT_EIO;
	if (e)
		vt_complain(command, path, "%s", strerror(errno));
	else
		vt_fd_close(dir);
	return e;
}

/* The log's key, unless an earlier run made it. */
static vt_err make_key(const struct settings *s, const char *command, const char *path)
{
	struct vt_signer signer;
	char *file = NULL;
	vt_err e = VT_OK;

	if (asprintf(&file, "%s/private/log.key", path) < 0)
		return VT_ENOMEM;
	if (access(file, F_OK) != 0) {
		e = vt_signer_new(
			&s->pass, command, file, vt_span_str(s->origin), VT_KEY_ED25519, &signer);
		vt_wipe(&signer, sizeof signer);
	}
	free(file);
	return e;
}

static vt_err make_policy(const struct settings *s, const char *command, const char *path)
{
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	char *dir = NULL;
	int fd = -1;
	vt_err e;

	if (asprintf(&dir, "%s/private", path) < 0)
		return VT_ENOMEM;
	e = vt_store_open(dir, false, &fd);
	if (!e && s->policy)
		e = vt_slurp(command, s->policy, (size_t)1 << 20, &b);
	else if (!e)
		e = vt_buf_addf(&b, "quorum none\n");
	if (!e && (s->policy || !vt_store_has(fd, "policy"))) {
		e = vt_store_write(fd, "policy", vt_buf_span(&b));
		if (e)
			vt_complain(command, dir, "%s", strerror(errno));
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
	free(dir);
	return e;
}

static vt_err run_init(const struct settings *s, const char *path)
{
	const char *command = init_table.command;
	struct vt_house h;
	vt_err e = make_folders(command, path);

	if (!e)
		e = make_key(s, command, path);
	if (!e)
		e = make_policy(s, command, path);
	if (e)
		return e;
	e = vt_house_open(&h, command, path);
	if (!e && h.size > 0) {
		vt_complain(
			command, path, "a log is published already; see 'vitrine publish rotate'");
		e = VT_EARG;
	}
	if (!e && strcmp(h.log.name, s->origin) != 0) {
		vt_complain(command, path, "has the key of a log of another name");
		e = VT_EARG;
	}
	if (!e)
		e = draft_root(&h, s);
	if (!e) {
		print_vkey("log key: ", &h.log);
		puts("The first root is prepared. Next: 'vitrine publish import', then 'propose'.");
	}
	vt_house_close(&h);
	return e;
}

static void free_settings(struct settings *s, struct vt_strings *operands)
{
	vt_strings_free(&s->owners);
	vt_strings_free(&s->rebuilders);
	vt_strings_free(operands);
}

static int wrong_use(const char *command, const char *what)
{
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", command, what, command);
	return VT_EXIT_ERROR;
}

int vt_publish_cmd_init(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings dirs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&init_table, argc, argv, &s, &dirs);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (dirs.n != 1 || !s.origin || s.owners.n == 0))
		status = wrong_use(init_table.command, "give DIR, --origin and --owner");
	else if (!e && run_init(&s, dirs.v[0]) == VT_OK)
		status = VT_EXIT_CLEAN;
	free_settings(&s, &dirs);
	return status;
}

static const struct vt_option keygen_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"the key file to make", NULL},
	{0, "cosigner", NULL, VT_OPTION_FLAG, offsetof(struct settings, cosigner),
		"a key for a witness or a mirror, not for a person", NULL},
	{0, "bare", NULL, VT_OPTION_FLAG, offsetof(struct settings, pass.bare),
		"without a passphrase", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table keygen_table = {
	.command = "vitrine publish keygen",
	.usage = "Usage: vitrine publish keygen NAME -o FILE [OPTION]...\n"
		 "Makes a key, and prints its public part, which goes to the publisher.\n",
	.options = keygen_options,
	.count = VT_COUNT(keygen_options),
	.notes = "NAME is unique and lasting, like example.org/alice. Make it on the machine where "
		 "it "
		 "stays;\nthe file is encrypted with the passphrase (Argon2id, "
		 "XChaCha20-Poly1305).\n",
};

int vt_publish_cmd_keygen(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings names = {0};
	struct vt_signer signer;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&keygen_table, argc, argv, &s, &names);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (names.n != 1 || !s.out)) {
		status = wrong_use(keygen_table.command, "give NAME and -o FILE");
	} else if (!e &&
		vt_signer_new(&s.pass, keygen_table.command, s.out, vt_span_str(names.v[0]),
			s.cosigner ? VT_KEY_COSIGNATURE : VT_KEY_ED25519, &signer) == VT_OK) {
		print_vkey("", &signer.key);
		status = VT_EXIT_CLEAN;
	}
	vt_wipe(&signer, sizeof signer);
	free_settings(&s, &names);
	return status;
}

static const struct vt_option rotate_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	OWNER_OPTIONS,
	VT_HELP_OPTION,
};
static const struct vt_option_table rotate_table = {
	.command = "vitrine publish rotate",
	.usage =
		"Usage: vitrine publish rotate DIR --owner VKEY... --threshold K [OPTION]...\n"
		"Prepares a new root. The owners of the old one must sign it, and those of the new "
		"one.\n",
	.options = rotate_options,
	.count = VT_COUNT(rotate_options),
	.notes = "Name all keys of the new root, those that stay as well.\n",
};

int vt_publish_cmd_rotate(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings dirs = {0};
	struct vt_house h;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&rotate_table, argc, argv, &s, &dirs);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (dirs.n != 1 || s.owners.n == 0)) {
		status = wrong_use(rotate_table.command, "give DIR and --owner");
	} else if (!e) {
		e = vt_house_open(&h, rotate_table.command, dirs.v[0]);
		if (!e)
			e = draft_root(&h, &s);
		vt_house_close(&h);
		if (!e)
			status = VT_EXIT_CLEAN;
	}
	free_settings(&s, &dirs);
	return status;
}
