/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clamav-lines FILE...: what the front end makes of each line, as text. For tests/oracle/accept.py
 * and for looking at a signature; with -q only counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/clamav/clamav.h"
#include "compile/clamav/fake_builder.h"

static bool read_file(const char *path, vt_buf *out)
{
	FILE *f = fopen(path, "rb");
	vt_err err = VT_OK;
	size_t n = 1;

	if (!f)
		return false;
	while (!err && n) {
		err = vt_buf_reserve(out, 1 << 20);
		if (err)
			break;
		n = fread(out->p + out->n, 1, 1 << 20, f);
		out->n += n;
	}
	(void)fclose(f);
	return !err;
}

int main(int argc, char **argv)
{
	struct vt_builder *b;
	int status = 0;

	if (vt_builder_new(&b))
		return 2;
	for (int i = 1; i < argc; i++) {
		vt_buf text = VT_BUF_INIT((size_t)4 << 30);
		vt_err err = VT_EIO;

		if (strcmp(argv[i], "-q") == 0) {
			b->quiet = true;
			continue;
		}
		if (read_file(argv[i], &text))
			err = vt_clamav_compile(b, vt_span_str(argv[i]), vt_buf_span(&text));
		if (err) {
			(void)fprintf(stderr, "%s: %s\n", argv[i], vt_err_text(err));
			status = 2;
		}
		(void)fwrite(b->log.p, 1, b->log.n, stdout);
		vt_buf_clear(&b->log);
		vt_buf_free(&text);
	}
	printf("rules %zu hashes %zu members %zu ignored %zu aside %zu\n", b->rules, b->hashes,
		b->containers, b->ignores, b->asides);
	vt_builder_free(b);
	return status;
}
