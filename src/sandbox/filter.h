/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp.def compiled to a BPF program (seccomp(2)): pure, so that a test can run the program
 * over every number. A call that the table does not have kills the process, and so do the 32-bit
 * and x32 tables of system calls.
 */
#ifndef VT_SANDBOX_FILTER_H
#define VT_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum vt_role {
	VT_ROLE_WORKER = 1,
	VT_ROLE_COMPILER = 2,
	VT_ROLE_UPDATER = 4,
	VT_ROLE_COLLECTOR = 8,  /* reads files below its roots */
	VT_ROLE_PROCESSES = 16, /* a collector that reads /proc, where Landlock would not let it */
	VT_ROLE_VERIFIER = 32,
	VT_ROLE_UNLOCKED = 64, /* a collector, on a kernel without Landlock */
};

#define VT_SANDBOX_CHANNEL 3 /* descriptor of the channel, in every role */
#define VT_SANDBOX_OUTPUT 4  /* the compiler's output */

/* What a call's arguments must be. */
enum vt_check {
	VT_CHECK_ANY,
	VT_CHECK_CHANNEL,    /* argument 0 is the channel */
	VT_CHECK_OUTPUT,     /* argument 0 is the compiler's output */
	VT_CHECK_MMAP,       /* no PROT_EXEC; not PROT_WRITE with any kind of MAP_SHARED */
	VT_CHECK_NOT_EXEC,   /* argument 2 has no PROT_EXEC */
	VT_CHECK_MADVISE,    /* argument 2 is MADV_SEQUENTIAL, MADV_DONTNEED or MADV_FREE */
	VT_CHECK_FUTEX_WAKE, /* argument 1 is FUTEX_WAKE, private or not */
	VT_CHECK_INTERNET,   /* argument 0 is AF_INET or AF_INET6 */
	VT_CHECK_OPEN,       /* argument 2 (flags) opens to read, or an unnamed temporary file */
	VT_CHECK_READ,       /* argument 2 (flags) opens to read */
	VT_CHECK_LOW,        /* argument 3 (offset) is below 4 GiB */
	VT_CHECK_SEEK,       /* argument 1 (offset) too, argument 2 is SEEK_SET; else EINVAL */
	VT_CHECK_FCNTL,      /* argument 1 only asks, duplicates, or sets FD_CLOEXEC */
	VT_CHECK_NONE,       /* the call fails with ENOSYS: there is another way */
};

struct vt_allow {
	unsigned roles; /* enum vt_role, or'ed */
	long number;
	enum vt_check check;
	const char *name, *reason;
};

/* The table of seccomp.def; *out_n rows. */
const struct vt_allow *vt_filter_table(size_t *out_n);

#define VT_FILTER_MAX 400
/* Writes the program for a role; its length, at most VT_FILTER_MAX. */
size_t vt_filter_build(enum vt_role role, struct sock_filter out[VT_FILTER_MAX]);

#endif
