/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's key, and keys that checks are made with. The key's name holds the machine's id: a
 * machine can't speak for another one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/prove/prove.h"
#include "cli/where.h"
#include "publish/keyfile.h"
#include "store/folder.h"

#define KEY_FILE "machine.key"
#define PREFIX "machine-"
#define ID_DIGITS 16
#define KEYS_MAX 4096
#define KEYS_FILE_MAX ((size_t)4 << 20)

bool vt_machine_key_fits(const char *key_name, vt_span machine)
{
	size_t n = vt_min_size(machine.n, ID_DIGITS);

	if (strncmp(key_name, PREFIX, strlen(PREFIX)) != 0)
		return true; /* not a key of one machine: a reviewer's, a service's */
	key_name += strlen(PREFIX);
	return n && strlen(key_name) == n && memcmp(key_name, machine.p, n) == 0;
}

static vt_err place(const struct vt_prove *p, char **out)
{
	char *state = NULL;
	vt_err e = VT_OK;
	int dir;

	if (p->machine_key) {
		*out = strdup(p->machine_key);
		return *out ? VT_OK : VT_ENOMEM;
	}
	if (p->state)
		state = strdup(p->state);
	else
		e = vt_where_state(&state);
	if (!e && !state)
		e = VT_ENOMEM;
	if (!e) {
		e = vt_store_open(state, true, &dir);
		if (!e)
			(void)close(dir);
		else
			vt_complain(VT_PROVE, state, "%s", strerror(errno));
	}
	if (!e && asprintf(out, "%s/" KEY_FILE, state) < 0)
		e = VT_ENOMEM;
	free(state);
	return e;
}

vt_err vt_machine_key(const struct vt_prove *p, vt_span machine, struct vt_signer *out)
{
	const struct vt_passphrase bare = {.bare = true};
	char name[sizeof PREFIX + ID_DIGITS];
	char *path = NULL;
	vt_err e = place(p, &path);

	if (e)
		return e;
	if (access(path, F_OK) == 0) {
		e = vt_signer_open(&p->pass, VT_PROVE, path, out);
	} else {
		if (machine.n)
			(void)snprintf(name, sizeof name, PREFIX "%.*s",
				(int)vt_min_size(machine.n, ID_DIGITS), (const char *)machine.p);
		else
			(void)snprintf(name, sizeof name, "unnamed-machine");
		e = vt_signer_new(&bare, VT_PROVE, path, vt_span_str(name), VT_KEY_ED25519, out);
		if (!e)
			fprintf(stderr, VT_PROVE ": made this machine's key, %s\n", path);
	}
	if (!e && out->key.type != VT_KEY_ED25519) {
		vt_complain(VT_PROVE, path, "not a key that signs statements");
		e = VT_EARG;
	}
	free(path);
	return e;
}

struct keys {
	const char *command;
	struct vt_key *v;
	size_t n;
};

static vt_err add_key(struct keys *k, const char *place, vt_span vkey)
{
	struct vt_key key;

	if (vt_key_parse(vkey, &key)) {
		vt_complain(k->command, place, "no key that signs statements");
		return VT_EARG;
	}
	if (k->n == KEYS_MAX) {
		vt_complain(k->command, place, "too many keys");
		return VT_ELIMIT;
	}
	k->v[k->n++] = key;
	return VT_OK;
}

static vt_err add_file(struct keys *k, const char *path)
{
	vt_buf text;
	vt_err e = vt_slurp(k->command, path, KEYS_FILE_MAX, &text);
	size_t at = 0, end;

	while (!e && at < text.n) {
		vt_span line;

		if (!vt_span_find(vt_buf_span(&text), at, "\n", 1, &end))
			end = text.n;
		line = vt_span_of(text.p + at, end - at);
		at = end + 1;
		if (vt_span_at(line, 0, "key ", 4))
			line = vt_span_of(line.p + 4, line.n - 4);
		/* a line of a key file, a comment, or what a machine is called after its key */
		if (line.n && line.p[0] != '#' && !vt_span_at(line, 0, "bare ", 5) &&
			!vt_span_at(line, 0, "sealed ", 7) && !vt_span_at(line, 0, "vitrine/", 8))
			e = add_key(k, path, line);
	}
	vt_buf_free(&text);
	return e;
}

vt_err vt_prove_keys(
	const char *command, const struct vt_strings *from, struct vt_key **out, size_t *out_n)
{
	struct keys k = {.command = command, .v = calloc(KEYS_MAX, sizeof *k.v)};
	vt_err e = k.v ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; i < from->n && !e; i++) {
		struct vt_key key;

		if (vt_key_parse(vt_span_str(from->v[i]), &key) == VT_OK)
			e = add_key(&k, from->v[i], vt_span_str(from->v[i]));
		else
			e = add_file(&k, from->v[i]);
	}
	if (e) {
		free(k.v);
		return e;
	}
	*out = k.v;
	*out_n = k.n;
	return VT_OK;
}
