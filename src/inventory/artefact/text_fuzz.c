/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as each of the line formats: units, jobs, udev rules, accounts, and files of /proc. What
 * a reader yields points into the text or the arena, and is read to its end here.
 */
#include <stdlib.h>

#include "inventory/artefact/account.h"
#include "inventory/artefact/jobs.h"
#include "inventory/artefact/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void touch(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		sink ^= s.p[i];
}

static void lines(vt_span text)
{
	vt_reader r = vt_reader_of(text);
	vt_buf b = VT_BUF_INIT((size_t)1 << 20);
	vt_span line, name, value;

	while (vt_line_next(&r, &line)) {
		struct vt_proc_map map;
		struct vt_proc_socket socket;
		struct vt_proc_unix unix_socket;

		touch(line);
		touch(vt_line_program(line));
		touch(vt_line_base(line));
		if (vt_line_assignment(line, &name, &value)) {
			touch(name);
			touch(value);
		}
		if (vt_proc_map(line, &map)) {
			vt_buf_clear(&b);
			if (vt_proc_unescape(map.path, &b) != VT_OK || b.n > map.path.n)
				abort();
		}
		if (vt_proc_socket(line, &socket) && socket.address_n != 4 &&
			socket.address_n != 16)
			abort();
		if (vt_proc_unix(line, &unix_socket))
			touch(unix_socket.path);
	}
	vt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 22);
	vt_span text = vt_span_of(data, size), key, value;
	struct vt_ini ini = {.r = vt_reader_of(text), .a = &a};
	struct vt_udev udev = {.r = vt_reader_of(text), .a = &a};
	struct vt_account account;
	struct vt_proc_stat stat;

	while (vt_ini_next(&ini, &key, &value)) {
		touch(ini.section);
		touch(key);
		touch(value);
	}
	while (vt_udev_next(&udev, &key, &value)) {
		touch(key);
		touch(value);
	}
	for (int form = VT_JOBS_SYSTEM; form <= VT_JOBS_MODPROBE; form++) {
		struct vt_jobs jobs = {.r = vt_reader_of(text), .form = (enum vt_jobs_form)form};
		struct vt_job job;

		while (vt_jobs_next(&jobs, &job)) {
			touch(job.when);
			touch(job.owner);
			touch(job.name);
			touch(job.command);
		}
	}
	for (int form = VT_ACCOUNT_PASSWD; form <= VT_ACCOUNT_SYSUSERS; form++) {
		vt_reader r = vt_reader_of(text);
		unsigned bad = 0;

		while (vt_account_next(&r, (enum vt_account_form)form, &account, &bad)) {
			touch(account.name);
			touch(account.home);
		}
	}
	if (vt_proc_stat(text, &stat))
		touch(stat.name);
	lines(text);
	vt_arena_free(&a);
	return 0;
}
