/* SPDX-License-Identifier: Apache-2.0 */
/* The role that looks at systems, images and disks (docs/adr/0008): one job, then it ends. */
#ifndef VT_PROC_COLLECTOR_COLLECTOR_H
#define VT_PROC_COLLECTOR_COLLECTOR_H

/* Serves the channel; the process's exit code. */
int vt_collector_run(int channel);

#endif
