/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting: everything is checked here, so that the emitter only lays out. */
#include "compile/builder.h"

#include <stdlib.h>

#include "base/num.h"
#include "compile/internal.h"
#include "crypto/hash.h"
#include "engine/db/db.h"
#include "engine/match/pattern.h"

vt_err vt_builder_new(struct vt_builder **out)
{
	const vt_buf empty = VT_VEC_INIT;
	struct vt_builder *b = calloc(1, sizeof *b);
	vt_buf *all[] = {&b->sets, &b->texts, &b->strings, &b->asides, &b->aside_views, &b->rules,
		&b->subs, &b->patterns, &b->code, &b->tdbs, &b->containers, &b->macros, &b->ignores,
		&b->withdrawn};

	if (!b)
		return VT_ENOMEM;
	for (size_t i = 0; i < VT_COUNT(all); i++)
		*all[i] = empty;
	for (unsigned k = 0; k < VT_HASH_KINDS; k++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS; a++)
			b->hashes[k][a] = empty;
	}
	*out = b;
	return VT_OK;
}

void vt_builder_free(struct vt_builder *b)
{
	if (!b)
		return;
	vt_buf *all[] = {&b->sets, &b->texts, &b->strings, &b->asides, &b->aside_views, &b->rules,
		&b->subs, &b->patterns, &b->code, &b->tdbs, &b->containers, &b->macros, &b->ignores,
		&b->withdrawn};

	for (size_t i = 0; i < VT_COUNT(all); i++)
		vt_buf_free(all[i]);
	for (unsigned k = 0; k < VT_HASH_KINDS; k++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS; a++)
			vt_buf_free(&b->hashes[k][a]);
	}
	free(b->tdb_slots);
	free(b);
}

static int span_compare(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static bool ends_with(vt_span s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && memcmp(s.p + s.n - n, tail, n) == 0;
}

static bool is_ignore_list(vt_span name)
{
	return ends_with(name, ".ign") || ends_with(name, ".ign2");
}

int vt_set_compare(vt_span name_a, vt_span text_a, vt_span name_b, vt_span text_b)
{
	int rank = (int)is_ignore_list(name_b) - (int)is_ignore_list(name_a);
	int c = rank ? rank : span_compare(name_a, name_b);

	return c ? c : span_compare(text_a, text_b);
}

static uint64_t count_lines(vt_span text)
{
	uint64_t n = 0;
	vt_span rest = text;

	while (rest.n) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);

		n++;
		if (!lf)
			break;
		rest = vt_span_of(lf + 1, rest.n - (size_t)(lf + 1 - rest.p));
	}
	return n;
}

static vt_err add_string(struct vt_builder *b, vt_span s, uint32_t *out)
{
	*out = (uint32_t)b->strings.n;
	return s.n > UINT32_MAX || b->strings.n > UINT32_MAX - s.n
		? VT_ELIMIT
		: vt_buf_add(&b->strings, s.p, s.n);
}

vt_err vt_builder_begin_set(struct vt_builder *b, vt_span name, vt_span text)
{
	struct vt_image_set set = {.first_line = b->next_line, .bytes = text.n};
	struct vt_build_set view = {.name = name, .text = text};
	uint64_t lines = count_lines(text);
	vt_err e;

	if (lines > VT_IMAGE_LINE_MASK - b->next_line)
		return VT_ELIMIT;
	set.lines = (uint32_t)lines;
	set.name_size = (uint32_t)name.n;
	vt_sha256(text, set.sha256);
	e = add_string(b, name, &set.name);
	if (!e)
		e = vt_vec_add(&b->texts, &view);
	if (!e)
		e = vt_vec_add(&b->sets, &set);
	if (!e) {
		b->next_line += set.lines;
		b->counts[VT_COUNT_LINES] += lines;
		b->last_text = text;
		b->last_line = 1;
	}
	return e;
}

static struct vt_image_set *current_set(struct vt_builder *b)
{
	size_t n = vt_vec_count(&b->sets, struct vt_image_set);

	return n ? vt_vec_data(&b->sets, struct vt_image_set) + n - 1 : NULL;
}

static void count_rule(struct vt_builder *b)
{
	struct vt_image_set *s = current_set(b);

	if (s)
		s->rules++;
}

/* The current set's name and text; there is one once a line was accepted. */
static const struct vt_build_set *last_set(const struct vt_builder *b)
{
	return vt_vec_data(&b->texts, struct vt_build_set) +
		vt_vec_count(&b->texts, struct vt_build_set) - 1;
}

/* The number of a line over all sets; false if it is not in the current one. */
static bool global_line(struct vt_builder *b, uint32_t line, uint32_t *out)
{
	const struct vt_image_set *s = current_set(b);

	if (!s || line == 0 || line > s->lines)
		return false;
	*out = s->first_line + line - 1;
	return true;
}

/* The text of a line of the current set; lines are asked for in rising order, mostly. */
static vt_span line_text(struct vt_builder *b, uint32_t line)
{
	const struct vt_build_set *v = last_set(b);
	const uint8_t *lf;
	vt_span text;

	if (line < b->last_line) {
		b->last_text = v->text;
		b->last_line = 1;
	}
	while (b->last_line < line && b->last_text.n) {
		lf = memchr(b->last_text.p, '\n', b->last_text.n);
		if (!lf)
			return (vt_span){0};
		b->last_text =
			vt_span_of(lf + 1, b->last_text.n - (size_t)(lf + 1 - b->last_text.p));
		b->last_line++;
	}
	lf = b->last_text.n ? memchr(b->last_text.p, '\n', b->last_text.n) : NULL;
	text = vt_span_of(b->last_text.p, lf ? (size_t)(lf - b->last_text.p) : b->last_text.n);
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}

static bool ignored(struct vt_builder *b, vt_span name, uint32_t line)
{
	size_t n = vt_vec_count(&b->ignores, struct vt_build_ignore);
	uint8_t md5[16];

	for (size_t i = 0; i < n; i++) {
		const struct vt_build_ignore *g =
			vt_vec_data(&b->ignores, struct vt_build_ignore) + i;

		if (!vt_span_eq(g->name, name))
			continue;
		if (g->has_md5) {
			vt_md5(line_text(b, line), md5);
			if (memcmp(md5, g->md5, sizeof md5) != 0)
				continue;
		}
		b->counts[VT_COUNT_IGNORED]++;
		return true;
	}
	return false;
}

vt_err vt_builder_add_ignore(
	struct vt_builder *b, vt_span name, bool has_md5, const uint8_t md5[16])
{
	struct vt_build_ignore g = {.name = name, .has_md5 = has_md5};

	if (has_md5)
		memcpy(g.md5, md5, sizeof g.md5);
	return vt_vec_add(&b->ignores, &g);
}

vt_err vt_builder_add_withdrawn(
	struct vt_builder *b, vt_span set_name, const uint8_t line_sha256[32])
{
	struct vt_image_withdrawn w;
	vt_err e;

	vt_withdrawn_key(set_name, line_sha256, w.key);
	e = vt_vec_add(&b->withdrawn, &w);
	if (!e)
		b->counts[VT_COUNT_WITHDRAWN]++;
	return e;
}

vt_err vt_builder_add_hash(struct vt_builder *b, const struct vt_hash_rule *h)
{
	static const enum vt_count_kind kinds[VT_HASH_KINDS] = {
		[VT_HASH_OBJECT] = VT_COUNT_OBJECT_HASH,
		[VT_HASH_SECTION] = VT_COUNT_SECTION_HASH,
		[VT_HASH_IMPORTS] = VT_COUNT_IMPORT_HASH,
		[VT_HASH_ALLOW] = VT_COUNT_ALLOW_HASH,
	};
	struct vt_build_hash e = {.size = VT_IMAGE_SIZE_ANY};
	vt_err err;

	if (h->kind >= VT_HASH_KINDS || h->algo >= VT_HASH_ALGOS ||
		!global_line(b, h->line, &e.line))
		return VT_EARG;
	if (h->size != VT_SIZE_ANY) {
		if (h->size >= VT_IMAGE_SIZE_ANY)
			return VT_EARG;
		e.size = (uint32_t)h->size;
	}
	if (b->ignores.n && ignored(b, h->name, h->line))
		return VT_OK;
	memcpy(&e.key, h->digest, sizeof e.key);
	if (h->flags & VT_RULE_PUA)
		e.line |= VT_IMAGE_LINE_PUA;
	err = vt_vec_add(&b->hashes[h->kind][h->algo], &e);
	if (!err) {
		b->counts[kinds[h->kind]]++;
		count_rule(b);
	}
	return err;
}

static vt_err add_code(
	struct vt_builder *b, const void *p, size_t n, uint32_t *out, uint32_t *out_n)
{
	if (n > UINT32_MAX || b->code.n > UINT32_MAX - n)
		return VT_ELIMIT;
	*out = (uint32_t)b->code.n;
	*out_n = (uint32_t)n;
	return vt_buf_add(&b->code, p, n);
}

static struct vt_image_tdb image_tdb(const struct vt_tdb *t)
{
	struct vt_image_tdb d = {
		.size_min = t->size_min,
		.size_max = t->size_max,
		.entry_min = t->entry_min,
		.entry_max = t->entry_max,
		.sections_min = t->sections_min,
		.sections_max = t->sections_max,
		.container = t->container,
		.has_entry = t->has_entry,
		.has_sections = t->has_sections,
		.nintermediates = t->nintermediates,
	};
	memcpy(d.intermediates, t->intermediates,
		vt_min_size(t->nintermediates, VT_MAX_INTERMEDIATES) * sizeof *d.intermediates);
	return d;
}

static bool grow_tdb_slots(struct vt_builder *b)
{
	size_t count = vt_vec_count(&b->tdbs, struct vt_image_tdb);
	size_t n = b->ntdb_slots ? 2 * b->ntdb_slots : 256;
	uint32_t *slots;

	if (2 * count < b->ntdb_slots)
		return true;
	slots = calloc(n, sizeof *slots);
	if (!slots)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t h[16];
		size_t at;

		vt_md5(vt_span_of(vt_vec_data(&b->tdbs, struct vt_image_tdb) + i,
			       sizeof(struct vt_image_tdb)),
			h);
		memcpy(&at, h, sizeof at);
		for (at &= n - 1; slots[at]; at = (at + 1) & (n - 1))
			;
		slots[at] = i + 1;
	}
	free(b->tdb_slots);
	b->tdb_slots = slots;
	b->ntdb_slots = n;
	return true;
}

/* Nearly all rules share a few descriptions: each is stored once. */
static vt_err intern_tdb(struct vt_builder *b, const struct vt_tdb *t, uint32_t *out)
{
	struct vt_image_tdb d = image_tdb(t), *all;
	uint8_t h[16];
	size_t at;

	if (!grow_tdb_slots(b))
		return VT_ENOMEM;
	all = vt_vec_data(&b->tdbs, struct vt_image_tdb);
	vt_md5(vt_span_of(&d, sizeof d), h);
	memcpy(&at, h, sizeof at);
	for (at &= b->ntdb_slots - 1; b->tdb_slots[at]; at = (at + 1) & (b->ntdb_slots - 1)) {
		*out = b->tdb_slots[at] - 1;
		if (memcmp(all + *out, &d, sizeof d) == 0)
			return VT_OK;
	}
	*out = (uint32_t)vt_vec_count(&b->tdbs, struct vt_image_tdb);
	b->tdb_slots[at] = *out + 1;
	return vt_vec_add(&b->tdbs, &d);
}

static const char *check_sub(const struct vt_rule *r, unsigned i)
{
	const struct vt_sub *s = &r->subs[i];
	const char *why = NULL;
	uint64_t min;

	if (s->kind == VT_SUB_CONTENT) {
		if (s->npatterns < 1 || s->npatterns > VT_COUNT(s->patterns))
			return "a content subsignature needs one or two patterns";
		for (unsigned k = 0; k < s->npatterns && !why; k++)
			why = vt_pattern_check(s->patterns[k].code, &min);
		return why;
	}
	if (s->kind == VT_SUB_PCRE)
		return s->trigger_logic.n ? vt_logic_check(s->trigger_logic, r->nsubs) : NULL;
	if (s->kind == VT_SUB_BYTECMP)
		return s->bytecmp.trigger >= r->nsubs ? "byte comparison names a subsignature that "
							"does not exist"
			: s->bytecmp.ncompare < 1 || s->bytecmp.ncompare > 2
			? "byte comparison needs one or two comparisons"
			: NULL;
	if (s->kind == VT_SUB_MACRO)
		return s->macro.group > 31 || i == 0 ? "macro out of place" : NULL;
	return "unknown kind of subsignature";
}

static const char *check_rule(const struct vt_rule *r)
{
	const char *why;

	if (r->target >= VT_TARGETS)
		return "target out of range";
	if (r->nsubs < 1 || r->nsubs > VT_MAX_SUBS)
		return "a rule has 1 to 64 subsignatures";
	why = vt_logic_check(r->logic, r->nsubs);
	for (unsigned i = 0; i < r->nsubs && !why; i++)
		why = check_sub(r, i);
	return why;
}

static vt_err add_sub_body(struct vt_builder *b, const struct vt_sub *s, struct vt_image_sub *d)
{
	vt_err e = VT_OK;

	if (s->kind == VT_SUB_PCRE) {
		d->c = s->pcre_flags;
		e = add_code(b, s->regex.p, s->regex.n, &d->a, &d->a_size);
		if (!e)
			e = add_code(b, s->trigger_logic.p, s->trigger_logic.n, &d->b, &d->b_size);
	} else if (s->kind == VT_SUB_BYTECMP) {
		const struct vt_byte_compare *c = &s->bytecmp;
		struct vt_image_byte_compare i = {
			.offset = c->offset,
			.value = {c->compare[0].value, c->compare[1].value},
			.width = c->width,
			.trigger = c->trigger,
			.base = c->base,
			.big_endian = c->big_endian,
			.exact = c->exact,
			.ncompare = c->ncompare,
			.op = {c->compare[0].op, c->compare[1].op},
		};
		e = add_code(b, &i, sizeof i, &d->a, &d->a_size);
	} else if (s->kind == VT_SUB_MACRO) {
		d->a = s->macro.min;
		d->b = s->macro.max;
		d->c = s->macro.group;
	}
	return e;
}

static vt_err add_sub(struct vt_builder *b, const struct vt_sub *s, uint32_t rule)
{
	uint32_t index = (uint32_t)vt_vec_count(&b->subs, struct vt_image_sub);
	struct vt_image_sub d = {
		.kind = s->kind,
		.npatterns = s->kind == VT_SUB_CONTENT ? s->npatterns : 0,
		.offset_kind = s->offset.kind,
		.section = s->offset.section,
		.offset_value = s->offset.value,
		.shift = s->offset.shift,
		.rule = rule,
		.first_pattern = (uint32_t)vt_vec_count(&b->patterns, struct vt_image_pattern),
	};
	vt_err e = add_sub_body(b, s, &d);

	for (unsigned k = 0; k < d.npatterns && !e; k++) {
		struct vt_image_pattern p = {.flags = s->patterns[k].flags, .sub = index};

		e = add_code(
			b, s->patterns[k].code.p, s->patterns[k].code.n, &p.code, &p.code_size);
		if (!e)
			e = vt_vec_add(&b->patterns, &p);
	}
	if (!e && s->offset.kind == VT_OFF_MACRO) {
		uint64_t key = (uint64_t)s->offset.value << 32 | index;

		e = vt_vec_add(&b->macros, &key);
	}
	return e ? e : vt_vec_add(&b->subs, &d);
}

vt_err vt_builder_add_rule(struct vt_builder *b, const struct vt_rule *r, const char **why)
{
	uint32_t index = (uint32_t)vt_vec_count(&b->rules, struct vt_image_rule);
	struct vt_image_rule d = {
		.flags = r->flags,
		.target = r->target,
		.nsubs = (uint8_t)r->nsubs,
		.name_size = (uint16_t)r->name.n,
		.first_sub = (uint32_t)vt_vec_count(&b->subs, struct vt_image_sub),
	};
	vt_err e;

	*why = r->name.n > UINT16_MAX ? "the name is too long" : check_rule(r);
	if (*why || !global_line(b, r->line, &d.line))
		return VT_EARG;
	if (b->ignores.n && ignored(b, r->name, r->line))
		return VT_OK;
	e = add_code(b, r->logic.p, r->logic.n, &d.logic, &d.logic_size);
	if (!e)
		e = intern_tdb(b, &r->tdb, &d.tdb);
	for (unsigned i = 0; i < r->nsubs && !e; i++)
		e = add_sub(b, &r->subs[i], index);
	if (!e)
		e = vt_vec_add(&b->rules, &d);
	if (!e) {
		vt_span set = last_set(b)->name;
		bool logical = ends_with(set, ".ldb") || ends_with(set, ".ldu");

		b->counts[logical ? VT_COUNT_LOGICAL : VT_COUNT_BODY]++;
		count_rule(b);
	}
	return e;
}

vt_err vt_builder_add_container(
	struct vt_builder *b, const struct vt_container_rule *c, const char **why)
{
	struct vt_image_container d = {
		.flags = c->flags,
		.container = c->container,
		.name_size = (uint16_t)c->name.n,
		.encrypted = c->encrypted,
		.has_crc = c->has_crc,
		.container_min = c->container_size_min,
		.container_max = c->container_size_max,
		.packed_min = c->packed_min,
		.packed_max = c->packed_max,
		.real_min = c->real_min,
		.real_max = c->real_max,
		.position_min = c->position_min,
		.position_max = c->position_max,
		.crc = c->crc,
	};
	vt_err e;

	*why = c->name.n > UINT16_MAX ? "the name is too long" : NULL;
	if (*why || !global_line(b, c->line, &d.line))
		return VT_EARG;
	if (b->ignores.n && ignored(b, c->name, c->line))
		return VT_OK;
	e = add_code(b, c->name_regex.p, c->name_regex.n, &d.regex, &d.regex_size);
	if (!e)
		e = vt_vec_add(&b->containers, &d);
	if (!e) {
		b->counts[VT_COUNT_CONTAINER]++;
		count_rule(b);
	}
	return e;
}

vt_err vt_builder_set_aside(
	struct vt_builder *b, uint32_t line, enum vt_aside what, const char *cause)
{
	struct vt_image_aside a = {.what = what};
	struct vt_image_set *set = current_set(b);
	struct vt_aside_entry view = {.line = line, .what = what};
	vt_span text = vt_span_str(cause);
	const struct vt_image_aside *last = b->asides.n
		? vt_vec_data(&b->asides, struct vt_image_aside) +
			vt_vec_count(&b->asides, struct vt_image_aside) - 1
		: NULL;
	vt_err e = VT_OK;

	if (!set)
		return VT_EARG;
	view.set = last_set(b)->name;
	/* line 0, or an empty set: about the file as a whole */
	a.line = set->first_line + (line && line <= set->lines ? line - 1 : 0);
	a.cause_size = (uint32_t)text.n;
	/* runs of the same cause are common: they share its text */
	if (last && vt_span_eq(vt_span_of(b->strings.p + last->cause, last->cause_size), text))
		a.cause = last->cause;
	else
		e = add_string(b, vt_span_of(cause, text.n + 1), &a.cause);
	if (!e)
		e = vt_vec_add(&b->asides, &a);
	if (!e)
		e = vt_vec_add(&b->aside_views, &view);
	if (!e)
		set->asides++;
	return e;
}

size_t vt_builder_asides(struct vt_builder *b, const struct vt_aside_entry **out)
{
	size_t n = vt_vec_count(&b->aside_views, struct vt_aside_entry);
	struct vt_aside_entry *views = vt_vec_data(&b->aside_views, struct vt_aside_entry);

	/* the strings may have moved since the entries were made */
	for (size_t i = 0; i < n; i++)
		views[i].cause = (const char *)b->strings.p +
			vt_vec_data(&b->asides, struct vt_image_aside)[i].cause;
	*out = views;
	return n;
}
