/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text, /etc/hosts (hosts(5)) and /etc/resolv.conf (resolv.conf(5)): the pure parts.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/num.h"
#include "http/names.h"

bool vt_address_parse(vt_span text, struct vt_address *out)
{
	char buf[INET6_ADDRSTRLEN];
	struct vt_address a = {0};

	if (text.n == 0 || text.n >= sizeof buf || memchr(text.p, 0, text.n))
		return false;
	memcpy(buf, text.p, text.n);
	buf[text.n] = 0;
	a.v6 = strchr(buf, ':') != NULL;
	if (inet_pton(a.v6 ? AF_INET6 : AF_INET, buf, a.b) != 1)
		return false;
	*out = a;
	return true;
}

void vt_addresses_add(struct vt_addresses *a, const struct vt_address *address)
{
	if (a->n < VT_COUNT(a->v))
		a->v[a->n++] = *address;
}

/* The next line without its end and comment. */
static bool next_line(vt_reader *r, const char *comments, vt_span *out)
{
	vt_span rest = vt_span_clip(r->s, r->at, r->s.n);
	size_t n = 0, keep;

	if (rest.n == 0)
		return false;
	while (n < rest.n && rest.p[n] != '\n')
		n++;
	for (keep = 0; keep < n && (rest.p[keep] == 0 || !strchr(comments, rest.p[keep]));)
		keep++;
	*out = vt_span_clip(rest, 0, keep);
	r->at += n < rest.n ? n + 1 : n;
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word; empty at the end. */
static vt_span next_word(vt_span *line)
{
	vt_span word;
	size_t n = 0;

	while (line->n && is_blank(line->p[0]))
		*line = vt_span_clip(*line, 1, line->n);
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	word = vt_span_clip(*line, 0, n);
	*line = vt_span_clip(*line, n, line->n);
	return word;
}

static bool same_name(vt_span word, const char *name)
{
	size_t n = strlen(name);

	if (word.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = word.p[i];

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != name[i])
			return false;
	}
	return true;
}

void vt_hosts_find(vt_span hosts, const char *name, struct vt_addresses *out)
{
	vt_reader r = vt_reader_of(hosts);
	vt_span line;

	while (next_line(&r, "#", &line)) {
		struct vt_address a;
		vt_span word;

		if (!vt_address_parse(next_word(&line), &a))
			continue;
		while ((word = next_word(&line)).n) {
			if (!same_name(word, name))
				continue;
			vt_addresses_add(out, &a);
			break;
		}
	}
}

void vt_resolv_read(vt_span text, struct vt_addresses *out)
{
	vt_reader r = vt_reader_of(text);
	vt_span line;

	while (out->n < VT_NAMESERVERS && next_line(&r, "#;", &line)) {
		struct vt_address a;

		if (vt_span_eq(next_word(&line), vt_span_str("nameserver")) &&
			vt_address_parse(next_word(&line), &a))
			vt_addresses_add(out, &a);
	}
}

const char *vt_address_text(const struct vt_address *a, uint16_t port, char buf[VT_ADDRESS_TEXT])
{
	char text[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->b, text, sizeof text);
	(void)snprintf(buf, VT_ADDRESS_TEXT, a->v6 ? "[%s]:%u" : "%s:%u", text, (unsigned)port);
	return buf;
}

socklen_t vt_address_sockaddr(
	const struct vt_address *a, uint16_t port, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){0};
	if (a->v6) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

		memcpy(&in6.sin6_addr, a->b, 16);
		memcpy(out, &in6, sizeof in6);
		return sizeof in6;
	}
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&in.sin_addr, a->b, 4);
	memcpy(out, &in, sizeof in);
	return sizeof in;
}
