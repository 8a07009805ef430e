/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images an archive or a layout holds: OCI Image Layout 1.0 (index.json, indexes in indexes),
 * and manifest.json of "docker save". An archive may have both, and they need not agree: the images
 * of both are looked at, once if they have the same layers.
 */
#include "tree/images.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

#define PENDING_MAX 1024 /* manifests and indexes */
#define NESTING_MAX 4
#define ARENA_MAX ((size_t)512 << 20)

struct pending {
	vt_span digest, name;
	unsigned depth;
};

struct oci {
	struct vt_images_private *p;
	struct pending todo[PENDING_MAX];
	size_t n, at;
	struct vt_image_plan *plan;
};

static vt_span keep(struct vt_images_private *p, vt_span s)
{
	char *copy = vt_arena_copy(&p->arena, s);

	return vt_span_of(copy, copy ? s.n : 0);
}

/* An image that there is nothing of but what is wrong. */
static vt_err add_trouble(struct vt_images_private *p, vt_span name, vt_span digest, vt_span why)
{
	struct vt_image_plan *plan = vt_arena_alloc(&p->arena, sizeof *plan);

	if (!plan)
		return VT_ENOMEM;
	*plan = (struct vt_image_plan){.name = name, .digest = digest, .trouble = why};
	return vt_images_add(p, plan);
}

/*
 * Notes what an index names. A manifest that is not there is another platform's, which was not
 * saved, as long as the index is an inner one and some other manifest of it is there.
 */
static vt_err read_index(struct oci *o, const json_t *index, const struct pending *from)
{
	const json_t *list = json_object_get(index, "manifests"), *m;
	size_t i, there = 0, before = o->n;
	unsigned depth = from ? from->depth + 1 : 1;

	if (depth > NESTING_MAX)
		return VT_ELIMIT;
	json_array_foreach((json_t *)(uintptr_t)list, i, m)
	{
		const json_t *notes = json_object_get(m, "annotations");
		vt_span name = vt_json_text(notes, "io.containerd.image.name");
		vt_span digest = keep(o->p, vt_json_text(m, "digest"));
		struct vt_node node;

		if (!name.n)
			name = vt_json_text(notes, "org.opencontainers.image.ref.name");
		if (from) {
			vt_span path = vt_images_blob_path(o->p, digest);

			if (path.n && vt_tree_stat(o->p->outer, path, true, &node) == VT_END)
				continue;
		}
		there++;
		if (o->n == PENDING_MAX) {
			o->p->full = true;
			return VT_OK;
		}
		o->todo[o->n++] = (struct pending){.digest = digest,
			.name = name.n ? keep(o->p, name)
				: from ? from->name
				       : vt_span_of(NULL, 0),
			.depth = depth};
	}
	if (from && !there && json_array_size(list))
		return add_trouble(o->p, from->name, from->digest,
			vt_images_text(o->p, "none of its manifests is there"));
	o->n = there ? o->n : before;
	return VT_OK;
}

static bool ends(vt_span s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* Fills one layer of the plan from its descriptor. */
static vt_err read_layer(struct vt_images_private *p, struct vt_image_plan *plan, const json_t *d)
{
	vt_span type = vt_json_text(d, "mediaType"), path;
	struct vt_layer_blob *blob = NULL;
	vt_err e;

	if (ends(type, "+json") || ends(type, "/json"))
		return VT_OK; /* an attestation: no files */
	if (plan->n == VT_LAYERS_MAX) {
		plan->trouble = vt_images_text(p, "more layers than %d", VT_LAYERS_MAX);
		return VT_OK;
	}
	plan->layers[plan->n].digest = keep(p, vt_json_text(d, "digest"));
	path = vt_images_blob_path(p, plan->layers[plan->n].digest);
	if (ends(type, "+encrypted")) {
		plan->trouble = vt_images_text(p, "layer %zu is encrypted", plan->n + 1);
	} else if (!path.n) {
		plan->trouble = vt_images_text(p, "layer %zu: no sha256 digest", plan->n + 1);
	} else {
		e = vt_images_blob(p, path, plan->layers[plan->n].digest, &blob);
		if (e)
			return e;
	}
	plan->layers[plan->n++].blob = blob;
	return VT_OK;
}

static vt_err read_manifest(struct oci *o, const json_t *manifest, const struct pending *from)
{
	const json_t *list = json_object_get(manifest, "layers"), *d;
	vt_span config = vt_json_text(json_object_get(manifest, "config"), "digest");
	struct vt_image_plan *plan = o->plan;
	json_t *parsed = NULL;
	vt_err e = VT_OK;
	size_t i;

	*plan = (struct vt_image_plan){.name = from->name, .digest = from->digest};
	json_array_foreach((json_t *)(uintptr_t)list, i, d)
	{
		e = read_layer(o->p, plan, d);
		if (e)
			return e;
	}
	if (plan->n == 0 && json_array_size(list))
		return VT_OK; /* attestations only */
	e = vt_images_json(o->p, vt_images_blob_path(o->p, config), config, &parsed);
	if (e == VT_ENOMEM)
		return e;
	if (e && !plan->trouble.n)
		plan->trouble = vt_images_text(o->p, "configuration: %s", vt_err_text(e));
	plan->config = parsed;
	e = vt_images_add(o->p, plan);
	json_decref(parsed);
	return e;
}

static vt_err read_pending(struct oci *o, const struct pending *from)
{
	json_t *j = NULL;
	vt_err e = vt_images_json(o->p, vt_images_blob_path(o->p, from->digest), from->digest, &j);

	if (e == VT_ENOMEM)
		return e;
	if (e)
		return add_trouble(o->p, from->name, from->digest,
			vt_images_text(o->p, "manifest %.*s: %s", (int)from->digest.n,
				(const char *)from->digest.p,
				e == VT_END ? "is not there" : vt_err_text(e)));
	if (json_is_array(json_object_get(j, "manifests")))
		e = read_index(o, j, from);
	else
		e = read_manifest(o, j, from);
	json_decref(j);
	if (e == VT_ELIMIT)
		e = add_trouble(
			o->p, from->name, from->digest, vt_images_text(o->p, "%s", vt_err_text(e)));
	return e;
}

vt_err vt_images_oci(struct vt_images_private *p)
{
	struct oci *o = calloc(1, sizeof *o);
	json_t *index = NULL;
	vt_err e = o ? VT_OK : VT_ENOMEM;

	if (!e) {
		o->p = p;
		o->plan = calloc(1, sizeof *o->plan);
		e = o->plan ? VT_OK : VT_ENOMEM;
	}
	if (!e)
		e = vt_images_json(p, vt_span_str("/index.json"), vt_span_of(NULL, 0), &index);
	if (!e)
		e = read_index(o, index, NULL);
	while (!e && o->at < o->n)
		e = read_pending(o, &o->todo[o->at++]);
	json_decref(index);
	if (o)
		free(o->plan);
	free(o);
	return e;
}

/* True if an image has the same blobs in its layers; its name gets the tags. */
static bool known(struct vt_images_private *p, const struct vt_image_plan *plan)
{
	for (size_t i = 0; i < p->n; i++) {
		bool same = p->v[i].nlayers == plan->n && plan->n > 0;

		for (size_t k = 0; same && k < plan->n; k++)
			same = plan->layers[k].blob &&
				p->parts[i].tars[k] == &plan->layers[k].blob->tar;
		if (!same)
			continue;
		if (plan->name.n && !vt_span_eq(plan->name, p->v[i].name))
			p->v[i].name = vt_images_text(p, "%.*s %.*s", (int)plan->name.n,
				(const char *)plan->name.p, (int)p->v[i].name.n,
				(const char *)p->v[i].name.p);
		return true;
	}
	return false;
}

static vt_span path_of(struct vt_images_private *p, const json_t *name)
{
	if (!json_is_string(name))
		return vt_span_of(NULL, 0);
	return vt_images_text(p, "/%s", json_string_value(name));
}

static vt_err read_saved(
	struct vt_images_private *p, const json_t *image, struct vt_image_plan *plan)
{
	const json_t *layers = json_object_get(image, "Layers"), *v;
	vt_span config = path_of(p, json_object_get(image, "Config"));
	json_t *parsed = NULL;
	vt_err e = VT_OK;
	size_t i;

	*plan = (struct vt_image_plan){.digest = config};
	json_array_foreach(json_object_get(image, "RepoTags"), i, v) if (json_is_string(v))
		plan->name = vt_images_text(p, "%.*s%s%s", (int)plan->name.n,
		plan->name.n ? (const char *)plan->name.p : "", plan->name.n ? " " : "",
		json_string_value(v));
	json_array_foreach((json_t *)(uintptr_t)layers, i, v)
	{
		vt_span path = path_of(p, v);

		if (plan->n == VT_LAYERS_MAX || !path.n) {
			plan->trouble = vt_images_text(p, "layer %zu can't be read", plan->n + 1);
			break;
		}
		e = vt_images_blob(p, path, vt_span_of(NULL, 0), &plan->layers[plan->n].blob);
		if (e)
			return e;
		plan->n++;
	}
	if (known(p, plan))
		return VT_OK;
	e = vt_images_json(p, config, vt_span_of(NULL, 0), &parsed);
	if (e == VT_ENOMEM)
		return e;
	if (e && !plan->trouble.n)
		plan->trouble = vt_images_text(
			p, "configuration: %s", e == VT_END ? "is not there" : vt_err_text(e));
	plan->config = parsed;
	e = vt_images_add(p, plan);
	json_decref(parsed);
	return e;
}

vt_err vt_images_docker(struct vt_images_private *p)
{
	struct vt_image_plan *plan = calloc(1, sizeof *plan);
	json_t *list = NULL;
	vt_err e = plan ? VT_OK : VT_ENOMEM;

	if (!e)
		e = vt_images_json(p, vt_span_str("/manifest.json"), vt_span_of(NULL, 0), &list);
	for (size_t i = 0; !e && i < json_array_size(list); i++)
		e = read_saved(p, json_array_get(list, i), plan);
	json_decref(list);
	free(plan);
	return e;
}

static void free_private(struct vt_images_private *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct vt_image_parts *parts = &p->parts[i];

		vt_tree_free(p->v[i].merged);
		vt_overlay_free(&parts->merged);
		for (size_t k = 0; k < p->v[i].nlayers; k++) {
			vt_tree_free(p->v[i].layers[k].tree);
			vt_overlay_free(&parts->own[k]);
			free(parts->hidden[k]);
			free(parts->lower[k]);
		}
	}
	for (size_t i = 0; i < p->nblobs; i++)
		vt_tar_free(&p->blobs[i]->tar);
	vt_tree_free(p->outer);
	vt_overlay_free(&p->outer_overlay);
	vt_tar_free(&p->outer_tar);
	vt_arena_free(&p->arena);
	free(p);
}

void vt_images_free(struct vt_images *v)
{
	if (v->p)
		free_private(v->p);
	*v = (struct vt_images){0};
}

static struct vt_images_private *new_private(struct vt_spool *spool)
{
	struct vt_images_private *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->arena.max = ARENA_MAX;
	p->outer_tar.fd = -1;
	p->spool = spool;
	return p;
}

/* Takes `p`. */
static vt_err read_all(struct vt_images_private *p, struct vt_images *out)
{
	vt_err oci = vt_images_oci(p), docker = VT_OK;

	if (oci != VT_ENOMEM)
		docker = vt_images_docker(p);
	if (oci == VT_ENOMEM || docker == VT_ENOMEM || (oci && docker)) {
		free_private(p);
		return oci == VT_ENOMEM || docker == VT_ENOMEM ? VT_ENOMEM : VT_EFORMAT;
	}
	/* One of the two is broken: said with the images of the other. */
	for (size_t i = 0; i < p->n; i++)
		if (((oci && oci != VT_END) || (docker && docker != VT_END) || p->full) &&
			!p->v[i].trouble.n)
			p->v[i].trouble = vt_images_text(p, "%s",
				p->full ? "there are more images than are read"
					: "the list of images is broken");
	*out = (struct vt_images){.n = p->n, .v = p->v, .p = p};
	return VT_OK;
}

/* The archive's members as a tree. */
static vt_err open_outer(struct vt_images_private *p, int fd)
{
	uint32_t *placed;
	vt_err e = vt_tar_index(fd, &p->outer_tar);
	struct vt_tar **tars = vt_arena_alloc(&p->arena, sizeof *tars);

	if (e || !tars)
		return e ? e : VT_ENOMEM;
	tars[0] = &p->outer_tar;
	placed = calloc(p->outer_tar.n + 1, sizeof *placed);
	e = placed ? vt_overlay_new(&p->outer_overlay, tars, &p->work) : VT_ENOMEM;
	if (!e)
		e = vt_overlay_layer(&p->outer_overlay, 0, placed);
	free(placed);
	p->outer_view = (struct vt_overlay_view){.o = &p->outer_overlay, .spool = p->spool};
	return e ? e : vt_overlay_tree(&p->outer_view, &p->outer);
}

vt_err vt_images_archive(int fd, struct vt_spool *spool, struct vt_images *out)
{
	struct vt_images_private *p = new_private(spool);
	uint8_t head[6] = {0};
	size_t got = 0;
	int plain = -1;
	vt_err e = p ? vt_fd_pread(fd, head, sizeof head, 0, &got) : VT_ENOMEM;

	if (!e &&
		(memcmp(head, "\x1f\x8b", 2) == 0 || memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ||
			memcmp(head,
				"\xfd"
				"7zXZ",
				5) == 0 ||
			memcmp(head, "BZh", 3) == 0)) {
		e = vt_spool_stream(fd, spool, &plain);
	} else if (!e) {
		plain = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		e = plain < 0 ? VT_EIO : VT_OK;
	}
	if (!e)
		e = open_outer(p, plain);
	if (!e)
		return read_all(p, out);
	if (p)
		free_private(p);
	return e;
}

vt_err vt_images_layout(int folder, struct vt_spool *spool, struct vt_images *out)
{
	struct vt_images_private *p = new_private(spool);
	int fd = p ? fcntl(folder, F_DUPFD_CLOEXEC, 0) : -1;
	vt_err e = !p ? VT_ENOMEM : fd < 0 ? VT_EIO : vt_tree_folder(fd, true, &p->outer);

	if (!e)
		return read_all(p, out);
	vt_fd_close(fd);
	if (p)
		free_private(p);
	return e;
}
