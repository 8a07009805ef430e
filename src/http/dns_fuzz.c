/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of a resolver, as /etc/hosts, as resolv.conf and as a URL. */
#include <stdlib.h>

#include "http/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_url(vt_span s)
{
	struct vt_url u;
	const char *why = NULL;
	vt_buf question = VT_BUF_INIT(VT_DNS_MAX);

	if (vt_url_parse(s, &u, &why)) {
		check(why != NULL);
		return;
	}
	check(u.port != 0 && u.path.n > 0 && u.path.p[0] == '/');
	for (size_t i = 0; i < u.path.n; i++)
		check(u.path.p[i] > 0x20 && u.path.p[i] < 0x7f && !strchr("?#%@", u.path.p[i]));
	if (!u.literal)
		check(vt_dns_ask(&question, u.host, false) == VT_OK);
	vt_buf_free(&question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf question = VT_BUF_INIT(VT_DNS_MAX);
	vt_span s = vt_span_of(data, size);
	struct vt_addresses a = {0}, b = {0}, c = {0};
	bool v6 = size && data[size - 1] & 1;
	vt_err e;

	check(vt_dns_ask(&question, "updates.example", v6) == VT_OK);
	e = vt_dns_read(s, vt_buf_span(&question), &a);
	check(a.n <= VT_ADDRESSES && (e != VT_OK || a.n > 0));
	for (size_t i = 0; e == VT_OK && i < a.n; i++)
		check(a.v[i].v6 == v6);
	vt_hosts_find(s, "updates.example", &b);
	check(b.n <= VT_ADDRESSES);
	vt_resolv_read(s, &c);
	check(c.n <= VT_NAMESERVERS);
	check_url(s);
	vt_buf_free(&question);
	return 0;
}
