/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "os/fd.h"

void vt_say(const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	n = (int)strlen(line);
	line[n] = '\n';
	/* one write, so that lines of threads don't mix; a closed stderr is nobody's loss */
	if (vt_fd_write(2, line, (size_t)n + 1))
		return;
}
