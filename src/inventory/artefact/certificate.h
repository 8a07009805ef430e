/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates (RFC 5280, read by OpenSSL) and the files that trust stores keep them in: PEM
 * (RFC 7468, with OpenSSL's TRUSTED form), p11-kit's, Java's JKS, PKCS #12 (RFC 7292), and the
 * blobs of Windows' registry.
 */
#ifndef VT_INVENTORY_ARTEFACT_CERTIFICATE_H
#define VT_INVENTORY_ARTEFACT_CERTIFICATE_H

#include "base/buf.h"
#include "inventory/artefact/line.h"

struct vt_certificate {
	char cn[256], org[256]; /* UTF-8, cut; the last of several. "" if there is none */
	char fingerprint[65];   /* SHA-256 of the whole, lower-case hexadecimal */
};
/* DER; bytes after the certificate (OpenSSL's trust settings) are passed over. VT_EFORMAT. */
VT_MUST_USE vt_err vt_certificate_read(vt_span der, struct vt_certificate *out);

/* A certificate's DER found in a store, with the name that it has there (may be empty). */
typedef void vt_certificate_fn(void *ctx, vt_span label, vt_span der);

/*
 * Each of these calls fn for every certificate. *out_bad counts entries that are none or can't be
 * read. VT_EFORMAT: not that kind of file. VT_ETRUNCATED. VT_ENOMEM.
 */
/* Any text with PEM blocks; one without any is fine (0 certificates). */
VT_MUST_USE vt_err vt_pem_each(
	vt_span text, vt_arena *a, vt_certificate_fn *fn, void *ctx, unsigned *out_bad);
/* p11-kit's persist form: [p11-kit-object-v1] with "value:" or PEM in it. */
VT_MUST_USE vt_err vt_p11kit_each(
	vt_span text, vt_arena *a, vt_certificate_fn *fn, void *ctx, unsigned *out_bad);
/* JKS and JCEKS: certificate entries, and the chains of keys; the password only seals it. */
VT_MUST_USE vt_err vt_jks_each(vt_span bytes, vt_certificate_fn *fn, void *ctx, unsigned *out_bad);
/* PKCS #12 with no password, or one of Java's habitual ones. VT_EENCRYPTED: another. */
VT_MUST_USE vt_err vt_pkcs12_each(
	vt_span bytes, vt_certificate_fn *fn, void *ctx, unsigned *out_bad);
/* The value "Blob" of a key below SystemCertificates; VT_END: no certificate in it. */
VT_MUST_USE vt_err vt_certificate_blob(vt_span blob, vt_span *out_der);

#endif
