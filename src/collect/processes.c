/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "processes": every process that /proc shows, of whatever namespace: its program, what
 * files it has mapped, and files that it holds open though no name leads to them. A program that is
 * deleted, lives in memory only, or is another file than the one of that path here, is handed to
 * the engine as it is: no walk over names could find it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/look.h"
#include "collect/proc.h"
#include "inventory/artefact/procfs.h"
#include "os/fd.h"

#define MAPS_MAX ((size_t)64 << 20)
#define FDS_MAX 100000

struct run {
	struct vt_look l;
	struct vt_number_set scanned; /* device and inode */
};
struct process {
	struct run *run;
	const struct vt_proc *p;
	vt_buf exe, root, command, owner, maps, link, path;
	struct vt_proc_stat stat;
	struct stat exe_st;
	char comm[16], locus[64];
	struct vt_number_set mapped;
};

/* A path as the process sees it: without " (deleted)", and without what its own root is. */
static vt_span seen_path(const struct process *q, vt_span path, bool gone)
{
	vt_span root = vt_buf_span(&q->root);

	if (gone && vt_line_ends(path, " (deleted)"))
		path.n -= 10;
	if (root.n > 1 && path.n > root.n && vt_span_at(path, 0, root.p, root.n) &&
		path.p[root.n] == '/')
		path = vt_span_of(path.p + root.n, path.n - root.n);
	return path;
}

static void report(struct process *q, vt_span locus, vt_span path, const char *state)
{
	struct vt_fact f = {.kind = VT_FACT_PROCESS, .locus = locus};

	vt_fact_set(&f, VT_ATTR_NAME, vt_line_base(path));
	vt_fact_set(&f, VT_ATTR_PATH, path);
	vt_fact_set(&f, VT_ATTR_COMMAND, vt_buf_span(&q->command));
	vt_fact_set(&f, VT_ATTR_OWNER, vt_buf_span(&q->owner));
	vt_fact_str(&f, VT_ATTR_STATE, state);
	vt_fact_str(&f, VT_ATTR_VALUE, q->comm);
	if (q->root.n > 1)
		vt_fact_set(&f, VT_ATTR_SOURCE, vt_buf_span(&q->root));
	vt_collect_fact(q->run->l.c, &f);
}

/* Hands a file that only the process still reaches to the engine, once for each file. Its place is
 * where it can be opened, and behind '#' what its name is or was. */
static void scan(struct process *q, const char *name, vt_span path)
{
	const struct vt_look *l = &q->run->l;
	const char *locus = vt_look_printf(
		l, "/proc/%u/%s#%.*s", q->p->pid, name, (int)path.n, (const char *)path.p);
	int fd = openat(q->p->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (!locus)
		locus = name;
	if (fd < 0 || fstat(fd, &st)) {
		vt_collect_missed(l->c, l->area, vt_span_str(locus), vt_proc_miss());
		vt_fd_close(fd);
		return;
	}
	if (!S_ISREG(st.st_mode) ||
		!vt_number_set_add(
			&q->run->scanned, vt_number_of(st.st_dev, &st.st_ino, sizeof st.st_ino))) {
		vt_fd_close(fd);
		return;
	}
	vt_collect_scan(l->c, vt_span_str(locus), fd, (uint64_t)st.st_size, false);
}

/* True if the tree has that very file under this path, so that the walk looks at it. */
static bool in_tree(struct process *q, vt_span path, const struct stat *st)
{
	struct vt_node node;

	return path.n && path.p[0] == '/' &&
		vt_tree_stat(vt_collect_tree(q->run->l.c), path, true, &node) == VT_OK &&
		node.dev == st->st_dev && node.ino == st->st_ino;
}

static void look_exe(struct process *q)
{
	vt_span link = vt_buf_span(&q->exe), path;
	bool memfd = vt_line_starts(link, "/memfd:"), known, gone;

	known = fstatat(q->p->dir, "exe", &q->exe_st, 0) == 0;
	gone = known ? q->exe_st.st_nlink == 0 : vt_line_ends(link, " (deleted)");
	path = seen_path(q, link, gone);
	report(q, vt_span_str(q->locus), path, memfd ? "memfd" : gone ? "deleted" : "running");
	if (!known || gone || memfd || !in_tree(q, link, &q->exe_st))
		scan(q, "exe", path);
}

/* A mapping: reported once for each file, scanned once if it runs code that has no name. */
static void look_map(struct process *q, const struct vt_proc_map *m)
{
	uint64_t id = vt_number_of(m->inode, m->path.p, m->path.n);
	char name[64];
	vt_span path;
	struct stat st;
	bool gone, memfd;

	if (m->path.n == 0 || m->path.p[0] != '/')
		return; /* [heap] and the like */
	if (!vt_number_set_add(&q->mapped, id) && !m->executable)
		return;
	vt_buf_clear(&q->path);
	if (vt_proc_unescape(m->path, &q->path) != VT_OK)
		return;
	path = vt_buf_span(&q->path);
	if (vt_span_eq(path, vt_buf_span(&q->exe)))
		return;
	memfd = vt_line_starts(path, "/memfd:");
	(void)snprintf(name, sizeof name, "map_files/%" PRIx64 "-%" PRIx64, m->from, m->to);
	gone = vt_line_ends(path, " (deleted)");
	if (gone && fstatat(q->p->dir, name, &st, 0) == 0)
		gone = st.st_nlink == 0 || memfd;
	if (vt_number_set_add(&q->mapped, id ^ 0x5555))
		report(q, vt_span_str(q->locus), seen_path(q, path, gone),
			memfd          ? "mapped memfd"
				: gone ? "mapped deleted"
				       : "mapped");
	if (gone && m->executable && !vt_line_starts(path, "/dev/") &&
		!vt_line_starts(path, "/SYSV"))
		scan(q, name, seen_path(q, path, gone));
}

static bool look_maps(struct process *q)
{
	struct vt_proc_map m;
	vt_reader r;
	vt_span line;
	vt_err e = vt_proc_read(q->p->dir, "maps", &q->maps);

	if (!e && q->maps.n == 0) { /* it ended by now: no memory is left */
		e = VT_EIO;
		errno = ESRCH;
	}
	if (e) {
		vt_collect_missed(q->run->l.c, q->run->l.area, vt_span_str(q->locus),
			e == VT_EIO ? vt_proc_miss() : VT_MISS_LIMIT);
		return false;
	}
	r = vt_reader_of(vt_buf_span(&q->maps));
	while (vt_line_next(&r, &line))
		if (vt_proc_map(line, &m))
			look_map(q, &m);
	return true;
}

/* Open files without a name. */
static bool look_fds(struct process *q)
{
	int fd = openat(q->p->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned left = FDS_MAX;
	struct dirent *e;
	struct stat st;
	char name[300];

	if (!d) {
		vt_collect_missed(
			q->run->l.c, q->run->l.area, vt_span_str(q->locus), vt_proc_miss());
		vt_fd_close(fd);
		return false;
	}
	while (left-- && (e = readdir(d))) {
		bool memfd;
		vt_span path;

		if (vt_proc_link(dirfd(d), e->d_name, &q->link) != VT_OK)
			continue;
		path = vt_buf_span(&q->link);
		memfd = vt_line_starts(path, "/memfd:");
		if (path.n == 0 || path.p[0] != '/' || !vt_line_ends(path, " (deleted)") ||
			fstatat(dirfd(d), e->d_name, &st, 0) || !S_ISREG(st.st_mode) || st.st_nlink)
			continue;
		if (!vt_number_set_add(
			    &q->mapped, vt_number_of(st.st_ino, path.p, path.n) ^ 0xaaaa))
			continue;
		report(q, vt_span_str(q->locus), seen_path(q, path, true),
			memfd ? "open memfd" : "open deleted");
		(void)snprintf(name, sizeof name, "fd/%s", e->d_name);
		if (memfd || (st.st_mode & 0111))
			scan(q, name, seen_path(q, path, true));
	}
	(void)closedir(d);
	return true;
}

/* cmdline with blanks for its NULs, at most a value long. */
static void read_command(struct process *q)
{
	vt_buf_clear(&q->command);
	(void)!vt_proc_read(q->p->dir, "cmdline", &q->command); /* the front of it will do */
	while (q->command.n && q->command.p[q->command.n - 1] == 0)
		q->command.n--;
	for (size_t i = 0; i < q->command.n; i++)
		if (q->command.p[i] == 0)
			q->command.p[i] = ' ';
}

static void read_owner(struct process *q)
{
	static const char *const spaces[] = {"ns/pid", "ns/mnt"};

	vt_buf_clear(&q->owner);
	if (vt_buf_addf(&q->owner, "%u", q->p->pid) != VT_OK)
		return;
	for (size_t i = 0; i < 2; i++)
		if (vt_proc_link(q->p->dir, spaces[i], &q->link) != VT_OK ||
			vt_buf_addf(&q->owner, " %.*s", (int)q->link.n, (char *)q->link.p) != VT_OK)
			return;
}

/* What the process is. False: there is nothing to look at, or it could not be looked at (counted).
 */
static bool identify(struct process *q)
{
	struct vt_collect *c = q->run->l.c;
	vt_err e = q->p->dir < 0 ? VT_EIO : vt_proc_read(q->p->dir, "stat", &q->maps);
	size_t n;

	if (!e && !vt_proc_stat(vt_buf_span(&q->maps), &q->stat)) {
		e = VT_EIO;
		errno = ESRCH;
	}
	if (!e) {
		n = q->stat.name.n < 15 ? q->stat.name.n : 15;
		if (n)
			memcpy(q->comm, q->stat.name.p, n);
		q->comm[n] = 0;
		if (q->stat.kernel || q->stat.state == 'Z' || q->stat.state == 'X')
			return false; /* of the kernel, or nothing is left but its number */
		e = vt_proc_link(q->p->dir, "exe", &q->exe);
	}
	if (e) {
		vt_collect_missed(c, q->run->l.area, vt_span_str(q->locus),
			e == VT_EIO ? vt_proc_miss() : VT_MISS_LIMIT);
		return false;
	}
	vt_buf_clear(&q->root);
	if (vt_proc_link(q->p->dir, "root", &q->root) != VT_OK)
		vt_buf_clear(&q->root);
	read_command(q);
	read_owner(q);
	return true;
}

static bool on_process(void *ctx, const struct vt_proc *p)
{
	struct run *run = ctx;
	struct process q = {.run = run,
		.p = p,
		.exe.max = VT_TREE_PATH_MAX,
		.root.max = VT_TREE_PATH_MAX,
		.command.max = 1 << 17,
		.owner.max = 1024,
		.maps.max = MAPS_MAX,
		.link.max = VT_TREE_PATH_MAX,
		.path.max = VT_TREE_PATH_MAX};

	(void)snprintf(q.locus, sizeof q.locus, "pid %u", p->pid);
	if (identify(&q)) {
		look_exe(&q);
		if (look_maps(&q) && look_fds(&q))
			vt_collect_seen(run->l.c, run->l.area, true);
	}
	vt_number_set_free(&q.mapped);
	vt_buf_free(&q.exe);
	vt_buf_free(&q.root);
	vt_buf_free(&q.command);
	vt_buf_free(&q.owner);
	vt_buf_free(&q.maps);
	vt_buf_free(&q.link);
	vt_buf_free(&q.path);
	return true;
}

/* Mounted with hidepid, /proc leaves other users' processes out without a word. */
static void note_hidden(struct run *run)
{
	vt_buf b = VT_BUF_INIT((size_t)16 << 20);
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool hidden = false;
	vt_span line;
	vt_reader r;
	size_t at;

	if (proc >= 0 && vt_proc_read(proc, "self/mountinfo", &b) == VT_OK) {
		r = vt_reader_of(vt_buf_span(&b));
		while (vt_line_next(&r, &line))
			hidden = hidden ||
				(vt_span_find(line, 0, " /proc ", 7, &at) &&
					vt_span_find(line, 0, "hidepid=", 8, &at) &&
					!vt_span_at(line, at, "hidepid=0", 9) &&
					!vt_span_at(line, at, "hidepid=off", 11));
	}
	if (hidden && geteuid() != 0)
		vt_collect_missed(run->l.c, run->l.area, vt_span_str("/proc"), VT_MISS_UNREADABLE);
	vt_fd_close(proc);
	vt_buf_free(&b);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_PROCESSES}};
	vt_err e = vt_proc_each(on_process, &run);

	*out_state = NULL;
	if (!e) {
		note_hidden(&run);
		vt_collect_source(c, VT_AREA_PROCESSES, "proc /proc");
	}
	vt_number_set_free(&run.scanned);
	return e;
}

const struct vt_collector vt_collector_processes = {
	.name = "processes", .area = VT_AREA_PROCESSES, .live_only = true, .start = start};
