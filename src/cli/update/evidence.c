/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence against a log or its witnesses, in <state>/evidence: files that anybody can check, who
 * knows the keys. A verifier that was taken over may hand in anything; so a fork is checked before
 * it is called one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/log/fork.h"
#include "cli/log/keep.h"
#include "cli/update/update.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "store/folder.h"

#define FOLDER "evidence"

static int open_folder(const struct vt_updates *u)
{
	return u->top < 0 ? -1
			  : openat(u->top, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.' && !strchr(d->d_name, '~');
}

void vt_update_evidence_each(const struct vt_updates *u, vt_evidence_fn *fn, void *ctx)
{
	struct dirent **names = NULL;
	int dir = open_folder(u),
	    n = dir < 0 ? 0 : scandirat(dir, ".", &names, not_hidden, alphasort);

	for (int i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(dir, names[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			fn(ctx, names[i]->d_name, (int64_t)st.st_mtime);
		free(names[i]);
	}
	free(names);
	vt_fd_close(dir);
}

struct count {
	const struct vt_updates *u;
	size_t all, fresh;
};

static void count_one(void *ctx, const char *name, int64_t time)
{
	struct count *c = ctx;

	(void)time;
	c->all++;
	c->fresh += !vt_settings_find(c->u->settings, VT_SETTING_ACKNOWLEDGED, vt_span_str(name));
}

size_t vt_update_evidence_new(const struct vt_updates *u)
{
	struct count c = {.u = u};

	vt_update_evidence_each(u, count_one, &c);
	return c.fresh;
}

static vt_err keep_fork(int dir, vt_span text, char name[VT_KEEP_NAME_MAX])
{
	struct vt_fork f;
	vt_err e = vt_fork_parse(text, &f);

	return e ? e : vt_log_keep_fork(dir, &f, name);
}

static vt_err keep_other(int dir, const char *kind, vt_span text, char name[VT_KEEP_NAME_MAX])
{
	uint8_t sum[32];

	if (strcmp(kind, "rollback") != 0)
		return VT_EFORMAT;
	vt_sha256(text, sum);
	(void)snprintf(name, VT_KEEP_NAME_MAX, "rollback-%02x%02x%02x%02x.evidence", sum[0], sum[1],
		sum[2], sum[3]);
	return vt_store_write(dir, name, text);
}

vt_err vt_update_evidence_keep(
	const struct vt_updates *u, const char *kind, vt_span text, bool *out_new)
{
	struct count before = {.u = u}, after = {.u = u};
	char path[sizeof FOLDER + VT_KEEP_NAME_MAX], name[VT_KEEP_NAME_MAX];
	int dir = -1;
	vt_err e = mkdirat(u->top, FOLDER, 0755) && errno != EEXIST ? VT_EIO : VT_OK;

	*out_new = false;
	vt_update_evidence_each(u, count_one, &before);
	if (before.all >= VT_EVIDENCE_MAX) {
		vt_update_say(VT_SAY_ERROR, u->command,
			"more evidence against the log or its witnesses; %s/" FOLDER
			" is full, and nothing more is kept",
			u->state);
		return VT_OK;
	}
	dir = e ? -1 : open_folder(u);
	if (!e && dir < 0)
		e = VT_EIO;
	if (!e)
		e = strcmp(kind, "fork") == 0 ? keep_fork(dir, text, name)
					      : keep_other(dir, kind, text, name);
	vt_fd_close(dir);
	if (e) {
		vt_update_say(VT_SAY_ERROR, u->command, "%s/" FOLDER ": evidence of a %s: %s",
			u->state, kind, e == VT_EIO ? strerror(errno) : vt_err_text(e));
		return e;
	}
	(void)snprintf(path, sizeof path, FOLDER "/%s", name);
	vt_update_evidence_each(u, count_one, &after);
	*out_new = after.all > before.all;
	if (*out_new)
		vt_update_say(VT_SAY_ERROR, u->command,
			"EVIDENCE OF A %s is in %s/%s: show it to the publisher, the witnesses and "
			"others",
			strcmp(kind, "fork") == 0 ? "FORK" : "ROLLBACK", u->state, path);
	return VT_OK;
}
