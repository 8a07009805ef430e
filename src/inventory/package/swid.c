/* SPDX-License-Identifier: Apache-2.0 */
/* Software identification tags, by expat: no external entities, internal ones as it limits them. */
#include "inventory/package/swid.h"

#include <expat.h>

struct tag {
	vt_arena *arena;
	struct vt_package p;
	unsigned depth;
	bool found, maker, no_memory;
};

static void keep(struct tag *t, const char *value, vt_span *to)
{
	vt_span s = vt_span_str(value);
	const char *p = vt_arena_copy(t->arena, s);

	t->no_memory = t->no_memory || !p;
	*to = vt_span_of(p, p ? s.n : 0);
}

/* Names come with their namespace and '|' in front. */
static bool is_element(const char *name, const char *word)
{
	const char *bar = strrchr(name, '|');

	return strcmp(bar ? bar + 1 : name, word) == 0;
}

static void root_element(struct tag *t, const char **v)
{
	static const char *const kinds[] = {"patch", "supplemental", "corpus"};

	t->found = true;
	for (; v[0]; v += 2) {
		if (strcmp(v[0], "name") == 0)
			keep(t, v[1], &t->p.name);
		else if (strcmp(v[0], "version") == 0)
			keep(t, v[1], &t->p.version);
		else if (strcmp(v[0], "tagId") == 0)
			keep(t, v[1], &t->p.source);
		for (size_t i = 0; i < 3; i++)
			if (strcmp(v[0], kinds[i]) == 0 && strcmp(v[1], "true") == 0)
				t->p.status = vt_span_str(kinds[i]);
	}
}

static void entity_element(struct tag *t, const char **v)
{
	const char *name = NULL;
	bool maker = false;

	for (; v[0]; v += 2) {
		if (strcmp(v[0], "name") == 0)
			name = v[1];
		else if (strcmp(v[0], "role") == 0)
			maker = strstr(v[1], "softwareCreator");
	}
	if (name && (!t->p.vendor.n || (maker && !t->maker))) {
		keep(t, name, &t->p.vendor);
		t->maker = maker;
	}
}

static void XMLCALL on_start(void *ctx, const char *name, const char **v)
{
	struct tag *t = ctx;

	if (t->depth == 0 && is_element(name, "SoftwareIdentity"))
		root_element(t, v);
	else if (t->depth == 1 && t->found && is_element(name, "Entity"))
		entity_element(t, v);
	t->depth++;
}

static void XMLCALL on_end(void *ctx, const char *name)
{
	struct tag *t = ctx;

	(void)name;
	t->depth--;
}

vt_err vt_swid_tag(vt_span xml, vt_arena *a, struct vt_package *out)
{
	struct tag t = {.arena = a};
	XML_Parser parser;
	vt_err e = VT_EFORMAT;

	if (xml.n > VT_SWID_MAX)
		return VT_EFORMAT;
	parser = XML_ParserCreateNS(NULL, '|');
	if (!parser)
		return VT_ENOMEM;
	(void)XML_SetHashSalt(parser, 0x76697472u); /* or it asks the system for chance */
	XML_SetUserData(parser, &t);
	XML_SetElementHandler(parser, on_start, on_end);
	if (XML_Parse(parser, (const char *)xml.p, (int)xml.n, XML_TRUE) != XML_STATUS_OK)
		goto out;
	if (!t.found || !t.p.name.n)
		goto out;
	e = t.no_memory ? VT_ENOMEM : VT_OK;
	if (!e)
		*out = t.p;
out:
	XML_ParserFree(parser);
	return e;
}
