/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prove/fleet_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "os/fd.h"
#include "report/common.h"

#define EXPECTED_MAX ((size_t)64 << 20)
#define CLOCKS_DIFFER 600

static vt_err keep(struct vt_fleet_loaded *l, vt_span s, vt_span *out)
{
	char *copy = vt_arena_copy(&l->docs->a, s);

	if (!copy)
		return VT_ENOMEM;
	*out = vt_span_of(copy, s.n);
	return VT_OK;
}

/* Room for one more of an array of the arena. */
static vt_err grow(struct vt_fleet_loaded *l, void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;
	void *p;

	if (n < *cap)
		return VT_OK;
	if (n >= VT_FLEET_MAX)
		return VT_ELIMIT;
	p = vt_arena_array(&l->docs->a, more, size);
	if (!p)
		return VT_ENOMEM;
	if (n)
		memcpy(p, *v, n * size);
	*v = p;
	*cap = more;
	return VT_OK;
}

static vt_err refuse(
	struct vt_fleet_loaded *l, const char *file, const char *where, const char *why)
{
	struct vt_fleet_refused r;
	char text[512];
	void *v = l->f.refused;
	vt_err e = grow(l, &v, l->f.nrefused, &l->cap_refused, sizeof r);

	l->f.refused = v;
	(void)snprintf(text, sizeof text, "%s%s%s", where, where[0] ? ": " : "", why);
	if (!e)
		e = keep(l, vt_span_str(file), &r.file);
	if (!e)
		e = keep(l, vt_span_str(text), &r.why);
	if (!e)
		l->f.refused[l->f.nrefused++] = r;
	return e;
}

/* Products that count, each once; confirmed if one copy is. */
static vt_err read_products(
	struct vt_fleet_loaded *l, const struct vt_report_run *r, struct vt_fleet_proof *p)
{
	const struct vt_survey *s = r->survey;
	vt_err e = VT_OK;

	p->products = vt_arena_array(&l->docs->a, s->nfindings + 1, sizeof *p->products);
	p->confirmed = vt_arena_array(&l->docs->a, s->nfindings + 1, sizeof *p->confirmed);
	if (!p->products || !p->confirmed)
		return VT_ENOMEM;
	for (size_t i = 0; i < s->nfindings && !e; i++) {
		size_t k = 0;

		if (!vt_report_counts(r->status.standings[i]))
			continue;
		while (k < p->nproducts && !vt_span_eq(p->products[k], s->findings[i].product))
			k++;
		if (k == p->nproducts)
			e = keep(l, s->findings[i].product, &p->products[p->nproducts++]);
		p->confirmed[k] = p->confirmed[k] || r->status.standings[i] == VT_STANDING_COVERED;
	}
	return e;
}

static vt_err add_proof(struct vt_fleet_loaded *l, const char *file, const struct vt_statement *s)
{
	const struct vt_report_run *r = &s->in.run;
	struct vt_fleet_proof p = {.ended = r->survey->ended,
		.shown = r->status.shown,
		.ndoubts = r->status.ndoubts,
		.doubt = vt_span_of("", 0)};
	void *v = l->f.proofs;
	vt_err e = grow(l, &v, l->f.nproofs, &l->cap_proofs, sizeof p);

	l->f.proofs = v;
	if (!e)
		e = keep(l, vt_span_str(file), &p.file);
	if (!e)
		e = keep(l, r->survey->machine, &p.machine);
	if (!e)
		e = keep(l, r->survey->host, &p.host);
	if (!e)
		e = keep(l, r->survey->id, &p.run);
	if (!e && r->status.ndoubts)
		e = keep(l, r->status.doubts[0].text, &p.doubt);
	if (!e)
		e = read_products(l, r, &p);
	if (!e)
		l->f.proofs[l->f.nproofs++] = p;
	return e;
}

static const struct vt_key *signer_of(const struct vt_fleet_loaded *l, const struct vt_dsse *d)
{
	for (size_t i = 0; i < l->nkeys; i++) {
		vt_buf id = VT_BUF_INIT(1024);
		bool hinted = false, ok;

		/* the hint saves trying thousands of keys; it decides nothing */
		if (vt_key_write(&id, &l->keys[i]) == VT_OK)
			for (size_t k = 0; k < d->n; k++)
				hinted = hinted || !d->v[k].keyid.n || l->nkeys < 16 ||
					vt_span_eq(d->v[k].keyid, vt_buf_span(&id));
		vt_buf_free(&id);
		ok = hinted && vt_dsse_verify(d, l->keys[i].pub, NULL);
		if (ok)
			return &l->keys[i];
	}
	return NULL;
}

/* Everything but memory is a reason to refuse the one file. */
static vt_err check(struct vt_fleet_loaded *l, const char *file, vt_span bytes)
{
	vt_arena a = VT_ARENA_INIT(VT_STATEMENT_MEMORY);
	struct vt_statement *s = NULL;
	struct vt_doc_error why = {0};
	const struct vt_key *key = NULL;
	const char *cause = NULL;
	struct vt_dsse d;
	size_t extra;
	vt_err e = vt_dsse_read(bytes, &a, &d);

	if (e)
		cause = "no DSSE envelope";
	else if (!vt_span_eq(d.type, vt_span_str(VT_STATEMENT_PAYLOAD)))
		cause = "its payload is no in-toto statement";
	else if (!(key = signer_of(l, &d)))
		cause = "no signature by a key that is known";
	else if (vt_statement_read(d.payload, &s, &why) ||
		vt_statement_derive(s, d.payload, &why) ||
		vt_statement_applies(s, &l->d.d, &extra, &why))
		cause = why.cause[0] ? why.cause : "it can't be read";
	else if (!vt_machine_key_fits(key->name, s->surveys[0]->machine))
		cause = "the key is another machine's";
	else if (s->in.time > l->f.time + CLOCKS_DIFFER)
		cause = "it was made in the future: a clock is wrong, here or there";
	e = cause ? refuse(l, file, why.where, cause) : add_proof(l, file, s);
	vt_statement_free(s);
	vt_arena_free(&a);
	return e;
}

static vt_err read_file(struct vt_fleet_loaded *l, int dir, const char *name)
{
	vt_buf bytes = VT_BUF_INIT(VT_DSSE_MAX);
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	vt_err e = fd < 0 || fstat(fd, &st) ? VT_EIO : VT_OK;

	if (!e && S_ISDIR(st.st_mode)) {
		vt_fd_close(fd);
		return VT_OK;
	}
	if (!e && !S_ISREG(st.st_mode))
		e = VT_EIO;
	if (!e)
		e = vt_fd_read_all(fd, (uint64_t)st.st_size, &bytes);
	vt_fd_close(fd);
	e = e ? refuse(l, name, "", "it can't be read") : check(l, name, vt_buf_span(&bytes));
	vt_buf_free(&bytes);
	return e;
}

static vt_err read_folder(struct vt_fleet_loaded *l)
{
	DIR *d = opendir(l->s->fleet);
	const struct dirent *entry;
	vt_err e = VT_OK;

	if (!d) {
		vt_complain(VT_FLEET_COMMAND, l->s->fleet, "%s", strerror(errno));
		return VT_EIO;
	}
	while (!e && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			e = read_file(l, dirfd(d), entry->d_name);
	(void)closedir(d);
	if (e)
		fprintf(stderr, VT_FLEET_COMMAND ": %s\n", vt_err_text(e));
	return e;
}

static vt_span trim(vt_span s)
{
	while (s.n && s.p[0] <= ' ')
		s = vt_span_of(s.p + 1, s.n - 1);
	while (s.n && s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

static vt_err add_expected(struct vt_fleet_loaded *l, vt_span line)
{
	struct vt_fleet_expected x;
	void *v = l->f.expected;
	size_t n = 0;
	vt_err e = grow(l, &v, l->f.nexpected, &l->cap_expected, sizeof x);

	l->f.expected = v;
	while (n < line.n && line.p[n] > ' ' && line.p[n] != ',')
		n++;
	if (!e)
		e = keep(l, vt_span_of(line.p, n), &x.id);
	if (!e)
		e = keep(l, trim(vt_span_of(line.p + n, line.n - n)), &x.note);
	for (size_t i = 0; i < l->f.nexpected && !e; i++)
		if (vt_span_eq(l->f.expected[i].id, x.id))
			return VT_OK;
	if (!e)
		l->f.expected[l->f.nexpected++] = x;
	return e;
}

static vt_err read_expected(struct vt_fleet_loaded *l)
{
	vt_buf text;
	size_t from = 0, end;
	vt_err e;

	if (!l->s->expected)
		return VT_OK;
	e = vt_slurp(VT_FLEET_COMMAND, l->s->expected, EXPECTED_MAX, &text);
	while (!e && from < text.n) {
		vt_span line;

		if (!vt_span_find(vt_buf_span(&text), from, "\n", 1, &end))
			end = text.n;
		line = trim(vt_span_of(text.p + from, end - from));
		from = end + 1;
		if (line.n && line.p[0] != '#')
			e = add_expected(l, line);
	}
	vt_buf_free(&text);
	return e;
}

static vt_err read_period(struct vt_fleet_loaded *l)
{
	int64_t seconds = (int64_t)30 * 86400;

	if (l->s->period &&
		(!vt_days_parse(l->s->period, &seconds) || seconds < 86400 ||
			seconds > (int64_t)3660 * 86400)) {
		fputs(VT_FLEET_COMMAND ": --period takes days: 30d, 4w\n", stderr);
		return VT_EARG;
	}
	l->f.period = (unsigned)(seconds / 86400);
	return VT_OK;
}

vt_err vt_fleet_load(struct vt_fleet_loaded *l, const char *directive)
{
	const char *organisation = l->s->organisation ? l->s->organisation : "";
	vt_span position;
	vt_err e = vt_docs_day(l->docs, l->s->on, &l->f.on);

	l->f.directive = &l->d.d;
	l->f.catalogue = &l->c;
	l->f.time = vt_now_seconds();
	l->f.organisation = vt_span_str(organisation);
	if (!e)
		e = read_period(l);
	if (!e)
		e = vt_docs_directive(l->docs, directive, &l->d);
	if (e == VT_END)
		vt_complain(VT_FLEET_COMMAND, directive,
			"there is no such directive; 'vitrine directive list' shows them");
	if (!e)
		e = vt_docs_catalogue(l->docs, &l->s->catalogues, &l->c, &position);
	if (!e)
		e = vt_prove_keys(VT_FLEET_COMMAND, &l->s->keys, &l->keys, &l->nkeys);
	if (!e)
		e = read_expected(l);
	return e ? e : read_folder(l);
}

void vt_fleet_unload(struct vt_fleet_loaded *l)
{
	free(l->keys);
}
