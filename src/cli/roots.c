/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/roots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

vt_err vt_roots_open(
	struct vt_roots *r, const struct vt_strings *paths, const char *list, bool nul_separated)
{
	*r = (struct vt_roots){.paths = paths, .separator = nul_separated ? 0 : '\n'};
	if (!list)
		return VT_OK;
	r->list = strcmp(list, "-") == 0 ? stdin : fopen(list, "re");
	return r->list ? VT_OK : VT_EIO;
}

vt_err vt_roots_next(struct vt_roots *r, const char **out)
{
	if (r->at < r->paths->n) {
		*out = r->paths->v[r->at++];
		return VT_OK;
	}
	while (r->list) {
		ssize_t n = getdelim(&r->line, &r->cap, r->separator, r->list);

		if (n < 0)
			return ferror(r->list) && errno != EINTR ? VT_EIO : VT_END;
		if (n && r->line[n - 1] == r->separator)
			r->line[n - 1] = 0;
		if (r->line[0]) {
			*out = r->line;
			return VT_OK;
		}
	}
	return VT_END;
}

void vt_roots_close(struct vt_roots *r)
{
	if (r->list && r->list != stdin)
		(void)fclose(r->list);
	free(r->line);
	*r = (struct vt_roots){0};
}
