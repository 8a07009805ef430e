/* SPDX-License-Identifier: Apache-2.0 */
/* What one hive of a Windows system tells; parts of the collector windows.c. */
#ifndef VT_COLLECT_WINDOWS_H
#define VT_COLLECT_WINDOWS_H

#include "collect/hive.h"

/* Of programs, keys, certificates, extensions and what starts at a logon, those of the area that
 * the hive was opened for. `user`: a hive of one user. */
void vt_windows_software(const struct vt_hive *h, vt_span user);
/* Services and drivers. */
void vt_windows_system(const struct vt_hive *h);
/* Users and groups. */
void vt_windows_sam(const struct vt_hive *h);

#endif
