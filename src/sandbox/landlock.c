/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/landlock.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"

/*
 * Our own constants: the headers of Debian 12 end at version 2, the kernel may know more. From
 * Documentation/userspace-api/landlock.rst.
 */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

#define CREATE_RULESET_VERSION 1u
#define ALL_BITS(n) (((uint64_t)1 << (n)) - 1)

/* How much of the above each version has: bits of each field, and the struct's size. */
static const struct {
	uint8_t fs, net, scoped, size;
} versions[] = {
	{0, 0, 0, 0}, {13, 0, 0, 8}, /* 1: execute, write, read, directories, make_*, remove_* */
	{14, 0, 0, 8},               /* 2: refer */
	{15, 0, 0, 8},               /* 3: truncate */
	{15, 2, 0, 16},              /* 4: TCP bind and connect */
	{16, 2, 0, 16},              /* 5: ioctl on devices */
	{16, 2, 2, 24},              /* 6: abstract sockets and signals */
	{16, 2, 2, 24},              /* 7: audit flags, nothing more to deny */
};

int vt_landlock_abi(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);

	return v > 0 ? (int)v : 0;
}

#define RULE_PATH_BENEATH 1

/* struct landlock_path_beneath_attr, which is packed */
struct __attribute__((packed)) path_rule {
	uint64_t allowed_access;
	int32_t parent_fd;
};

/* write, read, read a folder, remove a folder or file, make a folder or file, truncate */
#define FOLDER_RIGHTS                                                                              \
	(1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 13 | 1u << 14)
/* read, read a folder */
#define READ_RIGHTS (1u << 2 | 1u << 3)
#define NET_CONNECT 2u

static long add_rule(int ruleset, int dir, uint64_t rights)
{
	struct path_rule rule = {.allowed_access = rights, .parent_fd = dir};

	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

/* No rule but for `dir`, if not negative, and `readable`: what has no rule is denied. */
static vt_err restrict_to(int dir, const int *readable, size_t n, uint64_t net_allowed)
{
	size_t v = (size_t)vt_landlock_abi();
	struct ruleset_attr attr;
	long fd, r = 0;

	/* Version 1 denies renames from folder to folder, whatever the rules. */
	if (v == 0 || (v == 1 && dir >= 0))
		return VT_EUNSUPPORTED;
	v = vt_min_size(v, VT_COUNT(versions) - 1);
	attr = (struct ruleset_attr){
		.handled_access_fs = ALL_BITS(versions[v].fs),
		.handled_access_net = ALL_BITS(versions[v].net) & ~net_allowed,
		.scoped = ALL_BITS(versions[v].scoped),
	};
	fd = syscall(SYS_landlock_create_ruleset, &attr, (size_t)versions[v].size, 0);
	if (fd < 0)
		return VT_EIO;
	if (dir >= 0)
		r = add_rule((int)fd, dir, attr.handled_access_fs & FOLDER_RIGHTS);
	for (size_t i = 0; !r && i < n; i++)
		r = add_rule((int)fd, readable[i], READ_RIGHTS);
	if (!r)
		r = syscall(SYS_landlock_restrict_self, (int)fd, 0);
	(void)close((int)fd);
	return r ? VT_EIO : VT_OK;
}

vt_err vt_landlock_deny_all(void)
{
	return restrict_to(-1, NULL, 0, 0);
}

vt_err vt_landlock_folder_and_connect(int dir)
{
	return restrict_to(dir, NULL, 0, NET_CONNECT);
}

vt_err vt_landlock_service(int dir, const int *readable, size_t n)
{
	return restrict_to(dir, readable, n, 0);
}
