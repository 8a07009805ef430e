/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that are about to be started, by fanotify(7): the kernel asks before each execve(2) and
 * waits for the answer. If this process ends, the kernel lets all through.
 */
#ifndef VT_REMEDY_WATCH_H
#define VT_REMEDY_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct vt_watch {
	int fd;
	size_t marks;
};
/* A question. The answer closes `fd`. */
struct vt_question {
	int fd; /* the program's file, open to read */
	pid_t pid;
};

/* VT_EIO: errno; EPERM: not root. VT_EUNSUPPORTED: this kernel has no such questions. */
VT_MUST_USE vt_err vt_watch_open(struct vt_watch *out);
void vt_watch_close(struct vt_watch *w);
/* From now on for the mount that `path` is on; `whole`: for its file system wherever mounted. */
VT_MUST_USE vt_err vt_watch_add(struct vt_watch *w, const char *path, bool whole);
/* For every file system that is mounted, but those of the kernel. */
VT_MUST_USE vt_err vt_watch_add_all(struct vt_watch *w);
/* No questions about this file: the guard's own programs. */
VT_MUST_USE vt_err vt_watch_spare(struct vt_watch *w, const char *path);
/* The questions that wait, without waiting for more. VT_EIO. */
typedef void vt_question_fn(void *ctx, const struct vt_question *q);
VT_MUST_USE vt_err vt_watch_read(struct vt_watch *w, vt_question_fn *fn, void *ctx);
/* Lets it start, or not, and closes the descriptor. */
void vt_watch_answer(const struct vt_watch *w, const struct vt_question *q, bool allow);

#endif
