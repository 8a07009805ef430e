/* SPDX-License-Identifier: Apache-2.0 */
#include "os/map.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "os/fd.h"

#define PAGE ((uintptr_t)4096)

vt_err vt_map_file(int fd, uint64_t size, vt_span *out)
{
	void *p;

	if (size == 0) {
		*out = (vt_span){0};
		return VT_OK;
	}
	if (size > VT_FILE_SIZE_MAX)
		return VT_ENOMEM;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return errno == ENOMEM ? VT_ENOMEM : VT_EIO;
	*out = vt_span_of(p, (size_t)size);
	return VT_OK;
}

/* The mapping as mmap's family wants it: they take void *, although the pages are read-only. */
static void *pages(vt_span map)
{
	return (void *)(uintptr_t)map.p;
}

void vt_map_close(vt_span map)
{
	if (map.n)
		(void)munmap(pages(map), map.n);
}

void vt_map_drop(vt_span map)
{
	if (map.n)
		(void)madvise(pages(map), map.n, MADV_DONTNEED);
}

/* A signal handler sees nothing but globals. Workers have one thread. */
static struct {
	volatile uintptr_t begin, end;
	volatile int fd;
	volatile sig_atomic_t lost;
	bool installed;
} guarded;

/*
 * Puts zero pages over what is lost: all behind the file's new end, or, where the file is as long
 * as ever (a bad sector), the one page. Anything else is a crash like any other.
 */
static void on_bus_error(int sig, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr & ~(PAGE - 1);
	uintptr_t begin = guarded.begin, end = guarded.end;
	uint64_t size, len = PAGE;
	int saved = errno;

	(void)sig;
	(void)context;
	if (at >= begin && at < end) {
		if (vt_fd_size(guarded.fd, &size) == VT_OK && at - begin >= size)
			len = (end - at + PAGE - 1) & ~(PAGE - 1);
		if (mmap((void *)at, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			    0) != MAP_FAILED) {
			guarded.lost = 1;
			errno = saved;
			return;
		}
	}
	__builtin_trap();
}

vt_err vt_map_guard_install(void)
{
	struct sigaction sa = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

	/* once before the sandbox, which has no sigaction(2) */
	if (guarded.installed)
		return VT_OK;
	(void)sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, NULL))
		return VT_EIO;
	guarded.installed = true;
	return VT_OK;
}

void vt_map_guard(vt_span map, int fd)
{
	guarded.lost = 0;
	guarded.fd = fd;
	guarded.begin = (uintptr_t)map.p;
	guarded.end = (uintptr_t)map.p + map.n;
}

bool vt_map_unguard(void)
{
	guarded.begin = 0;
	guarded.end = 0;
	return guarded.lost != 0;
}
