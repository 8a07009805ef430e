/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "base/num.h"
#include "engine/type/identify.h"

#define ROW(bytes, type)                                                                           \
	{                                                                                          \
		0, bytes, sizeof(bytes) - 1, VT_TYPE_##type                                        \
	}
#define ROW_AT(offset, bytes, type)                                                                \
	{                                                                                          \
		offset, bytes, sizeof(bytes) - 1, VT_TYPE_##type                                   \
	}

struct row {
	size_t offset; /* zeros before the bytes */
	const char *bytes;
	size_t n;
	vt_type type;
};

/* The bytes behind `offset` zeros, with 600 more behind them. */
static vt_type identify(const struct row *r, uint8_t fill)
{
	size_t n = r->offset + r->n + 600;
	uint8_t *p = calloc(1, n);
	vt_type type;

	assert_non_null(p);
	memcpy(p + r->offset, r->bytes, r->n);
	memset(p + r->offset + r->n, fill, 600);
	type = vt_identify(vt_span_of(p, n));
	free(p);
	return type;
}

static void check(const struct row *rows, size_t n, uint8_t fill)
{
	for (size_t i = 0; i < n; i++) {
		vt_type got = identify(&rows[i], fill);

		if (got != rows[i].type)
			print_error("row %zu: %s, not %s\n", i, vt_type_name(got),
				vt_type_name(rows[i].type));
		assert_int_equal(got, rows[i].type);
	}
}

static void magic_numbers(void **state)
{
	static const struct row rows[] = {
		ROW("MZ", PE),
		ROW("\x7f"
		    "ELF",
			ELF),
		ROW("\xce\xfa\xed\xfe", MACHO),
		ROW("\xfe\xed\xfa\xcf", MACHO),
		ROW("\xca\xfe\xba\xbe\0\0\0\x02", MACHO_FAT),
		ROW("\xca\xfe\xba\xbe\0\0\0\x1f", MACHO_FAT),
		ROW("\xca\xfe\xba\xbe\0\0\0\x20", JAVA_CLASS),
		ROW("\xca\xfe\xba\xbe\0\x03\0\x2d", JAVA_CLASS),
		ROW("\x6f\r\r\n\0\0\0\0", PYTHON_COMPILED),
		ROW("\x03\xf3\r\n", PYTHON_COMPILED),
		ROW("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE2),
		ROW("{\\rtf1", RTF),
		ROW("CWS\x08", SWF),
		ROW("GIF89a", GIF),
		ROW("\x89PNG\r\n\x1a\n", PNG),
		ROW("\xff\xd8\xff\xe1", JPEG),
		ROW("MM\0*", TIFF),
		ROW("BM\1\2\3\4\0\0\0\0", GRAPHICS),
		ROW("PK\x03\x04", ZIP),
		ROW("PK\x05\x06", ZIP),
		ROW("Rar!\x1a\x07\x01\0", RAR),
		ROW("7z\xbc\xaf\x27\x1c", 7Z),
		ROW("\x60\xea\x28\0\x1e", ARJ),
		ROW("MSCF\0\0\0\0", CAB),
		ROW("\x20\x40-lh5-", LHA),
		ROW("070702", CPIO_CRC),
		ROW("\xc7\x71", CPIO_OLD),
		ROW_AT(8, "\x19\x04\0\x10", SIS),
		ROW("SZDD\x88\xf0\x27\x33", SZDD),
		ROW("\x1f\x8b\x08", GZIP),
		ROW("BZh9", BZIP2),
		ROW("\xfd"
		    "7zXZ\0",
			XZ),
		ROW("\x28\xb5\x2f\xfd", ZSTD),
		ROW("\x5a\x2a\x4d\x18", ZSTD),
		ROW("\x04\x22\x4d\x18", LZ4),
		ROW("LZIP\x01", LZIP),
		ROW("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", LZMA),
		ROW("\x78\x9f\x3e\x22", TNEF),
		ROW("\xb6\xb9\xac\xae\xfe\xff\xff\xff", CRYPTFF),
		ROW_AT(512, "EFI PART", GPT),
		ROW_AT(1024, "HX\0\x05", PART_HFSPLUS),
		ROW_AT(0x8001, "CD001", ISO9660),
		ROW_AT(0x8800, "\0NSR02", UDF),
	};

	(void)state;
	check(rows, VT_COUNT(rows), 0);
}

/* What a magic number alone would take for something else. */
static void look_alikes(void **state)
{
	static const struct row rows[] = {
		ROW("begin the story", TEXT_ASCII),
		ROW("ab-lh5x", TEXT_ASCII),
		ROW("BMW is a car", TEXT_ASCII),
		ROW("MSCF is a magic number", TEXT_ASCII),
		ROW("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\x01", TEXT_UTF16BE),
	};

	(void)state;
	check(rows, VT_COUNT(rows), 'x');
}

/* Each row was put before clamscan --debug: docs/compat-clamav.md. */
static void text(void **state)
{
	static const struct row rows[] = {
		ROW("hello\n", TEXT_ASCII), ROW("\x1b[0m hello \xe9\n", TEXT_ASCII),
		ROW("gr\xc3\xbcn\n", TEXT_UTF8),
		ROW("hello\x01 ", TEXT_UTF16BE), /* not ASCII any more, and no unit is below 128 */
		ROW("hello \0\x01", UNKNOWN), ROW("\xff\xfeh\0i\0", TEXT_UTF16LE),
		ROW("some <html>", HTML), ROW("some <HTML>", HTML),
		ROW("hello\x01 <iframe src=", HTML),
		ROW("\xff\xfe<\0s\0c\0r\0i\0p\0t\0", HTML_UTF16), ROW("<A class=x\nHREF=y>", HTML),
		ROW("<a\nhref=y>", TEXT_ASCII), ROW("<body><p>", TEXT_ASCII),
		ROW("From: x\n", MAIL), ROW("\nFrom: x\n", TEXT_ASCII),
		ROW("Reply-To: x\n", TEXT_ASCII), ROW("begin 644 x\n", UUENCODED),
		ROW("#@~^", SCRENC), ROW("see %PDF-1.4", PDF),
		ROW("<?xml version='1.0'?><xdp:xdp ", XDP),
		ROW("<?xml version='1.0'?>\n<Workbook xmlns=", XML_XL),
		ROW("<?xml version='1.0'?>\n<workbook xmlns=", TEXT_ASCII), /* inside of an xlsx */
	};

	(void)state;
	check(rows, VT_COUNT(rows), ' ');
	assert_int_equal(vt_identify(vt_span_of(NULL, 0)), VT_TYPE_UNKNOWN);
	assert_int_equal(vt_type_target(VT_TYPE_UNKNOWN), 14);
}

/* HTML is looked for in the whole of a text, but only at the head of anything else. */
static void late_html(void **state)
{
	char page[5000];

	(void)state;
	memset(page, 'x', sizeof page);
	memcpy(page + 4000, "<html>", 6);
	assert_int_equal(vt_identify(vt_span_of(page, sizeof page)), VT_TYPE_HTML);
	page[7] = 1;
	assert_int_equal(vt_identify(vt_span_of(page, sizeof page)), VT_TYPE_TEXT_UTF16BE);
}

static void pdf_within_its_first_kilobyte(void **state)
{
	char page[2000];

	(void)state;
	memset(page, 'x', sizeof page);
	memcpy(page + 1019, "%PDF-", 5);
	assert_int_equal(vt_identify(vt_span_of(page, sizeof page)), VT_TYPE_PDF);
	memmove(page + 1020, page + 1019, 5);
	page[1019] = 'x';
	assert_int_equal(vt_identify(vt_span_of(page, sizeof page)), VT_TYPE_TEXT_ASCII);
}

static void tar(void **state)
{
	char h[1024] = "file";
	unsigned sum = 0;

	(void)state;
	memcpy(h + 124, "00000000000", 11);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	for (size_t i = 0; i < 6; i++)
		h[148 + i] = (char)('0' + (sum >> (15 - 3 * i) & 7));
	assert_int_equal(vt_identify(vt_span_of(h, sizeof h)), VT_TYPE_TAR_OLD);
	h[0] = 'g';
	assert_int_equal(vt_identify(vt_span_of(h, sizeof h)), VT_TYPE_UNKNOWN);
	memcpy(h + 257, "ustar", 5);
	assert_int_equal(vt_identify(vt_span_of(h, sizeof h)), VT_TYPE_TAR);
}

static void disks(void **state)
{
	uint8_t d[2048] = {0};

	(void)state;
	d[510] = 0x55;
	d[511] = 0xaa;
	assert_int_equal(vt_identify(vt_span_of(d, sizeof d)), VT_TYPE_UNKNOWN);
	d[446] = 0x80;
	d[450] = 7;
	d[454] = 1;
	d[458] = 2;
	assert_int_equal(vt_identify(vt_span_of(d, sizeof d)), VT_TYPE_MBR);
	d[446] = 0x81;
	assert_int_equal(vt_identify(vt_span_of(d, sizeof d)), VT_TYPE_UNKNOWN);
	memcpy(d + sizeof d - 512, "koly", 4);
	assert_int_equal(vt_identify(vt_span_of(d, sizeof d)), VT_TYPE_DMG);
}

static const uint8_t cab[64] = {
	'M', 'S', 'C', 'F', 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 3, 1};

static void embedded(void **state)
{
	uint8_t d[4096];
	uint64_t at = 0;
	vt_type type = VT_TYPE_UNKNOWN;

	(void)state;
	for (size_t k = 0; k < 300; k += 7) {
		memset(d, 0x90, sizeof d);
		memcpy(d + 10, "MSCF", 4);       /* only the magic number */
		memcpy(d + 50, "PK\x03\x04", 4); /* the same */
		assert_false(vt_identify_embedded(vt_span_of(d, sizeof d), 0, &at, &type));
		memcpy(d + 1000 + k, cab, sizeof cab);
		assert_true(vt_identify_embedded(vt_span_of(d, sizeof d), k, &at, &type));
		assert_int_equal(at, 1000 + k);
		assert_int_equal(type, VT_TYPE_CABSFX);
		assert_false(vt_identify_embedded(vt_span_of(d, sizeof d), 1001 + k, &at, &type));
	}
	memcpy(d + 504, "\xef\xbe\xad\xdeNullsoftInst", 16);
	assert_true(vt_identify_embedded(vt_span_of(d, sizeof d), 100, &at, &type));
	assert_int_equal(at, 500); /* its header has four bytes of flags first */
	assert_int_equal(type, VT_TYPE_NSIS);
	memcpy(d + 300, "InstallShield\0\5\0\0", 18);
	assert_true(vt_identify_embedded(vt_span_of(d, sizeof d), 100, &at, &type));
	assert_int_equal(at, 300);
	assert_int_equal(type, VT_TYPE_ISHIELD);
	assert_false(vt_identify_embedded(vt_span_of(d, sizeof d), sizeof d, &at, &type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(magic_numbers),
		cmocka_unit_test(look_alikes),
		cmocka_unit_test(text),
		cmocka_unit_test(late_html),
		cmocka_unit_test(pdf_within_its_first_kilobyte),
		cmocka_unit_test(tar),
		cmocka_unit_test(disks),
		cmocka_unit_test(embedded),
	};

	return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
