/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler: turns the text of signature files, handed over as descriptors, into a database
 * image, written to one descriptor. It opens nothing. One thread, one compilation.
 */
#ifndef VT_PROC_COMPILER_COMPILER_H
#define VT_PROC_COMPILER_COMPILER_H

/*
 * Shuts itself in, compiles what the channel brings, answers. Returns the process's exit code: 0
 * if it answered (with an image or with a reason why not), VT_EXIT_MEMORY, 1 for everything else.
 */
int vt_compiler_run(int channel);

#endif
