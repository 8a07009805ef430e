/* SPDX-License-Identifier: Apache-2.0 */
/* Step account: users and groups, by the programs of the system that know all of its files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"
#include "remedy/run.h"
#include "store/folder.h"

#define ACCOUNT_MS 60000u
#define FIELDS 7

struct account {
	bool user;
	char name[256];
	char file[32]; /* its line, kept in rollback/ */
};

static struct account account_of(const struct vt_act *a)
{
	struct account c = {.user = vt_span_at(a->s->target, 0, "user ", 5)};
	size_t skip = c.user ? 5 : 6;

	(void)snprintf(c.name, sizeof c.name, "%.*s", (int)(a->s->target.n - skip),
		(const char *)a->s->target.p + skip);
	(void)snprintf(c.file, sizeof c.file, "rollback/%04zu-account", a->index + 1);
	return c;
}

static vt_err read_below(struct vt_act *a, const char *path, vt_buf *out)
{
	struct vt_removal_file f = {0};
	struct vt_spot spot;
	int fd = -1;
	vt_err e = vt_spot_open(a->r->root, NULL, vt_span_str(path), &spot);

	if (e)
		return e;
	e = vt_spot_look(&spot, &f);
	if (!e)
		e = vt_spot_read(&spot, &f, &fd);
	vt_spot_close(&spot);
	if (!e)
		e = vt_fd_read_all(fd, 0, out);
	vt_fd_close(fd);
	return e;
}

/* The line of that name; its fields in f. */
static bool find_line(vt_span text, const char *name, vt_span *out_line, vt_span f[FIELDS])
{
	size_t n = strlen(name), at = 0, end;

	for (; at < text.n; at = end + 1) {
		size_t i = 0, from = at;

		if (!vt_span_find(text, at, "\n", 1, &end))
			end = text.n;
		if (!vt_span_at(text, at, name, n) || at + n >= end || text.p[at + n] != ':')
			continue;
		*out_line = vt_span_of(text.p + at, end - at);
		for (size_t k = at; k <= end && i < FIELDS; k++) {
			if (k == end || text.p[k] == ':') {
				f[i++] = vt_span_of(text.p + from, k - from);
				from = k + 1;
			}
		}
		return i >= 3;
	}
	return false;
}

/* VT_END: no such account. VT_EAGAIN: it has another number than the plan says. */
static vt_err look(
	struct vt_act *a, const struct account *c, vt_buf *text, vt_span *line, vt_span f[FIELDS])
{
	uint64_t number;
	vt_err e = read_below(a, c->user ? "/etc/passwd" : "/etc/group", text);

	if (e)
		return e;
	if (!find_line(vt_buf_span(text), c->name, line, f))
		return VT_END;
	return vt_decimal_get(f[2], &number) && number == a->s->number ? VT_OK : VT_EAGAIN;
}

/* What undoing needs: the line of passwd or group, and that of shadow below it. */
static vt_err keep(struct vt_act *a, const struct account *c, vt_span line)
{
	vt_buf b = VT_BUF_INIT(65536), shadow = VT_BUF_INIT((size_t)16 << 20);
	vt_span f[FIELDS] = {0}, secret = {0};
	vt_err e = vt_buf_add(&b, line.p, line.n);

	if (!e)
		e = vt_buf_add(&b, "\n", 1);
	if (!e && c->user && !read_below(a, "/etc/shadow", &shadow) &&
		find_line(vt_buf_span(&shadow), c->name, &secret, f)) {
		e = vt_buf_add(&b, secret.p, secret.n);
		if (!e)
			e = vt_buf_add(&b, "\n", 1);
	}
	if (!e)
		e = vt_store_write(a->r->folder, c->file, vt_buf_span(&b));
	vt_buf_free(&b);
	vt_buf_free(&shadow);
	return e;
}

enum vt_mark vt_act_account(struct vt_act *a)
{
	struct account c = account_of(a);
	vt_buf text = VT_BUF_INIT((size_t)16 << 20);
	vt_span line = {0}, f[FIELDS] = {0};
	const char *argv[] = {c.user ? "userdel" : "groupdel", c.name, NULL};
	bool ok = false, missing = false;
	enum vt_mark m = VT_MARK_FAILED;
	vt_err e = look(a, &c, &text, &line, f);

	if (e == VT_END) {
		vt_act_say(a, "gone already");
		m = VT_MARK_DONE;
	} else if (e == VT_EAGAIN) {
		vt_act_say(a, "%s has another number than when the plan was made", c.name);
	} else if (e) {
		vt_act_say(a, "the accounts can't be read");
	} else if (a->dry) {
		m = VT_MARK_DONE;
	} else if (keep(a, &c, line)) {
		vt_act_say(a, "its entry can't be kept for undoing");
	} else if (!vt_act_program(a, argv, ACCOUNT_MS, &ok, &missing)) {
		vt_buf_clear(&text);
		m = look(a, &c, &text, &line, f) == VT_END ? VT_MARK_DONE : VT_MARK_FAILED;
		if (m == VT_MARK_FAILED)
			vt_act_say(a, "%s is still there", c.name);
	}
	vt_buf_free(&text);
	return m;
}

static bool put_user(struct vt_act *a, const struct account *c, vt_span f[FIELDS])
{
	char uid[32], gid[32], home[512], shell[256];
	const char *argv[] = {"useradd", "-M", "-N", "-o", "-u", uid, "-g", gid, "-d", home, "-s",
		shell, c->name, NULL};
	bool ok, missing;

	(void)snprintf(uid, sizeof uid, "%.*s", (int)f[2].n, (const char *)f[2].p);
	(void)snprintf(gid, sizeof gid, "%.*s", (int)f[3].n, (const char *)f[3].p);
	(void)snprintf(home, sizeof home, "%.*s", (int)f[5].n, (const char *)f[5].p);
	(void)snprintf(shell, sizeof shell, "%.*s", (int)f[6].n, (const char *)f[6].p);
	return !vt_act_program(a, argv, ACCOUNT_MS, &ok, &missing) && ok;
}

static bool put_group(struct vt_act *a, const struct account *c, vt_span f[FIELDS])
{
	char gid[32];
	const char *argv[] = {"groupadd", "-o", "-g", gid, c->name, NULL};
	bool ok, missing;

	(void)snprintf(gid, sizeof gid, "%.*s", (int)f[2].n, (const char *)f[2].p);
	return !vt_act_program(a, argv, ACCOUNT_MS, &ok, &missing) && ok;
}

enum vt_mark vt_act_unaccount(struct vt_act *a)
{
	struct account c = account_of(a);
	vt_buf text = VT_BUF_INIT((size_t)16 << 20), kept = VT_BUF_INIT(65536);
	vt_span line, f[FIELDS] = {0};
	enum vt_mark m = VT_MARK_KEPT;

	if (look(a, &c, &text, &line, f) == VT_OK) {
		m = VT_MARK_UNDONE;
	} else if (!vt_store_read(a->r->folder, c.file, 65536, &kept) &&
		find_line(vt_buf_span(&kept), c.name, &line, f) &&
		(c.user ? put_user(a, &c, f) : put_group(a, &c, f))) {
		vt_act_say(a, "made again without its password and memberships; its entry is in %s",
			c.file);
		m = VT_MARK_UNDONE;
	}
	vt_buf_free(&text);
	vt_buf_free(&kept);
	return m;
}
