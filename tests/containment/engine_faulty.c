/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine that does what the file says, linked to the real worker in place of the real engine: a
 * stand-in for a parser that an attacker has taken over or that has a bug. A file "FAULT <name>"
 * makes the worker misbehave; "HIT <rule>" is a detection; anything else is clean.
 */
#include "vitrine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/channel.h"

#define CHANNEL 3

struct vt_scanner {
	unsigned scans;
};

vt_err vt_db_open(vt_span image, struct vt_db **out)
{
	if (vt_span_at(image, 0, "BAD", 3))
		return VT_EFORMAT;
	*out = NULL;
	return VT_OK;
}

void vt_db_close(struct vt_db *db)
{
	(void)db;
}

vt_err vt_scanner_new(const struct vt_db *const *dbs, size_t ndbs,
	const struct vt_scan_options *options, struct vt_scanner **out)
{
	(void)dbs;
	(void)ndbs;
	(void)options;
	*out = calloc(1, sizeof **out);
	return *out ? VT_OK : VT_ENOMEM;
}

void vt_scanner_free(struct vt_scanner *s)
{
	free(s);
}

unsigned vt_scanner_wants(const struct vt_scanner *s, uint64_t size)
{
	(void)s;
	return size < 100 ? 1u : 0;
}

static void say(const void *p, size_t n)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	(void)sendmsg(CHANNEL, &h, MSG_NOSIGNAL);
}

static void fault_crash(const struct vt_input *in)
{
	/* The first page is never mapped. */
	*(volatile uint8_t *)((uintptr_t)in->bytes.p & 0xfff) = 1;
}

static void fault_abort(const struct vt_input *in)
{
	(void)in;
	abort();
}

static void fault_hang(const struct vt_input *in)
{
	(void)in;
	for (volatile unsigned i = 0;;)
		i = i + 1;
}

/* Hangs, but says that it lives. */
static void fault_hang_alive(const struct vt_input *in)
{
	uint8_t progress[12] = {VT_MSG_PROGRESS};

	for (;;) {
		say(progress, sizeof progress);
		(void)in->tick(in->tick_ctx, 1);
	}
}

/* As a library does it: asks until there is no more, and gives up. */
static void fault_memory(const struct vt_input *in)
{
	void *volatile p;

	(void)in;
	do {
		p = malloc((size_t)16 << 20);
		if (p)
			memset(p, 1, (size_t)16 << 20);
	} while (p);
}

/* As a library without checks does it. */
static void fault_memory_crash(const struct vt_input *in)
{
	(void)in;
	for (;;)
		memset(malloc((size_t)16 << 20), 1, (size_t)16 << 20);
}

static void fault_garbage(const struct vt_input *in)
{
	uint8_t junk[1000];

	memset(junk, 0xa5, sizeof junk);
	say(junk, sizeof junk);
	(void)in;
}

static void fault_empty_message(const struct vt_input *in)
{
	say("", 0);
	(void)in;
}

static void fault_huge_message(const struct vt_input *in)
{
	size_t n = VT_MSG_MAX + 4096;
	uint8_t *p = calloc(1, n);

	if (!p)
		return;
	p[0] = VT_MSG_RESULTS;
	say(p, n);
	free(p);
	(void)in;
}

/* A whole clean report for a file number. */
static void forge(uint64_t number, uint8_t verdict)
{
	uint8_t m[4 + 1 + 48 + 2] = {VT_MSG_RESULTS, 0, 0, 0, 1};

	memcpy(m + 5, &number, sizeof number);
	m[53] = 4;
	m[54] = verdict;
	say(m, sizeof m);
}

static void fault_wrong_number(const struct vt_input *in)
{
	forge(1000000, VT_CLEAN);
	(void)in;
}

/* Answers everything that it might have in hand, twice. */
static void fault_double(const struct vt_input *in)
{
	for (uint64_t i = 0; i < 300; i++) {
		forge(i, VT_INCOMPLETE);
		forge(i, VT_CLEAN);
		forge(i, VT_CLEAN);
	}
	(void)in;
}

static void fault_bad_verdict(const struct vt_input *in)
{
	for (uint64_t i = 0; i < 300; i++)
		forge(i, 77);
	(void)in;
}

static void fault_ready_again(const struct vt_input *in)
{
	const uint8_t ready[4] = {VT_MSG_READY};

	say(ready, sizeof ready);
	(void)in;
}

static void fault_endless_output(const struct vt_input *in)
{
	(void)in;
	for (;;) {
		uint8_t m[4 + 17] = {VT_MSG_RESULTS, 0, 0, 0, 3};
		say(m, sizeof m);
	}
}

static void fault_send_fd(const struct vt_input *in)
{
	const uint8_t ready[12] = {VT_MSG_PROGRESS};
	int fd = 0;
	vt_err e = vt_channel_send(CHANNEL, vt_span_of(ready, sizeof ready), &fd, 1, true);

	(void)in;
	(void)e;
}

static void fault_exit(const struct vt_input *in)
{
	(void)in;
	_exit(0);
}

static void fault_syscall(const struct vt_input *in)
{
	(void)in;
	(void)syscall(SYS_getuid);
}

static void fault_close_channel(const struct vt_input *in)
{
	(void)close(CHANNEL);
	fault_hang(in);
}

static const struct {
	const char *name;
	void (*run)(const struct vt_input *);
	vt_err then;
} faults[] = {
	{"crash", fault_crash, VT_OK},
	{"abort", fault_abort, VT_OK},
	{"hang", fault_hang, VT_OK},
	{"hang-alive", fault_hang_alive, VT_OK},
	{"memory", fault_memory, VT_ENOMEM},
	{"memory-crash", fault_memory_crash, VT_OK},
	{"garbage", fault_garbage, VT_OK},
	{"empty-message", fault_empty_message, VT_OK},
	{"huge-message", fault_huge_message, VT_OK},
	{"wrong-number", fault_wrong_number, VT_OK},
	{"double", fault_double, VT_OK},
	{"bad-verdict", fault_bad_verdict, VT_OK},
	{"ready-again", fault_ready_again, VT_OK},
	{"endless-output", fault_endless_output, VT_OK},
	{"send-fd", fault_send_fd, VT_OK},
	{"exit", fault_exit, VT_OK},
	{"syscall", fault_syscall, VT_OK},
	{"close-channel", fault_close_channel, VT_OK},
};

/* Many long hits: a report over several messages. */
static vt_err many_hits(struct vt_report *report)
{
	char path[3000];
	vt_err e = VT_OK;

	memset(path, 'p', sizeof path);
	for (unsigned i = 0; !e && i < 1000; i++) {
		int n = snprintf(path, sizeof path, "%u", i);

		path[n] = '/';
		e = vt_report_detection(report,
			&(struct vt_detection){.rule = vt_span_str("Many"),
				.set = vt_span_str("set"),
				.line = i,
				.path = vt_span_of(path, sizeof path)});
	}
	return e;
}

vt_err vt_scan(struct vt_scanner *s, const struct vt_input *in, struct vt_report *report)
{
	vt_span name;

	s->scans++;
	report->objects = 1;
	report->object_bytes = in->bytes.n;
	if (in->bytes.n > ((size_t)1 << 20) && in->tick) {
		volatile uint8_t sum = 0;

		for (size_t i = 0; i < in->bytes.n; i += 4096) {
			sum = (uint8_t)(sum + in->bytes.p[i]);
			if (i % ((size_t)1 << 20) == 0 && !in->tick(in->tick_ctx, 1 << 20))
				return vt_report_gap(report, VT_REASON_LIMIT_TIME, (vt_span){0});
		}
	}
	if (vt_span_at(in->bytes, 0, "MANY", 4))
		return many_hits(report);
	if (vt_span_at(in->bytes, 0, "HIT ", 4)) {
		(void)vt_span_sub(in->bytes, 4, in->bytes.n - 4, &name);
		return vt_report_detection(report,
			&(struct vt_detection){
				.rule = name, .set = vt_span_str("faulty"), .line = 1});
	}
	if (!vt_span_at(in->bytes, 0, "FAULT ", 6))
		return VT_OK;
	(void)vt_span_sub(in->bytes, 6, in->bytes.n - 6, &name);
	for (size_t i = 0; i < VT_COUNT(faults); i++) {
		if (vt_span_eq(name, vt_span_str(faults[i].name))) {
			faults[i].run(in);
			return faults[i].then;
		}
	}
	return VT_EARG;
}
