/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target description block of a logical signature: "Engine:81-255,Target:1,FileSize:1-100"
 * (ClamAV manual, "Logical signatures"). Attributes are a table; an attribute that the table lacks
 * sets the line aside, as ClamAV skips it.
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

struct tdb_parse {
	struct vt_clam *c;
	struct vt_tdb *tdb;
	bool has_target;
	uint8_t target;
	bool first; /* no attribute before this one */
};

typedef vt_err attribute_fn(struct tdb_parse *p, vt_span value);

static vt_err parse_range(struct vt_clam *c, vt_span s, uint64_t *out_min, uint64_t *out_max)
{
	uint64_t min = 0, max = 0;
	vt_span low, high;

	if (!vt_clam_cut(s, '-', &low, &high) || high.n == 0)
		return vt_clam_bad(c, "a range in the target description is min-max");
	if ((low.n && !vt_clam_number(low, &min)) || !vt_clam_number(high, &max))
		return vt_clam_bad(c, "a range in the target description is not made of numbers");
	if (min > max)
		return vt_clam_bad(c, "a range in the target description is upside down");
	*out_min = min;
	*out_max = max;
	return VT_OK;
}

static vt_err parse_engine(struct tdb_parse *p, vt_span value)
{
	vt_span levels[2];
	vt_err err;

	if (!p->first)
		return vt_clam_bad(p->c, "Engine is not the first attribute");
	if (vt_clam_split(value, '-', levels, 2) != 2)
		return vt_clam_bad(p->c, "Engine is not min-max");
	err = vt_clam_level(p->c, levels, 2);
	return err;
}

static vt_err parse_target(struct tdb_parse *p, vt_span value)
{
	uint64_t n;

	if (!vt_clam_number(value, &n))
		return vt_clam_bad(p->c, "Target is not a number");
	if (n >= VT_TARGETS)
		return vt_clam_unsupported(p->c, "a target above 14");
	p->target = (uint8_t)n;
	p->has_target = true;
	return VT_OK;
}

static vt_err parse_size(struct tdb_parse *p, vt_span value)
{
	return parse_range(p->c, value, &p->tdb->size_min, &p->tdb->size_max);
}

static vt_err parse_entry(struct tdb_parse *p, vt_span value)
{
	p->tdb->has_entry = true;
	return parse_range(p->c, value, &p->tdb->entry_min, &p->tdb->entry_max);
}

static vt_err parse_sections(struct tdb_parse *p, vt_span value)
{
	uint64_t min, max;
	vt_err err = parse_range(p->c, value, &min, &max);

	if (err)
		return err;
	p->tdb->has_sections = true;
	p->tdb->sections_min = (uint32_t)vt_min_u64(min, UINT32_MAX);
	p->tdb->sections_max = (uint32_t)vt_min_u64(max, UINT32_MAX);
	return VT_OK;
}

static vt_err parse_type(struct vt_clam *c, vt_span name, uint16_t *out)
{
	vt_type type;

	if (!vt_type_from_clam_name(name, &type))
		return vt_clam_unsupported(c, "a file type (CL_TYPE_...) that is not known");
	*out = (uint16_t)type;
	return VT_OK;
}

static vt_err parse_container(struct tdb_parse *p, vt_span value)
{
	vt_err err = parse_type(p->c, value, &p->tdb->container);

	/* There it means "in no container at all" (ClamAV manual), a condition of no use. */
	if (!err && p->tdb->container == VT_TYPE_ANY)
		return vt_clam_unsupported(
			p->c, "Container:CL_TYPE_ANY (only outside of containers)");
	return err;
}

static vt_err parse_intermediates(struct tdb_parse *p, vt_span value)
{
	vt_span name;
	bool more = true;

	p->tdb->nintermediates = 0;
	while (more) {
		vt_err err;

		more = vt_clam_cut(value, '>', &name, &value);
		if (p->tdb->nintermediates == VT_MAX_INTERMEDIATES)
			return vt_clam_bad(p->c, "more than 16 Intermediates");
		err = parse_type(p->c, name, &p->tdb->intermediates[p->tdb->nintermediates++]);
		if (err)
			return err;
	}
	return VT_OK;
}

/* Observed: such a signature reports like any other, and nothing is scanned again. */
static vt_err parse_handler(struct tdb_parse *p, vt_span value)
{
	uint16_t type;

	return parse_type(p->c, value, &type);
}

static vt_err parse_icon(struct tdb_parse *p, vt_span value)
{
	(void)value;
	return vt_clam_unsupported(p->c, "icon groups are not matched yet");
}

static const struct {
	const char *name;
	attribute_fn *parse;
} attributes[] = {
	{"Engine", parse_engine},
	{"Target", parse_target},
	{"FileSize", parse_size},
	{"EntryPoint", parse_entry},
	{"NumberOfSections", parse_sections},
	{"Container", parse_container},
	{"Intermediates", parse_intermediates},
	{"HandlerType", parse_handler},
	{"IconGroup1", parse_icon},
	{"IconGroup2", parse_icon},
};

static vt_err parse_attribute(struct tdb_parse *p, vt_span attribute)
{
	vt_span name, value;

	if (!vt_clam_cut(attribute, ':', &name, &value))
		return vt_clam_bad(p->c, "an attribute of the target description has no value");
	for (size_t i = 0; i < VT_COUNT(attributes); i++) {
		if (vt_span_eq(name, vt_span_str(attributes[i].name)))
			return attributes[i].parse(p, value);
	}
	return vt_clam_unsupported(p->c, "an attribute of the target description is not known");
}

void vt_clam_tdb_default(struct vt_tdb *t)
{
	*t = (struct vt_tdb){
		.size_max = UINT64_MAX,
		.entry_max = UINT64_MAX,
		.sections_max = UINT32_MAX,
		.container = VT_TYPE_ANY,
	};
}

vt_err vt_clam_tdb(struct vt_clam *c, vt_span s, uint8_t *out_target, struct vt_tdb *out)
{
	struct tdb_parse p = {.c = c, .tdb = out, .first = true};
	vt_span attribute;
	bool more = true;

	vt_clam_tdb_default(out);
	while (more) {
		vt_err err;

		more = vt_clam_cut(s, ',', &attribute, &s);
		err = parse_attribute(&p, attribute);
		if (err)
			return err;
		p.first = false;
	}
	if (!p.has_target)
		return vt_clam_bad(c, "the target description has no Target");
	if ((out->has_entry || out->has_sections) && p.target != 1 && p.target != 6 &&
		p.target != 9)
		return vt_clam_bad(
			c, "EntryPoint and NumberOfSections are for targets 1, 6 and 9 only");
	*out_target = p.target;
	return VT_OK;
}
