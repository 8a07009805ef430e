/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine-compiler: started by the supervisor, with its channel as descriptor 3 and nothing else.
 */
#include <unistd.h>

#include "proc/compiler/compiler.h"
#include "sandbox/filter.h"

int main(void)
{
	/* No exit handlers: libraries' would ask for system calls that are gone. */
	_exit(vt_compiler_run(VT_SANDBOX_CHANNEL));
}
