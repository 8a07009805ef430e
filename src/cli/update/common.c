/* SPDX-License-Identifier: Apache-2.0 */
/* The update folder: opening it, and what is in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/update/update.h"
#include "cli/where.h"
#include "os/fd.h"
#include "store/folder.h"

#define ARENA_MAX ((size_t)256 << 20)

static vt_err find_places(struct vt_updates *u, const struct vt_update_where *where)
{
	char *folder = NULL;
	vt_err e = VT_OK;

	if (where->state)
		u->state = strdup(where->state);
	else
		e = vt_where_state(&u->state);
	if (!e && where->config) {
		u->config_path = strdup(where->config);
	} else if (!e) {
		e = vt_where_config(&folder);
		if (!e && asprintf(&u->config_path, "%s/update.conf", folder) < 0)
			e = VT_ENOMEM;
		free(folder);
	}
	if (e)
		fprintf(stderr, "%s: give --state and --config: HOME is not set\n", u->command);
	return e ? e : u->state && u->config_path ? VT_OK : VT_ENOMEM;
}

static vt_err take_lock(struct vt_updates *u)
{
	vt_err e = vt_store_lock(u->dir, false, &u->lock);

	if (e != VT_EAGAIN)
		return e;
	fprintf(stderr, "%s: another update is under way; waiting for it\n", u->command);
	return vt_store_lock(u->dir, true, &u->lock);
}

static vt_err open_folders(struct vt_updates *u, bool change)
{
	char *path;
	vt_err e = vt_store_open(u->state, change, &u->top);

	if (!e && asprintf(&path, "%s/update", u->state) < 0)
		e = VT_ENOMEM;
	if (!e) {
		e = vt_store_open(path, change, &u->dir);
		free(path);
	}
	if (!e && change)
		e = take_lock(u);
	if (e == VT_EIO && !change && errno == ENOENT)
		return VT_OK;
	if (e)
		vt_update_say(VT_SAY_ERROR, u->command, "%s: %s", u->state,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	return e;
}

vt_err vt_updates_open(
	struct vt_updates *u, const char *command, const struct vt_update_where *where, bool change)
{
	vt_err e;

	*u = (struct vt_updates){.command = command,
		.top = -1,
		.dir = -1,
		.lock = -1,
		.arena = VT_ARENA_INIT(ARENA_MAX)};
	e = find_places(u, where);
	if (!e)
		e = open_folders(u, change);
	if (!e) {
		u->trusted = vt_arena_alloc(&u->arena, sizeof *u->trusted);
		u->settings = vt_arena_alloc(&u->arena, sizeof *u->settings);
		e = u->trusted && u->settings ? VT_OK : VT_ENOMEM;
	}
	return e;
}

void vt_updates_close(struct vt_updates *u)
{
	vt_fd_close(u->lock);
	vt_fd_close(u->dir);
	vt_fd_close(u->top);
	free(u->state);
	free(u->config_path);
	vt_arena_free(&u->arena);
}

vt_err vt_updates_config(struct vt_updates *u, struct vt_config_error *why)
{
	*why = (struct vt_config_error){0};
	return vt_update_config_load(u->config_path, &u->arena, &u->config, why);
}

vt_err vt_updates_read(struct vt_updates *u, const char *name, size_t max, vt_span *out)
{
	vt_buf b = VT_BUF_INIT(max);
	vt_err e = u->dir < 0 ? VT_END : vt_store_read(u->dir, name, max, &b);
	const char *copy = e ? NULL : vt_arena_copy(&u->arena, vt_buf_span(&b));

	if (!e && !copy)
		e = VT_ENOMEM;
	if (!e)
		*out = vt_span_of(copy, b.n);
	vt_buf_free(&b);
	return e;
}

/* What was seen and decided is not made up anew when it can't be read. */
static vt_err damaged(const struct vt_updates *u, const char *name, const char *remedy)
{
	vt_update_say(VT_SAY_ERROR, u->command,
		"%s/update/%s can't be read or is damaged; nothing is done without it. %s",
		u->state, name, remedy);
	return VT_EFORMAT;
}

static vt_err load_trusted(struct vt_updates *u)
{
	vt_span text;
	vt_err e = vt_updates_read(u, VT_TRUSTED_FILE, VT_TRUSTED_MAX, &text);

	if (!e)
		e = vt_trusted_parse(text, u->trusted);
	if (e == VT_END || e == VT_ENOMEM)
		return e == VT_END ? VT_OK : e;
	return e ? damaged(u, VT_TRUSTED_FILE,
			   "It says what this machine has seen of the log. Restore it from a "
			   "backup, or"
			   " start over with 'vitrine update acknowledge --new-log --by NAME'")
		 : VT_OK;
}

vt_err vt_updates_settings(struct vt_updates *u)
{
	vt_span text;
	vt_err e = vt_updates_read(u, VT_SETTINGS_FILE, VT_SETTINGS_MAX, &text);

	if (!e)
		e = vt_settings_parse(text, u->settings);
	if (e == VT_END || e == VT_ENOMEM)
		return e == VT_END ? VT_OK : e;
	return e ? damaged(u, VT_SETTINGS_FILE,
			   "It holds what people decided: restore it, or remove it to decide anew")
		 : VT_OK;
}

/* Plans can be made again: one that is damaged is none. */
static vt_err load_plan(struct vt_updates *u, const char *name, struct vt_plan *out, bool *out_has,
	vt_span *out_text)
{
	vt_span text;
	vt_err e = vt_updates_read(u, name, VT_VERIFY_ARENA_MAX, &text);

	if (!e)
		e = vt_plan_read(text, &u->arena, out);
	*out_has = !e;
	if (!e && out_text)
		*out_text = text;
	return e == VT_ENOMEM ? e : VT_OK;
}

vt_err vt_updates_load(struct vt_updates *u)
{
	char path[VT_GENERATION_MAX + 16];
	struct vt_generation g;
	vt_err e = load_trusted(u);

	if (!e)
		e = vt_updates_settings(u);
	if (!e)
		e = load_plan(u, VT_PLAN_FILE, &u->plan, &u->has_plan, &u->plan_text);
	if (!e && vt_updates_live(u, &g)) {
		(void)snprintf(path, sizeof path, "sets/%s/plan", g.name);
		e = load_plan(u, path, &u->applied, &u->has_applied, NULL);
	}
	return e;
}

vt_err vt_updates_decided(struct vt_updates *u, const char *action, const char *text)
{
	vt_buf b = VT_BUF_INIT(VT_SETTINGS_MAX);
	struct vt_generation g;
	struct vt_run run = {.time = (int64_t)time(NULL),
		.action = vt_span_str(action),
		.outcome = VT_OUTCOME_DECIDED,
		.text = vt_span_str(text)};
	vt_err e = vt_settings_write(&b, u->settings);

	if (vt_updates_live(u, &g)) {
		run.state_index = g.state_index;
		run.state_version = g.state_version;
		run.generation = vt_span_str(g.name);
	}
	if (!e)
		e = vt_store_write(u->dir, VT_SETTINGS_FILE, vt_buf_span(&b));
	if (!e)
		e = vt_history_add(u->dir, &run);
	vt_buf_free(&b);
	if (e)
		vt_update_say(VT_SAY_ERROR, u->command, "%s: %s", u->state,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	return e;
}

bool vt_updates_live(struct vt_updates *u, struct vt_generation *out)
{
	int sets;
	vt_err e = vt_live_open(u->state, false, &sets);

	if (e)
		return false;
	e = vt_live_read(sets, "live", &u->arena, out);
	vt_fd_close(sets);
	return !e;
}

bool vt_updates_changes(struct vt_updates *u, const struct vt_plan *p)
{
	struct vt_generation g;
	vt_hash h;

	return !vt_updates_live(u, &g) || !g.has_content || vt_plan_digest(p, &h) ||
		!vt_hash_eq(&h, &g.content);
}
