/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of certificates: Java's form by hand, cut at every place; PEM's edges; Windows' blobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inventory/artefact/certificate.h"

/* openssl req -x509: O=AO Example Lab, CN=Example Root Certificate */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
			  "MIIB0DCCAXWgAwIBAgIURd/RyJNLw+faEEP+1t11hGBaneMwCgYIKoZIzj0EAwIw\n"
			  "PDEXMBUGA1UECgwOQU8gRXhhbXBsZSBMYWIxITAfBgNVBAMMGEV4YW1wbGUgUm9v\n"
			  "dCBDZXJ0aWZpY2F0ZTAgFw0yNjExMjcyMTQ4NDNaGA8yMDU0MDQxMzIxNDg0M1ow\n"
			  "PDEXMBUGA1UECgwOQU8gRXhhbXBsZSBMYWIxITAfBgNVBAMMGEV4YW1wbGUgUm9v\n"
			  "dCBDZXJ0aWZpY2F0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIKhXGel3FWY\n"
			  "ThKwk0HuJ8Fi7gONSvwVRi6bMslimOgdGbk72e0iFu5RcJd2wimYPxrFIjx3cMRe\n"
			  "ZWNZobeUQhajUzBRMB0GA1UdDgQWBBSgm7cjMTMvHucu/KaIgO8hzImyQjAfBgNV\n"
			  "HSMEGDAWgBSgm7cjMTMvHucu/KaIgO8hzImyQjAPBgNVHRMBAf8EBTADAQH/MAoG\n"
			  "CCqGSM49BAMCA0kAMEYCIQDRDvYCJGemZypW0ac1EGoC2Q8IDmgoWbvY6anNEVmY\n"
			  "nwIhAKBceC4DiOG4mgBnWvUsIaRW0VaN63HIw6CTr6ShtXAd\n"
			  "-----END CERTIFICATE-----\n";
static const char fingerprint[] =
	"14d1f0eafa7a7932c2835f5df77b170f76cb266e577c5b7709a759fbb5c854dd";

static vt_arena arena = VT_ARENA_INIT((size_t)16 << 20);

struct seen {
	unsigned n;
	struct vt_certificate last;
	char label[64];
	uint8_t der[1024];
	size_t der_n;
};

static void on_certificate(void *ctx, vt_span label, vt_span der)
{
	struct seen *s = ctx;

	s->n++;
	assert_true(label.n < sizeof s->label && der.n <= sizeof s->der);
	memcpy(s->label, label.n ? label.p : (const uint8_t *)"", label.n);
	s->label[label.n] = 0;
	memcpy(s->der, der.p, der.n);
	s->der_n = der.n;
	assert_int_equal(vt_certificate_read(der, &s->last), VT_OK);
}

static struct seen the_certificate(void)
{
	struct seen s = {0};
	unsigned bad;

	assert_int_equal(vt_pem_each(vt_span_str(pem), &arena, on_certificate, &s, &bad), VT_OK);
	assert_int_equal(s.n, 1);
	assert_int_equal(bad, 0);
	return s;
}

static void test_pem(void **state)
{
	static const char other[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
				    "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"
				    "-----BEGIN CERTIFICATE-----\n";
	struct seen s = the_certificate();
	unsigned bad;

	(void)state;
	assert_string_equal(s.last.cn, "Example Root Certificate");
	assert_string_equal(s.last.org, "AO Example Lab");
	assert_string_equal(s.last.fingerprint, fingerprint);
	s.n = 0;
	assert_int_equal(vt_pem_each(vt_span_str(other), &arena, on_certificate, &s, &bad), VT_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(bad, 2);
	assert_int_equal(vt_pem_each(vt_span_str(""), &arena, on_certificate, &s, &bad), VT_OK);
	assert_int_equal(bad, 0);
}

static void put32(vt_buf *b, uint32_t v)
{
	for (int i = 24; i >= 0; i -= 8)
		assert_int_equal(vt_buf_add_u8(b, (uint8_t)(v >> i)), VT_OK);
}

static void put_text(vt_buf *b, const char *text)
{
	assert_int_equal(vt_buf_add_u8(b, 0), VT_OK);
	assert_int_equal(vt_buf_add_u8(b, (uint8_t)strlen(text)), VT_OK);
	assert_int_equal(vt_buf_add(b, text, strlen(text)), VT_OK);
}

static void put_certificate(vt_buf *b, const struct seen *s)
{
	put_text(b, "X.509");
	put32(b, (uint32_t)s->der_n);
	assert_int_equal(vt_buf_add(b, s->der, s->der_n), VT_OK);
}

static void test_jks(void **state)
{
	struct seen s = the_certificate(), seen = {0};
	vt_buf b = VT_BUF_INIT(10000);
	unsigned bad;

	(void)state;
	put32(&b, 0xfeedfeed);
	put32(&b, 2);
	put32(&b, 2);
	put32(&b, 2); /* a certificate */
	put_text(&b, "example");
	put32(&b, 0);
	put32(&b, 1);
	put_certificate(&b, &s);
	put32(&b, 1); /* a key with a chain of two */
	put_text(&b, "mykey");
	put32(&b, 0);
	put32(&b, 1);
	put32(&b, 3);
	assert_int_equal(vt_buf_add(&b, "key", 3), VT_OK);
	put32(&b, 2);
	put_certificate(&b, &s);
	put_certificate(&b, &s);
	for (int i = 0; i < 5; i++)
		put32(&b, 0); /* the seal */
	assert_int_equal(vt_jks_each(vt_buf_span(&b), on_certificate, &seen, &bad), VT_OK);
	assert_int_equal(seen.n, 3);
	assert_string_equal(seen.label, "mykey");
	assert_string_equal(seen.last.cn, "Example Root Certificate");
	for (size_t n = 0; n < b.n; n++)
		assert_int_not_equal(
			vt_jks_each(vt_span_of(b.p, n), on_certificate, &seen, &bad), VT_OK);
	vt_buf_free(&b);
}

static void test_blob(void **state)
{
	static const uint8_t blob[] = {
		3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 9, 32, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7};
	vt_span der;

	(void)state;
	assert_int_equal(vt_certificate_blob(vt_span_of(blob, sizeof blob), &der), VT_OK);
	assert_int_equal(der.n, 1);
	assert_int_equal(der.p[0], 7);
	assert_int_equal(vt_certificate_blob(vt_span_of(blob, 14), &der), VT_END);
	for (size_t n = 15; n < sizeof blob; n++)
		assert_int_equal(vt_certificate_blob(vt_span_of(blob, n), &der), VT_ETRUNCATED);
}

static void test_p11kit(void **state)
{
	static const char text[] =
		"# x\n[p11-kit-object-v1]\nlabel: \"An%20Example\"\nclass: certificate\n"
		"value: \"%ZZ\"\n";
	struct seen s = {0};
	vt_buf b = VT_BUF_INIT(10000);
	unsigned bad;

	(void)state;
	assert_int_equal(
		vt_p11kit_each(vt_span_str(text), &arena, on_certificate, &s, &bad), VT_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(bad, 1);
	assert_int_equal(
		vt_p11kit_each(vt_span_str(pem), &arena, on_certificate, &s, &bad), VT_EFORMAT);
	/* an extension's value is not a certificate, wherever its class stands */
	assert_int_equal(
		vt_p11kit_each(vt_span_str("[p11-kit-object-v1]\nvalue: \"%30%00\"\nclass: "
					   "x-certificate-extension\n[p11-kit-object-v1]\n"),
			&arena, on_certificate, &s, &bad),
		VT_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(bad, 0);
	/* DER, byte by byte as %XX */
	s = the_certificate();
	assert_int_equal(
		vt_buf_addf(&b, "[p11-kit-object-v1]\nlabel: \"An%%20Example\"\nvalue: \""), VT_OK);
	for (size_t i = 0; i < s.der_n; i++)
		assert_int_equal(vt_buf_addf(&b, i % 2 ? "%%%02X" : "%%%02x", s.der[i]), VT_OK);
	assert_int_equal(vt_buf_addf(&b, "\"\n%s", pem), VT_OK);
	s.n = 0;
	assert_int_equal(vt_p11kit_each(vt_buf_span(&b), &arena, on_certificate, &s, &bad), VT_OK);
	assert_int_equal(s.n, 2);
	assert_int_equal(bad, 0);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_jks),
		cmocka_unit_test(test_blob),
		cmocka_unit_test(test_p11kit),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	vt_arena_free(&arena);
	return r;
}
