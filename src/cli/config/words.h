/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's configuration of updates in words. */
#ifndef VT_CLI_CONFIG_WORDS_H
#define VT_CLI_CONFIG_WORDS_H

#include <stdio.h>

#include "update/config.h"

/* What must be true for an update to be applied, and what the owner should think about. */
void vt_policy_words(const struct vt_update_config *c, FILE *f);

#endif
