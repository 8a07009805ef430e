/* SPDX-License-Identifier: Apache-2.0 */
/* Entries in words. Their values are printable ASCII, which the parser has made sure of. */
#include <inttypes.h>
#include <string.h>

#include "cli/log/log.h"
#include "cli/text.h"

#define SPAN(s) (int)((s).n < 200 ? (s).n : 200), (const char *)(s).p

static const char *withdrawn_what(enum vt_entry_kind k)
{
	return k == VT_WITHDRAW_RULE ? "rule" : vt_entry_word(k);
}

void vt_log_entry_title(const struct vt_entry *e, char *out)
{
	const char *word = vt_entry_word(e->kind);
	const size_t max = VT_LOG_WHY_MAX;

	switch (e->kind) {
	case VT_ENTRY_ROOT: (void)snprintf(out, max, "%s %" PRIu64, word, e->u.root.version); break;
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE:
		(void)snprintf(out, max, "%s %.*s %" PRIu64, word, SPAN(e->u.content.name),
			e->u.content.version);
		break;
	case VT_ENTRY_RELEASE:
		(void)snprintf(out, max, "%s %.*s %.*s", word, SPAN(e->u.release.name),
			SPAN(e->u.release.version));
		break;
	case VT_ENTRY_ATTEST: {
		size_t n = (size_t)snprintf(out, max, "%s of release ", word);

		for (size_t i = 0; i < VT_HASH_SIZE; i++)
			n += (size_t)snprintf(out + n, max - n, "%02x", e->u.attest.release.b[i]);
		break;
	}
	case VT_ENTRY_WITHDRAW:
		if (e->u.withdraw.what == VT_WITHDRAW_RULE)
			(void)snprintf(out, max, "%s rule of %.*s/%.*s", word,
				SPAN(e->u.withdraw.name), SPAN(e->u.withdraw.file));
		else
			(void)snprintf(out, max, "%s %s %.*s %" PRIu64, word,
				withdrawn_what(e->u.withdraw.what), SPAN(e->u.withdraw.name),
				e->u.withdraw.version);
		break;
	case VT_ENTRY_STATE:
		(void)snprintf(out, max, "%s %" PRIu64, word, e->u.state.version);
		break;
	case VT_ENTRY_KINDS: (void)snprintf(out, max, "?"); break;
	}
}

void vt_log_put_signers(FILE *f, const struct vt_entry *e)
{
	for (size_t i = 0; i < e->nsigs; i++) {
		if (i)
			fputc(',', f);
		vt_put_visible(f, e->sigs[i].name);
	}
	if (e->nsigs == 0)
		fputs("nobody", f);
}

void vt_log_put_hex(FILE *f, vt_span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		fprintf(f, "%02x", bytes.p[i]);
}
