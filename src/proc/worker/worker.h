/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: reads the descriptors that it is handed, scans them, answers on its channel
 * (ipc/channel.h). It opens nothing. One thread.
 */
#ifndef VT_PROC_WORKER_WORKER_H
#define VT_PROC_WORKER_WORKER_H

/*
 * Shuts itself in, then serves until the channel closes. Returns the process's exit code: 0 at the
 * channel's end, VT_EXIT_MEMORY, 1 for everything else.
 */
int vt_worker_run(int channel);

#endif
