/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of an update log (docs/formats/log.md): canonical text, so that one meaning has one
 * encoding and one leaf hash. Parsing is strict; writing and parsing are inverse to each other.
 */
#ifndef VT_ENTRY_ENTRY_H
#define VT_ENTRY_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/key.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

enum vt_entry_kind {
#define VT_ENTRY_KIND(ID, word, what) VT_ENTRY_##ID,
#include "entry/kinds.def"
#undef VT_ENTRY_KIND
	VT_ENTRY_KINDS
};
/* "root"; static storage. */
const char *vt_entry_word(enum vt_entry_kind k);

#define VT_ENTRY_NAME_MAX 64  /* of a set, a directive, a program */
#define VT_ENTRY_FILE_MAX 128 /* of a file's name */
#define VT_ENTRY_KEYS_MAX 64
#define VT_ENTRY_FILES_MAX 256
#define VT_ENTRY_CHUNKS_MAX 512 /* full and delta together */
#define VT_ENTRY_LIVE_MAX 128
#define VT_ENTRY_SIGS_MAX 128
#define VT_CHUNK_RAW_MAX ((uint32_t)8 << 20)
#define VT_CHUNK_PACKED_MAX (VT_CHUNK_RAW_MAX + ((uint32_t)64 << 10))

/* A leaf that another entry points at. `set` false: "-", there is none. */
struct vt_leaf {
	bool set;
	vt_hash hash;
};

struct vt_entry_file {
	vt_hash sha256;
	uint64_t size, lines;
	vt_span name; /* lines: 0 for files that are not line by line */
};

/* A file chunk/<2 hex>/<64 hex>: one zstd frame of `packed` bytes with this SHA-256. */
struct vt_chunk {
	uint32_t raw, packed;
	vt_hash sha256;
};

struct vt_root {
	uint64_t version;
	struct vt_leaf previous;
	int64_t expires; /* seconds since 1970, as all times here */
	unsigned threshold;
	size_t nkeys, nrebuilders;
	struct vt_key *keys, *rebuilders; /* by name, names and keys distinct */
};

/* content and directive. The payload is the files' bytes one after another, in order. */
struct vt_content {
	vt_span name;
	uint64_t version;
	struct vt_leaf previous; /* the entry of the version before */
	vt_span note;            /* for people; may be empty */
	size_t nfiles, nfull, ndelta;
	struct vt_entry_file *files; /* by name, distinct */
	struct vt_chunk *full;       /* of the payload; none if it comes as a delta only */
	uint64_t from;               /* version that the delta starts from; with ndelta only */
	struct vt_chunk *delta;      /* of the delta text (entry/delta.h) */
};

struct vt_release {
	vt_span name, version, source;
	struct vt_leaf buildinfo; /* SHA-256 of it, as a "leaf" that may be "-" */
	size_t nfiles;
	struct vt_entry_file *files; /* names are paths here: "bin/vitrine" */
};

struct vt_attest {
	vt_hash release; /* leaf hash of the release entry */
	size_t nfiles;
	struct vt_entry_file *files; /* as the rebuilder got them; no size and lines */
};

struct vt_withdraw {
	enum vt_entry_kind what; /* CONTENT, DIRECTIVE, RELEASE; or ROOT for "rule" */
	vt_span name;
	uint64_t version; /* all but rules; of a release: its leaf's index */
	vt_span file;     /* rules */
	vt_hash line;     /* rules: SHA-256 of the source line without its line end */
	vt_span reason;
};
#define VT_WITHDRAW_RULE VT_ENTRY_ROOT

struct vt_live {
	enum vt_entry_kind kind; /* CONTENT, DIRECTIVE, RELEASE, WITHDRAW */
	uint64_t index;
	vt_hash leaf;
};
struct vt_state {
	uint64_t version;
	struct vt_leaf previous;
	int64_t time, expires;
	uint64_t root_index;
	vt_hash root; /* leaf hash of the root entry in force */
	size_t nlive;
	struct vt_live *live; /* ascending by index */
};

struct vt_entry_sig {
	vt_span name;
	uint8_t id[4], sig[VT_SIG_SIZE];
};

struct vt_entry {
	enum vt_entry_kind kind;
	vt_span text; /* all lines before the signatures */
	size_t nsigs;
	struct vt_entry_sig *sigs; /* by name, distinct */
	union {
		struct vt_root root;
		struct vt_content content; /* directive too */
		struct vt_release release;
		struct vt_attest attest;
		struct vt_withdraw withdraw;
		struct vt_state state;
	} u;
};

struct vt_entry_error {
	unsigned line;     /* from 1 */
	const char *cause; /* static */
};
/*
 * Everything lives in `a` or points into `bytes`, which must outlive it. VT_EFORMAT with *why,
 * VT_EUNSUPPORTED for a kind or version that is not known, VT_ELIMIT, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_entry_parse(
	vt_span bytes, vt_arena *a, struct vt_entry *out, struct vt_entry_error *why);
/* The lines before the signatures. VT_EARG for what could not be read back; VT_ELIMIT. */
VT_MUST_USE vt_err vt_entry_write(vt_buf *b, const struct vt_entry *e);

/* What an entry's signature is over: "vitrine/entry/v1", the log's origin, the text. */
VT_MUST_USE vt_err vt_entry_message(vt_buf *b, vt_span origin, vt_span text);
/*
 * Adds a signature line by `signer` to the entry in `b` (text and signatures so far), in its place.
 * VT_EARG: it has signed already.
 */
VT_MUST_USE vt_err vt_entry_sign(vt_buf *b, vt_span origin, const struct vt_signer *signer);

/* How many distinct keys of `keys` signed the entry; a false signature by one of them:
 * VT_ECHECKSUM. */
VT_MUST_USE vt_err vt_entry_signers(const struct vt_entry *e, vt_span origin,
	const struct vt_key *keys, size_t nkeys, unsigned *out_count);
/*
 * Is `next` a root that may follow `now` (NULL: the first): version one more, previous is now's
 * leaf, signed by now's threshold of now's keys and by its own threshold of its own keys?
 * *out_why: static text when not. VT_ECHECKSUM then.
 */
VT_MUST_USE vt_err vt_root_follows(const struct vt_entry *now, const vt_hash *now_leaf,
	const struct vt_entry *next, vt_span origin, const char **out_why);

/*
 * "2026-11-24T04:00:00Z" (RFC 3339, UTC, whole seconds); pure calendar arithmetic. Years 1970 to
 * 9999: what is outside is not read, and written as the nearest time inside.
 */
VT_MUST_USE bool vt_time_parse(vt_span text, int64_t *out);
#define VT_TIME_SIZE 21
const char *vt_time_write(int64_t seconds, char out[VT_TIME_SIZE]);
/* "chunk/ab/abcd..."; returns `out`. */
#define VT_CHUNK_PATH_SIZE (6 + 3 + 64 + 1)
const char *vt_chunk_path(const vt_hash *sha256, char out[VT_CHUNK_PATH_SIZE]);

#endif
