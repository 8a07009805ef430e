/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine publish bundle: a tar file of what a client reads, for machines without a network. The
 * whole log, which is small, and the chunks of what is live, or of what came since a size.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "os/fd.h"
#include "site/tar.h"
#include "store/folder.h"

#define COMMAND "vitrine publish bundle"
#define FILE_MOST ((size_t)VT_BUNDLE_MAX + 1)

struct settings {
	const char *out;
	uint64_t since;
};
static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"the tar file to write", NULL},
	{0, "since", "SIZE", VT_OPTION_U64, offsetof(struct settings, since),
		"only content that came after the log had this size", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish bundle DIR -o FILE [OPTION]...\n"
		 "Writes a tar file that 'vitrine update --bundle' takes. The same log gives the "
		 "same "
		 "bytes.\n",
	.options = options,
	.count = VT_COUNT(options),
};

struct bundle {
	struct vt_house *h;
	int fd;
	vt_buf file;
	size_t nseen, cap;
	vt_hash *seen; /* chunks written */
};

/* VT_END: there is no such file. */
static vt_err put_file(struct bundle *b, const char *path)
{
	static const uint8_t zeros[VT_TAR_BLOCK];
	vt_buf head = VT_BUF_INIT(VT_TAR_BLOCK);
	vt_err e;

	vt_buf_clear(&b->file);
	e = vt_store_read(b->h->pub, path, b->file.max, &b->file);
	if (e)
		return e;
	e = vt_tar_write_header(&head, path, b->file.n);
	if (!e)
		e = vt_fd_write(b->fd, head.p, head.n);
	if (!e)
		e = vt_fd_write(b->fd, b->file.p, b->file.n);
	if (!e)
		e = vt_fd_write(b->fd, zeros, (size_t)(vt_tar_padded(b->file.n) - b->file.n));
	vt_buf_free(&head);
	return e;
}

static vt_err put_tile(void *ctx, const struct vt_tile *t)
{
	char path[VT_TILE_PATH_MAX];
	struct vt_tile whole = *t;
	vt_err e = put_file(ctx, vt_tile_path(t, path));

	if (e == VT_END) {
		whole.width = VT_TILE_WIDTH;
		e = put_file(ctx, vt_tile_path(&whole, path));
	}
	return e;
}

static vt_err put_chunks(struct bundle *b, const struct vt_chunk *v, size_t n)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++) {
		size_t k = 0;

		while (k < b->nseen && !vt_hash_eq(&b->seen[k], &v[i].sha256))
			k++;
		if (k < b->nseen)
			continue;
		if (b->nseen == b->cap) {
			size_t cap = b->cap ? 2 * b->cap : 1024;
			vt_hash *seen = realloc(b->seen, cap * sizeof *seen);

			if (!seen)
				return VT_ENOMEM;
			b->seen = seen;
			b->cap = cap;
		}
		b->seen[b->nseen++] = v[i].sha256;
		e = put_file(b, vt_chunk_path(&v[i].sha256, path));
	}
	return e;
}

/* The versions that make up what is live, or of these the deltas since a size. */
static vt_err put_content(struct bundle *b, uint64_t index, uint64_t since)
{
	const struct vt_content **chain;
	struct vt_record r, at;
	size_t n;
	vt_err e = vt_house_record(b->h, index, &r);

	at = r;
	while (since && !e && at.index >= since && at.e.u.content.ndelta) {
		e = put_chunks(b, at.e.u.content.delta, at.e.u.content.ndelta);
		if (!e)
			e = vt_house_find(b->h, r.e.kind, r.e.u.content.name, at.index, &at);
	}
	if (e || (since && at.index < since))
		return e == VT_END ? VT_EFORMAT : e;
	e = vt_house_chain(b->h, &at, &chain, &n);
	if (!e)
		e = put_chunks(b, chain[0]->full, chain[0]->nfull);
	for (size_t i = 1; i < n && !e; i++)
		e = put_chunks(b, chain[i]->delta, chain[i]->ndelta);
	return e;
}

static vt_err put_history(struct bundle *b)
{
	struct vt_record at = b->h->state;
	vt_err e = VT_OK;

	while (!e) {
		char path[64];

		(void)snprintf(path, sizeof path, "history/%" PRIu64, at.index + 1);
		e = put_file(b, path);
		if (e || at.index == 0 || at.e.u.state.version == 1)
			break;
		/* states lie close together */
		do
			e = vt_house_record(b->h, at.index - 1, &at);
		while (!e && at.index > 0 && at.e.kind != VT_ENTRY_STATE);
	}
	return e;
}

static vt_err put_all(struct bundle *b, uint64_t since)
{
	static const uint8_t end[2 * VT_TAR_BLOCK];
	const struct vt_state *s = &b->h->state.e.u.state;
	vt_err e = put_file(b, "checkpoint");

	if (!e)
		e = vt_tile_each_new(0, b->h->size, put_tile, b);
	if (!e)
		e = put_history(b);
	for (size_t i = 0; i < s->nlive && !e; i++)
		if (s->live[i].kind == VT_ENTRY_CONTENT || s->live[i].kind == VT_ENTRY_DIRECTIVE)
			e = put_content(b, s->live[i].index, since);
	return e ? e : vt_fd_write(b->fd, end, sizeof end);
}

static vt_err run(const struct settings *s, const char *dir)
{
	char *temporary = NULL;
	struct vt_house h;
	struct bundle b = {.h = &h, .fd = -1, .file = VT_BUF_INIT(FILE_MOST)};
	vt_err e = vt_house_open(&h, COMMAND, dir);

	if (!e && h.size == 0) {
		vt_complain(COMMAND, dir, "nothing is published yet");
		e = VT_EARG;
	}
	if (!e && asprintf(&temporary, "%s.XXXXXX", s->out) < 0)
		e = VT_ENOMEM;
	if (!e) {
		b.fd = mkostemp(temporary, O_CLOEXEC);
		e = b.fd < 0 ? VT_EIO : put_all(&b, s->since);
		if (!e && (fchmod(b.fd, 0644) || fsync(b.fd) || rename(temporary, s->out)))
			e = VT_EIO;
		if (e) {
			vt_complain(COMMAND, s->out, "%s",
				e == VT_EIO ? strerror(errno)
					    : "a file of the log is missing; see 'publish check'");
			(void)unlink(temporary);
		}
	}
	vt_fd_close(b.fd);
	vt_buf_free(&b.file);
	free(b.seen);
	free(temporary);
	vt_house_close(&h);
	return e;
}

int vt_publish_cmd_bundle(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings dirs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &dirs);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (dirs.n != 1 || !s.out))
		fputs(COMMAND ": give DIR and -o FILE\nTry '" COMMAND " --help'.\n", stderr);
	else if (!e && run(&s, dirs.v[0]) == VT_OK)
		status = VT_EXIT_CLEAN;
	vt_strings_free(&dirs);
	return status;
}
