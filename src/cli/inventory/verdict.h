/* SPDX-License-Identifier: Apache-2.0 */
/* A survey in words, for people: what was looked at, what was found, what was not seen. */
#ifndef VT_CLI_INVENTORY_VERDICT_H
#define VT_CLI_INVENTORY_VERDICT_H

#include <stdio.h>

#include "inventory/catalogue.h"
#include "inventory/survey.h"

void vt_put_coverage(FILE *f, const struct vt_subject *s);
/* One line, and with `all` each observation and how to repeat it. */
void vt_put_finding(FILE *f, const struct vt_survey *s, const struct vt_catalogue *c,
	const struct vt_finding *v, bool all);
void vt_put_survey_human(FILE *f, const struct vt_survey *s, const struct vt_catalogue *c);
/* docs/formats/inventory-1.schema.json */
void vt_put_survey_json(FILE *f, const struct vt_survey *s);
void vt_put_finding_json(FILE *f, const struct vt_survey *s, const struct vt_finding *v);
/* "2026-11-27T21:55:00Z" */
void vt_put_utc(FILE *f, int64_t t);

#endif
