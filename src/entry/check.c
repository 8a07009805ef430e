/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about several values of an entry (docs/formats/log.md). */
#include "base/num.h"
#include "entry/form.h"

static const char *keys_wrong(const struct vt_key *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i && vt_name_compare(vt_span_str(k[i - 1].name), vt_span_str(k[i].name)) >= 0)
			return "keys are not in ascending order of their names";
		for (size_t j = 0; j < i; j++)
			if (memcmp(k[i].pub, k[j].pub, sizeof k[i].pub) == 0)
				return "a key stands twice, under two names";
	}
	return NULL;
}

static const char *files_wrong(const struct vt_entry_file *f, size_t n)
{
	if (n == 0)
		return "no files";
	for (size_t i = 1; i < n; i++)
		if (vt_name_compare(f[i - 1].name, f[i].name) >= 0)
			return "files are not in ascending order of their names";
	return NULL;
}

/* Versions count from 1, and only the first has none before it. */
static const char *version_wrong(uint64_t version, const struct vt_leaf *previous)
{
	if (version == 0)
		return "versions begin at 1";
	if (previous->set != (version > 1))
		return "version 1, and no other, has no previous version";
	return NULL;
}

static const char *root_wrong(const struct vt_root *r)
{
	const char *why = version_wrong(r->version, &r->previous);

	if (!why)
		why = keys_wrong(r->keys, r->nkeys);
	if (!why)
		why = keys_wrong(r->rebuilders, r->nrebuilders);
	if (!why && r->threshold > r->nkeys)
		why = "the threshold is above the number of keys";
	return why;
}

static bool ends_with(vt_span s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && vt_span_at(s, s.n - n, tail, n);
}

static const char *payload_wrong(const struct vt_content *c)
{
	uint64_t size = 0, raw = 0;

	for (size_t i = 0; i < c->nfiles; i++) {
		if (ends_with(c->files[i].name, ".withdrawn"))
			return "a file *.withdrawn may not be in a set";
		if (!vt_add_u64(size, c->files[i].size, &size))
			return "the files are too large";
	}
	for (size_t i = 0; i < c->nfull; i++)
		raw += c->full[i].raw;
	if (c->nfull && raw != size)
		return "the chunks are not of the size of the files";
	return NULL;
}

static const char *content_wrong(const struct vt_content *c)
{
	const char *why = version_wrong(c->version, &c->previous);

	if (!why)
		why = files_wrong(c->files, c->nfiles);
	if (!why)
		why = payload_wrong(c);
	if (why)
		return why;
	if (c->nfull + c->ndelta == 0)
		return "neither full nor delta";
	if (c->nfull + c->ndelta > VT_ENTRY_CHUNKS_MAX)
		return "too many chunks";
	if ((c->from != 0) != (c->ndelta != 0))
		return "from and delta go together";
	if (c->from >= c->version)
		return "the delta starts from a version that is not before this one";
	return NULL;
}

static const char *withdraw_wrong(const struct vt_withdraw *w)
{
	if ((w->what == VT_ENTRY_CONTENT || w->what == VT_ENTRY_DIRECTIVE) && w->version == 0)
		return "versions begin at 1";
	return NULL;
}

static const char *state_wrong(const struct vt_state *s)
{
	const char *why = version_wrong(s->version, &s->previous);

	if (!why && s->expires <= s->time)
		why = "it expires before it begins";
	for (size_t i = 1; !why && i < s->nlive; i++)
		if (s->live[i - 1].index >= s->live[i].index)
			why = "what is live is not in ascending order of indexes";
	return why;
}

const char *vt_entry_wrong(const struct vt_entry *e)
{
	switch (e->kind) {
	case VT_ENTRY_ROOT: return root_wrong(&e->u.root);
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE: return content_wrong(&e->u.content);
	case VT_ENTRY_RELEASE: return files_wrong(e->u.release.files, e->u.release.nfiles);
	case VT_ENTRY_ATTEST: return files_wrong(e->u.attest.files, e->u.attest.nfiles);
	case VT_ENTRY_WITHDRAW: return withdraw_wrong(&e->u.withdraw);
	case VT_ENTRY_STATE: return state_wrong(&e->u.state);
	case VT_ENTRY_KINDS: break;
	}
	return "no such kind";
}
