/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in the databases of NSS (Firefox, Chromium, curl of some systems): cert9.db, SQLite
 * with one column an attribute of PKCS #11 (a0: CKA_CLASS, a3: CKA_LABEL, a11: CKA_VALUE).
 */
#ifndef VT_COLLECT_NSS_H
#define VT_COLLECT_NSS_H

#include "base/buf.h"
#include "inventory/artefact/certificate.h"

/* Calls fn for each certificate of the database in `b`, whose bytes are not needed any more.
 * VT_EFORMAT, VT_ENOMEM. */
VT_MUST_USE vt_err vt_nss_each(vt_buf *b, vt_certificate_fn *fn, void *ctx);

#endif
