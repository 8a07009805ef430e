/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that mke2fs, sfdisk, mkswap and qemu-img made. */
#include "tree/tree_test.h"

static struct vt_spool spool;

#define MAKE_TREE                                                                                  \
	"rm -rf t; mkdir -p t/etc t/opt/a/b t/big; echo root > t/etc/passwd; ln -s passwd "        \
	"t/etc/link;"                                                                              \
	"ln t/etc/passwd t/etc/hard; ln -s /etc/$(printf %0100d 7) t/etc/slow; mkfifo t/pipe;"     \
	"seq 1 60000 > t/opt/a/numbers; for i in $(seq 1 700); do echo $i > t/big/file$i; done;"   \
	"truncate -s 20M t/sparse; printf end >> t/sparse; echo tiny > t/opt/a/b/tiny;"

static int make_tree(void **state)
{
	if (scratch_begin(state) != 0)
		return -1;
	return shell(MAKE_TREE);
}

static vt_err try_disk(const char *path, struct vt_disk *d)
{
	int fd = open(path, O_RDONLY);
	vt_err e;

	assert_true(fd >= 0);
	spool = (struct vt_spool){.folder = -1, .max = 64u << 20};
	e = vt_disk_open(fd, &spool, d);
	close(fd);
	return e;
}

static void open_disk(const char *path, struct vt_disk *d)
{
	assert_int_equal(try_disk(path, d), VT_OK);
}

/* The content of each file must be that of the live one of the same path. */
static vt_err same_entry(void *ctx, const struct vt_visit *v)
{
	struct vt_tree *live = ctx;
	struct vt_node want;
	static uint8_t a[4096], b[4096];
	size_t an, bn;
	int fa, fb;

	if (vt_span_at(v->path, 0, "/lost+found", 11))
		return VT_OK;
	assert_int_equal(vt_tree_stat(live, v->path, false, &want), VT_OK);
	assert_int_equal(v->node->type, want.type);
	assert_int_equal(v->node->mode, want.mode);
	if (want.type == VT_NODE_LINK) {
		vt_buf la = VT_BUF_INIT(4096), lb = VT_BUF_INIT(4096);

		assert_int_equal(vt_tree_link(live, v->path, &la), VT_OK);
		assert_int_equal(vt_tree_link(v->tree, v->path, &lb), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&la), vt_buf_span(&lb)));
		vt_buf_free(&la);
		vt_buf_free(&lb);
	}
	if (want.type != VT_NODE_FILE)
		return VT_OK;
	assert_int_equal(v->node->size, want.size);
	assert_int_equal(vt_tree_open(live, v->path, UINT64_MAX, &fa), VT_OK);
	assert_int_equal(vt_visit_open(v, 1u << 30, &fb), VT_OK);
	for (uint64_t at = 0; at <= want.size; at += sizeof a) {
		assert_int_equal(vt_fd_pread(fa, a, sizeof a, at, &an), VT_OK);
		assert_int_equal(vt_fd_pread(fb, b, sizeof b, at, &bn), VT_OK);
		assert_int_equal(an, bn);
		assert_memory_equal(a, b, an);
	}
	close(fa);
	close(fb);
	return VT_OK;
}

static void no_miss(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	fail_msg("missed %s %.*s", vt_miss_word(why), (int)path.n, (const char *)path.p);
}

static void expect_same(struct vt_tree *t)
{
	struct vt_tree *live = open_folder("t", false);
	struct vt_walk_fns fns = {.entry = same_entry, .missed = no_miss, .ctx = live};
	struct notes n, m;

	assert_int_equal(vt_tree_walk(t, vt_span_str("/"), &fns), VT_OK);
	walk_notes(t, "/", &n);
	walk_notes(live, "/", &m);
	assert_int_equal(n.entries, m.entries + 1); /* lost+found */
	notes_free(&n);
	notes_free(&m);
	assert_string_equal(text_of(t, "/etc/link"), "root\n");
	assert_string_equal(text_of(t, "/none"), text_of(live, "/none"));
	vt_tree_free(live);
}

static void test_file_systems(void **state)
{
	static const struct {
		const char *options, *system;
	} kinds[] = {
		{"-t ext2", "ext2"},
		{"-t ext2 -b 1024 -I 128", "ext2"},
		{"-t ext3", "ext3"},
		{"-t ext4", "ext4"},
		{"-t ext4 -O inline_data,metadata_csum,64bit -I 256", "ext4"},
		{"-t ext4 -b 1024 -O bigalloc", "ext4"},
		{"-t ext4 -O meta_bg,^resize_inode,sparse_super2", "ext4"},
	};
	struct vt_disk d;
	char command[300];

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		(void)snprintf(command, sizeof command,
			"rm -f e.img; mke2fs -q %s -d t e.img 40M >/dev/null 2>&1",
			kinds[i].options);
		assert_int_equal(shell(command), 0);
		open_disk("e.img", &d);
		assert_int_equal(d.n, 1);
		assert_string_equal(d.format, "raw");
		assert_true(vt_span_eq(d.v[0].name, vt_span_str("whole disk")));
		assert_true(vt_span_eq(d.v[0].system, vt_span_str(kinds[i].system)));
		assert_int_equal(d.v[0].note.n, 0);
		assert_non_null(d.v[0].tree);
		expect_same(d.v[0].tree);
		vt_disk_free(&d);
	}
}

/* A journal that the system did not get to is said. */
static void test_dirty_journal_is_said(void **state)
{
	struct vt_disk d;
	struct notes n;

	(void)state;
	assert_int_equal(shell("mke2fs -q -t ext4 -d t j.img 40M;"
			       "debugfs -w -R 'feature needs_recovery' j.img >/dev/null 2>&1"),
		0);
	open_disk("j.img", &d);
	assert_non_null(strstr((const char *)d.v[0].note.p, "journal"));
	walk_notes(d.v[0].tree, "/", &n);
	assert_true(has_line(&n, "! unsupported /"));
	assert_true(has_line(&n, "f /etc/passwd"));
	notes_free(&n);
	vt_disk_free(&d);
}

static void expect_volume(const struct vt_volume *v, const char *name, const char *system, int why)
{
	assert_int_equal(v->name.n, strlen(name));
	assert_memory_equal(v->name.p, name, v->name.n);
	assert_int_equal(v->system.n, strlen(system));
	assert_memory_equal(v->system.p, system, v->system.n);
	if (why < 0)
		assert_non_null(v->tree);
	else
		assert_int_equal(v->why, why);
}

static void test_hard_case_6_partitions(void **state)
{
	struct vt_disk d;

	(void)state;
	assert_int_equal(
		shell("mke2fs -q -t ext4 -d t p1.img 40M; truncate -s 110M mbr.img;"
		      "printf 'start=2048,size=81920,type=83\nstart=86016,size=20480,type=82\n"
		      "start=108544,size=110000,type=5\nstart=110592,size=20480,type=83\n"
		      "start=133120,size=40960,type=83\n' | sfdisk -q mbr.img >/dev/null 2>&1;"
		      "dd if=p1.img of=mbr.img bs=512 seek=2048 conv=notrunc status=none;"
		      "truncate -s 10485760 sw; mkswap -q sw 2>/dev/null || mkswap sw >/dev/null "
		      "2>&1;"
		      "dd if=sw of=mbr.img bs=512 seek=86016 conv=notrunc status=none;"
		      "printf 'LUKS\\272\\276' | dd of=mbr.img bs=512 seek=110592 conv=notrunc "
		      "status=none;"
		      "mke2fs -q -t ext2 -d t p2.img 20M;"
		      "dd if=p2.img of=mbr.img bs=512 seek=133120 conv=notrunc status=none"),
		0);
	open_disk("mbr.img", &d);
	assert_int_equal(d.n, 4);
	expect_volume(&d.v[0], "partition 1", "ext4", -1);
	expect_volume(&d.v[1], "partition 2", "swap", VT_MISS_UNSUPPORTED);
	expect_volume(&d.v[2], "partition 5", "luks", VT_MISS_ENCRYPTED);
	expect_volume(&d.v[3], "partition 6", "ext2", -1);
	expect_same(d.v[0].tree);
	expect_same(d.v[3].tree);
	vt_disk_free(&d);
	/* GPT; and with its first header overwritten, by the copy at the end */
	assert_int_equal(
		shell("truncate -s 110M gpt.img; printf 'label: gpt\nstart=2048,size=81920\n"
		      "start=90112,size=40960\nstart=140000,size=2048\n' | sfdisk -q gpt.img "
		      ">/dev/null 2>&1;"
		      "dd if=p1.img of=gpt.img bs=512 seek=2048 conv=notrunc status=none;"
		      "printf 'XFSB' | dd of=gpt.img bs=512 seek=90112 conv=notrunc status=none"),
		0);
	for (int i = 0; i < 2; i++) {
		open_disk("gpt.img", &d);
		assert_int_equal(d.n, 3);
		expect_volume(&d.v[0], "partition 1", "ext4", -1);
		expect_volume(&d.v[1], "partition 2", "xfs", VT_MISS_UNSUPPORTED);
		expect_volume(&d.v[2], "partition 3", "unknown", VT_MISS_UNSUPPORTED);
		expect_same(d.v[0].tree);
		vt_disk_free(&d);
		assert_int_equal(shell("dd if=/dev/zero of=gpt.img bs=512 seek=1 count=1 "
				       "conv=notrunc status=none"),
			0);
	}
}

static void test_other_file_systems_are_named(void **state)
{
	static const struct {
		const char *name;
		unsigned at;
		const char *magic;
		int why;
	} all[] = {
		{"ntfs", 3, "NTFS    ", VT_MISS_UNSUPPORTED},
		{"btrfs", 0x10040, "_BHRfS_M", VT_MISS_UNSUPPORTED},
		{"squashfs", 0, "hsqs", VT_MISS_UNSUPPORTED},
		{"lvm", 512, "LABELONE", VT_MISS_UNSUPPORTED},
		{"vfat", 82, "FAT32   ", VT_MISS_UNSUPPORTED},
		{"bitlocker", 3, "-FVE-FS-", VT_MISS_ENCRYPTED},
		{"unknown", 0, "x", VT_MISS_UNSUPPORTED},
	};
	struct vt_disk d;
	char command[200];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		(void)snprintf(command, sizeof command,
			"rm -f o; truncate -s 1M o; printf -- '%s' | dd of=o bs=1 seek=%u "
			"conv=notrunc status=none",
			all[i].magic, all[i].at);
		assert_int_equal(shell(command), 0);
		open_disk("o", &d);
		assert_int_equal(d.n, 1);
		expect_volume(&d.v[0], "whole disk", all[i].name, all[i].why);
		vt_disk_free(&d);
	}
}

static void test_qcow2(void **state)
{
	static const char *const how[] = {"", "-c", "-o compat=0.10", "-c -o compat=0.10",
		"-c -o compression_type=zstd", "-c -o cluster_size=512", "-o cluster_size=2M",
		"-c -o cluster_size=2M,compression_type=zstd", "-o preallocation=metadata"};
	struct vt_disk d;
	char command[200];

	(void)state;
	if (shell("command -v qemu-img >/dev/null") != 0)
		skip();
	assert_int_equal(shell("test -e p1.img || mke2fs -q -t ext4 -d t p1.img 40M"), 0);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		(void)snprintf(command, sizeof command,
			"qemu-img convert -O qcow2 %s p1.img q.qcow2 >/dev/null", how[i]);
		assert_int_equal(shell(command), 0);
		open_disk("q.qcow2", &d);
		assert_string_equal(d.format, "qcow2");
		assert_int_equal(d.n, 1);
		expect_volume(&d.v[0], "whole disk", "ext4", -1);
		expect_same(d.v[0].tree);
		vt_disk_free(&d);
	}
	/* snapshots are there, and not looked at */
	assert_int_equal(
		shell("qemu-img convert -O qcow2 p1.img s.qcow2; qemu-img snapshot -c one s.qcow2;"
		      "qemu-io -c 'write -P 0 30M 64k' s.qcow2 >/dev/null"),
		0);
	open_disk("s.qcow2", &d);
	expect_volume(&d.v[0], "whole disk", "ext4", -1);
	vt_disk_free(&d);
}

static void test_qcow2_that_is_refused(void **state)
{
	struct vt_disk d;

	(void)state;
	if (shell("command -v qemu-img >/dev/null") != 0)
		skip();
	/* LUKS by its mark: making a key measures the processor, and fails on a busy machine */
	assert_int_equal(shell("qemu-img create -q -f qcow2 -b p1.img -F raw back.qcow2;"
			       "qemu-img create -q -f qcow2 enc.qcow2 1M;"
			       "printf '\\000\\000\\000\\002' | "
			       "dd of=enc.qcow2 bs=1 seek=32 conv=notrunc 2>/dev/null;"
			       "qemu-img create -q -f qcow2 -o data_file=ext.raw data.qcow2 1M"),
		0);
	open_disk("back.qcow2", &d);
	expect_volume(&d.v[0], "whole disk", "qcow2", VT_MISS_UNSUPPORTED);
	vt_disk_free(&d);
	open_disk("enc.qcow2", &d);
	expect_volume(&d.v[0], "whole disk", "qcow2", VT_MISS_ENCRYPTED);
	vt_disk_free(&d);
	open_disk("data.qcow2", &d);
	expect_volume(&d.v[0], "whole disk", "qcow2", VT_MISS_UNSUPPORTED);
	vt_disk_free(&d);
}

static vt_err touch_entry(void *ctx, const struct vt_visit *v)
{
	vt_buf b = VT_BUF_INIT(8192);
	int fd;

	++*(unsigned *)ctx;
	if (v->node->type == VT_NODE_LINK)
		(void)!vt_tree_link(v->tree, v->path, &b);
	if (v->node->type == VT_NODE_FILE && !vt_visit_open(v, 1u << 20, &fd))
		close(fd);
	vt_buf_free(&b);
	return VT_OK;
}

static void ignore_miss(void *ctx, vt_span path, enum vt_miss why)
{
	(void)ctx;
	(void)path;
	(void)why;
}

/* Damage of the metadata at random places: no crash, no endless walk. */
static void test_damaged(void **state)
{
	struct vt_disk d;
	unsigned entries = 0, opened = 0, seed = 1;
	struct vt_walk_fns fns = {.entry = touch_entry, .missed = ignore_miss, .ctx = &entries};

	(void)state;
	assert_int_equal(
		shell("rm -rf few; mkdir -p few/a/b; for i in 1 2 3 4 5 6 7 8; do echo $i > "
		      "few/a/f$i; done;"
		      "ln -s x few/l; mke2fs -q -t ext4 -b 1024 -N 64 -J size=1 -d few d.img 4M;"
		      "command -v qemu-img >/dev/null && qemu-img convert -O qcow2 -c -o "
		      "cluster_size=4096 "
		      "d.img d.qcow2 || cp d.img d.qcow2"),
		0);
	for (unsigned round = 0; round < 400; round++) {
		const char *name = round % 2 ? "d.img" : "d.qcow2";
		uint8_t bytes[16];
		int from = open(name, O_RDONLY),
		    to = open("x.img", O_CREAT | O_TRUNC | O_RDWR, 0600);
		static uint8_t all[8u << 20];
		size_t n = 0;

		assert_int_equal(vt_fd_pread(from, all, sizeof all, 0, &n), VT_OK);
		for (unsigned k = 0; k < 1 + round % 24; k++) {
			seed = seed * 1103515245u + 12345u;
			for (unsigned i = 0; i < sizeof bytes; i++)
				bytes[i] = (uint8_t)(seed >> (i % 4 * 8));
			memcpy(all + (seed >> 4) % (round % 3 ? 60000 : n - 16), bytes,
				1 + seed % 4);
		}
		assert_int_equal(pwrite(to, all, n, 0), n);
		close(from);
		close(to);
		if (try_disk("x.img", &d) != VT_OK)
			continue;
		for (size_t i = 0; i < d.n; i++)
			if (d.v[i].tree) {
				opened++;
				(void)!vt_tree_walk(d.v[i].tree, vt_span_str("/"), &fns);
			}
		vt_disk_free(&d);
	}
	assert_true(opened > 50 && entries > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_systems),
		cmocka_unit_test(test_dirty_journal_is_said),
		cmocka_unit_test(test_hard_case_6_partitions),
		cmocka_unit_test(test_other_file_systems_are_named),
		cmocka_unit_test(test_qcow2),
		cmocka_unit_test(test_qcow2_that_is_refused),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, make_tree, scratch_end);
}
