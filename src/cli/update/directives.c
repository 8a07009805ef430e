/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/directives.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/directive/documents.h"
#include "cli/update/payload.h"
#include "os/fd.h"
#include "os/map.h"
#include "store/folder.h"

#define TOP "update/directives"
#define DOCUMENT_MAX VT_CATALOGUE_MAX

/* Each file of the set. */
typedef vt_err each_fn(void *ctx, const struct vt_content *set, vt_span name, vt_span text);

static vt_err each_file(
	int store, int folder, const struct vt_plan_set *set, each_fn *fn, void *ctx)
{
	struct vt_payload p;
	vt_err e = vt_payload_unpack(store, folder, set, &p);

	for (size_t i = 0; !e && i < p.n; i++) {
		vt_span text;
		uint64_t size;

		e = vt_fd_size(p.v[i].fd, &size);
		if (!e)
			e = vt_map_file(p.v[i].fd, size, &text);
		if (!e) {
			e = fn(ctx, set->chain[set->nchain - 1], p.v[i].name, text);
			vt_map_close(text);
		}
	}
	vt_payload_free(&p);
	return e;
}

static vt_err each_directive(int store, int folder, const struct vt_plan *p, each_fn *fn, void *ctx)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < p->nsets; i++)
		if (p->sets[i].kind == VT_ENTRY_DIRECTIVE)
			e = each_file(store, folder, &p->sets[i], fn, ctx);
	return e;
}

struct check {
	char *why;
	size_t size;
	bool refused;
};

static vt_err check_one(void *ctx, const struct vt_content *set, vt_span name, vt_span text)
{
	struct check *c = ctx;
	struct vt_doc_error why = {0};
	vt_err e = VT_OK;

	if (name.n < 5 || memcmp(name.p + name.n - 5, ".json", 5) != 0 || c->refused)
		return VT_OK;
	if (text.n > DOCUMENT_MAX)
		snprintf(why.cause, sizeof why.cause, "larger than a document may be");
	else if (vt_document_is(text))
		e = vt_document_judge(text, &why);
	if (e == VT_ENOMEM)
		return e;
	if (e || why.cause[0]) {
		c->refused = true;
		snprintf(c->why, c->size, "directive %.*s: %.*s: %s: %s", (int)set->name.n,
			(const char *)set->name.p, (int)name.n, (const char *)name.p,
			why.where[0] ? why.where : "document",
			why.cause[0] ? why.cause : vt_err_text(e));
	}
	return VT_OK;
}

vt_err vt_directives_check(
	int store, int folder, const struct vt_plan *p, char *why, size_t size, bool *out_refused)
{
	struct check c = {.why = why, .size = size};
	vt_err e = each_directive(store, folder, p, check_one, &c);

	*out_refused = c.refused;
	return e;
}

static vt_err write_one(void *ctx, const struct vt_content *set, vt_span name, vt_span text)
{
	char path[VT_ENTRY_NAME_MAX + VT_ENTRY_FILE_MAX + 32];

	snprintf(path, sizeof path, TOP "/%.*s/%.*s", (int)set->name.n, (const char *)set->name.p,
		(int)name.n, (const char *)name.p);
	return vt_store_write(*(int *)ctx, path, text);
}

vt_err vt_directives_write(int state, int store, int folder, const struct vt_plan *p)
{
	return each_directive(store, folder, p, write_one, &state);
}

static const struct vt_content *set_of(const struct vt_plan *p, const char *name)
{
	for (size_t i = 0; i < p->nsets; i++) {
		const struct vt_plan_set *s = &p->sets[i];

		if (s->kind == VT_ENTRY_DIRECTIVE &&
			vt_span_eq(s->chain[s->nchain - 1]->name, vt_span_str(name)))
			return s->chain[s->nchain - 1];
	}
	return NULL;
}

static bool has_file(const struct vt_content *set, const char *name)
{
	for (size_t i = 0; set && i < set->nfiles; i++)
		if (vt_span_eq(set->files[i].name, vt_span_str(name)))
			return true;
	return false;
}

static DIR *open_folder(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		vt_fd_close(fd);
	return d;
}

void vt_directives_prune(int state, const struct vt_plan *p)
{
	DIR *top = open_folder(state, TOP), *folder;
	struct dirent *set, *file;

	while (top && (set = readdir(top))) {
		const struct vt_content *keep = set_of(p, set->d_name);

		if (set->d_name[0] == '.')
			continue;
		folder = open_folder(dirfd(top), set->d_name);
		while (folder && (file = readdir(folder)))
			if (file->d_name[0] != '.' && !has_file(keep, file->d_name))
				(void)unlinkat(dirfd(folder), file->d_name, 0);
		if (folder)
			(void)closedir(folder);
		if (!keep)
			(void)unlinkat(dirfd(top), set->d_name, AT_REMOVEDIR);
	}
	if (top)
		(void)closedir(top);
}
