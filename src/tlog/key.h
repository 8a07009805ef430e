/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and keys of logs, witnesses, mirrors and people, as c2sp.org/signed-note writes them:
 * <name>+<8 hex digits of the key id>+<base64 of type and key>.
 */
#ifndef VT_TLOG_KEY_H
#define VT_TLOG_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "crypto/sign.h"

#define VT_KEY_NAME_MAX 255

/* Signature types of signed-note; only types with a row in kind.c can be read. */
enum vt_key_type {
	VT_KEY_ED25519 = 0x01,     /* logs and people */
	VT_KEY_COSIGNATURE = 0x04, /* witnesses and mirrors: tlog-cosignature, Ed25519 */
};

struct vt_key {
	char name[VT_KEY_NAME_MAX + 1];
	uint8_t id[4];
	enum vt_key_type type;
	uint8_t pub[VT_PUBLIC_SIZE];
};

/* True if `name` may name a key: not empty, valid UTF-8, no white space, no '+', no control. */
bool vt_key_name_ok(vt_span name);
/* Fills in the id. VT_EARG for a name that may not be one, VT_EUNSUPPORTED. */
VT_MUST_USE vt_err vt_key_make(
	vt_span name, enum vt_key_type type, const uint8_t pub[VT_PUBLIC_SIZE], struct vt_key *out);
/* VT_EFORMAT; VT_ECHECKSUM: the id is not that of name and key; VT_EUNSUPPORTED: the type. */
VT_MUST_USE vt_err vt_key_parse(vt_span vkey, struct vt_key *out);
VT_MUST_USE vt_err vt_key_write(vt_buf *b, const struct vt_key *k);

/* A key that can sign. The holder wipes it with vt_wipe(). */
struct vt_signer {
	struct vt_key key;
	uint8_t seed[VT_SEED_SIZE];
};
VT_MUST_USE vt_err vt_signer_make(vt_span name, enum vt_key_type type,
	const uint8_t seed[VT_SEED_SIZE], struct vt_signer *out);

#endif
