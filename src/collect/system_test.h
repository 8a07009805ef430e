/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the system's collectors share: a tree in the scratch folder, and what was said.
 */
#ifndef VT_COLLECT_SYSTEM_TEST_H
#define VT_COLLECT_SYSTEM_TEST_H

#include "tree/tree_test.h"

#include <jansson.h>

#include "base/num.h"
#include "collect/fake_collect.h"

/* Runs the collectors over a folder, one after the other; free with fake_collect_free(). */
static struct vt_collect *run_all(
	const char *folder, const struct vt_collector *const *v, size_t n, bool live)
{
	struct vt_tree *t = open_folder(folder, true);
	struct vt_collect *c = fake_collect(t);

	json_object_seed(1);
	c->live = live;
	c->loci = true;
	c->text.max = (size_t)256 << 20;
	c->arena.max = (size_t)1 << 30;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fake_run(c, v[i]), VT_OK);
		vt_arena_reset(&c->arena);
	}
	(void)!vt_buf_add(&c->text, "", 1);
	vt_tree_free(t);
	return c;
}

static struct vt_collect *run_over(
	const char *folder, const struct vt_collector *collector, bool live)
{
	return run_all(folder, &collector, 1, live);
}

/* True if there is a line with all of these words in it, NULL at the end. */
static bool says_all(const struct vt_collect *c, const char *const *words)
{
	const char *line = (const char *)c->text.p;

	while (line && *line) {
		const char *end = strchr(line, '\n');
		size_t n = end ? (size_t)(end - line) : strlen(line);
		bool all = true;

		for (const char *const *w = words; *w && all; w++)
			all = memmem(line, n, *w, strlen(*w)) != NULL;
		if (all)
			return true;
		line += n + (end != NULL);
	}
	return false;
}
#define SAYS(c, ...) says_all((c), (const char *const[]){__VA_ARGS__, NULL})

static void show(const struct vt_collect *c)
{
	(void)fprintf(stderr, "%s\n", c->text.p ? (const char *)c->text.p : ""); /* cmocka's cuts */
}
#define ASSERT_SAYS(c, ...)                                                                        \
	do {                                                                                       \
		if (!SAYS(c, __VA_ARGS__)) {                                                       \
			show(c);                                                                   \
			fail_msg("nothing says %s", #__VA_ARGS__);                                 \
		}                                                                                  \
	} while (0)
#define ASSERT_SILENT(c, ...)                                                                      \
	do {                                                                                       \
		if (SAYS(c, __VA_ARGS__)) {                                                        \
			show(c);                                                                   \
			fail_msg("something says %s", #__VA_ARGS__);                               \
		}                                                                                  \
	} while (0)

/* Writes a file of the scratch folder, with the folders that it is in. */
static void put(const char *path, const void *p, size_t n)
{
	char copy[4096];
	int fd;

	(void)snprintf(copy, sizeof copy, "%s", path);
	for (char *s = copy; (s = strchr(s, '/')); *s++ = '/') {
		*s = 0;
		if (s != copy)
			(void)mkdir(copy, 0755);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(vt_fd_write(fd, p, n), VT_OK);
	vt_fd_close(fd);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

#endif
