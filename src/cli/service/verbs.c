/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine witness, vitrine mirror: find the verb and call it. */
#include "base/num.h"
#include "cli/cmd.h"
#include "cli/service/service.h"
#include "cli/verbs.h"

static const struct vt_verb_row rows[] = {
	{"serve", "answer over HTTP until SIGTERM", NULL},
	{"keygen", "make its key and print the public part", NULL},
	{"status", "what it knows of each log, from its state folder", NULL},
	{"add-log", "add a log to its configuration", NULL},
};
static int (*const runs[])(enum vt_service, int, char **) = {
	vt_service_cmd_serve, vt_service_cmd_keygen, vt_service_cmd_status, vt_service_cmd_add_log};
_Static_assert(VT_COUNT(runs) == VT_COUNT(rows), "one for each");

static int dispatch(
	enum vt_service kind, const char *command, const char *about, int argc, char **argv)
{
	const struct vt_verbs verbs = {
		.command = command, .about = about, .v = rows, .n = VT_COUNT(rows)};
	int status;
	size_t i;

	return vt_verbs_pick(&verbs, argc, argv, &i, &status) ? runs[i](kind, argc - 1, argv + 1)
							      : status;
}

int vt_cmd_witness(int argc, char **argv)
{
	return dispatch(VT_SERVICE_WITNESS, "vitrine witness",
		"Cosigns the checkpoints of logs that only grow.", argc, argv);
}

int vt_cmd_mirror(int argc, char **argv)
{
	return dispatch(VT_SERVICE_MIRROR, "vitrine mirror",
		"Keeps copies of logs, and cosigns that it has them.", argc, argv);
}
