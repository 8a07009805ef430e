/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/directive/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "tlog/note.h"

#define KEYS_MAX 256

struct keys {
	size_t n;
	struct vt_key v[KEYS_MAX];
};

const char *vt_origin_word(enum vt_origin_kind k)
{
	static const char *const words[] = {
		[VT_ORIGIN_SHIPPED] = "shipped",
		[VT_ORIGIN_LOG] = "log",
		[VT_ORIGIN_SIGNED] = "signed",
		[VT_ORIGIN_UNSIGNED] = "unsigned",
	};

	return (unsigned)k < VT_COUNT(words) ? words[k] : "?";
}

vt_err vt_origin_text(vt_span document, vt_buf *out)
{
	uint8_t hash[32];
	vt_err e = vt_buf_addf(out, "vitrine/document/v1\nsha256 ");

	vt_sha256(document, hash);
	for (size_t i = 0; i < sizeof hash && !e; i++)
		e = vt_buf_addf(out, "%02x", hash[i]);
	return e ? e : vt_buf_addf(out, "\n");
}

/* Keys that count --------------------------------------------------------------------------------
 */

static vt_err add_key(struct vt_docs *docs, const char *place, vt_span vkey, struct keys *keys)
{
	vt_err e = keys->n < KEYS_MAX ? vt_key_parse(vkey, &keys->v[keys->n]) : VT_ELIMIT;

	if (!e && keys->v[keys->n].type != VT_KEY_ED25519)
		e = VT_EUNSUPPORTED;
	if (e)
		vt_complain(docs->command, place, "'%.*s' is no key of a person: %s",
			(int)vt_min_size(vkey.n, 200), (const char *)vkey.p, vt_err_text(e));
	else
		keys->n++;
	return e;
}

/* A vkey a line; "key <vkey>" is a line of a key file. */
static vt_err add_lines(struct vt_docs *docs, const char *place, vt_span text, struct keys *keys)
{
	vt_err e = VT_OK;
	size_t at = 0, end;

	while (at < text.n && !e) {
		vt_span line;

		if (!vt_span_find(text, at, "\n", 1, &end))
			end = text.n;
		line = vt_span_of(text.p + at, end - at);
		at = end + 1;
		if (vt_span_at(line, 0, "key ", 4))
			line = vt_span_of(line.p + 4, line.n - 4);
		if (line.n == 0 || line.p[0] == '#' ||
			vt_span_eq(line, vt_span_str("vitrine/key/v1")) ||
			vt_span_at(line, 0, "sealed ", 7) || vt_span_at(line, 0, "bare ", 5))
			continue;
		e = add_key(docs, place, line, keys);
	}
	return e;
}

static vt_err add_config(struct vt_docs *docs, struct keys *keys)
{
	vt_buf text = VT_BUF_INIT(VT_ORIGIN_MAX);
	char *path = NULL;
	vt_err e = VT_OK;
	int fd;

	if (!docs->config)
		return VT_OK;
	if (asprintf(&path, "%s/directive-keys", docs->config) < 0)
		return VT_ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		e = vt_fd_read_all(fd, 0, &text);
	else if (errno != ENOENT)
		e = VT_EIO;
	if (e)
		vt_complain_err(docs->command, path, e);
	vt_fd_close(fd);
	if (!e)
		e = add_lines(docs, path, vt_buf_span(&text), keys);
	vt_buf_free(&text);
	free(path);
	return e;
}

static vt_err load_keys(struct vt_docs *docs, struct keys *keys)
{
	vt_err e = add_config(docs, keys);

	for (size_t i = 0; i < docs->keys.n && !e; i++) {
		const char *key = docs->keys.v[i];
		vt_buf text;

		if (strchr(key, '+') && access(key, F_OK)) {
			e = add_key(docs, "--key", vt_span_str(key), keys);
			continue;
		}
		e = vt_slurp(docs->command, key, VT_ORIGIN_MAX, &text);
		if (!e)
			e = add_lines(docs, key, vt_buf_span(&text), keys);
		vt_buf_free(&text);
	}
	return e;
}

/* Signatures ----------------------------------------------------------------------------------- */

static vt_err verify(struct vt_docs *docs, const char *path, const struct vt_note *note,
	const struct keys *keys, struct vt_origin *out)
{
	vt_buf who = VT_BUF_INIT(VT_ORIGIN_MAX);
	vt_err e = VT_OK;

	for (size_t i = 0; i < keys->n && !e; i++) {
		const struct vt_key *k = &keys->v[i];
		uint64_t time;

		switch (vt_note_verify(note, k, &time)) {
		case VT_SIGNED_BAD:
			vt_complain(docs->command, path, "the signature by %s does not verify",
				k->name);
			e = VT_ECHECKSUM;
			break;
		case VT_SIGNED_YES:
			e = vt_buf_addf(&who, "%s%s+%02x%02x%02x%02x", who.n ? ", " : "", k->name,
				k->id[0], k->id[1], k->id[2], k->id[3]);
			break;
		case VT_SIGNED_NO:
		default: break;
		}
	}
	if (!e && who.n == 0) {
		vt_complain(docs->command, path,
			keys->n ? "it is signed by none of the keys in directive-keys or --key"
				: "there are no keys to check it with: write the signer's vkey "
				  "into "
				  "directive-keys (configuration folder), or give --key");
		e = VT_ECHECKSUM;
	}
	if (!e) {
		char *copy = vt_arena_copy(&docs->a, vt_buf_span(&who));

		e = copy ? VT_OK : VT_ENOMEM;
		if (copy)
			out->who = vt_span_of(copy, who.n);
	}
	vt_buf_free(&who);
	return e;
}

static vt_err check_note(struct vt_docs *docs, const char *path, vt_span bytes, vt_span document,
	struct vt_origin *out)
{
	struct keys *keys = calloc(1, sizeof *keys);
	struct vt_note *note = calloc(1, sizeof *note);
	vt_buf text = VT_BUF_INIT(1024);
	vt_err e = keys && note ? vt_note_parse(bytes, note) : VT_ENOMEM;

	if (e)
		vt_complain(docs->command, path, "not a signed note: %s", vt_err_text(e));
	if (!e)
		e = vt_origin_text(document, &text);
	if (!e && !vt_span_eq(vt_buf_span(&text), note->text)) {
		vt_complain(docs->command, path, "it signs another document");
		e = VT_ECHECKSUM;
	}
	if (!e)
		e = load_keys(docs, keys);
	if (!e)
		e = verify(docs, path, note, keys, out);
	vt_buf_free(&text);
	free(note);
	free(keys);
	return e;
}

vt_err vt_origin_of_file(
	struct vt_docs *docs, const char *path, vt_span document, struct vt_origin *out)
{
	struct vt_origin o = {.kind = VT_ORIGIN_SIGNED};
	char *sig = NULL, *copy = vt_arena_copy(&docs->a, vt_span_str(path));
	vt_buf bytes = {0};
	vt_err e;

	if (!copy || asprintf(&sig, "%s.sig", path) < 0)
		return VT_ENOMEM;
	o.path = vt_span_str(copy);
	if (access(sig, F_OK)) {
		e = docs->unsigned_ok ? VT_OK : VT_ECHECKSUM;
		o.kind = VT_ORIGIN_UNSIGNED;
		o.who = vt_span_str("nobody (unsigned)");
		if (e)
			vt_complain(docs->command, path,
				"nobody has signed it (there is no %s); --unsigned takes it all "
				"the same",
				sig);
	} else {
		/* a signature that is there must hold, whatever was said */
		e = vt_slurp(docs->command, sig, VT_NOTE_MAX, &bytes);
		if (!e)
			e = check_note(docs, sig, vt_buf_span(&bytes), document, &o);
	}
	vt_buf_free(&bytes);
	free(sig);
	if (!e)
		*out = o;
	return e;
}

/* The file beside a stored document -------------------------------------------------------------
 */

vt_err vt_origin_write(vt_buf *b, const struct vt_origin *o, vt_span document)
{
	vt_buf text = VT_BUF_INIT(1024);
	vt_err e = vt_origin_text(document, &text);

	if (!e)
		e = vt_buf_addf(b, "vitrine/origin/v1\nkind %s\nwho %.*s\nadded %.*s\n%.*s",
			vt_origin_word(o->kind), (int)o->who.n, (const char *)o->who.p,
			(int)o->added.n, (const char *)o->added.p, (int)text.n,
			(const char *)text.p);
	vt_buf_free(&text);
	return e;
}

/* The rest of the line that begins with `key`; moves behind it. */
static bool take(vt_span *io, const char *key, vt_span *out)
{
	size_t n = strlen(key), end;

	if (!vt_span_at(*io, 0, key, n) || !vt_span_find(*io, 0, "\n", 1, &end))
		return false;
	*out = vt_span_of(io->p + n, end - n);
	*io = vt_span_of(io->p + end + 1, io->n - end - 1);
	return true;
}

vt_err vt_origin_read(vt_span text, vt_span document, vt_arena *a, struct vt_origin *out)
{
	vt_span rest = text, first, kind, who, added;
	vt_buf expected = VT_BUF_INIT(1024);
	struct vt_origin o = {0};
	bool found = false;
	char *copy;
	vt_err e;

	if (!take(&rest, "vitrine/origin/v1", &first) || first.n || !take(&rest, "kind ", &kind) ||
		!take(&rest, "who ", &who) || !take(&rest, "added ", &added) || who.n == 0 ||
		added.n == 0)
		return VT_EFORMAT;
	for (int k = VT_ORIGIN_SHIPPED; k <= VT_ORIGIN_UNSIGNED; k++)
		if (vt_span_eq(kind, vt_span_str(vt_origin_word((enum vt_origin_kind)k)))) {
			o.kind = (enum vt_origin_kind)k;
			found = true;
		}
	if (!found)
		return VT_EFORMAT;
	e = vt_origin_text(document, &expected);
	if (!e && !vt_span_eq(rest, vt_buf_span(&expected)))
		e = VT_ECHECKSUM;
	vt_buf_free(&expected);
	copy = e ? NULL : vt_arena_copy(a, who);
	o.who = vt_span_of(copy, who.n);
	if (copy)
		copy = vt_arena_copy(a, added);
	o.added = vt_span_of(copy, added.n);
	if (!e && !copy)
		e = VT_ENOMEM;
	if (!e)
		*out = o;
	return e;
}

void vt_origin_warn(const struct vt_docs *docs, const char *what, const struct vt_origin *o)
{
	if (o->kind == VT_ORIGIN_UNSIGNED)
		fprintf(stderr, "%s: %s: NOT SIGNED: nobody vouches for this document\n",
			docs->command, what);
}
