/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: adds a run made by hand to an evidence file, as `vitrine inventory` would.
 *
 *	survey-tool FILE STATE RUN HOST MACHINE ENDED [CATALOGUE-ID CATALOGUE-SHA256]
 */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "evidence/store.h"
#include "report/fake_survey.h"

int main(int argc, char **argv)
{
	static const char *const states[] = {"absent", "found", "candidate", "unknown", "embedded"};
	char why[VT_EVIDENCE_WHY_MAX] = "";
	struct vt_survey *s;
	unsigned state = 0;

	if (argc < 7)
		return 2;
	while (state < VT_COUNT(states) && strcmp(argv[2], states[state]) != 0)
		state++;
	if (state == VT_COUNT(states))
		return 2;
	s = fake_survey((enum fake_state)state,
		&(struct fake_who){argv[3], argv[4], argv[5], strtoll(argv[6], NULL, 10)});
	if (argc > 8) {
		s->catalogue_id = vt_span_str(argv[7]);
		s->catalogue_sha256 = vt_span_str(argv[8]);
	}
	if (vt_evidence_save(argv[1], s, why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	vt_survey_free(s);
	return 0;
}
