/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive add, drop: which directives this machine keeps. */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/origin.h"
#include "os/fd.h"
#include "store/folder.h"

#define ADD "vitrine directive add"
#define DROP "vitrine directive drop"

struct settings {
	const char *state, *on;
	struct vt_strings keys;
	bool unsigned_ok;
};

static const struct vt_option add_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	VT_VOUCH_OPTIONS(struct settings),
	VT_ON_OPTION(struct settings),
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table add_table = {
	.command = ADD,
	.usage = "Usage: vitrine directive add DIRECTIVE... [OPTION]...\n"
		 "A DIRECTIVE is the id of one that is shipped or came through the update log, or "
		 "a file\nwith its signature beside it (FILE.sig).\n",
	.options = add_options,
	.count = VT_COUNT(add_options),
	.notes = "The document is copied: a later one of that id counts once it is added.\n",
};

static void name_of(vt_span id, const char *suffix, char out[128])
{
	snprintf(out, 128, "%.*s%s", (int)id.n, (const char *)id.p, suffix);
}

/* What is kept already of that id; NULL if nothing is. */
static const struct vt_known_directive *kept(struct vt_docs *docs, vt_span id)
{
	const struct vt_known_directive *v;
	size_t n;

	if (vt_docs_list(docs, false, &v, &n))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (vt_span_eq(v[i].d.id, id))
			return &v[i];
	return NULL;
}

static bool older(const struct vt_directive *a, const struct vt_directive *b)
{
	/* texts in the arena end with a NUL */
	return strverscmp((const char *)a->version.p, (const char *)b->version.p) < 0;
}

static vt_err save(struct vt_docs *docs, int dir, struct vt_known_directive *k, vt_day on)
{
	vt_buf text = VT_BUF_INIT(VT_ORIGIN_MAX);
	char name[128], day[VT_DAY_SIZE];
	vt_err e;

	k->origin.added = vt_span_str(vt_day_write(on, day));
	e = vt_origin_write(&text, &k->origin, k->json);
	name_of(k->d.id, ".json", name);
	if (!e)
		e = vt_store_write(dir, name, k->json);
	name_of(k->d.id, ".origin", name);
	if (!e)
		e = vt_store_write(dir, name, vt_buf_span(&text));
	if (e)
		vt_complain_err(docs->command, name, e);
	vt_buf_free(&text);
	return e;
}

static vt_err add(struct vt_docs *docs, int dir, const char *what, vt_day on)
{
	struct vt_known_directive k;
	const struct vt_known_directive *now;
	vt_err e = vt_docs_addable(docs, what, &k);
	const char *did = "added";

	if (e)
		return e == VT_END ? VT_EARG : e;
	now = kept(docs, k.d.id);
	if (now && older(&k.d, &now->d)) {
		vt_complain(docs->command, what, "version %.*s is older than %.*s, which is kept",
			(int)k.d.version.n, (const char *)k.d.version.p, (int)now->d.version.n,
			(const char *)now->d.version.p);
		return VT_EARG;
	}
	if (now)
		did = vt_span_eq(now->json, k.json) ? "kept already" : "replaced";
	e = save(docs, dir, &k, on);
	if (!e)
		printf("%.*s: %s: %.*s, version %.*s (%.*s)\n", (int)k.d.id.n,
			(const char *)k.d.id.p, did, (int)k.d.title.n, (const char *)k.d.title.p,
			(int)k.d.version.n, (const char *)k.d.version.p, (int)k.origin.who.n,
			(const char *)k.origin.who.p);
	return e;
}

int vt_directive_cmd_add(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings what = {0};
	struct vt_docs docs = {0};
	int dir = -1, lock = -1;
	vt_day on;
	vt_err e = vt_options_parse(&add_table, argc, argv, &s, &what);

	if (!e && what.n == 0) {
		fputs(ADD ": give DIRECTIVEs\nTry '" ADD " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_docs_open(&docs, ADD, s.state);
	docs.unsigned_ok = s.unsigned_ok;
	docs.mending = true;
	docs.keys = s.keys;
	if (!e)
		e = vt_docs_day(&docs, s.on, &on);
	if (!e)
		e = vt_directive_lock(&docs, &dir, &lock);
	for (size_t i = 0; i < what.n && !e; i++)
		e = add(&docs, dir, what.v[i], on);
	vt_fd_close(lock);
	vt_fd_close(dir);
	vt_docs_close(&docs);
	vt_strings_free(&what);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

static const struct vt_option drop_options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table drop_table = {
	.command = DROP,
	.usage =
		"Usage: vitrine directive drop ID... [OPTION]...\n"
		"Forgets directives that were added, with the exceptions that were granted here.\n",
	.options = drop_options,
	.count = VT_COUNT(drop_options),
};

static vt_err drop(struct vt_docs *docs, int dir, const char *id)
{
	static const char *const suffixes[] = {".json", ".origin", ".exceptions.json"};
	char name[128];
	vt_err e = VT_OK;

	snprintf(name, sizeof name, "%.64s.json", id);
	if (!vt_store_path_ok(name) || strchr(id, '/') || strlen(id) > 64 ||
		!vt_store_has(dir, name)) {
		vt_complain(docs->command, id, "no directive of that id was added");
		return VT_EARG;
	}
	for (size_t i = 0; i < VT_COUNT(suffixes) && !e; i++) {
		name_of(vt_span_str(id), suffixes[i], name);
		e = vt_store_remove(dir, name);
	}
	if (e)
		vt_complain_err(docs->command, name, e);
	else
		printf("%s: dropped\n", id);
	return e;
}

int vt_directive_cmd_drop(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings ids = {0};
	struct vt_docs docs = {0};
	int dir = -1, lock = -1;
	vt_err e = vt_options_parse(&drop_table, argc, argv, &s, &ids);

	if (!e && ids.n == 0) {
		fputs(DROP ": give IDs\nTry '" DROP " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_docs_open(&docs, DROP, s.state);
	if (!e)
		e = vt_directive_lock(&docs, &dir, &lock);
	for (size_t i = 0; i < ids.n && !e; i++)
		e = drop(&docs, dir, ids.v[i]);
	vt_fd_close(lock);
	vt_fd_close(dir);
	vt_docs_close(&docs);
	vt_strings_free(&ids);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
