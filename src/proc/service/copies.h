/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes a mirror's copies of its logs. */
#ifndef VT_PROC_SERVICE_COPIES_H
#define VT_PROC_SERVICE_COPIES_H

#include "proc/service/mirror.h"

/* VT_ECHECKSUM, VT_EFORMAT: a stored copy is damaged (said already). VT_EIO. */
VT_MUST_USE vt_err vt_copies_open(struct vt_mirror *m);
void vt_copies_close(struct vt_mirror *m);

#endif
