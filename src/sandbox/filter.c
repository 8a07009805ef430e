/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"

#ifndef __x86_64__
#error "the filter's table is for x86-64"
#endif

#define X32_BIT 0x40000000u /* asm/unistd.h: __X32_SYSCALL_BIT */

static const struct vt_allow table[] = {
#define WORKER VT_ROLE_WORKER
#define COMPILER VT_ROLE_COMPILER
#define BOTH (VT_ROLE_WORKER | VT_ROLE_COMPILER)
#define UPDATER VT_ROLE_UPDATER
#define LOCKED VT_ROLE_COLLECTOR
#define COLLECTOR (VT_ROLE_COLLECTOR | VT_ROLE_UNLOCKED)
#define NO_LOCK (VT_ROLE_PROCESSES | VT_ROLE_UNLOCKED)
#define PROCESSES VT_ROLE_PROCESSES
#define READERS (COLLECTOR | PROCESSES)
#define VERIFIER VT_ROLE_VERIFIER
#define NOT_PROCESSES (BOTH | UPDATER | COLLECTOR | VERIFIER)
#define ALL (NOT_PROCESSES | PROCESSES)
#define STORES (UPDATER | VERIFIER)
#define MAPPERS (WORKER | READERS)
#define VT_ALLOW(roles_, name_, check_, reason_)                                                   \
	{.roles = (roles_),                                                                        \
		.number = SYS_##name_,                                                             \
		.check = VT_CHECK_##check_,                                                        \
		.name = #name_,                                                                    \
		.reason = (reason_)},
#include "sandbox/seccomp.def"
#undef VT_ALLOW
#undef MAPPERS
#undef STORES
#undef ALL
#undef NOT_PROCESSES
#undef READERS
#undef PROCESSES
#undef NO_LOCK
#undef COLLECTOR
#undef LOCKED
#undef VERIFIER
#undef UPDATER
#undef BOTH
#undef COMPILER
#undef WORKER
};

const struct vt_allow *vt_filter_table(size_t *out_n)
{
	*out_n = VT_COUNT(table);
	return table;
}

struct program {
	struct sock_filter *code;
	size_t n;
};

static void add(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	p->code[p->n++] = (struct sock_filter){.code = code, .k = k, .jt = yes, .jf = no};
}

static void load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low or high half of an argument, as the machine's byte order lays it out. */
static void load_arg(struct program *p, unsigned arg, unsigned high)
{
	load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + high * 4);
}

static void end(struct program *p, uint32_t action)
{
	add(p, BPF_RET | BPF_K, action, 0, 0);
}

static void allow(struct program *p)
{
	end(p, SECCOMP_RET_ALLOW);
}

static void kill_process(struct program *p)
{
	end(p, SECCOMP_RET_KILL_PROCESS);
}

/*
 * Dies unless the argument is one of these. The kernel takes descriptors, advice, operations and
 * signal numbers from the low 32 bits; bits above are refused all the same.
 */
static void one_of(struct program *p, unsigned arg, const uint32_t *values, size_t n)
{
	load_arg(p, arg, 1);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	kill_process(p);
	load_arg(p, arg, 0);
	for (size_t i = 0; i < n; i++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
		allow(p);
	}
	kill_process(p);
}

/* Dies if the argument has any of these bits. */
static void none_of(struct program *p, unsigned arg, uint32_t bits)
{
	load_arg(p, arg, 0);
	add(p, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	kill_process(p);
}

static void check_mmap(struct program *p)
{
	none_of(p, 2, PROT_EXEC);
	load_arg(p, 2, 0);
	add(p, BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 1, 0);
	allow(p);
	/* MAP_SHARED_VALIDATE has the bit of MAP_SHARED. */
	none_of(p, 3, MAP_SHARED);
	allow(p);
}

/* A struct in memory can't be checked: callers fall back to what can. */
static void no_such_call(struct program *p)
{
	end(p, SECCOMP_RET_ERRNO | ENOSYS);
}

#define NOT_TO_READ (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)
#define NO_NAME (O_TMPFILE & ~(uint32_t)O_DIRECTORY)

static void check_read(struct program *p)
{
	none_of(p, 2, NOT_TO_READ | NO_NAME);
	allow(p);
}

/*
 * /proc/PID/mem can be opened where /proc/PID/maps can. Programs lie above 4 GiB (but for those
 * that are not position-independent), and reading can't move there: what is not mapped ends it.
 */
static void check_low(struct program *p)
{
	load_arg(p, 3, 1);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	kill_process(p);
	allow(p);
}

static void check_seek(struct program *p)
{
	load_arg(p, 1, 1);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	end(p, SECCOMP_RET_ERRNO | EINVAL);
	load_arg(p, 2, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, SEEK_SET, 1, 0);
	end(p, SECCOMP_RET_ERRNO | EINVAL);
	allow(p);
}

static void check_open(struct program *p)
{
	load_arg(p, 2, 0);
	/* O_TMPFILE is this bit and O_DIRECTORY: a file without a name */
	add(p, BPF_JMP | BPF_JSET | BPF_K, NO_NAME, 0, 1);
	allow(p);
	none_of(p, 2, NOT_TO_READ);
	allow(p);
}

static void check(struct program *p, enum vt_check what)
{
	static const uint32_t channel[] = {VT_SANDBOX_CHANNEL}, output[] = {VT_SANDBOX_OUTPUT};
	static const uint32_t advice[] = {MADV_SEQUENTIAL, MADV_DONTNEED, MADV_FREE};
	static const uint32_t wake[] = {FUTEX_WAKE, FUTEX_WAKE_PRIVATE};
	static const uint32_t asking[] = {F_GETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC};
	static const uint32_t internet[] = {AF_INET, AF_INET6};

	switch (what) {
	case VT_CHECK_ANY: allow(p); break;
	case VT_CHECK_CHANNEL: one_of(p, 0, channel, VT_COUNT(channel)); break;
	case VT_CHECK_OUTPUT: one_of(p, 0, output, VT_COUNT(output)); break;
	case VT_CHECK_MADVISE: one_of(p, 2, advice, VT_COUNT(advice)); break;
	case VT_CHECK_FUTEX_WAKE: one_of(p, 1, wake, VT_COUNT(wake)); break;
	case VT_CHECK_INTERNET: one_of(p, 0, internet, VT_COUNT(internet)); break;
	case VT_CHECK_NOT_EXEC:
		none_of(p, 2, PROT_EXEC);
		allow(p);
		break;
	case VT_CHECK_MMAP: check_mmap(p); break;
	case VT_CHECK_OPEN: check_open(p); break;
	case VT_CHECK_READ: check_read(p); break;
	case VT_CHECK_LOW: check_low(p); break;
	case VT_CHECK_SEEK: check_seek(p); break;
	case VT_CHECK_FCNTL: one_of(p, 1, asking, VT_COUNT(asking)); break;
	case VT_CHECK_NONE: no_such_call(p); break;
	}
}

size_t vt_filter_build(enum vt_role role, struct sock_filter out[VT_FILTER_MAX])
{
	struct program p = {.code = out};

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	kill_process(&p);
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	kill_process(&p);
	for (size_t i = 0; i < VT_COUNT(table); i++) {
		size_t jump = p.n;

		if (!(table[i].roles & role))
			continue;
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)table[i].number, 0, 0);
		check(&p, table[i].check);
		/* Not this call: over its check, to the next. The number is still loaded. */
		out[jump].jf = (uint8_t)(p.n - jump - 1);
	}
	kill_process(&p);
	return p.n;
}
