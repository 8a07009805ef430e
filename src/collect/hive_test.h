/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes registry hives for tests: an empty one by hand ("regf" with one key and one security cell,
 * after the Windows registry file format specification of libregf), filled by libhivex.
 */
#ifndef VT_COLLECT_HIVE_TEST_H
#define VT_COLLECT_HIVE_TEST_H

#include <hivex.h>

#include "collect/system_test.h"

static void word(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof v);
}

static void empty_hive(const char *path)
{
	static uint8_t b[8192];
	uint8_t *bin = b + 4096, *nk = bin + 0x20, *sk = bin + 0x80, *rest = bin + 0xc0;
	uint32_t sum = 0, v;

	memset(b, 0, sizeof b);
	memcpy(b, "regf", 4);
	word(b + 4, 1); /* both sequence numbers: nothing is pending in a log */
	word(b + 8, 1);
	word(b + 0x14, 1);
	word(b + 0x18, 3);
	word(b + 0x20, 1);
	word(b + 0x24, 0x20); /* the root's cell */
	word(b + 0x28, 4096);
	word(b + 0x2c, 1);
	for (size_t i = 0; i < 508; i += 4) {
		memcpy(&v, b + i, 4);
		sum ^= v;
	}
	word(b + 508, sum);
	memcpy(bin, "hbin", 4);
	word(bin + 8, 4096);
	word(nk, (uint32_t)-0x60);
	memcpy(nk + 4, "nk\x2c", 3);
	for (size_t at = 0x20; at <= 0x34; at += 4) /* lists and classes: none */
		word(nk + at, at == 0x28 ? 0 : UINT32_MAX);
	word(nk + 0x30, 0x80); /* security */
	nk[0x4c] = 4;
	memcpy(nk + 0x50, "ROOT", 4);
	word(sk, (uint32_t)-0x40);
	memcpy(sk + 4, "sk", 2);
	word(sk + 8, 0x80);
	word(sk + 12, 0x80);
	word(sk + 16, 1);
	word(rest, 4096 - 0xc0); /* free */
	put(path, b, sizeof b);
}

/* The key of that path, made as far as it is not there. */
static hive_node_h key_of(hive_h *h, const char *path)
{
	hive_node_h at = hivex_root(h), next;
	char name[256];

	while (*path) {
		size_t n = strcspn(path, "\\");

		(void)snprintf(name, sizeof name, "%.*s", (int)n, path);
		next = hivex_node_get_child(h, at, name);
		at = next ? next : hivex_node_add_child(h, at, name);
		assert_true(at != 0);
		path += n + (path[n] == '\\');
	}
	return at;
}

static void set_bytes(
	hive_h *h, const char *key, const char *name, hive_type type, const void *p, size_t n)
{
	char copy[4096], label[256];
	hive_set_value value = {.key = label, .t = type, .len = n, .value = copy};

	assert_true(n <= sizeof copy);
	memcpy(copy, p, n);
	(void)snprintf(label, sizeof label, "%s", name);
	assert_int_equal(hivex_node_set_value(h, key_of(h, key), &value, 0), 0);
}

static void set_text(hive_h *h, const char *key, const char *name, const char *text)
{
	char utf16[2048] = {0};
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		utf16[2 * i] = text[i];
	set_bytes(h, key, name, hive_t_REG_SZ, utf16, 2 * n + 2);
}

static void set_number(hive_h *h, const char *key, const char *name, uint32_t v)
{
	set_bytes(h, key, name, hive_t_REG_DWORD, &v, sizeof v);
}

static hive_h *new_hive(const char *path)
{
	hive_h *h;

	empty_hive(path);
	h = hivex_open(path, HIVEX_OPEN_WRITE);
	assert_non_null(h);
	return h;
}

static void finish_hive(hive_h *h)
{
	assert_int_equal(hivex_commit(h, NULL, 0), 0);
	assert_int_equal(hivex_close(h), 0);
}

#endif
