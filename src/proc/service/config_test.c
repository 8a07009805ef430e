/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proc/service/config.h"

#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define W1 "witness.example/w1+f65f8fd1+BNBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3"
#define BASE "Listen 127.0.0.1:80\nKey k\nState s\n"

static vt_err parse(const char *text, enum vt_service kind, struct vt_service_config *c,
	struct vt_service_error *why, vt_arena *a)
{
	return vt_service_config_parse(vt_span_str(text), kind, a, c, why);
}

static void test_all_settings(void **state)
{
	static const char text[] = "# a comment\n\n"
				   "  Listen   127.0.0.1:8080  \r\n"
				   "Listen [::1]:8081\n"
				   "Listen /run/w.sock\n"
				   "Key /etc/vitrine/key\n"
				   "State /var/lib/w w\n"
				   "Prefix /a/b\n"
				   "Log " VKEY " https://log.example/x\n"
				   "Witness " W1 "\n"
				   "MaxConnections 7\n"
				   "MaxConnectionsPerAddress 3\n"
				   "RequestTimeout 2m\n"
				   "MaxClockStep 0\n"
				   "Poll 30s\n"
				   "Restamp 2h";
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_service_config c;
	struct vt_service_error why;

	(void)state;
	assert_int_equal(parse(text, VT_SERVICE_MIRROR, &c, &why, &a), VT_OK);
	assert_int_equal(c.nlisten, 3);
	assert_string_equal(c.listen[0], "127.0.0.1:8080");
	assert_string_equal(c.listen[2], "/run/w.sock");
	assert_string_equal(c.key, "/etc/vitrine/key");
	assert_string_equal(c.state, "/var/lib/w w");
	assert_string_equal(c.prefix, "/a/b");
	assert_int_equal(c.nlogs, 1);
	assert_string_equal(c.logs[0].key.name, "example.com/foo");
	assert_string_equal(c.logs[0].url, "https://log.example/x");
	assert_int_equal(c.nwitnesses, 1);
	assert_int_equal(c.connections, 7);
	assert_int_equal(c.per_address, 3);
	assert_int_equal(c.request_s, 120);
	assert_int_equal(c.clock_step_s, 0);
	assert_int_equal(c.poll_s, 30);
	assert_int_equal(c.restamp_s, 7200);
	vt_arena_free(&a);
}

static void test_defaults(void **state)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_service_config c;
	struct vt_service_error why;

	(void)state;
	assert_int_equal(parse(BASE "Prefix /\n", VT_SERVICE_WITNESS, &c, &why, &a), VT_OK);
	assert_string_equal(c.prefix, "");
	assert_int_equal(c.nlogs, 0);
	assert_int_equal(c.connections, 256);
	assert_int_equal(c.clock_step_s, 10);
	vt_arena_free(&a);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {
		{"", 0},
		{"Key k\nState s\n", 0},
		{"Listen 1.2.3.4:1\nState s\n", 0},
		{"Listen 1.2.3.4:1\nKey k\n", 0},
		{BASE "key k\n", 4},
		{BASE "State t\n", 4},
		{BASE "Poll 5\n", 4}, /* a mirror's */
		{BASE "MaxConnections\n", 4},
		{BASE "MaxConnections 0\n", 4},
		{BASE "MaxConnections 4097\n", 4},
		{BASE "MaxConnections 05\n", 4},
		{BASE "MaxConnections 5m\n", 4},
		{BASE "RequestTimeout 1d\n", 4},
		{BASE "RequestTimeout h\n", 4},
		{BASE "RequestTimeout 18446744073709551615h\n", 4},
		{BASE "Prefix w\n", 4},
		{BASE "Prefix /w/\n", 4},
		{BASE "Prefix /w?\n", 4},
		{BASE "Log " W1 "\n", 4}, /* a witness's key */
		{BASE "Log example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
			4},
		{BASE "Log " VKEY "\nLog " VKEY "\n", 0},
		{BASE "Listen 1.2.3.4\n", 4},
		{BASE "Listen 1.2.3.4:65536\n", 4},
		{BASE "Listen ::1:80\n", 4},
		{BASE "Listen :80\n", 4},
		{BASE "Listen 1.2.3.4:1\nListen 1.2.3.4:2\nListen 1.2.3.4:3\nListen 1.2.3.4:4\n",
			7},
	};
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct vt_service_error why;
		struct vt_service_config c;

		if (parse(bad[i].text, VT_SERVICE_WITNESS, &c, &why, &a) != VT_EFORMAT)
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(why.line, bad[i].line);
		assert_non_null(why.cause);
	}
	vt_arena_free(&a);
}

static void test_finding_logs(void **state)
{
	static const char *const names[] = {"b", "a", "ab", "c/long", "c"};
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	vt_buf text = VT_BUF_INIT((size_t)1 << 16);
	struct vt_service_config c;
	struct vt_service_error why;

	(void)state;
	assert_int_equal(vt_buf_addf(&text, BASE), VT_OK);
	for (size_t i = 0; i < 5; i++) {
		const uint8_t pub[VT_PUBLIC_SIZE] = {(uint8_t)(i + 1)};
		struct vt_key key;

		assert_int_equal(
			vt_key_make(vt_span_str(names[i]), VT_KEY_ED25519, pub, &key), VT_OK);
		assert_int_equal(vt_buf_addf(&text, "Log "), VT_OK);
		assert_int_equal(vt_key_write(&text, &key), VT_OK);
		assert_int_equal(vt_buf_addf(&text, "\n"), VT_OK);
	}
	assert_int_equal(
		vt_service_config_parse(vt_buf_span(&text), VT_SERVICE_WITNESS, &a, &c, &why),
		VT_OK);
	for (size_t i = 0; i < 5; i++) {
		size_t at = vt_service_log_find(&c, vt_span_str(names[i]));

		assert_true(at < 5);
		assert_string_equal(c.logs[at].key.name, names[i]);
	}
	assert_int_equal(vt_service_log_find(&c, vt_span_str("aa")), VT_SERVICE_LOGS_MAX);
	assert_int_equal(vt_service_log_find(&c, vt_span_str("")), VT_SERVICE_LOGS_MAX);
	assert_int_equal(vt_service_log_find(&c, vt_span_str("d")), VT_SERVICE_LOGS_MAX);
	vt_buf_free(&text);
	vt_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_settings),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_finding_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
