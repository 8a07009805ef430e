/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where directives and the catalogue come from, for every command that needs one:
 *   content/directives, content/catalogue   shipped with this version
 *   STATE/update/directives/SET             documents of sets that came through the update log
 *   STATE/directives/ID.json               added here: ID.origin says from where and who vouches,
 *                                          ID.exceptions.json what was excepted here
 *   a file                                  with FILE.sig beside it, or said to be unsigned
 * What is wrong has been printed when a function returns an error.
 */
#ifndef VT_CLI_DIRECTIVE_STORE_H
#define VT_CLI_DIRECTIVE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/options.h"
#include "inventory/catalogue.h"
#include "inventory/directive.h"

enum vt_origin_kind {
	VT_ORIGIN_SHIPPED,  /* came with the program's package */
	VT_ORIGIN_LOG,      /* came through the update log */
	VT_ORIGIN_SIGNED,   /* a key of CONFIG/directive-keys, or of --key, vouches for it */
	VT_ORIGIN_UNSIGNED, /* nobody does; the user said that this is fine */
};

/* Who vouches for a document. Spans live in the docs' arena. */
struct vt_origin {
	enum vt_origin_kind kind;
	vt_span who;  /* "shipped", "update log: state 41", "alice+0a1b2c3d", "nobody (unsigned)" */
	vt_span path; /* the file that it was read from */
	vt_span added; /* "2026-11-27", or empty if it was not added */
};

/* A directive, with the exceptions that were granted here merged in. */
struct vt_known_directive {
	struct vt_directive d;
	struct vt_origin origin;
	vt_span superseded_by; /* id of another known directive; or empty */
	vt_span json;          /* the document */
};

#define VT_DOCS_CATALOGUES_MAX 32

struct vt_docs {
	const char *command; /* starts each message: "vitrine check" */
	const char *state, *config;
	bool unsigned_ok;       /* --unsigned: files without a signature are taken */
	struct vt_strings keys; /* --key: vkeys, or files with one a line */
	vt_arena a;             /* everything that is loaded lives here */
	/* private */
	char *own_state, *own_config, *content;
	bool mending; /* what was added and is damaged is passed over, to be replaced */
	bool listed;
	size_t n, cap;
	struct vt_known_directive *v;
	size_t ncatalogues;
	vt_span catalogues[VT_DOCS_CATALOGUES_MAX]; /* documents */
};

/*
 * `state`: --state, or NULL for the usual place. Set unsigned_ok and keys after it, if need be.
 * Close in any case.
 */
VT_MUST_USE vt_err vt_docs_open(struct vt_docs *docs, const char *command, const char *state);
void vt_docs_close(struct vt_docs *docs);

/*
 * By id (added here, or from the log, or shipped: in this order), or by the path of a file (what
 * has a '/' or ends with ".json"). VT_END: there is none of that id.
 */
VT_MUST_USE vt_err vt_docs_directive(
	struct vt_docs *docs, const char *id_or_path, struct vt_known_directive *out);
/* The same, but what is kept here does not count: for what is to be added. */
VT_MUST_USE vt_err vt_docs_addable(
	struct vt_docs *docs, const char *id_or_path, struct vt_known_directive *out);
/* All that were added here, by id; `all`: those that could be as well. */
VT_MUST_USE vt_err vt_docs_list(
	struct vt_docs *docs, bool all, const struct vt_known_directive **out, size_t *out_n);

/*
 * One catalogue of all: shipped ones and those of the log (of two with one id, the later version),
 * and `files` (--catalogue; may be NULL). *out_position: "shipped", or "update log: state 41", then
 * files with who vouches for them.
 */
VT_MUST_USE vt_err vt_docs_catalogue(struct vt_docs *docs, const struct vt_strings *files,
	struct vt_catalogue *out, vt_span *out_position);

/*
 * The documents that vt_docs_catalogue() made its catalogue of, as open files for a collector,
 * which reads them again in its sandbox; at most VT_DOCS_CATALOGUES_MAX. The caller closes them.
 */
VT_MUST_USE vt_err vt_docs_catalogue_files(
	struct vt_docs *docs, int fds[VT_DOCS_CATALOGUES_MAX], size_t *out_n);

/* Today in UTC (or the latest day seen here, if the clock was set back), or the day that --on says;
 * VT_EARG with a message. */
VT_MUST_USE vt_err vt_docs_day(const struct vt_docs *docs, const char *on, vt_day *out);

#endif
