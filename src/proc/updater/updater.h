/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The updater: the one process with sockets. It is handed URLs and bodies, and hands bytes back; it
 * knows no file but the folder of the egress ledger, where each byte is before it is sent.
 */
#ifndef VT_PROC_UPDATER_UPDATER_H
#define VT_PROC_UPDATER_UPDATER_H

/*
 * Shuts itself in, answers requests until the channel closes. Returns the process's exit code: 0,
 * VT_EXIT_MEMORY, or 1.
 */
int vt_updater_run(int channel);

#endif
