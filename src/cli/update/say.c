/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loud messages. Under systemd standard error is the journal, and a line's priority stands in front
 * of it (sd-daemon(3)); otherwise the system's log is told as well, since nobody may look at
 * standard error.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/update/update.h"

/* JOURNAL_STREAM is "<device>:<inode>" of the journal's end (systemd.exec(5)). */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	(void)snprintf(here, sizeof here, "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	return strcmp(stream, here) == 0;
}

void vt_update_say(enum vt_loudness how, const char *command, const char *fmt, ...)
{
	static const int priorities[] = {LOG_NOTICE, LOG_WARNING, LOG_ERR};
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (is_journal()) {
		fprintf(stderr, "<%d>", priorities[how]);
	} else if (how != VT_SAY_NOTICE) {
		for (char *p = text; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				*p = '?';
		openlog("vitrine", LOG_PID | LOG_NDELAY, LOG_DAEMON);
		syslog(priorities[how], "%s: %s", command, text);
		closelog();
	}
	fprintf(stderr, "%s: ", command);
	vt_put_visible(stderr, vt_span_str(text));
	fputc('\n', stderr);
}
