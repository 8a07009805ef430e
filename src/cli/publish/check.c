/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine publish check: everything in the public folder, from the files alone. Tiles and entries
 * against the checkpoint, signatures, chains of roots, versions and states, checkpoints of the
 * past, every chunk, and that each version comes out of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/publish/derive.h"
#include "cli/publish/publish.h"
#include "cli/text.h"
#include "cli/update/payload.h"
#include "publish/chunks.h"
#include "store/folder.h"

#define COMMAND "vitrine publish check"

struct audit {
	struct vt_house *h;
	uint64_t problems;
	size_t n, cap;
	struct vt_record *v; /* every entry but those that can't be read */
	const struct vt_record *root, *state;
};

static void problem(struct audit *a, uint64_t index, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void problem(struct audit *a, uint64_t index, const char *fmt, ...)
{
	va_list ap;

	a->problems++;
	printf("entry %" PRIu64 ": ", index);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static vt_err remember(void *ctx, uint64_t index, vt_span bytes)
{
	struct audit *a = ctx;
	struct vt_entry_error why = {0};
	struct vt_record *r;
	char *copy = vt_arena_copy(&a->h->a, bytes);
	vt_err e;

	if (a->n == a->cap) {
		size_t cap = a->cap ? 2 * a->cap : 1024;
		struct vt_record *v = realloc(a->v, cap * sizeof *v);

		if (!v)
			return VT_ENOMEM;
		a->v = v;
		a->cap = cap;
	}
	if (!copy)
		return VT_ENOMEM;
	r = &a->v[a->n];
	r->index = index;
	r->bytes = vt_span_of(copy, bytes.n);
	vt_merkle_leaf(bytes, &r->leaf);
	e = vt_entry_parse(r->bytes, &a->h->a, &r->e, &why);
	if (e == VT_ENOMEM)
		return e;
	if (e)
		problem(a, index, "line %u: %s", why.line, why.cause ? why.cause : vt_err_text(e));
	else
		a->n++;
	return VT_OK;
}

/* Entry `index`, if it is before `end` and of that leaf. */
static const struct vt_record *by_leaf(
	const struct audit *a, size_t end, uint64_t index, const vt_hash *leaf)
{
	for (size_t i = end; i-- > 0 && a->v[i].index >= index;)
		if (a->v[i].index == index && vt_hash_eq(&a->v[i].leaf, leaf))
			return &a->v[i];
	return NULL;
}

static const struct vt_record *version_before(const struct audit *a, const struct vt_record *r)
{
	for (const struct vt_record *at = r; at-- > a->v;)
		if (at->e.kind == r->e.kind &&
			vt_span_eq(at->e.u.content.name, r->e.u.content.name))
			return at;
	return NULL;
}

/* Signatures and chains -------------------------------------------------------------------------
 */

static void check_signed(struct audit *a, const struct vt_record *r)
{
	vt_span origin = vt_span_str(a->h->log.name);
	bool attest = r->e.kind == VT_ENTRY_ATTEST;
	const struct vt_root *root;
	unsigned n;

	if (!a->root) {
		problem(a, r->index, "there is no root before it");
		return;
	}
	root = &a->root->e.u.root;
	if (vt_entry_signers(&r->e, origin, attest ? root->rebuilders : root->keys,
		    attest ? root->nrebuilders : root->nkeys, &n))
		problem(a, r->index, "a signature does not verify");
	else if (n < (attest ? 1 : root->threshold))
		problem(a, r->index, "signed by %u where %u are needed", n,
			attest ? 1 : root->threshold);
}

static void check_root(struct audit *a, const struct vt_record *r)
{
	const char *why;

	if (vt_root_follows(a->root ? &a->root->e : NULL, a->root ? &a->root->leaf : NULL, &r->e,
		    vt_span_str(a->h->log.name), &why))
		problem(a, r->index, "%s", why);
	a->root = r;
}

static void check_version(struct audit *a, const struct vt_record *r)
{
	const struct vt_record *before = version_before(a, r);
	const struct vt_content *c = &r->e.u.content;

	if (c->version != (before ? before->e.u.content.version + 1 : 1) ||
		c->previous.set != (before != NULL) ||
		(before && !vt_hash_eq(&before->leaf, &c->previous.hash)))
		problem(a, r->index, "does not follow the version before");
	if (c->ndelta && (!before || c->from != before->e.u.content.version))
		problem(a, r->index, "its delta does not start from the version before");
}

static void check_live(struct audit *a, const struct vt_record *r, size_t at)
{
	const struct vt_state *s = &r->e.u.state;

	for (size_t i = 0; i < s->nlive; i++) {
		const struct vt_record *x = by_leaf(a, at, s->live[i].index, &s->live[i].leaf);

		if (!x || x->e.kind != s->live[i].kind) {
			problem(a, r->index, "entry %" PRIu64 " is not what it says is live",
				s->live[i].index);
			continue;
		}
		for (size_t k = 0; k < s->nlive; k++) {
			const struct vt_record *y =
				by_leaf(a, at, s->live[k].index, &s->live[k].leaf);

			if (!y || k == i)
				continue;
			if (y->e.kind == VT_ENTRY_WITHDRAW &&
				vt_withdraws(&y->e.u.withdraw, &x->e, x->index))
				problem(a, r->index, "entry %" PRIu64 " is live, but withdrawn",
					x->index);
			if (k < i && x->e.kind == y->e.kind &&
				(x->e.kind == VT_ENTRY_CONTENT ||
					x->e.kind == VT_ENTRY_DIRECTIVE) &&
				vt_span_eq(x->e.u.content.name, y->e.u.content.name))
				problem(a, r->index, "two versions of a set are live");
		}
	}
}

static void check_state(struct audit *a, const struct vt_record *r, size_t at)
{
	const struct vt_state *s = &r->e.u.state;
	const struct vt_state *before = a->state ? &a->state->e.u.state : NULL;

	if (s->version != (before ? before->version + 1 : 1) ||
		s->previous.set != (before != NULL) ||
		(before && !vt_hash_eq(&s->previous.hash, &a->state->leaf)))
		problem(a, r->index, "does not follow the state before");
	if (s->expires <= s->time || (before && s->time < before->time))
		problem(a, r->index, "its times are not in order");
	if (!a->root || s->root_index != a->root->index || !vt_hash_eq(&s->root, &a->root->leaf))
		problem(a, r->index, "does not name the root in force");
	check_live(a, r, at);
	a->state = r;
}

static void check_entry(struct audit *a, size_t i)
{
	const struct vt_record *r = &a->v[i];

	if (r->e.kind == VT_ENTRY_ROOT) {
		check_root(a, r);
		return;
	}
	check_signed(a, r);
	if (r->e.kind == VT_ENTRY_CONTENT || r->e.kind == VT_ENTRY_DIRECTIVE)
		check_version(a, r);
	if (r->e.kind == VT_ENTRY_STATE)
		check_state(a, r, i);
}

/* Checkpoints -----------------------------------------------------------------------------------
 */

static void check_history(struct audit *a, const struct vt_record *state)
{
	char path[64];
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_head head;
	vt_hash root;
	vt_err e;

	(void)snprintf(path, sizeof path, "history/%" PRIu64, state->index + 1);
	e = vt_store_read(a->h->pub, path, VT_NOTE_MAX, &b);
	if (!e)
		e = vt_head_parse(vt_buf_span(&b), &a->h->log, &head);
	if (!e)
		e = vt_merkle_root(vt_tiles_get, a->h->tiles, state->index + 1, &root);
	if (e)
		problem(a, state->index, "%s: %s", path,
			e == VT_END ? "is missing" : "not a checkpoint of this log");
	else if (head.at.size != state->index + 1 || !vt_hash_eq(&head.at.root, &root))
		problem(a, state->index, "%s: a checkpoint of another tree", path);
	vt_buf_free(&b);
}

static void check_quorum(struct audit *a)
{
	struct vt_note note;
	bool enough = false;
	uint64_t time;

	if (vt_note_parse(vt_buf_span(&a->h->checkpoint), &note) ||
		vt_policy_check(a->h->policy, a->h->policy->quorum, &note, &enough, &time) ||
		!enough)
		problem(a, a->h->size - 1, "the checkpoint is not cosigned as the policy asks");
}

/* Content ---------------------------------------------------------------------------------------
 */

static void check_chunks(
	struct audit *a, const struct vt_record *r, const struct vt_chunk *v, size_t n)
{
	vt_buf packed = VT_BUF_INIT(VT_CHUNK_PACKED_MAX), raw = VT_BUF_INIT(VT_CHUNK_RAW_MAX);
	char path[VT_CHUNK_PATH_SIZE];

	for (size_t i = 0; i < n; i++) {
		vt_err e;

		vt_buf_clear(&packed);
		vt_buf_clear(&raw);
		e = vt_store_read(
			a->h->pub, vt_chunk_path(&v[i].sha256, path), v[i].packed, &packed);
		if (!e)
			e = vt_chunk_unpack(&v[i], vt_buf_span(&packed), &raw);
		if (e)
			problem(a, r->index, "%s: %s", path,
				e == VT_END ? "is missing" : "other bytes than the log says");
	}
	vt_buf_free(&packed);
	vt_buf_free(&raw);
}

static void unpack(
	struct audit *a, const struct vt_record *r, const struct vt_content **chain, size_t n)
{
	struct vt_plan_set set = {.kind = r->e.kind, .nchain = n, .chain = chain};
	struct vt_payload *p = calloc(1, sizeof *p);

	if (!p || vt_payload_unpack(a->h->pub, a->h->priv, &set, p))
		problem(a, r->index, "its %s does not give its files: %s",
			n > 1 ? "delta" : "content", p && p->why ? p->why : "can't be unpacked");
	if (p)
		vt_payload_free(p);
	free(p);
}

static void check_content(struct audit *a, const struct vt_record *r)
{
	const struct vt_record *before = version_before(a, r);
	const struct vt_content *c = &r->e.u.content, **chain, *longer[VT_PLAN_CHAIN_MAX + 1];
	uint64_t had = a->problems;
	size_t n;

	check_chunks(a, r, c->full, c->nfull);
	check_chunks(a, r, c->delta, c->ndelta);
	if (a->problems != had)
		return;
	if (c->nfull || !c->ndelta)
		unpack(a, r, &c, 1);
	if (!c->ndelta || !before)
		return;
	if (vt_house_chain(a->h, before, &chain, &n)) {
		problem(a, r->index, "the versions before it do not hang together");
		return;
	}
	memcpy(longer, chain, n * sizeof(const struct vt_content *));
	longer[n] = c;
	unpack(a, r, longer, n + 1);
}

static vt_err run(struct audit *a, bool content)
{
	vt_err e = vt_tiles_each_entry(a->h->tiles, 0, a->h->size, remember, a);

	if (e && e != VT_ENOMEM) {
		puts("public/tile: entries are not those of the checkpoint");
		a->problems++;
		return VT_OK;
	}
	if (e)
		return e;
	for (size_t i = 0; i < a->n; i++)
		check_entry(a, i);
	for (size_t i = 0; i < a->n; i++) {
		const struct vt_record *r = &a->v[i];

		if (r->e.kind == VT_ENTRY_STATE)
			check_history(a, r);
		if (content && (r->e.kind == VT_ENTRY_CONTENT || r->e.kind == VT_ENTRY_DIRECTIVE))
			check_content(a, r);
	}
	check_quorum(a);
	return VT_OK;
}

struct settings {
	bool quick;
};
static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "quick", NULL, VT_OPTION_FLAG, offsetof(struct settings, quick),
		"only the log, not the content", NULL},
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish check DIR [OPTION]...\n"
		 "Checks everything that is published, from the files alone.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 all is well, 1 something is wrong and was listed, 2 an error.\n",
};

int vt_publish_cmd_check(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings dirs = {0};
	struct audit a = {0};
	struct vt_house h;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &dirs);

	if (!e && dirs.n != 1) {
		fputs(COMMAND ": give DIR\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (e) {
		vt_strings_free(&dirs);
		return e == VT_END ? VT_EXIT_CLEAN : VT_EXIT_ERROR;
	}
	e = vt_house_open(&h, COMMAND, dirs.v[0]);
	a.h = &h;
	if (e == VT_ECHECKSUM || e == VT_EFORMAT || e == VT_END)
		status = VT_EXIT_FOUND;
	if (!e && h.size > 0)
		e = run(&a, !s.quick);
	if (e == VT_ENOMEM)
		vt_complain(COMMAND, h.path, "%s", vt_err_text(e));
	if (!e) {
		status = a.problems ? VT_EXIT_FOUND : VT_EXIT_CLEAN;
		printf("%" PRIu64 " entries; problems: %" PRIu64 "\n", h.size, a.problems);
	}
	free(a.v);
	vt_house_close(&h);
	vt_strings_free(&dirs);
	return status;
}
