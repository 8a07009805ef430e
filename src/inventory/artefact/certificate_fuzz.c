/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as each kind of certificate store, and what comes out of it as a certificate. */
#include "inventory/artefact/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void on_certificate(void *ctx, vt_span label, vt_span der)
{
	struct vt_certificate c;

	(void)ctx;
	for (size_t i = 0; i < label.n; i++)
		sink ^= label.p[i];
	if (vt_certificate_read(der, &c) == VT_OK)
		sink ^= (uint8_t)c.cn[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	vt_span bytes = vt_span_of(data, size), der;
	unsigned bad;

	(void)!vt_pem_each(bytes, &a, on_certificate, NULL, &bad);
	(void)!vt_p11kit_each(bytes, &a, on_certificate, NULL, &bad);
	(void)!vt_jks_each(bytes, on_certificate, NULL, &bad);
	(void)!vt_pkcs12_each(bytes, on_certificate, NULL, &bad);
	if (vt_certificate_blob(bytes, &der) == VT_OK)
		on_certificate(NULL, vt_span_of("", 0), der);
	on_certificate(NULL, vt_span_of("", 0), bytes);
	vt_arena_free(&a);
	return 0;
}
