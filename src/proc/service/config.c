/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/config.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"

enum how {
	HOW_LISTEN,
	HOW_TEXT,
	HOW_PREFIX,
	HOW_LOG,
	HOW_WITNESS,
	HOW_NUMBER,
	HOW_TIME,
};

static const struct setting {
	const char *key;
	unsigned services;
	enum how how;
	size_t offset;
	uint32_t least, most;
} settings[] = {
#define BOTH (VT_SERVICE_WITNESS | VT_SERVICE_MIRROR)
#define VT_SETTING(key_, services_, how_, field_, least_, most_)                                   \
	{.key = (key_),                                                                            \
		.services = (services_),                                                           \
		.how = HOW_##how_,                                                                 \
		.offset = offsetof(struct vt_service_config, field_),                              \
		.least = (least_),                                                                 \
		.most = (most_)},
#include "proc/service/config.def"
#undef VT_SETTING
#undef BOTH
};

struct reader {
	struct vt_service_config *c;
	vt_arena *a;
	size_t logs_max; /* elements that fit into c->logs */
	bool seen[VT_COUNT(settings)];
	const char *cause;
};

static vt_err bad(struct reader *r, const char *cause)
{
	r->cause = cause;
	return VT_EFORMAT;
}

static vt_span trim(vt_span s)
{
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	while (s.n && (*s.p == ' ' || *s.p == '\t'))
		s = vt_span_of(s.p + 1, s.n - 1);
	return s;
}

/* The next word of *s; empty at its end. */
static vt_span word(vt_span *s)
{
	vt_span w;
	size_t n = 0;

	*s = trim(*s);
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	w = vt_span_of(s->p, n);
	*s = trim(vt_span_of(s->p + n, s->n - n));
	return w;
}

static vt_err copy(struct reader *r, vt_span s, const char **out)
{
	char *text = vt_arena_copy(r->a, s);

	if (!text)
		return VT_ENOMEM;
	*out = text;
	return VT_OK;
}

static bool parse_port(vt_span s, uint16_t *out)
{
	uint64_t v;

	if (!vt_decimal_get(s, &v) || v > UINT16_MAX)
		return false;
	*out = (uint16_t)v;
	return true;
}

bool vt_service_listen_parse(const char *listen, char *host, size_t host_max, uint16_t *out_port)
{
	const char *colon = strrchr(listen, ':');
	vt_span h;
	uint16_t port;

	if (listen[0] == '/' || !colon || !parse_port(vt_span_str(colon + 1), &port))
		return false;
	h = vt_span_of(listen, (size_t)(colon - listen));
	if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = vt_span_of(h.p + 1, h.n - 2);
	else if (memchr(h.p, ':', h.n))
		return false;
	if (h.n == 0 || h.n >= host_max)
		return false;
	memcpy(host, h.p, h.n);
	host[h.n] = 0;
	*out_port = port;
	return true;
}

static vt_err add_listen(struct reader *r, vt_span value)
{
	char host[64];
	uint16_t port;
	vt_err e;

	if (r->c->nlisten == VT_SERVICE_LISTEN_MAX)
		return bad(r, "more than 4 Listen lines");
	e = copy(r, value, &r->c->listen[r->c->nlisten]);
	if (e)
		return e;
	if (value.p[0] != '/' &&
		!vt_service_listen_parse(r->c->listen[r->c->nlisten], host, sizeof host, &port))
		return bad(r, "Listen wants ADDRESS:PORT, [ADDRESS]:PORT or the path of a socket");
	r->c->nlisten++;
	return VT_OK;
}

/* Room for one more log: the array doubles, and what the arena held before is small next to it. */
static vt_err grow_logs(struct reader *r)
{
	size_t max = r->logs_max ? r->logs_max * 2 : 16;
	struct vt_service_log *v;

	if (r->c->nlogs < r->logs_max)
		return VT_OK;
	if (r->c->nlogs >= VT_SERVICE_LOGS_MAX)
		return bad(r, "more than 65536 logs");
	v = vt_arena_array(r->a, max, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	if (r->c->nlogs)
		memcpy(v, r->c->logs, r->c->nlogs * sizeof *v);
	r->c->logs = v;
	r->logs_max = max;
	return VT_OK;
}

static vt_err add_log(struct reader *r, vt_span value)
{
	vt_span vkey = word(&value);
	struct vt_service_log *log;
	vt_err e = grow_logs(r);

	if (e)
		return e;
	log = &r->c->logs[r->c->nlogs];
	log->url = NULL;
	if (vt_key_parse(vkey, &log->key) || log->key.type != VT_KEY_ED25519)
		return bad(r, "Log wants the verifier key of a log: <name>+<id>+<key>, type 01");
	if (value.n) {
		e = copy(r, value, &log->url);
		if (e)
			return e;
	}
	r->c->nlogs++;
	return VT_OK;
}

static vt_err add_witness(struct reader *r, vt_span value)
{
	struct vt_service_config *c = r->c;

	if (!c->witnesses)
		c->witnesses = vt_arena_array(r->a, VT_SERVICE_WITNESSES_MAX, sizeof *c->witnesses);
	if (!c->witnesses)
		return VT_ENOMEM;
	if (c->nwitnesses == VT_SERVICE_WITNESSES_MAX)
		return bad(r, "more than 32 witnesses");
	if (vt_key_parse(value, &c->witnesses[c->nwitnesses]) ||
		c->witnesses[c->nwitnesses].type != VT_KEY_COSIGNATURE)
		return bad(r, "Witness wants the verifier key of a witness, type 04");
	c->nwitnesses++;
	return VT_OK;
}

static vt_err read_prefix(struct reader *r, vt_span value)
{
	if (value.n == 1 && value.p[0] == '/')
		value.n = 0;
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '/' && c != '-' && c != '_' && c != '.')
			return bad(r, "Prefix may have letters, digits and /-_. only");
	}
	if (value.n && (value.p[0] != '/' || value.p[value.n - 1] == '/'))
		return bad(r, "Prefix begins with / and does not end with it");
	return copy(r, value, &r->c->prefix);
}

static vt_err read_number(struct reader *r, const struct setting *s, vt_span value, uint32_t *out)
{
	uint64_t v, unit = 1;

	if (s->how == HOW_TIME && value.n) {
		uint8_t last = value.p[value.n - 1];

		unit = last == 'm' ? 60 : last == 'h' ? 3600 : 1;
		if (last == 's' || unit > 1)
			value.n--;
	}
	if (!vt_decimal_get(value, &v) || !vt_mul_u64(v, unit, &v))
		return bad(r,
			s->how == HOW_TIME ? "not a time: seconds, or with s, m or h"
					   : "not a number");
	if (v < s->least || v > s->most)
		return bad(r, "the value is too small or too large");
	*out = (uint32_t)v;
	return VT_OK;
}

static vt_err apply(struct reader *r, const struct setting *s, vt_span value)
{
	void *field = (char *)r->c + s->offset;
	bool *seen = &r->seen[s - settings], again = *seen;

	*seen = true;
	switch (s->how) {
	case HOW_LISTEN: return add_listen(r, value);
	case HOW_LOG: return add_log(r, value);
	case HOW_WITNESS: return add_witness(r, value);
	case HOW_TEXT:
	case HOW_PREFIX:
	case HOW_NUMBER:
	case HOW_TIME: break;
	}
	if (again)
		return bad(r, "given twice");
	if (s->how == HOW_TEXT)
		return copy(r, value, field);
	return s->how == HOW_PREFIX ? read_prefix(r, value) : read_number(r, s, value, field);
}

static vt_err read_line(struct reader *r, vt_span line)
{
	vt_span key;

	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return VT_OK;
	if (memchr(line.p, 0, line.n))
		return bad(r, "a zero byte");
	key = word(&line);
	for (size_t i = 0; i < VT_COUNT(settings); i++) {
		if (!vt_span_eq(key, vt_span_str(settings[i].key)))
			continue;
		if (!(settings[i].services & r->c->kind))
			return bad(r, "not a setting of this service");
		return line.n ? apply(r, &settings[i], line) : bad(r, "no value");
	}
	return bad(r, "no setting has this name");
}

static int by_origin(const void *a, const void *b)
{
	const struct vt_service_log *x = a, *y = b;

	return strcmp(x->key.name, y->key.name);
}

static vt_err finish(struct reader *r)
{
	struct vt_service_config *c = r->c;

	if (!c->nlisten)
		return bad(r, "no Listen line");
	if (!c->key)
		return bad(r, "no Key line");
	if (!c->state)
		return bad(r, "no State line");
	if (c->nlogs)
		qsort(c->logs, c->nlogs, sizeof *c->logs, by_origin);
	for (size_t i = 1; i < c->nlogs; i++)
		if (by_origin(&c->logs[i - 1], &c->logs[i]) == 0)
			return bad(r, "two Log lines with one origin");
	return VT_OK;
}

vt_err vt_service_config_parse(vt_span file, enum vt_service kind, vt_arena *a,
	struct vt_service_config *out, struct vt_service_error *why)
{
	struct vt_service_config c = {
		.kind = kind,
		.prefix = "",
		.connections = 256,
		.per_address = 64,
		.request_s = 15,
		.clock_step_s = 10,
		.poll_s = 60,
		.restamp_s = 3600,
	};
	struct reader r = {.c = &c, .a = a};
	vt_err e = VT_OK;

	*why = (struct vt_service_error){0};
	if (file.n > VT_SERVICE_CONFIG_MAX) {
		why->cause = "longer than 16 MiB";
		return VT_ELIMIT;
	}
	while (!e && file.n) {
		size_t n;

		if (!vt_span_find(file, 0, "\n", 1, &n))
			n = file.n;
		why->line++;
		e = read_line(&r, vt_span_of(file.p, n));
		n = vt_min_size(n + 1, file.n);
		file = vt_span_of(file.p + n, file.n - n);
	}
	if (!e) {
		e = finish(&r);
		why->line = 0;
	}
	why->cause = r.cause;
	if (!e)
		*out = c;
	return e;
}

size_t vt_service_log_find(const struct vt_service_config *c, vt_span origin)
{
	size_t low = 0, high = c->nlogs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		vt_span name = vt_span_str(c->logs[mid].key.name);
		size_t n = vt_min_size(name.n, origin.n);
		int d = n ? memcmp(name.p, origin.p, n) : 0;

		if (d == 0 && name.n == origin.n)
			return mid;
		if (d < 0 || (d == 0 && name.n < origin.n))
			low = mid + 1;
		else
			high = mid;
	}
	return VT_SERVICE_LOGS_MAX;
}
