/* SPDX-License-Identifier: Apache-2.0 */
/* A small image takes back lines of a large one and adds others; scans see both as one set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "engine/db/db.h"
#include "fixture.h"

/* MD5 of "allowed one" and of "evil file" stand in the hash lists. */
#define EVIL_LINE "%s:9:Hash.Evil"
#define BODY_LINE "Body.Old:0:*:6f6c642d6d61726b6572"          /* old-marker */
#define LOGIC_LINE "Logic.Old;Target:0;0;6c6f6769632d6d61726b" /* logic-mark */
#define KEPT_LINE "Body.Kept:0:*:6b6570742d6d61726b6572"       /* kept-marker */
#define NEW_LINE "Body.New:0:*:6e65772d6d61726b6572"           /* new-marker */

struct images {
	uint8_t *bytes[2];
	struct vt_db *dbs[2];
	size_t n;
	struct vt_scanner *scanner;
	struct vt_report report;
};

static void hex_of(const uint8_t *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* "<set> <SHA-256 of the line>", as a .withdrawn file has it. */
static void withdraw(char *out, size_t size, const char *set, const char *line)
{
	uint8_t sum[32];
	char hex[65];

	vt_sha256(vt_span_str(line), sum);
	hex_of(sum, sizeof sum, hex);
	snprintf(out + strlen(out), size - strlen(out), "%s %s\n", set, hex);
}

static void open_images(struct images *im, const struct set *base, size_t nbase,
	const struct set *delta, size_t ndelta)
{
	const struct set *sets[] = {base, delta};
	const size_t counts[] = {nbase, ndelta};
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};

	*im = (struct images){0};
	for (size_t i = 0; i < 2 && counts[i]; i++) {
		size_t size;

		im->bytes[i] = make_image(sets[i], counts[i], &size);
		assert_int_equal(vt_db_open(vt_span_of(im->bytes[i], size), &im->dbs[i]), VT_OK);
		im->n++;
	}
	vt_report_init(&im->report);
	assert_int_equal(
		vt_scanner_new((const struct vt_db *const *)im->dbs, im->n, &o, &im->scanner),
		VT_OK);
}

static void close_images(struct images *im)
{
	vt_report_free(&im->report);
	vt_scanner_free(im->scanner);
	for (size_t i = 0; i < im->n; i++) {
		vt_db_close(im->dbs[i]);
		free(im->bytes[i]);
	}
}

static size_t detections(struct images *im, const char *text)
{
	struct vt_input in = {.bytes = vt_span_str(text)};

	vt_report_reset(&im->report);
	assert_int_equal(vt_scan(im->scanner, &in, &im->report), VT_OK);
	return im->report.ndetections;
}

static void test_delta(void **state)
{
	char evil[64], allow[64], md5[33], withdrawn[1024] = "";
	uint8_t sum[16];
	struct images im;
	struct set base[] = {
		{"main/a.hdb", evil},
		{"main/b.ndb", BODY_LINE "\n" KEPT_LINE "\n"},
		{"main/c.ldb", LOGIC_LINE "\n"},
		{"main/d.fp", allow},
	};
	struct set delta[] = {{"delta.withdrawn", withdrawn}, {"main/b.ndb", NEW_LINE "\n"}};

	(void)state;
	vt_md5(vt_span_str("evil file"), sum);
	hex_of(sum, sizeof sum, md5);
	snprintf(evil, sizeof evil, EVIL_LINE "\n", md5);
	vt_md5(vt_span_str("kept-marker allowed"), sum);
	hex_of(sum, sizeof sum, md5);
	snprintf(allow, sizeof allow, "%s:19:Allow.One\n", md5);

	open_images(&im, base, VT_COUNT(base), NULL, 0);
	assert_int_equal(detections(&im, "evil file"), 1);
	assert_int_equal(detections(&im, "an old-marker"), 1);
	assert_int_equal(detections(&im, "a logic-mark"), 1);
	assert_int_equal(detections(&im, "a kept-marker"), 1);
	assert_int_equal(detections(&im, "a new-marker"), 0);
	assert_int_equal(detections(&im, "kept-marker allowed"), 0);
	close_images(&im);

	evil[strlen(evil) - 1] = 0;
	withdraw(withdrawn, sizeof withdrawn, "main/a.hdb", evil);
	evil[strlen(evil)] = '\n';
	withdraw(withdrawn, sizeof withdrawn, "main/b.ndb", BODY_LINE);
	withdraw(withdrawn, sizeof withdrawn, "main/c.ldb", LOGIC_LINE);
	/* the same text in a set of another name stays */
	withdraw(withdrawn, sizeof withdrawn, "other/b.ndb", KEPT_LINE);
	allow[strlen(allow) - 1] = 0;
	withdraw(withdrawn, sizeof withdrawn, "main/d.fp", allow);
	allow[strlen(allow)] = '\n';

	open_images(&im, base, VT_COUNT(base), delta, VT_COUNT(delta));
	assert_int_equal(detections(&im, "evil file"), 0);
	assert_int_equal(detections(&im, "an old-marker"), 0);
	assert_int_equal(detections(&im, "a logic-mark"), 0);
	assert_int_equal(detections(&im, "a kept-marker"), 1);
	assert_int_equal(detections(&im, "a new-marker"), 1);
	assert_int_equal(detections(&im, "kept-marker allowed"), 1);
	close_images(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_delta)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
