/* SPDX-License-Identifier: Apache-2.0 */
/* `vitrine witness` and `vitrine mirror`: what the verbs share. */
#ifndef VT_CLI_SERVICE_SERVICE_H
#define VT_CLI_SERVICE_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "proc/service/config.h"

/* The verbs of either command; argv[0] is the verb. */
int vt_service_cmd_serve(enum vt_service kind, int argc, char **argv);
int vt_service_cmd_keygen(enum vt_service kind, int argc, char **argv);
int vt_service_cmd_status(enum vt_service kind, int argc, char **argv);
int vt_service_cmd_add_log(enum vt_service kind, int argc, char **argv);

/* "witness" */
const char *vt_service_word(enum vt_service kind);

/* A configuration that was read; its strings live in the arena. */
struct vt_service_file {
	char *path;
	vt_buf bytes;
	vt_arena arena;
	struct vt_service_config config;
};
/* `path` NULL: witness.conf or mirror.conf in the folder of the owner's configuration. Says what is
 * wrong. */
VT_MUST_USE vt_err vt_service_file_read(
	enum vt_service kind, const char *path, struct vt_service_file *out);
void vt_service_file_free(struct vt_service_file *f);

#endif
