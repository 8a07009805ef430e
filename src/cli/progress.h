/* SPDX-License-Identifier: Apache-2.0 */
/* A line on standard error that shows how far a scan is. Everything is a no-op when it is off. */
#ifndef VT_CLI_PROGRESS_H
#define VT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct vt_progress {
	bool on;
	bool shown;     /* there is a line to clear */
	double started; /* vt_now() */
	double next;    /* when to draw again */
	uint64_t total; /* bytes to scan; 0: unknown */
	unsigned drawn;
};

/* Seconds of a clock that only goes forward. */
double vt_now(void);

void vt_progress_start(struct vt_progress *p, bool on, uint64_t total_bytes);
/* Redraws if a tenth of a second has gone by. */
void vt_progress_tick(struct vt_progress *p, uint64_t files, uint64_t bytes, uint64_t found);
/* Takes the line away so that something else can be printed. */
void vt_progress_clear(struct vt_progress *p);

#endif
