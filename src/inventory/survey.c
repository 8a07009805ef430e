/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/survey.h"

#include <stdlib.h>

#include "base/num.h"

#define LONG_MAX_BYTES 65536

const char *vt_subject_word(enum vt_subject_kind k)
{
	static const char *const words[] = {
		[VT_SUBJECT_SYSTEM] = "system",
		[VT_SUBJECT_ROOT] = "root",
		[VT_SUBJECT_IMAGE] = "image",
		[VT_SUBJECT_LAYER] = "layer",
		[VT_SUBJECT_DISK] = "disk",
	};

	return (unsigned)k < VT_COUNT(words) ? words[k] : "?";
}

vt_err vt_survey_new(size_t memory, struct vt_survey **out)
{
	struct vt_survey *s = calloc(1, sizeof *s);

	if (!s)
		return VT_ENOMEM;
	s->arena.max = memory;
	*out = s;
	return VT_OK;
}

void vt_survey_free(struct vt_survey *s)
{
	if (!s)
		return;
	vt_arena_free(&s->arena);
	free(s);
}

vt_span vt_survey_copy(struct vt_survey *s, vt_span from, size_t max, bool *ok)
{
	char *p;

	if (from.n > max)
		from.n = max;
	if (from.n == 0)
		return vt_span_of("", 0);
	p = vt_arena_copy(&s->arena, from);
	if (!p) {
		*ok = false;
		return vt_span_of("", 0);
	}
	return vt_span_of(p, from.n);
}

/* Room for one more element: arrays double inside of the arena. */
static vt_err grow(struct vt_survey *s, void **array, size_t n, size_t *io_cap, size_t size)
{
	size_t cap = *io_cap ? *io_cap * 2 : 64;
	void *p;

	if (n < *io_cap)
		return VT_OK;
	p = vt_arena_array(&s->arena, cap, size);
	if (!p)
		return VT_ENOMEM;
	if (n)
		memcpy(p, *array, n * size);
	*array = p;
	*io_cap = cap;
	return VT_OK;
}

#define GROW(s, field, T)                                                                          \
	do {                                                                                       \
		void *array_ = (s)->field;                                                         \
		vt_err e_ = grow((s), &array_, (s)->n##field, &(s)->cap_##field, sizeof(T));       \
		if (e_)                                                                            \
			return e_;                                                                 \
		(s)->field = array_;                                                               \
	} while (0)

vt_err vt_survey_subject(struct vt_survey *s, const struct vt_subject *add, uint32_t *out_index)
{
	struct vt_subject *to;
	bool ok = true;

	if (s->nsubjects >= UINT32_MAX)
		return VT_ENOMEM;
	GROW(s, subjects, struct vt_subject);
	to = &s->subjects[s->nsubjects];
	*to = *add;
	to->name = vt_survey_copy(s, add->name, LONG_MAX_BYTES, &ok);
	to->sha256 = vt_survey_copy(s, add->sha256, LONG_MAX_BYTES, &ok);
	to->platform = vt_survey_copy(s, add->platform, LONG_MAX_BYTES, &ok);
	if (!ok)
		return VT_ENOMEM;
	if (out_index)
		*out_index = (uint32_t)s->nsubjects;
	s->nsubjects++;
	return VT_OK;
}

vt_err vt_survey_component(struct vt_survey *s, const struct vt_component *add)
{
	struct vt_component *to;
	bool ok = true;

	GROW(s, components, struct vt_component);
	to = &s->components[s->ncomponents];
	*to = *add;
	to->locus = vt_survey_copy(s, add->locus, LONG_MAX_BYTES, &ok);
	to->manager = vt_survey_copy(s, add->manager, VT_FACT_VALUE_MAX, &ok);
	to->name = vt_survey_copy(s, add->name, VT_FACT_VALUE_MAX, &ok);
	to->version = vt_survey_copy(s, add->version, VT_FACT_VALUE_MAX, &ok);
	to->arch = vt_survey_copy(s, add->arch, VT_FACT_VALUE_MAX, &ok);
	to->vendor = vt_survey_copy(s, add->vendor, VT_FACT_VALUE_MAX, &ok);
	to->status = vt_survey_copy(s, add->status, VT_FACT_VALUE_MAX, &ok);
	to->source = vt_survey_copy(s, add->source, VT_FACT_VALUE_MAX, &ok);
	to->purl = vt_survey_copy(s, add->purl, VT_FACT_VALUE_MAX, &ok);
	to->cpe = vt_survey_copy(s, add->cpe, VT_FACT_VALUE_MAX, &ok);
	to->license = vt_survey_copy(s, add->license, VT_FACT_VALUE_MAX, &ok);
	if (!ok)
		return VT_ENOMEM;
	s->ncomponents++;
	return VT_OK;
}

vt_err vt_survey_observe(struct vt_survey *s, const struct vt_observation *add)
{
	struct vt_observation *to;
	bool ok = true;

	if (s->nobservations >= UINT32_MAX)
		return VT_ENOMEM;
	GROW(s, observations, struct vt_observation);
	to = &s->observations[s->nobservations];
	*to = *add;
	to->locus = vt_survey_copy(s, add->locus, LONG_MAX_BYTES, &ok);
	to->rule = vt_survey_copy(s, add->rule, VT_FACT_VALUE_MAX, &ok);
	to->product = vt_survey_copy(s, add->product, VT_FACT_VALUE_MAX, &ok);
	to->raw = vt_survey_copy(s, add->raw, LONG_MAX_BYTES, &ok);
	to->sha256 = vt_survey_copy(s, add->sha256, VT_FACT_VALUE_MAX, &ok);
	to->repeat = vt_survey_copy(s, add->repeat, LONG_MAX_BYTES, &ok);
	if (!ok)
		return VT_ENOMEM;
	to->id = ++s->nobservations;
	return VT_OK;
}

vt_err vt_survey_miss(struct vt_survey *s, const struct vt_missed *add)
{
	struct vt_missed *to;
	bool ok = true;

	if (s->nmissed >= VT_SURVEY_MISSED_MAX)
		return VT_OK;
	GROW(s, missed, struct vt_missed);
	to = &s->missed[s->nmissed];
	*to = *add;
	to->locus = vt_survey_copy(s, add->locus, LONG_MAX_BYTES, &ok);
	if (!ok)
		return VT_ENOMEM;
	s->nmissed++;
	return VT_OK;
}
