/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 (RFC 8032) by libsodium, whose verdict is the only one that counts: it refuses
 * small-order and non-canonical keys and signatures that other libraries accept, and a client and
 * a monitor that disagree about one signature see two different logs.
 */
#ifndef VT_CRYPTO_SIGN_H
#define VT_CRYPTO_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_SEED_SIZE 32 /* a private key */
#define VT_PUBLIC_SIZE 32
#define VT_SIG_SIZE 64

/* Once a process, before anything else here and before a sandbox. VT_EIO without randomness. */
VT_MUST_USE vt_err vt_sign_init(void);

VT_MUST_USE bool vt_verify(
	const uint8_t pub[VT_PUBLIC_SIZE], vt_span message, const uint8_t sig[VT_SIG_SIZE]);
void vt_sign(const uint8_t seed[VT_SEED_SIZE], vt_span message, uint8_t out[VT_SIG_SIZE]);
void vt_sign_public(const uint8_t seed[VT_SEED_SIZE], uint8_t out[VT_PUBLIC_SIZE]);

/* Bytes from the kernel's random generator. */
void vt_random(void *p, size_t n);
/* Overwrites a secret; the compiler does not drop it. */
void vt_wipe(void *p, size_t n);

/*
 * A secret under a passphrase: Argon2id (moderate: about 0.7 s and 256 MiB) makes a key,
 * XChaCha20-Poly1305 seals. `sealed` is salt, nonce and box. VT_ENOMEM.
 */
#define VT_SEAL_EXTRA (16 + 24 + 16)
VT_MUST_USE vt_err vt_seal(vt_span passphrase, vt_span secret, uint8_t *sealed);
/* Opens it into `secret` (n - VT_SEAL_EXTRA bytes). VT_ECHECKSUM: wrong passphrase, or altered. */
VT_MUST_USE vt_err vt_unseal(vt_span passphrase, vt_span sealed, uint8_t *secret);

#endif
