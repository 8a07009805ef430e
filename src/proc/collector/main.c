/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine-collector: started by the supervisor, with its channel as descriptor 3 and nothing else.
 */
#include <unistd.h>

#include "proc/collector/collector.h"
#include "sandbox/filter.h"

int main(void)
{
	/* No exit handlers: libraries' would ask for system calls that are gone. */
	_exit(vt_collector_run(VT_SANDBOX_CHANNEL));
}
