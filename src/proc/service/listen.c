/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/fd.h"
#include "proc/service/server.h"

#define BACKLOG 1024

static vt_err listen_path(const char *path, int *out_fd)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return VT_EIO;
	}
	memcpy(a.sun_path, path, strlen(path));
	/* what a process that was killed left behind, and nothing else */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return VT_EIO;
	/* a web server of another user stands in front; the folder decides who may */
	if (bind(fd, (const struct sockaddr *)&a, sizeof a) || chmod(path, 0666) ||
		listen(fd, BACKLOG)) {
		vt_fd_close(fd);
		return VT_EIO;
	}
	*out_fd = fd;
	return VT_OK;
}

vt_err vt_server_listen(const char *listen_at, int *out_fd)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM};
	struct addrinfo *a;
	char host[64], service[8];
	uint16_t port;
	int fd, one = 1;

	if (listen_at[0] == '/')
		return listen_path(listen_at, out_fd);
	if (!vt_service_listen_parse(listen_at, host, sizeof host, &port)) {
		errno = EINVAL;
		return VT_EIO;
	}
	(void)snprintf(service, sizeof service, "%u", (unsigned)port);
	if (getaddrinfo(host, service, &hints, &a)) {
		errno = EADDRNOTAVAIL;
		return VT_EIO;
	}
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
		(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
			bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG))) {
		vt_fd_close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	if (fd < 0)
		return VT_EIO;
	*out_fd = fd;
	return VT_OK;
}
