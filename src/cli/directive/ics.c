/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates as an iCalendar object (RFC 5545) and as JSON. Events are whole days. A UID depends on what
 * the date is for and not on when it was written, so that a calendar that reads the file again
 * replaces what it has.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/text.h"

#define LINE_MAX_OCTETS 75

/* A content line, folded (3.1): never inside of a character, each piece at most 75 octets. */
static void put_line(FILE *f, vt_span line)
{
	size_t at = 0, room = LINE_MAX_OCTETS;

	while (at < line.n) {
		size_t n = 0;

		while (at + n < line.n) {
			int32_t c;
			size_t step =
				vt_utf8_next(vt_span_of(line.p + at + n, line.n - at - n), &c);

			if (n + step > room)
				break;
			n += step;
		}
		fwrite(line.p + at, 1, n, f);
		fputs("\r\n", f);
		at += n;
		if (at < line.n)
			fputc(' ', f);
		room = LINE_MAX_OCTETS - 1;
	}
}

/* TEXT (3.3.11). */
static vt_err add_text(vt_buf *b, vt_span s)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < s.n && !e; i++) {
		if (s.p[i] == '\n') {
			e = vt_buf_addf(b, "\\n");
			continue;
		}
		if (s.p[i] == '\\' || s.p[i] == ';' || s.p[i] == ',')
			e = vt_buf_add_u8(b, '\\');
		if (!e)
			e = vt_buf_add_u8(b, s.p[i]);
	}
	return e;
}

static void put_text(FILE *f, const char *name, vt_span value)
{
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	vt_err e = vt_buf_addf(&b, "%s:", name);

	if (!e)
		e = add_text(&b, value);
	if (!e)
		put_line(f, vt_buf_span(&b));
	vt_buf_free(&b);
}

static void put_date(FILE *f, const char *name, vt_day d)
{
	int y, m, day;

	vt_day_split(d, &y, &m, &day);
	fprintf(f, "%s%04d%02d%02d\r\n", name, y, m, day);
}

static void put_uid(FILE *f, const struct vt_date *d)
{
	vt_span id = d->k->d.id, part = d->x ? d->x->id : d->due.action->id;
	char line[256];
	int y, m, day;

	vt_day_split(d->discovered == VT_DAY_NONE || d->x ? d->k->d.issued : d->discovered, &y, &m,
		&day);
	snprintf(line, sizeof line, "UID:%.*s.%s.%.*s.%u.%04d%02d%02d@directive.vitrine", (int)id.n,
		(const char *)id.p, d->x ? "exception" : "action", (int)part.n,
		(const char *)part.p, d->x ? 0 : d->due.number, y, m, day);
	put_line(f, vt_span_str(line));
}

/* What the file format's printer would write, as text of an event. */
static void put_description(FILE *f, const struct vt_date *d)
{
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	if (!m)
		return;
	if (d->x) {
		fprintf(m, "approved by %.*s: %.*s", (int)d->x->approver.n,
			(const char *)d->x->approver.p, (int)d->x->reason.n,
			(const char *)d->x->reason.p);
	} else {
		fprintf(m, "%.*s\n", (int)d->due.action->text.n,
			(const char *)d->due.action->text.p);
		vt_directive_explain(m, &d->k->d, &d->due, d->discovered);
	}
	fprintf(m, "\n%.*s, %.*s", (int)d->k->d.issuer.n, (const char *)d->k->d.issuer.p,
		(int)d->k->d.title.n, (const char *)d->k->d.title.p);
	if (fclose(m) == 0)
		put_text(f, "DESCRIPTION", vt_span_of(text, n));
	free(text);
}

static void put_event(FILE *f, const struct vt_date *d, vt_day on)
{
	vt_span id = d->k->d.id;
	char summary[512];

	if (d->x)
		snprintf(summary, sizeof summary, "%.*s: exception %.*s expires", (int)id.n,
			(const char *)id.p, (int)d->x->id.n, (const char *)d->x->id.p);
	else if (d->due.action->repeats)
		snprintf(summary, sizeof summary, "%.*s: %s no. %u due", (int)id.n,
			(const char *)id.p, vt_verb_word(d->due.action->verb), d->due.number);
	else
		snprintf(summary, sizeof summary, "%.*s: %s due", (int)id.n, (const char *)id.p,
			vt_verb_word(d->due.action->verb));
	fputs("BEGIN:VEVENT\r\n", f);
	put_uid(f, d);
	fputs("DTSTAMP:", f);
	{
		int y, m, day;

		vt_day_split(on, &y, &m, &day);
		fprintf(f, "%04d%02d%02dT000000Z\r\n", y, m, day);
	}
	put_date(f, "DTSTART;VALUE=DATE:", d->day);
	put_date(f, "DTEND;VALUE=DATE:", d->day + 1);
	put_text(f, "SUMMARY", vt_span_str(summary));
	put_description(f, d);
	put_text(f, "CATEGORIES", vt_span_str(d->x ? "exception" : "deadline"));
	fputs("TRANSP:TRANSPARENT\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-P7D\r\n", f);
	put_text(f, "DESCRIPTION", vt_span_str(summary));
	fputs("END:VALARM\r\nEND:VEVENT\r\n", f);
}

void vt_dates_ics(FILE *f, const struct vt_date *v, size_t n, vt_day on)
{
	fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	      "PRODID:-//Vitrine//Directives " VITRINE_VERSION "//EN\r\n"
	      "CALSCALE:GREGORIAN\r\n",
		f);
	for (size_t i = 0; i < n; i++)
		put_event(f, &v[i], on);
	fputs("END:VCALENDAR\r\n", f);
}

static void json_text(FILE *f, const char *key, vt_span s)
{
	fprintf(f, ",\"%s\":", key);
	vt_put_json(f, s);
}

static void put_json(FILE *f, const struct vt_date *d, vt_day on)
{
	const struct vt_action *a = d->due.action;
	char day[VT_DAY_SIZE];

	fprintf(f, "{\"date\":\"%s\",\"weekday\":\"%s\",\"days_left\":%d",
		vt_day_write(d->day, day), vt_directive_weekday(d->day), d->day - on);
	json_text(f, "directive", d->k->d.id);
	if (d->x) {
		json_text(f, "exception", d->x->id);
		json_text(f, "approver", d->x->approver);
		json_text(f, "reason", d->x->reason);
	} else {
		char *text = NULL;
		size_t n = 0;
		FILE *m = open_memstream(&text, &n);

		json_text(f, "action", a->id);
		json_text(f, "verb", vt_span_str(vt_verb_word(a->verb)));
		json_text(f, "text", a->text);
		fprintf(f, ",\"number\":%u", d->due.number);
		if (a->calendar == VT_CALENDAR_BUSINESS)
			fprintf(f, ",\"business_days_left\":%d",
				vt_days_business_between(on, d->day, &d->k->d.holidays));
		if (m) {
			vt_directive_explain(m, &d->k->d, &d->due, d->discovered);
			if (fclose(m) == 0)
				json_text(f, "reckoning", vt_span_of(text, n));
		}
		free(text);
	}
	fputc('}', f);
}

void vt_dates_json(FILE *f, const struct vt_date *v, size_t n, vt_day on)
{
	char day[VT_DAY_SIZE];

	fprintf(f, "{\"on\":\"%s\",\"dates\":[", vt_day_write(on, day));
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ",\n" : "\n", f);
		put_json(f, &v[i], on);
	}
	fputs("\n]}\n", f);
}
