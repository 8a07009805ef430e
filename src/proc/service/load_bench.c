/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load of add-checkpoint requests for a witness, over connections that stay open.
 *bench/services.py runs it.
 *
 *	service-load keys LOGS                        their Log lines, for the configuration
 *	service-load grow PORT PATH LOGS CONNECTIONS SECONDS     each log grows by an entry a
 *request service-load again PORT PATH LOGS CONNECTIONS SECONDS    each log's head is stamped again
 *
 * Prints the answers with 200 a second, and the times that a tenth and a hundredth took longer
 *than.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "os/fd.h"
#include "tlog/checkpoint.h"
#include "tlog/witness.h"

#define LEVELS 15u
#define SIZE_MAX_LOG (1u << (LEVELS - 1))
#define SAMPLES_MAX 2000000u

/* All logs have the same leaves, so that one tree has all of the proofs. */
static vt_hash nodes[LEVELS][SIZE_MAX_LOG + 1];
static struct vt_proof proofs[SIZE_MAX_LOG + 1];
static vt_hash roots[SIZE_MAX_LOG + 1];

static const char *path;
static unsigned nlogs, nconnections;
static uint16_t port;
static uint64_t end_ms;
static bool again;

struct worker {
	pthread_t thread;
	unsigned first;
	uint64_t ok, bad;
	uint32_t *us; /* of each request */
	size_t nus;
};

static void signer_of(unsigned i, struct vt_signer *out)
{
	uint8_t seed[VT_SEED_SIZE] = {(uint8_t)i, (uint8_t)(i >> 8), 7};
	char name[64];

	(void)snprintf(name, sizeof name, "load.example/log%u", i);
	if (vt_signer_make(vt_span_str(name), VT_KEY_ED25519, seed, out))
		abort();
}

static vt_err node(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	(void)ctx;
	*out = nodes[level][index];
	return VT_OK;
}

static void make_tree(unsigned sizes)
{
	for (unsigned i = 0; i < sizes; i++)
		vt_merkle_leaf(vt_span_of(&i, sizeof i), &nodes[0][i]);
	for (unsigned l = 1; l < LEVELS; l++)
		for (unsigned i = 0; i < sizes >> l; i++)
			vt_merkle_node(
				&nodes[l - 1][2 * i], &nodes[l - 1][2 * i + 1], &nodes[l][i]);
	for (unsigned n = 1; n <= sizes; n++)
		if (vt_merkle_root(node, NULL, n, &roots[n]) ||
			vt_merkle_prove_consistent(node, NULL, n - 1, n, &proofs[n]))
			abort();
}

/* The whole HTTP request that brings a log from size `old` to `size`. */
static void make_request(const struct vt_signer *s, unsigned old, unsigned size, vt_buf *out)
{
	const struct vt_checkpoint at = {vt_span_str(s->key.name), size, roots[size]};
	struct vt_add_checkpoint r = {.old_size = old};
	vt_buf note = VT_BUF_INIT(4096), text = VT_BUF_INIT(4096), body = VT_BUF_INIT(8192);

	if (old != size)
		r.proof = proofs[size];
	if (vt_checkpoint_write(&text, &at) || vt_buf_add(&note, text.p, text.n) ||
		vt_buf_add_u8(&note, '\n') || vt_note_sign(&note, s, vt_buf_span(&text), 0))
		abort();
	r.note = vt_buf_span(&note);
	vt_buf_clear(out);
	if (vt_add_checkpoint_write(&body, &r) ||
		vt_buf_addf(out, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path,
			body.n) ||
		vt_buf_add(out, body.p, body.n))
		abort();
	vt_buf_free(&note);
	vt_buf_free(&text);
	vt_buf_free(&body);
}

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)) {
		perror("connect");
		exit(2);
	}
	return fd;
}

/* The status; the answer is read to its end. */
static unsigned ask(int fd, vt_span request)
{
	char b[4096];
	size_t n = 0, head = 0, length = 0;
	vt_span all;

	if (vt_fd_write(fd, request.p, request.n))
		return 0;
	do {
		ssize_t r = read(fd, b + n, sizeof b - n - 1);
		const char *at;

		if (r <= 0)
			return 0;
		n += (size_t)r;
		b[n] = 0;
		all = vt_span_of(b, n);
		if (!head && vt_span_find(all, 0, "\r\n\r\n", 4, &head)) {
			head += 4;
			at = strcasestr(b, "content-length: ");
			length = at ? strtoul(at + 16, NULL, 10) : 0;
		}
	} while (!head || n < head + length);
	return (unsigned)strtoul(b + 9, NULL, 10);
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Each connection has logs of its own, unless there are fewer logs than connections. */
static void *work(void *ctx)
{
	struct worker *w = ctx;
	unsigned mine = nlogs >= nconnections ? nlogs / nconnections : 1;
	struct vt_signer *s = calloc(mine, sizeof *s);
	unsigned *size = calloc(mine, sizeof *size);
	vt_buf request = VT_BUF_INIT(16384);
	int fd = dial();

	w->us = calloc(SAMPLES_MAX / nconnections, sizeof *w->us);
	if (!s || !size || !w->us)
		abort();
	for (unsigned i = 0; i < mine; i++) {
		signer_of((w->first * mine + i) % nlogs, &s[i]);
		make_request(&s[i], 0, 1, &request);
		(void)ask(fd, vt_buf_span(&request)); /* 409 if another connection was first */
		size[i] = 1;
		if (again && mine == 1)
			make_request(&s[i], 1, 1, &request);
	}
	for (unsigned i = 0; vt_clock_ms() < end_ms; i = (i + 1) % mine) {
		uint64_t began;
		unsigned status;

		if (!again && size[i] == SIZE_MAX_LOG)
			break;
		if (!again || mine > 1)
			make_request(&s[i], size[i], size[i] + !again, &request);
		began = now_us();
		status = ask(fd, vt_buf_span(&request));
		if (w->nus < SAMPLES_MAX / nconnections)
			w->us[w->nus++] = (uint32_t)(now_us() - began);
		w->ok += status == 200;
		w->bad += status != 200;
		if (status == 200)
			size[i] += !again;
	}
	(void)close(fd);
	vt_buf_free(&request);
	free(s);
	free(size);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int run(unsigned seconds)
{
	struct worker *w = calloc(nconnections, sizeof *w);
	uint64_t ok = 0, bad = 0, began = vt_clock_ms();
	uint32_t *us = calloc(SAMPLES_MAX, sizeof *us);
	size_t n = 0;
	double took;

	if (!w || !us)
		abort();
	end_ms = began + (uint64_t)seconds * 1000;
	for (unsigned i = 0; i < nconnections; i++) {
		w[i].first = i;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			abort();
	}
	for (unsigned i = 0; i < nconnections; i++) {
		(void)pthread_join(w[i].thread, NULL);
		ok += w[i].ok;
		bad += w[i].bad;
		memcpy(us + n, w[i].us, w[i].nus * sizeof *us);
		n += w[i].nus;
		free(w[i].us);
	}
	took = (double)(vt_clock_ms() - began) / 1000;
	qsort(us, n, sizeof *us, by_value);
	printf("%.0f a second, %llu others than 200, median %.2f ms, 90 %% %.2f ms, 99 %% %.2f "
	       "ms\n",
		(double)ok / took, (unsigned long long)bad, n ? us[n / 2] / 1e3 : 0,
		n ? us[n / 10 * 9] / 1e3 : 0, n ? us[n / 100 * 99] / 1e3 : 0);
	free(us);
	free(w);
	return 0;
}

static unsigned number(const char *s)
{
	return (unsigned)strtoul(s, NULL, 10);
}

int main(int argc, char **argv)
{
	if (vt_sign_init())
		return 2;
	if (argc == 3 && strcmp(argv[1], "keys") == 0) {
		for (unsigned i = 0; i < number(argv[2]); i++) {
			vt_buf line = VT_BUF_INIT(1024);
			struct vt_signer s;

			signer_of(i, &s);
			if (vt_key_write(&line, &s.key))
				return 2;
			printf("Log %.*s\n", (int)line.n, (const char *)line.p);
			vt_buf_free(&line);
		}
		return 0;
	}
	if (argc != 7)
		return 2;
	again = strcmp(argv[1], "again") == 0;
	port = (uint16_t)number(argv[2]);
	path = argv[3];
	nlogs = number(argv[4]);
	nconnections = number(argv[5]);
	make_tree(again ? 1 : SIZE_MAX_LOG);
	return run(number(argv[6]));
}
