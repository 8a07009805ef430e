/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java archives: the Maven coordinates of all that was packed into one (a "fat" jar has many), else
 * what its manifest calls it; archives inside of it one level down. Only the members that are asked
 * for are unpacked.
 */
#include "collect/jar.h"

#include "base/num.h"
#include "collect/record.h"
#include "engine/unpack/zip.h"
#include "inventory/package/java.h"
#include "os/fd.h"

#define JAR_MAX ((uint64_t)256 << 20)
#define MEMBER_MAX ((uint64_t)64 << 20) /* an archive inside */
#define TEXT_MAX ((uint64_t)1 << 20)    /* a manifest or pom.properties */
#define UNPACK_MAX ((uint64_t)1 << 30)  /* out of one archive, in all */
#define ENTRIES_MAX 1000000u

struct jar {
	struct vt_collect *c;
	struct vt_budget budget;
	struct vt_codec codec;
	vt_span path, locus; /* of the archive, with "!inner" if it is inside of one */
	bool inner;
	uint32_t found; /* coordinates */
	bool has_manifest;
	struct vt_package manifest;
};

static void missed(struct jar *j, vt_err e)
{
	vt_collect_missed(j->c, VT_AREA_PACKAGES, j->locus, vt_collect_miss_of(e));
}

static void record(struct jar *j, const struct vt_package *p, vt_span part)
{
	vt_record_package(j->c,
		&(struct vt_record){.manager = "maven",
			.package = p,
			.database = j->locus,
			.part = part,
			.path = j->path});
}

/* Unpacks a member into `o`, which the caller frees. */
static vt_err unpack(struct jar *j, vt_span zip, const struct vt_zip_entry *entry, uint64_t max,
	struct vt_output *o, vt_span *out)
{
	struct vt_zip_entry local;
	vt_span packed;
	size_t used;
	vt_err e;

	if (entry->flags & VT_ZIP_ENCRYPTED)
		return VT_EENCRYPTED;
	if (entry->real > max)
		return VT_ELIMIT;
	e = vt_zip_local(zip, entry->local, &local);
	if (e)
		return e;
	if (!vt_span_sub(zip, local.data, entry->packed, &packed))
		return VT_ETRUNCATED;
	if (entry->method == VT_ZIP_STORED) {
		*out = packed;
		return VT_OK;
	}
	vt_output_start(o, entry->packed);
	e = vt_zip_decode(&j->codec, entry, packed, o, &used);
	if (!e)
		*out = vt_output_span(o);
	return e;
}

static vt_err read_text(struct jar *j, enum vt_java_member kind, vt_span name, vt_span text)
{
	vt_arena *a = vt_collect_arena(j->c);
	struct vt_package p;
	vt_err e;

	/* what is unpacked is overwritten by the next member */
	if (!vt_record_join(j->c, text, vt_span_of(NULL, 0), &text))
		return VT_ENOMEM;
	if (kind == VT_JAVA_MANIFEST) {
		j->has_manifest = !vt_java_manifest(text, a, &j->manifest);
		return VT_OK; /* most say nothing */
	}
	e = vt_java_pom(text, a, &p);
	if (e)
		return e;
	j->found++;
	record(j, &p, name);
	return VT_OK;
}

static void read_jar(struct jar *j, vt_span zip);

/* An archive in an archive: once, not again inside of it. */
static vt_err read_inner(struct jar *j, vt_span name, vt_span zip)
{
	struct jar inner = {.c = j->c, .path = j->path, .inner = true};

	if (!vt_record_join(j->c, j->path, vt_span_str("!"), &inner.locus) ||
		!vt_record_join(j->c, inner.locus, name, &inner.locus))
		return VT_ENOMEM;
	inner.budget = j->budget;
	read_jar(&inner, zip);
	j->budget.total_left = inner.budget.total_left;
	vt_codec_free(&inner.codec);
	return VT_OK;
}

static vt_err read_member(struct jar *j, vt_span zip, const struct vt_zip_entry *entry)
{
	enum vt_java_member kind = vt_java_member_of(entry->name);
	struct vt_output o;
	vt_span bytes;
	vt_err e;

	if (kind == VT_JAVA_OTHER || (kind == VT_JAVA_ARCHIVE && j->inner))
		return VT_OK;
	vt_output_init(&o, &j->budget);
	e = unpack(j, zip, entry, kind == VT_JAVA_ARCHIVE ? MEMBER_MAX : TEXT_MAX, &o, &bytes);
	if (!e && kind == VT_JAVA_ARCHIVE)
		e = read_inner(j, entry->name, bytes);
	else if (!e)
		e = read_text(j, kind, entry->name, bytes);
	vt_output_free(&o);
	return e;
}

/* "library-1.2.jar" of an archive that says nothing about itself is told by its name elsewhere. */
static void read_jar(struct jar *j, vt_span zip)
{
	struct vt_zip_directory d;
	struct vt_zip_entry entry;
	uint64_t at, next;
	vt_err e = vt_zip_find_directory(zip, &d);

	if (e) {
		missed(j, e);
		return;
	}
	at = d.start;
	for (uint32_t i = 0; at < d.end; i++, at = next) {
		e = i < ENTRIES_MAX ? vt_zip_central(zip, &d, at, &entry, &next) : VT_ELIMIT;
		if (e) {
			missed(j, e);
			return;
		}
		e = read_member(j, zip, &entry);
		if (e)
			missed(j, e);
		if (e == VT_ENOMEM)
			return;
	}
	if (!j->found && j->has_manifest)
		record(j, &j->manifest, vt_span_str("META-INF/MANIFEST.MF"));
	else if (!j->found)
		vt_collect_seen(j->c, VT_AREA_PACKAGES, true);
}

void vt_jar_read(struct vt_collect *c, vt_span path, vt_span bytes)
{
	struct jar j = {.c = c, .path = path, .locus = path};
	struct vt_limits limits = vt_limits_default();

	limits.object_size = MEMBER_MAX;
	limits.total_bytes = UNPACK_MAX;
	vt_budget_start(&j.budget, &limits, NULL, NULL);
	read_jar(&j, bytes);
	vt_codec_free(&j.codec);
}

static vt_err jar_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	vt_buf b = VT_BUF_INIT(JAR_MAX);
	int fd = -1;
	vt_err e;

	(void)state;
	if (v->node->type != VT_NODE_FILE || vt_java_member_of(v->name) != VT_JAVA_ARCHIVE)
		return VT_OK;
	e = vt_visit_open(v, JAR_MAX, &fd);
	if (!e)
		e = vt_fd_read_all(fd, v->node->size, &b);
	vt_collect_hidden(c, v->node->hidden);
	if (e)
		vt_collect_missed(c, VT_AREA_PACKAGES, v->path, vt_collect_miss_of(e));
	else
		vt_jar_read(c, v->path, vt_buf_span(&b));
	vt_collect_hidden(c, false);
	vt_fd_close(fd);
	vt_buf_free(&b);
	return VT_OK;
}

const struct vt_collector vt_collector_jar = {
	.name = "jar",
	.area = VT_AREA_PACKAGES,
	.visit = jar_visit,
};
