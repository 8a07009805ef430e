/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "ipc/compile.h"
#include "ipc/report.h"
#include "ipc/setup.h"
#include "os/fd.h"

static struct vt_message *message(void)
{
	struct vt_message *m = malloc(sizeof *m);

	assert_non_null(m);
	return m;
}

/* Sends raw bytes, as a hostile peer would. */
static void say(int fd, const void *p, size_t n)
{
	assert_int_equal(send(fd, p, n, 0), (ssize_t)n);
}

static void test_descriptors(void **state)
{
	struct vt_message *m = message();
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	int ends[2], fds[VT_MSG_FDS];

	(void)state;
	assert_int_equal(vt_channel_pair(ends), VT_OK);
	for (size_t i = 0; i < VT_MSG_FDS; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(vt_msg_begin(&b, VT_MSG_BATCH), VT_OK);
	assert_int_equal(vt_channel_send(ends[0], vt_buf_span(&b), fds, VT_MSG_FDS, false), VT_OK);
	assert_int_equal(vt_channel_recv(ends[1], m, true, true), VT_OK);
	assert_int_equal(m->id, VT_MSG_BATCH);
	assert_int_equal(m->nfds, VT_MSG_FDS);
	for (size_t i = 0; i < VT_MSG_FDS; i++) {
		assert_int_equal(fcntl(m->fds[i], F_GETFD), FD_CLOEXEC);
		vt_fd_close(m->fds[i]);
	}
	/* with a message that may have none, and where none are taken */
	for (int with = 0; with < 2; with++) {
		assert_int_equal(vt_msg_begin(&b, VT_MSG_READY), VT_OK);
		assert_int_equal(vt_channel_send(ends[0], vt_buf_span(&b), fds, 1, false), VT_OK);
		assert_int_equal(vt_channel_recv(ends[1], m, with != 0, false), VT_EPEER);
		assert_int_equal(m->nfds, 0);
	}
	for (size_t i = 0; i < VT_MSG_FDS; i++)
		vt_fd_close(fds[i]);
	vt_buf_free(&b);
	vt_fd_close(ends[0]);
	vt_fd_close(ends[1]);
	free(m);
}

static void test_bad_messages(void **state)
{
	static const uint32_t ids[] = {0, VT_MSG_COUNT, 0xffff, 0xffffffff};
	struct vt_message *m = message();
	uint8_t *large = calloc(1, VT_MSG_MAX + 1);
	int ends[2];

	(void)state;
	assert_non_null(large);
	assert_int_equal(vt_channel_pair(ends), VT_OK);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_EAGAIN);
	for (size_t i = 0; i < VT_COUNT(ids); i++) {
		say(ends[0], &ids[i], 4);
		assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_EPEER);
	}
	say(ends[0], "abc", 3);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_EPEER);
	large[0] = VT_MSG_RESULTS;
	say(ends[0], large, VT_MSG_MAX);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_OK);
	say(ends[0], large, VT_MSG_MAX + 1);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_EPEER);
	/* what was said before the end still comes */
	say(ends[0], large, 8);
	vt_fd_close(ends[0]);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_OK);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_END);
	vt_fd_close(ends[1]);
	free(large);
	free(m);
}

/* A peer that dies without having read what was sent to it: its last words still arrive. */
static void test_reset(void **state)
{
	struct vt_message *m = message();
	const uint32_t ready = VT_MSG_READY;
	int ends[2];

	(void)state;
	assert_int_equal(vt_channel_pair(ends), VT_OK);
	say(ends[1], &ready, 4);
	say(ends[0], &ready, 4);
	vt_fd_close(ends[0]);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_OK);
	assert_int_equal(vt_channel_recv(ends[1], m, false, false), VT_END);
	assert_int_equal(vt_channel_send(ends[1], vt_span_of(&ready, 4), NULL, 0, false), VT_EPEER);
	vt_fd_close(ends[1]);
	free(m);
}

static void fill(struct vt_report *r, unsigned n)
{
	char path[2000];

	memset(path, 'x', sizeof path);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(path, 12, "%u", i);
		assert_int_equal(vt_report_detection(r,
					 &(struct vt_detection){.rule = vt_span_str("Rule"),
						 .set = vt_span_str("main.ndb"),
						 .line = i,
						 .path = vt_span_of(path, sizeof path),
						 .suspicious = i % 2 == 0}),
			VT_OK);
		if (i < VT_REPORT_MAX_GAPS)
			assert_int_equal(vt_report_gap(r, (vt_reason)(i % VT_REASON_COUNT),
						 vt_span_of(path, sizeof path)),
				VT_OK);
	}
	r->file_bytes = 1;
	r->object_bytes = 2;
	r->objects = 3;
}

static void assert_same(const struct vt_report *a, const struct vt_report *b)
{
	assert_int_equal(a->ndetections, b->ndetections);
	assert_int_equal(a->ngaps, b->ngaps);
	assert_int_equal(a->file_bytes, b->file_bytes);
	assert_int_equal(a->object_bytes, b->object_bytes);
	assert_int_equal(a->objects, b->objects);
	assert_int_equal(vt_report_verdict(a), vt_report_verdict(b));
	for (size_t i = 0; i < a->ndetections; i++) {
		assert_true(vt_span_eq(a->detections[i].path, b->detections[i].path));
		assert_true(vt_span_eq(a->detections[i].rule, b->detections[i].rule));
		assert_true(a->detections[i].suspicious == b->detections[i].suspicious);
	}
	for (size_t i = 0; i < a->ngaps; i++)
		assert_int_equal(a->gaps[i].reason, b->gaps[i].reason);
}

/* Reports of many lengths, small ones together in a message, large ones over several. */
static void test_reports(void **state)
{
	static const unsigned lengths[] = {0, 0, 1, 5, 20, 0, 30, 2};
	struct vt_message *m = message();
	struct vt_report_writer w;
	struct vt_report_reader r;
	struct vt_report sent[VT_COUNT(lengths)];
	size_t got = 0, messages = 0;
	int ends[2];

	(void)state;
	assert_int_equal(vt_channel_pair(ends), VT_OK);
	vt_report_writer_init(&w, ends[0]);
	vt_report_reader_init(&r);
	for (size_t i = 0; i < VT_COUNT(lengths); i++) {
		vt_report_init(&sent[i]);
		fill(&sent[i], lengths[i]);
		assert_int_equal(vt_report_write(&w, i, &sent[i]), VT_OK);
		if (i + 1 == VT_COUNT(lengths))
			assert_int_equal(vt_report_flush(&w), VT_OK);
		while (vt_channel_recv(ends[1], m, false, false) == VT_OK) {
			messages++;
			assert_int_equal(m->id, VT_MSG_RESULTS);
			while (vt_report_read(&r, &m->body, got) == VT_OK)
				assert_same(&sent[got++], &r.report);
			assert_int_equal(vt_reader_left(&m->body), 0);
		}
	}
	assert_int_equal(got, VT_COUNT(lengths));
	assert_true(messages >= 3);
	for (size_t i = 0; i < VT_COUNT(lengths); i++)
		vt_report_free(&sent[i]);
	vt_report_writer_free(&w);
	vt_report_reader_free(&r);
	vt_fd_close(ends[0]);
	vt_fd_close(ends[1]);
	free(m);
}

/* Each is a RESULTS body that must be refused while file 7 is expected. */
static void test_lies(void **state)
{
#define HEAD "\1\7\0\0\0\0\0\0\0" ZERO ZERO ZERO ZERO ZERO
#define ZERO "\0\0\0\0\0\0\0\0"
	static const struct {
		const char *p;
		size_t n;
	} lies[] = {
#define LIE(s) {s, sizeof(s) - 1}
		LIE("\0"),                                          /* no such piece */
		LIE("\5"),                                          /* nor this */
		LIE("\4\0"),                                        /* ends what did not begin */
		LIE("\3\0\0\0\0"),                                  /* a gap of nothing */
		LIE("\1\6\0\0\0\0\0\0\0" ZERO ZERO ZERO ZERO ZERO), /* another file */
		LIE(HEAD HEAD),                                     /* twice begun */
		LIE(HEAD "\4\1"),                                   /* verdict without a gap */
		LIE(HEAD "\4\3"),                                   /* detected what? */
		LIE(HEAD "\4\4"),                                   /* no such verdict */
		LIE(HEAD "\3\0\0\0\0\4\0"),                         /* clean in spite of a gap */
		LIE(HEAD "\3\377\0\0\0"),                           /* no such reason */
		LIE(HEAD "\3\0\0\377\377"),                         /* a path that is not there */
		LIE(HEAD "\2" ZERO "\2\0\0\0\0\0\0"),               /* half suspicious */
		LIE(HEAD "\2" ZERO "\0\1\0"),                       /* cut short */
		LIE("\1\7"),                                        /* cut shorter */
		LIE(HEAD "\4"),                                     /* and at the verdict */
		LIE(HEAD "\4\0" HEAD),                              /* the second is not the next */
	};
	struct vt_report_reader r;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(lies); i++) {
		vt_reader body = vt_reader_of(vt_span_of(lies[i].p, lies[i].n));
		vt_err e;

		vt_report_reader_init(&r);
		e = vt_report_read(&r, &body, 7);
		if (e == VT_OK)
			e = vt_report_read(&r, &body, 8);
		assert_int_equal(e, VT_EPEER);
		vt_report_reader_free(&r);
	}
}

static void test_endless(void **state)
{
	struct vt_report_reader r;
	static const char head[] = HEAD, gap[] = "\3\0\0\0\0";
	vt_reader body = vt_reader_of(vt_span_of(head, sizeof head - 1));
	vt_err e;
	unsigned n = 0;

	(void)state;
	vt_report_reader_init(&r);
	e = vt_report_read(&r, &body, 7);
	while (e == VT_END && n++ < 100000) {
		body = vt_reader_of(vt_span_of(gap, sizeof gap - 1));
		e = vt_report_read(&r, &body, 7);
	}
	assert_int_equal(e, VT_EPEER);
	vt_report_reader_free(&r);
}

static void test_setup(void **state)
{
	struct vt_setup s = {.limits = vt_limits_default(), .pua = true}, got;
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_reader body;
	vt_msg_id id;

	(void)state;
	assert_int_equal(vt_setup_write(&b, &s), VT_OK);
	assert_int_equal(vt_msg_parse(vt_buf_span(&b), &id, &body), VT_OK);
	assert_int_equal(vt_setup_read(&body, &got), VT_OK);
	assert_memory_equal(&s.limits, &got.limits, sizeof s.limits);
	assert_true(got.pua && !got.all_match);
	b.p[4] ^= 1; /* the protocol's number */
	assert_int_equal(vt_msg_parse(vt_buf_span(&b), &id, &body), VT_OK);
	assert_int_equal(vt_setup_read(&body, &got), VT_EVERSION);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_bad_messages),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
