/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine doctor --verify-self: from options to a verdict. */
#include "cli/self/self.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/text.h"
#include "cli/where.h"
#include "update/config.h"

static const char *const results[] = {
	[VT_SELF_SAME] = "same",
	[VT_SELF_DIFFERS] = "differs",
	[VT_SELF_MISSING] = "missing",
	[VT_SELF_UNREADABLE] = "unreadable",
	[VT_SELF_UNNAMED] = "not-in-release",
};

/* How many different rebuilders got the same, and did any get something else? */
static unsigned rebuilt(const struct vt_self *f, bool *out_other)
{
	unsigned n = 0;

	*out_other = false;
	for (size_t i = 0; i < f->nattests; i++) {
		bool twice = false;

		if (f->attests[i].differs) {
			*out_other = true;
			continue;
		}
		for (size_t k = 0; k < i; k++)
			twice = twice ||
				(!f->attests[k].differs &&
					strcmp(f->attests[k].who, f->attests[i].who) == 0);
		n += !twice && f->attests[i].checked;
	}
	return n;
}

static bool all_same(const struct vt_self *f)
{
	for (size_t i = 0; i < f->nfiles; i++)
		if (f->files[i].result != VT_SELF_SAME)
			return false;
	return f->nfiles > 0;
}

/* Printing ------------------------------------------------------------------------------------- */

static void put_span(vt_span s)
{
	vt_put_visible(stdout, s);
}

static void print_log(const struct vt_self *f)
{
	const struct vt_release *r = &f->release->e.u.release;
	char time[VT_TIME_SIZE];

	fputs("Release of ", stdout);
	put_span(r->name);
	fputs(", version ", stdout);
	put_span(r->version);
	printf(": entry %" PRIu64 " of the log ", f->release->index);
	put_span(vt_span_str(f->log));
	fputs("\n  built from ", stdout);
	put_span(r->source);
	fputs("\n  signed by ", stdout);
	vt_log_put_signers(stdout, &f->release->e);
	puts(f->signed_by_owners
			? ", as many of the owners as it takes"
			: "; NOT CHECKED: give the root too, as an --entry with a --proof");
	if (!f->live)
		puts("  whether it is still live is not shown by proofs");
	if (f->head_time)
		printf("  the log as of %s\n",
			vt_time_write((int64_t)(f->head_time & INT64_MAX), time));
	if (f->expires && f->expires <= (int64_t)(f->head_time & INT64_MAX))
		puts("  ITS STATE HAD EXPIRED");
}

static void print_files(const struct vt_self *f)
{
	puts("Installed:");
	for (size_t i = 0; i < f->nfiles; i++) {
		const struct vt_self_file *x = &f->files[i];

		printf("  %-15s", results[x->result]);
		put_span(vt_span_str(x->name ? x->name : x->path));
		if (x->name && x->path) {
			fputs(": ", stdout);
			put_span(vt_span_str(x->path));
		}
		putchar('\n');
		if (x->result == VT_SELF_SAME || x->result == VT_SELF_MISSING)
			continue;
		fputs("                 SHA-256 ", stdout);
		vt_log_put_hex(stdout, vt_span_of(x->sha256.b, sizeof x->sha256.b));
		putchar('\n');
	}
}

static void print_attests(const struct vt_self *f)
{
	puts("Built again from the sources:");
	for (size_t i = 0; i < f->nattests; i++) {
		const struct vt_self_attest *a = &f->attests[i];

		fputs("  ", stdout);
		put_span(vt_span_str(a->who));
		if (a->differs) {
			fputs(" GOT OTHER BYTES, or none, for ", stdout);
			put_span(vt_span_str(a->differs));
		} else {
			fputs(" got the same files", stdout);
		}
		printf(" (entry %" PRIu64 "%s)\n", a->index,
			a->checked ? "" : "; the signature was NOT CHECKED");
	}
	if (f->nattests == 0)
		puts("  by nobody whose word is in the log");
}

static void print_json(const struct vt_self *f, bool well)
{
	const struct vt_release *r = &f->release->e.u.release;

	fputs("{\"schema\":\"vitrine.verify-self/1\",\"log\":", stdout);
	vt_put_json(stdout, vt_span_str(f->log));
	printf(",\"size\":%" PRIu64 ",\"release\":{\"index\":%" PRIu64 ",\"name\":", f->size,
		f->release->index);
	vt_put_json(stdout, r->name);
	fputs(",\"version\":", stdout);
	vt_put_json(stdout, r->version);
	fputs(",\"source\":", stdout);
	vt_put_json(stdout, r->source);
	printf(",\"signatures_checked\":%s,\"live\":%s},\"files\":[",
		f->signed_by_owners ? "true" : "false", f->live ? "true" : "false");
	for (size_t i = 0; i < f->nfiles; i++) {
		const struct vt_self_file *x = &f->files[i];

		printf("%s{\"result\":\"%s\",\"name\":", i ? "," : "", results[x->result]);
		vt_put_json(stdout, vt_span_str(x->name ? x->name : ""));
		fputs(",\"path\":", stdout);
		vt_put_json(stdout, vt_span_str(x->path ? x->path : ""));
		fputs(",\"sha256\":\"", stdout);
		vt_log_put_hex(stdout, vt_span_of(x->sha256.b, sizeof x->sha256.b));
		fputs("\"}", stdout);
	}
	fputs("],\"rebuilders\":[", stdout);
	for (size_t i = 0; i < f->nattests; i++) {
		const struct vt_self_attest *a = &f->attests[i];

		fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
		vt_put_json(stdout, vt_span_str(a->who));
		printf(",\"index\":%" PRIu64 ",\"checked\":%s,\"differs\":", a->index,
			a->checked ? "true" : "false");
		if (a->differs)
			vt_put_json(stdout, vt_span_str(a->differs));
		else
			fputs("null", stdout);
		putchar('}');
	}
	printf("],\"well\":%s}\n", well ? "true" : "false");
}

static int judge(const struct vt_self *f)
{
	bool other, same = all_same(f);
	unsigned n = rebuilt(f, &other);
	bool well = same && !other && n >= f->s->rebuilders;

	if (f->s->format) {
		print_json(f, well);
		return well ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
	}
	print_log(f);
	print_files(f);
	print_attests(f);
	if (!same)
		puts("NOT the files of this release.");
	else if (other)
		puts("The files of this release, but a rebuilder got others from its sources.");
	else if (!well)
		printf("The files of this release; %u rebuilders got the same, %u are asked for.\n",
			n, f->s->rebuilders);
	else
		printf("The files of this release; %u rebuilders got the same.\n", n);
	return well ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
}

/* Where the log is, and whom to believe -------------------------------------------------------- */

struct source {
	vt_arena a;
	struct vt_update_config config;
	bool has_config; /* update.conf is what is believed */
	struct vt_log_trust trust;
	struct vt_fetcher *fetcher;
	bool has_first;
	vt_hash first;
};

/* What the owner of this machine wrote for updates. */
static vt_err open_config(struct source *o, const struct vt_self_settings *s, const char *command)
{
	struct vt_config_error why = {0};
	char *folder = NULL, *path = NULL, *policy = NULL;
	const char *slash;
	vt_err e = s->config ? VT_OK : vt_where_config(&folder);

	if (!e &&
		asprintf(&path, "%s%s", s->config ? s->config : folder,
			s->config ? "" : "/update.conf") < 0)
		e = VT_ENOMEM;
	if (!e)
		e = vt_update_config_load(path, &o->a, &o->config, &why);
	if (e)
		fprintf(stderr, "%s: %s:%u: %s\n", command, path ? path : "update.conf", why.line,
			why.cause[0] ? why.cause : vt_err_text(e));
	slash = path ? strrchr(path, '/') : NULL;
	if (!e &&
		(o->config.policy_path[0] == '/' || !slash
				? asprintf(&policy, "%s", o->config.policy_path)
				: asprintf(&policy, "%.*s/%s", (int)(slash - path), path,
					  o->config.policy_path)) < 0)
		e = VT_ENOMEM;
	if (!e)
		e = vt_log_trust_open(&o->trust, command, policy, NULL);
	if (!e) {
		o->has_config = true;
		o->has_first = o->config.has_root;
		o->first = o->config.root;
	}
	free(folder);
	free(path);
	free(policy);
	return e;
}

static vt_err open_trust(struct source *o, const struct vt_self_settings *s, const char *command)
{
	if (s->root) {
		if (!vt_hex_get(vt_span_str(s->root), o->first.b, sizeof o->first.b)) {
			fprintf(stderr, "%s: --root: 64 hexadecimal digits in lower case\n",
				command);
			return VT_EARG;
		}
		o->has_first = true;
	}
	if (s->policy)
		return vt_log_trust_open(&o->trust, command, s->policy, NULL);
	return open_config(o, s, command);
}

/* Does the head have the cosignatures that update.conf asks for besides the policy's quorum? */
static vt_err check_config(struct source *o, const struct vt_log_place *p, struct vt_self *f)
{
	bool enough, mirrors;
	uint64_t time;

	if (!o->has_config)
		return VT_OK;
	if (vt_update_quorum(&o->config, &p->at.head.note, false, &enough, &mirrors, &time) ||
		!enough) {
		(void)snprintf(f->why, sizeof f->why,
			"its checkpoint is not cosigned as update.conf asks");
		return VT_ECHECKSUM;
	}
	return VT_OK;
}

static vt_err from_place(struct source *o, struct vt_self *f, const char *command)
{
	const char *const *places = f->s->log ? &f->s->log : o->config.sources;
	size_t n = f->s->log ? 1 : o->config.nsources;
	struct vt_log_place place = {0};
	vt_err e = vt_log_fetcher(command, f->s->state, places, n, &o->fetcher);

	if (!e && n == 0) {
		fprintf(stderr, "%s: say where the log is: --log PLACE\n", command);
		e = VT_EARG;
	}
	for (size_t i = 0; !e && i < n; i++) {
		e = vt_log_place_ready(&place, command, places[i], o->fetcher, &o->trust);
		if (!e || i + 1 == n)
			break;
		vt_log_place_close(&place);
		e = VT_OK;
	}
	if (!e)
		e = check_config(o, &place, f);
	if (!e)
		e = vt_self_from_place(f, &place, o->has_first ? &o->first : NULL);
	vt_log_place_close(&place);
	return e;
}

static void forget(struct vt_self *f)
{
	for (size_t i = 0; i < f->nfiles; i++)
		free(f->files[i].path);
	for (size_t i = 0; i < VT_COUNT(f->strings); i++)
		free(f->strings[i]);
	free(f->files);
	free(f->attests);
	vt_seen_free(f->release);
	vt_seen_free(f->root);
}

int vt_self_run(const struct vt_self_settings *s, const char *command)
{
	struct source o = {.a = VT_ARENA_INIT((size_t)4 << 20)};
	struct vt_self f = {.s = s};
	int status = VT_EXIT_ERROR;
	vt_err e;

	if (s->entries.n != s->proofs.n || (s->entries.n && s->log)) {
		fprintf(stderr,
			"%s: give a --proof with each --entry, in the same order, or --log\n",
			command);
		return VT_EXIT_ERROR;
	}
	e = vt_sign_init() ? VT_EIO : open_trust(&o, s, command);
	if (!e)
		e = s->entries.n ? vt_self_from_proofs(&f, &o.trust, command)
				 : from_place(&o, &f, command);
	if (!e)
		e = vt_self_files(&f);
	if (e == VT_ENOMEM)
		(void)snprintf(f.why, sizeof f.why, "%s", vt_err_text(e));
	if (e && f.why[0]) {
		fprintf(stderr, "%s: ", command);
		vt_put_visible(stderr, vt_span_str(f.why));
		fputc('\n', stderr);
	}
	if (!e)
		status = judge(&f);
	forget(&f);
	if (o.fetcher)
		vt_fetcher_stop(o.fetcher);
	vt_log_trust_close(&o.trust);
	vt_arena_free(&o.a);
	return status;
}
