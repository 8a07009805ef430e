/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/text.h"

#define INTERVAL 0.1
#define BAR_MAX 40

double vt_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void vt_progress_start(struct vt_progress *p, bool on, uint64_t total_bytes)
{
	*p = (struct vt_progress){.on = on, .started = vt_now(), .total = total_bytes};
	p->next = p->started + INTERVAL;
}

/* Asked anew each time: the window may have been resized. */
static size_t columns(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col ? ws.ws_col : 80;
}

static void format_time(double seconds, char buf[VT_NUMBER_MAX])
{
	unsigned s = seconds < 359999 ? (unsigned)(seconds + 0.5) : 359999;

	(void)snprintf(buf, VT_NUMBER_MAX, s < 3600 ? "%u:%02u" : "%u:%02u:%02u",
		s < 3600 ? s / 60 : s / 3600, s < 3600 ? s % 60 : s / 60 % 60, s % 60);
}

/* "[=====>     ]  42 %" or, without a total, a sign that moves. */
static void format_bar(const struct vt_progress *p, double part, size_t width, char *out, size_t n)
{
	static const char spinner[] = "|/-\\";
	char bar[BAR_MAX + 1];
	size_t full;

	if (!p->total) {
		(void)snprintf(out, n, "%c", spinner[p->drawn % 4]);
		return;
	}
	width = vt_min_size(width, BAR_MAX);
	full = (size_t)(part * (double)width);
	memset(bar, ' ', width);
	memset(bar, '=', full);
	if (full < width)
		bar[full] = '>';
	bar[width] = 0;
	(void)snprintf(out, n, "[%s] %3.0f %%", bar, part * 100);
}

static void draw(struct vt_progress *p, uint64_t files, uint64_t bytes, uint64_t found)
{
	char bar[BAR_MAX + 16], count[VT_NUMBER_MAX], size[VT_NUMBER_MAX], rate[VT_NUMBER_MAX];
	char hits[VT_NUMBER_MAX], left[VT_NUMBER_MAX], line[256];
	double elapsed = vt_now() - p->started;
	double speed = elapsed > 0 ? (double)bytes / elapsed : 0;
	double part = p->total ? (double)bytes / (double)p->total : 0;
	size_t width = columns();

	if (part > 1)
		part = 1;
	format_time(p->total && speed > 0 ? (double)p->total * (1 - part) / speed : elapsed, left);
	format_bar(p, part, width > 100 ? width - 90 : 10, bar, sizeof bar);
	(void)snprintf(line, sizeof line, "%s  %s files  %s  %s/s  %s found  %s%s", bar,
		vt_format_count(files, count), vt_format_bytes((double)bytes, size),
		vt_format_bytes(speed, rate), vt_format_count(found, hits), left,
		p->total ? " left" : "");
	/* One column less than there is: a terminal wraps when the last one is filled. */
	fprintf(stderr, "\r%.*s\x1b[K", (int)(width > 1 ? width - 1 : 1), line);
	fflush(stderr);
	p->shown = true;
	p->drawn++;
}

void vt_progress_tick(struct vt_progress *p, uint64_t files, uint64_t bytes, uint64_t found)
{
	double now;

	if (!p->on)
		return;
	now = vt_now();
	if (now < p->next)
		return;
	p->next = now + INTERVAL;
	draw(p, files, bytes, found);
}

void vt_progress_clear(struct vt_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\x1b[K", stderr);
	fflush(stderr);
	p->shown = false;
}
