/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/cond/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/num.h"
#include "engine/core/rule.h"

#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 2000
#define HEAP_LIMIT_KIB 65536
/* What setting up a match costs of the object's steps, and how far one step goes. */
#define STEPS_PER_CALL 64
#define BYTES_PER_STEP 16

struct slot {
	uint64_t key;
	pcre2_code *code; /* NULL: it does not compile */
	bool used;
};

struct vt_regexes {
	struct slot *slots; /* open addressing */
	size_t n, cap;
	pcre2_match_context *context;
	pcre2_match_data *data;
	/* the match at hand */
	struct vt_steps *steps;
	PCRE2_SIZE at;
};

/*
 * Called before each item of an expression. PCRE2's own limit counts anew at each place where a
 * match may start, so it bounds neither the time for a subject nor that for long repetitions.
 */
static int pay(pcre2_callout_block *b, void *ctx)
{
	struct vt_regexes *r = ctx;
	PCRE2_SIZE walked = b->current_position > r->at ? b->current_position - r->at
							: r->at - b->current_position;

	r->at = b->current_position;
	return vt_steps_spend(r->steps, 1 + walked / BYTES_PER_STEP) ? 0 : PCRE2_ERROR_CALLOUT;
}

vt_err vt_regexes_new(struct vt_regexes **out)
{
	struct vt_regexes *r = calloc(1, sizeof *r);

	if (!r)
		return VT_ENOMEM;
	r->context = pcre2_match_context_create(NULL);
	r->data = pcre2_match_data_create(1, NULL);
	if (!r->context || !r->data) {
		vt_regexes_free(r);
		return VT_ENOMEM;
	}
	(void)pcre2_set_match_limit(r->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(r->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(r->context, HEAP_LIMIT_KIB);
	(void)pcre2_set_callout(r->context, pay, r);
	*out = r;
	return VT_OK;
}

void vt_regexes_free(struct vt_regexes *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->cap; i++)
		pcre2_code_free(r->slots[i].code);
	free(r->slots);
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->context);
	free(r);
}

static struct slot *find_slot(struct vt_regexes *r, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 20);

	for (i &= r->cap - 1; r->slots[i].used && r->slots[i].key != key;
		i = (i + 1) & (r->cap - 1))
		;
	return &r->slots[i];
}

static bool grow(struct vt_regexes *r)
{
	struct vt_regexes old = *r;

	if (2 * r->n < r->cap)
		return true;
	r->cap = r->cap ? 2 * r->cap : 64;
	r->slots = calloc(r->cap, sizeof *r->slots);
	if (!r->slots) {
		*r = old;
		return false;
	}
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].used)
			*find_slot(r, old.slots[i].key) = old.slots[i];
	}
	free(old.slots);
	return true;
}

static uint32_t compile_options(uint32_t flags)
{
	static const struct {
		uint32_t flag, option;
	} table[] = {
		{VT_PCRE_CASELESS, PCRE2_CASELESS},
		{VT_PCRE_DOTALL, PCRE2_DOTALL},
		{VT_PCRE_MULTILINE, PCRE2_MULTILINE},
		{VT_PCRE_EXTENDED, PCRE2_EXTENDED},
		{VT_PCRE_ANCHORED, PCRE2_ANCHORED},
		{VT_PCRE_DOLLAR_END, PCRE2_DOLLAR_ENDONLY},
		{VT_PCRE_UNGREEDY, PCRE2_UNGREEDY},
	};
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;

	for (size_t i = 0; i < VT_COUNT(table); i++)
		options |= flags & table[i].flag ? table[i].option : 0;
	return options;
}

/*
 * With callouts an expression pays for its steps (pay()). They make its code longer; one that is
 * then too long for PCRE2's 64 KiB goes without and has the match limit alone.
 */
static pcre2_code *compile(vt_span regex, uint32_t options)
{
	int number;
	PCRE2_SIZE at;
	pcre2_code *code =
		pcre2_compile(regex.p, regex.n, options | PCRE2_AUTO_CALLOUT, &number, &at, NULL);

	return code ? code : pcre2_compile(regex.p, regex.n, options, &number, &at, NULL);
}

static pcre2_code *compiled(struct vt_regexes *r, uint64_t key, vt_span regex, uint32_t flags)
{
	struct slot *s;

	if (!grow(r))
		return NULL;
	s = find_slot(r, key);
	if (!s->used) {
		*s = (struct slot){.key = key, .used = true};
		s->code = compile(regex, compile_options(flags));
		r->n++;
	}
	return s->code;
}

bool vt_regex_search(struct vt_regexes *r, struct vt_steps *steps, uint64_t key, vt_span regex,
	uint32_t flags, bool anchored, vt_span subject, uint64_t from, uint64_t *out_start,
	uint64_t *out_end)
{
	pcre2_code *code = compiled(r, key, regex, flags);
	const PCRE2_SIZE *at;
	int n;

	if (!code)
		steps->exhausted = true; /* it was compiled once, to check it: no memory is left */
	if (!code || from > subject.n || !vt_steps_spend(steps, STEPS_PER_CALL))
		return false;
	r->steps = steps;
	r->at = from;
	n = pcre2_match(code, subject.p ? subject.p : (const uint8_t *)"", subject.n, from,
		anchored ? PCRE2_ANCHORED : 0, r->data, r->context);
	if (n < 0) {
		steps->exhausted |= n != PCRE2_ERROR_NOMATCH;
		return false;
	}
	at = pcre2_get_ovector_pointer(r->data);
	*out_start = at[0];
	*out_end = at[1];
	return true;
}
