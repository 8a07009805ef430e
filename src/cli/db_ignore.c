/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/db_ignore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "engine/db/db.h"

static bool has_suffix(vt_span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n > n && strncasecmp((const char *)s.p + s.n - n, suffix, n) == 0;
}

bool vt_db_is_ignore_list(vt_span set_name)
{
	return has_suffix(set_name, ".ign") || has_suffix(set_name, ".ign2");
}

/* "name", "name:md5 of its line" or "file:line:name" */
vt_err vt_db_ignores_add(struct vt_db_ignores *i, vt_span line)
{
	vt_span first = vt_line_field(line, ':', 0), second = vt_line_field(line, ':', 1);
	vt_span third = vt_line_field(line, ':', 2), name = third.n ? third : first;
	struct vt_db_ignore *g;

	if (name.n == 0 || name.p[0] == '#')
		return VT_OK;
	if (i->n == i->cap) {
		size_t cap = i->cap ? 2 * i->cap : 16;

		g = realloc(i->v, cap * sizeof *g);
		if (!g)
			return VT_ENOMEM;
		i->v = g;
		i->cap = cap;
	}
	g = &i->v[i->n];
	*g = (struct vt_db_ignore){.name = strndup((const char *)name.p, name.n)};
	if (!g->name)
		return VT_ENOMEM;
	if (!third.n && second.n == 32)
		memcpy(g->md5, second.p, 32);
	i->n++;
	return VT_OK;
}

bool vt_db_ignores_has(const struct vt_db_ignores *i, vt_span name, vt_span line)
{
	for (size_t k = 0; k < i->n; k++) {
		const struct vt_db_ignore *g = &i->v[k];
		uint8_t sum[16];
		char hex[33];

		if (!vt_span_eq(name, vt_span_str(g->name)))
			continue;
		if (!g->md5[0])
			return true;
		vt_md5(line, sum);
		for (size_t b = 0; b < sizeof sum; b++)
			(void)snprintf(hex + 2 * b, 3, "%02x", sum[b]);
		if (strcasecmp(hex, g->md5) == 0)
			return true;
	}
	return false;
}

void vt_db_ignores_free(struct vt_db_ignores *i)
{
	for (size_t k = 0; k < i->n; k++)
		free(i->v[k].name);
	free(i->v);
	*i = (struct vt_db_ignores){0};
}
