/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <sodium.h>

#define SALT crypto_pwhash_SALTBYTES
#define NONCE crypto_secretbox_xchacha20poly1305_NONCEBYTES
#define TAG crypto_secretbox_xchacha20poly1305_MACBYTES
#define KEY crypto_secretbox_xchacha20poly1305_KEYBYTES

_Static_assert(VT_SEAL_EXTRA == SALT + NONCE + TAG, "the sizes that sign.h promises");
_Static_assert(VT_SEED_SIZE == crypto_sign_SEEDBYTES, "");
_Static_assert(VT_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "");
_Static_assert(VT_SIG_SIZE == crypto_sign_BYTES, "");

vt_err vt_sign_init(void)
{
	return sodium_init() < 0 ? VT_EIO : VT_OK;
}

bool vt_verify(const uint8_t pub[VT_PUBLIC_SIZE], vt_span message, const uint8_t sig[VT_SIG_SIZE])
{
	return crypto_sign_verify_detached(sig, message.p, message.n, pub) == 0;
}

void vt_sign(const uint8_t seed[VT_SEED_SIZE], vt_span message, uint8_t out[VT_SIG_SIZE])
{
	uint8_t pub[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pub, secret, seed);
	crypto_sign_detached(out, NULL, message.p, message.n, secret);
	vt_wipe(secret, sizeof secret);
}

void vt_sign_public(const uint8_t seed[VT_SEED_SIZE], uint8_t out[VT_PUBLIC_SIZE])
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(out, secret, seed);
	vt_wipe(secret, sizeof secret);
}

void vt_random(void *p, size_t n)
{
	randombytes_buf(p, n);
}

void vt_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

static vt_err derive(vt_span passphrase, const uint8_t *salt, uint8_t key[KEY])
{
	return crypto_pwhash(key, KEY, (const char *)passphrase.p, passphrase.n, salt,
		       crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE,
		       crypto_pwhash_ALG_ARGON2ID13)
		? VT_ENOMEM
		: VT_OK;
}

vt_err vt_seal(vt_span passphrase, vt_span secret, uint8_t *sealed)
{
	uint8_t key[KEY];
	vt_err e;

	randombytes_buf(sealed, SALT + NONCE);
	e = derive(passphrase, sealed, key);
	if (!e)
		crypto_secretbox_xchacha20poly1305_easy(
			sealed + SALT + NONCE, secret.p, secret.n, sealed + SALT, key);
	vt_wipe(key, sizeof key);
	return e;
}

vt_err vt_unseal(vt_span passphrase, vt_span sealed, uint8_t *secret)
{
	uint8_t key[KEY];
	vt_err e;

	if (sealed.n < VT_SEAL_EXTRA)
		return VT_ETRUNCATED;
	e = derive(passphrase, sealed.p, key);
	if (!e &&
		crypto_secretbox_xchacha20poly1305_open_easy(secret, sealed.p + SALT + NONCE,
			sealed.n - SALT - NONCE, sealed.p + SALT, key))
		e = VT_ECHECKSUM;
	vt_wipe(key, sizeof key);
	return e;
}
