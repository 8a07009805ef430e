/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of tests/gen/exe_samples.py, whose offsets are written there by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>

#include "base/num.h"
#include "engine/exe/exe.h"
#include "engine/exe/macho.h"

struct sample {
	vt_span bytes;
	vt_arena arena;
	struct vt_exe exe;
};

static vt_span load(const char *name)
{
	char path[4096];
	static uint8_t data[1 << 16];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", VT_SAMPLES, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(data, 1, sizeof data, f);
	(void)fclose(f);
	return vt_span_of(data, n);
}

static void open_sample(struct sample *s, vt_type type, const char *name)
{
	*s = (struct sample){.bytes = load(name), .arena = VT_ARENA_INIT(1u << 20)};
	assert_int_equal(vt_exe_parse(type, s->bytes, &s->arena, &s->exe), VT_OK);
	assert_int_equal(s->exe.nversions, 0);
	assert_int_equal(s->exe.imports.n, 0);
	assert_int_equal(vt_exe_imports(type, s->bytes, &s->arena, &s->exe), VT_OK);
	assert_int_equal(vt_exe_versions(type, s->bytes, &s->arena, &s->exe), VT_OK);
}

static void check_section(const struct sample *s, unsigned i, uint64_t offset, uint64_t size,
	uint64_t address, uint64_t memory)
{
	assert_true(i < s->exe.nsections);
	assert_int_equal(s->exe.sections[i].offset, offset);
	assert_int_equal(s->exe.sections[i].size, size);
	assert_int_equal(s->exe.sections[i].address, address);
	assert_int_equal(s->exe.sections[i].memory, memory);
}

static void pe_both_widths(void **state)
{
	static const char text[] =
		"kernel32.exitprocess,kernel32.gettickcount,ws2_32.wsastartup,foo.ord7";
	static const char *const names[] = {"pe/pe32", "pe/pe64"};
	struct sample s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_sample(&s, VT_TYPE_PE, names[i]);
		assert_int_equal(s.exe.is64, i);
		assert_true(s.exe.has_entry);
		assert_int_equal(s.exe.entry, 0x210);
		assert_int_equal(s.exe.overlay, 0xa00);
		assert_int_equal(s.exe.nsections, 3);
		check_section(&s, 0, 0x200, 0x200, 0x1000, 0x200);
		check_section(&s, 1, 0x400, 0x200, 0x2000, 0x200);
		check_section(&s, 2, 0x600, 0x400, 0x3000, 0x400);
		assert_true(vt_span_eq(s.exe.imports, vt_span_str(text)));
		assert_int_equal(s.exe.nversions, 2);
		assert_true(vt_span_at(s.bytes, s.exe.versions[0].offset, "C\0o\0m\0", 6));
		assert_true(vt_span_at(s.bytes, s.exe.versions[1].offset, "O\0r\0i\0", 6));
		vt_arena_free(&s.arena);
	}
}

/* ClamAV rounds to the file alignment, whatever it is; sigtool --mdb shows it. */
static void pe_alignment(void **state)
{
	struct sample s;

	(void)state;
	open_sample(&s, VT_TYPE_PE, "pe/small-alignment"); /* 16; .idata at 0x410 */
	check_section(&s, 1, 0x410, 0x200, 0x2000, 0x200);
	vt_arena_free(&s.arena);
	open_sample(&s, VT_TYPE_PE, "pe/unaligned"); /* 512; .idata at 0x410 */
	check_section(&s, 1, 0x400, 0x200, 0x2000, 0x200);
	vt_arena_free(&s.arena);
}

static void elf_all_kinds(void **state)
{
	static const char *const names[] = {"elf/32le", "elf/32be", "elf/64le", "elf/64be"};
	struct sample s;

	(void)state;
	for (unsigned i = 0; i < VT_COUNT(names); i++) {
		open_sample(&s, VT_TYPE_ELF, names[i]);
		assert_int_equal(s.exe.is64, i >= 2);
		assert_true(s.exe.has_entry);
		assert_int_equal(s.exe.entry, 0x110);
		assert_int_equal(s.exe.nsections, 3);
		check_section(&s, 0, 0, 0, 0, 0);
		check_section(&s, 1, 0x100, 0x40, 0x401000, 0x40);
		check_section(&s, 2, 0x140, 0, 0x402000, 0x1000);
		assert_int_equal(s.exe.overlay, s.bytes.n - strlen("overlay"));
		vt_arena_free(&s.arena);
	}
}

/* What ClamAV does with EP+0 in an object file, and with an entry point outside of the file. */
static void elf_entry(void **state)
{
	uint8_t data[600];
	vt_arena arena = VT_ARENA_INIT(1u << 20);
	struct vt_exe exe = {0};
	vt_span s = load("elf/64le");

	(void)state;
	assert_true(s.n <= sizeof data);
	memcpy(data, s.p, s.n);
	data[56] = 0; /* e_phnum */
	assert_int_equal(vt_exe_parse(VT_TYPE_ELF, vt_span_of(data, s.n), &arena, &exe), VT_OK);
	assert_true(exe.has_entry);
	assert_int_equal(exe.entry, 0);
	data[56] = 1;
	data[26] = 0x50; /* e_entry */
	assert_int_equal(vt_exe_parse(VT_TYPE_ELF, vt_span_of(data, s.n), &arena, &exe), VT_OK);
	assert_false(exe.has_entry);
	vt_arena_free(&arena);
}

static void macho_all_kinds(void **state)
{
	static const char *const names[] = {
		"macho/32le", "macho/32be", "macho/64le", "macho/64be", "macho/main"};
	struct sample s;

	(void)state;
	for (unsigned i = 0; i < VT_COUNT(names); i++) {
		open_sample(&s, VT_TYPE_MACHO, names[i]);
		assert_int_equal(s.exe.is64, i >= 2);
		assert_true(s.exe.has_entry);
		assert_int_equal(s.exe.entry, 0x410);
		assert_int_equal(s.exe.nsections, 2);
		check_section(&s, 0, 0x400, 0x40, 0x1400, 0x40);
		check_section(&s, 1, 0, 0, 0x2000, 0x100);
		assert_int_equal(s.exe.overlay, 0x440);
		vt_arena_free(&s.arena);
	}
}

static void macho_slices(void **state)
{
	vt_span bytes = load("macho/fat");
	struct vt_macho_slice slice;

	(void)state;
	assert_int_equal(vt_macho_slice(bytes, 0, &slice), VT_OK);
	assert_int_equal(slice.cpu, 7);
	assert_int_equal(slice.offset, 0x1000);
	assert_int_equal(slice.size, 0x447);
	assert_int_equal(vt_macho_slice(bytes, 1, &slice), VT_OK);
	assert_int_equal(slice.cpu, 18);
	assert_int_equal(slice.offset, 0x2000);
	assert_int_equal(slice.size, 0x447 + 16);
	assert_int_equal(vt_macho_slice(bytes, 2, &slice), VT_END);
	assert_int_equal(vt_macho_slice(load("macho/main"), 0, &slice), VT_EFORMAT);
}

/* Every file cut at every length: no crash, and never a success that breaks the header's word. */
static void truncated(void **state)
{
	static const struct {
		vt_type type;
		const char *name;
	} all[] = {
		{VT_TYPE_PE, "pe/pe32"},
		{VT_TYPE_PE, "pe/pe64"},
		{VT_TYPE_ELF, "elf/64le"},
		{VT_TYPE_MACHO, "macho/64le"},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(all); i++) {
		vt_span whole = load(all[i].name);

		for (size_t n = 0; n < whole.n; n++) {
			vt_arena arena = VT_ARENA_INIT(1u << 20);
			struct vt_exe exe = {0};
			vt_span cut = vt_span_of(whole.p, n);

			if (vt_exe_parse(all[i].type, cut, &arena, &exe) == VT_OK) {
				assert_true(exe.overlay <= n);
				assert_true(!exe.has_entry || exe.entry <= n);
				assert_int_equal(
					vt_exe_imports(all[i].type, cut, &arena, &exe), VT_OK);
				assert_int_equal(
					vt_exe_versions(all[i].type, cut, &arena, &exe), VT_OK);
			}
			vt_arena_free(&arena);
		}
	}
}

static void not_executable(void **state)
{
	vt_arena arena = VT_ARENA_INIT(1024);
	struct vt_exe exe;

	(void)state;
	assert_int_equal(
		vt_exe_parse(VT_TYPE_ZIP, vt_span_str("MZ"), &arena, &exe), VT_EUNSUPPORTED);
	assert_int_equal(vt_exe_parse(VT_TYPE_PE, vt_span_str("ZM"), &arena, &exe), VT_EFORMAT);
	assert_int_equal(vt_exe_parse(VT_TYPE_PE, vt_span_str("MZ"), &arena, &exe), VT_ETRUNCATED);
	assert_int_equal(vt_exe_parse(VT_TYPE_ELF, vt_span_str("\x7f"), &arena, &exe), VT_EFORMAT);
	vt_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pe_both_widths),
		cmocka_unit_test(pe_alignment),
		cmocka_unit_test(elf_all_kinds),
		cmocka_unit_test(elf_entry),
		cmocka_unit_test(macho_all_kinds),
		cmocka_unit_test(macho_slices),
		cmocka_unit_test(truncated),
		cmocka_unit_test(not_executable),
	};

	return cmocka_run_group_tests_name("exe", tests, NULL, NULL);
}
