/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/fact.h"

#include "base/num.h"

static const char *const areas[] = {
#define VT_AREA(ID, word, meaning) [VT_AREA_##ID] = (word),
#include "inventory/facts.def"
#undef VT_AREA
};
static const struct {
	const char *word;
	enum vt_area area;
} facts[] = {
#define VT_FACT(ID, word, AREA, meaning) [VT_FACT_##ID] = {(word), VT_AREA_##AREA},
#include "inventory/facts.def"
#undef VT_FACT
};
static const char *const attrs[] = {
#define VT_ATTR(ID, word, meaning) [VT_ATTR_##ID] = (word),
#include "inventory/facts.def"
#undef VT_ATTR
};
static const struct {
	const char *word, *text;
} misses[] = {
#define VT_MISS(ID, word, meaning) [VT_MISS_##ID] = {(word), (meaning)},
#include "inventory/misses.def"
#undef VT_MISS
};
static const char *const answers[] = {
	[VT_ANSWER_UNKNOWN] = "unknown",
	[VT_ANSWER_NOT_FOUND] = "not found",
	[VT_ANSWER_FOUND] = "found",
};

const char *vt_area_word(enum vt_area a)
{
	return (unsigned)a < VT_COUNT(areas) ? areas[a] : "?";
}

const char *vt_fact_word(enum vt_fact_kind k)
{
	return (unsigned)k < VT_COUNT(facts) ? facts[k].word : "?";
}

const char *vt_attr_word(enum vt_attr a)
{
	return (unsigned)a < VT_COUNT(attrs) ? attrs[a] : "?";
}

enum vt_area vt_fact_area(enum vt_fact_kind k)
{
	return (unsigned)k < VT_COUNT(facts) ? facts[k].area : VT_AREA_CONTENT;
}

bool vt_area_find(vt_span word, enum vt_area *out)
{
	for (unsigned i = 0; i < VT_COUNT(areas); i++)
		if (vt_span_eq(word, vt_span_str(areas[i]))) {
			*out = (enum vt_area)i;
			return true;
		}
	return false;
}

bool vt_fact_find(vt_span word, enum vt_fact_kind *out)
{
	for (unsigned i = 0; i < VT_COUNT(facts); i++)
		if (vt_span_eq(word, vt_span_str(facts[i].word))) {
			*out = (enum vt_fact_kind)i;
			return true;
		}
	return false;
}

bool vt_attr_find(vt_span word, enum vt_attr *out)
{
	for (unsigned i = 0; i < VT_COUNT(attrs); i++)
		if (vt_span_eq(word, vt_span_str(attrs[i]))) {
			*out = (enum vt_attr)i;
			return true;
		}
	return false;
}

const char *vt_answer_word(enum vt_answer a)
{
	return (unsigned)a < VT_COUNT(answers) ? answers[a] : "?";
}

const char *vt_miss_word(enum vt_miss m)
{
	return (unsigned)m < VT_COUNT(misses) ? misses[m].word : "?";
}

const char *vt_miss_text(enum vt_miss m)
{
	return (unsigned)m < VT_COUNT(misses) ? misses[m].text : "?";
}
