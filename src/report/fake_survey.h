/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surveys made by hand for tests: a machine with an image on it, a small directive and a small
 * catalogue, in the states that matter.
 */
#ifndef VT_REPORT_FAKE_SURVEY_H
#define VT_REPORT_FAKE_SURVEY_H

#include <stdlib.h>

#include "inventory/catalogue.h"
#include "inventory/directive.h"
#include "inventory/judge.h"
#include "inventory/survey.h"

#define FAKE_MUST(e)                                                                               \
	do {                                                                                       \
		if (e)                                                                             \
			abort();                                                                   \
	} while (0)

#define FAKE_DIRECTIVE                                                                             \
	"{\"format\": \"vitrine/directive/1\", \"id\": \"test-17-01\", \"version\": \"1\","        \
	"\"title\": \"Removal of <test> products\", \"issuer\": \"The issuer\","                   \
	"\"status\": \"in force\", \"issued\": \"2026-09-13\","                                    \
	"\"source\": {\"url\": \"https://directive.example/17-01\", \"quote\": \"Find & "          \
	"remove.\"},"                                                                              \
	"\"applies_to\": \"Everyone\","                                                            \
	"\"scope\": {\"branded\": true, \"embedded\": false, \"services\": true, \"hardware\": "   \
	"false},"                                                                                  \
	"\"entities\": [{\"id\": \"kaspersky\", \"name\": \"AO Kaspersky Lab\","                   \
	"\"aliases\": [\"Kaspersky\", \"Kaspersky Lab\"], \"relation\": \"principal\"}],"          \
	"\"products\": [{\"name\": \"Anything of it\", \"products\": [\"kaspersky-*\"]}],"         \
	"\"exclusions\": [\"kasperskyos-community-edition\"],"                                     \
	"\"actions\": [{\"id\": \"identify\", \"verb\": \"identify\", \"text\": \"Find them\","    \
	"\"due\": \"P30D\"}, {\"id\": \"begin\", \"verb\": \"remove\", \"text\": \"Begin to "      \
	"remove\","                                                                                \
	"\"due\": \"P90D\"}],"                                                                     \
	"\"report_template\": [{\"id\": \"a\", \"title\": \"Products found\", \"key\": "           \
	"\"products\"},"                                                                           \
	"{\"id\": \"b\", \"title\": \"Endpoints\", \"key\": \"endpoints-per-product\"},"           \
	"{\"id\": \"c\", \"title\": \"Methods\", \"key\": \"methods\"},"                           \
	"{\"id\": \"d\", \"title\": \"Costs\", \"key\": \"costs\"}],"                              \
	"\"required\": [\"packages\", \"content\", \"boot\"], \"threshold\": 99.9,"                \
	"\"sources\": {\"test\": {\"text\": \"A test\"}},"                                         \
	"\"provenance\": {\"\": {\"source\": \"test\", \"confidence\": \"choice\"}}}"
#define FAKE_CATALOGUE                                                                             \
	"{\"format\": \"vitrine/catalogue/1\", \"id\": \"test-catalogue\", \"version\": \"1\","    \
	"\"title\": \"For tests\", \"sources\": {\"test\": {\"text\": \"A test\"}}, "              \
	"\"products\": ["                                                                          \
	"{\"id\": \"kaspersky-endpoint-security-linux\","                                          \
	"\"name\": \"Kaspersky Endpoint Security for Linux\", \"entity\": \"kaspersky\","          \
	"\"category\": \"security-software\", \"prefixes\": [\"/opt/kaspersky/kesl\"],"            \
	"\"source\": \"test\", \"confidence\": \"read\"},"                                         \
	"{\"id\": \"kaspersky-scan-engine\", \"name\": \"Kaspersky Scan Engine\","                 \
	"\"entity\": \"kaspersky\", \"category\": \"sdk\", \"source\": \"test\","                  \
	"\"confidence\": \"read\"},"                                                               \
	"{\"id\": \"kaspersky-security-network\", \"name\": \"Kaspersky Security Network\","       \
	"\"entity\": \"kaspersky\", \"category\": \"service\", \"assessable\": false,"             \
	"\"source\": \"test\", \"confidence\": \"read\"},"                                         \
	"{\"id\": \"kasperskyos-community-edition\", \"name\": \"KasperskyOS Community Edition\"," \
	"\"entity\": \"kaspersky\", \"category\": \"sdk\", \"source\": \"test\","                  \
	"\"confidence\": \"read\"}], \"rules\": [{\"id\": \"kesl-package\","                       \
	"\"product\": \"kaspersky-endpoint-security-linux\", \"kind\": \"package\","               \
	"\"match\": {\"name\": [\"kesl\"], \"manager\": [\"dpkg\"]}, \"source\": \"test\","        \
	"\"confidence\": \"read\"}]}"

enum fake_state { FAKE_ABSENT, FAKE_FOUND, FAKE_CANDIDATE, FAKE_UNKNOWN, FAKE_EMBEDDED };

struct fake_who {
	const char *id, *host, *machine; /* of the run and of who made it */
	int64_t ended;
};

static inline void fake_observe(struct vt_survey *s, enum vt_fact_kind k, const char *locus,
	const char *rule, const char *product, const char *raw, bool decisive, bool embedded)
{
	const struct vt_observation o = {.kind = k,
		.locus = vt_span_str(locus),
		.rule = vt_span_str(rule),
		.product = vt_span_str(product),
		.raw = vt_span_str(raw),
		.sha256 = vt_span_str(
			"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
		.repeat = vt_span_str("dpkg-query -W kesl"),
		.decisive = decisive,
		.embedded = embedded};

	FAKE_MUST(vt_survey_observe(s, &o));
}

static inline void fake_components(struct vt_survey *s)
{
	const struct vt_component c[] = {
		{.locus = vt_span_str("/var/lib/dpkg/status#bash"),
			.manager = vt_span_str("dpkg"),
			.name = vt_span_str("bash"),
			.version = vt_span_str("5.2.15-2+b7"),
			.arch = vt_span_str("amd64"),
			.vendor = vt_span_str("Matthias Klose <doko@debian.org>"),
			.status = vt_span_str("install ok installed"),
			.cpe = vt_span_str("cpe:2.3:a:gnu:bash:5.2.15:*:*:*:*:*:*:*"),
			.license = vt_span_str("GPL-3.0-or-later"),
			.installed = true},
		{.locus = vt_span_str("/srv/app/node_modules/left-pad/package.json"),
			.manager = vt_span_str("npm"),
			.name = vt_span_str("@scope/left-pad"),
			.version = vt_span_str("1.3.0"),
			.installed = true},
		{.locus = vt_span_str("/var/lib/dpkg/status#\xff<gone>"),
			.manager = vt_span_str("dpkg"),
			.name = vt_span_str("gone"),
			.version = vt_span_str("=1"),
			.status = vt_span_str("deinstall ok config-files")},
	};

	for (size_t i = 0; i < sizeof c / sizeof *c; i++)
		FAKE_MUST(vt_survey_component(s, &c[i]));
}

static inline void fake_subjects(struct vt_survey *s, enum fake_state state, const char *host)
{
	struct vt_subject v = {.kind = VT_SUBJECT_SYSTEM,
		.name = vt_span_str(host),
		.platform = vt_span_str("linux")};
	struct vt_missed m = {.area = VT_AREA_CONTENT,
		.why = VT_MISS_SPECIAL,
		.locus = vt_span_str("/srv/queue/\xfe<x>")};

	for (unsigned a = 0; a < VT_AREAS; a++) {
		v.asked[a] = true;
		v.coverage[a] = (struct vt_coverage){.seen = 1200, .read = 1200, .sources = 1};
	}
	v.coverage[VT_AREA_CONTENT].seen = 250000;
	v.coverage[VT_AREA_CONTENT].read = 249999;
	v.coverage[VT_AREA_CONTENT].misses[VT_MISS_SPECIAL] = 1; /* a socket */
	if (state == FAKE_UNKNOWN) {
		v.coverage[VT_AREA_PACKAGES] = (struct vt_coverage){.seen = 0};
		v.coverage[VT_AREA_PACKAGES].misses[VT_MISS_ABSENT] = 1;
		v.coverage[VT_AREA_CONTENT].misses[VT_MISS_MOUNT] = 2;
	}
	FAKE_MUST(vt_survey_subject(s, &v, NULL));
	FAKE_MUST(vt_survey_miss(s, &m));
	v = (struct vt_subject){.kind = VT_SUBJECT_IMAGE,
		.name = vt_span_str("web:1.2"),
		.sha256 = vt_span_str(
			"b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"),
		.parent = 1};
	for (unsigned a = 0; a < VT_AREAS; a++) {
		v.asked[a] = vt_area_applies(v.kind, (enum vt_area)a);
		v.coverage[a] = (struct vt_coverage){.seen = 90, .read = 90, .sources = 1};
	}
	FAKE_MUST(vt_survey_subject(s, &v, NULL));
}

static inline void fake_signs(struct vt_survey *s, enum fake_state state)
{
	const char *kesl = "kaspersky-endpoint-security-linux";

	/* a product that the directive leaves out */
	fake_observe(s, VT_FACT_FILE, "/opt/KasperskyOS-Community-Edition-1.1", "kce-folder",
		"kasperskyos-community-edition", "path=/opt/KasperskyOS-Community-Edition-1.1",
		false, false);
	if (state == FAKE_FOUND || state == FAKE_CANDIDATE)
		fake_observe(s, VT_FACT_PACKAGE, "/var/lib/dpkg/status#kesl", "kesl-package", kesl,
			"name=kesl version=12.0.0-1 manager=dpkg status=install%20ok%20installed",
			false, false);
	if (state == FAKE_FOUND)
		fake_observe(s, VT_FACT_UNIT, "/etc/systemd/system/kesl.service", "kesl-unit", kesl,
			"name=kesl.service manager=systemd", false, false);
	if (state == FAKE_EMBEDDED)
		fake_observe(s, VT_FACT_CONTENT, "/srv/gateway/lib/scan.so", "sdk-content",
			"kaspersky-scan-engine", "path=/srv/gateway/lib/scan.so rule=sdk-content",
			true, true);
}

/* Not judged yet. Free with vt_survey_free(). */
static inline struct vt_survey *fake_survey(enum fake_state state, const struct fake_who *who)
{
	struct vt_survey *s;

	FAKE_MUST(vt_survey_new((size_t)64 << 20, &s));
	s->id = vt_span_str(who->id);
	s->tool = vt_span_str("vitrine 0.1.0");
	s->machine = vt_span_str(who->machine);
	s->host = vt_span_str(who->host);
	s->user = vt_span_str("root (0)");
	s->command = vt_span_str("vitrine inventory");
	s->started = who->ended - 61;
	s->ended = who->ended;
	s->catalogue_id = vt_span_str("test-catalogue 1");
	s->catalogue_sha256 =
		vt_span_str("bd2a29c9a6ce5cd0a5d6ac4e5a5f6f5ed7b1fe4a0a6b0f8d3d06c2a6ac9ad5f4");
	s->catalogue_position = vt_span_str("shipped");
	s->rules_sha256 = vt_span_str("");
	fake_subjects(s, state, who->host);
	fake_components(s);
	fake_signs(s, state);
	return s;
}

#endif
