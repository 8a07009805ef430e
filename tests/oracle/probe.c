/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine makes of each file named on the command line, one JSON object a line: its type,
 * and what the headers of an executable say. For the scripts that compare it with other programs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/exe/exe.h"
#include "engine/type/identify.h"

static void print_exe(vt_type type, vt_span bytes)
{
	vt_arena arena = VT_ARENA_INIT(64u << 20);
	struct vt_exe exe;
	vt_err err = vt_exe_parse(type, bytes, &arena, &exe);
	vt_type inside;
	uint64_t at;

	if (!err)
		err = vt_exe_imports(type, bytes, &arena, &exe);
	if (!err)
		err = vt_exe_versions(type, bytes, &arena, &exe);
	if (err) {
		printf(", \"error\": \"%s\"", vt_err_text(err));
		goto out;
	}
	printf(", \"is64\": %d, \"entry\": %lld, \"overlay\": %llu, \"sections\": [", exe.is64,
		exe.has_entry ? (long long)exe.entry : -1LL, (unsigned long long)exe.overlay);
	for (unsigned i = 0; i < exe.nsections; i++)
		printf("%s[%llu, %llu, %llu, %llu]", i ? ", " : "",
			(unsigned long long)exe.sections[i].offset,
			(unsigned long long)exe.sections[i].size,
			(unsigned long long)exe.sections[i].address,
			(unsigned long long)exe.sections[i].memory);
	printf("], \"versions\": [");
	for (unsigned i = 0; i < exe.nversions; i++)
		printf("%s[%llu, %llu]", i ? ", " : "", (unsigned long long)exe.versions[i].offset,
			(unsigned long long)exe.versions[i].size);
	printf("], \"imports\": \"");
	for (size_t i = 0; i < exe.imports.n; i++)
		printf("%02x", exe.imports.p[i]);
	printf("\"");
	if (vt_identify_embedded(bytes, exe.overlay, &at, &inside))
		printf(", \"embedded\": [%llu, \"%s\"]", (unsigned long long)at,
			vt_type_name(inside));
out:
	vt_arena_free(&arena);
}

static int probe(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *p = NULL;
	size_t n = 0;
	vt_span bytes;
	vt_type type;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return 1;
	}
	p = malloc((size_t)st.st_size + 1);
	while (p && n < (size_t)st.st_size && (got = read(fd, p + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	(void)close(fd);
	if (!p)
		return 1;
	bytes = vt_span_of(p, n);
	type = vt_identify(bytes);
	printf("{\"type\": \"%s\", \"clam\": \"%s\", \"target\": %u", vt_type_name(type),
		vt_type_clam_name(type), vt_type_target(type));
	if (type == VT_TYPE_PE || type == VT_TYPE_ELF || type == VT_TYPE_MACHO)
		print_exe(type, bytes);
	printf("}\n");
	free(p);
	return 0;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= probe(argv[i]);
	return bad;
}
