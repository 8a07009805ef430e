/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: vitrine.scan/1 as one document (json) and as one object a line (jsonl). */
#include "cli/output_json.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/text.h"

void vt_put_json_path(FILE *f, vt_span path)
{
	fputs(",\"path\":", f);
	vt_put_json(f, path);
	if (vt_utf8_valid(path))
		return;
	fputs(",\"path_b64\":\"", f);
	vt_put_base64(f, path);
	fputc('"', f);
}

void vt_put_time(FILE *f, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char buf[32] = "";

	if (gmtime_r(&t, &tm))
		(void)strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm);
	fputs(buf, f);
}

static void put_u64(FILE *f, const char *key, uint64_t v)
{
	fprintf(f, ",\"%s\":%" PRIu64, key, v);
}

static void put_detection(FILE *f, const struct vt_detection *d)
{
	fputs("{\"rule\":", f);
	vt_put_json(f, d->rule);
	vt_put_json_path(f, d->path);
	fputs(",\"set\":", f);
	vt_put_json(f, d->set);
	put_u64(f, "line", d->line);
	if (d->suspicious)
		fputs(",\"suspicious\":true", f);
	fputc('}', f);
}

void vt_put_json_file(FILE *f, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;

	fputs("{\"schema\":\"" VT_SCAN_SCHEMA "\",\"type\":\"file\"", f);
	vt_put_json_path(f, r->path);
	fprintf(f, ",\"verdict\":\"%s\"", vt_verdict_text(r->verdict));
	put_u64(f, "bytes", rep->file_bytes);
	put_u64(f, "objects", rep->objects);
	fputs(",\"detections\":[", f);
	for (size_t i = 0; i < rep->ndetections; i++) {
		fputs(i ? "," : "", f);
		put_detection(f, &rep->detections[i]);
	}
	fputs("],\"incomplete\":[", f);
	for (size_t i = 0; i < rep->ngaps; i++) {
		fprintf(f, "%s{\"reason\":\"%s\"", i ? "," : "",
			vt_reason_word(rep->gaps[i].reason));
		vt_put_json_path(f, rep->gaps[i].path);
		fputc('}', f);
	}
	fputc(']', f);
	if (rep->detections_dropped)
		put_u64(f, "detections_dropped", rep->detections_dropped);
	if (rep->gaps_dropped)
		put_u64(f, "incomplete_dropped", rep->gaps_dropped);
	if (r->error) {
		fputs(",\"error\":", f);
		vt_put_json(f, vt_span_str(strerror(r->error)));
	}
	fputc('}', f);
}

static void put_verdicts(FILE *f, const struct vt_summary *s)
{
	fputs(",\"verdicts\":{", f);
	for (unsigned v = VT_CLEAN; v <= VT_DETECTED; v++)
		fprintf(f, "%s\"%s\":%" PRIu64, v ? "," : "", vt_verdict_text((vt_verdict)v),
			s->by_verdict[v]);
	fputs("},\"incomplete\":{", f);
	for (unsigned i = 0, n = 0; i < VT_REASON_COUNT; i++)
		if (s->gaps[i])
			fprintf(f, "%s\"%s\":%" PRIu64, n++ ? "," : "",
				vt_reason_word((vt_reason)i), s->gaps[i]);
	fputc('}', f);
}

void vt_put_json_summary(FILE *f, const struct vt_summary *s)
{
	fputs("{\"schema\":\"" VT_SCAN_SCHEMA
	      "\",\"type\":\"summary\",\"version\":\"" VITRINE_VERSION "\",\"started\":\"",
		f);
	vt_put_time(f, s->started);
	fprintf(f, "\",\"seconds\":%.6f,\"interrupted\":%s", s->seconds,
		s->interrupted ? "true" : "false");
	put_u64(f, "files", s->files);
	put_u64(f, "bytes", s->bytes);
	put_u64(f, "objects", s->objects);
	put_u64(f, "object_bytes", s->object_bytes);
	put_u64(f, "detections", s->detections);
	put_verdicts(f, s);
	put_u64(f, "errors", s->errors);
	fprintf(f,
		",\"skipped\":{\"links\":%" PRIu64 ",\"special\":%" PRIu64 ",\"excluded\":%" PRIu64
		",\"filesystems\":%" PRIu64 "}",
		s->skipped->links, s->skipped->special, s->skipped->excluded,
		s->skipped->filesystems);
	fputs(",\"databases\":[", f);
	for (size_t i = 0; i < s->databases->n; i++) {
		fputs(i ? "," : "", f);
		vt_put_json(f, vt_span_str(s->databases->v[i]));
	}
	fprintf(f, "],\"exit\":%d}", s->exit_status);
}

static vt_err json_begin(struct vt_output *o)
{
	fputs("{\"schema\":\"" VT_SCAN_SCHEMA "\",\"type\":\"report\",\"files\":[", o->file);
	return VT_OK;
}

static vt_err json_file(struct vt_output *o, const struct vt_result *r)
{
	fputs(o->rows ? ",\n" : "\n", o->file);
	vt_put_json_file(o->file, r);
	return VT_OK;
}

static vt_err json_end(struct vt_output *o, const struct vt_summary *s)
{
	fputs("\n],\"summary\":", o->file);
	vt_put_json_summary(o->file, s);
	fputs("}\n", o->file);
	return VT_OK;
}

static vt_err jsonl_begin(struct vt_output *o)
{
	(void)o;
	return VT_OK;
}

static vt_err jsonl_file(struct vt_output *o, const struct vt_result *r)
{
	vt_put_json_file(o->file, r);
	fputc('\n', o->file);
	return VT_OK;
}

static vt_err jsonl_end(struct vt_output *o, const struct vt_summary *s)
{
	vt_put_json_summary(o->file, s);
	fputc('\n', o->file);
	return VT_OK;
}

const struct vt_output_ops vt_output_json = {
	.name = "json",
	.extension = "json",
	.lists_clean = true,
	.begin = json_begin,
	.file = json_file,
	.end = json_end,
};

const struct vt_output_ops vt_output_jsonl = {
	.name = "jsonl",
	.extension = "jsonl",
	.lists_clean = true,
	.begin = jsonl_begin,
	.file = jsonl_file,
	.end = jsonl_end,
};
