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

vt_err vt_landlock_deny_all(void)
{
	size_t v = (size_t)vt_landlock_abi();
	struct ruleset_attr attr;
	long fd, r;

	if (v == 0)
		return VT_EUNSUPPORTED;
	v = vt_min_size(v, VT_COUNT(versions) - 1);
	attr = (struct ruleset_attr){
		.handled_access_fs = ALL_BITS(versions[v].fs),
		.handled_access_net = ALL_BITS(versions[v].net),
		.scoped = ALL_BITS(versions[v].scoped),
	};
	fd = syscall(SYS_landlock_create_ruleset, &attr, (size_t)versions[v].size, 0);
	if (fd < 0)
		return VT_EIO;
	/* No rule is added: what is handled is denied, everywhere. */
	r = syscall(SYS_landlock_restrict_self, (int)fd, 0);
	(void)close((int)fd);
	return r ? VT_EIO : VT_OK;
}
