/* SPDX-License-Identifier: Apache-2.0 */
/* Values of entries: each form reads and writes one text for one meaning. */
#include "entry/form.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"

#define TEXT_MAX 1000

bool vt_value_ok(vt_span s)
{
	if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static bool is_lower(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(uint8_t c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool all_of(vt_span s, size_t max, bool (*letter)(uint8_t))
{
	if (s.n == 0 || s.n > max || !letter(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!letter(s.p[i]) && s.p[i] != '.' && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return true;
}

bool vt_name_ok(vt_span s)
{
	return all_of(s, VT_ENTRY_NAME_MAX, is_lower);
}

bool vt_file_name_ok(vt_span s)
{
	return all_of(s, VT_ENTRY_FILE_MAX, is_word);
}

/* File names joined by '/'. */
static bool path_ok(vt_span s)
{
	size_t n;

	if (s.n > TEXT_MAX)
		return false;
	while (vt_span_find(s, 0, "/", 1, &n)) {
		if (!vt_file_name_ok(vt_span_of(s.p, n)))
			return false;
		s = vt_span_of(s.p + n + 1, s.n - n - 1);
	}
	return vt_file_name_ok(s);
}

/* Takes the next word and the one space behind it off *s; the last word is all that is left. */
static vt_span word(vt_span *s)
{
	vt_span out = *s;
	size_t n;

	if (vt_span_find(*s, 0, " ", 1, &n)) {
		out.n = n;
		*s = vt_span_of(s->p + n + 1, s->n - n - 1);
	} else {
		*s = vt_span_of(s->p + s->n, 0);
	}
	return out;
}

static bool get_number(vt_span s, void *out)
{
	uint64_t v;

	if (!vt_decimal_get(s, &v) || v > INT64_MAX)
		return false;
	*(uint64_t *)out = v;
	return true;
}

static vt_err put_number(vt_buf *b, const void *v)
{
	return vt_buf_addf(b, "%" PRIu64, *(const uint64_t *)v);
}

static bool get_threshold(vt_span s, void *out)
{
	uint64_t v;

	if (!get_number(s, &v) || v < 1 || v > VT_ENTRY_KEYS_MAX)
		return false;
	*(unsigned *)out = (unsigned)v;
	return true;
}

static vt_err put_threshold(vt_buf *b, const void *v)
{
	return vt_buf_addf(b, "%u", *(const unsigned *)v);
}

static bool get_hash(vt_span s, void *out)
{
	vt_hash h;

	if (!vt_hex_get(s, h.b, sizeof h.b))
		return false;
	*(vt_hash *)out = h;
	return true;
}

static vt_err put_hash(vt_buf *b, const void *v)
{
	return vt_hex_add(b, vt_span_of(((const vt_hash *)v)->b, VT_HASH_SIZE));
}

static bool get_leaf(vt_span s, void *out)
{
	struct vt_leaf leaf = {.set = !vt_span_eq(s, vt_span_str("-"))};

	if (leaf.set && !get_hash(s, &leaf.hash))
		return false;
	*(struct vt_leaf *)out = leaf;
	return true;
}

static vt_err put_leaf(vt_buf *b, const void *v)
{
	const struct vt_leaf *leaf = v;

	return leaf->set ? put_hash(b, &leaf->hash) : vt_buf_add_u8(b, '-');
}

static bool get_time(vt_span s, void *out)
{
	return vt_time_parse(s, out);
}

static vt_err put_time(vt_buf *b, const void *v)
{
	char text[VT_TIME_SIZE];
	int64_t again, t = *(const int64_t *)v;

	(void)vt_time_write(t, text);
	if (!vt_time_parse(vt_span_str(text), &again) || again != t)
		return VT_EARG;
	return vt_buf_add(b, text, VT_TIME_SIZE - 1);
}

static bool get_name(vt_span s, void *out)
{
	*(vt_span *)out = s;
	return vt_name_ok(s);
}

static bool get_file(vt_span s, void *out)
{
	*(vt_span *)out = s;
	return vt_file_name_ok(s);
}

static bool get_text(vt_span s, void *out)
{
	*(vt_span *)out = s;
	return s.n <= TEXT_MAX;
}

static vt_err put_span(vt_buf *b, const void *v)
{
	const vt_span *s = v;

	return vt_value_ok(*s) ? vt_buf_add(b, s->p, s->n) : VT_EARG;
}

/* People's keys; a cosignature's key could not sign an entry. */
static bool get_vkey(vt_span s, void *out)
{
	struct vt_key *k = out;

	return vt_key_parse(s, k) == VT_OK && k->type == VT_KEY_ED25519;
}

static vt_err put_vkey(vt_buf *b, const void *v)
{
	return vt_key_write(b, v);
}

static bool get_sized_file(vt_span s, struct vt_entry_file *f)
{
	return get_hash(word(&s), &f->sha256) && get_number(word(&s), &f->size) &&
		get_number(word(&s), &f->lines) && ((void)(f->name = s), s.n > 0);
}

static bool get_set_file(vt_span s, void *out)
{
	struct vt_entry_file *f = out;

	return get_sized_file(s, f) && f->lines <= f->size && vt_file_name_ok(f->name);
}

static bool get_release_file(vt_span s, void *out)
{
	struct vt_entry_file *f = out;

	return get_sized_file(s, f) && f->lines == 0 && path_ok(f->name);
}

static vt_err put_sized_file(vt_buf *b, const void *v)
{
	const struct vt_entry_file *f = v;
	vt_err e = put_hash(b, &f->sha256);

	if (!e)
		e = vt_buf_addf(b, " %" PRIu64 " %" PRIu64 " ", f->size, f->lines);
	return e ? e : put_span(b, &f->name);
}

static bool get_attest_file(vt_span s, void *out)
{
	struct vt_entry_file f = {0};

	if (!get_hash(word(&s), &f.sha256) || !path_ok(s))
		return false;
	f.name = s;
	*(struct vt_entry_file *)out = f;
	return true;
}

static vt_err put_attest_file(vt_buf *b, const void *v)
{
	const struct vt_entry_file *f = v;
	vt_err e = put_hash(b, &f->sha256);

	if (!e)
		e = vt_buf_add_u8(b, ' ');
	return e ? e : put_span(b, &f->name);
}

static bool get_chunk(vt_span s, void *out)
{
	uint64_t raw, packed;
	vt_hash hash;

	if (!get_number(word(&s), &raw) || !get_number(word(&s), &packed) || !get_hash(s, &hash))
		return false;
	if (raw < 1 || raw > VT_CHUNK_RAW_MAX || packed < 1 || packed > VT_CHUNK_PACKED_MAX)
		return false;
	*(struct vt_chunk *)out = (struct vt_chunk){(uint32_t)raw, (uint32_t)packed, hash};
	return true;
}

static vt_err put_chunk(vt_buf *b, const void *v)
{
	const struct vt_chunk *c = v;
	vt_err e = vt_buf_addf(b, "%" PRIu32 " %" PRIu32 " ", c->raw, c->packed);

	return e ? e : put_hash(b, &c->sha256);
}

/* Kinds that can be withdrawn and be live; a rule is VT_WITHDRAW_RULE. */
static const struct {
	const char *word;
	enum vt_entry_kind kind;
	bool live, what;
} kinds[] = {
	{"content", VT_ENTRY_CONTENT, true, true},
	{"directive", VT_ENTRY_DIRECTIVE, true, true},
	{"release", VT_ENTRY_RELEASE, true, true},
	{"withdraw", VT_ENTRY_WITHDRAW, true, false},
	{"rule", VT_WITHDRAW_RULE, false, true},
};

static bool get_kind(vt_span s, bool live, enum vt_entry_kind *out)
{
	for (size_t i = 0; i < VT_COUNT(kinds); i++) {
		if ((live ? kinds[i].live : kinds[i].what) &&
			vt_span_eq(s, vt_span_str(kinds[i].word))) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static vt_err put_kind(vt_buf *b, enum vt_entry_kind k)
{
	for (size_t i = 0; i < VT_COUNT(kinds); i++)
		if (kinds[i].kind == k)
			return vt_buf_addf(b, "%s", kinds[i].word);
	return VT_EARG;
}

static bool get_what(vt_span s, void *out)
{
	return get_kind(s, false, out);
}

static vt_err put_what(vt_buf *b, const void *v)
{
	return put_kind(b, *(const enum vt_entry_kind *)v);
}

static bool get_root(vt_span s, void *out)
{
	struct vt_state *state = out;

	return get_number(word(&s), &state->root_index) && get_hash(s, &state->root);
}

static vt_err put_root(vt_buf *b, const void *v)
{
	const struct vt_state *state = v;
	vt_err e = vt_buf_addf(b, "%" PRIu64 " ", state->root_index);

	return e ? e : put_hash(b, &state->root);
}

static bool get_live(vt_span s, void *out)
{
	struct vt_live *l = out;

	return get_kind(word(&s), true, &l->kind) && get_number(word(&s), &l->index) &&
		get_hash(s, &l->leaf);
}

static vt_err put_live(vt_buf *b, const void *v)
{
	const struct vt_live *l = v;
	vt_err e = put_kind(b, l->kind);

	if (!e)
		e = vt_buf_addf(b, " %" PRIu64 " ", l->index);
	return e ? e : put_hash(b, &l->leaf);
}

const struct vt_form *vt_form_of(enum vt_form_id id)
{
	static const char number[] = "not a number, or out of range";
	static const char file[] = "not a file's line";
	static const struct vt_form forms[VT_FORMS] = {
		[VT_FORM_NUMBER] = {get_number, put_number, sizeof(uint64_t), number},
		[VT_FORM_THRESHOLD] = {get_threshold, put_threshold, sizeof(unsigned), number},
		[VT_FORM_HASH] = {get_hash, put_hash, sizeof(vt_hash), "not a SHA-256"},
		[VT_FORM_LEAF] = {get_leaf, put_leaf, sizeof(struct vt_leaf),
			"neither a SHA-256 nor \"-\""},
		[VT_FORM_TIME] = {get_time, put_time, sizeof(int64_t), "not a time"},
		[VT_FORM_NAME] = {get_name, put_span, sizeof(vt_span), "not a name"},
		[VT_FORM_FILE] = {get_file, put_span, sizeof(vt_span), "not a file's name"},
		[VT_FORM_TEXT] = {get_text, put_span, sizeof(vt_span), "too long a text"},
		[VT_FORM_VKEY] = {get_vkey, put_vkey, sizeof(struct vt_key), "not a person's key"},
		[VT_FORM_SET_FILE] = {get_set_file, put_sized_file, sizeof(struct vt_entry_file),
			file},
		[VT_FORM_RELEASE_FILE] = {get_release_file, put_sized_file,
			sizeof(struct vt_entry_file), file},
		[VT_FORM_ATTEST_FILE] = {get_attest_file, put_attest_file,
			sizeof(struct vt_entry_file), file},
		[VT_FORM_CHUNK] = {get_chunk, put_chunk, sizeof(struct vt_chunk),
			"not a chunk's line, or its sizes are out of range"},
		[VT_FORM_WHAT] = {get_what, put_what, sizeof(enum vt_entry_kind),
			"not what can be withdrawn"},
		[VT_FORM_ROOT] = {get_root, put_root, sizeof(struct vt_state),
			"not an index and a leaf"},
		[VT_FORM_LIVE] = {get_live, put_live, sizeof(struct vt_live),
			"not a kind, an index and a leaf"},
	};

	return &forms[id];
}
