/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys in files: a vkey line, then the seed, sealed under a passphrase or, for services
 * that start unattended, bare. Mode 0600, refused when others may read it.
 *
 *	vitrine/key/v1
 *	key <vkey>
 *	sealed <base64>        or: bare <base64>
 */
#ifndef VT_PUBLISH_KEYFILE_H
#define VT_PUBLISH_KEYFILE_H

#include <stdbool.h>

#include "base/err.h"
#include "tlog/key.h"

/* Makes a new key and its file (never over an existing one: VT_EIO, EEXIST). NULL: bare. */
VT_MUST_USE vt_err vt_keyfile_new(const char *path, vt_span name, enum vt_key_type type,
	const vt_span *passphrase, struct vt_signer *out);
/* The public part; no passphrase needed. VT_EFORMAT, VT_EIO; EACCES: others may read it. */
VT_MUST_USE vt_err vt_keyfile_public(const char *path, struct vt_key *out, bool *out_sealed);
/* VT_ECHECKSUM: wrong passphrase. */
VT_MUST_USE vt_err vt_keyfile_open(
	const char *path, const vt_span *passphrase, struct vt_signer *out);

#endif
