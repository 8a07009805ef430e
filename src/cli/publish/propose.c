/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish propose, merge: all that is prepared in one file; copies of it into one. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/publish/derive.h"
#include "cli/publish/proposal.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "publish/chunks.h"
#include "store/folder.h"

#define COMMAND "vitrine publish propose"
/* Content that is larger travels beside the proposal. */
#define CONTENT_MAX ((uint64_t)64 << 20)

struct settings {
	const char *out, *valid;
	struct vt_strings lift;
	bool whole;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"the proposal to write", NULL},
	{0, "valid", "TIME", VT_OPTION_STRING, offsetof(struct settings, valid),
		"when the state expires (7d)", NULL},
	{0, "lift", "INDEX", VT_OPTION_STRINGS, offsetof(struct settings, lift),
		"end the withdrawal that is this entry of the log", NULL},
	{0, "whole", NULL, VT_OPTION_FLAG, offsetof(struct settings, whole),
		"put in all new content, however large", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish propose DIR -o FILE [OPTION]...\n"
		 "Puts what is prepared, and a new state, into one file for the owners to sign. "
		 "With "
		 "nothing\nprepared it is a state that says that nothing changed.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Nothing is published by this; 'vitrine publish sign' comes next.\n",
};

static vt_err add_live(struct vt_house *h, struct vt_proposal *p)
{
	const struct vt_state *s = &h->state.e.u.state;
	vt_err e = VT_OK;

	for (size_t i = 0; i < s->nlive && !e; i++) {
		struct vt_record r;

		e = vt_house_record(h, s->live[i].index, &r);
		if (!e)
			e = vt_item_set(p, &p->live[p->nlive++], r.index, r.bytes);
	}
	return e;
}

/* Withdrawn, by a withdrawal that is live or proposed? */
static bool withdrawn(const struct vt_proposal *p, const struct vt_record *r)
{
	for (size_t i = 0; i < p->nlive; i++)
		if (p->live[i].e.kind == VT_ENTRY_WITHDRAW &&
			vt_withdraws(&p->live[i].e.u.withdraw, &r->e, r->index))
			return true;
	for (size_t i = 0; i < p->nfresh; i++)
		if (p->fresh[i].e.kind == VT_ENTRY_WITHDRAW &&
			vt_withdraws(&p->fresh[i].e.u.withdraw, &r->e, r->index))
			return true;
	return false;
}

/* The newest version below a withdrawn one that was live is live again. */
static vt_err add_back(struct vt_house *h, struct vt_proposal *p, const struct vt_item *live)
{
	struct vt_record r = {.index = live->index, .leaf = live->leaf, .e = live->e};
	vt_err e = VT_OK;

	while (!e && withdrawn(p, &r))
		e = vt_house_find(h, live->e.kind, live->e.u.content.name, r.index, &r);
	if (e)
		return e == VT_END ? VT_OK : e;
	return vt_item_set(p, &p->back[p->nback++], r.index, r.bytes);
}

static vt_err add_backs(struct vt_house *h, struct vt_proposal *p)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nlive && !e; i++) {
		const struct vt_item *live = &p->live[i];
		struct vt_record r = {.index = live->index, .e = live->e};

		if ((live->e.kind == VT_ENTRY_CONTENT || live->e.kind == VT_ENTRY_DIRECTIVE) &&
			withdrawn(p, &r))
			e = add_back(h, p, live);
	}
	return e;
}

/* Is the draft still what comes next? */
static vt_err fits(struct vt_house *h, const char *name, const struct vt_entry *e)
{
	const struct vt_leaf *previous = NULL;
	struct vt_record r;
	vt_err err = VT_OK;

	if (e->kind == VT_ENTRY_ROOT) {
		previous = &e->u.root.previous;
		if (h->size)
			r = h->root;
		else
			err = VT_END;
	} else if (e->kind == VT_ENTRY_CONTENT || e->kind == VT_ENTRY_DIRECTIVE) {
		previous = &e->u.content.previous;
		err = h->size ? vt_house_find(h, e->kind, e->u.content.name, h->size, &r) : VT_END;
	} else {
		return VT_OK;
	}
	if (err && err != VT_END)
		return err;
	if (previous->set != (err == VT_OK) ||
		(previous->set && !vt_hash_eq(&previous->hash, &r.leaf))) {
		vt_complain(h->command, name,
			"another version was published since this was prepared; prepare it again");
		return VT_EARG;
	}
	return VT_OK;
}

static vt_err add_drafts(struct vt_house *h, struct vt_proposal *p)
{
	struct vt_strings names;
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	vt_err e = vt_draft_list(h, &names);

	for (size_t i = 0; i < names.n && !e; i++) {
		if (p->nfresh == VT_PROPOSAL_ENTRIES_MAX) {
			e = VT_ELIMIT;
			break;
		}
		vt_buf_clear(&b);
		e = vt_draft_read(h, names.v[i], &b);
		if (!e)
			e = vt_item_set(
				p, &p->fresh[p->nfresh], h->size + p->nfresh, vt_buf_span(&b));
		p->nfresh++;
		if (!e)
			e = fits(h, names.v[i], &p->fresh[p->nfresh - 1].e);
		else
			vt_complain(h->command, names.v[i], "a draft that can't be read");
	}
	vt_buf_free(&b);
	vt_strings_free_all(&names);
	return e;
}

/* The chunks of one list, for those who review. */
static vt_err add_chunks(
	struct vt_house *h, struct vt_proposal *p, const struct vt_chunk *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e && p->nchunks < VT_ENTRY_CHUNKS_MAX; i++) {
		vt_buf b = VT_BUF_INIT(VT_CHUNK_PACKED_MAX);
		char path[VT_CHUNK_PATH_SIZE + 6], chunk[VT_CHUNK_PATH_SIZE];
		char *copy = NULL;

		(void)snprintf(path, sizeof path, "stage/%s", vt_chunk_path(&v[i].sha256, chunk));
		e = vt_store_read(h->priv, path, v[i].packed, &b);
		if (e == VT_END) /* the same piece is published already */
			e = vt_store_read(h->pub, chunk, v[i].packed, &b);
		if (!e)
			copy = vt_arena_copy(&h->a, vt_buf_span(&b));
		if (!e && !copy)
			e = VT_ENOMEM;
		if (!e)
			p->chunks[p->nchunks++] = vt_span_of(copy, b.n);
		else
			vt_complain_err(h->command, path, e);
		vt_buf_free(&b);
	}
	return e;
}

static uint64_t packed_size(const struct vt_chunk *v, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i].packed;
	return sum;
}

static vt_err add_content(struct vt_house *h, struct vt_proposal *p, bool whole)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nfresh && !e; i++) {
		const struct vt_entry *f = &p->fresh[i].e;
		const struct vt_content *c = &f->u.content;

		if (f->kind != VT_ENTRY_CONTENT && f->kind != VT_ENTRY_DIRECTIVE)
			continue;
		if (c->ndelta)
			e = add_chunks(h, p, c->delta, c->ndelta);
		else if (whole || packed_size(c->full, c->nfull) <= CONTENT_MAX)
			e = add_chunks(h, p, c->full, c->nfull);
		else
			printf("%.*s: the content is too large to travel along; owners compare the "
			       "files' hashes (--whole puts it in)\n",
				(int)c->name.n, (const char *)c->name.p);
	}
	return e;
}

static vt_err add_lifts(struct vt_proposal *p, const struct vt_strings *lift)
{
	for (size_t i = 0; i < lift->n; i++) {
		uint64_t index = strtoull(lift->v[i], NULL, 10);
		size_t k = 0;

		while (k < p->nlive &&
			(p->live[k].index != index || p->live[k].e.kind != VT_ENTRY_WITHDRAW))
			k++;
		if (k == p->nlive || p->nlift == VT_ENTRY_LIVE_MAX) {
			vt_complain(COMMAND, lift->v[i], "no withdrawal in force is this entry");
			return VT_EARG;
		}
		p->lift[p->nlift++] = index;
	}
	return VT_OK;
}

static vt_err fill(struct vt_house *h, struct vt_proposal *p, const struct settings *s)
{
	int64_t valid = (int64_t)7 * 86400;
	vt_err e = VT_OK;

	if (s->valid && !vt_days_parse(s->valid, &valid)) {
		vt_complain(COMMAND, s->valid, "not a time like 36h or 7d");
		return VT_EARG;
	}
	p->origin = vt_span_str(h->log.name);
	p->size = h->size;
	p->head = h->hash;
	p->time = vt_now_seconds();
	if (h->size && p->time < h->state.e.u.state.time)
		p->time = h->state.e.u.state.time;
	p->expires = p->time + valid;
	p->has_base = h->size > 0;
	if (p->has_base) {
		e = vt_item_set(p, &p->root, h->root.index, h->root.bytes);
		if (!e)
			e = vt_item_set(p, &p->state, h->state.index, h->state.bytes);
		if (!e)
			e = add_live(h, p);
	}
	if (!e)
		e = add_drafts(h, p);
	if (!e)
		e = add_backs(h, p);
	if (!e)
		e = add_lifts(p, &s->lift);
	if (!e)
		e = add_content(h, p, s->whole);
	/* a state alone is ready for its signatures */
	if (!e)
		e = vt_proposal_settle(p);
	return e ? e : vt_proposal_sound(p);
}

static vt_err run(const struct settings *s, const char *path)
{
	vt_buf b = VT_BUF_INIT(VT_PROPOSAL_MAX);
	struct vt_proposal *p = NULL;
	struct vt_house h;
	vt_err e = vt_house_open(&h, COMMAND, path);

	if (!e)
		e = vt_proposal_new(&p);
	if (!e) {
		e = fill(&h, p, s);
		if (e == VT_EFORMAT && p->size == 0)
			vt_complain(COMMAND, path, "a new log begins with a root: 'init' first");
		else if (e && e != VT_EARG)
			vt_complain(COMMAND, path, "%s", vt_err_text(e));
	}
	if (!e)
		e = vt_proposal_write(&b, p);
	if (!e)
		e = vt_spit(COMMAND, s->out, vt_buf_span(&b));
	if (!e)
		fprintf(stderr, COMMAND ": %zu new entries and a state, on a log of %" PRIu64 "\n",
			p->nfresh, p->size);
	vt_proposal_free(p);
	vt_buf_free(&b);
	vt_house_close(&h);
	return e;
}

int vt_publish_cmd_propose(int argc, char **argv)
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
	vt_strings_free(&s.lift);
	vt_strings_free(&dirs);
	return status;
}
