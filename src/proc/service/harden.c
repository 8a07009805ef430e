/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/harden.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "sandbox/landlock.h"

#define X32_BIT 0x40000000u

static const unsigned denied[] = {
#define VT_DENIED(name) SYS_##name,
#include "proc/service/denied.def"
#undef VT_DENIED
};

/* Sanitizers start programs and look at other threads: no filter for them. */
#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
	__has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define LOAD(field)                                                                                \
	(struct sock_filter)                                                                       \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(op, k, yes, no) (struct sock_filter) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, yes, no)
#define RETURN(k) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, k)

/*
 * New threads by clone(2) only, whose flags a filter can see: clone3(2) "is not there", and the C
 * library falls back.
 */
static vt_err deny_calls(void)
{
	struct sock_filter code[2 * VT_COUNT(denied) + 16];
	struct sock_fprog program = {.filter = code};
	unsigned short n = 0;

	code[n++] = LOAD(arch);
	code[n++] = JUMP(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
	code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	code[n++] = LOAD(nr);
	code[n++] = JUMP(BPF_JGE, X32_BIT, 0, 1);
	code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	code[n++] = JUMP(BPF_JEQ, SYS_clone3, 0, 1);
	code[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < VT_COUNT(denied); i++) {
		code[n++] = JUMP(BPF_JEQ, denied[i], 0, 1);
		code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	code[n++] = JUMP(BPF_JEQ, SYS_clone, 0, 3);
	code[n++] = LOAD(args[0]);
	code[n++] = JUMP(BPF_JSET, CLONE_THREAD, 1, 0);
	code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	code[n++] = RETURN(SECCOMP_RET_ALLOW);
	program.len = n;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? VT_EUNSUPPORTED : VT_OK;
}

static vt_err drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &head, none) ? VT_EIO : VT_OK;
}

vt_err vt_service_harden(int state, const int *readable, size_t n, unsigned *out_layers)
{
	const struct rlimit none = {0, 0};
	vt_err e;

	*out_layers = 0;
	/* the key is in this process's memory: no core file of it, and no debugger */
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return VT_EIO;
	e = drop_capabilities();
	if (e)
		return e;
	e = vt_landlock_service(state, readable, n);
	if (!e)
		*out_layers |= VT_HARDENED_LANDLOCK;
	else if (e != VT_EUNSUPPORTED)
		return e;
	if (SANITIZED)
		return VT_OK;
	e = deny_calls();
	if (!e)
		*out_layers |= VT_HARDENED_SECCOMP;
	return e == VT_EUNSUPPORTED ? VT_OK : e;
}
