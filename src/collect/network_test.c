/* SPDX-License-Identifier: Apache-2.0 */
/* Real sockets that listen, here and in a network namespace of their own. */
#include "collect/system_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listener(int family, int type, unsigned *out_port)
{
	struct sockaddr_storage a = {.ss_family = (sa_family_t)family};
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&a;
	socklen_t n = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*out_port = ntohs(in->sin_port); /* at the same place in both forms */
	return fd;
}

static struct vt_collect *look(void)
{
	return run_over("/", &vt_collector_network, true);
}

static void test_listeners(void **state)
{
	unsigned tcp, tcp6, udp;
	int a = listener(AF_INET, SOCK_STREAM, &tcp), b = listener(AF_INET6, SOCK_STREAM, &tcp6);
	int d = listener(AF_INET, SOCK_DGRAM, &udp);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)tcp)}, from;
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t from_n = sizeof from;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int u = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[64], owner[32];
	struct vt_collect *c;

	(void)state;
	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s/bl4control", scratch);
	assert_int_equal(bind(u, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(u, 1), 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(getsockname(client, (struct sockaddr *)&from, &from_n), 0);
	(void)snprintf(owner, sizeof owner, "owner=%d net:[", getpid());
	c = look();
	(void)snprintf(line, sizeof line, "port=tcp/%u ", tcp);
	ASSERT_SAYS(c, line, owner, "name=test-collect-ne ", "value=0.0.0.0:");
	(void)snprintf(line, sizeof line, "port=tcp/%u ", tcp6);
	ASSERT_SAYS(c, line, owner, "value=[0:0:0:0:0:0:0:0]:");
	(void)snprintf(line, sizeof line, "port=udp/%u ", udp);
	ASSERT_SAYS(c, line, owner);
	ASSERT_SAYS(c, "unix ", "/bl4control", owner);
	(void)snprintf(line, sizeof line, "port=tcp/%u ", ntohs(from.sin_port));
	ASSERT_SILENT(c, line); /* a connection does not listen */
	assert_int_equal(c->seen, c->read + c->misses);
	fake_collect_free(c);
	(void)close(client);
	(void)close(a);
	(void)close(b);
	(void)close(d);
	(void)close(u);
}

static void test_other_namespace(void **state)
{
	char here[64], line[64], byte;
	int ends[2], done[2];
	struct vt_collect *c;
	unsigned port = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(done[1]);
		if (unshare(CLONE_NEWNET))
			_exit(1);
		(void)listener(AF_INET, SOCK_STREAM, &port);
		(void)!write(ends[1], &port, sizeof port);
		(void)!read(done[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &port, sizeof port), sizeof port);
	n = readlink("/proc/self/ns/net", here, sizeof here - 1);
	assert_true(n > 0);
	here[n] = 0;
	c = look();
	(void)snprintf(line, sizeof line, "owner=%d net:[", pid);
	ASSERT_SAYS(c, line, "port=tcp/");
	ASSERT_SILENT(c, line, here);
	fake_collect_free(c);
	(void)close(done[0]);
	(void)close(done[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)waitpid(pid, NULL, 0);
}

/* Whoever may not look into other processes does not know all namespaces, and says so. */
static void test_unprivileged(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		struct vt_collect *c;

		if (setgid(65534) || setuid(65534))
			_exit(3);
		c = look();
		_exit(SAYS(c, "missed unreadable pid ") && c->seen == c->read + c->misses ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_unprivileged),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
