/* SPDX-License-Identifier: Apache-2.0 */
/* What the modes of `vitrine prove` share. */
#ifndef VT_CLI_PROVE_PROVE_H
#define VT_CLI_PROVE_PROVE_H

#include "base/buf.h"
#include "cli/directive/store.h"
#include "cli/options.h"
#include "cli/publish/publish.h"
#include "report/dsse.h"
#include "report/input.h"
#include "report/statement.h"
#include "tlog/key.h"

#define VT_PROVE "vitrine prove"

struct vt_prove {
	/* what is proven */
	const char *evidence, *run, *before, *second, *on, *state;
	struct vt_strings catalogues, keys;
	bool is_unsigned;
	/* how it is said */
	int format;
	const char *out, *challenge, *organisation, *contact;
	struct vt_strings reviewers;
	const char *machine_key;
	bool keygen;
	/* what is checked */
	const char *check, *directive, *max_age, *not_before, *machine, *countersign;
	struct vt_passphrase pass;
};

/* Makes the machine's key if there is none (STATE/machine.key, mode 0600). Messages are printed. */
VT_MUST_USE vt_err vt_machine_key(const struct vt_prove *p, vt_span machine, struct vt_signer *out);
/* Is a statement of this machine what a key of that name may sign? */
bool vt_machine_key_fits(const char *key_name, vt_span machine);

/* Keys of --key: vkeys, or files with one a line. Free with free(). Messages are printed. */
VT_MUST_USE vt_err vt_prove_keys(
	const char *command, const struct vt_strings *from, struct vt_key **out, size_t *out_n);

/* Each returns an exit status. */
int vt_prove_make(const struct vt_prove *p, struct vt_docs *docs, const char *directive);
int vt_prove_check(const struct vt_prove *p, struct vt_docs *docs);
int vt_prove_countersign(const struct vt_prove *p);

#endif
