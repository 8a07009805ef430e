/* SPDX-License-Identifier: Apache-2.0 */
/* A growable array of one record type, over vt_buf: for the builder's tables. */
#ifndef VT_COMPILE_VEC_H
#define VT_COMPILE_VEC_H

#include "base/buf.h"

/* More than any table of an image may hold. */
#define VT_VEC_MAX ((size_t)8 << 30)

#define VT_VEC_INIT                                                                                \
	{                                                                                          \
		.max = VT_VEC_MAX                                                                  \
	}

#define vt_vec_add(vec, record) vt_buf_add((vec), (record), sizeof *(record))
#define vt_vec_count(vec, T) ((vec)->n / sizeof(T))
/* The array; the pointer is good until the next add. */
#define vt_vec_data(vec, T) ((T *)(void *)(vec)->p)

#endif
