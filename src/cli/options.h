/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line options from a table. Long options take "--name=value" or "--name value", short ones
 * may be bundled ("-zj4"), flags can be undone ("--no-name"), options and operands may be mixed,
 * "--" ends the options and "-" is an operand. The table is the help text too.
 */
#ifndef VT_CLI_OPTIONS_H
#define VT_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Strings that mostly belong to argv; the array is freed with vt_strings_free(). */
struct vt_strings {
	const char **v;
	size_t n;
};

VT_MUST_USE vt_err vt_strings_add(struct vt_strings *s, const char *string);
void vt_strings_free(struct vt_strings *s);
/* The same where the strings were malloc'ed. */
void vt_strings_free_all(struct vt_strings *s);

/* What the option stores, in the field at `offset` of the values struct. */
enum vt_option_kind {
	VT_OPTION_SECTION, /* a heading in the help text */
	VT_OPTION_FLAG,    /* bool */
	VT_OPTION_TRI,     /* int: 1 given, 0 undone; the caller starts it at -1 */
	VT_OPTION_SIZE,    /* uint64_t bytes: number, optional K, M, G or T (1024); "unlimited" */
	VT_OPTION_U64,     /* uint64_t, the same without suffix; "unlimited" */
	VT_OPTION_U32,     /* uint32_t */
	VT_OPTION_TIME,    /* uint32_t milliseconds: seconds, or with ms, s, m or h; "unlimited" */
	VT_OPTION_STRING,  /* const char * */
	VT_OPTION_STRINGS, /* struct vt_strings: may be given several times */
	VT_OPTION_CHOICE,  /* int: index of the value in `choices` */
	VT_OPTION_HELP,    /* prints the help */
};

struct vt_option {
	char letter; /* 0: none */
	const char *name;
	const char *value; /* name of the value in the help text; NULL for flags */
	enum vt_option_kind kind;
	size_t offset;
	const char *help;
	const char *choices; /* "auto|never|always" */
};

struct vt_option_table {
	const char *command; /* "vitrine scan": starts each message */
	const char *usage;   /* first lines of the help text */
	const struct vt_option *options;
	size_t count;
	const char *notes; /* last lines of the help text; may be NULL */
};

/*
 * Reads argv[1..] into *values and the operands. VT_END: help was printed. VT_EARG: a message was
 * printed. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_options_parse(const struct vt_option_table *t, int argc, char **argv,
	void *values, struct vt_strings *operands);

/* The nearest of `count` names (`stride` bytes apart, each a const char *), or NULL. */
const char *vt_nearest(const char *word, const char *const *names, size_t count);

#endif
