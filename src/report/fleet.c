/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fleet.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"

const char *vt_fleet_state_word(enum vt_fleet_state s)
{
	static const char *const words[] = {
		[VT_FLEET_ABSENT] = "shown absent",
		[VT_FLEET_FOUND] = "found",
		[VT_FLEET_NOT_SHOWN] = "not shown",
		[VT_FLEET_STALE] = "no answer in the period",
		[VT_FLEET_SILENT] = "never answered",
	};

	return (unsigned)s < VT_COUNT(words) ? words[s] : "?";
}

static int compare_spans(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* The id of a machine; its host's name where it has none. */
static vt_span identity(const struct vt_fleet_proof *p)
{
	return p->machine.n ? p->machine : p->host;
}

static int compare_proofs(const void *a, const void *b)
{
	const struct vt_fleet_proof *x = a, *y = b;
	int c = compare_spans(identity(x), identity(y));

	if (!c)
		c = (x->ended > y->ended) - (x->ended < y->ended);
	return c ? c : compare_spans(x->run, y->run);
}

static int compare_machines(const void *a, const void *b)
{
	const struct vt_fleet_machine *x = a, *y = b;
	int c = compare_spans(x->host, y->host);

	return c ? c : compare_spans(x->machine, y->machine);
}

static int compare_products(const void *a, const void *b)
{
	return compare_spans(
		((const struct vt_fleet_product *)a)->id, ((const struct vt_fleet_product *)b)->id);
}

/* What a machine's proofs said at the end of a day. */
static enum vt_fleet_state state_at(const struct vt_fleet *f, const struct vt_fleet_proof *first,
	size_t n, int64_t moment, const struct vt_fleet_proof **out_last)
{
	const struct vt_fleet_proof *last = NULL;

	for (size_t i = 0; i < n && first[i].ended <= moment; i++)
		last = &first[i];
	*out_last = last;
	if (!last)
		return VT_FLEET_SILENT;
	if (last->ended < moment - (int64_t)f->period * 86400)
		return VT_FLEET_STALE;
	return last->shown == VT_SHOWN_ABSENT     ? VT_FLEET_ABSENT
		: last->shown == VT_SHOWN_PRESENT ? VT_FLEET_FOUND
						  : VT_FLEET_NOT_SHOWN;
}

/* The number of proofs of the machine that begins at `at`. */
static size_t run_of(const struct vt_fleet *f, size_t at)
{
	size_t n = 1;

	while (at + n < f->nproofs &&
		vt_span_eq(identity(&f->proofs[at]), identity(&f->proofs[at + n])))
		n++;
	return n;
}

static bool is_meant(const struct vt_fleet_expected *x, const struct vt_fleet_proof *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vt_span_eq(x->id, p[i].machine) || vt_span_eq(x->id, p[i].host))
			return true;
	return false;
}

static int64_t end_of(vt_day day)
{
	return (int64_t)day * 86400 + 86399;
}

/* The days of the chart: `on`, and one period before each other. */
static void set_steps(struct vt_fleet *f)
{
	int64_t first = f->nproofs ? f->proofs[0].ended : end_of(f->on);
	unsigned period = f->period ? f->period : 1;
	size_t n = 1;

	for (size_t i = 0; i < f->nproofs; i++)
		first = f->proofs[i].ended < first ? f->proofs[i].ended : first;
	while (n < VT_FLEET_STEPS && end_of(f->on - (vt_day)(n * period)) >= first)
		n++;
	f->nsteps = n;
	for (size_t i = 0; i < n; i++)
		f->steps[i] = (struct vt_fleet_step){.day = f->on - (vt_day)((n - 1 - i) * period)};
}

static void add_machine(struct vt_fleet *f, const struct vt_fleet_proof *p, size_t n, bool *seen)
{
	struct vt_fleet_machine *m = &f->machines[f->nmachines++];
	const struct vt_fleet_proof *last;

	*m = (struct vt_fleet_machine){.machine = p[n - 1].machine, .host = p[n - 1].host};
	for (size_t i = 0; i < f->nexpected; i++)
		if (is_meant(&f->expected[i], p, n)) {
			m->expected = seen[i] = true;
			m->note = f->expected[i].note;
		}
	m->state = state_at(f, p, n, end_of(f->on), &m->last);
	for (size_t i = 0; i < f->nsteps; i++)
		f->steps[i].machines[state_at(f, p, n, end_of(f->steps[i].day), &last)]++;
}

static void add_silent(struct vt_fleet *f, const bool *seen)
{
	for (size_t i = 0; i < f->nexpected; i++) {
		if (seen[i])
			continue;
		f->machines[f->nmachines++] = (struct vt_fleet_machine){.host = f->expected[i].id,
			.machine = vt_span_of("", 0),
			.note = f->expected[i].note,
			.expected = true,
			.state = VT_FLEET_SILENT};
		for (size_t k = 0; k < f->nsteps; k++)
			f->steps[k].machines[VT_FLEET_SILENT]++;
	}
}

static vt_err count_products(struct vt_fleet *f, vt_arena *a)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < f->nmachines; i++)
		n += f->machines[i].last ? f->machines[i].last->nproducts : 0;
	f->products = vt_arena_array(a, n + 1, sizeof *f->products);
	if (!f->products)
		return VT_ENOMEM;
	n = 0;
	for (size_t i = 0; i < f->nmachines; i++) {
		const struct vt_fleet_proof *p = f->machines[i].last;

		for (size_t k = 0; p && k < p->nproducts; k++) {
			bool stale = f->machines[i].state == VT_FLEET_STALE;

			f->products[n++] = (struct vt_fleet_product){.id = p->products[k],
				.machines = !stale && p->confirmed[k],
				.candidates = !stale && !p->confirmed[k],
				.stale = stale};
		}
	}
	qsort(f->products, n, sizeof *f->products, compare_products);
	for (size_t i = 0; i < n; i++) {
		struct vt_fleet_product *last = kept ? &f->products[kept - 1] : NULL;

		if (last && vt_span_eq(last->id, f->products[i].id)) {
			last->machines += f->products[i].machines;
			last->candidates += f->products[i].candidates;
			last->stale += f->products[i].stale;
		} else {
			f->products[kept++] = f->products[i];
		}
	}
	f->nproducts = kept;
	return VT_OK;
}

vt_err vt_fleet_judge(struct vt_fleet *f, vt_arena *a)
{
	bool *seen = vt_arena_array(a, f->nexpected + 1, sizeof *seen);

	f->machines = vt_arena_array(a, f->nproofs + f->nexpected + 1, sizeof *f->machines);
	if (!seen || !f->machines)
		return VT_ENOMEM;
	f->nmachines = 0;
	memset(f->counts, 0, sizeof f->counts);
	if (f->nproofs)
		qsort(f->proofs, f->nproofs, sizeof *f->proofs, compare_proofs);
	set_steps(f);
	for (size_t i = 0; i < f->nproofs; i += run_of(f, i))
		add_machine(f, &f->proofs[i], run_of(f, i), seen);
	add_silent(f, seen);
	qsort(f->machines, f->nmachines, sizeof *f->machines, compare_machines);
	for (size_t i = 0; i < f->nmachines; i++)
		f->counts[f->machines[i].state]++;
	return count_products(f, a);
}

enum vt_shown vt_fleet_shown(const struct vt_fleet *f)
{
	if (f->counts[VT_FLEET_FOUND])
		return VT_SHOWN_PRESENT;
	return f->nmachines && f->counts[VT_FLEET_ABSENT] == f->nmachines ? VT_SHOWN_ABSENT
									  : VT_SHOWN_NOT;
}

vt_err vt_fleet_sentence(const struct vt_fleet *f, vt_buf *out)
{
	char day[VT_DAY_SIZE];
	uint64_t none = f->counts[VT_FLEET_SILENT] + f->counts[VT_FLEET_STALE];
	vt_err e = vt_buf_addf(out,
		"Of %zu machine%s, %" PRIu64
		" %s shown to be without any product that %.*s covers, ",
		f->nmachines, f->nmachines == 1 ? "" : "s", f->counts[VT_FLEET_ABSENT],
		f->counts[VT_FLEET_ABSENT] == 1 ? "is" : "are", (int)f->directive->id.n,
		(const char *)f->directive->id.p);

	return e
		? e
		: vt_buf_addf(out,
			  "%" PRIu64 " %s one, of %" PRIu64 " it is not shown, and %" PRIu64
			  " did not answer in the %u days up to %s.",
			  f->counts[VT_FLEET_FOUND],
			  f->counts[VT_FLEET_FOUND] == 1 ? "has" : "have",
			  f->counts[VT_FLEET_NOT_SHOWN], none, f->period, vt_day_write(f->on, day));
}
