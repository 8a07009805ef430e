/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person's word that exactly this plan may be carried out: a signed note
 * (c2sp.org/signed-note) beside the plan, PLAN.approval:
 *
 *	vitrine/approval/v1
 *	plan <id>
 *	sha256 <of the plan's bytes>
 *	machine <the plan's machine, or "-">
 *	time <seconds since 1970>
 *	until <seconds since 1970>
 *	note <what the person says, or "-">
 *
 *	— <name> <signature>
 *
 * Whose word counts is in the file CONFIG/approvers: one verifier key a line, '#' comments.
 */
#ifndef VT_REMEDY_PLAN_APPROVAL_H
#define VT_REMEDY_PLAN_APPROVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/key.h"

#define VT_APPROVAL_MAX ((size_t)64 << 10)
#define VT_APPROVERS_MAX 64

struct vt_approval {
	vt_span plan, sha256, machine; /* hex; machine may be empty */
	int64_t time, until;
	vt_span note; /* one line; may be empty */
};

/* Appends the text and one signature line. VT_EARG: the note is not one line of text. */
VT_MUST_USE vt_err vt_approval_write(
	vt_buf *b, const struct vt_approval *a, const struct vt_signer *signer);
/* The text of a note, whoever signed it; spans point into `bytes`. VT_EFORMAT. */
VT_MUST_USE vt_err vt_approval_read(vt_span bytes, struct vt_approval *out);

/* VT_EFORMAT with *out_line (from 1); VT_ELIMIT. */
VT_MUST_USE vt_err vt_approvers_parse(
	vt_span text, struct vt_key keys[VT_APPROVERS_MAX], size_t *out_n, unsigned *out_line);

/* Why the approval is not enough (static), or NULL: then *out_by is the key that signed. */
const char *vt_approval_trouble(vt_span bytes, vt_span plan_bytes, vt_span plan_id, vt_span machine,
	int64_t now, const struct vt_key *keys, size_t nkeys, const struct vt_key **out_by,
	struct vt_approval *out);

#endif
