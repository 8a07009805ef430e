/* SPDX-License-Identifier: Apache-2.0 */
/* One image of its layers: merged, each alone, and what of each is hidden in the whole. */
#include <stdlib.h>
#include <string.h>

#include "tree/images.h"

#define NONE VT_OVERLAY_NONE

/* A folder of the merged tree may be gone with all that is in it. */
static uint8_t *find_alive(const struct vt_overlay *o)
{
	uint8_t *alive = calloc(o->n, 1);

	if (!alive)
		return NULL;
	alive[0] = 1;
	for (size_t i = 1; i < o->n; i++) /* a parent is older than its children */
		alive[i] = !o->v[i].gone && alive[o->v[i].parent];
	return alive;
}

/* Which nodes of a layer can't be seen in the merged tree. */
static uint8_t *find_hidden(const struct vt_overlay *own, uint32_t layer,
	const struct vt_overlay *merged, const uint8_t *alive, const uint32_t *placed)
{
	uint8_t *hidden = calloc(own->n, 1);

	if (!hidden)
		return NULL;
	for (size_t i = own->n - 1; i > 0; i--) {
		const struct vt_dent *d = &own->v[i];
		uint32_t at = d->by_member == NONE ? NONE : placed[d->by_member];

		if (d->by_member == NONE) {
			/* As visible as what is in it: 2 was left there by a child. */
			hidden[i] = hidden[i] != 2;
		} else if (at == NONE || !alive[at]) {
			hidden[i] = 1;
		} else {
			hidden[i] = !merged->v[at].folder &&
				(merged->v[at].by_layer != layer ||
					merged->v[at].by_member != d->by_member);
		}
		if (!hidden[i])
			hidden[d->parent] = 2;
	}
	hidden[0] = 0;
	for (size_t i = 1; i < own->n; i++) /* replaced in the layer itself: with all in it */
		if (own->v[i].gone || (hidden[own->v[i].parent] == 3))
			hidden[i] = 3;
	for (size_t i = 1; i < own->n; i++)
		hidden[i] = hidden[i] == 1 || hidden[i] == 3;
	return hidden;
}

/* Hard links of a layer to files of lower ones: content by the merged tree. */
static vt_err find_lower(const struct vt_overlay *own, const struct vt_overlay *merged,
	const uint32_t *placed, struct vt_dent **out, size_t *out_n)
{
	struct vt_dent *v = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 1; i < own->n; i++) {
		const struct vt_dent *d = &own->v[i], *m;

		if (d->folder || d->from_member != NONE || d->by_member == NONE ||
			placed[d->by_member] == NONE)
			continue;
		m = &merged->v[placed[d->by_member]];
		if (m->from_member == NONE)
			continue;
		if (n == cap) {
			struct vt_dent *grown = reallocarray(v, cap ? 2 * cap : 16, sizeof *v);

			if (!grown) {
				free(v);
				return VT_ENOMEM;
			}
			v = grown;
			cap = cap ? 2 * cap : 16;
		}
		v[n] = *m;
		v[n++].parent = (uint32_t)i; /* the node that it stands for */
	}
	*out = v;
	*out_n = n;
	return VT_OK;
}

/* A walk says what could not be read: of this layer, or of all of them. */
static void mark_lacks(
	struct vt_overlay_view *view, const struct vt_image_plan *plan, size_t first, size_t n)
{
	for (size_t i = first; i < first + n && !view->lacks; i++) {
		const struct vt_layer_blob *b = plan->layers[i].blob;

		view->lacks = !b || b->wrong.n;
		view->why = b ? b->why : VT_MISS_UNSUPPORTED;
	}
}

static vt_err own_tree(struct vt_images_private *p, struct vt_image_parts *parts, uint32_t layer,
	const uint8_t *alive, const uint32_t *placed, struct vt_image_layer *out)
{
	struct vt_overlay *own = &parts->own[layer];
	struct vt_overlay_view *view = &parts->own_views[layer];
	uint32_t *mine = calloc(parts->tars[layer]->n + 1, sizeof *mine);
	vt_err e = mine ? vt_overlay_new(own, parts->tars, &p->work) : VT_ENOMEM;

	if (!e) {
		own->own = true;
		e = vt_overlay_layer(own, layer, mine);
	}
	free(mine);
	if (e)
		return e;
	parts->hidden[layer] = find_hidden(own, layer, &parts->merged, alive, placed);
	if (!parts->hidden[layer])
		return VT_ENOMEM;
	for (size_t i = 0; i < own->n; i++)
		out->hidden = out->hidden || parts->hidden[layer][i];
	*view = (struct vt_overlay_view){
		.o = own, .hidden = parts->hidden[layer], .spool = p->spool};
	e = find_lower(own, &parts->merged, placed, &parts->lower[layer], &view->nlower);
	view->lower = parts->lower[layer];
	return e ? e : vt_overlay_tree(view, &out->tree);
}

static vt_err merge(struct vt_images_private *p, struct vt_image_parts *parts,
	const struct vt_image_plan *plan, struct vt_image *im)
{
	uint32_t **placed = calloc(im->nlayers + 1, sizeof *placed);
	uint8_t *alive = NULL;
	vt_err e = placed ? vt_overlay_new(&parts->merged, parts->tars, &p->work) : VT_ENOMEM;

	parts->merged.whiteouts = true;
	for (uint32_t i = 0; !e && i < im->nlayers; i++) {
		size_t n = parts->tars[i]->n;

		placed[i] = calloc(n + 1, sizeof **placed);
		e = placed[i] ? vt_overlay_layer(&parts->merged, i, placed[i]) : VT_ENOMEM;
	}
	if (!e) {
		alive = find_alive(&parts->merged);
		e = alive ? VT_OK : VT_ENOMEM;
	}
	for (uint32_t i = 0; !e && i < im->nlayers; i++)
		e = own_tree(p, parts, i, alive, placed[i], &im->layers[i]);
	for (uint32_t i = 0; !e && i < im->nlayers; i++)
		mark_lacks(&parts->own_views[i], plan, i, 1);
	if (!e) {
		parts->merged_view =
			(struct vt_overlay_view){.o = &parts->merged, .spool = p->spool};
		mark_lacks(&parts->merged_view, plan, 0, plan->n);
		e = vt_overlay_tree(&parts->merged_view, &im->merged);
	}
	for (size_t i = 0; placed && i < im->nlayers; i++)
		free(placed[i]);
	free(placed);
	free(alive);
	return e;
}

/* What made each layer, and whether the bytes are those that the configuration speaks of. */
static void read_config(
	struct vt_images_private *p, struct vt_image_plan *plan, struct vt_image *im)
{
	const json_t *history = json_object_get(plan->config, "history"), *h;
	const json_t *diffs = json_object_get(json_object_get(plan->config, "rootfs"), "diff_ids");
	vt_span os = vt_json_text(plan->config, "os");
	vt_span arch = vt_json_text(plan->config, "architecture");
	vt_span variant = vt_json_text(plan->config, "variant");
	size_t layer = 0, i;

	if (os.n || arch.n)
		im->platform = vt_images_text(p, "%.*s/%.*s%s%.*s", (int)os.n, (const char *)os.p,
			(int)arch.n, (const char *)arch.p, variant.n ? "/" : "", (int)variant.n,
			(const char *)variant.p);
	json_array_foreach((json_t *)(uintptr_t)history, i, h)
	{
		vt_span by = vt_json_text(h, "created_by");

		if (json_is_true(json_object_get(h, "empty_layer")))
			continue;
		if (layer < im->nlayers && by.n)
			im->layers[layer].command =
				vt_images_text(p, "%.*s", (int)by.n, (const char *)by.p);
		layer++;
	}
	for (i = 0; i < im->nlayers; i++) {
		const json_t *d = json_array_get(diffs, i);
		const struct vt_layer_blob *b = plan->layers[i].blob;

		if (json_is_string(d) && b && b->diff.n && !plan->trouble.n &&
			!vt_span_eq(
				b->diff, vt_span_of(json_string_value(d), json_string_length(d))))
			plan->trouble = vt_images_text(
				p, "layer %zu is not the one that the configuration names", i + 1);
	}
}

static vt_err make_parts(struct vt_images_private *p, struct vt_image_parts *parts, size_t n)
{
	parts->tars = vt_arena_array(&p->arena, n + 1, sizeof *parts->tars);
	parts->own = vt_arena_array(&p->arena, n + 1, sizeof *parts->own);
	parts->own_views = vt_arena_array(&p->arena, n + 1, sizeof *parts->own_views);
	parts->hidden = vt_arena_array(&p->arena, n + 1, sizeof *parts->hidden);
	parts->lower = vt_arena_array(&p->arena, n + 1, sizeof *parts->lower);
	return parts->tars && parts->own && parts->own_views && parts->hidden && parts->lower
		? VT_OK
		: VT_ENOMEM;
}

vt_err vt_images_add(struct vt_images_private *p, struct vt_image_plan *plan)
{
	static struct vt_tar nothing = {.fd = -1};
	struct vt_image_parts *parts = &p->parts[p->n];
	struct vt_image *im = &p->v[p->n];
	vt_err e;

	if (p->n == VT_IMAGES_MAX) {
		p->full = true;
		return VT_OK;
	}
	e = make_parts(p, parts, plan->n);
	im->layers = e ? NULL : vt_arena_array(&p->arena, plan->n + 1, sizeof *im->layers);
	if (!im->layers)
		return VT_ENOMEM;
	p->n++; /* freed from now on */
	im->nlayers = plan->n;
	im->name = plan->name.n ? plan->name : plan->digest;
	for (size_t i = 0; i < plan->n; i++) {
		struct vt_layer_blob *b = plan->layers[i].blob;

		parts->tars[i] = b ? &b->tar : &nothing;
		im->layers[i].digest = plan->layers[i].digest.n ? plan->layers[i].digest
			: b                                     ? b->digest
								: vt_span_of(NULL, 0);
		if (b && b->wrong.n && !plan->trouble.n)
			plan->trouble = vt_images_text(p, "layer %zu (%.*s): %.*s", i + 1,
				(int)im->layers[i].digest.n, (const char *)im->layers[i].digest.p,
				(int)b->wrong.n, (const char *)b->wrong.p);
	}
	read_config(p, plan, im);
	e = merge(p, parts, plan, im);
	if (e == VT_ELIMIT) {
		plan->trouble = vt_images_text(p, "%s", vt_err_text(e));
		e = VT_OK;
	}
	im->trouble = plan->trouble;
	return e;
}
