/* SPDX-License-Identifier: Apache-2.0 */
/* What collectors report, on its way to the supervisor. */
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "inventory/package/status.h"
#include "os/fd.h"
#include "proc/collector/run.h"

/* A rule that fires more often than this in one subject says nothing new; that it did is a miss. */
#define HITS_MAX 4096
#define HASH_MAX ((uint64_t)1 << 30)
#define PIECE ((size_t)64 << 10)
#define HEX_SIZE 65

struct vt_tree *vt_collect_tree(struct vt_collect *c)
{
	return c->tree;
}

bool vt_collect_live(const struct vt_collect *c)
{
	return c->kind == VT_SUBJECT_SYSTEM;
}

enum vt_platform vt_collect_platform(const struct vt_collect *c)
{
	return c->platform;
}

vt_arena *vt_collect_arena(struct vt_collect *c)
{
	return &c->arena;
}

const struct vt_catalogue *vt_collect_catalogue(const struct vt_collect *c)
{
	return c->catalogue;
}

void vt_collect_hidden(struct vt_collect *c, bool hidden)
{
	c->hidden = hidden;
}

static void send_message(struct vt_collect *c, vt_err written, const int *fds, size_t nfds)
{
	if (!c->failed)
		c->failed = written;
	if (!c->failed)
		c->failed = vt_channel_send(c->channel, vt_buf_span(&c->message), fds, nfds, true);
}

void vt_collect_source(struct vt_collect *c, enum vt_area a, const char *what)
{
	(void)what;
	c->coverage[a].sources++;
}

void vt_collect_seen(struct vt_collect *c, enum vt_area a, bool read)
{
	c->coverage[a].seen++;
	c->coverage[a].read += read;
}

void vt_collect_missed(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why)
{
	const struct vt_missed m = {.area = a, .why = why, .locus = locus};

	c->coverage[a].seen++;
	c->coverage[a].misses[why]++;
	if (c->coverage[a].misses[why] <= VT_SURVEY_MISSED_MAX)
		send_message(c, vt_missed_write(&c->message, &m), NULL, 0);
}

void vt_collect_broken(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why)
{
	c->coverage[a].broken++;
	vt_collect_missed(c, a, locus, why);
}

enum vt_miss vt_collect_miss_of(vt_err e)
{
	switch (e) {
	case VT_EFORMAT:
	case VT_ETRUNCATED:
	case VT_ECHECKSUM: return VT_MISS_MALFORMED;
	case VT_EUNSUPPORTED:
	case VT_EVERSION: return VT_MISS_UNSUPPORTED;
	case VT_EENCRYPTED: return VT_MISS_ENCRYPTED;
	case VT_ELIMIT: return VT_MISS_TOO_LARGE;
	case VT_ENOMEM: return VT_MISS_LIMIT;
	case VT_END:
	case VT_EAGAIN: return VT_MISS_VANISHED;
	case VT_OK:
	case VT_EARG:
	case VT_EIO:
	case VT_EPEER: break;
	}
	return VT_MISS_UNREADABLE;
}

static bool hash_fd(int fd, char hex[HEX_SIZE])
{
	static uint8_t piece[PIECE];
	struct vt_sha256_stream s;
	uint8_t digest[32];
	uint64_t at = 0;
	size_t n;
	vt_buf b = VT_BUF_INIT(HEX_SIZE);

	vt_sha256_start(&s);
	do {
		if (vt_fd_pread(fd, piece, sizeof piece, at, &n))
			return false;
		vt_sha256_add(&s, vt_span_of(piece, n));
		at += n;
	} while (n == sizeof piece && at <= HASH_MAX);
	vt_sha256_finish(&s, digest);
	if (vt_hex_add(&b, vt_span_of(digest, sizeof digest)))
		return false;
	memcpy(hex, b.p, HEX_SIZE - 1);
	hex[HEX_SIZE - 1] = '\0';
	vt_buf_free(&b);
	return true;
}

/* Of the file that a fact is about; of what it says where that is no file. */
static bool hash_of(struct vt_collect *c, const struct vt_fact *f, char hex[HEX_SIZE])
{
	uint8_t digest[32];
	vt_buf b = VT_BUF_INIT(HEX_SIZE);
	bool done = false;
	int fd;

	if ((f->kind == VT_FACT_FILE || f->kind == VT_FACT_EXECUTABLE) &&
		!vt_tree_open(c->tree, f->locus, HASH_MAX, &fd)) {
		done = hash_fd(fd, hex);
		vt_fd_close(fd);
	}
	if (!done) {
		vt_sha256(vt_buf_span(&c->raw), digest);
		done = !vt_hex_add(&b, vt_span_of(digest, sizeof digest));
		if (done)
			memcpy(hex, b.p, HEX_SIZE - 1);
		hex[HEX_SIZE - 1] = '\0';
	}
	vt_buf_free(&b);
	return done;
}

struct hit {
	struct vt_collect *c;
	const struct vt_fact *f;
	char sha256[HEX_SIZE];
	bool hashed;
};

static void on_hit(void *ctx, const struct vt_catalogue_rule *r)
{
	struct hit *h = ctx;
	struct vt_collect *c = h->c;
	size_t n = (size_t)(r - c->catalogue->rules);
	struct vt_observation o = {
		.kind = h->f->kind,
		.locus = h->f->locus,
		.rule = r->id,
		.product = c->catalogue->products[r->product].id,
		.decisive = r->decisive,
		.embedded = r->embedded,
		.memory = r->source.memory,
		.hidden = c->hidden,
	};

	if (++c->hits[n] > HITS_MAX) {
		if (c->hits[n] == HITS_MAX + 1)
			vt_collect_missed(c, vt_fact_area(o.kind), r->id, VT_MISS_LIMIT);
		return;
	}
	if (!h->hashed) {
		vt_buf_clear(&c->raw);
		if (vt_fact_write(&c->raw, h->f) || !hash_of(c, h->f, h->sha256)) {
			c->failed = c->failed ? c->failed : VT_ENOMEM;
			return;
		}
		h->hashed = true;
	}
	o.raw = vt_buf_span(&c->raw);
	o.sha256 = vt_span_str(h->sha256);
	send_message(c, vt_observation_write(&c->message, &o), NULL, 0);
}

static void send_component(struct vt_collect *c, const struct vt_fact *f)
{
	const struct vt_component p = {
		.locus = f->locus,
		.manager = f->v[VT_ATTR_MANAGER],
		.name = f->v[VT_ATTR_NAME],
		.version = f->v[VT_ATTR_VERSION],
		.arch = f->v[VT_ATTR_ARCH],
		.vendor = f->v[VT_ATTR_VENDOR],
		.status = f->v[VT_ATTR_STATUS],
		.source = f->v[VT_ATTR_SOURCE],
		.purl = f->v[VT_ATTR_PURL],
		.cpe = f->v[VT_ATTR_CPE],
		.license = f->v[VT_ATTR_LICENSE],
		.installed = vt_package_installed(f->v[VT_ATTR_MANAGER], f->v[VT_ATTR_STATUS]),
	};

	send_message(c, vt_component_write(&c->message, &p), NULL, 0);
}

/* A mask is there so that nothing of its name starts: what keeps a product out is no sign of it. */
static bool keeps_out(const struct vt_fact *f)
{
	return f->kind == VT_FACT_UNIT && vt_span_eq(f->v[VT_ATTR_STATE], vt_span_str("masked"));
}

void vt_collect_fact(struct vt_collect *c, const struct vt_fact *f)
{
	struct hit h = {.c = c, .f = f};

	if (c->failed || keeps_out(f))
		return;
	if (f->kind == VT_FACT_PACKAGE)
		send_component(c, f);
	vt_catalogue_match(c->catalogue, f, on_hit, &h);
}

void vt_collect_scan(struct vt_collect *c, vt_span path, int fd, uint64_t size, bool hidden)
{
	const struct vt_wire_file file = {.path = path, .size = size, .hidden = hidden};

	if (c->job->files && size <= c->job->max_file)
		send_message(c, vt_file_write(&c->message, &file), &fd, 1);
	else if (c->job->files)
		vt_collect_missed(c, VT_AREA_CONTENT, path, VT_MISS_TOO_LARGE);
	vt_fd_close(fd);
}
