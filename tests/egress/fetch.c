/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch: requests through a vitrine-updater, for the tests. Each line of standard input is "get MAX
 * URL", "post MAX URL TYPE FILE" or "site MAX PLACE PATH"; each answer "STATUS BYTES SHA256" or
 * "error NAME WHY".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "site/fetcher.h"
#include "site/site.h"

#define ANSWER_MAX ((size_t)1 << 30)

static void say(vt_err e, const char *why, unsigned status, const vt_buf *out)
{
	uint8_t digest[32];

	if (e) {
		printf("error %d %s\n", (int)e, why);
	} else {
		vt_sha256(vt_buf_span(out), digest);
		printf("%u %zu ", status, out->n);
		for (size_t i = 0; i < sizeof digest; i++)
			printf("%02x", digest[i]);
		putchar('\n');
	}
	(void)fflush(stdout);
}

static vt_err read_file(const char *path, vt_buf *out)
{
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;
	vt_err e = f ? VT_OK : VT_EIO;

	while (!e && (n = fread(piece, 1, sizeof piece, f)))
		e = vt_buf_add(out, piece, n);
	if (f)
		(void)fclose(f);
	return e;
}

static void run_site(struct vt_fetcher *f, const char *place, const char *path, size_t max)
{
	vt_buf out = VT_BUF_INIT(ANSWER_MAX);
	struct vt_site *s = NULL;
	vt_err e = vt_site_open(place, f, &s);

	if (e) {
		say(e, "open", 0, &out);
		return;
	}
	e = vt_site_get(s, path, max, &out);
	say(e, vt_site_why(s), 200, &out);
	vt_site_close(s);
	vt_buf_free(&out);
}

static void run_line(struct vt_fetcher *f, char *line)
{
	char *word[5] = {0}, *save = NULL;
	vt_buf out = VT_BUF_INIT(ANSWER_MAX), body = VT_BUF_INIT(ANSWER_MAX);
	unsigned status = 0;
	vt_err e = VT_EARG;

	for (size_t i = 0; i < 5; i++)
		word[i] = strtok_r(i ? NULL : line, " \n", &save);
	if (word[2] && strcmp(word[0], "get") == 0)
		e = vt_fetcher_get(f, word[2], strtoul(word[1], NULL, 10), &status, &out);
	else if (word[4] && strcmp(word[0], "post") == 0 && !read_file(word[4], &body))
		e = vt_fetcher_post(f, word[2], word[3], vt_buf_span(&body),
			strtoul(word[1], NULL, 10), &status, &out);
	if (word[3] && strcmp(word[0], "site") == 0)
		run_site(f, word[2], word[3], strtoul(word[1], NULL, 10));
	else
		say(e, vt_fetcher_why(f), status, &out);
	vt_buf_free(&out);
	vt_buf_free(&body);
}

int main(int argc, char **argv)
{
	struct vt_fetcher_config c = {0};
	struct vt_fetcher *f;
	static char line[8192];

	if (argc < 5) {
		fputs("usage: fetch UPDATER LEDGER TIMEOUT_MS SLOWEST [CERTIFICATES]\n", stderr);
		return 2;
	}
	c.updater = argv[1];
	c.ledger = argv[2];
	c.timeout_ms = (uint32_t)strtoul(argv[3], NULL, 10);
	c.slowest = (uint32_t)strtoul(argv[4], NULL, 10);
	c.certificates = argc > 5 ? argv[5] : NULL;
	if (vt_fetcher_start(&c, &f))
		return 2;
	while (fgets(line, sizeof line, stdin))
		run_line(f, line);
	vt_fetcher_stop(f);
	return 0;
}
