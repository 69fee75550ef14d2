/* keymap.h: key codes of clients. */
#ifndef BULKHEAD_QEMU_KEYMAP_H
#define BULKHEAD_QEMU_KEYMAP_H
#include <stdint.h>
/* Name of a code set (virKeycodeSet), NULL: there is none. */
const char *keymap_name(uint32_t set);
/* QEMU's number of a key, or -1: not known. */
int keymap_number(uint32_t set, uint32_t code);
#endif
