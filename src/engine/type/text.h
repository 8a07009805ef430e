/* SPDX-License-Identifier: Apache-2.0 */
/* Text: its encoding, and what kind of document it is. */
#ifndef VT_ENGINE_TYPE_TEXT_H
#define VT_ENGINE_TYPE_TEXT_H

#include "base/span.h"
#include "engine/core/type.h"

/* TEXT_ASCII, TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE; UNKNOWN for what is no text. */
vt_type vt_text_encoding(vt_span head);

/* HTML, SCRIPT, XDP, ... by what stands in the text; `encoding` if it is nothing special. */
vt_type vt_text_kind(vt_span head, vt_type encoding);

#endif
