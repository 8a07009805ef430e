/* SPDX-License-Identifier: Apache-2.0 */
/* One object against all images: its type and headers, its hashes, then its bytes. */
#include "base/num.h"
#include "crypto/hash.h"
#include "engine/exe/exe.h"
#include "engine/scanner.h"
#include "engine/type/identify.h"

/* What is being looked at, for the callbacks below. */
struct inspection {
	struct vt_scanner *s;
	const struct vt_db *db;
	const struct vt_object *object;
	struct vt_digests *digests;
	enum vt_allowed *allowed;
};

static const uint8_t *digest_of(struct vt_digests *d, vt_span bytes, enum vt_hash_algo algo)
{
	if (!d->have[algo]) {
		if (algo == VT_MD5)
			vt_md5(bytes, d->digest[algo]);
		else if (algo == VT_SHA1)
			vt_sha1(bytes, d->digest[algo]);
		else
			vt_sha256(bytes, d->digest[algo]);
		d->have[algo] = true;
	}
	return d->digest[algo];
}

static void note_failure(struct vt_scanner *s, vt_err e)
{
	if (e == VT_ENOMEM) {
		s->failure = e;
		s->stop = true;
	} else if (e) {
		vt_scan_gap(s, VT_REASON_LIMIT_MATCH);
	}
}

/* Lines that are no longer in force: another image takes them back. */
static bool withdrawn(
	const struct vt_scanner *s, const struct vt_db *db, uint32_t line, vt_span text)
{
	const struct vt_image_set *set = NULL;
	uint8_t sum[32], key[16];
	bool have = false;

	for (size_t i = 0; i < s->ndbs; i++) {
		if (s->dbs[i]->withdrawn.n == 0)
			continue;
		if (!have) {
			set = vt_db_set_of_line(db, line);
			if (!set)
				return false;
			vt_sha256(text, sum);
			vt_withdrawn_key(vt_db_set_name(db, set), sum, key);
			have = true;
		}
		if (vt_db_withdraws(s->dbs[i], key))
			return true;
	}
	return false;
}

/* Allow lists (.fp, .sfp) ---------------------------------------------------------------------- */

struct allow {
	const struct vt_scanner *s;
	const struct vt_db *db;
	bool found;
};

static bool found_one(void *ctx, uint32_t line, vt_span text)
{
	struct allow *a = ctx;

	a->found = !withdrawn(a->s, a->db, line, text);
	return !a->found;
}

static enum vt_allowed is_allowed(struct vt_scanner *s, vt_span bytes, struct vt_digests *d)
{
	struct allow allow = {.s = s};

	for (size_t i = 0; i < s->ndbs && !allow.found; i++) {
		allow.db = s->dbs[i];
		for (unsigned a = 0; a < VT_HASH_ALGOS && !allow.found; a++) {
			if (!vt_db_hash_wanted(s->dbs[i], VT_HASH_ALLOW, a, bytes.n, true))
				continue;
			note_failure(s,
				vt_db_hash_find(s->dbs[i], VT_HASH_ALLOW, a, bytes.n,
					digest_of(d, bytes, a), true, &s->storage, found_one,
					&allow));
		}
	}
	return allow.found ? VT_ALLOWED_YES : VT_ALLOWED_NO;
}

/* An object is allowed if it, or a container around it, is on an allow list. */
static bool allowed(struct inspection *in)
{
	struct vt_scanner *s = in->s;

	if (*in->allowed == VT_ALLOWED_UNKNOWN)
		*in->allowed = is_allowed(s, in->object->bytes, in->digests);
	if (*in->allowed == VT_ALLOWED_YES)
		return true;
	for (unsigned i = 0; i < s->depth; i++) {
		struct vt_frame *f = &s->frames[i];

		if (f->allowed == VT_ALLOWED_UNKNOWN)
			f->allowed = is_allowed(s, f->bytes, &f->digests);
		if (f->allowed == VT_ALLOWED_YES)
			return true;
	}
	return false;
}

/* Detections ----------------------------------------------------------------------------------- */

static void report_line(struct inspection *in, uint32_t line, vt_span name, bool suspicious)
{
	const struct vt_image_set *set = vt_db_set_of_line(in->db, line);
	struct vt_detection d = {
		.rule = name,
		.path = vt_buf_span(&in->s->path),
		.suspicious = suspicious,
	};

	if (set) {
		d.set = vt_db_set_name(in->db, set);
		d.line = (uint64_t)line - set->first_line + 1;
	}
	note_failure(in->s, vt_report_detection(in->s->report, &d));
	(void)!vt_budget_check(&in->s->budget); /* unpacking the line took its time */
	if (!in->s->options.all_match && !suspicious)
		in->s->stop = true;
}

static void report_rule(struct inspection *in, const struct vt_image_rule *rule)
{
	vt_span text = {0};
	vt_err e = VT_OK;

	if (allowed(in))
		return;
	e = vt_db_line(in->db, rule->line, &in->s->storage, &text);
	if (e == VT_ENOMEM)
		note_failure(in->s, e);
	else if (!withdrawn(in->s, in->db, rule->line, text))
		report_line(in, rule->line, vt_span_clip(text, 0, rule->name_size),
			rule->flags & VT_RULE_SUSPICIOUS);
}

static bool report_hash(void *ctx, uint32_t line, vt_span text)
{
	struct inspection *in = ctx;
	vt_buf copy = VT_BUF_INIT(UINT16_MAX);

	if (withdrawn(in->s, in->db, line, text))
		return true;
	/* the line lies in the scanner's storage, which the allow lists use too */
	note_failure(in->s, vt_buf_add(&copy, text.p, vt_min_size(text.n, UINT16_MAX)));
	if (!in->s->failure && !allowed(in))
		report_line(in, line, vt_line_field(vt_buf_span(&copy), ':', 2), false);
	vt_buf_free(&copy);
	return !in->s->stop && *in->allowed != VT_ALLOWED_YES && in->s->options.all_match;
}

/* Hash rules ----------------------------------------------------------------------------------- */

static void find_hash(struct inspection *in, enum vt_hash_kind kind, enum vt_hash_algo algo,
	uint64_t size, const uint8_t *digest)
{
	note_failure(in->s,
		vt_db_hash_find(in->db, kind, algo, size, digest, in->s->options.pua,
			&in->s->storage, report_hash, in));
}

static bool wants(const struct inspection *in, enum vt_hash_kind kind, unsigned algo, uint64_t size)
{
	return vt_db_hash_wanted(in->db, kind, algo, size, in->s->options.pua);
}

static void object_hashes(struct inspection *in)
{
	vt_span bytes = in->object->bytes;

	for (unsigned a = 0; a < VT_HASH_ALGOS && !in->s->stop; a++) {
		if (!wants(in, VT_HASH_OBJECT, a, bytes.n))
			continue;
		if (!in->digests->have[a] && vt_budget_work(&in->s->budget, bytes.n))
			return;
		find_hash(in, VT_HASH_OBJECT, a, bytes.n, digest_of(in->digests, bytes, a));
	}
}

static void section_hashes(struct inspection *in, enum vt_hash_algo algo)
{
	const struct vt_exe *exe = &in->object->exe;
	vt_span bytes[VT_EXE_MAX_SECTIONS] = {{0}};
	uint8_t md5s[VT_EXE_MAX_SECTIONS][16], digest[32];
	size_t n = 0;

	for (unsigned i = 0; i < exe->nsections && n < VT_COUNT(bytes); i++) {
		vt_span part = vt_span_clip(
			in->object->bytes, exe->sections[i].offset, exe->sections[i].size);

		if (part.n && wants(in, VT_HASH_SECTION, algo, part.n))
			bytes[n++] = part;
	}
	for (size_t i = 0; i < n; i++) {
		if (vt_budget_work(&in->s->budget, bytes[i].n))
			return;
	}
	if (algo == VT_MD5)
		vt_md5_many(bytes, n, md5s);
	for (size_t i = 0; i < n && !in->s->stop; i++) {
		if (algo == VT_SHA1)
			vt_sha1(bytes[i], digest);
		else if (algo == VT_SHA256)
			vt_sha256(bytes[i], digest);
		find_hash(in, VT_HASH_SECTION, algo, bytes[i].n, algo == VT_MD5 ? md5s[i] : digest);
	}
}

/* The size in an .imp rule is that of the text that is hashed. */
static void import_hash(struct inspection *in, enum vt_hash_algo algo)
{
	struct vt_digests d = {0};
	vt_span text = in->object->exe.imports;

	if (text.n && wants(in, VT_HASH_IMPORTS, algo, text.n))
		find_hash(in, VT_HASH_IMPORTS, algo, text.n, digest_of(&d, text, algo));
}

/* Rules over bytes ----------------------------------------------------------------------------- */

/* `found`: those of the rule's anchored subsignatures that have an anchor in the object. */
static void check_rule(struct inspection *in, struct vt_eval *eval, struct vt_steps *steps,
	uint32_t index, uint64_t found)
{
	const struct vt_image_rule *rule = vt_db_rule(in->db, index);

	if (!rule || (rule->flags & VT_RULE_PUA && !in->s->options.pua))
		return;
	if (vt_eval_rule(eval, in->object, steps, rule, rule->anchored & ~found))
		report_rule(in, rule);
}

static void check_always(
	struct inspection *in, struct vt_eval *eval, struct vt_steps *steps, unsigned target)
{
	const struct vt_table *t = &in->db->always[target];
	const uint32_t *rules = t->p;

	for (uint32_t i = 0; i < t->n && !in->s->stop; i++)
		check_rule(in, eval, steps, rules[i], UINT64_MAX);
}

static void byte_rules(struct inspection *in, size_t db)
{
	struct vt_scanner *s = in->s;
	uint64_t limit = s->options.limits.match_steps;
	struct vt_steps steps;
	const struct vt_candidate *rules;
	size_t n;
	vt_err e;

	if (!vt_add_u64(limit, in->object->bytes.n, &limit))
		limit = UINT64_MAX;
	vt_steps_start(&steps, limit, &s->budget);
	e = vt_match_object(s->matches[db], in->object, &s->budget, &rules, &n);
	if (e == VT_ENOMEM) {
		note_failure(s, e);
		return;
	}
	for (size_t i = 0; i < n && !s->stop; i++) {
		/* what was not found counts as absent only if all of the object was looked at */
		check_rule(in, s->evals[db], &steps, rules[i].rule, e ? UINT64_MAX : rules[i].subs);
	}
	check_always(in, s->evals[db], &steps, 0);
	if (in->object->target)
		check_always(in, s->evals[db], &steps, in->object->target);
	if (steps.exhausted && !s->budget.out_of_time)
		vt_scan_gap(s, VT_REASON_LIMIT_MATCH);
}

/* Headers; what they lack the object simply has not. */
static void read_headers(struct vt_scanner *s, struct vt_object *o)
{
	bool imports = false;
	vt_err e;

	if (o->type != VT_TYPE_PE && o->type != VT_TYPE_ELF && o->type != VT_TYPE_MACHO)
		return;
	e = vt_exe_parse(o->type, o->bytes, &s->arena, &o->exe);
	if (e == VT_ENOMEM)
		note_failure(s, e);
	if (e)
		return;
	o->has_exe = true;
	for (size_t i = 0; i < s->ndbs; i++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS; a++)
			imports |= s->dbs[i]->hashes[VT_HASH_IMPORTS][a].nsizes > 0;
	}
	if (imports)
		note_failure(s, vt_exe_imports(o->type, o->bytes, &s->arena, &o->exe));
	note_failure(s, vt_exe_versions(o->type, o->bytes, &s->arena, &o->exe));
}

static void inspect_with(struct inspection *in, size_t db)
{
	in->db = in->s->dbs[db];
	object_hashes(in);
	if (in->object->has_exe && in->object->type == VT_TYPE_PE) {
		for (unsigned a = 0; a < VT_HASH_ALGOS && !in->s->stop; a++) {
			if (in->db->hashes[VT_HASH_SECTION][a].nsizes)
				section_hashes(in, a);
			if (!in->s->stop)
				import_hash(in, a);
		}
	}
	if (!in->s->stop)
		byte_rules(in, db);
}

static void make_object(struct vt_scanner *s, vt_span bytes, vt_type type, struct vt_object *o)
{
	vt_arena_reset(&s->arena);
	*o = (struct vt_object){
		.bytes = bytes,
		.type = type,
		.target = vt_type_target(type),
		.parents = s->parents + (s->options.limits.depth + 1 - s->depth),
		.nparents = s->depth,
	};
	read_headers(s, o);
}

void vt_inspect(struct vt_scanner *s, vt_span bytes, struct vt_digests *digests, vt_type *out_type,
	struct vt_object *out)
{
	enum vt_allowed unknown = VT_ALLOWED_UNKNOWN;
	struct inspection in = {.s = s, .object = out, .digests = digests, .allowed = &unknown};

	*out_type = vt_identify(bytes);
	make_object(s, bytes, *out_type, out);
	s->report->objects++;
	s->report->object_bytes += bytes.n;
	for (size_t i = 0; i < s->ndbs && !s->stop; i++)
		inspect_with(&in, i);
}

void vt_inspect_member(struct vt_scanner *s, const struct vt_member *m)
{
	const struct vt_frame *f = &s->frames[s->depth - 1];
	struct vt_member_facts facts = {
		.container = f->type,
		.container_size = f->bytes.n,
		.packed_size = m->packed_size,
		.real_size = m->real_size,
		.position = m->position,
		.name = m->name,
		.encrypted = m->encrypted,
		.has_crc = m->has_crc,
		.crc = m->crc,
	};
	struct vt_digests none = {0};
	enum vt_allowed no = VT_ALLOWED_NO;
	const struct vt_object object = {.bytes = m->bytes};

	for (size_t i = 0; i < s->ndbs && !s->stop; i++) {
		const struct vt_db *db = s->dbs[i];
		struct vt_steps steps;
		struct inspection in = {
			.s = s, .db = db, .object = &object, .digests = &none, .allowed = &no};

		vt_steps_start(&steps, s->options.limits.match_steps, &s->budget);
		for (uint32_t r = 0; r < db->containers.n && !s->stop; r++) {
			const struct vt_image_container *rule = vt_db_container(db, r);
			struct vt_image_rule named = {0};

			if (!rule || (rule->flags & VT_RULE_PUA && !s->options.pua))
				continue;
			if (!vt_eval_container(s->evals[i], &steps, &facts, rule))
				continue;
			named.line = rule->line;
			named.name_size = rule->name_size;
			named.flags = rule->flags;
			report_rule(&in, &named);
		}
		if (steps.exhausted && !s->budget.out_of_time)
			vt_scan_gap(s, VT_REASON_LIMIT_MATCH);
	}
}
