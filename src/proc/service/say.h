/* SPDX-License-Identifier: Apache-2.0 */
/* A service's messages: lines on standard error, which systemd puts into the journal. */
#ifndef VT_PROC_SERVICE_SAY_H
#define VT_PROC_SERVICE_SAY_H

/* One line. Bytes outside of printable ASCII and UTF-8's range become '?'. */
void vt_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
