/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT and SIGTERM ask a scan to stop: it reports what it has. The same signal again ends the
 * process at once. SIGPIPE is ignored: writing to a closed pipe fails with EPIPE instead.
 */
#ifndef VT_CLI_SIGNALS_H
#define VT_CLI_SIGNALS_H

void vt_signals_install(void);
/* The signal that asked to stop, or 0. */
int vt_signals_stop(void);

#endif
