/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a policy: what is accepted keeps the promises of policy.h. */
#include <stdlib.h>

#include "tlog/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vt_policy *p)
{
	bool member[VT_POLICY_NAMES_MAX] = {false};

	for (size_t i = 0; i < p->nnames; i++) {
		const struct vt_policy_name *n = &p->names[i];

		if (vt_policy_find(p, n->name) != i)
			abort();
		if (!n->group)
			continue;
		if (n->threshold < 1 || n->threshold > n->nmembers)
			abort();
		for (unsigned k = 0; k < n->nmembers; k++) {
			if (n->members[k] >= i || member[n->members[k]])
				abort();
			member[n->members[k]] = true;
		}
	}
	if (p->quorum != VT_POLICY_NONE && p->quorum >= p->nnames)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_policy p;
	struct vt_policy_error why = {0, NULL};
	struct vt_note nobody = {.nlines = 0};
	bool enough = false;
	uint64_t time;

	if (vt_policy_parse(vt_span_of(data, size), &p, &why)) {
		if (!why.cause)
			abort();
		return 0;
	}
	check(&p);
	/* a note that nobody signed is enough for nobody but "none" */
	if (vt_policy_check(&p, p.quorum, &nobody, &enough, &time) ||
		enough != (p.quorum == VT_POLICY_NONE))
		abort();
	return 0;
}
