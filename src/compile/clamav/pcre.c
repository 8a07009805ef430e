/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions: "[offset:]trigger/regex/flags" (ClamAV manual, "PCRE subsignatures"). Each
 * is compiled here once, only to refuse what does not compile with PCRE2's own words.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "base/num.h"
#include "compile/clamav/parse.h"

static const struct {
	char letter;
	uint32_t flag;
	uint32_t option;
} flags_table[] = {
	{'g', VT_PCRE_GLOBAL, 0},
	{'r', VT_PCRE_ROLLING, 0},
	{'e', VT_PCRE_ENCOMPASS, 0},
	{'i', VT_PCRE_CASELESS, PCRE2_CASELESS},
	{'s', VT_PCRE_DOTALL, PCRE2_DOTALL},
	{'m', VT_PCRE_MULTILINE, PCRE2_MULTILINE},
	{'x', VT_PCRE_EXTENDED, PCRE2_EXTENDED},
	{'A', VT_PCRE_ANCHORED, PCRE2_ANCHORED},
	{'E', VT_PCRE_DOLLAR_END, PCRE2_DOLLAR_ENDONLY},
	{'U', VT_PCRE_UNGREEDY, PCRE2_UNGREEDY},
};

bool vt_clam_is_pcre(vt_span s)
{
	return s.n && memchr(s.p, '/', s.n);
}

vt_err vt_clam_pcre_check(struct vt_clam *c, vt_span regex, uint32_t options)
{
	PCRE2_UCHAR text[128];
	int number = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code = pcre2_compile(
		regex.p, regex.n, options | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, &number, &at, NULL);

	if (code) {
		pcre2_code_free(code);
		return VT_OK;
	}
	if (number == PCRE2_ERROR_HEAP_FAILED)
		return VT_ENOMEM;
	if (pcre2_get_error_message(number, text, sizeof text) < 0)
		text[0] = 0;
	(void)snprintf(c->why_text, sizeof c->why_text, "regular expression: %s", (char *)text);
	return vt_clam_bad(c, c->why_text);
}

static vt_err parse_flags(struct vt_clam *c, vt_span s, uint32_t *out_flags, uint32_t *out_options)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t k = 0;

		while (k < VT_COUNT(flags_table) && flags_table[k].letter != s.p[i])
			k++;
		if (k == VT_COUNT(flags_table))
			return vt_clam_bad(c, "a flag of a regular expression is not known");
		*out_flags |= flags_table[k].flag;
		*out_options |= flags_table[k].option;
	}
	return VT_OK;
}

vt_err vt_clam_pcre(
	struct vt_clam *c, vt_span s, unsigned target, unsigned index, struct vt_sub *out)
{
	const uint8_t *first = memchr(s.p, '/', s.n), *last = memrchr(s.p, '/', s.n);
	vt_span head = vt_span_of(s.p, (size_t)(first - s.p)), offset = {0}, trigger = head;
	vt_span flags = vt_span_of(last + 1, s.n - (size_t)(last + 1 - s.p));
	size_t at;

	uint32_t options = 0;
	unsigned ids = 0;
	vt_err err;

	*out = (struct vt_sub){.kind = VT_SUB_PCRE};
	if (last == first)
		return vt_clam_bad(c, "a regular expression's closing \"/\" is missing");
	out->regex = vt_span_of(first + 1, (size_t)(last - first - 1));
	if (out->regex.n == 0)
		return vt_clam_bad(c, "the regular expression is empty");
	if (vt_clam_cut(head, ':', &offset, &trigger)) {
		err = vt_clam_offset(c, offset, target, &out->offset);
		if (!err && out->offset.kind == VT_OFF_MACRO)
			return vt_clam_bad(c, "a regular expression is no member of a macro group");
		if (err)
			return err;
	} else {
		trigger = head;
	}
	/* Modifiers of content are ignored here (observed; published signatures have them). */
	if (vt_span_find(flags, 0, "::", 2, &at))
		flags.n = at;
	if (trigger.n == 0)
		return vt_clam_bad(c, "a regular expression has no trigger");
	err = vt_clam_logic(c, trigger, &ids, &out->trigger_logic);
	if (!err && ids > index)
		return vt_clam_bad(c,
			"a regular expression is triggered by itself or a later "
			"subsignature");
	if (!err)
		err = parse_flags(c, flags, &out->pcre_flags, &options);
	return err ? err : vt_clam_pcre_check(c, out->regex, options);
}
