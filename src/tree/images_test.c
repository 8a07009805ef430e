/* SPDX-License-Identifier: Apache-2.0 */
/* Images made by tests/gen/image_samples.py, and what they must look like. */
#include "tree/tree_test.h"

#ifndef VT_SOURCE
#define VT_SOURCE "."
#endif

static struct vt_spool spool;

static void open_archive(const char *path, struct vt_images *out)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	spool = (struct vt_spool){.folder = -1, .max = 128u << 20};
	assert_int_equal(vt_images_archive(fd, &spool, out), VT_OK);
	assert_int_equal(close(fd), 0);
}

static void open_layout(const char *path, struct vt_images *out)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	spool = (struct vt_spool){.folder = -1, .max = 128u << 20};
	assert_int_equal(vt_images_layout(fd, &spool, out), VT_OK);
	assert_int_equal(close(fd), 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each line of a walk with the text of files; sorted. */
static vt_err full_entry(void *ctx, const struct vt_visit *v)
{
	static const char letters[] = "fdlo";
	struct notes *n = ctx;
	char text[100] = "";
	size_t got = 0;
	int fd;

	n->entries++;
	if (v->node->type == VT_NODE_FILE) {
		assert_int_equal(vt_visit_open(v, 1000, &fd), VT_OK);
		assert_int_equal(vt_fd_pread(fd, text, sizeof text - 1, 0, &got), VT_OK);
		assert_int_equal(got, v->node->size);
		close(fd);
	}
	assert_int_equal(
		vt_buf_addf(&n->text, "%c%s %.*s%s%s\n", letters[v->node->type],
			v->node->hidden ? "h" : "", (int)v->path.n, (const char *)v->path.p,
			v->node->type == VT_NODE_FILE ? " " : "", text),
		VT_OK);
	return VT_OK;
}

static void full_walk(struct vt_tree *t, struct notes *n)
{
	struct vt_walk_fns fns = {.entry = full_entry, .missed = note_missed, .ctx = n};
	char *lines[200], *copy, *save = NULL;
	size_t count = 0;

	*n = (struct notes){.text = {.max = 1u << 20}};
	assert_int_equal(vt_tree_walk(t, vt_span_str("/"), &fns), VT_OK);
	copy = strndup((const char *)n->text.p, n->text.n);
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		lines[count++] = l;
	qsort(lines, count, sizeof *lines, by_text);
	vt_buf_clear(&n->text);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(vt_buf_addf(&n->text, "%s\n", lines[i]), VT_OK);
	free(copy);
}

static void expect_merged(struct vt_tree *t)
{
	static char want[16384];
	FILE *f = fopen("i/merged", "r");
	size_t n;
	struct notes notes;

	assert_non_null(f);
	n = fread(want, 1, sizeof want - 1, f);
	(void)fclose(f);
	want[n] = '\0';
	full_walk(t, &notes);
	assert_string_equal((const char *)notes.text.p, want);
	notes_free(&notes);
}

static int make_samples(void **state)
{
	if (scratch_begin(state) != 0)
		return -1;
	return shell("python3 " VT_SOURCE "/tests/gen/image_samples.py i");
}

static void expect_layers(const struct vt_image *im)
{
	struct notes n;

	assert_int_equal(im->nlayers, 3);
	full_walk(im->layers[0].tree, &n);
	assert_int_equal(n.misses, 0);
	/* Hard case 5: deleted in a later layer, and still there for who looks. */
	assert_true(has_line(&n, "fh /etc/removed gone"));
	assert_true(has_line(&n, "fh /opt/a/one 1"));
	assert_true(has_line(&n, "f /etc/passwd root"));
	assert_true(has_line(&n, "d /opt/a"));
	assert_true(has_line(&n, "dh /deep/er"));
	assert_true(has_line(&n, "fh /file-to-folder f"));
	assert_true(has_line(&n, "dh /folder-to-file"));
	assert_true(has_line(&n, "lh /link-to-folder"));
	assert_true(has_line(&n, "fh /srv/keep keep"));
	assert_true(has_line(&n, "fh /srv/hard keep"));
	assert_true(has_line(&n, "f /bare/keep bare"));
	assert_true(has_line(&n, "l /lib"));
	assert_true(im->layers[0].hidden);
	notes_free(&n);
	full_walk(im->layers[1].tree, &n);
	assert_int_equal(n.misses, 0);
	assert_true(has_line(&n, "fh /dup first"));
	assert_true(has_line(&n, "f /dup second"));
	assert_true(has_line(&n, "f /lib/added.so added"));
	assert_true(has_line(&n, "d /lib"));
	assert_true(has_line(&n, "f /srv/again keep")); /* the content is of a lower layer */
	assert_true(has_line(&n, "f /bare/.wh. "));
	assert_false(has_line(&n, "f /etc/.wh.removed "));
	notes_free(&n);
	full_walk(im->layers[2].tree, &n);
	assert_true(has_line(&n, "fh /srv/.wh.hard payload")); /* a hiding place */
	assert_true(has_line(&n, "f /etc/removed new"));
	notes_free(&n);
}

static void test_hard_case_5_docker_archive(void **state)
{
	struct vt_images v;
	static const char *const archives[] = {"i/docker.tar", "i/docker.tar.gz"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_archive(archives[i], &v);
		assert_int_equal(v.n, 2);
		assert_true(vt_span_eq(v.v[0].name, vt_span_str("web:1 web:latest")));
		assert_true(vt_span_eq(v.v[0].platform, vt_span_str("linux/amd64")));
		assert_int_equal(v.v[0].trouble.n, 0);
		assert_true(vt_span_eq(v.v[0].layers[1].command, vt_span_str("step 1")));
		assert_int_equal(v.v[0].layers[0].digest.n, 71);
		expect_merged(v.v[0].merged);
		expect_layers(&v.v[0]);
		/* The base alone hides nothing. */
		assert_int_equal(v.v[1].nlayers, 1);
		assert_false(v.v[1].layers[0].hidden);
		assert_string_equal(text_of(v.v[1].merged, "/lib/base.so"), "base");
		assert_string_equal(text_of(v.v[1].merged, "/srv/hard"), "keep");
		vt_images_free(&v);
	}
}

static void expect_oci(struct vt_images *v)
{
	assert_int_equal(v->n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v->v[i].trouble.n, 0);
	assert_true(vt_span_eq(v->v[0].name, vt_span_str("one")));
	expect_merged(v->v[0].merged);
	expect_layers(&v->v[0]);
	assert_int_equal(v->v[1].nlayers, 2);
	assert_true(vt_span_eq(v->v[1].name, vt_span_str("multi")));
	assert_int_equal(v->v[2].nlayers, 1);
}

static void test_hard_case_5_oci(void **state)
{
	struct vt_images v;

	(void)state;
	open_archive("i/oci.tar", &v);
	expect_oci(&v);
	vt_images_free(&v);
	open_layout("i/layout", &v);
	expect_oci(&v);
	vt_images_free(&v);
}

/* The peer's failure (stereoscope 647): a file named ".wh." took its folder away. */
static void test_bare_whiteout_keeps_its_folder(void **state)
{
	struct vt_images v;

	(void)state;
	open_layout("i/layout", &v);
	assert_string_equal(text_of(v.v[0].merged, "/bare/keep"), "bare");
	assert_string_equal(names_of(v.v[0].merged, "/deep"), ".wh.. .wh... ");
	vt_images_free(&v);
}

static void test_wrong_blobs_are_said(void **state)
{
	struct vt_images v;
	struct notes n;

	(void)state;
	open_layout("i/bad-digest", &v);
	assert_int_equal(v.n, 3);
	assert_non_null(strstr((const char *)v.v[0].trouble.p, "layer 2 (sha256:"));
	assert_non_null(strstr((const char *)v.v[0].trouble.p, "checksum"));
	assert_string_equal(text_of(v.v[0].merged, "/etc/passwd"), "root"); /* the rest is there */
	walk_notes(v.v[0].layers[1].tree, "/", &n);
	assert_true(has_line(&n, "! malformed /"));
	assert_int_equal(n.entries, 0);
	notes_free(&n);
	walk_notes(v.v[0].layers[0].tree, "/", &n);
	assert_int_equal(n.misses, 0);
	notes_free(&n);
	walk_notes(v.v[0].merged, "/", &n);
	assert_int_equal(n.misses, 1);
	notes_free(&n);
	vt_images_free(&v);
	open_layout("i/gone-layer", &v);
	assert_non_null(strstr((const char *)v.v[0].trouble.p, "is not there"));
	assert_int_equal(v.v[2].trouble.n, 0);
	vt_images_free(&v);
}

static void test_spool_limit(void **state)
{
	struct vt_images v;
	int fd = open("i/layout", O_RDONLY | O_DIRECTORY);

	(void)state;
	spool = (struct vt_spool){.folder = -1, .max = 30000};
	assert_int_equal(vt_images_layout(fd, &spool, &v), VT_OK);
	assert_true(v.v[0].trouble.n > 0);
	assert_true(spool.used <= spool.max);
	vt_images_free(&v);
	close(fd);
}

static void test_not_an_image(void **state)
{
	struct vt_images v;
	int fd;

	(void)state;
	assert_int_equal(shell("mkdir plain; echo > plain/a; tar cf plain.tar plain"), 0);
	spool = (struct vt_spool){.folder = -1, .max = 1u << 20};
	fd = open("plain.tar", O_RDONLY);
	assert_int_equal(vt_images_archive(fd, &spool, &v), VT_EFORMAT);
	close(fd);
	fd = open("plain", O_RDONLY | O_DIRECTORY);
	assert_int_equal(vt_images_layout(fd, &spool, &v), VT_EFORMAT);
	close(fd);
	fd = open("/bin/true", O_RDONLY);
	assert_int_equal(vt_images_archive(fd, &spool, &v), VT_EFORMAT);
	close(fd);
}

/* Members that make the same long list be searched again and again: a limit, not a day. */
static void test_layers_that_cost_too_much(void **state)
{
	struct vt_images v;

	(void)state;
	assert_int_equal(
		shell("python3 -c \"import sys; sys.path.insert(0, '" VT_SOURCE "/tests/gen');"
		      "import image_samples as im; n = 40000;"
		      "l = [im.tar([im.f('d/x', '')] * n), im.tar([im.f('d/.wh..wh..opq', '')] * "
		      "n)];"
		      "im.docker_save('slow.tar', [(['slow'], l)])\""),
		0);
	open_archive("slow.tar", &v);
	assert_int_equal(v.n, 1);
	assert_string_equal((const char *)v.v[0].trouble.p, vt_err_text(VT_ELIMIT));
	vt_images_free(&v);
}

/* Sparse files and whole trees as another program makes them: umoci, and skopeo's copy of it. */
static void test_umoci_and_skopeo(void **state)
{
	struct vt_images v;
	struct notes n;
	int fd;

	(void)state;
	if (shell("command -v umoci >/dev/null && command -v skopeo >/dev/null") != 0)
		skip();
	assert_int_equal(
		shell("exec >/dev/null 2>&1; umoci init --layout u; umoci new --image u:t;"
		      "umoci unpack --rootless --image u:t b; mkdir -p b/rootfs/x/y b/rootfs/z;"
		      "echo one > b/rootfs/x/y/one; echo two > b/rootfs/x/two; ln b/rootfs/x/two "
		      "b/rootfs/x/hard;"
		      "ln -s x/two b/rootfs/s; umoci repack --image u:t b; rm -rf b;"
		      "umoci unpack --rootless --image u:t b; rm -r b/rootfs/x/y; rm b/rootfs/s;"
		      "mkdir b/rootfs/s; echo in > b/rootfs/s/in; umoci repack --image u:t2 b; rm "
		      "-rf b;"
		      "umoci unpack --rootless --image u:t2 b;"
		      "skopeo copy oci:u:t2 docker-archive:u.tar:name:tag;"
		      "skopeo copy --dest-decompress oci:u:t2 oci-archive:u-oci.tar:name:tag"),
		0);
	for (int i = 0; i < 3; i++) {
		if (i == 0)
			open_layout("u", &v);
		else
			open_archive(i == 1 ? "u.tar" : "u-oci.tar", &v);
		assert_int_equal(v.n, i == 0 ? 2 : 1);
		assert_int_equal(v.v[v.n - 1].trouble.n, 0);
		full_walk(v.v[v.n - 1].merged, &n);
		fd = open("ours", O_CREAT | O_TRUNC | O_WRONLY, 0600);
		assert_int_equal(write(fd, n.text.p, n.text.n), n.text.n);
		close(fd);
		assert_int_equal(shell("cd b/rootfs; find . -mindepth 1 -printf '%y %P\\n' | sort "
				       "> ../theirs;"
				       "cut -d/ -f2- ../../ours | sed 's/ .*//' | sort > ../o1;"
				       "sed 's/^..//' ../theirs | sort | diff - ../o1"),
			0);
		assert_string_equal(text_of(v.v[v.n - 1].merged, "/x/hard"), "two\n");
		assert_string_equal(text_of(v.v[v.n - 1].merged, "/s/in"), "in\n");
		notes_free(&n);
		vt_images_free(&v);
	}
}

static void test_sparse_members(void **state)
{
	struct vt_images v;
	struct vt_node node;
	uint8_t tail[4];
	size_t got;
	int fd;

	(void)state;
	assert_int_equal(
		shell("truncate -s 5M sp; printf tail >> sp; tar -cS -f l.tar sp;"
		      "printf '[{\"Config\":\"c\",\"RepoTags\":[\"s\"],\"Layers\":[\"l.tar\"]}]' > "
		      "manifest.json;"
		      "printf '{}' > c; tar cf sparse.tar manifest.json c l.tar"),
		0);
	open_archive("sparse.tar", &v);
	assert_int_equal(v.v[0].trouble.n, 0);
	assert_true(spool.used < 100000);
	assert_int_equal(stat_of(v.v[0].merged, "/sp", false, &node), VT_OK);
	assert_int_equal(node.size, (5u << 20) + 4);
	assert_int_equal(vt_tree_open(v.v[0].merged, vt_span_str("/sp"), 1000, &fd), VT_ELIMIT);
	assert_int_equal(vt_tree_open(v.v[0].merged, vt_span_str("/sp"), 1u << 30, &fd), VT_OK);
	assert_int_equal(vt_fd_pread(fd, tail, 4, 5u << 20, &got), VT_OK);
	assert_memory_equal(tail, "tail", 4);
	close(fd);
	vt_images_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hard_case_5_docker_archive),
		cmocka_unit_test(test_hard_case_5_oci),
		cmocka_unit_test(test_bare_whiteout_keeps_its_folder),
		cmocka_unit_test(test_wrong_blobs_are_said),
		cmocka_unit_test(test_spool_limit),
		cmocka_unit_test(test_not_an_image),
		cmocka_unit_test(test_layers_that_cost_too_much),
		cmocka_unit_test(test_umoci_and_skopeo),
		cmocka_unit_test(test_sparse_members),
	};

	return cmocka_run_group_tests(tests, make_samples, scratch_end);
}
