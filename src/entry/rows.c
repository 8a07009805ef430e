/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of each kind in the order in which they stand (docs/formats/log.md). */
#include "entry/form.h"

#include <stddef.h>

#include "base/num.h"

#define AT(member) offsetof(struct vt_entry, u.member)
#define ONE(key, form, member)                                                                     \
	{                                                                                          \
		key, VT_FORM_##form, VT_ROW_ONE, AT(member), 0, 1                                  \
	}
#define IF(when, key, form, member)                                                                \
	{                                                                                          \
		key, VT_FORM_##form, VT_ROW_##when, AT(member), 0, 1                               \
	}
#define MANY(key, form, member, counter, most)                                                     \
	{                                                                                          \
		key, VT_FORM_##form, VT_ROW_MANY, AT(member), AT(counter), most                    \
	}

static const struct vt_row root[] = {
	ONE("version", NUMBER, root.version),
	ONE("previous", LEAF, root.previous),
	ONE("expires", TIME, root.expires),
	ONE("threshold", THRESHOLD, root.threshold),
	MANY("key", VKEY, root.keys, root.nkeys, VT_ENTRY_KEYS_MAX),
	MANY("rebuilder", VKEY, root.rebuilders, root.nrebuilders, VT_ENTRY_KEYS_MAX),
};

/* directive, too */
static const struct vt_row content[] = {
	ONE("name", NAME, content.name),
	ONE("version", NUMBER, content.version),
	ONE("previous", LEAF, content.previous),
	IF(TEXT, "note", TEXT, content.note),
	MANY("file", SET_FILE, content.files, content.nfiles, VT_ENTRY_FILES_MAX),
	MANY("full", CHUNK, content.full, content.nfull, VT_ENTRY_CHUNKS_MAX),
	IF(DELTA, "from", NUMBER, content.from),
	MANY("delta", CHUNK, content.delta, content.ndelta, VT_ENTRY_CHUNKS_MAX),
};

static const struct vt_row release[] = {
	ONE("name", NAME, release.name),
	ONE("version", TEXT, release.version),
	ONE("source", TEXT, release.source),
	ONE("buildinfo", LEAF, release.buildinfo),
	MANY("file", RELEASE_FILE, release.files, release.nfiles, VT_ENTRY_FILES_MAX),
};

static const struct vt_row attest[] = {
	ONE("release", HASH, attest.release),
	MANY("file", ATTEST_FILE, attest.files, attest.nfiles, VT_ENTRY_FILES_MAX),
};

static const struct vt_row withdraw[] = {
	ONE("what", WHAT, withdraw.what),
	ONE("name", NAME, withdraw.name),
	IF(NOT_RULE, "version", NUMBER, withdraw.version),
	IF(RULE, "file", FILE, withdraw.file),
	IF(RULE, "line", HASH, withdraw.line),
	ONE("reason", TEXT, withdraw.reason),
};

static const struct vt_row state[] = {
	ONE("version", NUMBER, state.version),
	ONE("previous", LEAF, state.previous),
	ONE("time", TIME, state.time),
	ONE("expires", TIME, state.expires),
	{"root", VT_FORM_ROOT, VT_ROW_ONE, offsetof(struct vt_entry, u), 0, 1},
	MANY("live", LIVE, state.live, state.nlive, VT_ENTRY_LIVE_MAX),
};

const struct vt_row *vt_rows_of(enum vt_entry_kind k, size_t *out_n)
{
	static const struct {
		const struct vt_row *v;
		size_t n;
	} kinds[VT_ENTRY_KINDS] = {
		[VT_ENTRY_ROOT] = {root, VT_COUNT(root)},
		[VT_ENTRY_CONTENT] = {content, VT_COUNT(content)},
		[VT_ENTRY_DIRECTIVE] = {content, VT_COUNT(content)},
		[VT_ENTRY_RELEASE] = {release, VT_COUNT(release)},
		[VT_ENTRY_ATTEST] = {attest, VT_COUNT(attest)},
		[VT_ENTRY_WITHDRAW] = {withdraw, VT_COUNT(withdraw)},
		[VT_ENTRY_STATE] = {state, VT_COUNT(state)},
	};

	*out_n = kinds[k].n;
	return kinds[k].v;
}
