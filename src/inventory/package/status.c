/* SPDX-License-Identifier: Apache-2.0 */
/* States of packages (dpkg(1); opkg's are the same words in the third place). */
#include "inventory/package/status.h"

#include <strings.h>

#include "base/num.h"

#define WORDS 3u

static const char *const wanted[] = {"unknown", "install", "hold", "deinstall", "purge"};
static const char *const order[] = {"ok", "reinstreq", "hold", "hold-reinstreq"};
static const struct {
	const char *word;
	bool files;
} states[] = {
	{"not-installed", false},
	{"config-files", false},
	{"half-installed", true},
	{"unpacked", true},
	{"half-configured", true},
	{"triggers-awaited", true},
	{"triggers-pending", true},
	{"installed", true},
};

static bool is_word(vt_span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* How many words there are, the first three in out[]. */
static size_t split(vt_span s, vt_span out[WORDS])
{
	size_t n = 0, at = 0, from;

	while (at < s.n) {
		while (at < s.n && strchr(" \t\r\n", s.p[at]) && s.p[at])
			at++;
		from = at;
		while (at < s.n && !(strchr(" \t\r\n", s.p[at]) && s.p[at]))
			at++;
		if (at == from)
			break;
		if (n < WORDS)
			out[n] = vt_span_of(s.p + from, at - from);
		n++;
	}
	return n;
}

static bool is_one_of(vt_span s, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_word(s, v[i]))
			return true;
	return false;
}

bool vt_dpkg_status_known(vt_span status)
{
	vt_span w[WORDS];

	if (split(status, w) != WORDS || !is_one_of(w[0], wanted, VT_COUNT(wanted)) ||
		!is_one_of(w[1], order, VT_COUNT(order)))
		return false;
	for (size_t i = 0; i < VT_COUNT(states); i++)
		if (is_word(w[2], states[i].word))
			return true;
	return false;
}

bool vt_dpkg_unlisted(vt_span status)
{
	vt_span w[WORDS];

	return split(status, w) == WORDS && is_word(w[2], "half-installed");
}

bool vt_package_installed(vt_span manager, vt_span status)
{
	vt_span w[WORDS];

	if (!is_word(manager, "dpkg") && !is_word(manager, "opkg"))
		return true;
	if (split(status, w) != WORDS)
		return true;
	for (size_t i = 0; i < VT_COUNT(states); i++)
		if (is_word(w[2], states[i].word))
			return states[i].files;
	return true;
}
