/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "initramfs": the names of what an initial RAM disk holds, because a copy in there
 * starts before anything that is on the disk. An image is cpio archives one after the other, the
 * last of them compressed (early microcode first). libarchive only decompresses; the names are read
 * by inventory/artefact/cpio.h.
 */
#include <archive.h>

#include "base/num.h"
#include "collect/look.h"
#include "inventory/artefact/cpio.h"
#include "inventory/artefact/uki.h"
#include "os/fd.h"
#include "os/map.h"

#define IMAGE_MAX ((uint64_t)2 << 30)
#define CONTENT_MAX ((uint64_t)16 << 30) /* decompressed */
#define ENTRIES_MAX 2000000
#define PIECE ((size_t)256 << 10)

struct run {
	struct vt_look l;
	vt_span image; /* its path */
	uint64_t entries;
	char path[VT_CPIO_NAME_MAX + 2], locus[2 * VT_CPIO_NAME_MAX];
	struct vt_cpio first, main; /* the archives that are plain; what is compressed */
};

static const char *const modules[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst"};

static void on_name(void *ctx, const struct vt_cpio_entry *entry)
{
	struct run *run = ctx;
	vt_span name = entry->name, base;
	char *path = run->path, *locus = run->locus;
	struct vt_fact f = {.kind = VT_FACT_FILE};
	size_t locus_n = run->image.n;

	run->entries++;
	while (name.n && (name.p[0] == '/' || (name.p[0] == '.' && name.n > 1 && name.p[1] == '/')))
		name = vt_span_of(name.p + 1, name.n - 1);
	if (name.n == 0 || (name.n == 1 && name.p[0] == '.'))
		return;
	path[0] = '/';
	memcpy(path + 1, name.p, name.n);
	if (locus_n + name.n + 2 <= sizeof run->locus) {
		memcpy(locus, run->image.p, locus_n);
		locus[locus_n++] = '#';
		memcpy(locus + locus_n, path, name.n + 1);
		locus_n += name.n + 1;
		f.locus = vt_span_of(locus, locus_n);
	} else {
		f.locus = run->image;
	}
	base = vt_line_base(name);
	vt_fact_set(&f, VT_ATTR_NAME, base);
	vt_fact_set(&f, VT_ATTR_PATH, vt_span_of(path, name.n + 1));
	vt_fact_set(&f, VT_ATTR_MEMBER, vt_span_of(path, name.n + 1));
	vt_fact_set(&f, VT_ATTR_SOURCE, run->image);
	vt_fact_str(&f, VT_ATTR_STATE, "initramfs");
	vt_collect_fact(run->l.c, &f);
	for (size_t i = 0; i < VT_COUNT(modules); i++)
		if (vt_line_ends(base, modules[i])) {
			f.kind = VT_FACT_MODULE;
			vt_fact_str(&f, VT_ATTR_MANAGER, "linux");
			vt_fact_set(
				&f, VT_ATTR_NAME, vt_span_of(base.p, base.n - strlen(modules[i])));
			vt_collect_fact(run->l.c, &f);
			break;
		}
}

static struct archive *decompressor(vt_span rest)
{
	struct archive *a = archive_read_new();

	if (!a)
		return NULL;
	/* These link a library; others would start a program. */
	if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
		archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
		archive_read_support_filter_xz(a) != ARCHIVE_OK ||
		archive_read_support_filter_lzma(a) != ARCHIVE_OK ||
		archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
		archive_read_support_filter_lz4(a) != ARCHIVE_OK ||
		archive_read_support_format_raw(a) != ARCHIVE_OK ||
		archive_read_open_memory(a, rest.p, rest.n) != ARCHIVE_OK) {
		(void)archive_read_free(a);
		return NULL;
	}
	return a;
}

/* What is compressed, to its end. */
static vt_err compressed(vt_span rest, struct vt_cpio *cpio)
{
	struct archive *a = decompressor(rest);
	struct archive_entry *entry;
	uint64_t left = CONTENT_MAX;
	const struct run *run = cpio->ctx;
	vt_err e = VT_OK;

	if (!a)
		return VT_EUNSUPPORTED;
	if (archive_read_next_header(a, &entry) != ARCHIVE_OK || archive_filter_count(a) < 2)
		e = VT_EUNSUPPORTED; /* a compression that is not known, or none */
	while (!e) {
		const void *p;
		size_t n, used;
		la_int64_t offset;
		int r = archive_read_data_block(a, &p, &n, &offset);

		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			e = VT_ETRUNCATED;
		else if (n > left || run->entries > ENTRIES_MAX)
			e = VT_ELIMIT;
		else
			e = vt_cpio_feed(cpio, vt_span_of(p, n), &used);
		left -= e ? 0 : n;
	}
	(void)archive_read_free(a);
	/* Behind its last archive there may be padding that is not zeros. */
	return e == VT_END ? VT_OK : e;
}

static vt_err read_image(struct run *run, vt_span bytes)
{
	struct vt_cpio *cpio = &run->first;
	size_t at = 0, used;
	vt_err e = VT_OK;

	run->first = (struct vt_cpio){.fn = on_name, .ctx = run};
	run->main = run->first;
	if (bytes.n && bytes.p[0] != '0')
		e = compressed(bytes, cpio);
	else
		while (at < bytes.n && !e) {
			vt_span piece = vt_span_clip(bytes, at, PIECE);

			e = vt_cpio_feed(cpio, piece, &used);
			at += used;
			if (run->entries > ENTRIES_MAX)
				e = VT_ELIMIT;
		}
	if (e == VT_END) { /* after the microcode comes the rest, compressed */
		cpio = &run->main;
		e = compressed(vt_span_of(bytes.p + at, bytes.n - at), cpio);
	}
	return e ? e : vt_cpio_whole(cpio) ? VT_OK : VT_ETRUNCATED;
}

/* A kernel image with its command line; one without an initial RAM disk has read all of it. */
static vt_err read_unified(struct run *run, vt_span bytes)
{
	struct vt_fact f = {.kind = VT_FACT_UNIT,
		.locus = vt_look_locus(&run->l, run->image, vt_span_str("cmdline"))};
	vt_span text, initrd;
	vt_err e = vt_uki_section(bytes, ".cmdline", &text);

	if (e && e != VT_END)
		return e;
	if (!e) {
		while (text.n && (text.p[text.n - 1] == 0 || text.p[text.n - 1] == '\n'))
			text.n--;
		vt_fact_str(&f, VT_ATTR_NAME, "cmdline");
		vt_fact_str(&f, VT_ATTR_MANAGER, "cmdline");
		vt_fact_str(&f, VT_ATTR_STATE, "enabled");
		vt_fact_set(&f, VT_ATTR_PATH, run->image);
		vt_fact_set(&f, VT_ATTR_VALUE, text);
		vt_collect_fact(run->l.c, &f);
	}
	e = vt_uki_section(bytes, ".initrd", &initrd);
	return e == VT_END ? VT_OK : e ? e : read_image(run, initrd);
}

static void look_image(struct run *run, const struct vt_look_entry *e, bool unified)
{
	struct vt_collect *c = run->l.c;
	vt_span map = {0};
	uint64_t size;
	int fd = -1;
	vt_err err = vt_tree_open(vt_collect_tree(c), e->path, IMAGE_MAX, &fd);
	bool mapped = false;

	run->image = e->path;
	run->entries = 0;
	vt_collect_hidden(c, e->node.hidden);
	if (!err)
		err = vt_fd_size(fd, &size);
	if (!err)
		err = vt_map_file(fd, size, &map);
	mapped = err == VT_OK;
	if (mapped) {
		vt_map_guard(map, fd);
		err = unified ? read_unified(run, map) : read_image(run, map);
		if (vt_map_unguard())
			err = VT_ETRUNCATED;
		vt_map_close(map);
	}
	vt_fd_close(fd);
	if (err) {
		vt_collect_missed(c, run->l.area, e->path,
			!mapped && err == VT_ELIMIT ? VT_MISS_TOO_LARGE : vt_collect_miss_of(err));
		return;
	}
	vt_collect_seen(c, run->l.area, true);
	vt_look_source(&run->l, "initramfs", e->path);
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	static const char *const globs[] = {"/boot/initrd*", "/boot/initramfs*", "/initrd.img*",
		"/boot/*/*/initrd*", "/boot/*/initrd*", "/efi/*/*/initrd*", "/boot/minirt*"};
	static const char *const unified[] = {
		"/boot/efi/EFI/Linux/*.efi", "/boot/EFI/Linux/*.efi", "/efi/EFI/Linux/*.efi"};
	struct run *run = vt_arena_alloc(vt_collect_arena(c), sizeof *run);
	struct vt_look_entry *e;
	vt_span target;

	*out_state = NULL;
	if (!run)
		return VT_ENOMEM;
	run->l = (struct vt_look){.c = c, .area = VT_AREA_BOOT};
	if (vt_collect_platform(c) == VT_PLATFORM_WINDOWS)
		return VT_OK;
	if (vt_map_guard_install() != VT_OK)
		return VT_EIO;
	for (size_t i = 0; i < VT_COUNT(globs); i++)
		if (vt_look_glob(&run->l, globs[i], &e))
			for (; e; e = e->next) /* a link's target is met by its own name */
				if (e->node.type == VT_NODE_FILE &&
					!vt_look_link(&run->l, e->path, &target))
					look_image(run, e, false);
	for (size_t i = 0; i < VT_COUNT(unified); i++)
		if (vt_look_glob(&run->l, unified[i], &e))
			for (; e; e = e->next)
				if (e->node.type == VT_NODE_FILE)
					look_image(run, e, true);
	return VT_OK;
}

const struct vt_collector vt_collector_initramfs = {
	.name = "initramfs", .area = VT_AREA_BOOT, .start = start};
