/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive except: what is excepted on this machine, by whom, why and until when. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/known.h"
#include "os/fd.h"
#include "store/folder.h"

#define COMMAND "vitrine directive except"

struct settings {
	const char *state, *until, *approver, *reason, *mitigation, *scope, *name, *revoke, *on;
	struct vt_strings products;
};

#define AT(member) offsetof(struct settings, member)
static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "product", "ID", VT_OPTION_STRINGS, AT(products),
		"the product that may stay: an id of the catalogue, '*' at its end", NULL},
	{0, "until", "DATE", VT_OPTION_STRING, AT(until), "the last day", NULL},
	{0, "approver", "WHO", VT_OPTION_STRING, AT(approver), "who has approved it", NULL},
	{0, "reason", "TEXT", VT_OPTION_STRING, AT(reason), "why", NULL},
	{0, "mitigation", "TEXT", VT_OPTION_STRING, AT(mitigation), "what is done instead", NULL},
	{0, "scope", "GLOB", VT_OPTION_STRING, AT(scope),
		"only findings whose subject and place match; without: all of the product", NULL},
	{0, "name", "ID", VT_OPTION_STRING, AT(name), "the exception's id (local-1, ...)", NULL},
	{0, "revoke", "ID", VT_OPTION_STRING, AT(revoke), "take this exception back", NULL},
	VT_ON_OPTION(struct settings),
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive except DIRECTIVE --product ID --until DATE --approver "
		 "WHO --reason TEXT\n"
		 "       vitrine directive except DIRECTIVE --revoke ID\n"
		 "Grants an exception on this machine, or takes one back. It is shown wherever it "
		 "counts.\n",
	.options = options,
	.count = VT_COUNT(options),
};

static void file_name(const struct vt_directive *d, char out[128])
{
	snprintf(out, 128, "%.*s.exceptions.json", (int)d->id.n, (const char *)d->id.p);
}

/* The document as it is, or a new one. */
static vt_err load(int dir, const struct vt_directive *d, json_t **out)
{
	vt_buf text = VT_BUF_INIT(VT_DIRECTIVE_MAX);
	char name[128];
	vt_err e;

	file_name(d, name);
	e = vt_store_read(dir, name, VT_DIRECTIVE_MAX, &text);
	if (e == VT_END)
		*out = json_pack("{s:s, s:s%, s:[]}", "format", "vitrine/exceptions/1", "directive",
			(const char *)d->id.p, d->id.n, "exceptions");
	else if (!e)
		*out = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	vt_buf_free(&text);
	if (e && e != VT_END) {
		vt_complain_err(COMMAND, name, e);
		return e;
	}
	return *out ? VT_OK : VT_ENOMEM;
}

static vt_err save(struct vt_docs *docs, int dir, const struct vt_directive *d, json_t *doc)
{
	struct vt_directive bare = {.id = d->id};
	struct vt_doc_error why = {0};
	char name[128], *text = json_dumps(doc, JSON_INDENT(2));
	vt_err e = VT_ENOMEM;

	file_name(d, name);
	if (text)
		e = vt_directive_except(&bare, vt_span_str(text), &docs->a, &why);
	if (e)
		vt_known_complain(docs, "exception", e, &why);
	if (!e) {
		e = vt_store_write(dir, name, vt_span_str(text));
		if (e)
			vt_complain_err(COMMAND, name, e);
	}
	free(text);
	return e;
}

static bool taken(const struct vt_directive *d, const char *name)
{
	for (size_t i = 0; i < d->nexceptions; i++)
		if (vt_span_eq(d->exceptions[i].id, vt_span_str(name)))
			return true;
	return false;
}

static vt_err grant(const struct settings *s, const struct vt_directive *d, json_t *doc, vt_day on)
{
	json_t *x = json_object(), *products = json_array();
	char free_name[32];
	const char *name = s->name;
	vt_day until;
	int bad = !x || !products;

	if (!vt_day_parse(vt_span_str(s->until), &until) || until < on) {
		vt_complain(COMMAND, s->until, "not a date, as 2017-09-13, or one that has passed");
		bad = 1;
	}
	for (unsigned i = 1; !name || (!s->name && taken(d, name)); i++) {
		snprintf(free_name, sizeof free_name, "local-%u", i);
		name = free_name;
	}
	if (taken(d, name)) {
		vt_complain(COMMAND, name, "there is an exception of that name");
		bad = 1;
	}
	for (size_t i = 0; !bad && i < s->products.n; i++)
		bad |= json_array_append_new(products, json_string(s->products.v[i]));
	if (!bad)
		bad |= json_object_set_new(x, "id", json_string(name)) |
			json_object_set_new(x, "approver", json_string(s->approver)) |
			json_object_set_new(x, "reason", json_string(s->reason)) |
			json_object_set(x, "products", products) |
			json_object_set_new(x, "expires", json_string(s->until));
	if (!bad && s->mitigation)
		bad |= json_object_set_new(x, "mitigation", json_string(s->mitigation));
	if (!bad && s->scope)
		bad |= json_object_set_new(x, "scope", json_string(s->scope));
	if (!bad)
		bad |= json_array_append(json_object_get(doc, "exceptions"), x);
	if (!bad)
		printf("%.*s: exception %s, until %s, approved by %s\n", (int)d->id.n,
			(const char *)d->id.p, name, s->until, s->approver);
	json_decref(products);
	json_decref(x);
	return bad ? VT_EARG : VT_OK;
}

static vt_err revoke(const struct settings *s, const struct vt_directive *d, json_t *doc)
{
	json_t *list = json_object_get(doc, "exceptions");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_object_get(json_array_get(list, i), "id"));

		if (!id || strcmp(id, s->revoke) != 0)
			continue;
		if (json_array_remove(list, i))
			return VT_ENOMEM;
		printf("%.*s: exception %s revoked\n", (int)d->id.n, (const char *)d->id.p,
			s->revoke);
		return VT_OK;
	}
	vt_complain(COMMAND, s->revoke,
		taken(d, s->revoke) ? "it is the directive's own, and not granted here"
				    : "there is no exception of that name");
	return VT_EARG;
}

static vt_err run(struct vt_docs *docs, const struct settings *s, const char *id)
{
	struct vt_known_directive k;
	int dir = -1, lock = -1;
	json_t *doc = NULL;
	vt_day on;
	vt_err e = vt_docs_day(docs, s->on, &on);

	if (!e)
		e = vt_directive_lock(docs, &dir, &lock);
	if (!e)
		e = vt_docs_directive(docs, id, &k);
	if (!e)
		e = load(dir, &k.d, &doc);
	if (!e)
		e = s->revoke ? revoke(s, &k.d, doc) : grant(s, &k.d, doc, on);
	if (!e)
		e = save(docs, dir, &k.d, doc);
	json_decref(doc);
	vt_fd_close(lock);
	vt_fd_close(dir);
	return e == VT_END ? VT_EARG : e;
}

int vt_directive_cmd_except(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings ids = {0};
	struct vt_docs docs = {0};
	vt_err e = vt_options_parse(&table, argc, argv, &s, &ids);
	bool all = s.products.n && s.until && s.approver && s.reason;

	if (!e && (ids.n != 1 || (s.revoke ? s.products.n > 0 : !all))) {
		fputs(COMMAND ": give a DIRECTIVE and --product, --until, --approver and --reason, "
			      "or --revoke\nTry '" COMMAND " --help'.\n",
			stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_docs_open(&docs, COMMAND, s.state);
	if (!e)
		e = run(&docs, &s, ids.v[0]);
	vt_docs_close(&docs);
	vt_strings_free(&s.products);
	vt_strings_free(&ids);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
