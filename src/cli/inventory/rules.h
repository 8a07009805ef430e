/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's content rules as a database image, made in the sandboxed compiler. */
#ifndef VT_CLI_INVENTORY_RULES_H
#define VT_CLI_INVENTORY_RULES_H

#include "base/err.h"
#include "inventory/catalogue.h"

/*
 * *out_fd: the image, open to read; -1 if the catalogue has no content rules. `sha256` gets the
 * image's hash in hex. Prints a message that starts with `command` on an error.
 */
VT_MUST_USE vt_err vt_rules_compile(
	const char *command, const struct vt_catalogue *c, int *out_fd, char sha256[65]);

#endif
