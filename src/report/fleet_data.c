/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet's report as text, CSV and JSON. */
#include <inttypes.h>

#include "report/common.h"
#include "report/fleet.h"
#include "report/json.h"
#include "report/text.h"

static vt_span product_name(const struct vt_fleet *f, vt_span id)
{
	const struct vt_report_input in = {.catalogue = f->catalogue};

	return vt_report_product_name(&in, id);
}

static void put(vt_buf *b, vt_err *e, vt_span s)
{
	for (size_t i = 0; i < s.n && !*e; i++)
		*e = vt_buf_add_u8(b, s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void put_str(vt_buf *b, vt_err *e, const char *s)
{
	if (!*e)
		*e = vt_buf_add(b, s, strlen(s));
}

static void put_machine(vt_buf *b, vt_err *e, const struct vt_fleet_machine *m)
{
	char time[VT_UTC_SIZE];

	put_str(b, e, "  ");
	put(b, e, m->host.n ? m->host : m->machine);
	put_str(b, e, ": ");
	put_str(b, e, vt_fleet_state_word(m->state));
	if (m->last) {
		put_str(b, e, ", ");
		put_str(b, e, vt_time_text_utc(m->last->ended, time));
	}
	if (m->state == VT_FLEET_NOT_SHOWN && m->last->doubt.n) {
		put_str(b, e, ": ");
		put(b, e, m->last->doubt);
	}
	if (m->note.n) {
		put_str(b, e, " (");
		put(b, e, m->note);
		put_str(b, e, ")");
	}
	put_str(b, e, "\n");
}

vt_err vt_fleet_text(const struct vt_fleet *f, vt_buf *out)
{
	vt_err e = vt_fleet_sentence(f, out);

	put_str(out, &e, "\n\n");
	for (size_t i = 0; i < f->nproducts; i++) {
		put(out, &e, product_name(f, f->products[i].id));
		if (!e)
			e = vt_buf_addf(out, ": %" PRIu64 " of %zu machines",
				f->products[i].machines, f->nmachines);
		if (!e && f->products[i].candidates)
			e = vt_buf_addf(out, ", and signs of it on %" PRIu64 " more",
				f->products[i].candidates);
		if (!e && f->products[i].stale)
			e = vt_buf_addf(out, "; %" PRIu64 " had it when they last answered",
				f->products[i].stale);
		put_str(out, &e, "\n");
	}
	for (unsigned s = VT_FLEET_FOUND; s < VT_FLEET_STATES; s++)
		for (size_t i = 0; i < f->nmachines; i++)
			if (f->machines[i].state == s)
				put_machine(out, &e, &f->machines[i]);
	for (size_t i = 0; i < f->nrefused; i++) {
		put_str(out, &e, "  refused ");
		put(out, &e, f->refused[i].file);
		put_str(out, &e, ": ");
		put(out, &e, f->refused[i].why);
		put_str(out, &e, "\n");
	}
	return e;
}

static void cell(vt_buf *b, vt_err *e, vt_span s, bool last)
{
	if (!*e)
		*e = vt_text_csv(b, s);
	put_str(b, e, last ? "" : ",");
	if (last && !*e)
		*e = vt_buf_add(b, "\r\n", 2);
}

static vt_err products_of(const struct vt_fleet *f, const struct vt_fleet_proof *p, vt_buf *out)
{
	vt_err e = VT_OK;

	for (size_t i = 0; p && i < p->nproducts && !e; i++) {
		vt_span name = product_name(f, p->products[i]);

		e = vt_buf_addf(out, "%s", i ? "; " : "");
		if (!e)
			e = vt_buf_add(out, name.p, name.n);
		if (!e && !p->confirmed[i])
			e = vt_buf_addf(out, " (candidate)");
	}
	return e;
}

vt_err vt_fleet_csv(const struct vt_fleet *f, vt_buf *out)
{
	static const char *const head[] = {
		"host", "machine", "state", "expected", "ended", "run", "products", "reason"};
	vt_err e = VT_OK;

	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		cell(out, &e, vt_span_str(head[i]), i + 1 == sizeof head / sizeof *head);
	for (size_t i = 0; i < f->nmachines && !e; i++) {
		const struct vt_fleet_machine *m = &f->machines[i];
		const struct vt_fleet_proof *p = m->last;
		vt_buf products = VT_BUF_INIT(1 << 20);
		char time[VT_UTC_SIZE];

		e = products_of(f, p, &products);
		cell(out, &e, m->host, false);
		cell(out, &e, m->machine, false);
		cell(out, &e, vt_span_str(vt_fleet_state_word(m->state)), false);
		cell(out, &e, vt_span_str(m->expected || !f->nexpected ? "yes" : "no"), false);
		cell(out, &e, vt_span_str(p ? vt_time_text_utc(p->ended, time) : ""), false);
		cell(out, &e, p ? p->run : vt_span_str(""), false);
		cell(out, &e, vt_buf_span(&products), false);
		cell(out, &e, p ? p->doubt : vt_span_str(""), true);
		vt_buf_free(&products);
	}
	return e;
}

static void counts(struct vt_json *j, const char *key, const uint64_t v[VT_FLEET_STATES])
{
	vt_json_open(j, key, '{');
	for (unsigned s = 0; s < VT_FLEET_STATES; s++)
		vt_json_u64(j, vt_fleet_state_word((enum vt_fleet_state)s), v[s]);
	vt_json_close(j);
}

static void json_machine(
	struct vt_json *j, const struct vt_fleet *f, const struct vt_fleet_machine *m)
{
	const struct vt_fleet_proof *p = m->last;

	vt_json_open(j, NULL, '{');
	vt_json_span(j, "host", m->host);
	vt_json_span(j, "machine", m->machine);
	vt_json_str(j, "state", vt_fleet_state_word(m->state));
	vt_json_bool(j, "expected", m->expected || !f->nexpected);
	vt_json_some(j, "note", m->note);
	if (p) {
		vt_json_time(j, "ended", p->ended);
		vt_json_span(j, "run", p->run);
		vt_json_span(j, "file", p->file);
		vt_json_open(j, "products", '[');
		for (size_t i = 0; i < p->nproducts; i++)
			vt_json_span(j, NULL, p->products[i]);
		vt_json_close(j);
		vt_json_some(j, "doubt", p->doubt);
	}
	vt_json_close(j);
}

vt_err vt_fleet_json(const struct vt_fleet *f, vt_buf *out)
{
	struct vt_json j = {.b = out, .pretty = true};
	vt_buf sentence = VT_BUF_INIT(4096);
	char day[VT_DAY_SIZE];
	vt_err e = vt_fleet_sentence(f, &sentence);

	vt_json_open(&j, NULL, '{');
	vt_json_str(&j, "schema", "vitrine.fleet/1");
	vt_json_span(&j, "directive", f->directive->id);
	vt_json_str(&j, "on", vt_day_write(f->on, day));
	vt_json_u64(&j, "period", f->period);
	vt_json_str(&j, "shown", vt_shown_word(vt_fleet_shown(f)));
	vt_json_span(&j, "sentence", vt_buf_span(&sentence));
	vt_json_u64(&j, "total", f->nmachines);
	counts(&j, "counts", f->counts);
	vt_json_open(&j, "products", '[');
	for (size_t i = 0; i < f->nproducts; i++) {
		vt_json_open(&j, NULL, '{');
		vt_json_span(&j, "id", f->products[i].id);
		vt_json_span(&j, "name", product_name(f, f->products[i].id));
		vt_json_u64(&j, "machines", f->products[i].machines);
		vt_json_u64(&j, "candidates", f->products[i].candidates);
		vt_json_u64(&j, "stale", f->products[i].stale);
		vt_json_close(&j);
	}
	vt_json_close(&j);
	vt_json_open(&j, "machines", '[');
	for (size_t i = 0; i < f->nmachines; i++)
		json_machine(&j, f, &f->machines[i]);
	vt_json_close(&j);
	vt_json_open(&j, "refused", '[');
	for (size_t i = 0; i < f->nrefused; i++) {
		vt_json_open(&j, NULL, '{');
		vt_json_span(&j, "file", f->refused[i].file);
		vt_json_span(&j, "why", f->refused[i].why);
		vt_json_close(&j);
	}
	vt_json_close(&j);
	vt_json_open(&j, "progress", '[');
	for (size_t i = 0; i < f->nsteps; i++) {
		vt_json_open(&j, NULL, '{');
		vt_json_str(&j, "day", vt_day_write(f->steps[i].day, day));
		counts(&j, "counts", f->steps[i].machines);
		vt_json_close(&j);
	}
	vt_json_close(&j);
	vt_json_close(&j);
	vt_buf_free(&sentence);
	return e ? e : j.e;
}
