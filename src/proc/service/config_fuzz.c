/* SPDX-License-Identifier: Apache-2.0 */
/* Any configuration: refused with a cause, or one that can be served with. */
#include <stdlib.h>

#include "proc/service/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = VT_SERVICE_WITNESS; kind <= VT_SERVICE_MIRROR; kind++) {
		vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
		struct vt_service_config c;
		struct vt_service_error why;
		vt_err e = vt_service_config_parse(
			vt_span_of(data, size), (enum vt_service)kind, &a, &c, &why);

		if (e == VT_EFORMAT && !why.cause)
			abort();
		if (!e && (!c.nlisten || !c.key || !c.state || !c.connections || !c.request_s))
			abort();
		for (size_t i = 0; !e && i < c.nlogs; i++)
			if (vt_service_log_find(&c, vt_span_str(c.logs[i].key.name)) != i)
				abort();
		vt_arena_free(&a);
	}
	return 0;
}
