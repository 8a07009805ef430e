/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a witness or a mirror: lines "Key Value", '#' comments, as clamd.conf has
 * them (docs/cli/witness.md, docs/cli/mirror.md). A key that is not known is an error: a limit that
 * was misspelt would not be one.
 */
#ifndef VT_PROC_SERVICE_CONFIG_H
#define VT_PROC_SERVICE_CONFIG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/key.h"

#define VT_SERVICE_CONFIG_MAX ((size_t)16 << 20)
#define VT_SERVICE_LISTEN_MAX 4
#define VT_SERVICE_LOGS_MAX 65536
#define VT_SERVICE_WITNESSES_MAX 32

/* Which service a key is for; or'ed. */
enum vt_service {
	VT_SERVICE_WITNESS = 1,
	VT_SERVICE_MIRROR = 2,
};

struct vt_service_log {
	struct vt_key key;
	const char *url; /* where a mirror reads it: a URL or a folder; NULL: none */
};

struct vt_service_config {
	enum vt_service kind;
	size_t nlisten, nlogs, nwitnesses;
	const char *listen[VT_SERVICE_LISTEN_MAX]; /* "127.0.0.1:80", "[::1]:80", "/run/x.sock" */
	const char *key;                           /* key file, bare, type 0x04 */
	const char *state;                         /* folder */
	const char *prefix;                        /* "" or "/w" */
	struct vt_service_log *logs;               /* by origin, distinct */
	struct vt_key *witnesses; /* a mirror passes their cosignatures on, once verified */
	uint32_t connections, per_address;
	uint32_t request_s; /* a request must be there within; an answer may take ten times that */
	uint32_t clock_step_s; /* how far the clock may go back before nothing is signed */
	uint32_t poll_s;       /* a mirror looks at its logs this often; 0: never */
	uint32_t restamp_s;    /* a mirror signs an unchanged head again after this */
};

struct vt_service_error {
	unsigned line;     /* from 1; 0: the file as a whole */
	const char *cause; /* static */
};

/*
 * Everything lives in `a`. VT_EFORMAT with *why, VT_ELIMIT with *why, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_service_config_parse(vt_span file, enum vt_service kind, vt_arena *a,
	struct vt_service_config *out, struct vt_service_error *why);
/* The log with this origin; VT_SERVICE_LOGS_MAX if there is none. */
size_t vt_service_log_find(const struct vt_service_config *c, vt_span origin);

/* "host:port" taken apart; false if it is not of that form. A path is not. */
VT_MUST_USE bool vt_service_listen_parse(
	const char *listen, char *host, size_t host_max, uint16_t *out_port);

#endif
