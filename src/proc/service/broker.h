/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mirror's arm: a process that only fetches. The process that parses, signs and serves has no
 * way to the network or to other folders; this one has, and looks at none of the bytes.
 */
#ifndef VT_PROC_SERVICE_BROKER_H
#define VT_PROC_SERVICE_BROKER_H

#include "base/buf.h"
#include "base/err.h"
#include "proc/service/config.h"
#include "site/fetcher.h"

#define VT_BROKER_WHY_MAX 512

struct vt_broker;
/*
 * Starts the process. Before there are threads, and before the lock-down. `fetcher` is copied by
 * the fork; its ledger's folder must be there. VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_broker_start(const struct vt_service_config *c,
	const struct vt_fetcher_config *fetcher, struct vt_broker **out);
void vt_broker_stop(struct vt_broker *b);
/* Lets a get that waits in another thread fail, and all that follow. */
void vt_broker_interrupt(struct vt_broker *b);
/*
 * Appends a file of a log's site; as vt_site_get(). From one thread. VT_EPEER also when the process
 * is gone (vt_broker_gone()).
 */
VT_MUST_USE vt_err vt_broker_get(
	struct vt_broker *b, size_t log, const char *path, size_t max, vt_buf *out);
/* Why the last get failed. */
const char *vt_broker_why(const struct vt_broker *b);
bool vt_broker_gone(const struct vt_broker *b);

#endif
