/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/procfs.h"

#include "base/base64.h"

#define PF_KTHREAD 0x00200000u    /* include/linux/sched.h; proc(5): field 9 of stat */
#define TCP_FLAG_LISTENS 0x10000u /* __SO_ACCEPTCON, flags of net/unix */

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

static bool hex(vt_span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit(s.p[i]);

		if (d < 0)
			return false;
		v = v << 4 | (unsigned)d;
	}
	*out = v;
	return true;
}

bool vt_proc_map(vt_span line, struct vt_proc_map *out)
{
	struct vt_proc_map m = {0};
	vt_span range, mode, offset, inode, from, to;

	if (!vt_line_word(&line, &range) || !vt_line_word(&line, &mode) ||
		!vt_line_word(&line, &offset) || !vt_line_word(&line, &m.device) ||
		!vt_line_word(&line, &inode) || !vt_line_split(range, '-', &from, &to) ||
		!hex(from, &m.from) || !hex(to, &m.to) || mode.n != 4 ||
		!vt_decimal_get(inode, &m.inode))
		return false;
	m.executable = mode.p[2] == 'x';
	m.path = line;
	*out = m;
	return true;
}

vt_err vt_proc_unescape(vt_span path, vt_buf *out)
{
	size_t i = 0;

	while (i < path.n) {
		uint8_t c = path.p[i];

		if (c == '\\' && path.n - i >= 4 && path.p[i + 1] >= '0' && path.p[i + 1] <= '3' &&
			path.p[i + 2] >= '0' && path.p[i + 2] <= '7' && path.p[i + 3] >= '0' &&
			path.p[i + 3] <= '7') {
			c = (uint8_t)((path.p[i + 1] - '0') * 64 + (path.p[i + 2] - '0') * 8 +
				(path.p[i + 3] - '0'));
			i += 3;
		}
		vt_err e = vt_buf_add_u8(out, c);

		if (e)
			return e;
		i++;
	}
	return VT_OK;
}

bool vt_proc_stat(vt_span text, struct vt_proc_stat *out)
{
	struct vt_proc_stat s = {0};
	size_t open, close;
	vt_span rest, word;
	uint64_t flags;

	if (!vt_span_find(text, 0, "(", 1, &open))
		return false;
	for (close = text.n; close > open && text.p[close - 1] != ')'; close--)
		;
	if (close <= open + 1)
		return false;
	s.name = vt_span_of(text.p + open + 1, close - open - 2);
	rest = vt_span_of(text.p + close, text.n - close);
	for (unsigned field = 3; field <= 9; field++) {
		if (!vt_line_word(&rest, &word))
			return false;
		if (field == 3)
			s.state = (char)word.p[0];
	}
	if (!vt_decimal_get(word, &flags))
		return false;
	s.kernel = (flags & PF_KTHREAD) != 0;
	*out = s;
	return true;
}

/* "0100007F:1F90": words of the machine's order in hexadecimal, then the port. */
static bool endpoint(vt_span s, struct vt_proc_socket *out, uint16_t *out_port)
{
	vt_span address, port;
	uint64_t v;

	if (!vt_line_split(s, ':', &address, &port) || (address.n != 8 && address.n != 32) ||
		port.n != 4 || !hex(port, &v))
		return false;
	*out_port = (uint16_t)v;
	out->address_n = (unsigned)address.n / 2;
	for (unsigned i = 0; i < out->address_n; i += 4) {
		vt_span part = vt_span_of(address.p + (size_t)i * 2, 8);

		if (!hex(part, &v))
			return false;
		for (unsigned k = 0; k < 4; k++)
			out->address[i + k] = (uint8_t)(v >> (8 * k));
	}
	return true;
}

bool vt_proc_socket(vt_span line, struct vt_proc_socket *out)
{
	struct vt_proc_socket s = {0};
	vt_span word, local = {0}, remote = {0}, state = {0};
	uint64_t v;

	for (unsigned field = 0; field < 10; field++) {
		if (!vt_line_word(&line, &word))
			return false;
		if (field == 1)
			local = word;
		if (field == 2)
			remote = word;
		if (field == 3)
			state = word;
	}
	if (!vt_decimal_get(word, &s.inode) || !hex(state, &v) || v > 255 ||
		!endpoint(remote, &s, &s.remote_port) || !endpoint(local, &s, &s.port))
		return false;
	s.state = (unsigned)v;
	*out = s;
	return true;
}

bool vt_proc_unix(vt_span line, struct vt_proc_unix *out)
{
	struct vt_proc_unix u = {0};
	vt_span word, flags = {0}, type = {0};
	uint64_t v;

	for (unsigned field = 0; field < 7; field++) {
		if (!vt_line_word(&line, &word))
			return false;
		if (field == 3)
			flags = word;
		if (field == 4)
			type = word;
	}
	if (!vt_decimal_get(word, &u.inode) || !hex(type, &v) || v > 10)
		return false;
	u.type = (unsigned)v;
	if (!hex(flags, &v))
		return false;
	u.listens = (v & TCP_FLAG_LISTENS) != 0;
	u.path = line;
	*out = u;
	return true;
}
