/* SPDX-License-Identifier: Apache-2.0 */
/* Disk images: what they hold, volume by volume. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "os/fd.h"
#include "tree/ext.h"
#include "tree/partition.h"

#define DISK_ARENA ((size_t)1 << 20)

struct vt_disk_private {
	struct vt_source source;
	int fd;
	vt_arena arena;
	struct vt_partitions partitions;
	struct vt_volume volumes[VT_PARTITIONS_MAX + 2];
	size_t n;
	const struct vt_spool *spool;
};

static vt_span text(struct vt_disk_private *p, const char *s)
{
	const char *copy = vt_arena_copy(&p->arena, vt_span_str(s));

	return vt_span_of(copy, copy ? strlen(s) : 0);
}

static enum vt_miss miss_of(vt_err e)
{
	return e == VT_EUNSUPPORTED  ? VT_MISS_UNSUPPORTED
		: e == VT_EENCRYPTED ? VT_MISS_ENCRYPTED
		: e == VT_EIO        ? VT_MISS_UNREADABLE
		: e == VT_ELIMIT     ? VT_MISS_LIMIT
				     : VT_MISS_MALFORMED;
}

static vt_err add_volume(struct vt_disk_private *p, const struct vt_partition *part)
{
	struct vt_volume *v = &p->volumes[p->n];
	struct vt_recognised r = {0};
	const char *name = NULL;
	bool dirty = false;
	char number[32];
	vt_err e = vt_partition_recognise(&p->source, part->at, part->size, &r);

	if (e)
		return e;
	(void)snprintf(number, sizeof number, "partition %u", part->number);
	if (part->number == 0 && !r.name && p->partitions.n)
		return VT_OK; /* a disk with partitions, and nothing beside them */
	*v = (struct vt_volume){.name = text(p, part->number ? number : "whole disk"),
		.system = text(p, r.name ? r.name : "unknown"),
		.why = r.why};
	p->n++;
	if (!r.name || strcmp(r.name, "ext") != 0)
		return VT_OK;
	e = vt_ext_tree(&p->source, part->at, part->size, p->spool, &name, &dirty, &v->tree);
	if (e == VT_ENOMEM)
		return e;
	if (e)
		v->why = miss_of(e);
	else
		v->system = text(p, name);
	if (e && part->number == 0 && p->partitions.n)
		p->n--; /* two bytes that happened to look like it */
	if (dirty)
		v->note = vt_span_str("its journal was not replayed: what was written last may be "
				      "missing");
	return VT_OK;
}

void vt_disk_free(struct vt_disk *d)
{
	struct vt_disk_private *p = d->p;

	if (p) {
		for (size_t i = 0; i < p->n; i++)
			vt_tree_free(p->volumes[i].tree);
		vt_source_close(&p->source);
		vt_fd_close(p->fd);
		vt_arena_free(&p->arena);
		free(p);
	}
	*d = (struct vt_disk){0};
}

/* An image that is understood, and not read. */
static void add_refused(struct vt_disk_private *p, vt_err why)
{
	p->volumes[p->n++] = (struct vt_volume){.name = vt_span_str("whole disk"),
		.system = vt_span_str("qcow2"),
		.why = miss_of(why)};
}

static vt_err read_volumes(struct vt_disk_private *p)
{
	struct vt_partition whole = {.size = p->source.size};
	vt_err e = vt_partitions_read(&p->source, &p->partitions);

	if (!e)
		e = add_volume(p, &whole);
	for (size_t i = 0; !e && i < p->partitions.n; i++)
		e = add_volume(p, &p->partitions.v[i]);
	if (!e && p->partitions.more)
		p->volumes[p->n++] = (struct vt_volume){.name = vt_span_str("partition table"),
			.system = vt_span_str("unknown"),
			.note = vt_span_str("it is damaged, or has more than is read"),
			.why = VT_MISS_MALFORMED};
	return e;
}

vt_err vt_disk_open(int fd, struct vt_spool *spool, struct vt_disk *out)
{
	struct vt_disk d = {.format = "raw", .p = calloc(1, sizeof *d.p)};
	vt_err e;

	if (!d.p)
		return VT_ENOMEM;
	d.p->arena.max = DISK_ARENA;
	d.p->spool = spool;
	d.p->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	e = d.p->fd < 0 ? VT_EIO : vt_source_open(d.p->fd, &d.p->source);
	if (e == VT_EUNSUPPORTED || e == VT_EENCRYPTED) {
		d.format = "qcow2";
		add_refused(d.p, e);
		e = VT_OK;
	} else if (!e) {
		d.format = d.p->source.format;
		e = read_volumes(d.p);
	}
	if (e) {
		vt_disk_free(&d);
		return e;
	}
	d.n = d.p->n;
	d.v = d.p->volumes;
	*out = d;
	return VT_OK;
}
