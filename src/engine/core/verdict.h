/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scan of one file found: a verdict, the rules that fired, and what was not looked at and
 * why. The report owns copies of all its strings.
 */
#ifndef VT_ENGINE_CORE_VERDICT_H
#define VT_ENGINE_CORE_VERDICT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

typedef enum vt_verdict {
	VT_CLEAN = 0,
	VT_INCOMPLETE,
	VT_SUSPICIOUS, /* only rules that are marked as weak or heuristic fired */
	VT_DETECTED,
} vt_verdict;

typedef enum vt_reason {
#define VT_REASON(id, word, text) VT_REASON_##id,
#include "engine/core/reasons.def"
#undef VT_REASON
	VT_REASON_COUNT
} vt_reason;

/* "CLEAN", "INCOMPLETE", ...; static storage. */
const char *vt_verdict_text(vt_verdict v);
/* The schema's word ("limit-depth") and a sentence for people; static storage. */
const char *vt_reason_word(vt_reason r);
const char *vt_reason_text(vt_reason r);

struct vt_detection {
	vt_span rule;  /* the rule's name, as its line gives it */
	vt_span set;   /* the file that it came from: "main.ndb", "daily.cvd/daily.ldb" */
	uint64_t line; /* 1-based line in the set */
	vt_span path;  /* inside the file: "b.tar/c.exe"; empty for the file itself; raw bytes */
	bool suspicious;
};

struct vt_gap {
	vt_reason reason;
	vt_span path; /* as above */
};

/* More of either are counted, not kept. */
#define VT_REPORT_MAX_DETECTIONS 4096
#define VT_REPORT_MAX_GAPS 256

struct vt_report {
	uint64_t file_bytes;   /* size of the file as it was read */
	uint64_t object_bytes; /* bytes of all objects that were matched, unpacked ones included */
	uint64_t objects;      /* the file itself and everything unpacked from it */
	size_t ndetections, ngaps;
	struct vt_detection *detections;
	struct vt_gap *gaps;
	uint64_t detections_dropped, gaps_dropped;
	/* private */
	vt_arena arena;
	size_t cap_detections, cap_gaps;
};

/* An empty report; vt_report_free() when done. */
void vt_report_init(struct vt_report *r);
/* Back to empty, keeping memory. */
void vt_report_reset(struct vt_report *r);
void vt_report_free(struct vt_report *r);
/*
 * Each copies what it is given. VT_ENOMEM only if the system's memory is exhausted; a full report
 * counts the entry and returns VT_OK. The same (rule, set, line, path) is kept once; the same
 * (reason, path) too.
 */
VT_MUST_USE vt_err vt_report_detection(struct vt_report *r, const struct vt_detection *d);
VT_MUST_USE vt_err vt_report_gap(struct vt_report *r, vt_reason reason, vt_span path);
/* DETECTED beats SUSPICIOUS beats INCOMPLETE beats CLEAN. */
vt_verdict vt_report_verdict(const struct vt_report *r);

#endif
