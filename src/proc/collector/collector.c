/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/collector/collector.h"

#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "os/map.h"
#include "proc/collector/run.h"
#include "sandbox/enter.h"

#define MEMORY_MAX ((uint64_t)4 << 30)
#define CATALOGUE_MEMORY ((size_t)256 << 20)

struct collector {
	int channel;
	struct vt_wire_collect job;
	int subject, spool_folder;
	vt_span catalogues[VT_COLLECT_CATALOGUES_MAX];
	vt_buf texts[VT_COLLECT_CATALOGUES_MAX];
	struct vt_catalogue parts[VT_COLLECT_CATALOGUES_MAX], catalogue;
	vt_arena arena;
	struct vt_collect run;
	struct vt_spool spool;
	char why[VT_COLLECT_WHY_MAX];
	struct vt_message message; /* large; the job's strings point into it */
};

/* What libraries do once, and could not do later. */
static vt_err warm_up(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	json_object_seed(0);
	tzset();
	return vt_map_guard_install();
}

static vt_err read_catalogues(struct collector *k)
{
	struct vt_doc_error why = {0};
	vt_err e = VT_OK;

	for (uint32_t i = 0; i < k->job.ncatalogues && !e; i++) {
		k->texts[i] = (vt_buf)VT_BUF_INIT(VT_CATALOGUE_MAX);
		e = vt_fd_read_all(k->message.fds[i + 1], 0, &k->texts[i]);
		vt_fd_close(k->message.fds[i + 1]);
		if (!e)
			e = vt_catalogue_parse(
				vt_buf_span(&k->texts[i]), &k->arena, &k->parts[i], &why);
	}
	if (!e)
		e = vt_catalogue_join(k->parts, k->job.ncatalogues, &k->arena, &k->catalogue, &why);
	if (e)
		(void)snprintf(k->why, sizeof k->why, "catalogue: %s: %s", why.where, why.cause);
	return e;
}

static vt_err start(struct collector *k)
{
	struct vt_sandbox sandbox = {.memory = MEMORY_MAX};
	struct vt_message *m = &k->message;
	unsigned layers;
	vt_err e;

	vt_fd_close_from(k->channel + 1);
	e = vt_channel_recv(k->channel, m, true, true);
	if (!e)
		e = m->id == VT_MSG_COLLECT ? vt_collect_read(&m->body, &k->job) : VT_EPEER;
	if (!e && m->nfds != 1 + k->job.ncatalogues + (k->job.spool ? 1 : 0))
		e = VT_EPEER;
	if (e)
		return e;
	k->subject = m->fds[0];
	k->spool_folder = k->job.spool ? m->fds[m->nfds - 1] : -1;
	k->spool = (struct vt_spool){.folder = k->spool_folder, .max = k->job.spool_max};
	e = warm_up();
	if (e)
		return e;
	sandbox.role = k->job.what == VT_COLLECT_PROCESSES ? VT_ROLE_PROCESSES : VT_ROLE_COLLECTOR;
	sandbox.folder = k->spool_folder;
	sandbox.readable = &k->subject;
	/* an image or disk is a file, which is open already */
	sandbox.nreadable = k->job.what != VT_COLLECT_ARCHIVE && k->job.what != VT_COLLECT_DISK;
	e = vt_sandbox_enter(&sandbox, &layers);
	/* the catalogue is read inside: it may be somebody's */
	if (!e)
		e = read_catalogues(k);
	return e ? e : vt_run_init(&k->run, k->channel, &k->job, &k->catalogue);
}

static vt_err run_folder(struct collector *k, enum vt_subject_kind kind)
{
	struct vt_subject s = {.kind = kind, .name = k->job.name};
	struct vt_tree *t;
	vt_err e = vt_tree_folder(k->subject, k->job.cross, &t);

	if (e) {
		(void)snprintf(k->why, sizeof k->why, "the root can't be opened");
		return e;
	}
	e = vt_run_subject(&k->run, &s, t, VT_MISS_UNREADABLE);
	vt_tree_free(t);
	return e;
}

/* "a.tar: app:1.0", or what the file is called if there is no other name. */
static vt_span image_name(struct collector *k, const struct vt_image *v)
{
	vt_buf b = VT_BUF_INIT(VT_COLLECT_STRING_MAX);
	vt_span name = k->job.name;
	char *copy = NULL;

	if (!vt_buf_add(&b, name.p, name.n) && !vt_buf_add(&b, ": ", 2) &&
		!vt_buf_add(&b, v->name.p, v->name.n))
		copy = vt_arena_copy(&k->arena, vt_buf_span(&b));
	if (copy && v->name.n)
		name = vt_span_of(copy, b.n);
	vt_buf_free(&b);
	return name;
}

/* Subjects are numbered in the order of SUBJECT messages, which is what `parent` counts in. */
static vt_err run_image(struct collector *k, const struct vt_image *v, uint32_t *io_number)
{
	struct vt_subject s = {.kind = VT_SUBJECT_IMAGE,
		.name = image_name(k, v),
		.platform = v->platform,
		.parent = *io_number};
	uint32_t image = *io_number;
	vt_err e = vt_run_subject(&k->run, &s, v->trouble.n ? NULL : v->merged, VT_MISS_MALFORMED);

	(*io_number)++;
	for (size_t i = 0; i < v->nlayers && !e; i++) {
		struct vt_subject layer = {.kind = VT_SUBJECT_LAYER,
			.name = v->layers[i].digest,
			.platform = v->platform,
			.parent = image,
			.hidden = v->layers[i].hidden};

		e = vt_run_subject(&k->run, &layer, v->layers[i].tree, VT_MISS_MALFORMED);
		(*io_number)++;
	}
	return e;
}

static vt_err run_images(struct collector *k)
{
	struct vt_images images = {0};
	uint32_t number = 0;
	vt_err e = k->job.what == VT_COLLECT_LAYOUT
		? vt_images_layout(k->subject, &k->spool, &images)
		: vt_images_archive(k->subject, &k->spool, &images);

	if (e)
		(void)snprintf(
			k->why, sizeof k->why, "it is no container image: %s", vt_err_text(e));
	for (size_t i = 0; i < images.n && !e; i++)
		e = run_image(k, &images.v[i], &number);
	vt_images_free(&images);
	return e;
}

static vt_err run_disk(struct collector *k)
{
	struct vt_disk disk = {0};
	vt_err e = vt_disk_open(k->subject, &k->spool, &disk);

	if (e)
		(void)snprintf(k->why, sizeof k->why, "it is no disk image that is read: %s",
			vt_err_text(e));
	for (size_t i = 0; i < disk.n && !e; i++) {
		struct vt_image named = {.name = disk.v[i].name};
		struct vt_subject s = {.kind = VT_SUBJECT_DISK,
			.name = image_name(k, &named),
			.parent = (uint32_t)i,
			.platform = disk.v[i].tree ? vt_span_of("", 0) : disk.v[i].system};

		e = vt_run_subject(&k->run, &s, disk.v[i].tree, disk.v[i].why);
	}
	vt_disk_free(&disk);
	return e;
}

static vt_err run_job(struct collector *k)
{
	switch (k->job.what) {
	case VT_COLLECT_SYSTEM:
	case VT_COLLECT_PROCESSES: return run_folder(k, VT_SUBJECT_SYSTEM);
	case VT_COLLECT_ROOT: return run_folder(k, VT_SUBJECT_ROOT);
	case VT_COLLECT_ARCHIVE:
	case VT_COLLECT_LAYOUT: return run_images(k);
	case VT_COLLECT_DISK: return run_disk(k);
	case VT_COLLECT_WHATS: break;
	}
	return VT_EARG;
}

static vt_err finish(struct collector *k, vt_err e)
{
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_err sent = e ? vt_collect_failed_write(&b, e, vt_span_str(k->why))
			: vt_msg_begin(&b, VT_MSG_COLLECT_DONE);

	if (!sent)
		sent = vt_channel_send(k->channel, vt_buf_span(&b), NULL, 0, true);
	vt_buf_free(&b);
	return e ? e : sent;
}

int vt_collector_run(int channel)
{
	struct collector *k = calloc(1, sizeof *k);
	vt_err e;

	if (!k)
		return VT_EXIT_MEMORY;
	k->channel = channel;
	k->subject = k->spool_folder = -1;
	k->arena = (vt_arena)VT_ARENA_INIT(CATALOGUE_MEMORY);
	e = start(k);
	if (!e)
		e = run_job(k);
	e = finish(k, e);
	vt_run_free(&k->run);
	for (size_t i = 0; i < VT_COLLECT_CATALOGUES_MAX; i++)
		vt_buf_free(&k->texts[i]);
	vt_arena_free(&k->arena);
	free(k);
	return e == VT_ENOMEM ? VT_EXIT_MEMORY : e ? 1 : 0;
}
