/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/publish/proposal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/derive.h"
#include "publish/chunks.h"
#include "tlog/lines.h"

#define MEMORY ((size_t)256 << 20)
#define HEAD "vitrine/proposal/v1\n"

vt_err vt_proposal_new(struct vt_proposal **out)
{
	struct vt_proposal *p = calloc(1, sizeof *p);

	if (!p)
		return VT_ENOMEM;
	p->a.max = MEMORY;
	*out = p;
	return VT_OK;
}

static void free_items(struct vt_item *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vt_buf_free(&v[i].bytes);
}

void vt_proposal_free(struct vt_proposal *p)
{
	if (!p)
		return;
	free_items(&p->root, 1);
	free_items(&p->state, 1);
	free_items(&p->final, 1);
	free_items(p->live, p->nlive);
	free_items(p->back, p->nback);
	free_items(p->fresh, p->nfresh);
	vt_arena_free(&p->a);
	free(p);
}

/* Reads the entry anew: its bytes may have moved. */
static vt_err item_parse(struct vt_proposal *p, struct vt_item *i)
{
	struct vt_entry_error why;

	vt_merkle_leaf(vt_buf_span(&i->bytes), &i->leaf);
	return vt_entry_parse(vt_buf_span(&i->bytes), &p->a, &i->e, &why);
}

vt_err vt_item_set(struct vt_proposal *p, struct vt_item *i, uint64_t index, vt_span bytes)
{
	vt_err e;

	*i = (struct vt_item){.index = index, .bytes = VT_BUF_INIT(VT_ENTRY_MAX)};
	e = vt_buf_add(&i->bytes, bytes.p, bytes.n);
	return e ? e : item_parse(p, i);
}

/* Reading -------------------------------------------------------------------------------------- */

static bool take_number(vt_span *line, uint64_t *out)
{
	size_t n = 0;

	while (n < line->n && line->p[n] != ' ')
		n++;
	if (!vt_decimal_get(vt_span_of(line->p, n), out) || *out > VT_TREE_MAX)
		return false;
	*line = n < line->n ? vt_span_of(line->p + n + 1, line->n - n - 1) : vt_span_of(NULL, 0);
	return true;
}

/* "<index> <bytes>" LF, so many bytes, LF. */
static vt_err take_item(struct vt_proposal *p, vt_span *rest, vt_span line, struct vt_item *to)
{
	uint64_t index, n;
	vt_span bytes;

	if (!take_number(&line, &index) || !take_number(&line, &n) || line.n != 0 ||
		n > VT_ENTRY_MAX || !vt_span_sub(*rest, 0, n, &bytes) ||
		!vt_span_at(*rest, n, "\n", 1))
		return VT_EFORMAT;
	*rest = vt_span_of(rest->p + n + 1, rest->n - (size_t)n - 1);
	return vt_item_set(p, to, index, bytes);
}

static vt_err take_items(struct vt_proposal *p, vt_span *rest, vt_span line, struct vt_item *v,
	size_t max, size_t *io_n)
{
	if (*io_n == max)
		return VT_ELIMIT;
	/* counted first, so that it is freed if it is malformed */
	return take_item(p, rest, line, &v[(*io_n)++]);
}

static vt_err take_chunk(struct vt_proposal *p, vt_span *rest, vt_span line)
{
	vt_span bytes;
	uint64_t n;

	if (p->nchunks == VT_ENTRY_CHUNKS_MAX)
		return VT_ELIMIT;
	if (!take_number(&line, &n) || line.n != 0 || n > VT_CHUNK_PACKED_MAX ||
		!vt_span_sub(*rest, 0, n, &bytes) || !vt_span_at(*rest, n, "\n", 1))
		return VT_EFORMAT;
	*rest = vt_span_of(rest->p + n + 1, rest->n - (size_t)n - 1);
	p->chunks[p->nchunks++] = bytes;
	return VT_OK;
}

/* Where a part may come only once, that is asked first: a prefix is taken off the line. */
static vt_err take_any(struct vt_proposal *p, vt_span line, vt_span *rest)
{
	if (!p->has_base && vt_prefix_take(&line, "root ")) {
		p->has_base = true;
		return take_item(p, rest, line, &p->root);
	}
	if (p->has_base && !p->state.bytes.max && vt_prefix_take(&line, "state "))
		return take_item(p, rest, line, &p->state);
	if (vt_prefix_take(&line, "live "))
		return take_items(p, rest, line, p->live, VT_COUNT(p->live), &p->nlive);
	if (vt_prefix_take(&line, "back "))
		return take_items(p, rest, line, p->back, VT_COUNT(p->back), &p->nback);
	if (vt_prefix_take(&line, "entry "))
		return take_items(p, rest, line, p->fresh, VT_COUNT(p->fresh), &p->nfresh);
	if (!p->has_final && vt_prefix_take(&line, "final ")) {
		p->has_final = true;
		return take_item(p, rest, line, &p->final);
	}
	if (vt_prefix_take(&line, "chunk "))
		return take_chunk(p, rest, line);
	if (p->nlift < VT_COUNT(p->lift) && vt_prefix_take(&line, "lift ") &&
		take_number(&line, &p->lift[p->nlift]) && line.n == 0) {
		p->nlift++;
		return VT_OK;
	}
	return VT_EFORMAT;
}

static vt_err take_head(struct vt_proposal *p, vt_span *rest)
{
	static const char *const keys[] = {"origin ", "size ", "head ", "time ", "expires "};
	vt_span v[VT_COUNT(keys)];

	if (!vt_prefix_take(rest, HEAD))
		return VT_EFORMAT;
	for (size_t i = 0; i < VT_COUNT(keys); i++)
		if (!vt_line_take(rest, &v[i]) || !vt_prefix_take(&v[i], keys[i]))
			return VT_EFORMAT;
	p->origin = v[0];
	if (!vt_key_name_ok(v[0]) || !vt_decimal_get(v[1], &p->size) || p->size > VT_TREE_MAX ||
		!vt_hex_get(v[2], p->head.b, sizeof p->head.b) || !vt_time_parse(v[3], &p->time) ||
		!vt_time_parse(v[4], &p->expires))
		return VT_EFORMAT;
	return VT_OK;
}

vt_err vt_proposal_read(vt_span bytes, struct vt_proposal **out)
{
	struct vt_proposal *p;
	vt_span line;
	vt_err e = vt_proposal_new(&p);

	if (e)
		return e;
	e = take_head(p, &bytes);
	while (!e && bytes.n)
		e = vt_line_take(&bytes, &line) ? take_any(p, line, &bytes) : VT_EFORMAT;
	if (!e)
		e = vt_proposal_sound(p);
	if (e) {
		vt_proposal_free(p);
		return e;
	}
	*out = p;
	return VT_OK;
}

/* Writing -------------------------------------------------------------------------------------- */

static vt_err put_item(vt_buf *b, const char *word, const struct vt_item *i)
{
	vt_err e = vt_buf_addf(b, "%s %" PRIu64 " %zu\n", word, i->index, i->bytes.n);

	if (!e)
		e = vt_buf_add(b, i->bytes.p, i->bytes.n);
	return e ? e : vt_buf_add(b, "\n", 1);
}

static vt_err put_items(vt_buf *b, const char *word, const struct vt_item *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++)
		e = put_item(b, word, &v[i]);
	return e;
}

static vt_err put_head(vt_buf *b, const struct vt_proposal *p)
{
	char time[VT_TIME_SIZE], expires[VT_TIME_SIZE];
	vt_err e = vt_buf_addf(b, HEAD "origin %.*s\nsize %" PRIu64 "\nhead ", (int)p->origin.n,
		(const char *)p->origin.p, p->size);

	if (!e)
		e = vt_hex_add(b, vt_span_of(p->head.b, sizeof p->head.b));
	if (!e)
		e = vt_buf_addf(b, "\ntime %s\nexpires %s\n", vt_time_write(p->time, time),
			vt_time_write(p->expires, expires));
	return e;
}

vt_err vt_proposal_write(vt_buf *b, const struct vt_proposal *p)
{
	vt_err e = put_head(b, p);

	if (!e && p->has_base)
		e = put_item(b, "root", &p->root);
	if (!e && p->has_base)
		e = put_item(b, "state", &p->state);
	if (!e)
		e = put_items(b, "live", p->live, p->nlive);
	if (!e)
		e = put_items(b, "back", p->back, p->nback);
	for (size_t i = 0; i < p->nlift && !e; i++)
		e = vt_buf_addf(b, "lift %" PRIu64 "\n", p->lift[i]);
	if (!e)
		e = put_items(b, "entry", p->fresh, p->nfresh);
	if (!e && p->has_final)
		e = put_item(b, "final", &p->final);
	for (size_t i = 0; i < p->nchunks && !e; i++) {
		e = vt_buf_addf(b, "chunk %zu\n", p->chunks[i].n);
		if (!e)
			e = vt_buf_add(b, p->chunks[i].p, p->chunks[i].n);
		if (!e)
			e = vt_buf_add(b, "\n", 1);
	}
	return e;
}

/* Signatures ----------------------------------------------------------------------------------- */

static bool is_key_of(const struct vt_key *keys, size_t n, const struct vt_key *k)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(keys[i].pub, k->pub, sizeof k->pub) == 0 &&
			strcmp(keys[i].name, k->name) == 0)
			return true;
	return false;
}

/* May this key sign an entry of this kind? */
static bool may_sign(const struct vt_proposal *p, const struct vt_entry *e, const struct vt_key *k)
{
	const struct vt_entry *root = vt_proposal_root(p);

	if (!root)
		return false;
	if (e->kind == VT_ENTRY_ATTEST)
		return is_key_of(root->u.root.rebuilders, root->u.root.nrebuilders, k);
	if (is_key_of(root->u.root.keys, root->u.root.nkeys, k))
		return true;
	return e->kind == VT_ENTRY_ROOT && p->has_base &&
		is_key_of(p->root.e.u.root.keys, p->root.e.u.root.nkeys, k);
}

static bool has_signed(const struct vt_entry *e, const struct vt_key *k)
{
	for (size_t i = 0; i < e->nsigs; i++)
		if (vt_span_eq(e->sigs[i].name, vt_span_str(k->name)))
			return true;
	return false;
}

static vt_err sign_item(
	struct vt_proposal *p, struct vt_item *i, const struct vt_signer *by, unsigned *io_n)
{
	vt_err e;

	if (!may_sign(p, &i->e, &by->key) || has_signed(&i->e, &by->key))
		return VT_OK;
	e = vt_entry_sign(&i->bytes, p->origin, by);
	if (!e)
		e = item_parse(p, i);
	if (!e)
		(*io_n)++;
	return e;
}

vt_err vt_proposal_sign(struct vt_proposal *p, const struct vt_signer *by, unsigned *out_n)
{
	unsigned n = 0;
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nfresh && !e && !p->has_final; i++)
		e = sign_item(p, &p->fresh[i], by, &n);
	if (!e)
		e = vt_proposal_settle(p);
	if (!e && p->has_final)
		e = sign_item(p, &p->final, by, &n);
	if (!e)
		*out_n = n;
	return e;
}

/* Takes the signatures that `from` has and `to` has not; both have the same text. */
static vt_err merge_item(struct vt_proposal *p, struct vt_item *to, const struct vt_entry *from)
{
	vt_err e = VT_OK;

	if (!vt_span_eq(to->e.text, from->text))
		return VT_EARG;
	for (size_t i = 0; i < from->nsigs && !e; i++) {
		const struct vt_entry_sig *s = &from->sigs[i];
		struct vt_key k = {0};

		if (s->name.n > VT_KEY_NAME_MAX)
			return VT_EFORMAT;
		memcpy(k.name, s->name.p, s->name.n);
		if (!has_signed(&to->e, &k))
			e = vt_add_signature(p, to, s);
	}
	return e;
}

vt_err vt_proposal_merge(struct vt_proposal *p, const struct vt_proposal *other)
{
	vt_err e = VT_OK;

	if (!vt_span_eq(p->origin, other->origin) || p->size != other->size ||
		!vt_hash_eq(&p->head, &other->head) || p->time != other->time ||
		p->expires != other->expires || p->nfresh != other->nfresh)
		return VT_EARG;
	for (size_t i = 0; i < p->nfresh; i++)
		if (!vt_span_eq(p->fresh[i].e.text, other->fresh[i].e.text))
			return VT_EARG;
	if (p->has_final) {
		/* the entries are settled; signatures on another outcome of them are of no use */
		if (other->has_final && vt_span_eq(p->final.e.text, other->final.e.text))
			e = merge_item(p, &p->final, &other->final.e);
		return e;
	}
	if (other->has_final) {
		for (size_t i = 0; i < p->nfresh && !e; i++) {
			vt_buf_free(&p->fresh[i].bytes);
			e = vt_item_set(p, &p->fresh[i], other->fresh[i].index,
				vt_buf_span(&other->fresh[i].bytes));
		}
		p->has_final = true;
		return e ? e
			 : vt_item_set(p, &p->final, other->final.index,
				   vt_buf_span(&other->final.bytes));
	}
	for (size_t i = 0; i < p->nfresh && !e; i++)
		e = merge_item(p, &p->fresh[i], &other->fresh[i].e);
	return e ? e : vt_proposal_settle(p);
}

/* Content -------------------------------------------------------------------------------------- */

vt_err vt_proposal_content(
	const struct vt_proposal *p, const struct vt_content *c, bool delta, vt_buf *out)
{
	const struct vt_chunk *v = delta ? c->delta : c->full;
	size_t n = delta ? c->ndelta : c->nfull;
	vt_err e = VT_OK;

	vt_buf_clear(out);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		for (; k < p->nchunks; k++) {
			if (p->chunks[k].n != v[i].packed)
				continue;
			e = vt_chunk_unpack(&v[i], p->chunks[k], out);
			if (e != VT_ECHECKSUM)
				break;
		}
		if (k == p->nchunks) {
			vt_buf_clear(out);
			return VT_OK;
		}
		if (e)
			return e;
	}
	return VT_OK;
}
