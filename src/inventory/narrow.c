/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/narrow.h"

#include <string.h>

#include "base/num.h"

#define GLOB_MAX 512
#define STARS_MAX 8
#define TELLING 3 /* bytes in a row that make a name a name */

/* Names that anybody's folders and files have. */
static const char *const general[] = {"home", "root", "usr", "opt", "srv", "var", "etc", "tmp",
	"mnt", "media", "bin", "sbin", "lib", "lib32", "lib64", "libexec", "share", "local", "log",
	"logs", "run", "cache", "spool", "mail", "www", "html", "backup", "backups", "boot", "dev",
	"proc", "sys", "data", "doc", "docs", "man", "src", "include", "games", "users",
	"documents", "desktop", "downloads", "pictures", "music", "videos", "public", "templates",
	"program files", "program files (x86)", "programdata", "windows", "system32", "syswow64",
	"drivers", "appdata", "roaming", "locallow", "library", "applications", "volumes",
	"application support", "preferences", "caches", "containers", "private", "network",
	"system", "systemd", "units", "modules", "kernel", "config", "conf", ".config", ".cache",
	".local", ".ssh", ".gnupg", "extensions", "default", "profile", "profiles", "readme",
	"readme.md", "readme.txt", "license", "copying", "changelog", "makefile", "index.html",
	"main", "index", "setup", "install", "test", "tests", "core", "image", "file", "files",
	"folder", "archive", "version", "temp", "new", "old", "node_modules", "site-packages",
	"vendor", "dist", "build", "target", "out", ".git"};

/* What people write, photograph or are sent. */
static const char *const documents[] = {".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx",
	".odt", ".ods", ".odp", ".rtf", ".txt", ".md", ".csv", ".eml", ".msg", ".mbox", ".pst",
	".ics", ".vcf", ".jpg", ".jpeg", ".png", ".gif", ".heic", ".tif", ".tiff", ".mp3", ".mp4",
	".mov", ".avi", ".key", ".pem", ".kdbx", ".wallet", ".gpg", ".asc", ".html", ".htm", ".tex",
	".epub", ".pages", ".numbers", ".zip", ".gz", ".7z", ".rar"};

static const char *const units[] = {"ssh", "sshd", "dbus", "dbus-broker", "cron", "crond",
	"rsyslog", "auditd", "getty", "network", "networking", "networkmanager", "udev", "init",
	"rescue", "emergency", "multi-user", "graphical", "basic", "sysinit", "local-fs", "default",
	"sockets", "timers", "shutdown", "reboot", "docker", "containerd", "polkit", "nftables",
	"iptables", "ufw", "firewalld", "apparmor", "clamav-daemon", "vitrine"};

static const char *const accounts[] = {"root", "daemon", "bin", "sys", "sync", "games", "man", "lp",
	"mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc", "nobody", "nogroup",
	"adm", "sudo", "wheel", "users", "staff", "shadow", "utmp", "disk", "tty", "audio", "video",
	"plugdev", "netdev", "systemd-network", "systemd-resolve", "messagebus", "sshd", "docker",
	"lxd", "kvm", "administrator", "administrators", "system", "guest"};

static const char *const empty_files[] = {"d41d8cd98f00b204e9800998ecf8427e",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same(vt_span s, const char *word)
{
	size_t n = strlen(word);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static bool is_in(vt_span s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same(s, words[i]))
			return true;
	return false;
}

static bool wild(uint8_t c)
{
	return c == '*' || c == '?' || c == '[';
}

static bool has_wild(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (wild(s.p[i]))
			return true;
	return false;
}

/* The most letters, digits or other bytes beyond ASCII in a row that are fixed. */
static size_t longest(vt_span g)
{
	size_t run = 0, best = 0;

	for (size_t i = 0; i < g.n; i++) {
		uint8_t c = g.p[i];

		if (c == '[') {
			/* what a set leaves open is never fixed */
			while (i < g.n && g.p[i] != ']')
				i++;
			run = 0;
			continue;
		}
		if ((lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
			run++;
		else if (wild(c))
			run = 0;
		best = run > best ? run : best;
	}
	return best;
}

static const char *shape(vt_span g)
{
	size_t stars = 0;

	for (size_t i = 0; i < g.n; i++)
		stars += g.p[i] == '*';
	if (g.n > GLOB_MAX)
		return "a glob longer than 512 bytes";
	if (stars > STARS_MAX)
		return "a glob with more than 8 '*'";
	return NULL;
}

/* Does the component of a path name something? "*.so" and "share" do not. */
static bool telling(vt_span c)
{
	size_t i = 0;

	while (i < c.n && wild(c.p[i]))
		i++;
	if (i > 0 && i < c.n && c.p[i] == '.')
		return false;
	return longest(c) >= TELLING && !is_in(c, general, VT_COUNT(general));
}

static bool is_document(vt_span s)
{
	for (size_t i = 0; i < VT_COUNT(documents); i++) {
		size_t n = strlen(documents[i]);

		if (s.n >= n && same(vt_span_of(s.p + s.n - n, n), documents[i]))
			return true;
	}
	return false;
}

static const char *file_name(vt_span g)
{
	if (!telling(g))
		return "a name that anybody's files may have";
	return is_document(g) ? "it looks for documents, not for programs" : NULL;
}

/* The component that begins at *io_at; moves behind its '/'. */
static vt_span component(vt_span path, size_t *io_at)
{
	size_t from = *io_at, i = from;

	while (i < path.n && path.p[i] != '/')
		i++;
	*io_at = i + 1;
	return vt_span_of(path.p + from, i - from);
}

static bool is_home(vt_span c)
{
	return same(c, "home") || same(c, "users");
}

static const char *file_path(vt_span g)
{
	bool tells = false, home = false;
	vt_span c = {0};
	size_t at = 0;

	if (g.p[0] != '/' && !vt_span_at(g, 0, "*/", 2))
		return "a path begins with '/' or \"*/\"";
	while (at < g.n) {
		c = component(g, &at);
		if (home && c.n && !has_wild(c))
			return "it names one person's folder";
		home = is_home(c);
		tells = tells || telling(c);
	}
	if (!tells)
		return "it names no product's folder or file: anybody's files may be there";
	return is_document(c) ? "it looks for documents, not for programs" : NULL;
}

static const char *digest(vt_span g, size_t least, size_t most)
{
	for (size_t i = 0; i < g.n; i++)
		if (!((g.p[i] >= '0' && g.p[i] <= '9') || (g.p[i] >= 'a' && g.p[i] <= 'f')))
			return "not lower-case hexadecimal digits";
	if (g.n < least || g.n > most)
		return "not as many hexadecimal digits as it has";
	return is_in(g, empty_files, VT_COUNT(empty_files)) ? "the hash of an empty file" : NULL;
}

bool vt_narrow_identifies(enum vt_attr attr)
{
	static const enum vt_attr of[] = {VT_ATTR_NAME, VT_ATTR_PATH, VT_ATTR_SHA256,
		VT_ATTR_SONAME, VT_ATTR_BUILD_ID, VT_ATTR_SIGNER, VT_ATTR_SIGNER_ORG,
		VT_ATTR_TEAM_ID, VT_ATTR_COMPANY, VT_ATTR_PRODUCT, VT_ATTR_ORIGINAL, VT_ATTR_CN,
		VT_ATTR_ORG, VT_ATTR_FINGERPRINT, VT_ATTR_ID, VT_ATTR_COMMAND, VT_ATTR_VENDOR,
		VT_ATTR_KEY, VT_ATTR_VALUE, VT_ATTR_PURL, VT_ATTR_CPE};

	for (size_t i = 0; i < VT_COUNT(of); i++)
		if (of[i] == attr)
			return true;
	return false;
}

const char *vt_narrow_term(enum vt_fact_kind kind, enum vt_attr attr, vt_span g)
{
	bool file = kind == VT_FACT_FILE || kind == VT_FACT_EXECUTABLE || kind == VT_FACT_PROCESS;
	const char *why = attr == VT_ATTR_CPE ? vt_narrow_cpe(g) : shape(g);

	if (why || !vt_narrow_identifies(attr) || attr == VT_ATTR_CPE)
		return why;
	if (attr == VT_ATTR_SHA256 || attr == VT_ATTR_FINGERPRINT)
		return digest(g, 64, 64);
	if (attr == VT_ATTR_BUILD_ID)
		return digest(g, 16, 128);
	if (attr == VT_ATTR_PATH)
		return file_path(g);
	if (attr == VT_ATTR_PURL)
		return vt_narrow_purl(g);
	if (file && attr == VT_ATTR_NAME)
		return file_name(g);
	return longest(g) < TELLING ? "fewer than 3 fixed letters or digits in a row" : NULL;
}

const char *vt_narrow_folder_name(vt_span g)
{
	const char *why = shape(g);

	for (size_t i = 0; i < g.n && !why; i++)
		if (g.p[i] == '/')
			why = "a name in a folder has no '/'";
	if (why)
		return why;
	/* an extension is fine here: it is one sign of several */
	if (longest(g) < TELLING || is_in(g, general, VT_COUNT(general)))
		return "a name that anybody's files may have";
	return is_document(g) ? "it looks for documents, not for programs" : NULL;
}

const char *vt_narrow_prefix(vt_span path)
{
	vt_span c = {0};
	size_t at = 1, n = 0;

	if (path.p[0] != '/' || path.p[path.n - 1] == '/' || has_wild(path) || path.n > GLOB_MAX)
		return "not an absolute path without '*', '?', '[' and a '/' at its end";
	while (at < path.n) {
		c = component(path, &at);
		if (c.n == 0 || same(c, ".") || same(c, ".."))
			return "a path with an empty, \".\" or \"..\" component";
		if (n == 0 && (is_home(c) || same(c, "root")))
			return "a product's folder is not in people's folders";
		n++;
	}
	return n < 2 || !telling(c) ? "a folder that is not one product's own" : NULL;
}

const char *vt_narrow_unit(vt_span name)
{
	vt_span stem = name;

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '.' || name.p[i] == '@')
			stem.n = i < stem.n ? i : stem.n;
	if (has_wild(name) || longest(name) < TELLING || vt_span_at(name, 0, "-", 1))
		return "not the name of one unit";
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '/' || name.p[i] == ' ')
			return "not the name of one unit";
	if (is_in(stem, units, VT_COUNT(units)) || vt_span_at(name, 0, "systemd", 7))
		return "a unit that the system itself needs";
	return NULL;
}

const char *vt_narrow_account(vt_span name)
{
	if (has_wild(name) || longest(name) < TELLING || vt_span_at(name, 0, "-", 1))
		return "not the name of one user or group";
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ':' || name.p[i] == '/' || name.p[i] == ' ')
			return "not the name of one user or group";
	return is_in(name, accounts, VT_COUNT(accounts)) ? "an account of the system itself" : NULL;
}

const char *vt_narrow_products(vt_span g)
{
	size_t i = 0;

	while (i < g.n && !wild(g.p[i]))
		i++;
	if (shape(g))
		return shape(g);
	return longest(vt_span_of(g.p, i)) < TELLING
		? "it must begin with 3 fixed letters or digits in a row"
		: NULL;
}

const char *vt_narrow_alias(vt_span alias)
{
	if (shape(alias))
		return shape(alias);
	return longest(alias) < TELLING ? "fewer than 3 fixed letters or digits in a row" : NULL;
}

/* cpe:2.3:<part>:<vendor>:<product>...: a vendor at least. */
const char *vt_narrow_cpe(vt_span cpe)
{
	size_t at = 8, end;

	if (!vt_span_at(cpe, 0, "cpe:2.3:", 8) || cpe.n < 11 || cpe.p[9] != ':')
		return "not a name of CPE 2.3";
	at = 10;
	for (end = at; end < cpe.n && cpe.p[end] != ':'; end++)
		;
	if (longest(vt_span_of(cpe.p + at, end - at)) < TELLING)
		return "a CPE name must say the vendor";
	return cpe.n > GLOB_MAX ? "a CPE name longer than 512 bytes" : NULL;
}

/* pkg:<type>/...: a name at least. */
const char *vt_narrow_purl(vt_span purl)
{
	size_t at;

	if (!vt_span_at(purl, 0, "pkg:", 4) || !vt_span_find(purl, 4, "/", 1, &at))
		return "not a package URL";
	if (longest(vt_span_of(purl.p + at, purl.n - at)) < TELLING)
		return "a package URL must say the name";
	return shape(purl);
}
