/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "network": what listens, in every network namespace that a process of /proc is in, and
 * which process holds it. /proc/PID/net shows a namespace without entering it. A named namespace
 * that no process is in can't be read that way, and is a miss.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/num.h"
#include "collect/look.h"
#include "collect/proc.h"
#include "inventory/artefact/procfs.h"
#include "os/fd.h"

#define NET_MAX ((size_t)64 << 20)
#define OWNERS_MAX 4000000

struct owner {
	uint64_t inode;
	unsigned pid;
};
struct run {
	struct vt_look l;
	struct vt_number_set spaces; /* inodes of network namespaces */
	struct owner *owners;
	size_t nowners, cap;
	bool blind; /* some process's descriptors could not be read */
	vt_buf text, link;
	char space[40];
	unsigned pid; /* whose net folder is read */
};

static bool add_owner(struct run *run, uint64_t inode, unsigned pid)
{
	if (run->nowners == run->cap) {
		size_t cap = run->cap ? run->cap * 2 : 1024;
		struct owner *p =
			cap > OWNERS_MAX ? NULL : reallocarray(run->owners, cap, sizeof *p);

		if (!p)
			return false;
		run->owners = p;
		run->cap = cap;
	}
	run->owners[run->nowners++] = (struct owner){inode, pid};
	return true;
}

/* "socket:[123]" and "net:[123]": the number. */
static bool bracketed(vt_span link, const char *before, uint64_t *out)
{
	size_t n = strlen(before);

	return vt_line_starts(link, before) && vt_line_ends(link, "]") &&
		vt_decimal_get(vt_span_of(link.p + n, link.n - n - 1), out);
}

/* First pass: which process holds which socket. */
static bool on_descriptors(void *ctx, const struct vt_proc *p)
{
	struct run *run = ctx;
	int fd = p->dir < 0 ? -1 : openat(p->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t inode;

	if (!d) {
		run->blind = run->blind || vt_proc_miss() == VT_MISS_UNREADABLE;
		vt_fd_close(fd);
		return true;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (vt_proc_link(dirfd(d), e->d_name, &run->link) != VT_OK)
			run->blind = run->blind || vt_proc_miss() == VT_MISS_UNREADABLE;
		else if (bracketed(vt_buf_span(&run->link), "socket:[", &inode) &&
			!add_owner(run, inode, p->pid))
			run->blind = true;
	}
	(void)closedir(d);
	return true;
}

static int by_inode(const void *x, const void *y)
{
	const struct owner *a = x, *b = y;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static unsigned owner_of(const struct run *run, uint64_t inode)
{
	size_t low = 0, high = run->nowners;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (run->owners[mid].inode < inode)
			low = mid + 1;
		else
			high = mid;
	}
	return low < run->nowners && run->owners[low].inode == inode ? run->owners[low].pid : 0;
}

/* A file or link of another process; empty if there is none. In the arena. */
static vt_span of_process(struct run *run, unsigned pid, const char *name, bool link)
{
	char path[64];
	char *p;
	vt_err e;

	(void)snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
	e = link ? vt_proc_link(AT_FDCWD, path, &run->link)
		 : vt_proc_read(AT_FDCWD, path, &run->link);
	if (e)
		return vt_span_of("", 0);
	while (!link && run->link.n && run->link.p[run->link.n - 1] == '\n')
		run->link.n--;
	p = vt_arena_copy(vt_collect_arena(run->l.c), vt_buf_span(&run->link));
	return p ? vt_span_of(p, run->link.n) : vt_span_of("", 0);
}

static void report(
	struct run *run, const char *protocol, vt_span where, unsigned port, uint64_t inode)
{
	unsigned pid = owner_of(run, inode);
	const char *locus, *owner;
	struct vt_fact f = {.kind = VT_FACT_LISTENER};
	vt_span none = vt_span_of("", 0);

	locus = vt_look_printf(
		&run->l, "%s %s %.*s", run->space, protocol, (int)where.n, (const char *)where.p);
	owner = pid ? vt_look_printf(&run->l, "%u %s", pid, run->space) : run->space;
	f.locus = vt_span_str(locus ? locus : protocol);
	if (port)
		vt_fact_str(&f, VT_ATTR_PORT, vt_look_printf(&run->l, "%.3s/%u", protocol, port));
	else
		vt_fact_set(&f, VT_ATTR_PATH, where);
	vt_fact_set(&f, VT_ATTR_VALUE, where);
	vt_fact_str(&f, VT_ATTR_OWNER, owner ? owner : "");
	vt_fact_set(&f, VT_ATTR_NAME, pid ? of_process(run, pid, "comm", false) : none);
	vt_fact_set(&f, VT_ATTR_COMMAND, pid ? of_process(run, pid, "exe", true) : none);
	vt_collect_fact(run->l.c, &f);
	if (!pid && run->blind)
		vt_collect_missed(run->l.c, run->l.area, f.locus, VT_MISS_UNREADABLE);
	else
		vt_collect_seen(run->l.c, run->l.area, true);
}

static const char *address(struct run *run, const struct vt_proc_socket *s)
{
	const uint8_t *a = s->address;
	unsigned w[8];

	if (s->address_n == 4)
		return vt_look_printf(&run->l, "%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3], s->port);
	for (unsigned i = 0; i < 8; i++)
		w[i] = (unsigned)(a[2 * i] << 8 | a[2 * i + 1]);
	return vt_look_printf(&run->l, "[%x:%x:%x:%x:%x:%x:%x:%x]:%u", w[0], w[1], w[2], w[3], w[4],
		w[5], w[6], w[7], s->port);
}

static void on_line(struct run *run, const char *protocol, vt_span line)
{
	struct vt_proc_socket s;
	struct vt_proc_unix u;
	const char *where;

	if (protocol[0] == 'u' && protocol[1] == 'n') {
		if (vt_proc_unix(line, &u) && u.path.n && (u.listens || u.type == 2))
			report(run, protocol, u.path, 0, u.inode);
		return;
	}
	if (!vt_proc_socket(line, &s) || s.port == 0)
		return;
	/* TCP_LISTEN; and a UDP socket that has an address and no peer (TCP_CLOSE) */
	if (protocol[0] == 't' ? s.state != 10 : s.state != 7 || s.remote_port != 0)
		return;
	where = address(run, &s);
	if (where)
		report(run, protocol, vt_span_str(where), s.port, s.inode);
}

/* False: the process ended before any of it could be read. */
static bool read_space(struct run *run, int dir)
{
	static const char *const files[] = {"tcp", "tcp6", "udp", "udp6", "unix"};
	char name[16];
	vt_span line;
	vt_reader r;

	for (size_t i = 0; i < VT_COUNT(files); i++) {
		vt_err e;

		(void)snprintf(name, sizeof name, "net/%s", files[i]);
		e = vt_proc_read(dir, name, &run->text);
		if (e == VT_EIO && errno == ENOENT && i % 2)
			continue; /* a kernel without IPv6 */
		if (e == VT_EIO && i == 0 && vt_proc_miss() == VT_MISS_VANISHED)
			return false;
		if (e) {
			const char *locus = vt_look_printf(&run->l, "/proc/%u/%s", run->pid, name);

			vt_collect_missed(run->l.c, run->l.area, vt_span_str(locus ? locus : name),
				e == VT_EIO ? vt_proc_miss() : VT_MISS_LIMIT);
			continue;
		}
		r = vt_reader_of(vt_buf_span(&run->text));
		while (vt_line_next(&r, &line))
			on_line(run, files[i], line);
	}
	vt_collect_source(run->l.c, run->l.area,
		vt_look_printf(&run->l, "%s /proc/%u/net", run->space, run->pid));
	return true;
}

/* Second pass: each namespace once, through the first process that is in it. */
static bool on_space(void *ctx, const struct vt_proc *p)
{
	struct run *run = ctx;
	uint64_t inode;

	if (p->dir < 0 || vt_proc_link(p->dir, "ns/net", &run->link) != VT_OK) {
		if (vt_proc_miss() == VT_MISS_UNREADABLE) { /* it may be in one of its own */
			const char *locus = vt_look_printf(&run->l, "pid %u", p->pid);

			vt_collect_missed(run->l.c, run->l.area, vt_span_str(locus ? locus : "pid"),
				VT_MISS_UNREADABLE);
		}
		return true;
	}
	if (!bracketed(vt_buf_span(&run->link), "net:[", &inode) ||
		vt_number_set_has(&run->spaces, inode))
		return true;
	(void)snprintf(run->space, sizeof run->space, "net:[%" PRIu64 "]", inode);
	run->pid = p->pid;
	if (read_space(run, p->dir))
		(void)vt_number_set_add(&run->spaces, inode);
	return true;
}

/* "ip netns add" keeps a namespace alive by a mount, without a process. */
static void note_named(struct run *run)
{
	DIR *d = opendir("/run/netns");
	struct dirent *e;
	struct stat st;

	if (!d)
		return;
	while ((e = readdir(d))) {
		const char *path;

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0) ||
			!vt_number_set_add(&run->spaces, st.st_ino))
			continue;
		path = vt_look_printf(&run->l, "/run/netns/%s", e->d_name);
		vt_collect_missed(run->l.c, run->l.area, vt_span_str(path ? path : e->d_name),
			VT_MISS_UNSUPPORTED);
	}
	(void)closedir(d);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_NETWORK},
		.text.max = NET_MAX,
		.link.max = VT_TREE_PATH_MAX};
	vt_err e = vt_proc_each(on_descriptors, &run);

	*out_state = NULL;
	if (!e) {
		if (run.nowners)
			qsort(run.owners, run.nowners, sizeof *run.owners, by_inode);
		e = vt_proc_each(on_space, &run);
	}
	if (!e)
		note_named(&run);
	free(run.owners);
	vt_number_set_free(&run.spaces);
	vt_buf_free(&run.text);
	vt_buf_free(&run.link);
	return e;
}

const struct vt_collector vt_collector_network = {
	.name = "network", .area = VT_AREA_NETWORK, .live_only = true, .start = start};
