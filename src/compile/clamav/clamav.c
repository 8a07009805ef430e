/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a signature file to the builder: finds the parser by extension, runs it over the lines and
 * accounts for each of them. A line is added, is set aside with a cause, or is a comment or blank.
 */
#include "compile/clamav/clamav.h"

#include <strings.h>

#include "base/num.h"
#include "compile/clamav/parse.h"

/* What one line may make: a logical signature of 64 long subsignatures stays far below. */
#define LINE_MEMORY ((size_t)256 << 20)

static const struct vt_clam_format formats[] = {
#define LINES(ext_, parse_, kind_, flags_)                                                         \
	{.ext = (ext_), .parse = (parse_), .kind = (kind_), .flags = (flags_)},
#define EACH(ext_, aside_, why_) {.ext = (ext_), .aside = (aside_), .why = (why_)},
#define WHOLE(ext_, aside_, why_) {.ext = (ext_), .aside = (aside_), .why = (why_), .whole = true},
#include "compile/clamav/formats.def"
#undef LINES
#undef EACH
#undef WHOLE
};

static const char *const containers[] = {"cvd", "cld", "cud"};

static bool has_extension(vt_span name, const char *ext)
{
	size_t n = strlen(ext);

	return name.n > n && name.p[name.n - n - 1] == '.' &&
		strncasecmp((const char *)name.p + name.n - n, ext, n) == 0;
}

static const struct vt_clam_format *find_format(vt_span name)
{
	for (size_t i = 0; i < VT_COUNT(formats); i++) {
		if (has_extension(name, formats[i].ext))
			return &formats[i];
	}
	return NULL;
}

bool vt_clamav_knows(vt_span file_name)
{
	return find_format(file_name) != NULL;
}

bool vt_clamav_is_container(vt_span file_name)
{
	for (size_t i = 0; i < VT_COUNT(containers); i++) {
		if (has_extension(file_name, containers[i]))
			return true;
	}
	return false;
}

void vt_clam_init(struct vt_clam *c, struct vt_builder *b, const struct vt_clam_format *format)
{
	*c = (struct vt_clam){
		.b = b,
		.format = format,
		.arena = VT_ARENA_INIT(LINE_MEMORY),
		.code = VT_BUF_INIT(LINE_MEMORY),
	};
}

void vt_clam_free(struct vt_clam *c)
{
	vt_arena_free(&c->arena);
	vt_buf_free(&c->code);
}

/* A parser's answer becomes an entry in the list of lines that were set aside. */
static vt_err set_aside(struct vt_clam *c, vt_err err)
{
	enum vt_aside what;

	switch ((int)err) {
	case VT_EFORMAT:
	case VT_EARG: what = VT_ASIDE_BAD; break; /* VT_EARG: the builder refused it */
	case VT_EUNSUPPORTED: what = VT_ASIDE_UNSUPPORTED; break;
	case VT_EVERSION: what = VT_ASIDE_OTHER_LEVEL; break;
	default: return err;
	}
	return vt_builder_set_aside(c->b, c->line, what, c->why ? c->why : vt_err_text(err));
}

static vt_err parse_line(struct vt_clam *c, vt_span line)
{
	vt_err err;

	if (c->arena.used)
		vt_arena_reset(&c->arena);
	c->why = NULL;
	if (!c->format->parse)
		return vt_builder_set_aside(c->b, c->line, c->format->aside, c->format->why);
	if (c->has_nul && memchr(line.p, 0, line.n))
		err = vt_clam_bad(c, "the line holds a NUL byte");
	else
		err = c->format->parse(c, line);
	return err ? set_aside(c, err) : VT_OK;
}

vt_err vt_clamav_compile(struct vt_builder *b, vt_span set_name, vt_span text)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* UTF-8 byte order mark */
	const struct vt_clam_format *format = find_format(set_name);
	struct vt_clam c;
	vt_span line;
	vt_err err;

	if (!format)
		return VT_EARG;
	if (vt_span_at(text, 0, mark, sizeof mark))
		text = vt_span_clip(text, sizeof mark, text.n);
	err = vt_builder_begin_set(b, set_name, text);
	if (err)
		return err;
	if (format->whole)
		return vt_builder_set_aside(b, 0, format->aside, format->why);
	vt_clam_init(&c, b, format);
	c.has_nul = text.n && memchr(text.p, 0, text.n);
	while (!err && vt_clam_next_line(&text, &line)) {
		if (c.line == UINT32_MAX) {
			err = VT_ELIMIT;
			break;
		}
		c.line++;
		if (line.n && line.p[0] != '#')
			err = parse_line(&c, line);
	}
	vt_clam_free(&c);
	return err;
}
