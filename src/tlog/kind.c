/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/kind.h"

#include "base/buf.h"
#include "base/num.h"
#include "tlog/note.h"

#define TIME_SIZE 8
/* "cosignature/v1\ntime <19 digits>\n" is far below this */
#define COSIGNATURE_HEAD_MAX 64

_Static_assert(VT_KIND_SIG_MAX >= TIME_SIZE + VT_SIG_SIZE, "room for the largest signature");

static bool plain_verify(const uint8_t *pub, vt_span text, const uint8_t *sig, uint64_t *out_time)
{
	if (!vt_verify(pub, text, sig))
		return false;
	*out_time = 0;
	return true;
}

static vt_err plain_sign(const uint8_t *seed, vt_span text, uint64_t time, uint8_t *out_sig)
{
	(void)time;
	vt_sign(seed, text, out_sig);
	return VT_OK;
}

/* What a cosignature is over: tlog-cosignature, "Ed25519 signed message". */
static vt_err cosigned_message(vt_buf *b, uint64_t time, vt_span text)
{
	vt_err e;

	if (time > INT64_MAX)
		return VT_EARG;
	e = vt_buf_addf(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	if (!e)
		e = vt_buf_add(b, text.p, text.n);
	return e;
}

static bool cosignature_verify(
	const uint8_t *pub, vt_span text, const uint8_t *sig, uint64_t *out_time)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX + COSIGNATURE_HEAD_MAX);
	uint64_t time = 0;
	bool good = vt_get_u64be(vt_span_of(sig, TIME_SIZE), 0, &time) &&
		!cosigned_message(&b, time, text) &&
		vt_verify(pub, vt_buf_span(&b), sig + TIME_SIZE);

	vt_buf_free(&b);
	if (good)
		*out_time = time;
	return good;
}

static vt_err cosignature_sign(const uint8_t *seed, vt_span text, uint64_t time, uint8_t *out_sig)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX + COSIGNATURE_HEAD_MAX);
	vt_err e = cosigned_message(&b, time, text);

	if (!e) {
		for (unsigned i = 0; i < TIME_SIZE; i++)
			out_sig[i] = (uint8_t)(time >> (8 * (TIME_SIZE - 1 - i)));
		vt_sign(seed, vt_buf_span(&b), out_sig + TIME_SIZE);
	}
	vt_buf_free(&b);
	return e;
}

static const struct vt_key_kind kinds[] = {
	{VT_KEY_ED25519, VT_PUBLIC_SIZE, VT_SIG_SIZE, plain_verify, plain_sign},
	{VT_KEY_COSIGNATURE, VT_PUBLIC_SIZE, TIME_SIZE + VT_SIG_SIZE, cosignature_verify,
		cosignature_sign},
};

const struct vt_key_kind *vt_key_kind_of(unsigned type)
{
	for (size_t i = 0; i < VT_COUNT(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}
