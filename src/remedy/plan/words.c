/* SPDX-License-Identifier: Apache-2.0 */
/* The words that plans are written with. */
#include "remedy/plan/plan.h"

const char *vt_removal_step_word(enum vt_removal_step_kind k)
{
	static const char *const words[] = {
#define VT_STEP(ID, word, files, packages, meaning) word,
#include "remedy/plan/steps.def"
#undef VT_STEP
	};

	return k < VT_STEP_KINDS ? words[k] : "?";
}

const char *vt_removal_step_text(enum vt_removal_step_kind k)
{
	static const char *const texts[] = {
#define VT_STEP(ID, word, files, packages, meaning) meaning,
#include "remedy/plan/steps.def"
#undef VT_STEP
	};

	return k < VT_STEP_KINDS ? texts[k] : "?";
}

const char *vt_place_word(enum vt_place_kind k)
{
	static const char *const words[] = {
#define VT_PLACE(ID, word, meaning) word,
#include "remedy/plan/places.def"
#undef VT_PLACE
	};

	return k < VT_PLACE_KINDS ? words[k] : "?";
}

const char *vt_replacement_word(enum vt_replacement_kind k)
{
	static const char *const words[] = {
		[VT_REPLACEMENT_OPEN] = "open",
		[VT_REPLACEMENT_PACKAGE] = "package",
		[VT_REPLACEMENT_UNIT] = "unit",
		[VT_REPLACEMENT_FILE] = "file",
		[VT_REPLACEMENT_NONE] = "none",
	};

	return k < VT_REPLACEMENT_KINDS ? words[k] : "?";
}
