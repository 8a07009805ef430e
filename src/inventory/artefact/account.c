/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/account.h"

#define FIELDS_MAX 7

/* Fields between colons; empty ones count. */
static unsigned split(vt_span line, vt_span out[FIELDS_MAX])
{
	unsigned n = 0;
	size_t from = 0;

	for (size_t i = 0; i <= line.n && n < FIELDS_MAX; i++)
		if (i == line.n || (line.p[i] == ':' && n + 1 < FIELDS_MAX)) {
			out[n++] = vt_span_of(line.p + from, i - from);
			from = i + 1;
		}
	return n;
}

/* Type, name, id, "comment", home, shell. */
static bool sysusers(vt_span line, struct vt_account *out)
{
	vt_span type, id, word;
	struct vt_account a = {0};
	const uint8_t *end;

	if (!vt_line_word(&line, &type) || !vt_line_word(&line, &a.name))
		return false;
	if (!(type.p[0] == 'u' || type.p[0] == 'g') || type.n > 2)
		return false; /* 'm' and 'r' make no account */
	a.group = type.p[0] == 'g';
	if (vt_line_word(&line, &id) && !vt_line_is(id, "-"))
		a.id = id;
	if (line.n && line.p[0] == '"' && (end = memchr(line.p + 1, '"', line.n - 1))) {
		a.about = vt_span_of(line.p + 1, (size_t)(end - line.p) - 1);
		line = vt_span_of(end + 1, line.n - (size_t)(end - line.p) - 1);
	} else {
		(void)vt_line_word(&line, &word);
	}
	if (vt_line_word(&line, &word) && !vt_line_is(word, "-"))
		a.home = word;
	if (vt_line_word(&line, &word) && !vt_line_is(word, "-"))
		a.shell = word;
	*out = a;
	return true;
}

bool vt_account_next(
	vt_reader *r, enum vt_account_form form, struct vt_account *out, unsigned *io_bad)
{
	vt_span line, f[FIELDS_MAX];
	unsigned n;

	while (vt_line_next(r, &line)) {
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == '+' || line.p[0] == '-')
			continue;
		if (form == VT_ACCOUNT_SYSUSERS) {
			if (sysusers(line, out))
				return true;
			continue;
		}
		n = split(line, f);
		if (form == VT_ACCOUNT_GROUP && n == 4 && f[0].n) {
			*out = (struct vt_account){
				.group = true, .name = f[0], .id = f[2], .members = f[3]};
			return true;
		}
		if (form == VT_ACCOUNT_PASSWD && n == 7 && f[0].n) {
			*out = (struct vt_account){.name = f[0],
				.id = f[2],
				.about = f[4],
				.home = f[5],
				.shell = f[6]};
			return true;
		}
		++*io_bad;
	}
	return false;
}
