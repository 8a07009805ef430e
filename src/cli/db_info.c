/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine db info and verify: what an image is, as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "cli/compile.h"
#include "cli/db.h"
#include "cli/text.h"
#include "os/fd.h"

#define INFO "vitrine db info"
#define VERIFY "vitrine db verify"

struct settings {
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table info_table = {
	.command = INFO,
	.usage = "Usage: vitrine db info [OPTION]... [DATABASE]...\n"
		 "Shows what databases hold: images, signature files or folders; without one, what"
		 " 'vitrine scan'\nuses.\n",
	.options = options,
	.count = VT_COUNT(options),
};
static const struct vt_option_table verify_table = {
	.command = VERIFY,
	.usage = "Usage: vitrine db verify IMAGE...\n"
		 "Reads every byte of an image and compares its checksums.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 whole, 2 damaged or not an image.\n",
};

static void put_hex(FILE *f, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x", p[i]);
}

static void put_digest(FILE *f, vt_span image)
{
	uint8_t digest[32];

	if (vt_db_content_digest(image, digest) == VT_OK)
		put_hex(f, digest, sizeof digest);
}

static void count_asides(const struct vt_db *db, uint64_t out[VT_WIRE_ASIDE_KINDS])
{
	memset(out, 0, VT_WIRE_ASIDE_KINDS * sizeof *out);
	for (uint32_t i = 0; i < db->asides.n; i++) {
		const struct vt_image_aside *a = vt_db_aside(db, i);

		if (a && a->what < VT_WIRE_ASIDE_KINDS)
			out[a->what]++;
	}
}

static void print_human(const struct vt_db *db)
{
	uint64_t asides[VT_WIRE_ASIDE_KINDS];
	char buf[VT_NUMBER_MAX];

	fputs("content     sha256:", stdout);
	put_digest(stdout, db->image);
	printf("\nsize        %s\nversion     %u\n", vt_format_bytes((double)db->image.n, buf),
		VT_IMAGE_VERSION);
	for (unsigned i = 0; i < VT_COUNT_KINDS; i++)
		if (db->counts[i])
			printf("%12s  %s\n", vt_format_count(db->counts[i], buf), vt_count_name(i));
	fputs("set aside   ", stdout);
	count_asides(db, asides);
	puts(vt_put_asides(stdout, asides) ? " lines" : "nothing");
	puts("\n       lines        rules    set aside  set");
	for (uint32_t i = 0; i < db->sets.n; i++) {
		const struct vt_image_set *s = vt_db_set(db, i);

		if (!s)
			break;
		printf("%12s ", vt_format_count(s->lines, buf));
		printf("%12s ", vt_format_count(s->rules, buf));
		printf("%12s  ", vt_format_count(s->asides, buf));
		vt_put_visible(stdout, vt_db_set_name(db, s));
		putchar('\n');
	}
}

static void print_json(const struct vt_db *db)
{
	uint64_t asides[VT_WIRE_ASIDE_KINDS];

	printf("{\"schema\":\"vitrine.db-info/"
	       "1\",\"version\":%u,\"bytes\":%zu,\"content\":\"sha256:",
		VT_IMAGE_VERSION, db->image.n);
	put_digest(stdout, db->image);
	fputs("\",\"counts\":{", stdout);
	for (unsigned i = 0; i < VT_COUNT_KINDS; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", vt_count_name(i), db->counts[i]);
	fputs("},\"set_aside\":{", stdout);
	count_asides(db, asides);
	for (unsigned i = 0; i < VT_WIRE_ASIDE_KINDS; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", vt_aside_word(i), asides[i]);
	fputs("},\"sets\":[", stdout);
	for (uint32_t i = 0; i < db->sets.n; i++) {
		const struct vt_image_set *s = vt_db_set(db, i);

		if (!s)
			break;
		fputs(i ? ",\n{\"name\":" : "\n{\"name\":", stdout);
		vt_put_json(stdout, vt_db_set_name(db, s));
		printf(",\"lines\":%" PRIu32 ",\"rules\":%" PRIu32 ",\"set_aside\":%" PRIu32
		       ",\"bytes\":%" PRIu64 ",\"sha256\":\"",
			s->lines, s->rules, s->asides, s->bytes);
		put_hex(stdout, s->sha256, sizeof s->sha256);
		fputs("\"}", stdout);
	}
	puts("\n]}");
}

int vt_db_cmd_info(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	struct vt_db_views views = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&info_table, argc, argv, &s, &paths);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && vt_db_views_open(&views, INFO, &paths, false) == VT_OK) {
		for (size_t i = 0; i < views.n; i++) {
			if (i && !s.format)
				putchar('\n');
			(s.format ? print_json : print_human)(views.v[i].db);
		}
		status = VT_EXIT_CLEAN;
	}
	vt_db_views_close(&views);
	vt_strings_free(&paths);
	return status;
}

static vt_err verify(const char *path, bool json)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct vt_db_view view = {0};
	vt_err e = VT_EIO;

	if (fd < 0)
		fprintf(stderr, VERIFY ": %s: %s\n", path, strerror(errno));
	else
		e = vt_db_view_open(&view, fd, VERIFY, path);
	if (!e) {
		e = vt_db_verify(view.map);
		if (e)
			fprintf(stderr, VERIFY ": %s: %s\n", path, vt_err_text(e));
	}
	if (json) {
		fputs("{\"schema\":\"vitrine.db-verify/1\",\"path\":", stdout);
		vt_put_json(stdout, vt_span_str(path));
		printf(",\"whole\":%s}\n", e ? "false" : "true");
	} else if (!e) {
		vt_put_visible(stdout, vt_span_str(path));
		fputs(": whole, sha256:", stdout);
		put_digest(stdout, view.map);
		putchar('\n');
	}
	vt_db_view_close(&view);
	vt_fd_close(fd);
	return e;
}

int vt_db_cmd_verify(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	int status = VT_EXIT_CLEAN;
	vt_err e = vt_options_parse(&verify_table, argc, argv, &s, &paths);

	if (e != VT_END && (e || paths.n == 0)) {
		if (!e)
			fputs(VERIFY ": give at least one IMAGE\n", stderr);
		status = VT_EXIT_ERROR;
	}
	for (size_t i = 0; !e && i < paths.n; i++)
		if (verify(paths.v[i], s.format))
			status = VT_EXIT_ERROR;
	vt_strings_free(&paths);
	return status;
}
