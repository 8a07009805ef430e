/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A removal plan (docs/formats/removal-plan.md): what would be done to carry a directive out on one
 * machine, step by step, and how each step is undone. People read it and sign it; the remover does
 * what it says and nothing else. A plan may come from anywhere: it is read as hostile.
 */
#ifndef VT_REMEDY_PLAN_PLAN_H
#define VT_REMEDY_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "inventory/catalogue.h"

#define VT_REMOVAL_FORMAT "vitrine.removal-plan/1"
#define VT_REMOVAL_MAX ((size_t)64 << 20) /* bytes of the document */
#define VT_REMOVAL_STEPS_MAX 4096
#define VT_REMOVAL_FILES_MAX 1000000
#define VT_REMOVAL_PATH_MAX 4095

enum vt_removal_step_kind {
#define VT_STEP(ID, word, files, packages, meaning) VT_STEP_##ID,
#include "remedy/plan/steps.def"
#undef VT_STEP
	VT_STEP_KINDS
};
const char *vt_removal_step_word(enum vt_removal_step_kind k);
const char *vt_removal_step_text(enum vt_removal_step_kind k);

enum vt_place_kind {
#define VT_PLACE(ID, word, meaning) VT_PLACE_##ID,
#include "remedy/plan/places.def"
#undef VT_PLACE
	VT_PLACE_KINDS
};
const char *vt_place_word(enum vt_place_kind k);

struct vt_place {
	enum vt_place_kind kind;
	vt_span path;
	vt_span finding;
};

struct vt_removal_package {
	vt_span manager, name, version, arch, status;
};

enum vt_removal_file_type { VT_REMOVAL_FILE, VT_REMOVAL_FOLDER, VT_REMOVAL_LINK, VT_REMOVAL_OTHER };
/* What was seen of a file when the plan was made; it is taken away only if it is that still. */
struct vt_removal_file {
	vt_span path;
	enum vt_removal_file_type type;
	uint64_t dev, ino, size;
	uint32_t mode, uid, gid;
	int64_t mtime;
	vt_span sha256; /* lower-case hex: of the content, of a link's target; empty otherwise */
	bool loose;     /* programs write to it: only dev and inode are compared */
};

struct vt_removal_step {
	enum vt_removal_step_kind kind;
	vt_span target;     /* unit, module, folder, "user NAME", "group NAME", "initramfs", ... */
	vt_span does, undo; /* for people */
	vt_span findings;   /* ids, spaces between */
	uint64_t number;    /* uid or gid of an account */
	vt_span sha256;     /* fingerprint of a certificate, hex; or empty */
	size_t npackages, nfiles;
	struct vt_removal_package *packages;
	struct vt_removal_file *files;
};

/* One of the elements that the directive asks a plan to have (BOD 17-01: fourteen). */
struct vt_element {
	vt_span id, title, value; /* an empty value: a person must fill it in */
};

enum vt_acting { VT_ACTING_HERE, VT_ACTING_PERSON, VT_ACTING_NO };
struct vt_removal_finding {
	vt_span id, product, name, subject, place;
	vt_span standing;      /* "covered", "candidate", ... */
	enum vt_acting acting; /* removed by the steps, by a person, or left alone */
	bool confirmed, embedded;
};

/* What takes over (element k of BOD 17-01). */
enum vt_replacement_kind {
	VT_REPLACEMENT_OPEN,    /* nobody said anything: the plan can't be carried out */
	VT_REPLACEMENT_PACKAGE, /* a package that must be installed */
	VT_REPLACEMENT_UNIT,    /* a unit that must be active */
	VT_REPLACEMENT_FILE,    /* a program that must be there */
	VT_REPLACEMENT_NONE,    /* a person said that none is needed */
	VT_REPLACEMENT_KINDS
};
const char *vt_replacement_word(enum vt_replacement_kind k);

struct vt_removal {
	vt_span id;      /* 32 hex digits */
	vt_span tool;    /* "vitrine 0.1.0" */
	int64_t made;    /* seconds since 1970 */
	vt_span machine; /* as in a survey: which machine it is for; 32 hex digits, or empty */
	vt_span host, root;
	vt_span survey;
	vt_span directive_id, directive_version, directive_sha256;
	vt_span catalogue_id, catalogue_sha256;
	enum vt_replacement_kind replacement;
	vt_span replacement_name; /* of the package, ...; with NONE who said so and why */
	size_t nelements, nfindings, nplaces, nproblems, nsteps;
	struct vt_element *elements;
	struct vt_removal_finding *findings;
	struct vt_place *places;
	vt_span *problems; /* why it can't be carried out as it is: sentences */
	struct vt_removal_step *steps;
};

/*
 * Reads a plan, strictly: unknown keys, paths that lie outside of its places, places that can't
 * belong to one product are refused. Everything lives in `a`. VT_EFORMAT or VT_ELIMIT with *why,
 * VT_EVERSION, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_removal_parse(
	vt_span json, vt_arena *a, struct vt_removal *out, struct vt_doc_error *why);
/* The same plan, the same bytes. */
VT_MUST_USE vt_err vt_removal_write(vt_buf *b, const struct vt_removal *p);

/* True for an absolute path without empty, "." and ".." names and control characters' NUL. */
bool vt_removal_path_ok(vt_span path);
/* Why this path can't be a place of that kind (static), or NULL. */
const char *vt_place_trouble(enum vt_place_kind kind, vt_span path);
/* True if a place is the path, or a folder that it lies in. */
bool vt_place_holds(const struct vt_place *place, vt_span path);
/* The place that holds the path, or NULL. */
const struct vt_place *vt_removal_place(const struct vt_removal *p, vt_span path);
/* True if a package of that manager and name is to be removed. */
bool vt_removal_removes(const struct vt_removal *p, vt_span manager, vt_span name);
/* A name of a package, unit, module or account that may stand in an argument list. */
bool vt_removal_name_ok(vt_span name);

#endif
