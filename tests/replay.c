/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over saved inputs: each argument is a file, or a folder of files. A missing or
 * empty folder is a failure: a target without inputs tests nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *p;
	size_t n;

	if (!f || fstat(fileno(f), &st)) {
		perror(path);
		return 1;
	}
	n = (size_t)st.st_size;
	p = malloc(n ? n : 1); /* exactly n bytes, so that a sanitizer sees an overrun */
	if (!p || fread(p, 1, n, f) != n) {
		perror(path);
		free(p);
		(void)fclose(f);
		return 1;
	}
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(p, n);
	free(p);
	return 0;
}

static int replay_folder(const char *path, unsigned *count)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[4096];
	int bad = 0;

	if (!d) {
		perror(path);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		bad |= replay_file(name);
		++*count;
	}
	(void)closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	struct stat st;
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			bad |= replay_folder(argv[i], &count);
		} else {
			bad |= replay_file(argv[i]);
			count++;
		}
	}
	printf("%u inputs\n", count);
	return bad || count == 0;
}
