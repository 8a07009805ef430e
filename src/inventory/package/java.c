/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata inside of jars. */
#include "inventory/package/java.h"

#include "base/num.h"
#include "inventory/package/fields.h"

/* java.util.Properties: "key=value", "key: value" or "key value", '#' and '!' begin comments. */
static bool property(vt_span line, vt_span *out_key, vt_span *out_value)
{
	size_t at = 0;

	line = vt_span_trim(line);
	if (!line.n || *line.p == '#' || *line.p == '!')
		return false;
	while (at < line.n && !strchr("=: \t", line.p[at]))
		at++;
	*out_key = vt_span_of(line.p, at);
	while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
		at++;
	if (at < line.n && (line.p[at] == '=' || line.p[at] == ':'))
		at++;
	*out_value = vt_span_trim(vt_span_of(line.p + at, line.n - at));
	return true;
}

vt_err vt_java_pom(vt_span text, vt_arena *a, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	vt_span group = {.n = 0}, artifact = {.n = 0}, line, key, value;
	size_t at = 0;
	char *name;

	while (vt_text_line(text, &at, &line)) {
		if (!property(line, &key, &value))
			continue;
		if (vt_span_eq(key, vt_span_str("groupId")))
			group = value;
		else if (vt_span_eq(key, vt_span_str("artifactId")))
			artifact = value;
		else if (vt_span_eq(key, vt_span_str("version")))
			p.version = value;
	}
	if (!artifact.n)
		return VT_EFORMAT;
	name = vt_arena_alloc(a, group.n + artifact.n + 2);
	if (!name)
		return VT_ENOMEM;
	if (group.n) {
		memcpy(name, group.p, group.n);
		name[group.n++] = ':';
	}
	memcpy(name + group.n, artifact.p, artifact.n);
	p.name = vt_span_of(name, group.n + artifact.n);
	p.source = group.n ? vt_span_of(name, group.n - 1) : group;
	*out = p;
	return VT_OK;
}

vt_err vt_java_manifest(vt_span text, vt_arena *a, struct vt_package *out)
{
	struct vt_package p = {.malformed = false};
	/* the better ones first: each may be overwritten by none that stands below it */
	static const struct {
		const char *word;
		unsigned to;
	} fields[] = {
		{"Implementation-Title", 0},
		{"Bundle-SymbolicName", 0},
		{"Automatic-Module-Name", 0},
		{"Specification-Title", 0},
		{"Bundle-Name", 0},
		{"Implementation-Version", 1},
		{"Bundle-Version", 1},
		{"Specification-Version", 1},
		{"Implementation-Vendor", 2},
		{"Bundle-Vendor", 2},
		{"Specification-Vendor", 2},
		{"Bundle-License", 3},
	};
	vt_span *const to[] = {&p.name, &p.version, &p.vendor, &p.license};
	size_t rank[VT_COUNT(to)] = {
		VT_COUNT(fields), VT_COUNT(fields), VT_COUNT(fields), VT_COUNT(fields)};
	struct vt_field f;
	vt_span main;
	size_t at = 0, end;

	if (!vt_paragraph_next(text, &at, &main))
		return VT_EFORMAT;
	at = 0;
	while (vt_field_next(main, &at, &f, &p.malformed))
		for (size_t i = 0; i < VT_COUNT(fields); i++)
			if (vt_span_is(f.name, fields[i].word) && f.value.n &&
				i < rank[fields[i].to]) {
				if (!vt_field_join(a, f.value, to[fields[i].to]))
					return VT_ENOMEM;
				rank[fields[i].to] = i;
			}
	if (vt_span_find(p.name, 0, ";", 1, &end)) /* directives of a bundle's name */
		p.name.n = end;
	p.name = vt_span_trim(p.name);
	if (!p.name.n)
		return VT_EFORMAT;
	*out = p;
	return VT_OK;
}

enum vt_java_member vt_java_member_of(vt_span name)
{
	static const char *const archives[] = {".jar", ".war", ".ear", ".hpi", ".jpi", ".kar"};
	static const char maven[] = "META-INF/maven/", pom[] = "/pom.properties";
	size_t n = sizeof pom - 1;

	if (vt_span_is(name, "META-INF/MANIFEST.MF"))
		return VT_JAVA_MANIFEST;
	if (name.n > n && vt_span_at(name, 0, maven, sizeof maven - 1) &&
		vt_span_at(name, name.n - n, pom, n))
		return VT_JAVA_POM;
	for (size_t i = 0; i < VT_COUNT(archives); i++)
		if (name.n > 4 && vt_span_is(vt_span_of(name.p + name.n - 4, 4), archives[i]))
			return VT_JAVA_ARCHIVE;
	return VT_JAVA_OTHER;
}
