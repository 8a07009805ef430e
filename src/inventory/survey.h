/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that one inventory saw, in memory: what was looked at (subjects), how well (coverage), which
 * software is there (components), what speaks of a product of the catalogue (observations), and
 * what follows (findings, judge.h). Written by a run and by evidence/store.c, read by checks,
 * plans, proofs and reports. Pure data; everything lives in the arena.
 */
#ifndef VT_INVENTORY_SURVEY_H
#define VT_INVENTORY_SURVEY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "inventory/fact.h"

enum vt_subject_kind {
	VT_SUBJECT_SYSTEM, /* this machine, live */
	VT_SUBJECT_ROOT,   /* a folder that is a system's root */
	VT_SUBJECT_IMAGE,  /* a container image as its containers see it */
	VT_SUBJECT_LAYER,  /* one layer of it, with what later layers hide */
	VT_SUBJECT_DISK,   /* one file system of a disk image */
};
const char *vt_subject_word(enum vt_subject_kind k); /* "system", "root", ... */

struct vt_subject {
	enum vt_subject_kind kind;
	vt_span name;   /* host name, path, image name and tag, layer digest, disk and partition */
	vt_span sha256; /* of an image, layer or disk file; empty otherwise */
	vt_span platform; /* "linux", "windows", "macos"; empty: not known */
	uint32_t parent;  /* index of the image of a layer; own index otherwise */
	bool hidden;      /* a layer: some of it is not visible in the image */
	struct vt_coverage coverage[VT_AREAS];
	enum vt_answer answer[VT_AREAS]; /* for anything of the catalogue */
	bool asked[VT_AREAS];            /* false: this area was not part of the run */
};

/* A thing that was not looked at, as far as there was room to list it. */
struct vt_missed {
	uint32_t subject;
	enum vt_area area;
	enum vt_miss why;
	vt_span locus;
};

/* Installed software, whether a directive cares or not. */
struct vt_component {
	uint32_t subject;
	vt_span locus, manager, name, version, arch, vendor, status, source, purl, cpe, license;
	bool installed; /* false: only an entry is left ("rc", "purge ok not-installed") */
};

struct vt_observation {
	uint64_t id; /* unique in the survey, from 1 */
	uint32_t subject;
	enum vt_fact_kind kind;
	vt_span locus;
	vt_span rule, product; /* ids of the catalogue */
	vt_span raw;           /* "name=kesl version=12.0" - attributes of the fact, canonical */
	vt_span sha256; /* lower-case hex of the file's content, or of raw if it is no file */
	vt_span repeat; /* a shell command that shows it again */
	bool decisive, embedded, memory; /* of the rule */
	bool hidden;                     /* in a layer, not visible in the image */
};

enum vt_confidence { VT_CONFIDENCE_CANDIDATE, VT_CONFIDENCE_CONFIRMED };

/* A product at a place: observations that belong together. */
struct vt_finding {
	vt_span id;      /* "F" and 12 hex digits of a hash of subject, product and place */
	vt_span product; /* id of the catalogue */
	uint32_t subject;
	vt_span place; /* folder, or "" for the system as a whole */
	enum vt_confidence confidence;
	bool embedded; /* all of its observations are of code inside of another product */
	bool hidden;   /* only in layers below */
	size_t n;
	uint32_t *observations; /* indices */
	const char *why;        /* what confirmed it, or what is missing */
};

#define VT_SURVEY_TEXT_MAX 256
struct vt_survey {
	vt_arena arena;
	/* the run */
	vt_span id;             /* 32 hex digits, random */
	vt_span tool;           /* "vitrine 0.1.0" */
	vt_span machine;        /* /etc/machine-id hashed with a fixed word, hex; may be empty */
	vt_span host;           /* of who ran it */
	vt_span user;           /* who ran it: name and uid */
	vt_span command;        /* how it was asked for */
	int64_t started, ended; /* seconds since 1970, UTC */
	vt_span catalogue_id;   /* and version: "vitrine-base 2026-11-27" */
	vt_span catalogue_sha256;
	vt_span catalogue_position; /* log and index it came from, or "shipped" */
	vt_span rules_sha256; /* of the engine image that content was scanned with; or empty */

	size_t nsubjects, ncomponents, nobservations, nfindings, nmissed;
	struct vt_subject *subjects;
	struct vt_component *components;
	struct vt_observation *observations;
	struct vt_finding *findings;
	struct vt_missed *missed;
	size_t cap_subjects, cap_components, cap_observations, cap_missed; /* private */
};

#define VT_SURVEY_MISSED_MAX 10000 /* listed; the counters know all */

/* Free with vt_survey_free(). `memory` is the arena's cap in bytes. */
VT_MUST_USE vt_err vt_survey_new(size_t memory, struct vt_survey **out);
void vt_survey_free(struct vt_survey *s);
/* A copy of `from` in the survey's arena, cut at `max`; *ok becomes false without memory. */
vt_span vt_survey_copy(struct vt_survey *s, vt_span from, size_t max, bool *ok);
/* Each copies its argument deeply; *out_index may be NULL. VT_ENOMEM. */
VT_MUST_USE vt_err vt_survey_subject(
	struct vt_survey *s, const struct vt_subject *add, uint32_t *out_index);
VT_MUST_USE vt_err vt_survey_component(struct vt_survey *s, const struct vt_component *add);
/* Sets the id. */
VT_MUST_USE vt_err vt_survey_observe(struct vt_survey *s, const struct vt_observation *add);
VT_MUST_USE vt_err vt_survey_miss(struct vt_survey *s, const struct vt_missed *add);

#endif
