/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of docs/formats/scan-1.md, shared by the formats jsonl and json. */
#ifndef VT_CLI_OUTPUT_JSON_H
#define VT_CLI_OUTPUT_JSON_H

#include "cli/output.h"

void vt_put_json_file(FILE *f, const struct vt_result *r);
void vt_put_json_summary(FILE *f, const struct vt_summary *s);
/* ,"path":"..." and, where that is not all there is to say, ,"path_b64":"..." */
void vt_put_json_path(FILE *f, vt_span path);
/* 2026-01-31T12:00:00Z */
void vt_put_time(FILE *f, int64_t seconds);

#endif
