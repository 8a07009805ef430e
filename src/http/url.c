/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <arpa/inet.h>

#include "base/base64.h"

static bool is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool vt_url_is(const char *text)
{
	return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/* Labels of letters, digits and inner hyphens (RFC 1123, section 2.1), or an IPv4 address. */
static bool read_name(vt_span s, struct vt_url *u)
{
	uint8_t address[4];
	size_t label = 0;

	if (s.n == 0 || s.n > VT_HOST_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '.' ? label == 0 || s.p[i - 1] == '-'
			     : !(is_alnum(c) || (c == '-' && label > 0)) || ++label > 63)
			return false;
		if (c == '.')
			label = 0;
		u->host[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	u->host[s.n] = 0;
	if (label == 0 || s.p[s.n - 1] == '-')
		return false;
	u->literal = inet_pton(AF_INET, u->host, address) == 1;
	/* A last label of digits only is no name: "1.2.3" would be an address to others. */
	for (size_t i = s.n - label; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return true;
	return u->literal;
}

static bool read_v6(vt_span s, struct vt_url *u)
{
	uint8_t address[16];

	if (s.n == 0 || s.n >= INET6_ADDRSTRLEN || memchr(s.p, 0, s.n))
		return false;
	memcpy(u->host, s.p, s.n);
	u->host[s.n] = 0;
	u->literal = u->v6 = inet_pton(AF_INET6, u->host, address) == 1;
	/* One address has one text. */
	return u->v6 && inet_ntop(AF_INET6, address, u->host, sizeof u->host) != NULL;
}

static bool read_port(vt_span s, struct vt_url *u)
{
	uint64_t v;

	if (!vt_decimal_get(s, &v) || v == 0 || v > UINT16_MAX)
		return false;
	u->port_given = v != u->port;
	u->port = (uint16_t)v;
	return true;
}

/* Where host and port end and where the colon between them is (`end` if there is none). */
static bool split(vt_span s, size_t *out_colon, size_t *out_end)
{
	size_t end = 0, colon;

	while (end < s.n && s.p[end] != '/')
		end++;
	colon = end;
	for (size_t i = 0; i < end; i++) {
		if (s.p[i] == ']')
			colon = end;
		else if (s.p[i] == ':' && colon == end)
			colon = i;
	}
	if (end && s.p[0] == '[') {
		size_t close;

		if (!vt_span_find(vt_span_clip(s, 0, end), 0, "]", 1, &close))
			return false;
		colon = close + 1;
		if (colon != end && s.p[colon] != ':')
			return false;
	}
	*out_colon = colon;
	*out_end = end;
	return true;
}

static bool path_ok(vt_span path)
{
	size_t segment = 0; /* where it begins */

	for (size_t i = 0; i <= path.n; i++) {
		uint8_t c = i < path.n ? path.p[i] : '/';
		vt_span s;

		if (c != '/' && !is_alnum(c) && c != '.' && c != '_' && c != '~' && c != '-')
			return false;
		if (c != '/')
			continue;
		s = vt_span_clip(path, segment, i - segment);
		if (vt_span_eq(s, vt_span_str(".")) || vt_span_eq(s, vt_span_str("..")))
			return false;
		segment = i + 1;
	}
	return true;
}

vt_err vt_url_parse(vt_span url, struct vt_url *out, const char **out_why)
{
	struct vt_url u = {.port = 80};
	vt_span rest, host;
	size_t colon, end;

	*out_why = "not an http:// or https:// URL";
	if (url.n > VT_URL_MAX)
		return VT_EARG;
	u.tls = vt_span_at(url, 0, "https://", 8);
	if (!u.tls && !vt_span_at(url, 0, "http://", 7))
		return VT_EARG;
	if (u.tls)
		u.port = 443;
	rest = vt_span_clip(url, u.tls ? 8 : 7, url.n);
	*out_why = "the URL's host is not a name or an address";
	if (!split(rest, &colon, &end))
		return VT_EARG;
	host = vt_span_clip(rest, 0, colon);
	if (host.n > 2 && host.p[0] == '[' ? !read_v6(vt_span_clip(host, 1, host.n - 2), &u)
					   : !read_name(host, &u))
		return VT_EARG;
	*out_why = "the URL's port is not a number from 1 to 65535";
	if (colon < end && !read_port(vt_span_clip(rest, colon + 1, end - colon - 1), &u))
		return VT_EARG;
	*out_why = "the URL's path has something but letters, digits and ._/~- (no query, "
		   "fragment or %)";
	u.path = end < rest.n ? vt_span_clip(rest, end, rest.n) : vt_span_str("/");
	if (!path_ok(u.path))
		return VT_EARG;
	*out = u;
	return VT_OK;
}
