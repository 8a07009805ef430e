/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config/words.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "cli/text.h"

#define HOUR 3600
#define DAY (24 * (int64_t)HOUR)
/* Groups in groups that are still spelled out. */
#define DEPTH_MAX 8u

static const char *number_word(unsigned n, bool capital, char buf[16])
{
	static const char *const words[] = {"none", "one", "two", "three", "four", "five", "six",
		"seven", "eight", "nine", "ten"};

	if (n < VT_COUNT(words))
		(void)snprintf(
			buf, 16, "%c%s", words[n][0] - (capital ? 'a' - 'A' : 0), words[n] + 1);
	else
		(void)snprintf(buf, 16, "%u", n);
	return buf;
}

static void put_text(FILE *f, const char *s)
{
	vt_put_visible(f, vt_span_str(s));
}

/* "48 hours", "90 minutes", "1 day". */
static void put_time(FILE *f, int64_t seconds)
{
	static const struct {
		int64_t unit;
		const char *one;
	} units[] = {{DAY, "day"}, {HOUR, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;

	/* 48 hours, and not 2 days: as people write them */
	while (i + 1 < VT_COUNT(units) &&
		(seconds % units[i].unit || (units[i].unit == DAY && seconds < 4 * DAY)))
		i++;
	fprintf(f, "%" PRId64 " %s%s", seconds / units[i].unit, units[i].one,
		seconds / units[i].unit == 1 ? "" : "s");
}

/* The key's name says who it is; the policy's own name is only a handle in the file. */
static void put_witness(FILE *f, const struct vt_policy_name *n)
{
	put_text(f, n->key.name);
}

/* A witness, or a group by its members. Groups hold only names that stand before them: no loops. */
static void put_member(FILE *f, const struct vt_policy *p, unsigned which, unsigned depth)
{
	const struct vt_policy_name *n = &p->names[which];
	char buf[16];

	if (!n->group) {
		put_witness(f, n);
		return;
	}
	if (depth == DEPTH_MAX) {
		fputs("the group ", f);
		vt_put_visible(f, n->name);
		return;
	}
	if (n->nmembers == 1) {
		put_member(f, p, n->members[0], depth + 1);
		return;
	}
	if (n->threshold == n->nmembers)
		fprintf(f, depth ? "all of (" : "All of (");
	else
		fprintf(f, "%s of these ", number_word(n->threshold, depth == 0, buf));
	if (n->threshold != n->nmembers)
		fprintf(f, "%s (", number_word(n->nmembers, false, buf));
	for (unsigned i = 0; i < n->nmembers; i++) {
		fputs(i ? ", " : "", f);
		put_member(f, p, n->members[i], depth + 1);
	}
	fputc(')', f);
}

static void put_quorum(FILE *f, const struct vt_update_config *c, unsigned which, const char *what)
{
	if (which == VT_POLICY_NONE)
		return;
	fputs("  - ", f);
	put_member(f, c->policy, which, 0);
	fprintf(f, " must %s.\n", what);
}

/* A quorum that only says that all of what is asked for anyway is asked for. */
static bool is_said(const struct vt_update_config *c)
{
	const struct vt_policy_name *q =
		c->policy->quorum == VT_POLICY_NONE ? NULL : &c->policy->names[c->policy->quorum];
	bool said = q && q->group && q->threshold == q->nmembers;

	for (unsigned i = 0; said && i < q->nmembers; i++)
		said = q->members[i] == c->witness_group || q->members[i] == c->mirror_group;
	return said || c->policy->quorum == c->witness_group ||
		c->policy->quorum == c->mirror_group;
}

static void put_who(FILE *f, const struct vt_update_config *c)
{
	fputs("Whose word counts. An update is believed if all of this is so:\n"
	      "  - The log ",
		f);
	put_text(f, c->log_key->name);
	fputs(" signed it, with the key that the policy names.\n", f);
	put_quorum(f, c, c->witness_group, "say that they saw the log only grow");
	put_quorum(f, c, c->mirror_group, "say that they keep all of its contents");
	if (!is_said(c))
		put_quorum(f, c, c->policy->quorum, "vouch for it (the policy's quorum)");
	fputs("  - The owners of the log, going back without a gap to those whose first entry "
	      "has\n    the hash ",
		f);
	for (size_t i = 0; i < 8; i++)
		fprintf(f, "%02x", c->root.b[i]);
	fputs("..., signed what is in it, as many as they themselves ask for.\n", f);
}

static void put_when(FILE *f, const struct vt_update_config *c)
{
	fputs("\nWhen. What vouches for it must be at most ", f);
	put_time(f, c->max_age);
	fputs(" old: if it is older, somebody may\nbe holding news back, and the update is "
	      "refused. Clocks may differ by ",
		f);
	put_time(f, c->max_future);
	fputs(".\n  - Signatures ", f);
	if (c->cool_off) {
		fputs("wait until they have been public for ", f);
		put_time(f, c->cool_off);
	} else {
		fputs("do not wait: they apply as soon as they are published", f);
	}
	fputs(".\n  - Releases of the program are believed ", f);
	if (c->cool_off_release) {
		fputs("once they have been public for ", f);
		put_time(f, c->cool_off_release);
	} else {
		fputs("at once", f);
	}
	fprintf(f, ", and %u rebuilder%s got the same files.\n", c->rebuilders,
		c->rebuilders == 1 ? "" : "s");
	fputs("  - What the publisher withdraws is withdrawn at once.\n", f);
}

static void put_approval(FILE *f, const struct vt_update_config *c)
{
	static const char *const words[] = {
		[VT_APPROVE_NONE] = "Nobody approves updates on this machine: what is believed and "
				    "passes the\ntry-out applies by itself.",
		[VT_APPROVE_DIRECTIVES] = "A person approves directives; signatures apply by "
					  "themselves.",
		[VT_APPROVE_ALL] = "A person approves everything, withdrawals too: nothing applies "
				   "by itself.",
	};

	fprintf(f, "\nWho approves. %s\n", words[c->approve]);
	if (c->nsets == 0)
		fputs("All sets that the log has live are used.\n", f);
	else
		fputs("Only these sets are used: ", f);
	for (size_t i = 0; i < c->nsets; i++) {
		fputs(i ? ", " : "", f);
		vt_put_visible(f, c->sets[i]);
	}
	if (c->nsets)
		fputs(".\n", f);
}

static void put_where(FILE *f, const struct vt_update_config *c)
{
	fputs("\nWhere from. Any of these may serve it, and none of them is believed:\n", f);
	for (size_t i = 0; i < c->nsources; i++) {
		fputs("  - ", f);
		put_text(f, c->sources[i]);
		if (strncmp(c->sources[i], "http://", 7) == 0)
			fputs("  (not encrypted: who is on the way sees that this machine asks)",
				f);
		fputc('\n', f);
	}
	if (c->nsources == 0)
		fputs("  - nothing: only 'vitrine update --bundle FILE' works\n", f);
}

/* Cosigners that a name stands for, at most so many. */
static unsigned smallest(const struct vt_policy *p, unsigned which, unsigned depth)
{
	const struct vt_policy_name *n;
	unsigned sizes[VT_POLICY_NAMES_MAX], sum = 0;

	if (which == VT_POLICY_NONE || depth > DEPTH_MAX)
		return 0;
	n = &p->names[which];
	if (!n->group)
		return 1;
	for (unsigned i = 0; i < n->nmembers; i++)
		sizes[i] = smallest(p, n->members[i], depth + 1);
	for (unsigned i = 0; i < n->threshold; i++) {
		unsigned least = i;

		for (unsigned k = i + 1; k < n->nmembers; k++)
			least = sizes[k] < sizes[least] ? k : least;
		sum += sizes[least];
		sizes[least] = sizes[i];
	}
	return sum;
}

static void put_warnings(FILE *f, const struct vt_update_config *c)
{
	unsigned w = smallest(c->policy, c->witness_group, 0),
		 q = smallest(c->policy, c->policy->quorum, 0);

	if (w == 0 && q == 0)
		fputs("\nWARNING: no witness has to vouch: whoever holds the log's key can show "
		      "this machine\nwhat nobody else sees.\n",
			f);
	else if (w <= 1 && q <= 1)
		fputs("\nWARNING: a single witness is enough: it and the publisher together can "
		      "show this\nmachine what nobody else sees.\n",
			f);
	if (c->mirror_group == VT_POLICY_NONE)
		fputs("\nWARNING: no mirror has to vouch: what was published may be readable for "
		      "nobody else.\n",
			f);
	if (c->cool_off == 0)
		fputs("\nWARNING: nothing waits: nobody has time to look before this machine uses "
		      "it.\n",
			f);
}

void vt_policy_words(const struct vt_update_config *c, FILE *f)
{
	put_who(f, c);
	put_when(f, c);
	put_approval(f, c);
	put_where(f, c);
	put_warnings(f, c);
	fputs("\nNo update can change any of this.\n", f);
}
