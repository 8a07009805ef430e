/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect-run COLLECTOR FOLDER SILENCE_MS STOP_MS: runs a collector over a root as the supervisor
 * does, with a shorter patience, and is told to stop after STOP_MS. One line: the error, how many
 * areas are asked for and how many of them are broken, the reason.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/fd.h"
#include "proc/supervisor/collect.h"

static bool go_on(void *ctx, uint64_t entries, uint64_t scanned)
{
	const uint64_t *end = ctx;

	(void)entries;
	(void)scanned;
	return vt_clock_ms() < *end;
}

int main(int argc, char **argv)
{
	struct vt_product product = {.id = vt_span_str("product")};
	struct vt_catalogue_rule rule = {.id = vt_span_str("kesl-name"), .kind = VT_FACT_FILE};
	const struct vt_catalogue catalogue = {
		.nrules = 1, .rules = &rule, .nproducts = 1, .products = &product};
	struct vt_collect_request q = {
		.job = {.what = VT_COLLECT_ROOT,
			.areas = 1u << VT_AREA_PACKAGES | 1u << VT_AREA_CONTENT,
			.max_file = 1 << 20},
		.spool = -1,
		.catalogue = &catalogue,
		.into = UINT32_MAX,
		.progress = go_on,
	};
	char why[VT_COLLECT_WHY_MAX];
	struct vt_survey *s;
	unsigned asked = 0, broken = 0;
	uint64_t end;
	vt_err e;

	if (argc != 5 || vt_survey_new((size_t)1 << 30, &s))
		return 2;
	q.collector_path = argv[1];
	q.job.name = vt_span_str(argv[2]);
	q.subject = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	q.silence_ms = strtoul(argv[3], NULL, 10);
	end = vt_clock_ms() + strtoul(argv[4], NULL, 10);
	q.ctx = &end;
	e = vt_collect_run(&q, s, why);
	for (size_t i = 0; i < s->nsubjects; i++)
		for (unsigned a = 0; a < VT_AREAS; a++) {
			asked += s->subjects[i].asked[a];
			broken += s->subjects[i].coverage[a].broken > 0;
		}
	printf("%d %u %u %s\n", (int)e, asked, broken, why);
	vt_survey_free(s);
	return 0;
}
