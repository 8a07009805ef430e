/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log verify: proofs and evidence of forks, checked offline. */
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "cli/log/fork.h"
#include "cli/log/log.h"
#include "cli/options.h"
#include "cli/text.h"
#include "crypto/hash.h"
#include "tlog/proof.h"

#define COMMAND "vitrine log verify"
#define ENTRY_MEMORY ((size_t)4 << 20)

struct settings {
	const char *policy, *log, *proof, *entry, *evidence;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "proof", "FILE", VT_OPTION_STRING, offsetof(struct settings, proof),
		"a .tlog-proof file", NULL},
	{0, "entry", "FILE", VT_OPTION_STRING, offsetof(struct settings, entry),
		"the proof is about this entry, which names the FILE to\nverify by its SHA-256",
		NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, offsetof(struct settings, evidence),
		"check evidence of a fork instead", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, policy),
		"whom to believe: a tlog-policy file", NULL},
	{0, "log", "VKEY", VT_OPTION_STRING, offsetof(struct settings, log),
		"or only the log, by its verifier key", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine log verify [OPTION]... ENTRY --proof FILE --policy FILE\n"
		 "       vitrine log verify [OPTION]... FILE --entry ENTRY --proof FILE --policy "
		 "FILE\n"
		 "       vitrine log verify [OPTION]... --evidence FILE --policy FILE\n"
		 "Checks, offline, that a log holds an entry, or one that names a file; or that "
		 "evidence of"
		 " a fork\nis real.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 proven, 1 not proven, 2 could not be checked.\n",
};

static int refuse(const struct settings *s, const char *what, const char *why)
{
	if (s->format) {
		fputs("{\"schema\":\"vitrine.log-verify/1\",\"proven\":false,\"why\":", stdout);
		vt_put_json(stdout, vt_span_str(why));
		puts("}");
	} else {
		fputs("NOT PROVEN: ", stdout);
		vt_put_visible(stdout, vt_span_str(what));
		printf(": %s\n", why);
	}
	return VT_EXIT_FOUND;
}

static const char *verdict_words(enum vt_proof_verdict v, vt_span proof, vt_span entry)
{
	switch (v) {
	case VT_PROOF_OK: break;
	case VT_PROOF_BAD_FORMAT:
		if (proof.n && memchr(proof.p, '\r', proof.n))
			return "it has CR line ends, which no proof has: it was altered on its "
			       "way, "
			       "perhaps by mail; send it again as an attachment";
		return "not a proof file (c2sp.org/tlog-proof@v1), or damaged";
	case VT_PROOF_UNKNOWN_LOG: return "its checkpoint is not signed by a log of the policy";
	case VT_PROOF_NO_QUORUM:
		return "its checkpoint is not cosigned as the policy asks, or a cosignature is "
		       "false";
	case VT_PROOF_NOT_INCLUDED:
		if (entry.n && memchr(entry.p, '\r', entry.n))
			return "it does not lead from this entry to the checkpoint: the entry has "
			       "CR "
			       "line ends; was it altered on its way?";
		return "it does not lead from this entry to the checkpoint";
	}
	return "?";
}

/* What the entry's list of files says about bytes with this hash. */
static const struct vt_entry_file *named(const struct vt_entry *e, vt_span bytes)
{
	const struct vt_entry_file *files = NULL;
	size_t n = 0;
	vt_hash sum;

	switch (e->kind) {
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE:
		files = e->u.content.files;
		n = e->u.content.nfiles;
		break;
	case VT_ENTRY_RELEASE:
		files = e->u.release.files;
		n = e->u.release.nfiles;
		break;
	case VT_ENTRY_ATTEST:
		files = e->u.attest.files;
		n = e->u.attest.nfiles;
		break;
	case VT_ENTRY_ROOT:
	case VT_ENTRY_WITHDRAW:
	case VT_ENTRY_STATE:
	case VT_ENTRY_KINDS: break;
	}
	vt_sha256(bytes, sum.b);
	for (size_t i = 0; i < n; i++)
		if (vt_hash_eq(&files[i].sha256, &sum))
			return &files[i];
	return NULL;
}

struct proven {
	const char *file;
	struct vt_log_head head; /* its note belongs to the proof's bytes */
	uint64_t index;
	vt_hash leaf;
	char title[VT_LOG_WHY_MAX];
	const struct vt_entry *entry; /* NULL: not one of ours */
	const struct vt_entry_file *as;
};

static void print_json(const struct proven *p, const struct vt_log_trust *t)
{
	const struct vt_checkpoint *c = &p->head.head.at;

	fputs("{\"schema\":\"vitrine.log-verify/1\",\"proven\":true,\"file\":", stdout);
	vt_put_json(stdout, vt_span_str(p->file));
	fputs(",\"log\":", stdout);
	vt_put_json(stdout, c->origin);
	printf(",\"size\":%" PRIu64 ",\"index\":%" PRIu64 ",\"leaf\":\"", c->size, p->index);
	vt_log_put_hex(stdout, vt_span_of(p->leaf.b, sizeof p->leaf.b));
	fputs("\",\"entry\":", stdout);
	vt_put_json(stdout, vt_span_str(p->title));
	fputs(",\"named\":", stdout);
	if (p->as)
		vt_put_json(stdout, p->as->name);
	else
		fputs("null", stdout);
	fputs(",\"cosigners\":", stdout);
	vt_log_put_cosigners(stdout, &p->head, t, true);
	puts("}");
}

static void print(const struct settings *s, const struct proven *p, const struct vt_log_trust *t)
{
	const struct vt_checkpoint *c = &p->head.head.at;

	if (s->format) {
		print_json(p, t);
		return;
	}
	fputs("PROVEN: ", stdout);
	vt_put_visible(stdout, vt_span_str(p->file));
	if (p->as) {
		fputs(" is the file ", stdout);
		vt_put_visible(stdout, p->as->name);
		fputs(" of an entry", stdout);
	} else {
		fputs(" is an entry", stdout);
	}
	fputs(" of the log ", stdout);
	vt_put_visible(stdout, c->origin);
	printf("\n  entry  %s\n  index  %" PRIu64 " of %" PRIu64 "\n  leaf   ", p->title, p->index,
		c->size);
	vt_log_put_hex(stdout, vt_span_of(p->leaf.b, sizeof p->leaf.b));
	fputs("\nThat head of the log was cosigned by\n", stdout);
	vt_log_put_cosigners(stdout, &p->head, t, false);
	if (p->entry) {
		fputs("Not shown by this: that it is still in force; and its signatures, which "
		      "say ",
			stdout);
		vt_log_put_signers(stdout, p->entry);
		fputs("\n('vitrine log follow' checks them against the owners' keys)\n", stdout);
	}
}

static int judge(const struct settings *s, const struct vt_log_trust *t, const char *file,
	vt_span bytes, vt_span entry_bytes, vt_span proof)
{
	vt_arena arena = VT_ARENA_INIT(ENTRY_MEMORY);
	struct proven p = {.file = file};
	struct vt_entry_error why;
	struct vt_entry entry;
	int status = VT_EXIT_CLEAN;
	bool good;
	enum vt_proof_verdict v =
		vt_proof_file_check(proof, entry_bytes, t->p, &p.head.head, &p.index);

	if (v != VT_PROOF_OK)
		return refuse(s, s->proof, verdict_words(v, proof, entry_bytes));
	good = vt_entry_parse(entry_bytes, &arena, &entry, &why) == VT_OK;
	vt_merkle_leaf(entry_bytes, &p.leaf);
	if (good)
		vt_log_entry_title(&entry, p.title);
	else
		(void)snprintf(
			p.title, sizeof p.title, "not one that this version of vitrine can read");
	p.entry = good ? &entry : NULL;
	if (s->entry && good)
		p.as = named(&entry, bytes);
	if (s->entry && !p.as)
		status = refuse(
			s, file, "the entry is in the log, but it names no file with this content");
	else
		print(s, &p, t);
	vt_arena_free(&arena);
	return status;
}

static int verify_proof(const struct settings *s, const struct vt_log_trust *t, const char *file)
{
	/* a content file may be large */
	vt_buf bytes = VT_BUF_INIT((size_t)4 << 30), proof = VT_BUF_INIT(VT_LOG_FILE_MAX);
	vt_buf entry = VT_BUF_INIT(VT_LOG_FILE_MAX);
	int status = VT_EXIT_ERROR;
	vt_err e = vt_log_read_file(COMMAND, s->proof, &proof);

	if (!e)
		e = vt_log_read_file(COMMAND, file, &bytes);
	if (!e && s->entry)
		e = vt_log_read_file(COMMAND, s->entry, &entry);
	if (!e)
		status = judge(s, t, file, vt_buf_span(&bytes),
			vt_buf_span(s->entry ? &entry : &bytes), vt_buf_span(&proof));
	vt_buf_free(&bytes);
	vt_buf_free(&proof);
	vt_buf_free(&entry);
	return status;
}

static void put_fork_head(const struct settings *s, const char *word, const struct vt_head *h)
{
	printf(s->format ? ",\"%s\":{\"size\":%" PRIu64 ",\"root\":\""
			 : "  %-8ssize %" PRIu64 "  root ",
		word, h->at.size);
	vt_log_put_hex(stdout, vt_span_of(h->at.root.b, sizeof h->at.root.b));
	fputs(s->format ? "\"}" : "\n", stdout);
}

static bool is_log_of(const struct vt_log_trust *t, const struct vt_key *k)
{
	const struct vt_key *log = vt_log_trust_key(t, vt_span_str(k->name));

	return log && memcmp(log->pub, k->pub, VT_PUBLIC_SIZE) == 0;
}

static int verify_evidence(const struct settings *s, const struct vt_log_trust *t)
{
	vt_buf file = VT_BUF_INIT(VT_FORK_MAX);
	struct vt_head a, b;
	const char *why = NULL;
	struct vt_fork f;
	int status = VT_EXIT_CLEAN;

	if (vt_log_read_file(COMMAND, s->evidence, &file)) {
		vt_buf_free(&file);
		return VT_EXIT_ERROR;
	}
	if (vt_fork_parse(vt_buf_span(&file), &f)) {
		status = refuse(s, s->evidence,
			file.n && memchr(file.p, '\r', file.n)
				? "it has CR line ends: it was altered on its way, perhaps by mail"
				: "not an evidence file, or damaged");
	} else if (!is_log_of(t, &f.log)) {
		status = refuse(s, s->evidence, "it is about a log that the policy does not name");
	} else if (vt_fork_check(&f, &a, &b, &why)) {
		status = refuse(s, s->evidence, why);
	} else {
		fputs(s->format ? "{\"schema\":\"vitrine.log-verify/"
				  "1\",\"proven\":true,\"fork\":true,"
				  "\"log\":"
				: "PROVEN: the key of this log signed two heads that no single log "
				  "can "
				  "have:\n  log     ",
			stdout);
		if (s->format)
			vt_put_json(stdout, a.at.origin);
		else
			vt_put_visible(stdout, a.at.origin);
		fputs(s->format ? "" : "\n", stdout);
		put_fork_head(s, "shorter", &a);
		put_fork_head(s, "longer", &b);
		if (s->format)
			puts("}");
		else {
			fputs("The longer one begins with a tree of the shorter one's size and the "
			      "root ",
				stdout);
			vt_log_put_hex(stdout, vt_span_of(f.root.b, sizeof f.root.b));
			puts(", which is another one.");
		}
	}
	vt_buf_free(&file);
	return status;
}

int vt_log_cmd_verify(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_log_trust trust = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (s.evidence ? operands.n != 0 || s.proof : operands.n != 1 || !s.proof)) {
		fputs(COMMAND ": give a FILE and --proof FILE, or only --evidence FILE\n", stderr);
	} else if (!e) {
		e = vt_log_trust_open(&trust, COMMAND, s.policy, s.log);
		if (!e)
			status = s.evidence ? verify_evidence(&s, &trust)
					    : verify_proof(&s, &trust, operands.v[0]);
		vt_log_trust_close(&trust);
	}
	vt_strings_free(&operands);
	return status;
}
