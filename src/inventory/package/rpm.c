/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of rpm packages: "RPM V4 package format", sections Header and tags. */
#include "inventory/package/rpm.h"

#include <stdio.h>

#include "base/num.h"

#define INTRO 8u
#define ENTRY 16u
#define DATA_MAX ((uint32_t)256 << 20) /* rpm's own limits */
#define ENTRIES_MAX ((uint32_t)1 << 20)

enum tag {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_VENDOR = 1011,
	TAG_LICENSE = 1014,
	TAG_PACKAGER = 1015,
	TAG_ARCH = 1022,
	TAG_SOURCERPM = 1044,
	TAG_DIRINDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118,
};
enum type { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRINGS = 8, TYPE_I18N = 9 };

struct header {
	vt_span entries, data;
	uint32_t n;
};

/* The data of a tag from its first byte on, and how many values there are. */
static bool find(
	const struct header *h, enum tag tag, enum type type, vt_span *out, uint32_t *out_n)
{
	uint32_t t, ty, off, n;

	for (uint32_t i = 0; i < h->n; i++) {
		vt_reader r = vt_reader_of(vt_span_clip(h->entries, (uint64_t)i * ENTRY, ENTRY));

		t = vt_read_u32be(&r);
		ty = vt_read_u32be(&r);
		off = vt_read_u32be(&r);
		n = vt_read_u32be(&r);
		if (r.bad || t != (uint32_t)tag || off >= h->data.n || n == 0)
			continue;
		if (ty != (uint32_t)type && !(ty == TYPE_I18N && type == TYPE_STRING))
			continue;
		*out = vt_span_clip(h->data, off, h->data.n);
		*out_n = n;
		return true;
	}
	return false;
}

static vt_span string_at(vt_span s, size_t at)
{
	size_t end;

	if (!vt_span_find(s, at, "\0", 1, &end))
		return vt_span_of(s.p, 0);
	return vt_span_of(s.p + at, end - at);
}

static vt_span string_of(const struct header *h, enum tag tag)
{
	vt_span s;
	uint32_t n;

	return find(h, tag, TYPE_STRING, &s, &n) ? string_at(s, 0) : vt_span_of(NULL, 0);
}

/* "epoch:version-release" */
static bool full_version(const struct header *h, vt_arena *a, vt_span *out)
{
	vt_span version = string_of(h, TAG_VERSION), release = string_of(h, TAG_RELEASE), e;
	uint32_t epoch = 0, n;
	char number[16] = "";
	size_t len = 0;
	char *p;

	if (find(h, TAG_EPOCH, TYPE_INT32, &e, &n) && vt_get_u32be(e, 0, &epoch))
		len = (size_t)snprintf(number, sizeof number, "%u:", epoch);
	p = vt_arena_alloc(a, len + version.n + 1 + release.n + 1);
	if (!p)
		return false;
	memcpy(p, number, len);
	if (version.n)
		memcpy(p + len, version.p, version.n);
	len += version.n;
	if (release.n) {
		p[len++] = '-';
		memcpy(p + len, release.p, release.n);
		len += release.n;
	}
	*out = vt_span_of(p, len);
	return true;
}

static void find_files(const struct header *h, struct vt_rpm_files *out)
{
	uint32_t names = 0, folders = 0, indexes = 0;

	*out = (struct vt_rpm_files){.n = 0};
	if (find(h, TAG_BASENAMES, TYPE_STRINGS, &out->names, &names) &&
		find(h, TAG_DIRNAMES, TYPE_STRINGS, &out->folders, &folders) &&
		find(h, TAG_DIRINDEXES, TYPE_INT32, &out->indexes, &indexes) && names == indexes)
		out->n = names;
}

vt_err vt_rpm_header(
	vt_span blob, vt_arena *a, struct vt_package *out, struct vt_rpm_files *out_files)
{
	struct vt_package p = {.status = vt_span_str("installed")};
	struct header h;
	uint32_t size;

	if (!vt_get_u32be(blob, 0, &h.n) || !vt_get_u32be(blob, 4, &size))
		return VT_ETRUNCATED;
	if (h.n == 0 || h.n > ENTRIES_MAX || size > DATA_MAX)
		return VT_EFORMAT;
	if (!vt_span_sub(blob, INTRO, (uint64_t)h.n * ENTRY, &h.entries) ||
		!vt_span_sub(blob, INTRO + (uint64_t)h.n * ENTRY, size, &h.data))
		return VT_ETRUNCATED;
	p.name = string_of(&h, TAG_NAME);
	if (!p.name.n)
		return VT_EFORMAT;
	p.arch = string_of(&h, TAG_ARCH);
	p.vendor = string_of(&h, TAG_VENDOR);
	if (!p.vendor.n)
		p.vendor = string_of(&h, TAG_PACKAGER);
	p.license = string_of(&h, TAG_LICENSE);
	p.source = string_of(&h, TAG_SOURCERPM);
	if (!full_version(&h, a, &p.version))
		return VT_ENOMEM;
	p.malformed = !p.version.n;
	find_files(&h, out_files);
	*out = p;
	return VT_OK;
}

bool vt_rpm_file_next(struct vt_rpm_files *f, vt_span *out_folder, vt_span *out_name)
{
	uint32_t index;
	size_t at = 0, end;

	if (f->at >= f->n || !vt_span_find(f->names, f->name_at, "\0", 1, &end) ||
		!vt_get_u32be(f->indexes, (uint64_t)f->at * 4, &index))
		return false;
	*out_name = vt_span_of(f->names.p + f->name_at, end - f->name_at);
	f->name_at = end + 1;
	f->at++;
	for (; index; index--) {
		if (!vt_span_find(f->folders, at, "\0", 1, &end))
			return false;
		at = end + 1;
	}
	*out_folder = string_at(f->folders, at);
	return true;
}
