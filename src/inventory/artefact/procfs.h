/* SPDX-License-Identifier: Apache-2.0 */
/* Files of proc(5): maps, stat, net/tcp and its like, net/unix. Names in them are chosen by others.
 */
#ifndef VT_INVENTORY_ARTEFACT_PROCFS_H
#define VT_INVENTORY_ARTEFACT_PROCFS_H

#include "base/buf.h"
#include "inventory/artefact/line.h"

struct vt_proc_map {
	uint64_t from, to; /* addresses: names in map_files are "%lx-%lx" of them */
	uint64_t inode;
	vt_span device; /* "08:01" */
	bool executable;
	vt_span path; /* as written, " (deleted)" and octal escapes included; empty: no file */
};
/* One line of maps; false if it is none. */
bool vt_proc_map(vt_span line, struct vt_proc_map *out);
/* Appends `path` without the escapes \012 and the like that the kernel makes. */
VT_MUST_USE vt_err vt_proc_unescape(vt_span path, vt_buf *out);

struct vt_proc_stat {
	vt_span name; /* up to 15 bytes, chosen by the process */
	char state;   /* 'R', 'S', 'Z', ... */
	bool kernel;  /* a thread of the kernel */
};
/* All of stat; false if it is none. */
bool vt_proc_stat(vt_span text, struct vt_proc_stat *out);

struct vt_proc_socket {
	uint8_t address[16]; /* as on the wire */
	unsigned address_n;  /* 4 or 16 */
	uint16_t port;
	uint16_t remote_port;
	unsigned state; /* 10: TCP listens; 7: UDP not connected */
	uint64_t inode;
};
/* One line of net/tcp, tcp6, udp, udp6; false if it is none (the heading). */
bool vt_proc_socket(vt_span line, struct vt_proc_socket *out);

struct vt_proc_unix {
	bool listens;
	unsigned type; /* 1: stream, 2: datagram, 5: packets in order */
	uint64_t inode;
	vt_span path; /* '@' first: abstract; empty: none */
};
bool vt_proc_unix(vt_span line, struct vt_proc_unix *out);

#endif
