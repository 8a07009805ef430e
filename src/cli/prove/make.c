/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a report or a signed statement of what a run shows about a directive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/inventory/evidence.h"
#include "cli/prove/formats.h"
#include "cli/prove/prove.h"
#include "cli/text.h"
#include "crypto/sign.h"
#include "report/json.h"
#include "report/report.h"

static const struct {
	const char *name;
	vt_report_fn *write; /* NULL: the signed statement */
} formats[] = {
#define VT_PROVE_FORMAT(name, fn) {name, fn},
	VT_PROVE_FORMATS
#undef VT_PROVE_FORMAT
};

struct making {
	const struct vt_prove *p;
	struct vt_docs *docs;
	struct vt_known_directive d;
	struct vt_catalogue c;
	struct vt_survey *surveys[3];
	struct vt_report_input in;
	vt_span *reviewers;
};

static vt_err load_run(struct making *m, const char *run, size_t i, struct vt_report_run *out)
{
	vt_err e = vt_evidence_open(VT_PROVE, m->p->evidence, run, &m->surveys[i]);

	if (e)
		return e;
	out->survey = m->surveys[i];
	/* Of a run before, the findings are what this catalogue makes of its observations. */
	e = vt_judge_findings(m->surveys[i], &m->c);
	if (!e)
		e = vt_judge_directive(
			m->surveys[i], &m->c, &m->d.d, m->in.on, &m->docs->a, &out->status);
	if (!e)
		e = vt_report_run_seal(out);
	if (e)
		fprintf(stderr, VT_PROVE ": %s\n", vt_err_text(e));
	return e;
}

/* What was not looked for can't be shown absent. */
static vt_err check_catalogue(const struct making *m)
{
	const struct vt_survey *s = m->surveys[0];

	if (vt_span_eq(s->catalogue_sha256, m->c.sha256))
		return VT_OK;
	fputs(VT_PROVE ": the inventory was made with another catalogue (", stderr);
	vt_put_visible(stderr, s->catalogue_id);
	fputs(") than the one that is in use (", stderr);
	vt_put_visible(stderr, m->c.id);
	fputs(" ", stderr);
	vt_put_visible(stderr, m->c.version);
	fputs("): run 'vitrine inventory' again, or name its catalogue\n", stderr);
	return VT_EARG;
}

static vt_err load(struct making *m, const char *directive)
{
	const struct vt_prove *p = m->p;
	vt_span position;
	vt_err e = vt_docs_day(m->docs, p->on, &m->in.on);

	if (!e)
		e = vt_docs_directive(m->docs, directive, &m->d);
	if (e == VT_END)
		vt_complain(VT_PROVE, directive,
			"there is no such directive; 'vitrine directive list' shows them");
	if (!e)
		e = vt_docs_catalogue(m->docs, &p->catalogues, &m->c, &position);
	if (!e)
		e = load_run(m, p->run, 0, &m->in.run);
	if (!e)
		e = check_catalogue(m);
	if (!e && p->before)
		e = load_run(m, p->before, 1, &m->in.before);
	if (!e && p->second)
		e = load_run(m, p->second, 2, &m->in.second);
	return e;
}

static vt_span text(const char *s)
{
	return s ? vt_span_str(s) : vt_span_of("", 0);
}

static vt_err describe(struct making *m)
{
	const struct vt_prove *p = m->p;

	m->reviewers = calloc(p->reviewers.n + 1, sizeof *m->reviewers);
	if (!m->reviewers)
		return VT_ENOMEM;
	for (size_t i = 0; i < p->reviewers.n; i++)
		m->reviewers[i] = vt_span_str(p->reviewers.v[i]);
	m->in.directive = &m->d.d;
	m->in.catalogue = &m->c;
	m->in.time = vt_now_seconds();
	m->in.challenge = text(p->challenge);
	m->in.organisation = text(p->organisation);
	m->in.contact = text(p->contact);
	m->in.directive_position = m->d.origin.who;
	m->in.reviewers = (struct vt_strings_of){p->reviewers.n, m->reviewers};
	if (m->surveys[0]->ended > m->in.time) {
		fputs(VT_PROVE ": the run ended after now: was this machine's clock set back?\n",
			stderr);
		return VT_EARG;
	}
	for (size_t i = 1; i < VT_COUNT(m->surveys); i++)
		if (m->surveys[i] && !vt_span_eq(m->surveys[i]->machine, m->surveys[0]->machine)) {
			fputs(VT_PROVE ": the runs are of different machines\n", stderr);
			return VT_EARG;
		}
	if (m->surveys[1] && m->surveys[1]->ended > m->surveys[0]->ended) {
		fputs(VT_PROVE ": the run of --before is not before the other\n", stderr);
		return VT_EARG;
	}
	return VT_OK;
}

static vt_err sign(struct making *m, vt_buf *out)
{
	vt_buf payload = VT_BUF_INIT(VT_REPORT_MAX), keyid = VT_BUF_INIT(1024);
	struct vt_signer signer = {0};
	struct vt_dsse d = {.type = vt_span_str(VT_STATEMENT_PAYLOAD)};
	vt_err e = vt_machine_key(m->p, m->surveys[0]->machine, &signer);

	if (!e && !vt_machine_key_fits(signer.key.name, m->surveys[0]->machine)) {
		fputs(VT_PROVE ": the key is another machine's than the run\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_statement_write(&m->in, &payload);
	if (!e)
		e = vt_key_write(&keyid, &signer.key);
	d.payload = vt_buf_span(&payload);
	if (!e)
		e = vt_dsse_sign(&d, vt_buf_span(&keyid), signer.seed);
	if (!e)
		e = vt_dsse_write(&d, out);
	vt_wipe(&signer, sizeof signer);
	vt_buf_free(&payload);
	vt_buf_free(&keyid);
	return e;
}

static int status_of(enum vt_shown s)
{
	return s == VT_SHOWN_ABSENT     ? VT_EXIT_CLEAN
		: s == VT_SHOWN_PRESENT ? VT_EXIT_FOUND
					: VT_EXIT_ERROR;
}

int vt_prove_make(const struct vt_prove *p, struct vt_docs *docs, const char *directive)
{
	struct making m = {.p = p, .docs = docs};
	vt_buf out = VT_BUF_INIT(VT_DSSE_MAX);
	vt_err e = load(&m, directive);

	if (!e)
		e = describe(&m);
	if (!e) {
		e = formats[p->format].write ? formats[p->format].write(&m.in, &out)
					     : sign(&m, &out);
		if (e == VT_ENOMEM || e == VT_ELIMIT)
			fprintf(stderr, VT_PROVE ": %s\n", vt_err_text(e));
	}
	if (!e)
		e = vt_spit(VT_PROVE, p->out ? p->out : "-", vt_buf_span(&out));
	if (!e && p->out && strcmp(p->out, "-") != 0) {
		vt_put_visible(stderr, m.in.run.status.sentence);
		fputc('\n', stderr);
	}
	vt_buf_free(&out);
	free(m.reviewers);
	for (size_t i = 0; i < VT_COUNT(m.surveys); i++)
		vt_survey_free(m.surveys[i]);
	return e ? VT_EXIT_ERROR : status_of(m.in.run.status.shown);
}
