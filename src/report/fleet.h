/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many machines' proofs of one directive as one report. A machine that is expected and did not
 * answer is named and stays in the denominator; what was refused counts as no answer.
 */
#ifndef VT_REPORT_FLEET_H
#define VT_REPORT_FLEET_H

#include "report/input.h"

#define VT_FLEET_STEPS 12
#define VT_FLEET_MAX 1000000 /* proofs, and machines */

/* One valid proof. */
struct vt_fleet_proof {
	vt_span machine, host, file, run;
	int64_t ended;
	enum vt_shown shown;
	size_t nproducts; /* that count against the directive, each once */
	vt_span *products;
	bool *confirmed;
	vt_span doubt; /* the first reason why it is not shown; or empty */
	size_t ndoubts;
};

struct vt_fleet_refused {
	vt_span file, why;
};

/* A machine that must answer: its id or its host's name, and what else the list says. */
struct vt_fleet_expected {
	vt_span id, note;
};

enum vt_fleet_state {
	VT_FLEET_ABSENT,
	VT_FLEET_FOUND,
	VT_FLEET_NOT_SHOWN,
	VT_FLEET_STALE,  /* its last proof is older than the period */
	VT_FLEET_SILENT, /* it never answered */
	VT_FLEET_STATES
};
const char *vt_fleet_state_word(enum vt_fleet_state s); /* "shown absent", "no answer" ... */

struct vt_fleet_machine {
	vt_span machine, host, note;
	bool expected;
	enum vt_fleet_state state;
	const struct vt_fleet_proof *last; /* NULL: none */
};

struct vt_fleet_product {
	vt_span id;
	uint64_t machines, candidates; /* with a confirmed copy; with signs only */
	uint64_t stale;                /* had either when they last answered, before the period */
};

struct vt_fleet_step {
	vt_day day;
	uint64_t machines[VT_FLEET_STATES]; /* at the end of that day, of all machines */
};

struct vt_fleet {
	/* given */
	const struct vt_directive *directive;
	const struct vt_catalogue *catalogue;
	vt_day on;
	int64_t time;
	unsigned period; /* days */
	vt_span organisation;
	size_t nproofs, nrefused, nexpected;
	struct vt_fleet_proof *proofs; /* vt_fleet_judge() sorts them */
	struct vt_fleet_refused *refused;
	struct vt_fleet_expected *expected; /* empty: whoever answered */
	/* made */
	size_t nmachines, nproducts, nsteps;
	struct vt_fleet_machine *machines; /* by host */
	struct vt_fleet_product *products; /* by id */
	struct vt_fleet_step steps[VT_FLEET_STEPS];
	uint64_t counts[VT_FLEET_STATES];
};

/* Fills in what is made; in `a`. VT_ENOMEM. */
VT_MUST_USE vt_err vt_fleet_judge(struct vt_fleet *f, vt_arena *a);
enum vt_shown vt_fleet_shown(const struct vt_fleet *f);
/* What was shown of all of them, in one sentence. */
VT_MUST_USE vt_err vt_fleet_sentence(const struct vt_fleet *f, vt_buf *out);

typedef vt_err vt_fleet_fn(const struct vt_fleet *f, vt_buf *out);
vt_fleet_fn vt_fleet_text;
vt_fleet_fn vt_fleet_html;
vt_fleet_fn vt_fleet_csv;
vt_fleet_fn vt_fleet_json;

#endif
