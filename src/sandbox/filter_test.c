/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the filter's program as the kernel would, over every number and many arguments. */
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define NUMBERS 2048
#define KILL SECCOMP_RET_KILL_PROCESS
#define ALLOW SECCOMP_RET_ALLOW

/* The instructions that the program uses; any other one, or a jump out of it, fails the test. */
static uint32_t run(const struct sock_filter *code, size_t n, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % 4 == 0 && i->k + 4 <= sizeof *data);
			memcpy(&a, (const uint8_t *)data + i->k, sizeof a);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K: pc += a == i->k ? i->jt : i->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: pc += a >= i->k ? i->jt : i->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: pc += a & i->k ? i->jt : i->jf; break;
		case BPF_RET | BPF_K: return i->k;
		default: fail_msg("instruction %#x", i->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

struct program {
	struct sock_filter code[VT_FILTER_MAX];
	size_t n;
};

static struct program build(enum vt_role role)
{
	struct program p;

	p.n = vt_filter_build(role, p.code);
	assert_in_range(p.n, 1, VT_FILTER_MAX);
	return p;
}

static uint32_t call(const struct program *p, long nr, const uint64_t args[6])
{
	struct seccomp_data d = {.nr = (int)nr, .arch = AUDIT_ARCH_X86_64};

	memcpy(d.args, args, sizeof d.args);
	return run(p->code, p->n, &d);
}

static const struct vt_allow *row(enum vt_role role, long nr)
{
	size_t n;
	const struct vt_allow *t = vt_filter_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (t[i].number == nr && (t[i].roles & role))
			return &t[i];
	}
	return NULL;
}

static void test_every_number(void **state)
{
	static const enum vt_role roles[] = {VT_ROLE_WORKER, VT_ROLE_COMPILER, VT_ROLE_UPDATER,
		VT_ROLE_COLLECTOR, VT_ROLE_PROCESSES, VT_ROLE_VERIFIER, VT_ROLE_UNLOCKED};
	const uint64_t zero[6] = {0};

	(void)state;
	for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
		struct program p = build(roles[r]);

		for (long nr = -16; nr < NUMBERS; nr++) {
			const struct vt_allow *a = row(roles[r], nr);
			uint32_t got = call(&p, nr, zero);

			if (!a)
				assert_int_equal(got, KILL);
			else if (a->check == VT_CHECK_ANY)
				assert_int_equal(got, ALLOW);
			/* x32: the same number with bit 30 */
			assert_int_equal(call(&p, nr | 0x40000000, zero), KILL);
		}
	}
}

static void test_other_architectures(void **state)
{
	static const uint32_t archs[] = {AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0, ~0u};
	struct program p = build(VT_ROLE_WORKER);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (int nr = 0; nr < NUMBERS; nr++) {
			struct seccomp_data d = {.nr = nr, .arch = archs[i]};
			assert_int_equal(run(p.code, p.n, &d), KILL);
		}
	}
}

static void test_memory(void **state)
{
	struct program p = build(VT_ROLE_WORKER);

	(void)state;
	for (uint64_t prot = 0; prot < 16; prot++) {
		for (uint64_t flags = 0; flags < 64; flags++) {
			const uint64_t args[6] = {0, 4096, prot, flags, 0, 0};
			bool bad =
				(prot & PROT_EXEC) || ((prot & PROT_WRITE) && (flags & MAP_SHARED));

			assert_int_equal(call(&p, SYS_mmap, args), bad ? KILL : ALLOW);
			assert_int_equal(
				call(&p, SYS_mprotect, args), prot & PROT_EXEC ? KILL : ALLOW);
		}
	}
}

/* Argument `arg` of the call may be one of `good` and nothing else, in all of its 64 bits. */
static void only(enum vt_role role, long nr, unsigned arg, const uint64_t *good, size_t n)
{
	struct program p = build(role);

	for (uint64_t v = 0; v < 300; v++) {
		uint64_t args[6] = {0};
		bool ok = false;

		for (size_t i = 0; i < n; i++)
			ok |= v == good[i];
		args[arg] = v;
		assert_int_equal(call(&p, nr, args), ok ? ALLOW : KILL);
		args[arg] = v | (UINT64_C(1) << 32);
		assert_int_equal(call(&p, nr, args), KILL);
		args[arg] = v | (UINT64_C(1) << 63);
		assert_int_equal(call(&p, nr, args), KILL);
	}
}

static void test_arguments(void **state)
{
	static const uint64_t channel[] = {VT_SANDBOX_CHANNEL}, output[] = {VT_SANDBOX_OUTPUT};
	static const uint64_t advice[] = {MADV_SEQUENTIAL, MADV_DONTNEED, MADV_FREE};
	static const uint64_t wake[] = {FUTEX_WAKE, FUTEX_WAKE_PRIVATE};
	static const uint64_t internet[] = {AF_INET, AF_INET6};

	(void)state;
	only(VT_ROLE_WORKER, SYS_sendmsg, 0, channel, 1);
	only(VT_ROLE_WORKER, SYS_recvmsg, 0, channel, 1);
	only(VT_ROLE_COMPILER, SYS_sendmsg, 0, channel, 1);
	only(VT_ROLE_COMPILER, SYS_write, 0, output, 1);
	only(VT_ROLE_WORKER, SYS_write, 0, NULL, 0);
	only(VT_ROLE_WORKER, SYS_madvise, 2, advice, 3);
	only(VT_ROLE_WORKER, SYS_futex, 1, wake, 2);
	only(VT_ROLE_UPDATER, SYS_sendmsg, 0, channel, 1);
	only(VT_ROLE_UPDATER, SYS_socket, 0, internet, 2);
	only(VT_ROLE_UPDATER, SYS_write, 0, NULL, 0);
	only(VT_ROLE_UPDATER, SYS_bind, 0, NULL, 0);
	only(VT_ROLE_UPDATER, SYS_execve, 0, NULL, 0);
	only(VT_ROLE_VERIFIER, SYS_sendmsg, 0, channel, 1);
	only(VT_ROLE_VERIFIER, SYS_socket, 0, NULL, 0);
	only(VT_ROLE_VERIFIER, SYS_connect, 0, NULL, 0);
	only(VT_ROLE_VERIFIER, SYS_sendto, 0, NULL, 0);
	only(VT_ROLE_VERIFIER, SYS_execve, 0, NULL, 0);
	only(VT_ROLE_VERIFIER, SYS_fork, 0, NULL, 0);
}

/* Collectors open to read, or files without names. */
static void test_open(void **state)
{
	static const uint64_t bad[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND,
		O_RDWR | O_CREAT | O_EXCL, O_WRONLY | O_DIRECTORY};
	static const uint64_t good[] = {
		O_RDONLY, O_RDONLY | O_DIRECTORY | O_CLOEXEC, O_PATH | O_NOFOLLOW};
	static const enum vt_role roles[] = {VT_ROLE_COLLECTOR, VT_ROLE_PROCESSES};
	const uint64_t unnamed[6] = {0, 0, O_RDWR | O_TMPFILE};

	(void)state;
	for (size_t r = 0; r < 2; r++) {
		struct program p = build(roles[r]);

		assert_int_equal(call(&p, SYS_openat, unnamed),
			roles[r] == VT_ROLE_COLLECTOR ? ALLOW : KILL);
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			const uint64_t args[6] = {0, 0, bad[i]};
			assert_int_equal(call(&p, SYS_openat, args), KILL);
		}
		for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
			const uint64_t args[6] = {0, 0, good[i]};
			assert_int_equal(call(&p, SYS_openat, args), ALLOW);
		}
	}
}

/* What the role's filter says to one call; a program is too large for several in one frame. */
static uint32_t answer(enum vt_role role, long nr, const uint64_t args[6])
{
	struct program p = build(role);

	return call(&p, nr, args);
}

/* Where the memory of processes is, and what fcntl(2) can do besides asking. */
static void test_readers(void **state)
{
	static const uint64_t asking[] = {F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL};
	static const uint64_t high = UINT64_C(1) << 32;
	const uint64_t low[6] = {5, 0, 1, high - 1}, far[6] = {5, 0, 1, high};
	const uint64_t set[6] = {5, high - 1, SEEK_SET}, set_far[6] = {5, high, SEEK_SET};
	const uint64_t step[6] = {5, high - 1, SEEK_CUR};

	(void)state;
	only(VT_ROLE_COLLECTOR, SYS_fcntl, 1, asking, 4);
	only(VT_ROLE_PROCESSES, SYS_fcntl, 1, asking, 4);
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_pread64, low), ALLOW);
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_pread64, far), KILL);
	assert_int_equal(answer(VT_ROLE_COLLECTOR, SYS_pread64, far), ALLOW);
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_lseek, set), ALLOW);
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_lseek, set_far), SECCOMP_RET_ERRNO | EINVAL);
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_lseek, step), SECCOMP_RET_ERRNO | EINVAL);
	assert_int_equal(answer(VT_ROLE_COLLECTOR, SYS_lseek, set_far), ALLOW);
}

static void test_call_with_another_way(void **state)
{
	const uint64_t zero[6] = {0};

	(void)state;
	assert_int_equal(answer(VT_ROLE_PROCESSES, SYS_openat2, zero), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(answer(VT_ROLE_UNLOCKED, SYS_openat2, zero), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(answer(VT_ROLE_COLLECTOR, SYS_openat2, zero), ALLOW);
}

static void test_table_has_reasons(void **state)
{
	size_t n;
	const struct vt_allow *t = vt_filter_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(t[i].reason) > 5);
		assert_true(t[i].roles != 0);
		for (size_t k = 0; k < i; k++)
			assert_true(t[i].number != t[k].number || !(t[i].roles & t[k].roles));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_other_architectures),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_call_with_another_way),
		cmocka_unit_test(test_table_has_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
