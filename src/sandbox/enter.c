/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/enter.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "sandbox/landlock.h"

/* Descriptors at once: the standard ones, the channel, a full message of files, and some air. */
#define OPEN_FILES 128
/* A walk keeps folders open on its way down. */
#define OPEN_FILES_READER 1024

static bool is_reader(enum vt_role role)
{
	return role == VT_ROLE_COLLECTOR || role == VT_ROLE_PROCESSES;
}

static vt_err set_limits(const struct vt_sandbox *s)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t limit;
	} limits[] = {
		{RLIMIT_CORE, 0}, /* a core file would hold the scanned file */
		{RLIMIT_FSIZE,
			s->role == VT_ROLE_WORKER || s->role == VT_ROLE_PROCESSES ? 0
										  : RLIM_INFINITY},
		{RLIMIT_NPROC, 0},
		{RLIMIT_NOFILE, is_reader(s->role) ? OPEN_FILES_READER : OPEN_FILES},
		{RLIMIT_DATA, s->memory},
		{RLIMIT_STACK, (rlim_t)8 << 20},
		{RLIMIT_MEMLOCK, 0},
		{RLIMIT_MSGQUEUE, 0},
		{RLIMIT_RTPRIO, 0},
		{RLIMIT_LOCKS, 0},
	};

	for (size_t i = 0; i < VT_COUNT(limits); i++) {
		struct rlimit l;

		if (getrlimit(limits[i].what, &l))
			return VT_EIO;
		l.rlim_max = limits[i].limit < l.rlim_max ? limits[i].limit : l.rlim_max;
		l.rlim_cur = l.rlim_max;
		if (setrlimit(limits[i].what, &l))
			return VT_EIO;
	}
	return VT_OK;
}

/* What a collector that root started keeps: reading what is other users'. */
static uint32_t kept_capabilities(enum vt_role role)
{
	switch (role) {
	case VT_ROLE_COLLECTOR: return 1u << CAP_DAC_READ_SEARCH;
	case VT_ROLE_PROCESSES: return 1u << CAP_DAC_READ_SEARCH | 1u << CAP_SYS_PTRACE;
	case VT_ROLE_WORKER:
	case VT_ROLE_COMPILER:
	case VT_ROLE_UPDATER:
	case VT_ROLE_UNLOCKED:
	case VT_ROLE_VERIFIER: break;
	}
	return 0;
}

/* Where a kernel gave no user namespace, root's powers go all the same. */
static vt_err drop_capabilities(enum vt_role role)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct v[_LINUX_CAPABILITY_U32S_3] = {0};
	uint32_t kept = kept_capabilities(role);

	if (kept && syscall(SYS_capget, &head, v))
		return VT_EIO;
	kept &= v[0].permitted;
	memset(v, 0, sizeof v);
	v[0].permitted = v[0].effective = kept;
	return syscall(SYS_capset, &head, v) ? VT_EIO : VT_OK;
}

/* Landlock would keep a collector from /proc of other processes (ptrace access), whatever the
 * rules. */
static vt_err lock(const struct vt_sandbox *s)
{
	switch (s->role) {
	case VT_ROLE_UPDATER: return vt_landlock_folder_and_connect(s->folder);
	case VT_ROLE_VERIFIER:
	case VT_ROLE_COLLECTOR: return vt_landlock_service(s->folder, s->readable, s->nreadable);
	case VT_ROLE_UNLOCKED:
	case VT_ROLE_PROCESSES: return VT_EUNSUPPORTED;
	case VT_ROLE_WORKER:
	case VT_ROLE_COMPILER: break;
	}
	return vt_landlock_deny_all();
}

vt_err vt_sandbox_filter(enum vt_role role)
{
	struct sock_filter code[VT_FILTER_MAX];
	struct sock_fprog program = {.filter = code};

	program.len = (unsigned short)vt_filter_build(role, code);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? VT_EUNSUPPORTED : VT_OK;
}

/*
 * Sanitizers need system calls and memory of their own: builds with them test everything but the
 * filter and the memory limit.
 */
#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int by_byte(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/*
 * The C library's own first uses: qsort(3) of a large array asks how much memory there is, once
 * (glibc 2.36, stdlib/msort.c: sysinfo(2) for arrays past 1 KiB).
 */
static void warm_up(void)
{
	uint8_t bytes[2048] = {1};

	qsort(bytes, sizeof bytes, 1, by_byte);
}

vt_err vt_sandbox_enter(const struct vt_sandbox *s, unsigned *out_layers)
{
	struct vt_sandbox limits = *s;
	unsigned layers = 0;
	vt_err e;

	if (SANITIZED)
		limits.memory = RLIM_INFINITY;
	warm_up();
	/* Again after exec(2), and against a debugger of the same user. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return VT_EIO;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return VT_EUNSUPPORTED;
	layers |= VT_LAYER_NO_NEW_PRIVS;
	e = lock(s);
	if (!e)
		layers |= VT_LAYER_LANDLOCK;
	else if (e != VT_EUNSUPPORTED)
		return e;
	e = set_limits(&limits);
	if (!e)
		e = drop_capabilities(s->role);
	if (e)
		return e;
	layers |= VT_LAYER_RLIMITS;
	if (!SANITIZED) {
		/* a collector's openat2(2) is Landlock's to watch: none without it */
		e = vt_sandbox_filter(s->role == VT_ROLE_COLLECTOR && !(layers & VT_LAYER_LANDLOCK)
				? VT_ROLE_UNLOCKED
				: s->role);
		if (e)
			return e;
		layers |= VT_LAYER_SECCOMP;
	}
	*out_layers = layers;
	return VT_OK;
}
