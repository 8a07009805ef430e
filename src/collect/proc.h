/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running system, by proc(5). A folder of a process is opened once and everything read through
 * it: when the process ends its number may be another's, but the open folder is never another's.
 */
#ifndef VT_COLLECT_PROC_H
#define VT_COLLECT_PROC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "inventory/fact.h"

struct vt_proc {
	int dir; /* /proc/PID */
	unsigned pid;
};
/* Returns false to stop. `dir` is -1 if it could not be opened, errno has the reason. */
typedef bool vt_proc_fn(void *ctx, const struct vt_proc *p);
/* Every process that /proc shows. VT_EIO. */
VT_MUST_USE vt_err vt_proc_each(vt_proc_fn *fn, void *ctx);
/* All of a file below the folder. VT_EIO with errno, VT_ELIMIT past b->max, VT_ENOMEM. */
VT_MUST_USE vt_err vt_proc_read(int dir, const char *name, vt_buf *b);
/* A link's text. VT_EIO with errno, VT_ELIMIT. */
VT_MUST_USE vt_err vt_proc_link(int dir, const char *name, vt_buf *b);
/* The miss that the present errno stands for: gone, or refused. */
enum vt_miss vt_proc_miss(void);

/* A set of numbers, for what was met before. Zeroed: empty. */
struct vt_number_set {
	uint64_t *v;
	size_t n, cap;
};
/* False if it was there before; without memory, true each time. */
bool vt_number_set_add(struct vt_number_set *s, uint64_t number);
bool vt_number_set_has(const struct vt_number_set *s, uint64_t number);
void vt_number_set_free(struct vt_number_set *s);
/* A number for bytes: FNV-1a from `seed`. */
uint64_t vt_number_of(uint64_t seed, const void *p, size_t n);

#endif
