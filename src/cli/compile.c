/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compile.h"

#include <stdio.h>

vt_err vt_compile_sources(const char *command, const struct vt_sources *sources, int fd, bool quiet)
{
	(void)sources;
	(void)fd;
	(void)quiet;
	fprintf(stderr, "%s: no compiler\n", command);
	return VT_EUNSUPPORTED;
}
