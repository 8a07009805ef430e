/* SPDX-License-Identifier: Apache-2.0 */
/* "/<hex SHA-256 of an origin>/<file>": the logs of a service by the hash that their URLs have. */
#ifndef VT_PROC_SERVICE_ORIGINS_H
#define VT_PROC_SERVICE_ORIGINS_H

#include "proc/service/config.h"

#define VT_ORIGIN_HEX_SIZE (64 + 1)

struct vt_origins;
/* VT_ENOMEM. */
VT_MUST_USE vt_err vt_origins_make(const struct vt_service_config *c, struct vt_origins **out);
void vt_origins_free(struct vt_origins *o);
/*
 * The index of the log, and what stands behind its hash and a '/'; VT_SERVICE_LOGS_MAX if the path
 * is not of that form or the log is not known.
 */
size_t vt_origins_find(const struct vt_origins *o, const char *path, const char **out_file);
/* Lower-case hexadecimal of the hash; returns `out`. */
const char *vt_origin_hex(vt_span origin, char out[VT_ORIGIN_HEX_SIZE]);

#endif
