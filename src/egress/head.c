/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's own key and checkpoint: so that its owner has something to note down elsewhere. */
#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/sign.h"
#include "egress/file.h"
#include "egress/internal.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

#define KEY "key"
#define KEY_TEXT (2 * VT_SEED_SIZE + 1)
#define ORIGIN "egress.vitrine/"

/* Each ledger has a name of its own, made of its key and of nothing of the machine. */
static vt_err name_signer(const uint8_t seed[VT_SEED_SIZE], struct vt_signer *out)
{
	uint8_t pub[VT_PUBLIC_SIZE];
	vt_buf name = VT_BUF_INIT(VT_KEY_NAME_MAX);
	vt_err e;

	vt_sign_public(seed, pub);
	e = vt_buf_addf(&name, ORIGIN);
	if (!e)
		e = vt_hex_add(&name, vt_span_of(pub, 8));
	if (!e)
		e = vt_signer_make(vt_buf_span(&name), VT_KEY_ED25519, seed, out);
	vt_buf_free(&name);
	return e;
}

static vt_err write_keys(int dir, const uint8_t seed[VT_SEED_SIZE], const struct vt_key *key)
{
	vt_buf b = VT_BUF_INIT(1024);
	vt_err e = vt_key_write(&b, key);

	if (!e)
		e = vt_buf_add(&b, "\n", 1);
	if (!e)
		e = vt_file_replace(dir, VT_LEDGER_PUBLIC, 0644, vt_buf_span(&b));
	vt_buf_clear(&b);
	if (!e)
		e = vt_hex_add(&b, vt_span_of(seed, VT_SEED_SIZE));
	if (!e)
		e = vt_buf_add(&b, "\n", 1);
	if (!e)
		e = vt_file_replace(dir, KEY, 0600, vt_buf_span(&b));
	if (b.p)
		vt_wipe(b.p, b.n);
	vt_buf_free(&b);
	return e;
}

vt_err vt_ledger_key(int dir, bool make, struct vt_signer *out)
{
	vt_buf b = VT_BUF_INIT(KEY_TEXT);
	uint8_t seed[VT_SEED_SIZE];
	vt_err e = vt_sign_init();

	if (e)
		return e;
	e = vt_file_read(dir, KEY, KEY_TEXT, &b);
	if (e == VT_END && make) {
		vt_random(seed, sizeof seed);
		e = name_signer(seed, out);
		if (!e)
			e = write_keys(dir, seed, &out->key);
	} else if (!e) {
		e = b.n == KEY_TEXT && b.p[KEY_TEXT - 1] == '\n' &&
				vt_hex_get(vt_span_clip(vt_buf_span(&b), 0, KEY_TEXT - 1), seed,
					sizeof seed)
			? name_signer(seed, out)
			: VT_EFORMAT;
	}
	if (b.p)
		vt_wipe(b.p, b.n);
	vt_buf_free(&b);
	vt_wipe(seed, sizeof seed);
	return e == VT_ELIMIT ? VT_EFORMAT : e;
}

vt_err vt_ledger_sign(struct vt_ledger *l)
{
	struct vt_checkpoint c = {.origin = vt_span_str(l->signer.key.name), .size = l->tree.size};
	vt_buf text = VT_BUF_INIT(4096), note = VT_BUF_INIT(8192);
	vt_err e = vt_ledger_tree_root(&l->tree, l->dir, c.size, &c.root);

	if (!e)
		e = vt_checkpoint_write(&text, &c);
	if (!e)
		e = vt_buf_add(&note, text.p, text.n);
	if (!e)
		e = vt_buf_add(&note, "\n", 1);
	if (!e)
		e = vt_note_sign(&note, &l->signer, vt_buf_span(&text), 0);
	if (!e)
		e = vt_file_replace(l->dir, VT_LEDGER_HEAD, 0644, vt_buf_span(&note));
	vt_buf_free(&text);
	vt_buf_free(&note);
	return e;
}

vt_err vt_ledger_check_head(struct vt_ledger *l)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	vt_err e = vt_file_read(l->dir, VT_LEDGER_HEAD, VT_NOTE_MAX, &b);
	struct vt_head head;
	vt_hash root;

	if (!e) {
		e = vt_head_parse(vt_buf_span(&b), &l->signer.key, &head);
		if (e || head.at.size > l->tree.size)
			e = VT_EFORMAT;
		if (!e)
			e = vt_ledger_tree_root(&l->tree, l->dir, head.at.size, &root);
		if (!e && !vt_hash_eq(&root, &head.at.root))
			e = VT_EFORMAT;
	}
	vt_buf_free(&b);
	return e == VT_END ? VT_OK : e;
}
