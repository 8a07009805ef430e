/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a function did not do its work. A verdict about a file is never one of these (see
 * engine/core/verdict.h): "could not" and "is infected" are different things.
 */
#ifndef VT_BASE_ERR_H
#define VT_BASE_ERR_H

typedef enum vt_err {
	VT_OK = 0,
	VT_END,          /* an iterator has nothing more; not a failure */
	VT_ENOMEM,       /* allocation failed or an arena's cap was reached */
	VT_EFORMAT,      /* the bytes break their format's rules */
	VT_ETRUNCATED,   /* the bytes end too early */
	VT_EUNSUPPORTED, /* well-formed, but a method or version that we do not read */
	VT_EENCRYPTED,   /* needs a password */
	VT_ELIMIT,       /* a budget is used up; the budget knows which */
	VT_EARG,         /* the caller's argument is out of its documented range */
	VT_EIO,          /* the system refused; errno has the reason */
	VT_EAGAIN,       /* nothing wrong, but not now */
	VT_EPEER,        /* the process on the other end of a channel spoke badly or is gone */
	VT_ECHECKSUM,    /* a checksum does not match */
	VT_EVERSION,     /* a version that this program does not read */
} vt_err;

#define VT_MUST_USE __attribute__((warn_unused_result))

/* A short lower-case English phrase for `e`; static storage, never NULL. */
const char *vt_err_text(vt_err e);

#endif
