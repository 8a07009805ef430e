/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish withdraw, release, attest: entries that are made of options and files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/update/payload.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "os/map.h"

struct settings {
	const char *set, *directive, *file, *line, *line_hash, *reason;
	const char *name, *version, *source, *buildinfo, *strip;
	uint64_t number, release;
};

static int wrong_use(const char *command, const char *what)
{
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", command, what, command);
	return VT_EXIT_ERROR;
}

/* Opens the house, saves the entry as a new draft, closes it. */
static vt_err save(const char *command, const char *dir, const char *prefix,
	vt_err (*fill)(struct vt_house *h, const struct settings *s,
		const struct vt_strings *operands, struct vt_entry *e),
	const struct settings *s, const struct vt_strings *operands)
{
	struct vt_entry entry = {0};
	struct vt_house h;
	char name[64];
	vt_err e = vt_house_open(&h, command, dir);

	if (!e && h.size == 0) {
		vt_complain(command, dir, "nothing is published yet");
		e = VT_EARG;
	}
	if (!e)
		e = fill(&h, s, operands, &entry);
	if (!e) {
		vt_draft_new_name(&h, prefix, name);
		e = vt_draft_save(&h, name, &entry);
	}
	vt_house_close(&h);
	return e;
}

/* withdraw --------------------------------------------------------------------------------------
 */

static const struct vt_option withdraw_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "set", "NAME", VT_OPTION_STRING, offsetof(struct settings, set),
		"a version or a rule of this set", NULL},
	{0, "directive", "NAME", VT_OPTION_STRING, offsetof(struct settings, directive),
		"a version of this directive", NULL},
	{0, "release", "INDEX", VT_OPTION_U64, offsetof(struct settings, release),
		"the release that is this entry of the log", NULL},
	{0, "version", "N", VT_OPTION_U64, offsetof(struct settings, number),
		"the version to take back", NULL},
	{0, "file", "FILE", VT_OPTION_STRING, offsetof(struct settings, file),
		"the file of the set that the rule is in", NULL},
	{0, "line", "TEXT", VT_OPTION_STRING, offsetof(struct settings, line),
		"the rule's line as it is in the file", NULL},
	{0, "line-sha256", "HEX", VT_OPTION_STRING, offsetof(struct settings, line_hash),
		"the SHA-256 of that line without its line end", NULL},
	{0, "reason", "TEXT", VT_OPTION_STRING, offsetof(struct settings, reason), "why", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table withdraw_table = {
	.command = "vitrine publish withdraw",
	.usage = "Usage: vitrine publish withdraw DIR --set NAME (--version N | --file FILE --line "
		 "TEXT) --reason TEXT\n"
		 "       vitrine publish withdraw DIR (--directive NAME --version N | --release "
		 "INDEX)"
		 " --reason TEXT\n"
		 "Prepares a withdrawal, which clients obey at once. The version before becomes "
		 "live "
		 "again.\n",
	.options = withdraw_options,
	.count = VT_COUNT(withdraw_options),
};

static vt_err check_version(struct vt_house *h, const struct vt_withdraw *w)
{
	struct vt_record r;
	vt_err e = vt_house_find(h, w->what, w->name, h->size, &r);

	if (!e && w->version <= r.e.u.content.version)
		return VT_OK;
	if (!e || e == VT_END) {
		vt_complain(h->command, "--version", "there is no such version");
		return VT_EARG;
	}
	return e;
}

static bool has_line(vt_span bytes, const vt_hash *line)
{
	vt_hash sum;
	size_t n;

	while (bytes.n) {
		if (!vt_span_find(bytes, 0, "\n", 1, &n))
			n = bytes.n;
		vt_sha256(vt_span_of(bytes.p, n), sum.b);
		if (vt_hash_eq(&sum, line))
			return true;
		n += n < bytes.n;
		bytes = vt_span_of(bytes.p + n, bytes.n - n);
	}
	return false;
}

static bool file_has_line(const struct vt_payload *p, const struct vt_withdraw *w)
{
	for (size_t i = 0; i < p->n; i++) {
		vt_span bytes = {0};
		uint64_t size;
		bool found;

		if (!vt_span_eq(p->v[i].name, w->file) || vt_fd_size(p->v[i].fd, &size) ||
			vt_map_file(p->v[i].fd, size, &bytes))
			continue;
		found = has_line(bytes, &w->line);
		if (bytes.n)
			vt_map_close(bytes);
		return found;
	}
	return false;
}

/* A slip of the pen takes nothing back, and nobody would notice. */
static vt_err check_rule(struct vt_house *h, const struct vt_withdraw *w)
{
	struct vt_plan_set set = {.kind = VT_ENTRY_CONTENT};
	struct vt_payload *p = calloc(1, sizeof *p);
	struct vt_record r;
	vt_err e = p ? vt_house_find(h, VT_ENTRY_CONTENT, w->name, h->size, &r) : VT_ENOMEM;

	if (!e)
		e = vt_house_chain(h, &r, &set.chain, &set.nchain);
	if (!e)
		e = vt_payload_unpack(h->pub, h->priv, &set, p);
	if (e == VT_END)
		vt_complain(h->command, "--set", "there is no such set");
	else if (e)
		vt_complain(h->command, "--set", "%s", p && p->why ? p->why : vt_err_text(e));
	else if (!file_has_line(p, w))
		vt_complain(h->command, "warning",
			"no line of that file in version %" PRIu64
			" is this one: only machines that still have it will drop it",
			r.e.u.content.version);
	if (p)
		vt_payload_free(p);
	free(p);
	return e;
}

static vt_err fill_rule(struct vt_house *h, const struct settings *s, struct vt_withdraw *w)
{
	w->what = VT_WITHDRAW_RULE;
	w->file = vt_span_str(s->file);
	if (s->line)
		vt_sha256(vt_span_str(s->line), w->line.b);
	else if (!s->line_hash ||
		!vt_hex_get(vt_span_str(s->line_hash), w->line.b, sizeof w->line.b)) {
		vt_complain(h->command, "--line-sha256", "64 hexadecimal digits in lower case");
		return VT_EARG;
	}
	return check_rule(h, w);
}

static vt_err fill_withdraw(struct vt_house *h, const struct settings *s,
	const struct vt_strings *operands, struct vt_entry *e)
{
	struct vt_withdraw *w = &e->u.withdraw;
	struct vt_record r;

	(void)operands;
	e->kind = VT_ENTRY_WITHDRAW;
	w->reason = vt_span_str(s->reason);
	w->version = s->number;
	if (s->release != UINT64_MAX) {
		if (s->release >= h->size || vt_house_record(h, s->release, &r) ||
			r.e.kind != VT_ENTRY_RELEASE) {
			vt_complain(h->command, "--release", "this entry is no release");
			return VT_EARG;
		}
		w->what = VT_ENTRY_RELEASE;
		w->name = r.e.u.release.name;
		w->version = s->release;
		return VT_OK;
	}
	w->name = vt_span_str(s->set ? s->set : s->directive);
	w->what = s->set ? VT_ENTRY_CONTENT : VT_ENTRY_DIRECTIVE;
	if (s->set && s->file)
		return fill_rule(h, s, w);
	return check_version(h, w);
}

int vt_publish_cmd_withdraw(int argc, char **argv)
{
	const char *command = withdraw_table.command;
	struct settings s = {.release = UINT64_MAX};
	struct vt_strings dirs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&withdraw_table, argc, argv, &s, &dirs);
	int kinds = (s.set != NULL) + (s.directive != NULL) + (s.release != UINT64_MAX);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (dirs.n != 1 || kinds != 1 || !s.reason))
		status = wrong_use(
			command, "give DIR, one of --set, --directive and --release, and --reason");
	else if (!e && save(command, dirs.v[0], "4-withdraw", fill_withdraw, &s, &dirs) == VT_OK)
		status = VT_EXIT_CLEAN;
	vt_strings_free(&dirs);
	return status;
}

/* release, attest -------------------------------------------------------------------------------
 */

static vt_err hash_file(const char *command, const char *path, vt_hash *out, uint64_t *out_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_span bytes = {0};
	vt_err e = fd < 0 ? VT_EIO : vt_fd_size(fd, out_size);

	if (!e)
		e = vt_map_file(fd, *out_size, &bytes);
	if (e) {
		vt_complain(command, path, "%s", strerror(errno));
	} else {
		vt_sha256(bytes, out->b);
		if (bytes.n)
			vt_map_close(bytes);
	}
	vt_fd_close(fd);
	return e;
}

static int by_file_name(const void *a, const void *b)
{
	vt_span x = ((const struct vt_entry_file *)a)->name;
	vt_span y = ((const struct vt_entry_file *)b)->name;
	int c = memcmp(x.p, y.p, vt_min_size(x.n, y.n));

	return c ? c : (x.n > y.n) - (x.n < y.n);
}

/* Operands from the second on, named by their paths without --strip in front. */
static vt_err hash_files(struct vt_house *h, const struct settings *s,
	const struct vt_strings *operands, struct vt_entry_file **out, size_t *out_n)
{
	size_t n = operands->n - 1, strip = s->strip ? strlen(s->strip) : 0;
	struct vt_entry_file *v = vt_arena_array(&h->a, n, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; i < n && !e; i++) {
		const char *name = operands->v[i + 1];

		e = hash_file(h->command, name, &v[i].sha256, &v[i].size);
		if (strip && strncmp(name, s->strip, strip) == 0)
			name += strip;
		while (*name == '/')
			name++;
		v[i].name = vt_span_str(name);
	}
	if (!e)
		qsort(v, n, sizeof *v, by_file_name);
	*out = v;
	*out_n = n;
	return e;
}

#define STRIP_OPTION                                                                               \
	{                                                                                          \
		0, "strip", "FOLDER", VT_OPTION_STRING, offsetof(struct settings, strip),          \
			"what the entry's names leave out of the paths", NULL                      \
	}

static const struct vt_option release_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "name", "NAME", VT_OPTION_STRING, offsetof(struct settings, name), "of the program",
		NULL},
	{0, "program-version", "TEXT", VT_OPTION_STRING, offsetof(struct settings, version),
		"its version", NULL},
	{0, "source", "TEXT", VT_OPTION_STRING, offsetof(struct settings, source),
		"the commit that it was built from", NULL},
	{0, "buildinfo", "FILE", VT_OPTION_STRING, offsetof(struct settings, buildinfo),
		"the environment that it was built in", NULL},
	STRIP_OPTION,
	VT_HELP_OPTION,
};
static const struct vt_option_table release_table = {
	.command = "vitrine publish release",
	.usage = "Usage: vitrine publish release DIR FILE... --name NAME --program-version TEXT "
		 "--source TEXT\n"
		 "Prepares an entry that tells the files of a version of the program.\n",
	.options = release_options,
	.count = VT_COUNT(release_options),
};

static vt_err fill_release(struct vt_house *h, const struct settings *s,
	const struct vt_strings *operands, struct vt_entry *e)
{
	struct vt_release *r = &e->u.release;
	uint64_t size;

	e->kind = VT_ENTRY_RELEASE;
	r->name = vt_span_str(s->name);
	r->version = vt_span_str(s->version);
	r->source = vt_span_str(s->source);
	if (s->buildinfo) {
		vt_err err = hash_file(h->command, s->buildinfo, &r->buildinfo.hash, &size);

		if (err)
			return err;
		r->buildinfo.set = true;
	}
	return hash_files(h, s, operands, &r->files, &r->nfiles);
}

int vt_publish_cmd_release(int argc, char **argv)
{
	const char *command = release_table.command;
	struct settings s = {0};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&release_table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (operands.n < 2 || !s.name || !s.version || !s.source))
		status = wrong_use(
			command, "give DIR, FILEs, --name, --program-version and --source");
	else if (!e &&
		save(command, operands.v[0], "2-release", fill_release, &s, &operands) == VT_OK)
		status = VT_EXIT_CLEAN;
	vt_strings_free(&operands);
	return status;
}

static const struct vt_option attest_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "release", "INDEX", VT_OPTION_U64, offsetof(struct settings, release),
		"the entry of the release", NULL},
	STRIP_OPTION,
	VT_HELP_OPTION,
};
static const struct vt_option_table attest_table = {
	.command = "vitrine publish attest",
	.usage = "Usage: vitrine publish attest DIR FILE... --release INDEX\n"
		 "Prepares a rebuilder's word: these are the files that building the release "
		 "gave.\n",
	.options = attest_options,
	.count = VT_COUNT(attest_options),
	.notes = "A rebuilder of the root in force signs it with 'vitrine publish sign'.\n",
};

static vt_err fill_attest(struct vt_house *h, const struct settings *s,
	const struct vt_strings *operands, struct vt_entry *e)
{
	struct vt_attest *a = &e->u.attest;
	struct vt_record r;

	if (s->release >= h->size || vt_house_record(h, s->release, &r) ||
		r.e.kind != VT_ENTRY_RELEASE) {
		vt_complain(h->command, "--release", "this entry is no release");
		return VT_EARG;
	}
	e->kind = VT_ENTRY_ATTEST;
	a->release = r.leaf;
	return hash_files(h, s, operands, &a->files, &a->nfiles);
}

int vt_publish_cmd_attest(int argc, char **argv)
{
	const char *command = attest_table.command;
	struct settings s = {.release = UINT64_MAX};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&attest_table, argc, argv, &s, &operands);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (operands.n < 2 || s.release == UINT64_MAX))
		status = wrong_use(command, "give DIR, FILEs and --release");
	else if (!e &&
		save(command, operands.v[0], "3-attest", fill_attest, &s, &operands) == VT_OK)
		status = VT_EXIT_CLEAN;
	vt_strings_free(&operands);
	return status;
}
