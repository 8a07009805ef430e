/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of trees share: a scratch folder, programs that are run, walks that are noted. */
#ifndef VT_TREE_TREE_TEST_H
#define VT_TREE_TREE_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "tree/tree.h"

#pragma GCC diagnostic ignored "-Wunused-function"

static char scratch[64];
static char *home;

/* Runs a shell's command in the scratch folder; its exit status. */
static int shell(const char *command)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
		execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int scratch_begin(void **state)
{
	(void)state;
	(void)snprintf(scratch, sizeof scratch, "/tmp/vt-tree-XXXXXX");
	home = getcwd(NULL, 0);
	return mkdtemp(scratch) && chdir(scratch) == 0 ? 0 : -1;
}

static int scratch_end(void **state)
{
	char command[256];

	(void)state;
	(void)snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", scratch, scratch);
	if (home && chdir(home) != 0)
		return -1;
	free(home);
	return shell(command);
}

static struct vt_tree *open_folder(const char *path, bool cross)
{
	struct vt_tree *t = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(vt_tree_folder(fd, cross, &t), VT_OK);
	return t;
}

/* What a walk met: lines "f /a/b", "h" for what is hidden, "! reason /path". */
struct notes {
	vt_buf text;
	size_t entries, folders, misses, left;
	size_t longest;
};

static vt_err note_entry(void *ctx, const struct vt_visit *v)
{
	static const char letters[] = "fdlo";
	struct notes *n = ctx;

	n->entries++;
	n->folders += v->node->type == VT_NODE_FOLDER;
	if (v->path.n > n->longest)
		n->longest = v->path.n;
	assert_int_equal(v->path.p[v->path.n], 0);
	assert_true(v->name.n && v->name.p + v->name.n == v->path.p + v->path.n);
	if (v->path.n < 4000)
		(void)!vt_buf_addf(&n->text, "%c%s %.*s\n", letters[v->node->type],
			v->node->hidden ? "h" : "", (int)v->path.n, (const char *)v->path.p);
	return VT_OK;
}

static vt_err note_leave(void *ctx, vt_span path)
{
	struct notes *n = ctx;

	(void)path;
	n->left++;
	return VT_OK;
}

static void note_missed(void *ctx, vt_span path, enum vt_miss why)
{
	struct notes *n = ctx;

	n->misses++;
	(void)!vt_buf_addf(&n->text, "! %s %.*s\n", vt_miss_word(why),
		path.n < 4000 ? (int)path.n : 10, (const char *)path.p);
}

static void notes_free(struct notes *n)
{
	vt_buf_free(&n->text);
	*n = (struct notes){0};
}

static void walk_notes(struct vt_tree *t, const char *from, struct notes *n)
{
	struct vt_walk_fns fns = {
		.entry = note_entry, .leave = note_leave, .missed = note_missed, .ctx = n};

	*n = (struct notes){.text = {.max = 64u << 20}};
	assert_int_equal(vt_tree_walk(t, vt_span_str(from), &fns), VT_OK);
}

static bool has_line(const struct notes *n, const char *line)
{
	const char *at = n->text.p ? (const char *)n->text.p : "";
	size_t len = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == (const char *)n->text.p || at[-1] == '\n') && at[len] == '\n')
			return true;
		at++;
	}
	return false;
}

/* The file's text, or its error as "error 3". */
static const char *text_of(struct vt_tree *t, const char *path)
{
	static char text[4097];
	vt_buf b = VT_BUF_INIT(4096);
	vt_err e = vt_tree_read(t, vt_span_str(path), &b);

	if (e)
		(void)snprintf(text, sizeof text, "error: %s", vt_err_text(e));
	else
		(void)snprintf(text, sizeof text, "%.*s", (int)b.n, b.p ? (const char *)b.p : "");
	vt_buf_free(&b);
	return text;
}

static vt_err stat_of(struct vt_tree *t, const char *path, bool follow, struct vt_node *out)
{
	return vt_tree_stat(t, vt_span_str(path), follow, out);
}

static vt_err note_name(void *ctx, vt_span name, const struct vt_node *node)
{
	(void)node;
	return vt_buf_addf(ctx, "%.*s ", (int)name.n, (const char *)name.p);
}

/* The names of a folder with spaces between, or the error. */
static const char *names_of(struct vt_tree *t, const char *path)
{
	static char text[4097];
	vt_buf b = VT_BUF_INIT(4096);
	vt_err e = vt_tree_list(t, vt_span_str(path), note_name, &b);

	if (e)
		(void)snprintf(text, sizeof text, "error: %s", vt_err_text(e));
	else
		(void)snprintf(text, sizeof text, "%.*s", (int)b.n, b.p ? (const char *)b.p : "");
	vt_buf_free(&b);
	return text;
}

#endif
