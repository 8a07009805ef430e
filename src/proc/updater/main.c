/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine-updater: started by site/fetcher.c, with its channel as descriptor 3 and nothing else. */
#include <unistd.h>

#include "proc/updater/updater.h"
#include "sandbox/filter.h"

int main(void)
{
	/* No exit handlers: libraries' would ask for system calls that are gone. */
	_exit(vt_updater_run(VT_SANDBOX_CHANNEL));
}
