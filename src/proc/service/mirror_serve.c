/* SPDX-License-Identifier: Apache-2.0 */
/* The mirror's addresses, and its life from start to end. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/num.h"
#include "os/fd.h"
#include "proc/service/copies.h"
#include "proc/service/say.h"
#include "store/folder.h"

/* The most packages at their largest; gzip only makes it less. */
#define UPLOAD_MAX ((uint64_t)1 << 29)
/* Bodies of add-entries at a time: each may hold 16 MiB. */
#define UPLOADS_MAX 8u
#define TEXT "text/plain; charset=utf-8"

/* A body being read: one of the two. */
struct sink {
	struct vt_upload *upload;
	vt_buf body; /* of add-checkpoint */
};

static bool may_serve(const char *name)
{
	static const char *const below[] = {"tile/", "chunk/", "history/"};

	if (!vt_store_path_ok(name))
		return false;
	for (size_t i = 0; i < VT_COUNT(below); i++)
		if (strncmp(name, below[i], strlen(below[i])) == 0)
			return true;
	return strcmp(name, "checkpoint") == 0;
}

static void get(void *ctx, const char *path, struct vt_reply *out, struct vt_server_file *file)
{
	const struct vt_mirror *m = ctx;
	const char *name;
	size_t log = vt_origins_find(m->origins, path, &name);
	struct stat st;
	int fd;

	out->status = 404;
	if (log == VT_SERVICE_LOGS_MAX || !may_serve(name))
		return;
	fd = openat(m->copies[log].dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		out->status = errno == ENOENT || errno == ENOTDIR ? 404 : 500;
		return;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		vt_fd_close(fd);
		return;
	}
	*file = (struct vt_server_file){
		.fd = fd, .size = (uint64_t)st.st_size, .lasting = strcmp(name, "checkpoint") != 0};
	out->status = 200;
	out->type = name[0] == 'c' && name[2] == 'e' ? TEXT
		: name[0] == 'h'                     ? TEXT
						     : "application/octet-stream";
}

static void post_drop(void *ctx, void *sink)
{
	struct vt_mirror *m = ctx;
	struct sink *s = sink;

	if (s->upload)
		(void)atomic_fetch_sub(&m->uploads, 1);
	vt_upload_close(s->upload);
	vt_buf_free(&s->body);
	free(s);
}

static unsigned open_upload(struct vt_mirror *m, const char *coding, struct sink *s)
{
	bool gzip = coding && strcmp(coding, "gzip") == 0;

	if (coding && !gzip)
		return 415;
	if (atomic_fetch_add(&m->uploads, 1) < UPLOADS_MAX && !vt_upload_open(m, gzip, &s->upload))
		return 0;
	(void)atomic_fetch_sub(&m->uploads, 1);
	return 503;
}

static void post(void *ctx, const char *path, const char *coding, void **out_sink,
	uint64_t *out_max, struct vt_reply *out)
{
	bool checkpoint = strcmp(path, "/add-checkpoint") == 0;
	struct sink *s;

	if (!checkpoint && strcmp(path, "/add-entries") != 0) {
		out->status = 404;
		return;
	}
	s = calloc(1, sizeof *s);
	if (!s) {
		out->status = 500;
		return;
	}
	s->body.max = VT_WITNESS_REQUEST_MAX;
	if (checkpoint)
		out->status = coding ? 415 : 0;
	else
		out->status = open_upload(ctx, coding, s);
	if (out->status) {
		free(s);
		return;
	}
	*out_sink = s;
	*out_max = checkpoint ? VT_WITNESS_REQUEST_MAX : UPLOAD_MAX;
}

static void post_data(void *ctx, void *sink, vt_span bytes)
{
	struct sink *s = sink;

	(void)ctx;
	if (s->upload) {
		vt_upload_data(s->upload, bytes);
	} else if (vt_buf_add(&s->body, bytes.p, bytes.n)) {
		vt_buf_clear(&s->body);
		s->body.max = 0;
	}
}

/* Which log was it? The heads took it, so it is well-formed. */
static struct vt_copy *copy_of(struct vt_mirror *m, vt_span body)
{
	struct vt_add_checkpoint r;
	struct vt_checkpoint at;
	struct vt_note note;
	size_t log;

	if (vt_add_checkpoint_parse(body, &r) || vt_note_parse(r.note, &note) ||
		vt_checkpoint_parse(note.text, &at))
		return NULL;
	log = vt_service_log_find(m->c, at.origin);
	return log == VT_SERVICE_LOGS_MAX ? NULL : &m->copies[log];
}

static void post_done(void *ctx, void *sink, struct vt_reply *out)
{
	struct vt_mirror *m = ctx;
	struct sink *s = sink;
	struct vt_copy *k;

	if (s->upload) {
		vt_upload_done(s->upload, out);
		return;
	}
	vt_heads_add(m->heads, vt_buf_span(&s->body), out);
	k = out->status == 200 ? copy_of(m, vt_buf_span(&s->body)) : NULL;
	if (!k)
		return;
	(void)pthread_mutex_lock(&k->lock);
	vt_copy_note_pending(m, k);
	vt_pull_ask(m, k);
	(void)pthread_mutex_unlock(&k->lock);
}

static vt_err open_mirror(void *ctx, int dir, int *readable, size_t max, size_t *out_n)
{
	struct vt_mirror *m = ctx;
	vt_err e;

	(void)readable, (void)max;
	*out_n = 0;
	m->dir = dir;
	e = vt_broker_start(m->c, m->fetcher, &m->broker);
	if (e)
		vt_say("mirror: no process to fetch with");
	if (!e)
		e = vt_origins_make(m->c, &m->origins);
	if (e)
		return e;
	e = vt_heads_open(m->c, NULL, dir, vt_service_clock, &m->heads);
	if (e)
		vt_say("mirror: %s/journal cannot be used: %s", m->c->state, vt_err_text(e));
	return e ? e : vt_copies_open(m);
}

static vt_err begin(void *ctx)
{
	struct vt_mirror *m = ctx;

	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_cond_init(&m->wake, NULL);
	if (pthread_create(&m->puller, NULL, vt_pull_thread, m))
		return VT_EIO;
	m->pulling = true;
	return VT_OK;
}

static bool failed(void *ctx)
{
	const struct vt_mirror *m = ctx;

	if (vt_broker_gone(m->broker))
		vt_say("mirror: the fetching process is gone");
	return vt_heads_broken(m->heads) || vt_broker_gone(m->broker);
}

static void end(void *ctx)
{
	struct vt_mirror *m = ctx;

	if (m->pulling) {
		(void)pthread_mutex_lock(&m->lock);
		m->stop = true;
		(void)pthread_cond_signal(&m->wake);
		(void)pthread_mutex_unlock(&m->lock);
		vt_broker_interrupt(m->broker);
		(void)pthread_join(m->puller, NULL);
	}
	vt_broker_stop(m->broker);
	vt_copies_close(m);
	vt_heads_close(m->heads);
	vt_origins_free(m->origins);
}

vt_err vt_mirror_serve(const struct vt_service_config *c, const struct vt_signer *signer,
	const struct vt_fetcher_config *fetcher)
{
	struct vt_mirror m = {.c = c, .signer = signer, .fetcher = fetcher};
	const struct vt_service_parts parts = {
		.config = c,
		.name = "mirror",
		.routes = {.ctx = &m,
			.get = get,
			.post = post,
			.post_data = post_data,
			.post_done = post_done,
			.post_drop = post_drop},
		.ctx = &m,
		.open = open_mirror,
		.begin = begin,
		.failed = failed,
		.end = end,
	};

	return vt_service_run(&parts);
}
