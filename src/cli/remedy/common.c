/* SPDX-License-Identifier: Apache-2.0 */
/* Plans, and what they are bound to: a machine, documents, a person's word. */
#include "cli/remedy/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "os/fd.h"

#define PLAN_MEMORY ((size_t)2 << 30)

vt_err vt_removal_open(struct vt_removal_document *f, const char *command, const char *path)
{
	struct vt_doc_error why;
	vt_buf hex = VT_BUF_INIT(64);
	uint8_t sum[32];
	vt_err e;

	f->a = (vt_arena)VT_ARENA_INIT(PLAN_MEMORY);
	e = vt_slurp(command, path, VT_REMOVAL_MAX, &f->bytes);
	if (e)
		return e;
	e = vt_removal_parse(vt_buf_span(&f->bytes), &f->a, &f->plan, &why);
	if (e == VT_EFORMAT || e == VT_EVERSION)
		vt_complain(command, path, "refused: %s: %s", why.where, why.cause);
	else if (e)
		vt_complain_err(command, path, e);
	vt_sha256(vt_buf_span(&f->bytes), sum);
	if (!e)
		e = vt_hex_add(&hex, vt_span_of(sum, sizeof sum));
	if (!e)
		(void)snprintf(f->sha256, sizeof f->sha256, "%.64s", (const char *)hex.p);
	vt_buf_free(&hex);
	return e;
}

void vt_removal_close(struct vt_removal_document *f)
{
	vt_buf_free(&f->bytes);
	vt_arena_free(&f->a);
}

static vt_err documents_check(struct vt_docs *docs, const struct vt_binding *b, const char *command,
	const struct vt_removal *p)
{
	struct vt_known_directive d;
	struct vt_catalogue c;
	vt_span position;
	char *id = strndup((const char *)p->directive_id.p, p->directive_id.n);
	vt_err e = !id ? VT_ENOMEM : vt_docs_directive(docs, b->directive ? b->directive : id, &d);

	if (e == VT_END)
		vt_complain(command, id,
			"there is no such directive here: add it, or name its "
			"document with --directive");
	if (!e)
		e = vt_docs_catalogue(docs, &b->catalogues, &c, &position);
	if (!e && d.superseded_by.n) {
		vt_complain(command, id, "it was superseded by %.*s since: make a new plan",
			(int)d.superseded_by.n, (const char *)d.superseded_by.p);
		e = VT_EARG;
	} else if (!e &&
		(!vt_span_eq(d.d.id, p->directive_id) ||
			!vt_span_eq(d.d.sha256, p->directive_sha256))) {
		vt_complain(command, id,
			"the directive is another one than the plan was made for: make a new plan");
		e = VT_EARG;
	} else if (!e && !vt_span_eq(c.sha256, p->catalogue_sha256)) {
		vt_complain(command, id,
			"the catalogue is another one than the plan was made with: make a new "
			"plan");
		e = VT_EARG;
	}
	free(id);
	return e ? VT_EARG : VT_OK;
}

vt_err vt_binding_check(const struct vt_binding *b, const char *command, const struct vt_removal *p,
	const char *root)
{
	struct vt_docs docs = {0};
	char machine[33];
	vt_err e;

	if (!vt_span_eq(p->root, vt_span_str(root))) {
		vt_complain(command, root, "the plan is for the root %.*s: say --root",
			(int)p->root.n, (const char *)p->root.p);
		return VT_EARG;
	}
	e = vt_machine_of(root, machine);
	if (e || !vt_span_eq(p->machine, vt_span_str(machine))) {
		vt_complain(command, root, "the plan is for another machine");
		return VT_EARG;
	}
	e = vt_docs_open(&docs, command, b->state);
	docs.unsigned_ok = b->unsigned_ok;
	if (!e)
		e = documents_check(&docs, b, command, p);
	vt_docs_close(&docs);
	return e;
}

/* CONFIG/approvers; none means that nobody may approve. */
static vt_err approvers(
	const char *command, struct vt_key keys[VT_APPROVERS_MAX], size_t *out_n, char **out_path)
{
	vt_buf text = {0};
	char *config = NULL;
	unsigned line = 0;
	vt_err e = vt_where_config(&config);

	if (!e && asprintf(out_path, "%s/approvers", config) < 0) {
		*out_path = NULL;
		e = VT_ENOMEM;
	}
	free(config);
	if (!e)
		e = vt_slurp(command, *out_path, (size_t)1 << 20, &text);
	if (!e) {
		e = vt_approvers_parse(vt_buf_span(&text), keys, out_n, &line);
		if (e)
			vt_complain(command, *out_path, "line %u is not a verifier key", line);
	}
	vt_buf_free(&text);
	return e;
}

vt_err vt_approval_check(const char *command, const char *plan_path,
	const struct vt_removal_document *f, char **out_who)
{
	struct vt_key *keys = calloc(VT_APPROVERS_MAX, sizeof *keys);
	const struct vt_key *by = NULL;
	char *path = NULL, *list = NULL;
	const char *trouble;
	struct vt_approval a;
	vt_buf bytes = {0};
	size_t n = 0;
	vt_err e = keys ? VT_OK : VT_ENOMEM;

	if (!e && asprintf(&path, "%s.approval", plan_path) < 0) {
		path = NULL;
		e = VT_ENOMEM;
	}
	if (!e)
		e = vt_slurp(command, path, VT_APPROVAL_MAX, &bytes);
	if (!e)
		e = approvers(command, keys, &n, &list);
	if (!e) {
		trouble = vt_approval_trouble(vt_buf_span(&bytes), vt_buf_span(&f->bytes),
			f->plan.id, f->plan.machine, vt_now_seconds(), keys, n, &by, &a);
		if (trouble) {
			vt_complain(command, path, "%s", trouble);
			e = VT_EARG;
		} else if (asprintf(out_who, "%s", by->name) < 0) {
			e = VT_ENOMEM;
		}
	}
	free(path);
	free(list);
	free(keys);
	vt_buf_free(&bytes);
	return e;
}
