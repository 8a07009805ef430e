/* SPDX-License-Identifier: Apache-2.0 */
/* A Java archive that lies in memory: what was packed into it is reported. */
#ifndef VT_COLLECT_JAR_H
#define VT_COLLECT_JAR_H

#include "collect/collect.h"

void vt_jar_read(struct vt_collect *c, vt_span path, vt_span bytes);

#endif
