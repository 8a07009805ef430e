/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a hostile worker, compiler or collector may put on the channel: the input is a
 * run of messages, each u16 little-endian length and bytes, and goes through every reader that the
 * supervisor has.
 */
#include <stdlib.h>

#include "ipc/collect.h"
#include "ipc/compile.h"
#include "ipc/fetch.h"
#include "ipc/report.h"
#include "ipc/setup.h"
#include "ipc/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* A report that the reader calls whole keeps the promises of its header. */
static void check_report(const struct vt_report_reader *r, uint64_t expected)
{
	check(!r->open && r->number == expected);
	check(r->report.ndetections <= VT_REPORT_MAX_DETECTIONS);
	check(r->report.ngaps <= VT_REPORT_MAX_GAPS);
	for (size_t i = 0; i < r->report.ndetections; i++)
		check(r->report.detections[i].rule.n <= VT_WIRE_RULE_MAX &&
			r->report.detections[i].path.n <= VT_WIRE_PATH_MAX);
	for (size_t i = 0; i < r->report.ngaps; i++)
		check((size_t)r->report.gaps[i].reason < VT_REASON_COUNT);
}

static vt_err read_results(struct vt_report_reader *r, vt_reader *body, uint64_t *expected)
{
	for (;;) {
		vt_err e = vt_report_read(r, body, *expected);

		if (e)
			return e == VT_END ? VT_OK : e;
		check_report(r, *expected);
		++*expected;
	}
}

/* Between the updater and its client, in both directions. */
static vt_err read_fetch(vt_msg_id id, vt_reader *body)
{
	struct vt_wire_fetch_setup setup;
	struct vt_wire_fetch_done done;
	struct vt_wire_fetch fetch;
	vt_span piece;
	vt_err e;

	if (id == VT_MSG_FETCH_SETUP)
		return vt_fetch_setup_read(body, &setup);
	if (id == VT_MSG_FETCH_DONE) {
		e = vt_fetch_done_read(body, &done);
		check(e || (done.why.n <= VT_WIRE_WHY_MAX && !(done.error && done.status)));
		return e;
	}
	if (id == VT_MSG_FETCH) {
		e = vt_fetch_read(body, &fetch);
		check(e || (fetch.url.n <= VT_WIRE_URL_MAX && fetch.type.n <= VT_WIRE_TYPE_MAX));
		return e;
	}
	e = vt_piece_read(body, &piece);
	check(e || (piece.n && piece.n <= VT_WIRE_PIECE));
	return e;
}

/* Between an update and its verifying child. */
static vt_err read_verify(vt_msg_id id, vt_reader *body)
{
	struct vt_wire_get get;
	struct vt_wire_got got;
	struct vt_wire_refused refused;
	struct vt_wire_verify_done done;
	vt_span piece;
	vt_err e;

	if (id == VT_MSG_VERIFY_GET) {
		e = vt_verify_get_read(body, &get);
		check(e || (get.path.n && get.path.n <= VT_WIRE_FILE_MAX));
		return e;
	}
	if (id == VT_MSG_VERIFY_GOT) {
		e = vt_verify_got_read(body, &got);
		check(e || got.why.n <= VT_WIRE_CAUSE_MAX);
		return e;
	}
	if (id == VT_MSG_VERIFY_FAILURE)
		return vt_verify_failure_read(body, &refused);
	if (id == VT_MSG_VERIFY_DONE) {
		e = vt_verify_done_read(body, &done);
		check(e || (done.kind.n <= VT_WIRE_KIND_MAX && done.why.n <= VT_WIRE_CAUSE_MAX));
		return e;
	}
	return vt_piece_read(body, &piece);
}

static void check_string(vt_span s)
{
	check(s.n <= VT_COLLECT_STRING_MAX && (s.n == 0 || s.p));
}

/* Between the collector and its supervisor, in both directions. */
static vt_err read_subject(vt_reader *body)
{
	struct vt_subject s;
	vt_err e = vt_subject_read(body, &s);

	if (e)
		return e;
	check(s.kind <= VT_SUBJECT_DISK);
	check_string(s.name);
	check_string(s.sha256);
	check_string(s.platform);
	return VT_OK;
}

static vt_err read_observation(vt_reader *body)
{
	struct vt_observation o;
	vt_err e = vt_observation_read(body, &o);

	if (e)
		return e;
	check((unsigned)o.kind < VT_FACT_KINDS);
	check_string(o.locus);
	check_string(o.rule);
	check_string(o.product);
	check_string(o.raw);
	check_string(o.sha256);
	return VT_OK;
}

static vt_err read_collected(vt_msg_id id, vt_reader *body)
{
	struct vt_coverage v[VT_AREAS];
	struct vt_component c;
	struct vt_missed m;
	struct vt_wire_file f;
	uint32_t asked;
	vt_span why;
	vt_err e, error;

	switch ((unsigned)id) {
	case VT_MSG_SUBJECT: return read_subject(body);
	case VT_MSG_OBSERVATION: return read_observation(body);
	case VT_MSG_COMPONENT:
		e = vt_component_read(body, &c);
		if (!e)
			check_string(c.license);
		return e;
	case VT_MSG_MISSED:
		e = vt_missed_read(body, &m);
		check(e || ((unsigned)m.area < VT_AREAS && (unsigned)m.why < VT_MISSES));
		return e;
	case VT_MSG_FILE:
		e = vt_file_read(body, &f);
		if (!e)
			check_string(f.path);
		return e;
	case VT_MSG_COVERAGE: return vt_coverage_read(body, v, &asked);
	case VT_MSG_COLLECT_FAILED:
		e = vt_collect_failed_read(body, &error, &why);
		check(e || (error && why.n <= VT_COLLECT_WHY_MAX));
		return e;
	default: return VT_OK;
	}
}

static vt_err read_job(vt_reader *body)
{
	static struct vt_wire_collect job;
	vt_err e = vt_collect_read(body, &job);

	if (e)
		return e;
	check(job.what < VT_COLLECT_WHATS && job.nexcludes <= VT_COLLECT_EXCLUDES_MAX &&
		job.ncatalogues <= VT_COLLECT_CATALOGUES_MAX);
	for (uint32_t i = 0; i < job.nexcludes; i++)
		check_string(job.excludes[i]);
	return VT_OK;
}

static vt_err read_other(vt_msg_id id, vt_reader *body)
{
	struct vt_wire_container container;
	struct vt_wire_failure failure;
	struct vt_wire_totals totals;
	struct vt_wire_aside aside;
	struct vt_batch batch;
	struct vt_setup setup;
	enum vt_start_step step;
	vt_err e = VT_OK, why;
	bool strict;

	if (id >= VT_MSG_FETCH_SETUP && id <= VT_MSG_FETCH_DONE)
		return read_fetch(id, body);
	if (id >= VT_MSG_VERIFY_GET && id <= VT_MSG_VERIFY_GOT)
		return read_verify(id, body);
	if (id == VT_MSG_COLLECT)
		return read_job(body);
	if (id >= VT_MSG_SUBJECT && id <= VT_MSG_COLLECT_FAILED)
		return read_collected(id, body);
	if (id == VT_MSG_SETUP)
		return vt_setup_read(body, &setup);
	if (id == VT_MSG_BATCH)
		return vt_batch_read(body, vt_reader_left(body) / 8, &batch);
	if (id == VT_MSG_FAIL)
		return vt_fail_read(body, &step, &why);
	if (id == VT_MSG_COMPILE)
		return vt_compile_read(body, &strict);
	if (id == VT_MSG_CONTAINER)
		return vt_container_read(body, &container);
	if (id == VT_MSG_COMPILED)
		return vt_totals_read(body, &totals);
	if (id == VT_MSG_COMPILE_FAILED)
		return vt_failure_read(body, &failure);
	while (id == VT_MSG_ASIDES && !e && vt_reader_left(body))
		e = vt_aside_read(body, &aside);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_reader r = vt_reader_of(vt_span_of(data, size));
	struct vt_report_reader reports;
	uint64_t expected = 0;
	vt_err e = VT_OK;

	vt_report_reader_init(&reports);
	while (!e && vt_reader_left(&r)) {
		vt_span message = vt_read_span(&r, vt_read_u16le(&r));
		vt_reader body;
		vt_msg_id id;

		if (r.bad)
			break;
		e = vt_msg_parse(message, &id, &body);
		if (e)
			break;
		e = id == VT_MSG_RESULTS ? read_results(&reports, &body, &expected)
					 : read_other(id, &body);
	}
	vt_report_reader_free(&reports);
	return 0;
}
