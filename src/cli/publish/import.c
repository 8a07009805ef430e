/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine publish import. Files that hold signatures line by line are taken as they are. Containers
 * (.cvd, .cld, .cud) are hostile archives: the sandboxed compiler opens them, and their lines are
 * taken from the image that it makes, which keeps every line and is read like any image. The same
 * run says which lines are bad.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/import.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "cli/update/payload.h"
#include "crypto/hash.h"
#include "entry/delta.h"
#include "os/fd.h"
#include "os/map.h"
#include "publish/chunks.h"
#include "store/folder.h"

#define COMMAND VT_IMPORT_COMMAND
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define DELTA_MAX ((size_t)1 << 32)
/* Deltas since the last full version may add up to this part of one. */
#define DELTAS_PART 5

struct settings {
	const char *set, *note;
	bool directive, keep_bad, full;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "set", "NAME", VT_OPTION_STRING, offsetof(struct settings, set), "which set", NULL},
	{0, "note", "TEXT", VT_OPTION_STRING, offsetof(struct settings, note),
		"what changed, for people", NULL},
	{0, "directive", NULL, VT_OPTION_FLAG, offsetof(struct settings, directive),
		"documents of a directive, not signatures", NULL},
	{0, "keep-bad", NULL, VT_OPTION_FLAG, offsetof(struct settings, keep_bad),
		"take files with bad lines too", NULL},
	{0, "full", NULL, VT_OPTION_FLAG, offsetof(struct settings, full),
		"the whole content, not a delta", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish import DIR FOLDER|FILE... --set NAME [OPTION]...\n"
		 "Takes files as the next version of a set: all regular files right inside of a "
		 "folder;\nsignature files out of ClamAV's containers (.cvd, .cld, .cud). Replaces "
		 "what was\nprepared for the set.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes =
		"A version that is not the first is a delta, unless the deltas since the last full "
		"one add\nup to a fifth of it.\n",
};

/* The text of a version: how it is packed -------------------------------------------------------
 */

static bool by_line(vt_span s, uint64_t *out_lines)
{
	uint64_t n = 0;
	size_t at = 0, end;

	while (at < s.n) {
		if (!vt_span_find(s, at, "\n", 1, &end) || end - at > LINE_MAX_BYTES)
			return false;
		n++;
		at = end + 1;
	}
	*out_lines = n;
	return n > 0;
}

static vt_err describe(struct vt_import *im, struct vt_entry_file *out, struct vt_delta_file *now)
{
	for (size_t i = 0; i < im->n; i++) {
		const struct vt_import_file *f = &im->v[i];
		uint64_t lines = 0;
		bool line = by_line(f->bytes, &lines);

		out[i].name = vt_span_str(f->name);
		out[i].size = f->bytes.n;
		out[i].lines = line ? lines : 0;
		vt_sha256(f->bytes, out[i].sha256.b);
		now[i] = (struct vt_delta_file){out[i].name, f->bytes, line};
	}
	return VT_OK;
}

static vt_err keep_chunks(
	vt_arena *a, struct vt_chunk_writer *w, struct vt_chunk **out, size_t *out_n)
{
	const struct vt_chunk *v;
	vt_err e = vt_chunk_writer_finish(w, &v, out_n);

	if (e)
		return e;
	*out = vt_arena_array(a, *out_n + 1, sizeof **out);
	if (!*out)
		return VT_ENOMEM;
	memcpy(*out, v, *out_n * sizeof *v);
	return VT_OK;
}

static vt_err pack_full(
	struct vt_house *h, int stage, const struct vt_import *im, struct vt_content *c)
{
	struct vt_chunk_writer *w = NULL;
	vt_err e = vt_chunk_writer_new(stage, VT_CHUNK_FULL, &w);

	for (size_t i = 0; i < im->n && !e; i++)
		e = vt_chunk_writer_add(w, im->v[i].bytes);
	if (!e)
		e = keep_chunks(&h->a, w, &c->full, &c->nfull);
	vt_chunk_writer_free(w);
	return e;
}

/* What the version before holds, mapped. */
struct before {
	struct vt_payload payload;
	struct vt_delta_file v[VT_ENTRY_FILES_MAX];
	size_t n;
};

static int by_delta_name(const void *a, const void *b)
{
	vt_span x = ((const struct vt_delta_file *)a)->name;
	vt_span y = ((const struct vt_delta_file *)b)->name;
	int c = memcmp(x.p, y.p, vt_min_size(x.n, y.n));

	return c ? c : (x.n > y.n) - (x.n < y.n);
}

static vt_err open_before(struct vt_house *h, const struct vt_record *old, struct before *b,
	uint64_t *out_full, uint64_t *out_deltas)
{
	struct vt_plan_set set = {.kind = old->e.kind};
	vt_err e = vt_house_chain(h, old, &set.chain, &set.nchain);

	if (!e)
		e = vt_payload_unpack(h->pub, h->priv, &set, &b->payload);
	if (e) {
		vt_complain(COMMAND, "the version before", "%s",
			b->payload.why ? b->payload.why : vt_err_text(e));
		return e;
	}
	for (size_t i = 0; i < set.chain[0]->nfull; i++)
		*out_full += set.chain[0]->full[i].packed;
	for (size_t i = 1; i < set.nchain; i++)
		for (size_t k = 0; k < set.chain[i]->ndelta; k++)
			*out_deltas += set.chain[i]->delta[k].packed;
	for (size_t i = 0; i < b->payload.n && !e; i++) {
		struct vt_delta_file *f = &b->v[b->n];
		uint64_t size, lines;

		f->name = b->payload.v[i].name;
		e = vt_fd_size(b->payload.v[i].fd, &size);
		if (!e)
			e = vt_map_file(b->payload.v[i].fd, size, &f->bytes);
		if (e)
			break;
		b->n++;
		f->by_line = by_line(f->bytes, &lines);
	}
	if (b->n > 1)
		qsort(b->v, b->n, sizeof *b->v, by_delta_name);
	return e;
}

static void close_before(struct before *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].bytes.n)
			vt_map_close(b->v[i].bytes);
	vt_payload_free(&b->payload);
}

static vt_err pack_delta(struct vt_house *h, int stage, const struct vt_record *old,
	const struct vt_delta_file *now, size_t nnow, struct vt_content *c, bool *out_large)
{
	struct before *b = calloc(1, sizeof *b);
	vt_buf text = VT_BUF_INIT(DELTA_MAX);
	struct vt_chunk_writer *w = NULL;
	uint64_t full = 0, deltas = 0;
	vt_err e = b ? open_before(h, old, b, &full, &deltas) : VT_ENOMEM;

	if (!e)
		e = vt_delta_make(&text, c->name, old->e.u.content.version, c->version, b->v, b->n,
			now, nnow);
	if (!e)
		e = vt_chunk_writer_new(stage, VT_CHUNK_DELTA, &w);
	if (!e)
		e = vt_chunk_writer_add(w, vt_buf_span(&text));
	if (!e)
		e = keep_chunks(&h->a, w, &c->delta, &c->ndelta);
	for (size_t i = 0; i < c->ndelta && !e; i++)
		deltas += c->delta[i].packed;
	c->from = old->e.u.content.version;
	*out_large = deltas * DELTAS_PART > full;
	vt_chunk_writer_free(w);
	vt_buf_free(&text);
	if (b)
		close_before(b);
	free(b);
	return e;
}

/* The next version ------------------------------------------------------------------------------
 */

static bool same_files(const struct vt_content *a, const struct vt_content *b)
{
	if (a->nfiles != b->nfiles)
		return false;
	for (size_t i = 0; i < a->nfiles; i++)
		if (!vt_span_eq(a->files[i].name, b->files[i].name) ||
			!vt_hash_eq(&a->files[i].sha256, &b->files[i].sha256))
			return false;
	return true;
}

static vt_err pack(struct vt_house *h, const struct settings *s, const struct vt_import *im,
	const struct vt_record *old, const struct vt_delta_file *now, struct vt_content *c)
{
	bool large = true;
	vt_err e = VT_OK;
	int stage = -1;

	if (mkdirat(h->priv, "stage", 0700) && errno != EEXIST)
		return VT_EIO;
	stage = openat(h->priv, "stage", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stage < 0)
		return VT_EIO;
	if (old)
		e = pack_delta(h, stage, old, now, im->n, c, &large);
	/* large or not, those who have the version before take the delta */
	if (!e && (large || s->full))
		e = pack_full(h, stage, im, c);
	if (!e && c->nfull + c->ndelta > VT_ENTRY_CHUNKS_MAX)
		c->ndelta = 0;
	if (!e && vt_store_sync(stage))
		e = VT_EIO;
	vt_fd_close(stage);
	return e;
}

static void report(const struct vt_content *c)
{
	uint64_t full = 0, delta = 0;
	char a[VT_NUMBER_MAX], b[VT_NUMBER_MAX];

	for (size_t i = 0; i < c->nfull; i++)
		full += c->full[i].packed;
	for (size_t i = 0; i < c->ndelta; i++)
		delta += c->delta[i].packed;
	printf("prepared: version %" PRIu64 " of %.*s, %zu files; full %s, delta %s\n", c->version,
		(int)c->name.n, (const char *)c->name.p, c->nfiles,
		c->nfull ? vt_format_bytes((double)full, a) : "-",
		c->ndelta ? vt_format_bytes((double)delta, b) : "-");
}

static vt_err make_version(struct vt_house *h, const struct settings *s, struct vt_import *im)
{
	struct vt_entry e = {.kind = s->directive ? VT_ENTRY_DIRECTIVE : VT_ENTRY_CONTENT};
	struct vt_content *c = &e.u.content;
	struct vt_delta_file *now = vt_arena_array(&h->a, im->n, sizeof *now);
	struct vt_record old;
	char draft[100];
	bool first;
	vt_err err;

	c->files = vt_arena_array(&h->a, im->n, sizeof *c->files);
	if (!now || !c->files)
		return VT_ENOMEM;
	c->name = vt_span_str(s->set);
	c->note = vt_span_str(s->note ? s->note : "");
	c->nfiles = im->n;
	err = describe(im, c->files, now);
	if (!err)
		err = h->size ? vt_house_find(h, e.kind, c->name, h->size, &old) : VT_END;
	first = err == VT_END;
	if (err && !first)
		return err;
	c->version = first ? 1 : old.e.u.content.version + 1;
	if (!first) {
		c->previous = (struct vt_leaf){.set = true, .hash = old.leaf};
		if (same_files(c, &old.e.u.content)) {
			puts("nothing changed since the version before");
			return VT_END;
		}
	}
	err = pack(h, s, im, first ? NULL : &old, now, c);
	(void)snprintf(draft, sizeof draft, "1-%s.%.64s", vt_entry_word(e.kind), s->set);
	if (!err)
		err = vt_draft_save(h, draft, &e);
	else
		vt_complain(
			COMMAND, s->set, "%s", err == VT_EIO ? strerror(errno) : vt_err_text(err));
	if (!err)
		report(c);
	return err;
}

int vt_publish_cmd_import(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	struct vt_import *im = calloc(1, sizeof *im);
	struct vt_house h;
	vt_err e = im ? vt_options_parse(&table, argc, argv, &s, &paths) : VT_ENOMEM;

	if (!e && (paths.n < 2 || !s.set)) {
		fputs(COMMAND ": give DIR, what to import, and --set NAME\nTry '" COMMAND
			      " --help'.\n",
			stderr);
		e = VT_EARG;
	}
	if (e) {
		vt_strings_free(&paths);
		free(im);
		return e == VT_END ? VT_EXIT_CLEAN : VT_EXIT_ERROR;
	}
	e = vt_house_open(&h, COMMAND, paths.v[0]);
	im->signatures = !s.directive;
	im->keep_bad = s.keep_bad;
	if (!e)
		e = vt_import_read(im, h.priv, &paths);
	if (!e)
		e = make_version(&h, &s, im);
	vt_import_free(im);
	free(im);
	vt_house_close(&h);
	vt_strings_free(&paths);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
