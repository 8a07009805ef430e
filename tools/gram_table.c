/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the folded four-byte grams of files and prints the most common ones as the hash table
 * src/compile/grams.inc, which the compiler uses to choose rare literals.
 *
 *   cc -O2 -o gram_table tools/gram_table.c
 *   find /usr/bin /usr/lib /usr/share -type f -print0 | ./gram_table > src/compile/grams.inc
 *
 * File names come on standard input, each ended by a NUL. At most 4 MiB of each file are read, so
 * that no single file decides. Needs 1 GiB of memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRAMS (1u << 28) /* four bytes of seven bits: bit 5 is folded away */
#define KEEP 32768u
#define FILE_MAX (4u << 20)

static uint32_t pack(const uint8_t *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)((p[i] & 0x1f) | (p[i] & 0xc0) >> 1) << 7 * i;
	return v;
}

static uint32_t unpack(uint32_t v)
{
	uint32_t x = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t b = v >> 7 * i & 0x7f;

		x |= ((b & 0x1f) | (b & 0x60) << 1 | 0x20) << 8 * i;
	}
	return x;
}

struct gram {
	uint32_t count, gram;
};

static int by_count(const void *a, const void *b)
{
	const struct gram *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->gram < y->gram ? -1 : x->gram > y->gram;
}

/* As src/engine/db/gram.h has it. */
static uint32_t hash(uint32_t bytes)
{
	bytes |= 0x20202020;
	bytes ^= bytes >> 15;
	return bytes * 0x9e3779b1;
}

/*
 * Open addressing in 65,536 slots. The class, log2 of the count in 64 MiB less 6, at most 15, is
 * kept in the bits that folding makes the same: bit 5 of each byte, lowest first.
 */
static void print_table(const struct gram *top, size_t n)
{
	static uint32_t slots[65536];

	for (size_t i = 0; i < n; i++) {
		uint32_t class = 31 - (uint32_t)__builtin_clz(top[i].count) - 6;
		uint32_t at = hash(top[i].gram) >> 16, value = top[i].gram & ~0x20202020u;

		if (class > 15)
			class = 15;
		for (uint32_t b = 0; b < 4; b++)
			value |= (class >> b & 1) << (8 * b + 5);
		while (slots[at])
			at = (at + 1) % 65536;
		/* the gram of all zero bytes in class 0 would look empty: it is far more common */
		slots[at] = value;
	}
	for (size_t i = 0; i < 65536; i++)
		printf("%#x,%s", slots[i], i % 12 == 11 || i == 65535 ? "\n" : " ");
}

int main(void)
{
	uint32_t *count = calloc(GRAMS, sizeof *count);
	uint8_t *bytes = malloc(FILE_MAX);
	struct gram *top;
	uint64_t total = 0;
	size_t n = 0, cap = 1u << 24, len = 0;
	char *name = NULL;

	top = malloc(cap * sizeof *top);
	if (!count || !bytes || !top)
		return 1;
	while (getdelim(&name, &len, 0, stdin) > 0) {
		FILE *f = fopen(name, "rb");
		size_t got = f ? fread(bytes, 1, FILE_MAX, f) : 0;

		if (f)
			fclose(f);
		for (size_t i = 0; i + 4 <= got; i++)
			count[pack(bytes + i)]++;
		total += got;
	}
	/* 64 MiB is the unit of the table: a class of c means about 2^c in that many bytes */
	for (uint32_t g = 0; g < GRAMS; g++) {
		uint64_t scaled = count[g] * (64ull << 20) / (total ? total : 1);

		if (scaled >= 64 && n < cap)
			top[n++] = (struct gram){
				scaled > UINT32_MAX ? UINT32_MAX : (uint32_t)scaled, unpack(g)};
	}
	qsort(top, n, sizeof *top, by_count);
	if (n > KEEP)
		n = KEEP;
	printf("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by tools/gram_table.c from %llu "
	       "MiB. */\n",
		(unsigned long long)(total >> 20));
	print_table(top, n);
	return 0;
}
