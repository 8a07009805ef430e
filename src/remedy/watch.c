/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

static const char *const of_kernel[] = {"proc", "sysfs", "devpts", "devtmpfs", "cgroup", "cgroup2",
	"securityfs", "debugfs", "tracefs", "mqueue", "bpf", "pstore", "configfs", "fusectl",
	"hugetlbfs", "binfmt_misc", "autofs", "rpc_pipefs", "efivarfs", "nsfs"};

vt_err vt_watch_open(struct vt_watch *out)
{
	int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK,
		O_RDONLY | O_CLOEXEC | O_LARGEFILE | O_NOATIME);

	if (fd < 0)
		return errno == ENOSYS || errno == EINVAL ? VT_EUNSUPPORTED : VT_EIO;
	*out = (struct vt_watch){.fd = fd};
	return VT_OK;
}

void vt_watch_close(struct vt_watch *w)
{
	vt_fd_close(w->fd);
	w->fd = -1;
}

vt_err vt_watch_add(struct vt_watch *w, const char *path, bool whole)
{
	unsigned flags = FAN_MARK_ADD | (whole ? (unsigned)FAN_MARK_FILESYSTEM : FAN_MARK_MOUNT);

	if (fanotify_mark(w->fd, flags, FAN_OPEN_EXEC_PERM, AT_FDCWD, path))
		return errno == EINVAL ? VT_EUNSUPPORTED : VT_EIO;
	w->marks++;
	return VT_OK;
}

vt_err vt_watch_add_all(struct vt_watch *w)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	vt_err e = VT_OK;

	if (!f)
		return VT_EIO;
	while (!e && (m = getmntent(f)) != NULL) {
		bool skip = false;

		for (size_t i = 0; i < VT_COUNT(of_kernel) && !skip; i++)
			skip = strcmp(m->mnt_type, of_kernel[i]) == 0;
		if (skip)
			continue;
		e = vt_watch_add(w, m->mnt_dir, true);
		/* some file systems can't be watched as a whole; a mount hidden by another is gone
		 */
		if (e)
			e = vt_watch_add(w, m->mnt_dir, false);
		if (e && (errno == EACCES || errno == ENOENT || errno == EINVAL))
			e = VT_OK;
	}
	(void)endmntent(f);
	return e ? e : w->marks ? VT_OK : VT_EIO;
}

vt_err vt_watch_spare(struct vt_watch *w, const char *path)
{
	unsigned flags = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY;

	return fanotify_mark(w->fd, flags, FAN_OPEN_EXEC_PERM, AT_FDCWD, path) ? VT_EIO : VT_OK;
}

vt_err vt_watch_read(struct vt_watch *w, vt_question_fn *fn, void *ctx)
{
	_Alignas(struct fanotify_event_metadata) char bytes[4096];
	ssize_t n = read(w->fd, bytes, sizeof bytes);
	struct fanotify_event_metadata m;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? VT_OK : VT_EIO;
	for (size_t at = 0; at + sizeof m <= (size_t)n; at += m.event_len) {
		struct vt_question q;

		memcpy(&m, bytes + at, sizeof m);
		if (m.event_len < sizeof m || m.vers != FANOTIFY_METADATA_VERSION)
			return VT_EVERSION;
		q = (struct vt_question){.fd = m.fd, .pid = m.pid};
		if (m.fd >= 0 && (m.mask & FAN_OPEN_EXEC_PERM))
			fn(ctx, &q);
		else
			vt_fd_close(m.fd);
	}
	return VT_OK;
}

void vt_watch_answer(const struct vt_watch *w, const struct vt_question *q, bool allow)
{
	struct fanotify_response r = {.fd = q->fd, .response = allow ? FAN_ALLOW : FAN_DENY};

	(void)!write(w->fd, &r, sizeof r);
	vt_fd_close(q->fd);
}
