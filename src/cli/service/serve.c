/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine witness serve, vitrine mirror serve. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/service/service.h"
#include "cli/where.h"
#include "crypto/sign.h"
#include "proc/service/run.h"
#include "publish/keyfile.h"
#include "site/fetcher.h"

struct settings {
	const char *config;
	bool check;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'c', "config", "FILE", VT_OPTION_STRING, offsetof(struct settings, config),
		"the configuration (default: witness.conf or mirror.conf\nin /etc/vitrine)", NULL},
	{0, "check", NULL, VT_OPTION_FLAG, offsetof(struct settings, check),
		"read the configuration and the key, say what they mean,\nand start nothing", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table tables[] = {
	{
		.command = "vitrine witness serve",
		.usage = "Usage: vitrine witness serve [OPTION]...\n"
			 "Cosigns checkpoints of logs that only grow, over HTTP, until SIGTERM.\n",
		.options = options,
		.count = VT_COUNT(options),
		.notes = "Exit status: 0 ended by a signal, 2 an error.\n",
	},
	{
		.command = "vitrine mirror serve",
		.usage = "Usage: vitrine mirror serve [OPTION]...\n"
			 "Keeps copies of logs, cosigns what it has stored, and serves it, over "
			 "HTTP, "
			 "until SIGTERM.\n",
		.options = options,
		.count = VT_COUNT(options),
		.notes = "Exit status: 0 ended by a signal, 2 an error.\n",
	},
};

static void show(const struct vt_service_config *c, const struct vt_signer *s)
{
	vt_buf vkey = VT_BUF_INIT(1024);

	if (!vt_key_write(&vkey, &s->key))
		printf("key %.*s\n", (int)vkey.n, (const char *)vkey.p);
	vt_buf_free(&vkey);
	for (size_t i = 0; i < c->nlisten; i++)
		printf("listen %s%s\n", c->listen[i], c->prefix);
	printf("state %s\nlogs %zu\nmax-connections %u (%u of one address)\nrequest-timeout %u s\n"
	       "max-clock-step %u s\n",
		c->state, c->nlogs, c->connections, c->per_address, c->request_s, c->clock_step_s);
	if (c->kind == VT_SERVICE_MIRROR)
		printf("poll %u s\nrestamp %u s\nwitnesses %zu\n", c->poll_s, c->restamp_s,
			c->nwitnesses);
	for (size_t i = 0; i < c->nlogs; i++)
		printf("log %s %s\n", c->logs[i].key.name, c->logs[i].url ? c->logs[i].url : "");
}

/* The key that a service starts with, unattended. */
static vt_err open_key(const struct vt_service_config *c, const char *word, struct vt_signer *out)
{
	struct vt_key key;
	bool sealed;
	vt_err e = vt_keyfile_public(c->key, &key, &sealed);

	if (!e && sealed) {
		fprintf(stderr,
			"vitrine %s: %s is sealed by a passphrase, which nobody can give to a "
			"service; make a key with 'vitrine %s keygen'\n",
			word, c->key, word);
		return VT_EARG;
	}
	if (!e && key.type != VT_KEY_COSIGNATURE) {
		fprintf(stderr,
			"vitrine %s: %s is not a cosigner's key; make one with 'vitrine %s "
			"keygen'\n",
			word, c->key, word);
		return VT_EARG;
	}
	if (!e)
		e = vt_keyfile_open(c->key, NULL, out);
	if (e)
		fprintf(stderr, "vitrine %s: %s: %s\n", word, c->key,
			e == VT_EIO && errno == EACCES
				? "others may read it, or you may not (chmod 600)"
				: e == VT_EIO ? strerror(errno)
					      : vt_err_text(e));
	return e;
}

static vt_err serve_mirror(const struct vt_service_config *c, const struct vt_signer *signer)
{
	struct vt_fetcher_config fetcher = {0};
	char *updater = NULL, *ledger = NULL;
	vt_err e = VT_OK;
	bool urls = false;

	for (size_t i = 0; i < c->nlogs; i++)
		urls = urls ||
			(c->logs[i].url && strstr(c->logs[i].url, "://") &&
				strncmp(c->logs[i].url, "file://", 7) != 0);
	if (urls) {
		e = vt_where_program("vitrine-updater", &updater);
		if (e)
			fputs("vitrine mirror: vitrine-updater is not beside this program: logs "
			      "cannot be read from URLs\n",
				stderr);
		else if (asprintf(&ledger, "%s/egress", c->state) < 0)
			e = VT_ENOMEM;
		fetcher.updater = updater;
		fetcher.ledger = ledger;
	}
	if (!e)
		e = vt_mirror_serve(c, signer, urls ? &fetcher : NULL);
	free(updater);
	free(ledger);
	return e;
}

int vt_service_cmd_serve(enum vt_service kind, int argc, char **argv)
{
	const struct vt_option_table *table = &tables[kind == VT_SERVICE_MIRROR];
	struct vt_strings operands = {0};
	struct vt_service_file file;
	struct settings s = {0};
	struct vt_signer signer;
	vt_err e = vt_options_parse(table, argc, argv, &s, &operands);

	vt_strings_free(&operands);
	if (e == VT_END)
		return VT_EXIT_CLEAN;
	if (!e && operands.n) {
		fprintf(stderr, "%s: no operands are expected\n", table->command);
		e = VT_EARG;
	}
	if (!e)
		e = vt_sign_init();
	if (!e)
		e = vt_service_file_read(kind, s.config, &file);
	if (e)
		return VT_EXIT_ERROR;
	e = open_key(&file.config, vt_service_word(kind), &signer);
	if (!e && s.check)
		show(&file.config, &signer);
	else if (!e)
		e = kind == VT_SERVICE_MIRROR ? serve_mirror(&file.config, &signer)
					      : vt_witness_serve(&file.config, &signer);
	vt_wipe(&signer, sizeof signer);
	vt_service_file_free(&file);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
