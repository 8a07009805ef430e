/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "os/fd.h"

#define TRUST_MAX ((size_t)16 << 20)
/* What waits to be read or sent: several records of at most 16 KiB and some. */
#define PENDING_MAX ((size_t)256 << 10)

/* Where distributions keep the certificates that they believe. */
static const char *const stores[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora and its kin */
	"/etc/ssl/ca-bundle.pem",             /* openSUSE */
	"/etc/ssl/cert.pem",
};

struct vt_tls_trust {
	SSL_CTX *ctx;
};

struct vt_tls {
	SSL *ssl;
	BIO *in, *out; /* the SSL's own */
	char why[256];
};

static SSL_CTX *new_context(void)
{
	SSL_CTX *ctx = NULL;

	/* No openssl.cnf: what is sent is to be the same on every machine. */
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
			    OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		    NULL))
		return NULL;
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		return NULL;
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	/* Tickets and resumed sessions would tell a server who comes back. */
	(void)SSL_CTX_set_options(
		ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static vt_err add_certificates(SSL_CTX *ctx, vt_span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	size_t n = 0;
	X509 *x;

	if (!bio)
		return VT_ENOMEM;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	ERR_clear_error();
	BIO_free(bio);
	return n ? VT_OK : VT_EFORMAT;
}

vt_err vt_tls_trust_open(int fd, struct vt_tls_trust **out)
{
	struct vt_tls_trust *t = calloc(1, sizeof *t);
	vt_buf pem = VT_BUF_INIT(TRUST_MAX);
	int own = -1;
	vt_err e = VT_EIO;
	uint8_t warm[16];

	if (!t)
		return VT_ENOMEM;
	for (size_t i = 0; fd < 0 && own < 0 && i < VT_COUNT(stores); i++)
		own = open(stores[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 || own >= 0)
		e = vt_fd_read_all(fd >= 0 ? fd : own, (size_t)256 << 10, &pem);
	if (!e) {
		t->ctx = new_context();
		/* The random generator opens what it needs before the sandbox. */
		e = t->ctx && RAND_bytes(warm, sizeof warm) == 1
			? add_certificates(t->ctx, vt_buf_span(&pem))
			: VT_ENOMEM;
	}
	vt_fd_close(own);
	vt_buf_free(&pem);
	if (e) {
		vt_tls_trust_close(t);
		return e;
	}
	*out = t;
	return VT_OK;
}

void vt_tls_trust_close(struct vt_tls_trust *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

/* What OpenSSL says, or what the certificate's check says. */
static vt_err failed(struct vt_tls *t, const char *doing)
{
	long verdict = SSL_get_verify_result(t->ssl);
	unsigned long code = ERR_peek_error();
	const char *words = code ? ERR_reason_error_string(code) : NULL;

	if (verdict != X509_V_OK)
		(void)snprintf(t->why, sizeof t->why, "the server's certificate is refused: %s",
			X509_verify_cert_error_string(verdict));
	else
		(void)snprintf(t->why, sizeof t->why, "TLS, %s: %s", doing,
			words ? words : "the connection is broken");
	ERR_clear_error();
	return VT_EPEER;
}

static bool name_peer(SSL *ssl, const struct vt_url *url)
{
	char host[VT_HOST_MAX + 1]; /* OpenSSL's macro takes no const */

	memcpy(host, url->host, sizeof host);
	if (url->literal)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), url->host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, url->host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

vt_err vt_tls_open(const struct vt_tls_trust *trust, const struct vt_url *url, struct vt_tls **out)
{
	struct vt_tls *t = calloc(1, sizeof *t);

	if (!t)
		return VT_ENOMEM;
	t->ssl = SSL_new(trust->ctx);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out || !name_peer(t->ssl, url)) {
		BIO_free(t->in);
		BIO_free(t->out);
		SSL_free(t->ssl);
		free(t);
		return VT_ENOMEM;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	*out = t;
	return VT_OK;
}

void vt_tls_close(struct vt_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl); /* and its two buffers */
	free(t);
}

vt_err vt_tls_feed(struct vt_tls *t, vt_span bytes)
{
	size_t done;

	if (bytes.n > INT_MAX || BIO_ctrl_pending(t->in) > PENDING_MAX)
		return VT_ELIMIT;
	return BIO_write_ex(t->in, bytes.p, bytes.n, &done) == 1 && done == bytes.n ? VT_OK
										    : VT_ENOMEM;
}

vt_err vt_tls_drain(struct vt_tls *t, vt_buf *out)
{
	size_t n = BIO_ctrl_pending(t->out), done = 0;
	vt_err e = n > PENDING_MAX ? VT_ELIMIT : vt_buf_reserve(out, n);

	if (e || n == 0)
		return e;
	if (BIO_read_ex(t->out, out->p + out->n, n, &done) != 1 || done != n)
		return VT_EPEER;
	out->n += n;
	return VT_OK;
}

vt_err vt_tls_handshake(struct vt_tls *t)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	if (r == 1)
		return VT_OK;
	if (SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ)
		return VT_EAGAIN;
	return failed(t, "agreeing on keys");
}

vt_err vt_tls_write(struct vt_tls *t, vt_span plain)
{
	size_t done = 0;

	if (plain.n > VT_TLS_WRITE)
		return VT_EARG;
	ERR_clear_error();
	if (SSL_write_ex(t->ssl, plain.p, plain.n, &done) == 1 && done == plain.n)
		return VT_OK;
	return failed(t, "sending");
}

vt_err vt_tls_read(struct vt_tls *t, void *p, size_t n, size_t *out_n)
{
	int why;

	ERR_clear_error();
	if (SSL_read_ex(t->ssl, p, n, out_n) == 1)
		return VT_OK;
	why = SSL_get_error(t->ssl, 0);
	if (why == SSL_ERROR_WANT_READ)
		return VT_EAGAIN;
	if (why != SSL_ERROR_ZERO_RETURN)
		return failed(t, "receiving");
	*out_n = 0;
	return VT_OK;
}

const char *vt_tls_why(const struct vt_tls *t)
{
	return t->why;
}
