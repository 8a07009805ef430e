/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed an entry, and which root may follow which. */
#include "base/base64.h"
#include "entry/form.h"

#define ARENA_MAX ((size_t)1 << 20)
#define MESSAGE_MAX ((size_t)VT_ENTRY_MAX + 4096)

vt_err vt_entry_message(vt_buf *b, vt_span origin, vt_span text)
{
	size_t before = b->n;
	vt_err e = vt_buf_addf(b, "vitrine/entry/v1\n");

	if (!e)
		e = vt_buf_add(b, origin.p, origin.n);
	if (!e)
		e = vt_buf_add_u8(b, '\n');
	if (!e)
		e = vt_buf_add(b, text.p, text.n);
	if (e)
		b->n = before;
	return e;
}

/* Where the line of this name belongs among the signatures: the offset in `bytes`. */
static vt_err find_place(vt_span bytes, const struct vt_entry *e, vt_span name, size_t *out)
{
	size_t at = bytes.n;

	for (size_t i = e->nsigs; i-- > 0;) {
		vt_span other = e->sigs[i].name;
		int c = vt_name_compare(other, name);

		if (c == 0)
			return VT_EARG;
		if (c < 0)
			break;
		at = (size_t)(other.p - bytes.p) - strlen("sig ");
	}
	*out = at;
	return VT_OK;
}

static vt_err put_line(vt_buf *b, const struct vt_signer *signer, vt_span message)
{
	uint8_t blob[4 + VT_SIG_SIZE];
	vt_err e = vt_buf_addf(b, "sig %s ", signer->key.name);

	memcpy(blob, signer->key.id, 4);
	vt_sign(signer->seed, message, blob + 4);
	if (!e)
		e = vt_base64_add(b, vt_span_of(blob, sizeof blob));
	return e ? e : vt_buf_add_u8(b, '\n');
}

static vt_err insert(vt_buf *b, size_t at, vt_span line)
{
	vt_err e = b->n + line.n > VT_ENTRY_MAX ? VT_ELIMIT : vt_buf_reserve(b, line.n);

	if (e)
		return e;
	memmove(b->p + at + line.n, b->p + at, b->n - at);
	memcpy(b->p + at, line.p, line.n);
	b->n += line.n;
	memset(b->p + b->n, 0, VT_BUF_SLACK);
	return VT_OK;
}

vt_err vt_entry_sign(vt_buf *b, vt_span origin, const struct vt_signer *signer)
{
	vt_buf message = VT_BUF_INIT(MESSAGE_MAX), line = VT_BUF_INIT(1024);
	vt_arena a = VT_ARENA_INIT(ARENA_MAX);
	vt_span name = vt_span_str(signer->key.name);
	struct vt_entry_error why;
	struct vt_entry e;
	size_t at;
	vt_err err = vt_entry_parse(vt_buf_span(b), &a, &e, &why);

	if (!err && (signer->key.type != VT_KEY_ED25519 || !vt_value_ok(name)))
		err = VT_EARG;
	if (!err && e.nsigs == VT_ENTRY_SIGS_MAX)
		err = VT_ELIMIT;
	if (!err)
		err = find_place(vt_buf_span(b), &e, name, &at);
	if (!err)
		err = vt_entry_message(&message, origin, e.text);
	if (!err)
		err = put_line(&line, signer, vt_buf_span(&message));
	if (!err)
		err = insert(b, at, vt_buf_span(&line));
	vt_buf_free(&message);
	vt_buf_free(&line);
	vt_arena_free(&a);
	return err;
}

static const struct vt_entry_sig *sig_of(const struct vt_entry *e, const struct vt_key *k)
{
	for (size_t i = 0; i < e->nsigs; i++) {
		const struct vt_entry_sig *s = &e->sigs[i];

		if (vt_span_eq(s->name, vt_span_str(k->name)) && memcmp(s->id, k->id, 4) == 0)
			return s;
	}
	return NULL;
}

/* The same key a second time, under whatever name. */
static bool again(const struct vt_key *keys, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (memcmp(keys[i].pub, keys[at].pub, sizeof keys[i].pub) == 0)
			return true;
	return false;
}

vt_err vt_entry_signers(const struct vt_entry *e, vt_span origin, const struct vt_key *keys,
	size_t nkeys, unsigned *out_count)
{
	vt_buf message = VT_BUF_INIT(MESSAGE_MAX);
	vt_err err = vt_entry_message(&message, origin, e->text);
	unsigned count = 0;

	for (size_t i = 0; !err && i < nkeys; i++) {
		const struct vt_entry_sig *s = again(keys, i) ? NULL : sig_of(e, &keys[i]);

		if (!s)
			continue;
		if (keys[i].type == VT_KEY_ED25519 &&
			vt_verify(keys[i].pub, vt_buf_span(&message), s->sig))
			count++;
		else
			err = VT_ECHECKSUM;
	}
	vt_buf_free(&message);
	if (!err)
		*out_count = count;
	return err;
}

/* Signed by the threshold of `by`? */
static vt_err agreed(const struct vt_entry *e, const struct vt_root *by, vt_span origin,
	const char *few, const char **out_why)
{
	unsigned n = 0;
	vt_err err = vt_entry_signers(e, origin, by->keys, by->nkeys, &n);

	if (err == VT_ECHECKSUM)
		*out_why = "one of the signatures is false";
	if (!err && n < by->threshold) {
		*out_why = few;
		err = VT_ECHECKSUM;
	}
	return err;
}

static const char *not_next(
	const struct vt_entry *now, const vt_hash *leaf, const struct vt_entry *next)
{
	const struct vt_root *r = &next->u.root;

	if (next->kind != VT_ENTRY_ROOT || (now && now->kind != VT_ENTRY_ROOT))
		return "not a root";
	if (!now)
		return r->version == 1 && !r->previous.set ? NULL : "not the first root";
	if (r->version != now->u.root.version + 1)
		return "not the next version";
	if (!r->previous.set || !vt_hash_eq(&r->previous.hash, leaf))
		return "it follows another root";
	return NULL;
}

vt_err vt_root_follows(const struct vt_entry *now, const vt_hash *now_leaf,
	const struct vt_entry *next, vt_span origin, const char **out_why)
{
	const char *why = not_next(now, now_leaf, next);
	vt_err e;

	*out_why = "not enough memory";
	if (why) {
		*out_why = why;
		return VT_ECHECKSUM;
	}
	e = agreed(next, &next->u.root, origin, "too few of its own keys signed it", out_why);
	if (!e && now)
		e = agreed(next, &now->u.root, origin, "too few keys of the root before signed it",
			out_why);
	return e;
}
