/* SPDX-License-Identifier: Apache-2.0 */
#include "http/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/num.h"
#include "http/dns.h"
#include "http/wire.h"
#include "os/fd.h"

#define HOSTS_MAX ((size_t)4 << 20)
#define RESOLV_MAX ((size_t)64 << 10)
#define TRIES 2
#define TRY_MS 3000
#define DNS_PORT 53
#define STRANGERS 16 /* datagrams that answer something else, for one question */

static vt_err read_etc(const char *path, size_t max, vt_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_err e;

	out->max = max;
	if (fd < 0)
		return VT_OK;
	e = vt_fd_read_all(fd, 4096, out);
	vt_fd_close(fd);
	return e == VT_ENOMEM ? e : VT_OK;
}

vt_err vt_names_open(struct vt_ledger *ledger, uint32_t timeout_ms, struct vt_names *out)
{
	vt_buf resolv = {0};
	vt_err e;

	*out = (struct vt_names){.ledger = ledger, .timeout_ms = timeout_ms};
	e = read_etc("/etc/hosts", HOSTS_MAX, &out->hosts);
	if (!e)
		e = read_etc("/etc/resolv.conf", RESOLV_MAX, &resolv);
	if (!e)
		vt_resolv_read(vt_buf_span(&resolv), &out->servers);
	/* resolv.conf(5): without any, this machine's own. */
	if (out->servers.n == 0)
		vt_addresses_add(&out->servers, &(const struct vt_address){.b = {127, 0, 0, 1}});
	vt_buf_free(&resolv);
	return e;
}

void vt_names_close(struct vt_names *n)
{
	vt_buf_free(&n->hosts);
}

/* Receives datagrams until one answers. */
static vt_err await(int fd, vt_span question, uint64_t deadline, struct vt_addresses *out)
{
	/* One byte more than may come, so that a longer one shows. */
	uint8_t answer[VT_DNS_MAX + 1];
	size_t n;

	for (unsigned i = 0; i < STRANGERS; i++) {
		vt_err e = vt_wire_receive(fd, answer, sizeof answer, deadline, &n);

		if (!e && n <= VT_DNS_MAX)
			e = vt_dns_read(vt_span_of(answer, n), question, out);
		else if (!e)
			e = VT_EFORMAT;
		else if (e == VT_EAGAIN)
			return VT_EPEER;
		if (e != VT_EAGAIN)
			return e;
	}
	return VT_EPEER;
}

/* One question to one server. VT_END: it knows of none. */
static vt_err ask(const struct vt_names *n, const struct vt_address *server, vt_span question,
	uint64_t deadline, struct vt_addresses *out)
{
	struct sockaddr_storage to;
	socklen_t size = vt_address_sockaddr(server, DNS_PORT, &to);
	char peer[VT_ADDRESS_TEXT];
	struct vt_wire w = {.ledger = n->ledger, .kind = VT_EGRESS_DNS};
	vt_err e;

	w.peer = vt_span_str(vt_address_text(server, DNS_PORT, peer));
	w.fd = socket(
		server->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w.fd < 0)
		return VT_EPEER;
	/* Connected: datagrams of others don't come in, and a closed port shows. */
	e = connect(w.fd, (const struct sockaddr *)&to, size) ? VT_EPEER : VT_OK;
	if (!e)
		e = vt_wire_send(&w, question, deadline);
	if (!e)
		e = await(w.fd, question, deadline, out);
	vt_fd_close(w.fd);
	return e;
}

/* Every server in turn, twice. */
static vt_err ask_all(const struct vt_names *n, const char *host, bool v6, uint64_t deadline,
	struct vt_addresses *out)
{
	vt_buf question = VT_BUF_INIT(VT_DNS_MAX);
	vt_err e = vt_dns_ask(&question, host, v6), answer = VT_EPEER;

	for (size_t i = 0; !e && i < TRIES * n->servers.n; i++) {
		uint64_t until = vt_min_u64(deadline, vt_clock_ms() + TRY_MS);

		answer =
			ask(n, &n->servers.v[i % n->servers.n], vt_buf_span(&question), until, out);
		if (answer == VT_OK || answer == VT_END || answer == VT_EIO)
			break;
		if (vt_clock_ms() >= deadline)
			break;
	}
	vt_buf_free(&question);
	return e ? e : answer;
}

vt_err vt_names_find(struct vt_names *n, const struct vt_url *url, struct vt_addresses *out,
	const char **out_why)
{
	uint64_t deadline = vt_clock_ms() + n->timeout_ms;
	struct vt_addresses found = {0};
	struct vt_address a;
	vt_err e4, e6;

	if (url->literal && vt_address_parse(vt_span_str(url->host), &a)) {
		vt_addresses_add(&found, &a);
		*out = found;
		return VT_OK;
	}
	vt_hosts_find(vt_buf_span(&n->hosts), url->host, &found);
	if (found.n == 0) {
		/* Both questions always: what is asked does not depend on what is answered. */
		e4 = ask_all(n, url->host, false, deadline, &found);
		e6 = e4 == VT_EIO ? e4 : ask_all(n, url->host, true, deadline, &found);
		if (e4 == VT_EIO || e6 == VT_EIO)
			return VT_EIO;
		*out_why = e4 == VT_END && e6 == VT_END
			? "there is no such host"
			: "no nameserver of /etc/resolv.conf answered properly";
	}
	if (found.n == 0)
		return VT_EPEER;
	*out = found;
	return VT_OK;
}
