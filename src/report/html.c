/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/text.h"

static const char style[] =
#include "report/html_style.inc"
	;

void vt_html_put(struct vt_html *h, const char *markup)
{
	if (!h->e)
		h->e = vt_buf_add(h->b, markup, strlen(markup));
}

void vt_html_text(struct vt_html *h, vt_span s)
{
	if (!h->e)
		h->e = vt_text_html(h->b, s);
}

void vt_html_str(struct vt_html *h, const char *s)
{
	vt_html_text(h, vt_span_str(s));
}

static char *format(struct vt_html *h, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static char *format(struct vt_html *h, const char *fmt, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, args) >= 0)
		return text;
	h->e = h->e ? h->e : VT_ENOMEM;
	return NULL;
}

void vt_html_textf(struct vt_html *h, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = format(h, fmt, args);
	va_end(args);
	if (text)
		vt_html_str(h, text);
	free(text);
}

void vt_html_putf(struct vt_html *h, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = format(h, fmt, args);
	va_end(args);
	if (text)
		vt_html_put(h, text);
	free(text);
}

void vt_html_begin(struct vt_html *h, vt_span title)
{
	vt_html_put(h,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	vt_html_text(h, title);
	vt_html_put(h, "</title>\n<style>\n");
	vt_html_put(h, style);
	vt_html_put(h, "</style>\n</head>\n<body>\n<main>\n");
}

void vt_html_end(struct vt_html *h)
{
	vt_html_put(h, "</main>\n</body>\n</html>\n");
}

void vt_html_fact(struct vt_html *h, const char *name, vt_span value)
{
	if (!value.n)
		return;
	vt_html_put(h, "<tr><th scope=\"row\">");
	vt_html_str(h, name);
	vt_html_put(h, "</th><td>");
	vt_html_text(h, value);
	vt_html_put(h, "</td></tr>\n");
}

void vt_html_count(struct vt_html *h, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, v);

	for (int i = 0; i < n; i++)
		vt_html_putf(h, "%s%c", i && (n - i) % 3 == 0 ? "," : "", digits[i]);
}
