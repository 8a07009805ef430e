/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs a client to check one update of a large log: the head's signatures and
 * cosignatures, that the tree grew out of the pinned one, the last entry, and eight entries that
 * are live.
 *
 * usage: tlog-bench FOLDER [LEAVES] (an empty folder; 10 million leaves if not given)
 *
 * Two processes: the first computes the whole tree and leaves in FOLDER the files that the check
 * asks for, the second checks what it reads there and is measured. Entries are ENTRY bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "tlog/policy.h"
#include "tlog/tile.h"

#define ENTRY 1000u
#define COSIGNERS 7u /* five witnesses and two mirrors */
#define LIVE 8u
#define GREW 700u /* leaves since the pinned head */
#define NAME "bench.example/log"

static void need(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "tlog-bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void entry(uint64_t index, uint8_t out[ENTRY])
{
	memset(out, 'x', ENTRY);
	(void)snprintf((char *)out, ENTRY, "entry %" PRIu64, index);
}

/* ---- the log: the nodes of level 8 are kept, what is below is computed again ----------------- */

struct tree {
	uint64_t size;
	vt_hash *level8; /* all nodes of level 8 */
	const char *folder;
};

static void leaf(uint64_t index, vt_hash *out)
{
	uint8_t text[ENTRY];

	entry(index, text);
	vt_merkle_leaf(vt_span_of(text, sizeof text), out);
}

/* The node over 2^height of those that `level` counts from: leaves, or nodes of level 8. */
static void node(const struct tree *t, unsigned level, uint64_t index, vt_hash *out)
{
	vt_hash stack[24];
	size_t n = 0;
	unsigned down = level >= 8 && t->level8 ? 8 : 0;

	for (uint64_t i = 0; i < UINT64_C(1) << (level - down); i++) {
		uint64_t at = (index << (level - down)) + i;

		if (down)
			stack[n] = t->level8[at];
		else
			leaf(at, &stack[n]);
		for (uint64_t carry = i; carry & 1; carry >>= 1, n--)
			vt_merkle_node(&stack[n - 1], &stack[n], &stack[n - 1]);
		n++;
	}
	*out = stack[0];
}

static vt_err tree_node(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	node(ctx, level, index, out);
	return VT_OK;
}

static void grow(struct tree *t)
{
	struct tree leaves = {.size = t->size};
	uint64_t n = t->size >> 8;

	t->level8 = malloc((n + 1) * sizeof *t->level8);
	need(t->level8 != NULL, "memory");
	for (uint64_t i = 0; i < n; i++)
		node(&leaves, 8, i, &t->level8[i]);
}

static void write_file(const char *folder, const char *path, vt_span bytes)
{
	char full[512];
	int fd;

	(void)snprintf(full, sizeof full, "%s/%s", folder, path);
	for (char *p = full + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = 0;
		need(mkdir(full, 0777) == 0 || errno == EEXIST, full);
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	need(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && close(fd) == 0, full);
}

/* A vt_file_get that makes the file, and leaves a copy for the process that is measured. */
static vt_err make_file(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct tree *t = ctx;
	struct vt_tile tile;
	size_t before = out->n;

	(void)max;
	need(!vt_tile_path_parse(vt_span_str(path), &tile), path);
	for (uint64_t i = 0; i < tile.width; i++) {
		uint64_t at = tile.index * VT_TILE_WIDTH + i;
		uint8_t text[ENTRY];
		vt_hash h;

		if (tile.level == VT_TILE_ENTRIES) {
			entry(at, text);
			need(!vt_bundle_add(out, vt_span_of(text, sizeof text)), "memory");
		} else {
			node(t, 8 * tile.level, at, &h);
			need(!vt_buf_add(out, h.b, sizeof h.b), "memory");
		}
	}
	write_file(t->folder, path, vt_span_of(out->p + before, out->n - before));
	return VT_OK;
}

/* ---- the check, the same in both processes --------------------------------------------------- */

struct given {
	const struct vt_policy *policy;
	vt_span note;
	uint64_t pinned_size;
	vt_hash pinned_root;
};

static void check(const struct given *g, vt_file_get *get, void *ctx)
{
	static struct vt_head head;
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_tiles *t;
	struct vt_proof p;
	bool enough = false;
	uint64_t time;

	need(!vt_head_parse(g->note, &g->policy->logs[0].key, &head), "head");
	need(!vt_policy_check(g->policy, g->policy->quorum, &head.note, &enough, &time) && enough,
		"quorum");
	need(!vt_tiles_open(head.at.size, &head.at.root, get, ctx, &t), "tiles");
	need(!vt_merkle_prove_consistent(vt_tiles_get, t, g->pinned_size, head.at.size, &p) &&
			vt_merkle_consistent(
				&p, g->pinned_size, &g->pinned_root, head.at.size, &head.at.root),
		"consistency");
	need(!vt_tiles_entry(t, head.at.size - 1, &b), "the last entry");
	for (uint64_t i = 0; i < LIVE; i++) {
		vt_buf_clear(&b);
		need(!vt_tiles_entry(t, head.at.size / LIVE * i + 99 * i, &b), "a live entry");
	}
	vt_buf_free(&b);
	vt_tiles_close(t);
}

static struct vt_signer signer(unsigned i)
{
	uint8_t seed[VT_SEED_SIZE] = {(uint8_t)i};
	struct vt_signer s;
	char name[40];

	(void)snprintf(name, sizeof name, i ? "cosigner.example/%u" : NAME, i);
	need(!vt_signer_make(vt_span_str(name), i ? VT_KEY_COSIGNATURE : VT_KEY_ED25519, seed, &s),
		"a key");
	return s;
}

static void make_head(const struct tree *t, vt_buf *note)
{
	struct vt_checkpoint c = {vt_span_str(NAME), t->size, {{0}}};
	vt_buf text = VT_BUF_INIT(1000);

	need(!vt_merkle_root(tree_node, (void *)(uintptr_t)t, t->size, &c.root) &&
			!vt_checkpoint_write(&text, &c) && !vt_buf_add(note, text.p, text.n) &&
			!vt_buf_add_u8(note, '\n'),
		"head");
	for (unsigned i = 0; i <= COSIGNERS; i++) {
		struct vt_signer s = signer(i);

		need(!vt_note_sign(note, &s, vt_buf_span(&text), 1800000000 + i), "sign");
	}
	vt_buf_free(&text);
}

static void make_policy(vt_buf *b)
{
	for (unsigned i = 0; i <= COSIGNERS; i++) {
		struct vt_signer s = signer(i);

		if (i)
			need(!vt_buf_addf(b, "witness w%u ", i), "policy");
		else
			need(!vt_buf_addf(b, "log "), "policy");
		need(!vt_key_write(b, &s.key) && !vt_buf_addf(b, "\n"), "policy");
	}
	need(!vt_buf_addf(b,
		     "group w 3 w1 w2 w3 w4 w5\ngroup m any w6 w7\ngroup both all w m\n"
		     "quorum both\n"),
		"policy");
}

/* ---- the two processes ----------------------------------------------------------------------- */

static struct given given(vt_span policy, vt_span note, vt_span pinned)
{
	static struct vt_policy p;
	struct vt_policy_error why;
	struct given g = {.policy = &p, .note = note};

	need(!vt_policy_parse(policy, &p, &why), "policy");
	need(pinned.n == sizeof g.pinned_size + sizeof g.pinned_root, "pinned");
	memcpy(&g.pinned_size, pinned.p, sizeof g.pinned_size);
	memcpy(&g.pinned_root, pinned.p + sizeof g.pinned_size, sizeof g.pinned_root);
	return g;
}

static void make(const char *folder, uint64_t size)
{
	struct tree t = {.size = size, .folder = folder};
	vt_buf note = VT_BUF_INIT(100000), policy = VT_BUF_INIT(100000);
	uint8_t pinned[8 + VT_HASH_SIZE];
	uint64_t pinned_size = size - GREW;
	struct given g;
	vt_hash root;

	grow(&t);
	make_head(&t, &note);
	make_policy(&policy);
	need(!vt_merkle_root(tree_node, &t, pinned_size, &root), "root");
	memcpy(pinned, &pinned_size, 8);
	memcpy(pinned + 8, root.b, VT_HASH_SIZE);
	write_file(folder, "checkpoint", vt_buf_span(&note));
	write_file(folder, "policy", vt_buf_span(&policy));
	write_file(folder, "pinned", vt_span_of(pinned, sizeof pinned));
	g = given(vt_buf_span(&policy), vt_buf_span(&note), vt_span_of(pinned, sizeof pinned));
	check(&g, make_file, &t);
}

struct reader {
	const char *folder;
	unsigned files;
	size_t bytes;
};

static vt_err read_file(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct reader *r = ctx;
	char full[512];
	struct stat st;
	int fd;

	(void)snprintf(full, sizeof full, "%s/%s", r->folder, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return VT_END;
	need(fstat(fd, &st) == 0 && (size_t)st.st_size <= max, full);
	need(!vt_buf_reserve(out, (size_t)st.st_size), "memory");
	need(read(fd, out->p + out->n, (size_t)st.st_size) == st.st_size && close(fd) == 0, full);
	out->n += (size_t)st.st_size;
	r->files++;
	r->bytes += (size_t)st.st_size;
	return VT_OK;
}

static double cpu_ms(void)
{
	struct timespec t;

	need(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0, "clock");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long peak_kb(void)
{
	struct rusage u;

	need(getrusage(RUSAGE_SELF, &u) == 0, "rusage");
	return u.ru_maxrss;
}

static void measure(const char *folder)
{
	vt_buf policy = VT_BUF_INIT(100000), note = VT_BUF_INIT(100000), pinned = VT_BUF_INIT(100);
	struct reader r = {.folder = folder};
	double before = cpu_ms(), took;
	long memory = peak_kb();
	struct given g;

	need(!read_file(&r, "policy", 100000, &policy) &&
			!read_file(&r, "checkpoint", 100000, &note) &&
			!read_file(&r, "pinned", 100, &pinned),
		folder);
	g = given(vt_buf_span(&policy), vt_buf_span(&note), vt_buf_span(&pinned));
	check(&g, read_file, &r);
	took = cpu_ms() - before;
	(void)printf(
		"%u files, %zu KB read; %.2f ms of processor time; %ld KB of memory more than at "
		"the start (%ld KB in all)\n",
		r.files, r.bytes / 1000, took, peak_kb() - memory, peak_kb());
}

int main(int argc, char **argv)
{
	uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
	int status;
	pid_t pid;

	if (vt_sign_init() || argc < 2 ||
		(argc > 2 && strcmp(argv[2], "measure") != 0 && size < 1000))
		return 2;
	if (argc > 2 && strcmp(argv[2], "measure") == 0) {
		measure(argv[1]);
		return 0;
	}
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		make(argv[1], size);
		exit(0);
	}
	need(waitpid(pid, &status, 0) == pid && status == 0, "the first process");
	(void)printf("%" PRIu64 " leaves: ", size);
	(void)fflush(stdout);
	/* a process of its own, so that memory begins small */
	execl("/proc/self/exe", argv[0], argv[1], "measure", NULL);
	need(false, "exec");
	return 1;
}
