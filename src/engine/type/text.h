/* SPDX-License-Identifier: Apache-2.0 */
/* Text: its encoding, and what kind of document it is. */
#ifndef VT_ENGINE_TYPE_TEXT_H
#define VT_ENGINE_TYPE_TEXT_H

#include "base/span.h"
#include "engine/core/type.h"

/* How many bytes decide about the encoding, and about HTML in what is no plain text. */
#define VT_TEXT_HEAD 1024
/* How far HTML is looked for in plain text. */
#define VT_TEXT_WINDOW (1u << 20)

/*
 * TEXT_ASCII (with any upper half), TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE; UNKNOWN for what is no
 * text. As in ClamAV, data passes for UTF-16 unless a unit is a control character: so a script
 * with a stray control character stays text, and so does most compressed data.
 */
vt_type vt_text_encoding(vt_span bytes);

/* HTML and other documents by what stands in the text; `encoding` if it is nothing special. */
vt_type vt_text_kind(vt_span bytes, vt_type encoding);

#endif
