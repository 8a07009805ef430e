/* SPDX-License-Identifier: Apache-2.0 */
#include "update/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "entry/form.h"
#include "os/fd.h"
#include "tlog/lines.h"

#define HOUR 3600
#define DURATION_MAX ((uint64_t)100 * 365 * 24 * HOUR)

struct parser {
	struct vt_update_config *c;
	vt_arena *a;
	struct vt_config_error *why;
	unsigned line, seen; /* seen: bits of rows */
};

static vt_err refuse(struct vt_config_error *why, unsigned line, const char *cause)
{
	why->line = line;
	(void)snprintf(why->cause, sizeof why->cause, "%s", cause);
	return VT_EFORMAT;
}

/* Values; `at` is the field. Each says false for what is not one. */

static bool get_string(struct parser *ps, vt_span v, void *at)
{
	return (*(const char **)at = vt_arena_copy(ps->a, v)) != NULL;
}

static bool get_hash(struct parser *ps, vt_span v, void *at)
{
	ps->c->has_root = true;
	return vt_hex_get(v, ((vt_hash *)at)->b, VT_HASH_SIZE);
}

/* "48h", "10m", "90s", "7d"; seconds without a letter. */
static bool seconds(vt_span v, uint64_t *out)
{
	static const struct {
		char letter;
		uint64_t unit;
	} units[] = {{'s', 1}, {'m', 60}, {'h', HOUR}, {'d', 24 * HOUR}};
	uint64_t n, unit = 1;

	for (size_t i = 0; v.n && i < VT_COUNT(units); i++) {
		if (v.p[v.n - 1] == (uint8_t)units[i].letter) {
			unit = units[i].unit;
			v.n--;
			break;
		}
	}
	return vt_decimal_get(v, &n) && vt_mul_u64(n, unit, out) && *out <= DURATION_MAX;
}

static bool get_duration(struct parser *ps, vt_span v, void *at)
{
	uint64_t n;

	(void)ps;
	if (!seconds(v, &n))
		return false;
	*(int64_t *)at = (int64_t)n;
	return true;
}

static bool get_timeout(struct parser *ps, vt_span v, void *at)
{
	uint64_t n;

	(void)ps;
	if (!seconds(v, &n) || n < 1 || n > HOUR)
		return false;
	*(uint32_t *)at = (uint32_t)n * 1000;
	return true;
}

static bool get_approve(struct parser *ps, vt_span v, void *at)
{
	static const char *const words[] = {
		[VT_APPROVE_NONE] = "none",
		[VT_APPROVE_DIRECTIVES] = "directives",
		[VT_APPROVE_ALL] = "all",
	};

	(void)ps;
	for (size_t i = 0; i < VT_COUNT(words); i++) {
		if (vt_span_eq(v, vt_span_str(words[i]))) {
			*(enum vt_approve *)at = (enum vt_approve)i;
			return true;
		}
	}
	return false;
}

static bool get_count(struct parser *ps, vt_span v, void *at)
{
	uint64_t n;

	(void)ps;
	if (!vt_decimal_get(v, &n) || n > VT_ENTRY_KEYS_MAX)
		return false;
	*(unsigned *)at = (unsigned)n;
	return true;
}

static bool get_source(struct parser *ps, vt_span v, void *at)
{
	struct vt_update_config *c = ps->c;

	(void)at;
	return c->nsources < VT_CONFIG_SOURCES_MAX && get_string(ps, v, &c->sources[c->nsources++]);
}

static bool get_sets(struct parser *ps, vt_span v, void *at)
{
	struct vt_update_config *c = ps->c;
	const char *copy;

	(void)at;
	if (vt_span_eq(v, vt_span_str("all")))
		return true;
	if (!vt_name_ok(v) || c->nsets == VT_CONFIG_SETS_MAX || !get_string(ps, v, &copy))
		return false;
	c->sets[c->nsets++] = vt_span_str(copy);
	return true;
}

static const struct row {
	const char *key;
	bool (*get)(struct parser *ps, vt_span v, void *at);
	size_t at;
	bool many;
	const char *cause;
} rows[] = {
#define AT(field) offsetof(struct vt_update_config, field)
	{"Policy", get_string, AT(policy_path), false, "not a path"},
	{"Log", get_string, AT(log), false, "not a name"},
	{"Witnesses", get_string, AT(witnesses), false, "not a name"},
	{"Mirrors", get_string, AT(mirrors), false, "not a name"},
	{"Root", get_hash, AT(root), false,
		"Root is not a leaf hash of 64 lower-case hexadecimal digits"},
	{"Source", get_source, 0, true, "more than 16 sources"},
	{"MaxAge", get_duration, AT(max_age), false, "MaxAge is not a time like 48h"},
	{"MaxFuture", get_duration, AT(max_future), false, "MaxFuture is not a time like 10m"},
	{"CoolOff", get_duration, AT(cool_off), false, "CoolOff is not a time like 1h"},
	{"CoolOffRelease", get_duration, AT(cool_off_release), false,
		"CoolOffRelease is not a time like 72h"},
	{"Approve", get_approve, AT(approve), false, "Approve is not none, directives or all"},
	{"Sets", get_sets, 0, true, "not the name of a set, or more than 64 of them"},
	{"Rebuilders", get_count, AT(rebuilders), false, "Rebuilders is not a number from 0 to 64"},
	{"Timeout", get_timeout, AT(timeout_ms), false, "Timeout is not a time from 1s to 1h"},
	{"Certificates", get_string, AT(certificates), false, "not a path"},
#undef AT
};

static vt_span trim(vt_span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = vt_span_of(s.p + 1, s.n - 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static vt_err take_value(struct parser *ps, size_t i, vt_span value)
{
	const struct row *r = &rows[i];

	if (!r->many && (ps->seen & 1u << i))
		return refuse(ps->why, ps->line, "given a second time");
	ps->seen |= 1u << i;
	if (value.n == 0)
		return refuse(ps->why, ps->line, "no value");
	if (!r->get(ps, value, (uint8_t *)ps->c + r->at))
		return refuse(ps->why, ps->line, r->cause);
	return VT_OK;
}

static vt_err take_line(struct parser *ps, vt_span line)
{
	size_t n = 0;
	vt_span key;

	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return VT_OK;
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return refuse(ps->why, ps->line, "a control character");
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	key = vt_span_of(line.p, n);
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		if (vt_span_eq(key, vt_span_str(rows[i].key)))
			return take_value(ps, i, trim(vt_span_of(line.p + n, line.n - n)));
	/* An option that is not understood may be one that protects. */
	(void)snprintf(ps->why->cause, sizeof ps->why->cause, "there is no option '%.*s'",
		(int)vt_min_size(n, 40), (const char *)key.p);
	ps->why->line = ps->line;
	return VT_EFORMAT;
}

vt_err vt_update_config_parse(
	vt_span text, vt_arena *a, struct vt_update_config *out, struct vt_config_error *why)
{
	struct parser ps = {.c = out, .a = a, .why = why};
	size_t end;

	*out = (struct vt_update_config){
		.max_age = 48 * HOUR,
		.max_future = 600,
		.cool_off = HOUR,
		.cool_off_release = 72 * HOUR,
		.rebuilders = 2,
		.witness_group = VT_POLICY_NONE,
		.mirror_group = VT_POLICY_NONE,
	};
	while (text.n) {
		vt_err e;

		if (!vt_span_find(text, 0, "\n", 1, &end))
			end = text.n;
		ps.line++;
		e = take_line(&ps, vt_span_of(text.p, end));
		if (e)
			return e;
		end = vt_min_size(end + 1, text.n);
		text = vt_span_of(text.p + end, text.n - end);
	}
	if (!out->policy_path)
		return refuse(
			why, 0, "no Policy: it names the file of logs, witnesses and mirrors");
	if (!out->has_root)
		return refuse(
			why, 0, "no Root: the leaf hash of the first owners' entry to believe");
	return VT_OK;
}

static vt_err find_name(const struct vt_policy *p, const char *name, const char *key, unsigned *out,
	struct vt_config_error *why)
{
	if (!name)
		return VT_OK;
	*out = vt_policy_find(p, vt_span_str(name));
	if (*out != VT_POLICY_NONE)
		return VT_OK;
	(void)snprintf(why->cause, sizeof why->cause,
		"%s in update.conf names '%.64s', which is not a witness or group here", key, name);
	why->line = 0;
	return VT_EFORMAT;
}

static vt_err find_log(
	struct vt_update_config *c, const struct vt_policy *p, struct vt_config_error *why)
{
	if (p->nlogs == 0)
		return refuse(why, 0, "no log line");
	if (p->nlogs > 1 && !c->log)
		return refuse(why, 0, "several logs; say which one by Log in update.conf");
	for (size_t i = 0; i < p->nlogs; i++)
		if (!c->log || strcmp(p->logs[i].key.name, c->log) == 0)
			c->log_key = &p->logs[i].key;
	return c->log_key ? VT_OK
			  : refuse(why, 0, "Log in update.conf names a log that is not here");
}

vt_err vt_update_config_policy(
	struct vt_update_config *c, vt_span text, vt_arena *a, struct vt_config_error *why)
{
	struct vt_policy *p = vt_arena_alloc(a, sizeof *p);
	struct vt_policy_error pe = {0};
	vt_err e;

	if (!p)
		return VT_ENOMEM;
	if (vt_policy_parse(text, p, &pe))
		return refuse(why, pe.line, pe.cause ? pe.cause : "malformed");
	e = find_log(c, p, why);
	if (!e)
		e = find_name(p, c->witnesses, "Witnesses", &c->witness_group, why);
	if (!e)
		e = find_name(p, c->mirrors, "Mirrors", &c->mirror_group, why);
	if (!e)
		c->policy = p;
	return e;
}

static vt_err read_file(const char *path, vt_arena *a, vt_span *out, struct vt_config_error *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	vt_buf b = VT_BUF_INIT(VT_CONFIG_MAX);
	vt_err e = fd < 0 ? VT_EIO : vt_fd_read_all(fd, 4096, &b);
	const char *copy;

	(void)snprintf(why->file, sizeof why->file, "%s", path);
	why->line = 0;
	if (e) {
		(void)snprintf(why->cause, sizeof why->cause, "%s",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	} else {
		copy = vt_arena_copy(a, vt_buf_span(&b));
		*out = vt_span_of(copy, b.n);
		e = copy ? VT_OK : VT_ENOMEM;
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
	return e;
}

vt_err vt_update_config_load(
	const char *path, vt_arena *a, struct vt_update_config *out, struct vt_config_error *why)
{
	const char *slash = strrchr(path, '/');
	char policy[4096];
	vt_span text;
	vt_err e = read_file(path, a, &text, why);
	int n;

	if (!e)
		e = vt_update_config_parse(text, a, out, why);
	if (e)
		return e;
	n = snprintf(policy, sizeof policy, "%.*s%s",
		out->policy_path[0] == '/' || !slash ? 0 : (int)(slash - path + 1), path,
		out->policy_path);
	if (n < 0 || (size_t)n >= sizeof policy)
		return refuse(why, 0, "the path of Policy is too long");
	e = read_file(policy, a, &text, why);
	return e ? e : vt_update_config_policy(out, text, a, why);
}

bool vt_update_config_wants(const struct vt_update_config *c, vt_span set)
{
	for (size_t i = 0; i < c->nsets; i++)
		if (vt_span_eq(c->sets[i], set))
			return true;
	return c->nsets == 0;
}

vt_err vt_update_quorum(const struct vt_update_config *c, const struct vt_note *note, bool since,
	bool *out_enough, bool *out_mirrors, uint64_t *out_time)
{
	const unsigned asked[] = {c->witness_group, c->policy->quorum, c->mirror_group};
	uint64_t time = since ? 0 : UINT64_MAX, t = 0;
	bool enough[VT_COUNT(asked)], any = false;

	for (size_t i = 0; i < VT_COUNT(asked); i++) {
		vt_err e = since ? vt_policy_since(c->policy, asked[i], note, &enough[i], &t)
				 : vt_policy_check(c->policy, asked[i], note, &enough[i], &t);

		if (e)
			return e;
		if (asked[i] == VT_POLICY_NONE || !enough[i])
			continue;
		any = true;
		/* all of them must say so: the last to begin, the first to have stopped */
		time = since ? vt_max_u64(time, t) : vt_min_u64(time, t);
	}
	/* nobody asked is enough for nothing but to go on: nobody says since when */
	*out_enough = enough[0] && enough[1] && enough[2] && (any || !since);
	*out_mirrors = !enough[2] && enough[0];
	*out_time = time == UINT64_MAX ? 0 : time;
	return VT_OK;
}
