/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src/tlog behind a line protocol: one question a line, one answer a line. peer.go answers the same
 * questions with Go's golang.org/x/mod/sumdb; tests/e2e/test_tlog_oracle.py asks both. Bytes are
 * hexadecimal, "-" is none; the log's leaves are "leaf-0", "leaf-1", ...
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/note.h"
#include "tlog/tile.h"

#define MOST 4200u
#define WORDS 6

static vt_hash *levels[13];

static void die(const char *why)
{
	(void)fprintf(stderr, "tlog-peer: %s\n", why);
	exit(1);
}

static void grow_tree(void)
{
	for (unsigned l = 0; l < VT_COUNT(levels); l++) {
		levels[l] = calloc(MOST >> l, sizeof(vt_hash));
		if (!levels[l])
			die("no memory");
		for (size_t i = 0; i < MOST >> l; i++) {
			char text[20];
			int n = snprintf(text, sizeof text, "leaf-%zu", i);

			if (l > 0)
				vt_merkle_node(&levels[l - 1][2 * i], &levels[l - 1][2 * i + 1],
					&levels[l][i]);
			else
				vt_merkle_leaf(vt_span_of(text, (size_t)n), &levels[0][i]);
		}
	}
}

static vt_err get(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	(void)ctx;
	if (level >= VT_COUNT(levels) || index >= MOST >> level)
		return VT_EARG;
	*out = levels[level][index];
	return VT_OK;
}

static uint64_t number(vt_span s)
{
	uint64_t v;

	if (!vt_decimal_get(s, &v))
		die("a number");
	return v;
}

/* What an answer has decoded, until it is given. */
static uint8_t *decoded[WORDS];
static size_t ndecoded;

/* Decodes hexadecimal into memory of exactly that size, for as long as the question lasts. */
static vt_span raw(vt_span hex)
{
	size_t n = hex.n / 2;
	uint8_t *p = malloc(n ? n : 1);

	if (ndecoded == WORDS)
		die("too much to decode");
	decoded[ndecoded++] = p;
	if (vt_span_eq(hex, vt_span_str("-")))
		return vt_span_of(p, 0);
	if (!p || !vt_hex_get(hex, p, n))
		die("hexadecimal");
	return vt_span_of(p, n);
}

static vt_hash hash(vt_span hex)
{
	vt_hash h;

	if (!vt_hex_get(hex, h.b, sizeof h.b))
		die("a hash");
	return h;
}

static struct vt_proof proof(vt_span hex)
{
	struct vt_proof p = {0};
	vt_span s = raw(hex);

	p.n = s.n / VT_HASH_SIZE;
	if (p.n > VT_PROOF_MAX)
		die("too many hashes");
	memcpy(p.v, s.p, p.n * VT_HASH_SIZE);
	return p;
}

static void show(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		(void)printf("%02x", b[i]);
	(void)puts(n ? "" : "-");
}

static void show_proof(vt_err e, const struct vt_proof *p)
{
	if (e)
		(void)puts("refused");
	else
		show(p->v, p->n * VT_HASH_SIZE);
}

static void prove(vt_span *w)
{
	bool consist = vt_span_eq(w[0], vt_span_str("consist"));
	struct vt_proof p;

	show_proof((consist ? vt_merkle_prove_consistent : vt_merkle_prove_included)(
			   get, NULL, number(w[1]), number(w[2]), &p),
		&p);
}

static void root(vt_span *w)
{
	vt_hash h;

	if (vt_merkle_root(get, NULL, number(w[1]), &h))
		(void)puts("refused");
	else
		show(h.b, sizeof h.b);
}

static void check(vt_span *w)
{
	bool consistent = vt_span_eq(w[0], vt_span_str("consistent"));
	struct vt_proof p = proof(w[5]);
	vt_hash a = hash(w[3]), b = hash(w[4]);

	/* included <index> <size> <root> <leaf> <proof>; consistent <old> <new> <old root> ... */
	(void)puts((consistent ? vt_merkle_consistent(&p, number(w[1]), &a, number(w[2]), &b)
			       : vt_merkle_included(&p, number(w[1]), number(w[2]), &b, &a))
			? "yes"
			: "no");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Texts to be sorted: paths or names. */
struct texts {
	size_t n;
	char v[100][VT_KEY_NAME_MAX + 1];
};

static vt_err on_tile(void *ctx, const struct vt_tile *t)
{
	struct texts *all = ctx;

	if (t->level == VT_TILE_ENTRIES)
		return VT_OK;
	if (all->n == VT_COUNT(all->v))
		return VT_ELIMIT;
	(void)vt_tile_path(t, all->v[all->n++]);
	return VT_OK;
}

static void tiles(vt_span *w)
{
	static struct texts all;

	all.n = 0;
	if (vt_tile_each_new(number(w[1]), number(w[2]), on_tile, &all))
		die("tiles");
	qsort(all.v, all.n, sizeof all.v[0], by_text);
	for (size_t i = 0; i < all.n; i++)
		(void)printf("%s ", all.v[i]);
	(void)puts(".");
}

static vt_err serve(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct vt_tile t;
	vt_err e = vt_tile_path_parse(vt_span_str(path), &t);

	(void)ctx;
	(void)max;
	for (uint64_t i = 0; !e && i < t.width; i++) {
		vt_hash h;

		e = get(NULL, 8 * t.level, t.index * VT_TILE_WIDTH + i, &h);
		if (!e)
			e = vt_buf_add(out, h.b, sizeof h.b);
	}
	return e;
}

/* The tile as the checked reader hands it out, of the tree whose tile is of this width. */
static void tile(vt_span *w)
{
	unsigned level = (unsigned)number(w[1]);
	uint64_t first = number(w[2]) * VT_TILE_WIDTH, width = number(w[3]);
	uint64_t size = (first + width) << 8 * level;
	vt_buf b = VT_BUF_INIT(8192);
	struct vt_tiles *t;
	vt_hash h;
	vt_err e = vt_merkle_root(get, NULL, size, &h);

	if (!e)
		e = vt_tiles_open(size, &h, serve, NULL, &t);
	if (e) {
		(void)puts("refused");
		return;
	}
	for (uint64_t i = 0; !e && i < width; i++) {
		e = vt_tiles_get(t, 8 * level, first + i, &h);
		if (!e)
			e = vt_buf_add(&b, h.b, sizeof h.b);
	}
	if (e)
		(void)puts("refused");
	else
		show(b.p, b.n);
	vt_buf_free(&b);
	vt_tiles_close(t);
}

static void path(vt_span *w)
{
	struct vt_tile t;

	if (vt_tile_path_parse(raw(w[1]), &t) || t.level == VT_TILE_ENTRIES)
		(void)puts("refused");
	else
		(void)printf("%u %llu %u\n", t.level, (unsigned long long)t.index, t.width);
}

static void open_note(vt_span *w)
{
	static struct vt_note note;
	static struct texts names;
	vt_span rest = w[1];
	bool bad = false;

	names.n = 0;
	if (vt_note_parse(raw(w[2]), &note)) {
		(void)puts("malformed");
		return;
	}
	while (rest.n && names.n < VT_COUNT(names.v)) {
		size_t n = rest.n;
		struct vt_key k;
		uint64_t time;

		(void)vt_span_find(rest, 0, ",", 1, &n);
		if (vt_key_parse(vt_span_of(rest.p, n), &k))
			die("a key");
		switch (vt_note_verify(&note, &k, &time)) {
		case VT_SIGNED_NO: break;
		case VT_SIGNED_BAD: bad = true; break;
		case VT_SIGNED_YES:
			(void)snprintf(names.v[names.n++], sizeof names.v[0], "%s", k.name);
			break;
		}
		rest = vt_span_clip(rest, n + 1, rest.n);
	}
	if (bad || names.n == 0) {
		(void)puts(bad ? "invalid" : "unsigned");
		return;
	}
	qsort(names.v, names.n, sizeof names.v[0], by_text);
	(void)printf("signed ");
	for (size_t i = 0; i < names.n; i++)
		(void)printf("%s ", names.v[i]);
	show(note.text.p, note.text.n);
}

static void sign(vt_span *w)
{
	vt_span seed = raw(w[2]), text = raw(w[3]);
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_signer s;

	if (vt_signer_make(w[1], VT_KEY_ED25519, seed.p, &s) || vt_buf_add(&b, text.p, text.n) ||
		vt_buf_add_u8(&b, '\n') || vt_note_sign(&b, &s, text, 0))
		(void)puts("refused");
	else
		show(b.p, b.n);
	vt_buf_free(&b);
}

static void answer(vt_span line)
{
	static const struct {
		const char *word;
		size_t nwords;
		void (*answer)(vt_span *words);
	} questions[] = {{"root", 2, root}, {"include", 3, prove}, {"consist", 3, prove},
		{"included", 6, check}, {"consistent", 6, check}, {"tiles", 3, tiles},
		{"tile", 4, tile}, {"path", 2, path}, {"open", 3, open_note}, {"sign", 4, sign}};
	vt_span words[WORDS];
	size_t n = 0;

	while (line.n && n < WORDS) {
		size_t end = line.n;

		(void)vt_span_find(line, 0, " ", 1, &end);
		words[n++] = vt_span_of(line.p, end);
		line = vt_span_clip(line, end + 1, line.n);
	}
	for (size_t i = 0; i < VT_COUNT(questions); i++) {
		if (n != questions[i].nwords ||
			!vt_span_eq(words[0], vt_span_str(questions[i].word)))
			continue;
		questions[i].answer(words);
		while (ndecoded > 0)
			free(decoded[--ndecoded]);
		return;
	}
	die("a question");
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (vt_sign_init())
		return 1;
	grow_tree();
	while ((n = getline(&line, &cap, stdin)) > 0)
		answer(vt_span_of(line, (size_t)n - (line[n - 1] == '\n' ? 1 : 0)));
	free(line);
	return 0;
}
