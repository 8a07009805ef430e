/* SPDX-License-Identifier: Apache-2.0 */
/* The race of tlog-witness, "add-checkpoint": many threads move one log, and all that is cosigned
 * is one chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/fd.h"
#include "proc/service/heads.h"
#include "proc/service/journal.h"
#include "store/folder.h"
#include "tlog/note.h"
#include "tlog/witness.h"

#define SIZES 600u
#define STEP_MAX 3u
#define THREADS 8u

static vt_hash nodes[10][SIZES];
static struct vt_signer log_key, witness_key;
static vt_buf bodies[SIZES][STEP_MAX + 1]; /* from, step */

static uint64_t now = 1000;

static uint64_t test_clock(void)
{
	return now;
}

static vt_err node(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	(void)ctx;
	*out = nodes[level][index];
	return VT_OK;
}

static void make_body(unsigned old, unsigned size, vt_buf *out)
{
	struct vt_checkpoint at = {.origin = vt_span_str(log_key.key.name), .size = size};
	struct vt_add_checkpoint r = {.old_size = old};
	vt_buf note = VT_BUF_INIT(4096), text = VT_BUF_INIT(4096);

	out->max = 16384;
	assert_int_equal(vt_merkle_root(node, NULL, size, &at.root), VT_OK);
	assert_int_equal(vt_merkle_prove_consistent(node, NULL, old, size, &r.proof), VT_OK);
	assert_int_equal(vt_checkpoint_write(&text, &at), VT_OK);
	assert_int_equal(vt_buf_add(&note, text.p, text.n), VT_OK);
	assert_int_equal(vt_buf_add_u8(&note, '\n'), VT_OK);
	assert_int_equal(vt_note_sign(&note, &log_key, vt_buf_span(&text), 0), VT_OK);
	r.note = vt_buf_span(&note);
	assert_int_equal(vt_add_checkpoint_write(out, &r), VT_OK);
	vt_buf_free(&note);
	vt_buf_free(&text);
}

static int make_all(void **state)
{
	const uint8_t a[VT_SEED_SIZE] = {1}, b[VT_SEED_SIZE] = {2};

	(void)state;
	if (vt_sign_init() ||
		vt_signer_make(vt_span_str("log.example"), VT_KEY_ED25519, a, &log_key) ||
		vt_signer_make(vt_span_str("w.example"), VT_KEY_COSIGNATURE, b, &witness_key))
		return -1;
	for (unsigned i = 0; i < SIZES; i++)
		vt_merkle_leaf(vt_span_of(&i, sizeof i), &nodes[0][i]);
	for (unsigned l = 1; l < 10; l++)
		for (unsigned i = 0; i < SIZES >> l; i++)
			vt_merkle_node(
				&nodes[l - 1][2 * i], &nodes[l - 1][2 * i + 1], &nodes[l][i]);
	for (unsigned old = 0; old < SIZES - STEP_MAX; old++)
		for (unsigned step = 1; step <= STEP_MAX; step++)
			make_body(old, old + step, &bodies[old][step]);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (unsigned old = 0; old < SIZES; old++)
		for (unsigned step = 0; step <= STEP_MAX; step++)
			vt_buf_free(&bodies[old][step]);
	return 0;
}

struct fixture {
	char path[32];
	int dir;
	struct vt_service_log log;
	struct vt_service_config c;
	struct vt_heads *heads;
};

static void open_heads(struct fixture *f)
{
	(void)snprintf(f->path, sizeof f->path, "/tmp/vt-heads-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	assert_int_equal(vt_store_open(f->path, false, &f->dir), VT_OK);
	f->log = (struct vt_service_log){.key = log_key.key};
	f->c = (struct vt_service_config){.nlogs = 1, .logs = &f->log, .clock_step_s = 10};
	assert_int_equal(vt_heads_open(&f->c, &witness_key, f->dir, test_clock, &f->heads), VT_OK);
}

static void close_heads(struct fixture *f)
{
	vt_heads_close(f->heads);
	(void)unlinkat(f->dir, VT_JOURNAL_FILE, 0);
	vt_fd_close(f->dir);
	assert_int_equal(rmdir(f->path), 0);
}

struct pusher {
	pthread_t thread;
	struct vt_heads *heads;
	unsigned seed;
	unsigned char took[SIZES]; /* the step that was cosigned from this size */
	unsigned wrong;            /* answers other than 200 and 409 */
};

static void *push(void *ctx)
{
	struct pusher *p = ctx;
	uint64_t size = 0;

	while (size < SIZES - STEP_MAX) {
		unsigned step = 1 + (unsigned)rand_r(&p->seed) % STEP_MAX;
		struct vt_reply r;

		vt_heads_add(p->heads, vt_buf_span(&bodies[size][step]), &r);
		if (r.status == 200) {
			p->took[size] = (unsigned char)step;
			size += step;
		} else if (r.status == 409) {
			/* ends with a newline, and zeros follow a buffer's bytes */
			size = strtoul((const char *)r.body.p, NULL, 10);
		} else {
			p->wrong++;
			size = SIZES;
		}
		vt_buf_free(&r.body);
	}
	return NULL;
}

static void test_one_chain(void **state)
{
	struct pusher *p = calloc(THREADS, sizeof *p);
	unsigned char steps[SIZES] = {0};
	struct vt_witnessed last;
	struct fixture f;
	unsigned at = 0;

	(void)state;
	assert_non_null(p);
	open_heads(&f);
	for (unsigned i = 0; i < THREADS; i++) {
		p[i].heads = f.heads;
		p[i].seed = i;
		assert_int_equal(pthread_create(&p[i].thread, NULL, push, &p[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(p[i].thread, NULL), 0);
		assert_int_equal(p[i].wrong, 0);
		for (unsigned s = 0; s < SIZES; s++) {
			/* nobody else was cosigned from the same state */
			assert_true(!p[i].took[s] || !steps[s]);
			steps[s] = (unsigned char)(steps[s] + p[i].took[s]);
		}
	}
	for (unsigned s = 0; s < SIZES; s++) {
		assert_true(!steps[s] || s == at);
		at += steps[s];
	}
	vt_heads_state(f.heads, 0, &last);
	assert_int_equal(last.size, at);
	close_heads(&f);
	free(p);
}

static void expect_time(struct fixture *f, vt_err e, uint64_t time)
{
	uint64_t got;

	assert_int_equal(vt_heads_time(f->heads, &got), e);
	if (!e)
		assert_int_equal(got, time);
}

static void test_time(void **state)
{
	struct fixture f;

	(void)state;
	open_heads(&f);
	now = 1000;
	expect_time(&f, VT_OK, 1000);
	now = 1005;
	expect_time(&f, VT_OK, 1005);
	now = 995;
	expect_time(&f, VT_OK, 1005);
	now = 994;
	expect_time(&f, VT_EAGAIN, 0);
	now = 1006;
	expect_time(&f, VT_OK, 1006);
	close_heads(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_chain),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
