/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/ext.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

#define CHUNK ((size_t)128 << 10)
#define LINK_MAX_BYTES 4096u
#define SUPERBLOCK 1024u

struct part {
	struct vt_source *s;
	uint64_t at, size;
};

struct volume {
	struct part part;
	ext2_filsys fs;
	const struct vt_spool *spool;
};

/* ext2fs_open() gives a name to the manager and nothing else: this is how the part gets there. */
static _Thread_local struct part *opening;

static errcode_t io_open(const char *name, int flags, io_channel *out);
static errcode_t io_close(io_channel c);
static errcode_t io_set_blksize(io_channel c, int size);
static errcode_t io_read64(io_channel c, unsigned long long block, int count, void *p);
static errcode_t io_read(io_channel c, unsigned long block, int count, void *p);
static errcode_t io_write(io_channel c, unsigned long block, int count, const void *p);
static errcode_t io_write64(io_channel c, unsigned long long block, int count, const void *p);
static errcode_t io_flush(io_channel c);

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "vitrine",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read,
	.write_blk = io_write,
	.flush = io_flush,
	.read_blk64 = io_read64,
	.write_blk64 = io_write64,
};

static errcode_t io_open(const char *name, int flags, io_channel *out)
{
	io_channel c = calloc(1, sizeof *c);

	(void)name;
	if (flags & IO_FLAG_RW || !c || !opening) {
		free(c);
		return EXT2_ET_NO_MEMORY;
	}
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = &manager;
	c->name = strdup("vitrine");
	c->block_size = 1024;
	c->refcount = 1;
	c->private_data = opening;
	*out = c;
	return 0;
}

static errcode_t io_close(io_channel c)
{
	if (--c->refcount > 0)
		return 0;
	free(c->name);
	free(c);
	return 0;
}

static errcode_t io_set_blksize(io_channel c, int size)
{
	c->block_size = size;
	return 0;
}

static errcode_t io_read64(io_channel c, unsigned long long block, int count, void *p)
{
	const struct part *part = c->private_data;
	uint64_t n = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count, at;

	if ((count >= 0 && !vt_mul_u64(n, (uint64_t)c->block_size, &n)) ||
		!vt_mul_u64(block, (uint64_t)c->block_size, &at) || at > part->size ||
		n > part->size - at || n > SIZE_MAX)
		return EXT2_ET_SHORT_READ;
	if (vt_source_read(part->s, part->at + at, p, (size_t)n))
		return EXT2_ET_SHORT_READ;
	return 0;
}

static errcode_t io_read(io_channel c, unsigned long block, int count, void *p)
{
	return io_read64(c, block, count, p);
}

static errcode_t io_write(io_channel c, unsigned long block, int count, const void *p)
{
	(void)c;
	(void)block;
	(void)count;
	(void)p;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t io_write64(io_channel c, unsigned long long block, int count, const void *p)
{
	return io_write(c, (unsigned long)block, count, p);
}

static errcode_t io_flush(io_channel c)
{
	(void)c;
	return 0;
}

static vt_err err_of(errcode_t r)
{
	if (r == 0)
		return VT_OK;
	if (r == EXT2_ET_NO_MEMORY)
		return VT_ENOMEM;
	if (r == EXT2_ET_UNSUPP_FEATURE || r == EXT2_ET_RO_UNSUPP_FEATURE)
		return VT_EUNSUPPORTED;
	return VT_EFORMAT;
}

/* Inode numbers in directories are hostile. */
static vt_err get_inode(const struct volume *v, uint64_t id, struct ext2_inode *out)
{
	if (id == 0 || id > v->fs->super->s_inodes_count)
		return VT_EFORMAT;
	return err_of(ext2fs_read_inode(v->fs, (ext2_ino_t)id, out));
}

static vt_err ext_node(void *g, uint64_t id, struct vt_node *out)
{
	const struct volume *v = g;
	struct ext2_inode n;
	vt_err e = get_inode(v, id, &n);

	if (e)
		return e;
	if (n.i_links_count == 0)
		return VT_EFORMAT; /* a name of a file that was deleted */
	*out = (struct vt_node){
		.type = LINUX_S_ISREG(n.i_mode)   ? VT_NODE_FILE
			: LINUX_S_ISDIR(n.i_mode) ? VT_NODE_FOLDER
			: LINUX_S_ISLNK(n.i_mode) ? VT_NODE_LINK
						  : VT_NODE_OTHER,
		.mode = n.i_mode & 07777u,
		.uid = inode_uid(n),
		.gid = inode_gid(n),
		.size = EXT2_I_SIZE(&n),
		.mtime = (int32_t)n.i_mtime,
		.dev = 1 + v->part.at,
		.ino = id,
	};
	return VT_OK;
}

static vt_err get_folder(const struct volume *v, uint64_t id)
{
	struct ext2_inode n;
	vt_err e = get_inode(v, id, &n);

	if (!e && !LINUX_S_ISDIR(n.i_mode))
		e = VT_END;
	if (!e && n.i_flags & EXT4_ENCRYPT_FL)
		e = VT_EENCRYPTED;
	return e;
}

struct listing {
	struct vt_names *names;
	vt_span want; /* p NULL: all */
	uint64_t found;
	vt_err e;
};

static int list_entry(ext2_ino_t dir, int entry, struct ext2_dir_entry *d, int offset,
	int blocksize, char *buffer, void *ctx)
{
	struct listing *l = ctx;
	vt_span name = vt_span_of(d->name, (size_t)ext2fs_dirent_name_len(d));

	(void)dir;
	(void)entry;
	(void)offset;
	(void)blocksize;
	(void)buffer;
	if (d->inode == 0 || vt_span_eq(name, vt_span_str(".")) ||
		vt_span_eq(name, vt_span_str("..")))
		return 0;
	if (l->want.p) {
		if (!vt_span_eq(name, l->want))
			return 0;
		l->found = d->inode;
		return DIRENT_ABORT;
	}
	l->e = vt_names_add(l->names, name, d->inode);
	return l->e ? DIRENT_ABORT : 0;
}

static vt_err list(const struct volume *v, uint64_t dir, struct listing *l)
{
	vt_err e = get_folder(v, dir);

	if (!e)
		e = err_of(ext2fs_dir_iterate2(v->fs, (ext2_ino_t)dir, 0, NULL, list_entry, l));
	return l->e ? l->e : e;
}

static vt_err ext_child(void *g, uint64_t dir, vt_span name, uint64_t *out_id)
{
	struct listing l = {.want = name};
	vt_err e = list(g, dir, &l);

	if (l.found)
		*out_id = l.found;
	return l.found ? VT_OK : e ? e : VT_END;
}

static vt_err ext_names(void *g, uint64_t dir, struct vt_names *out)
{
	struct listing l = {.names = out};

	return list(g, dir, &l);
}

/* Copies a file's bytes; blocks of zeros become holes. */
static vt_err copy_file(ext2_file_t f, uint64_t size, int fd)
{
	uint8_t *chunk = malloc(CHUNK);
	uint64_t at = 0;
	vt_err e = chunk ? VT_OK : VT_ENOMEM;

	while (!e && at < size) {
		unsigned got = 0;

		e = err_of(
			ext2fs_file_read(f, chunk, (unsigned)vt_min_u64(CHUNK, size - at), &got));
		if (!e && got == 0)
			e = VT_ETRUNCATED;
		if (!e && (chunk[0] || memcmp(chunk, chunk + 1, got - 1) != 0))
			e = vt_unnamed_write(fd, chunk, got, at);
		at += got;
	}
	free(chunk);
	if (!e && ftruncate(fd, (off_t)size) != 0)
		e = VT_EIO;
	return e;
}

static vt_err ext_open(void *g, uint64_t id, uint64_t max, int *out_fd)
{
	const struct volume *v = g;
	struct ext2_inode n;
	ext2_file_t f = NULL;
	int fd = -1;
	vt_err e = get_inode(v, id, &n);

	if (!e && !LINUX_S_ISREG(n.i_mode))
		e = VT_EUNSUPPORTED;
	if (!e && n.i_flags & EXT4_ENCRYPT_FL)
		e = VT_EENCRYPTED;
	if (!e && (EXT2_I_SIZE(&n) > max || EXT2_I_SIZE(&n) > INT64_MAX))
		e = VT_ELIMIT;
	if (!e)
		e = err_of(ext2fs_file_open2(v->fs, (ext2_ino_t)id, &n, 0, &f));
	if (!e)
		e = vt_unnamed_file(v->spool, EXT2_I_SIZE(&n), &fd);
	if (!e)
		e = copy_file(f, EXT2_I_SIZE(&n), fd);
	if (f)
		(void)ext2fs_file_close(f);
	if (e)
		vt_fd_close(fd);
	else
		*out_fd = fd;
	return e;
}

static vt_err ext_link(void *g, uint64_t id, vt_buf *out)
{
	const struct volume *v = g;
	char target[LINK_MAX_BYTES];
	struct ext2_inode n;
	ext2_file_t f = NULL;
	unsigned got = 0;
	vt_err e = get_inode(v, id, &n);

	if (e)
		return e;
	if (!LINUX_S_ISLNK(n.i_mode) || n.i_flags & EXT4_ENCRYPT_FL)
		return n.i_flags & EXT4_ENCRYPT_FL ? VT_EENCRYPTED : VT_EUNSUPPORTED;
	if (EXT2_I_SIZE(&n) > sizeof target)
		return VT_ELIMIT;
	if (ext2fs_is_fast_symlink(&n)) {
		if (n.i_size > sizeof n.i_block)
			return VT_EFORMAT;
		return vt_buf_add(out, n.i_block, n.i_size);
	}
	e = err_of(ext2fs_file_open2(v->fs, (ext2_ino_t)id, &n, 0, &f));
	if (e)
		return e;
	e = err_of(ext2fs_file_read(f, target, (unsigned)n.i_size, &got));
	(void)ext2fs_file_close(f);
	return e ? e : vt_buf_add(out, target, got);
}

static void ext_free(void *g)
{
	struct volume *v = g;

	if (v->fs)
		ext2fs_free(v->fs); /* not ext2fs_close(), which could write */
	free(v);
}

/* What is in the journal alone is not seen. */
static bool ext_lacks(void *g, enum vt_miss *out_why)
{
	const struct volume *v = g;

	*out_why = VT_MISS_UNSUPPORTED;
	return (v->fs->super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0;
}

static const struct vt_graph_ops ops = {
	.lacks = ext_lacks,
	.free = ext_free,
	.node = ext_node,
	.child = ext_child,
	.names = ext_names,
	.link = ext_link,
	.open = ext_open,
};

/*
 * What libext2fs would believe: sizes of tables follow from these numbers, so they have to fit the
 * part (ext4's on-disk layout, "Super Block").
 */
static vt_err check_super(const struct part *p)
{
	uint8_t bytes[1024];
	vt_span s = vt_span_of(bytes, sizeof bytes);
	uint32_t inodes, blocks, high = 0, log, per_group, incompat;
	uint64_t all;
	vt_err e = p->size < 2 * SUPERBLOCK
		? VT_EFORMAT
		: vt_source_read(p->s, p->at + SUPERBLOCK, bytes, sizeof bytes);

	if (e)
		return e;
	if (!vt_get_u32le(s, 0, &inodes) || !vt_get_u32le(s, 4, &blocks) ||
		!vt_get_u32le(s, 24, &log) || !vt_get_u32le(s, 32, &per_group) ||
		!vt_get_u32le(s, 96, &incompat))
		return VT_EFORMAT;
	if (incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		(void)vt_get_u32le(s, 0x150, &high);
	if (incompat & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV)
		return VT_EUNSUPPORTED;
	all = (uint64_t)high << 32 | blocks;
	if (log > 6 || per_group == 0 || inodes == 0 || all > p->size >> (10 + log) ||
		per_group < 8 || all / per_group > 1u << 22)
		return VT_EFORMAT;
	return VT_OK;
}

vt_err vt_ext_tree(struct vt_source *s, uint64_t at, uint64_t size, const struct vt_spool *spool,
	const char **out_name, bool *out_dirty, struct vt_tree **out)
{
	struct volume *v = calloc(1, sizeof *v);
	const struct ext2_super_block *sb;
	vt_err e;

	if (!v)
		return VT_ENOMEM;
	v->part = (struct part){s, at, size};
	v->spool = spool;
	e = check_super(&v->part);
	opening = &v->part;
	if (!e)
		e = err_of(ext2fs_open2("", NULL, EXT2_FLAG_64BITS | EXT2_FLAG_IGNORE_CSUM_ERRORS,
			0, 0, &manager, &v->fs));
	opening = NULL;
	if (!e)
		e = vt_graph_tree(&ops, v, EXT2_ROOT_INO, out);
	if (e) {
		ext_free(v);
		return e;
	}
	sb = v->fs->super;
	*out_dirty = (sb->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0;
	*out_name = sb->s_feature_incompat &
			(EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |
				EXT4_FEATURE_INCOMPAT_FLEX_BG)
		? "ext4"
		: sb->s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL ? "ext3"
									 : "ext2";
	return VT_OK;
}
