/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vitrine-collector that was taken over, and that found a way out of its sandbox on top: started
 * by the shipped supervisor, it does what the last name of the subject's path says ("kinds",
 * "fifo", ...; the table at the end). "honest" is what all of them say besides: one subject,
 * everything read, nothing there.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/collect.h"
#include "sandbox/filter.h"

#define CHANNEL VT_SANDBOX_CHANNEL
#define ESCAPES "\033]0;owned\007\033[2J\x9b"
#define LONG_TEXT 4000

static struct vt_message in;
static struct vt_wire_collect job;
static vt_buf out = VT_BUF_INIT(VT_MSG_MAX);

static void give(vt_err written, const int *fds, size_t n)
{
	if (written || vt_channel_send(CHANNEL, vt_buf_span(&out), fds, n, true))
		_exit(3); /* the supervisor is gone: it has seen enough */
}

static void subject(enum vt_subject_kind kind, uint32_t parent)
{
	const struct vt_subject s = {.kind = kind,
		.parent = parent,
		.name = vt_span_str("another name"),
		.platform = vt_span_str("linux")};

	give(vt_subject_write(&out, &s), NULL, 0);
}

static void coverage_of(const struct vt_coverage *all, uint32_t asked)
{
	struct vt_coverage v[VT_AREAS];

	for (unsigned a = 0; a < VT_AREAS; a++)
		v[a] = *all;
	give(vt_coverage_write(&out, v, asked), NULL, 0);
}

static void coverage(void)
{
	coverage_of(&(struct vt_coverage){.seen = 10, .read = 10, .sources = 1}, ~0u);
}

static void empty(vt_msg_id id)
{
	give(vt_msg_begin(&out, id), NULL, 0);
}

static void begin(void)
{
	subject(job.what == VT_COLLECT_ROOT                ? VT_SUBJECT_ROOT
			: job.what <= VT_COLLECT_PROCESSES ? VT_SUBJECT_SYSTEM
			: job.what == VT_COLLECT_DISK      ? VT_SUBJECT_DISK
							   : VT_SUBJECT_IMAGE,
		0);
}

static void finish(void)
{
	coverage();
	empty(VT_MSG_COLLECT_DONE);
	for (;;)
		(void)pause();
}

static void observation(const struct vt_observation *o)
{
	give(vt_observation_write(&out, o), NULL, 0);
}

static void file_of(int fd)
{
	const struct vt_wire_file f = {.path = vt_span_str("/srv/file"), .size = 1};

	give(vt_file_write(&out, &f), &fd, fd >= 0);
}

static void progress(uint64_t n)
{
	vt_err e = vt_msg_begin(&out, VT_MSG_PROGRESS);

	give(e ? e : vt_buf_add_u64(&out, n), NULL, 0);
}

/* The ways ------------------------------------------------------------------------------------ */

static void honest(void)
{
	begin();
}

static void garbage(void)
{
	static const char bytes[] = "\x1a\0\0\0 this is no such message";

	begin();
	give(vt_buf_add(&out, bytes, sizeof bytes), NULL, 0);
}

static void unknown_id(void)
{
	begin();
	empty((vt_msg_id)4711);
}

static void other_role(void)
{
	begin();
	empty(VT_MSG_READY);
}

static void before_subject(void)
{
	observation(&(struct vt_observation){.kind = VT_FACT_FILE,
		.rule = vt_span_str("kesl-name"),
		.locus = vt_span_str("/x")});
}

static void two_subjects(void)
{
	begin();
	begin();
}

static void second_root(void)
{
	begin();
	coverage();
	begin();
}

static void kinds(void)
{
	subject(VT_SUBJECT_LAYER, 0); /* of which only the content is asked */
}

static void parent(void)
{
	subject(VT_SUBJECT_ROOT, 77);
}

static void no_rule(void)
{
	begin();
	observation(&(struct vt_observation){.kind = VT_FACT_FILE,
		.rule = vt_span_str("no-such-rule"),
		.locus = vt_span_str("/x")});
}

static void rule_of_other_kind(void)
{
	begin();
	observation(&(struct vt_observation){.kind = VT_FACT_ACCOUNT,
		.rule = vt_span_str("kesl-name"),
		.locus = vt_span_str("/x")});
}

static void content(void)
{
	begin();
	observation(&(struct vt_observation){.kind = VT_FACT_CONTENT,
		.rule = vt_span_str("kesl-paths-in-elf"),
		.locus = vt_span_str("/x")});
}

static void digest(void)
{
	begin();
	observation(&(struct vt_observation){.kind = VT_FACT_FILE,
		.rule = vt_span_str("kesl-name"),
		.locus = vt_span_str("/x"),
		.sha256 = vt_span_str("'; rm -rf /; '")});
}

static const char *long_text(void)
{
	static char text[LONG_TEXT];

	memset(text, 'x', sizeof text - 1);
	return text;
}

static void many_observations(void)
{
	begin();
	for (;;)
		observation(&(struct vt_observation){.kind = VT_FACT_FILE,
			.rule = vt_span_str("kesl-name"),
			.locus = vt_span_str(long_text())});
}

static void many_components(void)
{
	const struct vt_component c = {.name = vt_span_str("a"), .locus = vt_span_str("b")};

	begin();
	for (;;)
		give(vt_component_write(&out, &c), NULL, 0);
}

static void many_subjects(void)
{
	for (uint32_t i = 0;; i++) {
		subject(VT_SUBJECT_IMAGE, i);
		coverage();
	}
}

static void counts(void)
{
	begin();
	coverage_of(
		&(struct vt_coverage){.seen = UINT64_MAX, .read = UINT64_MAX, .sources = 1}, ~0u);
}

static void read_unseen(void)
{
	begin();
	coverage_of(&(struct vt_coverage){.seen = 1, .read = 2, .sources = 1}, ~0u);
}

static void unasked(void)
{
	begin();
	coverage_of(&(struct vt_coverage){.seen = 1, .read = 1, .sources = 1}, 0);
	empty(VT_MSG_COLLECT_DONE);
	for (;;)
		(void)pause();
}

static void fifo(void)
{
	int ends[2];

	begin();
	if (!pipe(ends))
		file_of(ends[0]);
}

static void folder(void)
{
	begin();
	file_of(open("/", O_RDONLY | O_DIRECTORY));
}

static void sockets(void)
{
	int ends[2];

	begin();
	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		file_of(ends[0]);
}

static void device(void)
{
	begin();
	file_of(open("/dev/zero", O_RDONLY));
}

static void path_only(void)
{
	begin();
	file_of(open("/etc/hostname", O_PATH));
}

static void writable(void)
{
	char name[4096];

	/* it keeps its name: one without would be as good as a member of an image */
	(void)snprintf(
		name, sizeof name, "%.*s/written", (int)job.name.n, (const char *)job.name.p);
	begin();
	file_of(open(name, O_RDWR | O_CREAT, 0600));
}

static void no_descriptor(void)
{
	begin();
	file_of(-1);
}

static void descriptor_elsewhere(void)
{
	const struct vt_missed m = {.locus = vt_span_str("/x")};
	int fd = open("/etc/hostname", O_RDONLY);

	begin();
	give(vt_missed_write(&out, &m), &fd, 1);
}

/* It is not the number in the message that counts. */
static void wrong_size(void)
{
	const struct vt_wire_file f = {.path = vt_span_str("/srv/file"), .size = UINT64_MAX};
	int fd = memfd_create("file", 0);

	begin();
	if (write(fd, "text", 4) == 4)
		give(vt_file_write(&out, &f), &fd, 1);
}

static void silence(void)
{
	begin();
	for (;;)
		(void)pause();
}

static void heartbeats(void)
{
	begin();
	for (;;) {
		progress(5);
		(void)usleep(20000);
	}
}

static void crawl(void)
{
	begin();
	for (uint64_t i = 0;; i++) {
		progress(i);
		(void)usleep(20000);
	}
}

static void flood(void)
{
	begin();
	for (uint64_t i = 0;; i++)
		progress(i);
}

static void backwards(void)
{
	begin();
	progress(5);
	progress(4);
}

static void crash(void)
{
	begin();
	(void)raise(SIGSEGV);
}

static void leave(void)
{
	begin();
	_exit(0);
}

static void early(void)
{
	_exit(0);
}

static void between(void)
{
	begin();
	coverage();
	_exit(0);
}

static void nothing(void)
{
	empty(VT_MSG_COLLECT_DONE);
	for (;;)
		(void)pause();
}

static void open_end(void)
{
	begin();
	empty(VT_MSG_COLLECT_DONE);
}

static void fails_with(vt_err error, const char *why)
{
	begin();
	coverage();
	give(vt_collect_failed_write(&out, error, vt_span_str(why)), NULL, 0);
	for (;;)
		(void)pause();
}

static void says_stopped(void)
{
	fails_with(VT_EAGAIN, "stopped");
}

static void says_memory(void)
{
	fails_with(VT_ENOMEM, "no memory");
}

static void escapes_in_why(void)
{
	fails_with(VT_EIO, ESCAPES);
}

/* Not refused: shown, and so shown without its effect. */
static void escapes_in_text(void)
{
	const struct vt_missed m = {.locus = vt_span_str("/" ESCAPES)};
	const struct vt_component c = {.name = vt_span_str(ESCAPES),
		.manager = vt_span_str(ESCAPES),
		.version = vt_span_str(ESCAPES),
		.locus = vt_span_str(ESCAPES)};

	begin();
	give(vt_missed_write(&out, &m), NULL, 0);
	give(vt_component_write(&out, &c), NULL, 0);
	observation(&(struct vt_observation){.kind = VT_FACT_FILE,
		.rule = vt_span_str("kesl-name"),
		.raw = vt_span_str("name=" ESCAPES " path=" ESCAPES),
		.locus = vt_span_str("/srv/" ESCAPES "/kesl-control")});
}

static const struct {
	const char *name;
	void (*what)(void);
} ways[] = {
	{"honest", honest},
	{"garbage", garbage},
	{"unknown-id", unknown_id},
	{"other-role", other_role},
	{"before-subject", before_subject},
	{"two-subjects", two_subjects},
	{"second-root", second_root},
	{"kinds", kinds},
	{"parent", parent},
	{"no-rule", no_rule},
	{"rule-of-other-kind", rule_of_other_kind},
	{"content", content},
	{"digest", digest},
	{"many-observations", many_observations},
	{"many-components", many_components},
	{"many-subjects", many_subjects},
	{"counts", counts},
	{"read-unseen", read_unseen},
	{"unasked", unasked},
	{"fifo", fifo},
	{"folder", folder},
	{"socket", sockets},
	{"device", device},
	{"path-only", path_only},
	{"writable", writable},
	{"no-descriptor", no_descriptor},
	{"descriptor-elsewhere", descriptor_elsewhere},
	{"wrong-size", wrong_size},
	{"silence", silence},
	{"heartbeats", heartbeats},
	{"crawl", crawl},
	{"flood", flood},
	{"backwards", backwards},
	{"crash", crash},
	{"leave", leave},
	{"early", early},
	{"between", between},
	{"nothing", nothing},
	{"open-end", open_end},
	{"says-stopped", says_stopped},
	{"says-memory", says_memory},
	{"escapes-in-why", escapes_in_why},
	{"escapes-in-text", escapes_in_text},
};

int main(void)
{
	size_t from;

	if (vt_channel_recv(CHANNEL, &in, true, true) || in.id != VT_MSG_COLLECT ||
		vt_collect_read(&in.body, &job))
		return 2;
	from = job.name.n;
	while (from > 0 && job.name.p[from - 1] != '/')
		from--;
	job.name = vt_span_of(job.name.p + from, job.name.n - from);
	for (size_t i = 0; i < VT_COUNT(ways); i++)
		if (vt_span_eq(job.name, vt_span_str(ways[i].name)))
			ways[i].what();
	finish();
	return 0;
}
