/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic that says when it would wrap, and the small helpers everybody needs. */
#ifndef VT_BASE_NUM_H
#define VT_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each stores the result and returns true, or returns false and leaves *out alone on overflow. */
#define VT_CHECKED(name, T, builtin)                                                               \
	static inline bool name(T a, T b, T *out)                                                  \
	{                                                                                          \
		T r;                                                                               \
		if (builtin(a, b, &r))                                                             \
			return false;                                                              \
		*out = r;                                                                          \
		return true;                                                                       \
	}
VT_CHECKED(vt_add_u64, uint64_t, __builtin_add_overflow)
VT_CHECKED(vt_mul_u64, uint64_t, __builtin_mul_overflow)
VT_CHECKED(vt_add_size, size_t, __builtin_add_overflow)
VT_CHECKED(vt_mul_size, size_t, __builtin_mul_overflow)
VT_CHECKED(vt_add_i64, int64_t, __builtin_add_overflow)
#undef VT_CHECKED

static inline uint64_t vt_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t vt_max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline size_t vt_min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

#define VT_COUNT(a) (sizeof(a) / sizeof *(a))

#endif
