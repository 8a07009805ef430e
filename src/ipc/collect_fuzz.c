/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a hostile collector may put on the channel, and what it is sent: the input is a
 * run of messages, each u16 little-endian length and bytes. What a reader calls good must keep the
 * promises of ipc/collect.h.
 */
#include <stdlib.h>

#include "ipc/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_string(vt_span s)
{
	check(s.n <= VT_COLLECT_STRING_MAX && (!s.n || s.p));
}

static void check_subject(vt_reader *body)
{
	struct vt_subject s;

	if (vt_subject_read(body, &s))
		return;
	check(s.kind <= VT_SUBJECT_DISK);
	check_string(s.name);
	check_string(s.sha256);
	check_string(s.platform);
}

static void check_component(vt_reader *body)
{
	struct vt_component c;

	if (vt_component_read(body, &c))
		return;
	check_string(c.locus);
	check_string(c.name);
	check_string(c.license);
}

static void check_observation(vt_reader *body)
{
	struct vt_observation o;

	if (vt_observation_read(body, &o))
		return;
	check(o.kind < VT_FACT_KINDS);
	check_string(o.locus);
	check_string(o.rule);
	check_string(o.sha256);
}

static void check_job(vt_reader *body)
{
	struct vt_wire_collect c;

	if (vt_collect_read(body, &c))
		return;
	check(c.what < VT_COLLECT_WHATS && c.ncatalogues <= VT_COLLECT_CATALOGUES_MAX &&
		c.nexcludes <= VT_COLLECT_EXCLUDES_MAX);
	for (uint32_t i = 0; i < c.nexcludes; i++)
		check_string(c.excludes[i]);
}

static void check_other(vt_msg_id id, vt_reader *body)
{
	struct vt_coverage coverage[VT_AREAS];
	struct vt_missed missed;
	struct vt_wire_file file;
	uint32_t asked;
	vt_err error;
	vt_span why;

	if (id == VT_MSG_MISSED && !vt_missed_read(body, &missed)) {
		check(missed.area < VT_AREAS && missed.why < VT_MISSES);
		check_string(missed.locus);
	} else if (id == VT_MSG_FILE && !vt_file_read(body, &file)) {
		check_string(file.path);
	} else if (id == VT_MSG_COLLECT_FAILED && !vt_collect_failed_read(body, &error, &why)) {
		check(error && error <= VT_EVERSION);
		check_string(why);
	} else if (id == VT_MSG_COVERAGE) {
		(void)!vt_coverage_read(body, coverage, &asked);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_reader r = vt_reader_of(vt_span_of(data, size));

	while (vt_reader_left(&r)) {
		vt_span message = vt_read_span(&r, vt_read_u16le(&r));
		vt_reader body;
		vt_msg_id id;

		if (r.bad || vt_msg_parse(message, &id, &body))
			break;
		if (id == VT_MSG_COLLECT)
			check_job(&body);
		else if (id == VT_MSG_SUBJECT)
			check_subject(&body);
		else if (id == VT_MSG_COMPONENT)
			check_component(&body);
		else if (id == VT_MSG_OBSERVATION)
			check_observation(&body);
		else
			check_other(id, &body);
	}
	return 0;
}
