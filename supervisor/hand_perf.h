/* hand_perf.h: performance events of a guest's QEMU (MK_PERF). */
#ifndef BULKHEAD_HAND_PERF_H
#define BULKHEAD_HAND_PERF_H
#include <stdint.h>
#include "ipc/err.h"

/* Counts the event of that name (libvirt's: "cpu_clock") for the thread pid and whatever it begins from now on, and leaves the descriptor in the socket `to`, a datagram of one byte, where
 * whoever has the other end finds it with MSG_PEEK, any number of times.  uid: the guest's, by which the kernel counts what lies in sockets; ~0: the hand's own.
 * 0, or -1 with *e set. */
int perf_begin(const char *event, int32_t pid, uint32_t uid, int to, struct err *e);
#endif
