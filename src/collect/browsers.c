/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "browsers": extensions that are installed, forced by policy or loaded from elsewhere,
 * and programs that extensions may talk to (native messaging hosts), of Chromium and Firefox and
 * their kin, for the system and for every home folder. Sources are profiles and folders
 * that are there; a system without any browser has none.
 */
#include "base/num.h"
#include "collect/look.h"
#include "inventory/artefact/browser.h"
#include "inventory/artefact/plist.h"

#define DOC_MAX ((size_t)64 << 20) /* preferences of heavy users have tens of MiB */

enum what {
	CHROMIUM_USER, /* a folder of profiles */
	FIREFOX_USER,  /* a profile */
	HOSTS,         /* *.json: native messaging hosts */
	POLICIES,      /* *.json */
	POLICY,        /* one file */
	EXTERNAL,      /* <extension id>.json */
	XPIS,          /* extensions by file name */
	SAFARI,        /* folders with applications' extensions */
};
struct place {
	const char *glob, *browser;
	enum what what;
};

static const struct place places[] = {
	{"/etc/opt/chrome/native-messaging-hosts", "chrome", HOSTS},
	{"/etc/opt/edge/native-messaging-hosts", "edge", HOSTS},
	{"/etc/chromium/native-messaging-hosts", "chromium", HOSTS},
	{"/etc/chromium-browser/native-messaging-hosts", "chromium", HOSTS},
	{"/etc/brave/native-messaging-hosts", "brave", HOSTS},
	{"/etc/opt/vivaldi/native-messaging-hosts", "vivaldi", HOSTS},
	{"/etc/opera/native-messaging-hosts", "opera", HOSTS},
	{"/usr/share/chromium/native-messaging-hosts", "chromium", HOSTS},
	{"/usr/lib/mozilla/native-messaging-hosts", "firefox", HOSTS},
	{"/usr/lib64/mozilla/native-messaging-hosts", "firefox", HOSTS},
	{"/usr/share/mozilla/native-messaging-hosts", "firefox", HOSTS},
	{"/Library/Google/Chrome/NativeMessagingHosts", "chrome", HOSTS},
	{"/Library/Microsoft/Edge/NativeMessagingHosts", "edge", HOSTS},
	{"/Library/Application Support/Chromium/NativeMessagingHosts", "chromium", HOSTS},
	{"/Library/Application Support/Mozilla/NativeMessagingHosts", "firefox", HOSTS},
	{"/etc/opt/chrome/policies/managed", "chrome", POLICIES},
	{"/etc/opt/chrome/policies/recommended", "chrome", POLICIES},
	{"/etc/opt/edge/policies/managed", "edge", POLICIES},
	{"/etc/chromium/policies/managed", "chromium", POLICIES},
	{"/etc/chromium/policies/recommended", "chromium", POLICIES},
	{"/etc/chromium-browser/policies/managed", "chromium", POLICIES},
	{"/etc/brave/policies/managed", "brave", POLICIES},
	{"/etc/firefox/policies/policies.json", "firefox", POLICY},
	{"/usr/lib/firefox/distribution/policies.json", "firefox", POLICY},
	{"/usr/lib/firefox-esr/distribution/policies.json", "firefox", POLICY},
	{"/usr/lib64/firefox/distribution/policies.json", "firefox", POLICY},
	{"/opt/firefox/distribution/policies.json", "firefox", POLICY},
	{"/usr/share/google-chrome/extensions", "chrome", EXTERNAL},
	{"/opt/google/chrome/extensions", "chrome", EXTERNAL},
	{"/usr/share/chromium/extensions", "chromium", EXTERNAL},
	{"/usr/share/microsoft-edge/extensions", "edge", EXTERNAL},
	{"/opt/brave.com/brave/extensions", "brave", EXTERNAL},
	{"/Library/Application Support/Google/Chrome/External Extensions", "chrome", EXTERNAL},
	{"/usr/lib/firefox/distribution/extensions", "firefox", XPIS},
	{"/usr/lib/firefox-esr/distribution/extensions", "firefox", XPIS},
	{"/usr/lib/firefox/browser/extensions", "firefox", XPIS},
	{"/usr/lib/firefox-esr/browser/extensions", "firefox", XPIS},
	{"/usr/lib64/firefox/distribution/extensions", "firefox", XPIS},
	{"/opt/firefox/distribution/extensions", "firefox", XPIS},
	{"/usr/lib/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}", "firefox", XPIS},
	{"/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}", "firefox", XPIS},
	{"/Library/Application Support/Mozilla/Extensions/*", "firefox", XPIS},
	{"/Applications/*.app/Contents/PlugIns", "safari", SAFARI},
	/* Windows: extensions that come with the program */
	{"/Program Files*/Mozilla Firefox/distribution/extensions", "firefox", XPIS},
	{"/Program Files*/Mozilla Firefox/distribution/policies.json", "firefox", POLICY},
};
/* Below a home. */
static const struct place home_places[] = {
	{"/.config/google-chrome", "chrome", CHROMIUM_USER},
	{"/.config/google-chrome-beta", "chrome", CHROMIUM_USER},
	{"/.config/google-chrome-unstable", "chrome", CHROMIUM_USER},
	{"/.config/chromium", "chromium", CHROMIUM_USER},
	{"/snap/chromium/common/chromium", "chromium", CHROMIUM_USER},
	{"/.var/app/org.chromium.Chromium/config/chromium", "chromium", CHROMIUM_USER},
	{"/.var/app/com.google.Chrome/config/google-chrome", "chrome", CHROMIUM_USER},
	{"/.config/microsoft-edge", "edge", CHROMIUM_USER},
	{"/.var/app/com.microsoft.Edge/config/microsoft-edge", "edge", CHROMIUM_USER},
	{"/.config/BraveSoftware/Brave-Browser", "brave", CHROMIUM_USER},
	{"/.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser", "brave", CHROMIUM_USER},
	{"/.config/vivaldi", "vivaldi", CHROMIUM_USER},
	{"/.config/opera", "opera", CHROMIUM_USER},
	{"/Library/Application Support/Google/Chrome", "chrome", CHROMIUM_USER},
	{"/Library/Application Support/Chromium", "chromium", CHROMIUM_USER},
	{"/Library/Application Support/Microsoft Edge", "edge", CHROMIUM_USER},
	{"/Library/Application Support/BraveSoftware/Brave-Browser", "brave", CHROMIUM_USER},
	{"/AppData/Local/Google/Chrome/User Data", "chrome", CHROMIUM_USER},
	{"/AppData/Local/Chromium/User Data", "chromium", CHROMIUM_USER},
	{"/AppData/Local/Microsoft/Edge/User Data", "edge", CHROMIUM_USER},
	{"/AppData/Local/BraveSoftware/Brave-Browser/User Data", "brave", CHROMIUM_USER},
	{"/.mozilla/firefox/*", "firefox", FIREFOX_USER},
	{"/.config/mozilla/firefox/*", "firefox", FIREFOX_USER},
	{"/snap/firefox/common/.mozilla/firefox/*", "firefox", FIREFOX_USER},
	{"/.var/app/org.mozilla.firefox/.mozilla/firefox/*", "firefox", FIREFOX_USER},
	{"/.librewolf/*", "firefox", FIREFOX_USER},
	{"/.thunderbird/*", "thunderbird", FIREFOX_USER},
	{"/Library/Application Support/Firefox/Profiles/*", "firefox", FIREFOX_USER},
	{"/AppData/Roaming/Mozilla/Firefox/Profiles/*", "firefox", FIREFOX_USER},
	{"/.mozilla/native-messaging-hosts", "firefox", HOSTS},
	{"/Library/Application Support/Mozilla/NativeMessagingHosts", "firefox", HOSTS},
	{"/.mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}", "firefox", XPIS},
};

struct run {
	struct vt_look l;
	vt_buf text;
	const struct place *place;
	vt_span store, path, id; /* id: what the place itself says it is */
	const char *kind;
};

static void on_extension(void *ctx, const struct vt_extension *x)
{
	struct run *run = ctx;
	vt_span id = run->id.n ? run->id : x->id;
	struct vt_fact f = {
		.kind = VT_FACT_EXTENSION, .locus = vt_look_locus(&run->l, run->path, id)};

	vt_fact_set(&f, VT_ATTR_ID, id);
	vt_fact_set(&f, VT_ATTR_NAME, x->name);
	vt_fact_set(&f, VT_ATTR_VERSION, x->version);
	vt_fact_str(&f, VT_ATTR_MANAGER, run->kind);
	vt_fact_str(&f, VT_ATTR_PRODUCT, run->place->browser);
	vt_fact_set(&f, VT_ATTR_STORE, run->store);
	vt_fact_set(&f, VT_ATTR_PATH, x->path.n ? x->path : run->path);
	vt_fact_set(&f, VT_ATTR_STATE, x->state);
	vt_fact_set(&f, VT_ATTR_SOURCE, x->source);
	vt_fact_set(&f, VT_ATTR_VALUE, x->value);
	vt_collect_fact(run->l.c, &f);
}

static void look_doc(struct run *run, vt_span path, enum vt_browser_doc doc, const char *kind)
{
	vt_err e;

	if (!vt_look_bytes(&run->l, path, DOC_MAX, &run->text))
		return;
	run->path = path;
	run->kind = kind;
	e = vt_browser_read(
		doc, vt_buf_span(&run->text), vt_collect_arena(run->l.c), on_extension, run);
	if (e)
		vt_collect_missed(run->l.c, run->l.area, path, vt_collect_miss_of(e));
}

struct localised {
	struct run *run;
	vt_span folder;
};

/* A manifest's name may be a message of its default locale. */
static void on_manifest(void *ctx, const struct vt_extension *x)
{
	struct localised *m = ctx;
	struct vt_extension named = *x;
	vt_buf b = VT_BUF_INIT(0);
	const char *path;

	if (x->message.n && x->locale.n && !memchr(x->locale.p, '/', x->locale.n)) {
		path = vt_look_printf(&m->run->l, "%.*s/_locales/%.*s/messages.json",
			(int)m->folder.n, (const char *)m->folder.p, (int)x->locale.n,
			(const char *)x->locale.p);
		b.max = VT_LOOK_TEXT_MAX;
		if (path &&
			vt_tree_read(vt_collect_tree(m->run->l.c), vt_span_str(path), &b) == VT_OK)
			(void)!vt_browser_message(vt_buf_span(&b), x->message,
				vt_collect_arena(m->run->l.c), &named.name);
		vt_buf_free(&b);
	}
	on_extension(m->run, &named);
}

/* Extensions/<id>/<version>/manifest.json */
static void look_extensions(struct run *run, vt_span folder)
{
	struct vt_look_entry *id, *version;
	vt_err e;

	if (!vt_look_folder(&run->l, folder, &id))
		return;
	for (; id; id = id->next) {
		if (id->node.type != VT_NODE_FOLDER || !vt_look_folder(&run->l, id->path, &version))
			continue;
		for (; version; version = version->next) {
			struct localised m = {run, version->path};

			run->path =
				vt_look_join(&run->l, version->path, vt_span_str("manifest.json"));
			run->id = id->name;
			run->kind = "extension";
			if (!vt_look_text(&run->l, run->path, &run->text))
				continue;
			e = vt_browser_read(VT_BROWSER_MANIFEST, vt_buf_span(&run->text),
				vt_collect_arena(run->l.c), on_manifest, &m);
			if (e) /* its id is known all the same */
				on_extension(run, &(struct vt_extension){0});
			if (e)
				vt_collect_missed(
					run->l.c, run->l.area, run->path, vt_collect_miss_of(e));
		}
	}
	run->id = vt_span_of("", 0);
}

/* All *.json of a folder; of external extensions the file's name is the id. */
static void look_docs(struct run *run, vt_span folder, enum vt_browser_doc doc, const char *kind)
{
	struct vt_look_entry *in;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	run->store = folder;
	for (; in; in = in->next) {
		if (!vt_line_ends(in->name, ".json"))
			continue;
		if (doc == VT_BROWSER_EXTERNAL)
			run->id = vt_span_of(in->name.p, in->name.n - 5);
		look_doc(run, in->path, doc, kind);
	}
	run->id = vt_span_of("", 0);
	vt_look_source(&run->l, kind, folder);
}

/* Names of files and folders that are extensions' ids: "id@vendor.xpi". */
static void look_names(struct run *run, vt_span folder)
{
	struct vt_look_entry *in;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	run->store = folder;
	run->kind = "extension";
	for (; in; in = in->next) {
		struct vt_extension x = {.id = in->name, .source = vt_span_str("file")};

		if (vt_line_ends(in->name, ".xpi"))
			x.id.n -= 4;
		else if (in->node.type != VT_NODE_FOLDER)
			continue;
		run->path = in->path;
		vt_collect_hidden(run->l.c, in->node.hidden);
		on_extension(run, &x);
		vt_collect_seen(run->l.c, run->l.area, true);
	}
	vt_look_source(&run->l, "extensions", folder);
}

/* Extensions of Safari are bundles inside of applications. */
static void look_bundles(struct run *run, vt_span folder)
{
	struct vt_look_entry *in;
	const struct vt_plist *top;
	vt_err e;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	run->store = folder;
	run->kind = "extension";
	for (; in; in = in->next) {
		struct vt_extension x = {.source = vt_span_str("application")};

		if (!vt_line_ends(in->name, ".appex"))
			continue;
		run->path = vt_look_join(&run->l, in->path, vt_span_str("Contents/Info.plist"));
		if (!vt_look_bytes(&run->l, run->path, DOC_MAX, &run->text))
			continue;
		e = vt_plist_parse(vt_buf_span(&run->text), vt_collect_arena(run->l.c), &top);
		if (e) {
			vt_collect_missed(run->l.c, run->l.area, run->path, vt_collect_miss_of(e));
			continue;
		}
		x.id = vt_plist_text(top, "CFBundleIdentifier");
		x.name = vt_plist_text(top, "CFBundleDisplayName");
		x.version = vt_plist_text(top, "CFBundleShortVersionString");
		on_extension(run, &x);
	}
	vt_look_source(&run->l, "extensions", folder);
}

/* A folder with profiles is known by what is in them: "Default", "Profile 1", ... */
static void look_chromium(struct run *run, vt_span folder)
{
	struct vt_look_entry *in;

	if (!vt_look_folder(&run->l, folder, &in))
		return;
	look_docs(run, vt_look_join(&run->l, folder, vt_span_str("NativeMessagingHosts")),
		VT_BROWSER_HOST, "native-host");
	look_docs(run, vt_look_join(&run->l, folder, vt_span_str("External Extensions")),
		VT_BROWSER_EXTERNAL, "external");
	for (; in; in = in->next) {
		if (in->node.type != VT_NODE_FOLDER)
			continue;
		run->store = in->path;
		look_extensions(run, vt_look_join(&run->l, in->path, vt_span_str("Extensions")));
		look_doc(run, vt_look_join(&run->l, in->path, vt_span_str("Preferences")),
			VT_BROWSER_PREFERENCES, "extension");
		look_doc(run, vt_look_join(&run->l, in->path, vt_span_str("Secure Preferences")),
			VT_BROWSER_PREFERENCES, "extension");
	}
	vt_look_source(&run->l, "profiles", folder);
}

static void look_firefox(struct run *run, vt_span profile)
{
	vt_span addons = vt_look_join(&run->l, profile, vt_span_str("extensions.json"));
	struct vt_node node;

	run->store = profile;
	look_names(run, vt_look_join(&run->l, profile, vt_span_str("extensions")));
	if (vt_tree_stat(vt_collect_tree(run->l.c), addons, true, &node) != VT_OK)
		return;
	run->store = profile;
	look_doc(run, addons, VT_BROWSER_ADDONS, "extension");
	vt_look_source(&run->l, "profile", profile);
}

static void look_place(struct run *run, const struct place *p, const char *glob)
{
	struct vt_look_entry *e;

	if (!glob || !vt_look_glob(&run->l, glob, &e))
		return;
	run->place = p;
	for (; e; e = e->next) {
		run->store = e->path;
		run->id = vt_span_of("", 0);
		if (p->what == POLICY) {
			look_doc(run, e->path, VT_BROWSER_POLICY, "policy");
			continue;
		}
		if (e->node.type != VT_NODE_FOLDER)
			continue;
		switch (p->what) {
		case CHROMIUM_USER: look_chromium(run, e->path); break;
		case FIREFOX_USER: look_firefox(run, e->path); break;
		case HOSTS: look_docs(run, e->path, VT_BROWSER_HOST, "native-host"); break;
		case POLICIES: look_docs(run, e->path, VT_BROWSER_POLICY, "policy"); break;
		case EXTERNAL: look_docs(run, e->path, VT_BROWSER_EXTERNAL, "external"); break;
		case XPIS: look_names(run, e->path); break;
		case SAFARI: look_bundles(run, e->path); break;
		case POLICY:
		default: break;
		}
	}
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_BROWSERS}};
	struct vt_look_entry *in;
	struct vt_home *h;

	*out_state = NULL;
	for (size_t i = 0; i < VT_COUNT(places); i++)
		look_place(&run, &places[i], places[i].glob);
	for (h = vt_look_homes(&run.l); h; h = h->next) {
		if (vt_look_folder(&run.l, h->path, &in))
			vt_look_source(&run.l, "places below", h->path);
		for (size_t i = 0; i < VT_COUNT(home_places); i++)
			if (!memchr(h->path.p, '*', h->path.n))
				look_place(&run, &home_places[i],
					vt_look_printf(&run.l, "%.*s%s", (int)h->path.n,
						(const char *)h->path.p, home_places[i].glob));
	}
	vt_buf_free(&run.text);
	return VT_OK;
}

const struct vt_collector vt_collector_browsers = {
	.name = "browsers", .area = VT_AREA_BROWSERS, .start = start};
