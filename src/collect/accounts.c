/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "accounts": users and groups of passwd(5) and group(5), and what sysusers.d(5) would
 * make at the next start. A system without /etc/passwd has no source, so nothing is known of it.
 */
#include "base/num.h"
#include "collect/look.h"
#include "inventory/artefact/account.h"

static void report(
	const struct vt_look *l, vt_span path, const struct vt_account *a, const char *manager)
{
	struct vt_fact f = {.kind = VT_FACT_ACCOUNT, .locus = vt_look_locus(l, path, a->name)};

	vt_fact_set(&f, VT_ATTR_NAME, a->name);
	vt_fact_set(&f, VT_ATTR_ID, a->id);
	vt_fact_set(&f, VT_ATTR_PATH, a->home);
	vt_fact_set(&f, VT_ATTR_COMMAND, a->shell);
	vt_fact_set(&f, VT_ATTR_PRODUCT, a->about);
	vt_fact_set(&f, VT_ATTR_VALUE, a->members);
	vt_fact_str(&f, VT_ATTR_STATE, a->group ? "group" : "user");
	vt_fact_str(&f, VT_ATTR_MANAGER, manager);
	vt_collect_fact(l->c, &f);
}

static void read_file(
	struct vt_look *l, vt_span path, enum vt_account_form form, const char *manager)
{
	vt_buf b = VT_BUF_INIT(0);
	struct vt_account a;
	unsigned bad = 0;
	vt_reader r;

	if (vt_look_bytes(l, path, (size_t)64 << 20, &b)) {
		r = vt_reader_of(vt_buf_span(&b));
		while (vt_account_next(&r, form, &a, &bad)) {
			report(l, path, &a, manager);
			vt_collect_seen(l->c, l->area, true);
		}
		for (unsigned i = 0; i < bad && i < 1000; i++)
			vt_collect_missed(l->c, l->area, path, VT_MISS_MALFORMED);
		if (form != VT_ACCOUNT_SYSUSERS)
			vt_look_source(l, manager, path);
	}
	vt_buf_free(&b);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	static const struct {
		const char *path;
		enum vt_account_form form;
	} files[] = {
		{"/etc/passwd", VT_ACCOUNT_PASSWD},
		{"/etc/group", VT_ACCOUNT_GROUP},
		{"/usr/lib/passwd", VT_ACCOUNT_PASSWD}, /* ostree: what the image brings */
		{"/usr/lib/group", VT_ACCOUNT_GROUP},
		{"/var/lib/extrausers/passwd", VT_ACCOUNT_PASSWD},
		{"/var/lib/extrausers/group", VT_ACCOUNT_GROUP},
	};
	static const char *const folders[] = {"/etc/sysusers.d", "/run/sysusers.d",
		"/usr/local/lib/sysusers.d", "/usr/lib/sysusers.d"};
	struct vt_look l = {.c = c, .area = VT_AREA_ACCOUNTS};
	struct vt_look_entry *in;

	*out_state = NULL;
	if (vt_collect_platform(c) == VT_PLATFORM_WINDOWS)
		return VT_OK;
	for (size_t i = 0; i < VT_COUNT(files); i++)
		read_file(&l, vt_span_str(files[i].path), files[i].form,
			files[i].form == VT_ACCOUNT_PASSWD ? "passwd" : "group");
	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (vt_look_folder(&l, vt_span_str(folders[i]), &in))
			for (; in; in = in->next)
				if (vt_line_ends(in->name, ".conf"))
					read_file(&l, in->path, VT_ACCOUNT_SYSUSERS, "sysusers");
	return VT_OK;
}

const struct vt_collector vt_collector_accounts = {
	.name = "accounts", .area = VT_AREA_ACCOUNTS, .start = start};
