/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/policy.h"

#include "base/base64.h"
#include "base/num.h"
#include "tlog/lines.h"

/* `group`, name, threshold, and all names there can be. */
#define WORDS_MAX (3 + VT_POLICY_NAMES_MAX)

struct parser {
	struct vt_policy *p;
	bool has_quorum;
	bool member[VT_POLICY_NAMES_MAX]; /* names[i] is in a group */
	size_t nwords;
	vt_span words[WORDS_MAX];
	const char *cause; /* why the line is refused */
};

static vt_err refuse(struct parser *ps, vt_err e, const char *cause)
{
	ps->cause = cause;
	return e;
}

static bool is(vt_span word, const char *s)
{
	return vt_span_eq(word, vt_span_str(s));
}

unsigned vt_policy_find(const struct vt_policy *p, vt_span name)
{
	for (size_t i = 0; i < p->nnames; i++)
		if (vt_span_eq(p->names[i].name, name))
			return (unsigned)i;
	return VT_POLICY_NONE;
}

static vt_err parse_key(struct parser *ps, vt_span vkey, enum vt_key_type type, struct vt_key *out)
{
	switch ((int)vt_key_parse(vkey, out)) {
	case VT_OK: break;
	case VT_ECHECKSUM:
		return refuse(ps, VT_EFORMAT, "the key's id is not that of its name and key");
	case VT_EUNSUPPORTED:
		return refuse(ps, VT_EFORMAT, "a key of a type that is not supported");
	default: return refuse(ps, VT_EFORMAT, "not a verifier key (name+id+base64)");
	}
	if (out->type != type)
		return refuse(ps, VT_EFORMAT,
			type == VT_KEY_ED25519 ? "not a key of a log (type 0x01)"
					       : "not a key of a witness (type 0x04)");
	return VT_OK;
}

static bool same_key(const struct vt_key *a, const struct vt_key *b)
{
	return memcmp(a->pub, b->pub, sizeof a->pub) == 0;
}

static vt_err parse_log(struct parser *ps)
{
	struct vt_policy_log *log = &ps->p->logs[ps->p->nlogs];
	vt_err e;

	if (ps->nwords != 2 && ps->nwords != 3)
		return refuse(ps, VT_EFORMAT, "not: log <key> [<url>]");
	if (ps->p->nlogs == VT_POLICY_LOGS_MAX)
		return refuse(ps, VT_ELIMIT, "too many logs");
	e = parse_key(ps, ps->words[1], VT_KEY_ED25519, &log->key);
	if (e)
		return e;
	for (size_t i = 0; i < ps->p->nlogs; i++)
		if (same_key(&ps->p->logs[i].key, &log->key))
			return refuse(ps, VT_EFORMAT, "another log has the same key");
	log->url = ps->nwords == 3 ? ps->words[2] : vt_span_of(NULL, 0);
	ps->p->nlogs++;
	return VT_OK;
}

/* The place for a new witness or group named words[1]. */
static vt_err new_name(struct parser *ps, bool group, struct vt_policy_name **out)
{
	struct vt_policy *p = ps->p;
	struct vt_policy_name *n = &p->names[p->nnames];

	if (p->nnames == VT_POLICY_NAMES_MAX)
		return refuse(ps, VT_ELIMIT, "too many witnesses and groups");
	if (is(ps->words[1], "none"))
		return refuse(ps, VT_EFORMAT, "the name none is taken");
	if (vt_policy_find(p, ps->words[1]) != VT_POLICY_NONE)
		return refuse(ps, VT_EFORMAT, "the name is defined already");
	memset(n, 0, sizeof *n);
	n->name = ps->words[1];
	n->group = group;
	*out = n;
	return VT_OK;
}

static vt_err parse_witness(struct parser *ps)
{
	struct vt_policy_name *n;
	vt_err e;

	if (ps->nwords != 3 && ps->nwords != 4)
		return refuse(ps, VT_EFORMAT, "not: witness <name> <key> [<url>]");
	e = new_name(ps, false, &n);
	if (!e)
		e = parse_key(ps, ps->words[2], VT_KEY_COSIGNATURE, &n->key);
	if (e)
		return e;
	for (size_t i = 0; i < ps->p->nnames; i++)
		if (!ps->p->names[i].group && same_key(&ps->p->names[i].key, &n->key))
			return refuse(ps, VT_EFORMAT, "another witness has the same key");
	if (ps->nwords == 4)
		n->url = ps->words[3];
	ps->p->nnames++;
	return VT_OK;
}

static vt_err parse_group(struct parser *ps)
{
	struct vt_policy_name *n;
	uint64_t k;
	vt_err e;

	if (ps->nwords < 4)
		return refuse(ps, VT_EFORMAT, "not: group <name> all|any|<k> <name>...");
	e = new_name(ps, true, &n);
	if (e)
		return e;
	for (size_t i = 3; i < ps->nwords; i++) {
		unsigned m = vt_policy_find(ps->p, ps->words[i]);

		if (m == VT_POLICY_NONE)
			return refuse(ps, VT_EFORMAT, "a member that no line above defines");
		if (ps->member[m])
			return refuse(ps, VT_EFORMAT, "a member that is in a group already");
		ps->member[m] = true;
		n->members[n->nmembers++] = m;
	}
	if (is(ps->words[2], "all"))
		k = n->nmembers;
	else if (is(ps->words[2], "any"))
		k = 1;
	else if (!vt_decimal_get(ps->words[2], &k) || k < 1 || k > n->nmembers)
		return refuse(
			ps, VT_EFORMAT, "the threshold is not one of 1 to the number of members");
	n->threshold = (unsigned)k;
	ps->p->nnames++;
	return VT_OK;
}

static vt_err parse_quorum(struct parser *ps)
{
	if (ps->nwords != 2)
		return refuse(ps, VT_EFORMAT, "not: quorum <name>");
	if (ps->has_quorum)
		return refuse(ps, VT_EFORMAT, "a second quorum line");
	ps->has_quorum = true;
	if (is(ps->words[1], "none"))
		return VT_OK;
	ps->p->quorum = vt_policy_find(ps->p, ps->words[1]);
	if (ps->p->quorum == VT_POLICY_NONE)
		return refuse(ps, VT_EFORMAT, "a quorum that no line above defines");
	return VT_OK;
}

/* Splits at spaces and tabs. Comments have no words. */
static vt_err split(struct parser *ps, vt_span line)
{
	size_t at = 0;

	ps->nwords = 0;
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return refuse(ps, VT_EFORMAT, "a control character");
	while (at < line.n) {
		size_t from = at;

		while (at < line.n && line.p[at] != ' ' && line.p[at] != '\t')
			at++;
		if (at == from) {
			at++;
			continue;
		}
		if (ps->nwords == 0 && line.p[from] == '#')
			return VT_OK;
		if (ps->nwords == WORDS_MAX)
			return refuse(ps, VT_ELIMIT, "too many words");
		ps->words[ps->nwords++] = vt_span_of(line.p + from, at - from);
	}
	return VT_OK;
}

static vt_err parse_line(struct parser *ps, vt_span line)
{
	static const struct {
		const char *word;
		vt_err (*parse)(struct parser *ps);
	} kinds[] = {
		{"log", parse_log},
		{"witness", parse_witness},
		{"group", parse_group},
		{"quorum", parse_quorum},
	};
	vt_err e = split(ps, line);

	if (e || ps->nwords == 0)
		return e;
	for (size_t i = 0; i < VT_COUNT(kinds); i++)
		if (is(ps->words[0], kinds[i].word))
			return kinds[i].parse(ps);
	return refuse(ps, VT_EFORMAT, "not log, witness, group or quorum");
}

vt_err vt_policy_parse(vt_span file, struct vt_policy *out, struct vt_policy_error *why)
{
	struct parser ps = {.p = out};
	unsigned number = 0;
	vt_span line;

	out->nlogs = out->nnames = 0;
	out->quorum = VT_POLICY_NONE;
	while (vt_line_take(&file, &line)) {
		vt_err e = parse_line(&ps, line);

		number++;
		if (e) {
			*why = (struct vt_policy_error){number, ps.cause};
			return e;
		}
	}
	if (file.n > 0) {
		*why = (struct vt_policy_error){number + 1, "no newline at its end"};
		return VT_EFORMAT;
	}
	if (!ps.has_quorum) {
		*why = (struct vt_policy_error){0, "no quorum line"};
		return VT_EFORMAT;
	}
	return VT_OK;
}

/* What is known of a witness or group: whether it witnessed, and when. */
struct witnessed {
	bool yes;
	uint64_t time;
};

/* Of those members that witnessed, the threshold-th newest time, or the threshold-th oldest. */
static struct witnessed judge_group(
	const struct vt_policy_name *g, const struct witnessed *of, bool oldest)
{
	struct witnessed best = {0};

	for (unsigned i = 0; i < g->nmembers; i++) {
		struct witnessed a = of[g->members[i]];
		unsigned n = 0;

		for (unsigned k = 0; a.yes && k < g->nmembers; k++) {
			struct witnessed b = of[g->members[k]];

			n += b.yes && (oldest ? b.time <= a.time : b.time >= a.time);
		}
		if (a.yes && n >= g->threshold &&
			(!best.yes || (oldest ? a.time < best.time : a.time > best.time)))
			best = a;
	}
	return best;
}

static vt_err judge(const struct vt_policy *p, unsigned which, const struct vt_note *note,
	bool oldest, bool *out_enough, uint64_t *out_time)
{
	struct witnessed of[VT_POLICY_NAMES_MAX] = {0};

	if (which != VT_POLICY_NONE && which >= p->nnames)
		return VT_EARG;
	/* members stand before the groups that they are in */
	for (size_t i = 0; i < p->nnames; i++) {
		const struct vt_policy_name *n = &p->names[i];
		uint64_t first = 0, last = 0;
		enum vt_signed is_signed;

		if (n->group) {
			of[i] = judge_group(n, of, oldest);
			continue;
		}
		is_signed = vt_note_verify_times(note, &n->key, &first, &last);
		if (is_signed == VT_SIGNED_BAD)
			return VT_ECHECKSUM;
		of[i] = (struct witnessed){is_signed == VT_SIGNED_YES, oldest ? first : last};
	}
	*out_enough = which == VT_POLICY_NONE || of[which].yes;
	*out_time = which == VT_POLICY_NONE ? 0 : of[which].time;
	return VT_OK;
}

vt_err vt_policy_check(const struct vt_policy *p, unsigned which, const struct vt_note *note,
	bool *out_enough, uint64_t *out_time)
{
	return judge(p, which, note, false, out_enough, out_time);
}

vt_err vt_policy_since(const struct vt_policy *p, unsigned which, const struct vt_note *note,
	bool *out_enough, uint64_t *out_since)
{
	return judge(p, which, note, true, out_enough, out_since);
}
