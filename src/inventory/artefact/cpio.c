/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/cpio.h"

#include "base/num.h"

enum { BETWEEN, HEAD, NAME, DATA }; /* what the next byte belongs to; BETWEEN: zeros */

static bool hex8(const uint8_t *p, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

static vt_err on_head(struct vt_cpio *c)
{
	uint32_t name_n, size;

	if (memcmp(c->head, "07070", 5) != 0 || (c->head[5] != '1' && c->head[5] != '2') ||
		!hex8(c->head + 14, &c->mode) || !hex8(c->head + 54, &size) ||
		!hex8(c->head + 94, &name_n) || name_n == 0 || name_n > VT_CPIO_NAME_MAX)
		return VT_EFORMAT;
	c->size = size;
	c->name_n = name_n;
	c->have = 0;
	c->state = NAME;
	return VT_OK;
}

static void on_name(struct vt_cpio *c)
{
	vt_span name = vt_span_of(c->name, c->name_n - 1);
	const uint8_t *nul = memchr(c->name, 0, c->name_n);

	if (nul)
		name.n = (size_t)(nul - c->name);
	/* header and name together, and the content, end on multiples of four */
	c->skip = (4 - (110 + c->name_n) % 4) % 4;
	c->have = 0;
	if (name.n == 10 && memcmp(name.p, "TRAILER!!!", 10) == 0) {
		c->archives++;
		c->state = BETWEEN;
		c->skip = 0; /* zeros anyway */
		return;
	}
	c->skip += c->size + (4 - c->size % 4) % 4;
	c->state = DATA;
	c->entries++;
	c->fn(c->ctx, &(struct vt_cpio_entry){.name = name, .mode = c->mode, .size = c->size});
}

/* Collects up to `want` bytes; true when they are all there. */
static bool collect(struct vt_cpio *c, uint8_t *to, size_t want, vt_span bytes, size_t *io_at)
{
	size_t n = vt_min_size(want - c->have, bytes.n - *io_at);

	memcpy(to + c->have, bytes.p + *io_at, n);
	c->have += n;
	*io_at += n;
	return c->have == want;
}

vt_err vt_cpio_feed(struct vt_cpio *c, vt_span bytes, size_t *out_used)
{
	size_t at = 0;
	vt_err e = VT_OK;

	while (at < bytes.n && !e) {
		switch (c->state) {
		case BETWEEN:
			while (at < bytes.n && bytes.p[at] == 0)
				at++;
			if (at == bytes.n)
				break;
			if (bytes.p[at] != '0') {
				e = c->archives ? VT_END : VT_EFORMAT;
				break;
			}
			c->have = 0;
			c->state = HEAD;
			break;
		case HEAD:
			if (collect(c, c->head, sizeof c->head, bytes, &at))
				e = on_head(c);
			break;
		case NAME:
			if (collect(c, c->name, c->name_n, bytes, &at))
				on_name(c);
			break;
		default: {
			size_t n = (size_t)vt_min_u64(c->skip, bytes.n - at);

			at += n;
			c->skip -= n;
			if (c->skip == 0) {
				c->have = 0;
				c->state = HEAD;
			}
			break;
		}
		}
	}
	*out_used = at;
	return e;
}

bool vt_cpio_whole(const struct vt_cpio *c)
{
	return c->state == BETWEEN && c->archives > 0;
}
