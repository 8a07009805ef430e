/* SPDX-License-Identifier: Apache-2.0 */
/* Heads as somebody signed them. */
#include <inttypes.h>
#include <string.h>

#include "cli/log/log.h"
#include "cli/text.h"

static vt_err fail(char *why, vt_err e, const char *text)
{
	(void)snprintf(why, VT_LOG_WHY_MAX, "%s", text);
	return e;
}

vt_err vt_log_head_check(struct vt_log_head *h, const struct vt_log_trust *t, char *why)
{
	struct vt_head *head = &h->head;
	vt_span bytes = vt_buf_span(&h->note);
	bool enough = false, known = false, good = false;
	uint64_t time = 0;

	if (vt_note_parse(bytes, &head->note)) {
		if (bytes.n && memchr(bytes.p, '\r', bytes.n))
			return fail(why, VT_EFORMAT,
				"not a checkpoint: it has CR line ends; was it altered on its way "
				"(mail)?");
		return fail(why, VT_EFORMAT, "not a signed note");
	}
	if (vt_checkpoint_parse(head->note.text, &head->at))
		return fail(why, VT_EFORMAT, "not a checkpoint");
	/* several keys may have the name of one log: the policy file allows it for rotation */
	for (size_t i = 0; i < t->p->nlogs; i++) {
		const struct vt_key *k = &t->p->logs[i].key;

		if (!vt_span_eq(head->at.origin, vt_span_str(k->name)))
			continue;
		known = true;
		switch (vt_note_verify(&head->note, k, &time)) {
		case VT_SIGNED_NO: break;
		case VT_SIGNED_BAD: return fail(why, VT_ECHECKSUM, "the log's signature is false");
		case VT_SIGNED_YES:
			good = true;
			h->log = k;
			break;
		}
	}
	if (!known)
		return fail(why, VT_EARG, "of a log that is not the one to be believed");
	if (!good)
		return fail(why, VT_ECHECKSUM, "not signed by the log's key");
	if (vt_policy_check(t->p, t->p->quorum, &head->note, &enough, &time))
		return fail(why, VT_ECHECKSUM, "a cosignature in it is false");
	h->enough = enough;
	h->time = time;
	return VT_OK;
}

void vt_log_head_free(struct vt_log_head *h)
{
	vt_buf_free(&h->note);
	*h = (struct vt_log_head){.note = VT_BUF_INIT(VT_NOTE_MAX)};
}

void vt_log_put_cosigners(
	FILE *f, const struct vt_log_head *h, const struct vt_log_trust *t, bool json)
{
	bool first = true;

	if (json)
		fputc('[', f);
	for (size_t i = 0; i < t->p->nnames; i++) {
		const struct vt_policy_name *n = &t->p->names[i];
		char when[VT_TIME_SIZE];
		uint64_t time = 0;

		if (n->group || vt_note_verify(&h->head.note, &n->key, &time) != VT_SIGNED_YES)
			continue;
		if (json) {
			fputs(first ? "{\"name\":" : ",{\"name\":", f);
			vt_put_json(f, vt_span_str(n->key.name));
			fprintf(f, ",\"time\":\"%s\"}",
				vt_time_write((int64_t)(time & INT64_MAX), when));
		} else {
			fputs("  ", f);
			vt_put_visible(f, vt_span_str(n->key.name));
			fprintf(f, " at %s\n", vt_time_write((int64_t)(time & INT64_MAX), when));
		}
		first = false;
	}
	if (json)
		fputc(']', f);
	else if (first)
		fputs("  nobody that is known\n", f);
}
