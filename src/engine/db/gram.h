/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the literal filter hashes: shared by the compiler, which fills the tables, and the matcher.
 * All bytes are folded (bit 5 set) before they are hashed, so that one table serves patterns of
 * either case; the exact bytes are compared when the pattern is verified.
 *
 * A gram's hash picks a word of a Bloom filter by its top bits and three bits of the word by others
 * (a blocked Bloom filter: one memory access a gram).
 */
#ifndef VT_ENGINE_DB_GRAM_H
#define VT_ENGINE_DB_GRAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VT_FOLD8 0x20u
#define VT_FOLD32 0x20202020u
#define VT_FOLD64 0x2020202020202020u
#define VT_GRAM5_MASK 0xffffffffffu
#define VT_GRAM5_MUL 0x9e3779b97f4a7c15u
#define VT_GRAM4_MUL 0x9e3779b1u
#define VT_GRAM4_SHIFT 15

/* log2 of the most words that a table may have: past the second-level cache, speed falls off. */
#define VT_LONG_BITS_MAX 18
#define VT_SHORT_BITS_MAX 17
#define VT_BUCKET_BITS_MAX 22
#define VT_PAIR_BITS_MAX 16 /* for grams of two bytes */

static inline uint64_t vt_gram5_hash(uint64_t bytes)
{
	return ((bytes | VT_FOLD64) & VT_GRAM5_MASK) * VT_GRAM5_MUL;
}

static inline uint64_t vt_gram5_bits(uint64_t h)
{
	return 1ull << (h >> 8 & 63) | 1ull << (h >> 14 & 63) | 1ull << (h >> 20 & 63);
}

static inline uint16_t vt_gram5_print(uint64_t h)
{
	return (uint16_t)(h >> 26);
}

static inline uint32_t vt_gram4_hash(uint32_t bytes)
{
	bytes |= VT_FOLD32;
	bytes ^= bytes >> VT_GRAM4_SHIFT;
	return bytes * VT_GRAM4_MUL;
}

static inline uint32_t vt_gram4_bits(uint32_t h)
{
	return 1u << (h >> 1 & 31) | 1u << (h >> 6 & 31) | 1u << (h >> 11 & 31);
}

static inline uint16_t vt_gram4_print(uint32_t h)
{
	return (uint16_t)h;
}

static inline uint32_t vt_gram2(uint32_t bytes)
{
	return (bytes | VT_FOLD32) & 0xffff;
}

/* The bytes of a literal of `size` bytes within a loaded u64. */
static inline uint64_t vt_literal_mask(unsigned size)
{
	return size >= 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
}

#endif
