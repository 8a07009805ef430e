/* SPDX-License-Identifier: Apache-2.0 */
/* Container images: what the files that read manifests, load layers and merge them share. */
#ifndef VT_TREE_IMAGES_H
#define VT_TREE_IMAGES_H

#include <jansson.h>

#include "base/arena.h"
#include "tree/overlay.h"

#define VT_IMAGES_MAX 256
#define VT_LAYERS_MAX 512 /* of one image */
#define VT_BLOBS_MAX 4096
#define VT_IMAGE_JSON_MAX ((size_t)8 << 20)

/* A layer's bytes, read once however many images have it. */
struct vt_layer_blob {
	vt_span path;   /* in the archive or layout */
	vt_span digest; /* "sha256:..." of the bytes as they are; empty if they can't be read */
	vt_span diff;   /* of the uncompressed ones */
	vt_span wrong;  /* what is wrong with it */
	enum vt_miss why;
	struct vt_tar tar;
};

/* An image as its manifest says. */
struct vt_image_plan {
	vt_span name, digest;
	json_t *config; /* borrowed; may be NULL */
	size_t n;
	struct {
		struct vt_layer_blob *blob; /* NULL: not to be had */
		vt_span digest;             /* expected; empty: the manifest does not say */
	} layers[VT_LAYERS_MAX];
	vt_span trouble;
};

/* Private parts of one image. */
struct vt_image_parts {
	struct vt_tar **tars; /* by layer */
	struct vt_overlay merged, *own;
	struct vt_overlay_view merged_view, *own_views;
	uint8_t **hidden;
	struct vt_dent **lower;
};

struct vt_images_private {
	vt_arena arena;
	struct vt_tree *outer; /* the archive or layout */
	struct vt_tar outer_tar;
	struct vt_overlay outer_overlay;
	struct vt_overlay_view outer_view;
	struct vt_spool *spool;
	uint64_t work; /* vt_overlay's */
	struct vt_layer_blob *blobs[VT_BLOBS_MAX];
	size_t nblobs;
	struct vt_image v[VT_IMAGES_MAX];
	struct vt_image_parts parts[VT_IMAGES_MAX];
	size_t n;
	bool full; /* more images than VT_IMAGES_MAX */
};

/* "a: b" in the arena, cut at 500 bytes; empty without memory. */
vt_span vt_images_text(struct vt_images_private *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "/blobs/sha256/..." of a digest; empty if it is none. */
vt_span vt_images_blob_path(struct vt_images_private *p, vt_span digest);
/* JSON of the archive; its digest compared unless `digest` is empty. VT_END, VT_ECHECKSUM,
 * VT_EFORMAT... */
VT_MUST_USE vt_err vt_images_json(
	struct vt_images_private *p, vt_span path, vt_span digest, json_t **out);
/* A layer; always gives a blob, perhaps one with something wrong. VT_ENOMEM, VT_ELIMIT. */
VT_MUST_USE vt_err vt_images_blob(
	struct vt_images_private *p, vt_span path, vt_span digest, struct vt_layer_blob **out);
/* Merges the layers and adds the image. VT_ENOMEM. */
VT_MUST_USE vt_err vt_images_add(struct vt_images_private *p, struct vt_image_plan *plan);

/* Reads /index.json and what it names. VT_END: there is none. */
VT_MUST_USE vt_err vt_images_oci(struct vt_images_private *p);
/* Reads /manifest.json, as "docker save" writes it. VT_END. */
VT_MUST_USE vt_err vt_images_docker(struct vt_images_private *p);

/* A member's text; empty if it is none. */
static inline vt_span vt_json_text(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) ? vt_span_of(json_string_value(v), json_string_length(v))
				 : vt_span_of(NULL, 0);
}

#endif
