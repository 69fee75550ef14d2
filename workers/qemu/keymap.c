/* keymap.c: key codes that clients send, as QEMU numbers keys ("number": set 1 codes, 0x80 for the escaped ones). */
#include "config.h"
#include "workers/qemu/keymap.h"

#include <stddef.h>

#include "ipc/util.h"

/* Linux codes 1 .. 83 are set 1 codes already. */
#define LINUX_SAME 83
static const struct { uint8_t linux_code, number; } linux_map[] = {
    { 85, 0x76 }, { 86, 0x56 }, { 87, 0x57 }, { 88, 0x58 }, { 89, 0x73 }, { 90, 0x78 }, { 91, 0x77 }, { 92, 0x79 }, { 93, 0x70 }, { 94, 0x7b }, { 95, 0x5c },
    { 96, 0x9c }, { 97, 0x9d }, { 98, 0xb5 }, { 99, 0x54 }, { 100, 0xb8 }, { 101, 0x5b }, { 102, 0xc7 }, { 103, 0xc8 }, { 104, 0xc9 }, { 105, 0xcb },
    { 106, 0xcd }, { 107, 0xcf }, { 108, 0xd0 }, { 109, 0xd1 }, { 110, 0xd2 }, { 111, 0xd3 }, { 112, 0xef }, { 113, 0xa0 }, { 114, 0xae }, { 115, 0xb0 },
    { 116, 0xde }, { 117, 0x59 }, { 118, 0xce }, { 119, 0xc6 }, { 120, 0x8b }, { 121, 0x7e }, { 122, 0x72 }, { 123, 0x71 }, { 124, 0x7d }, { 125, 0xdb },
    { 126, 0xdc }, { 127, 0xdd }, { 128, 0xe8 }, { 129, 0x85 }, { 130, 0x86 }, { 131, 0x87 }, { 132, 0x8c }, { 133, 0xf8 }, { 134, 0x64 }, { 135, 0x65 },
    { 136, 0xc1 }, { 137, 0xbc }, { 138, 0xf5 }, { 139, 0x9e }, { 140, 0xa1 }, { 142, 0xdf }, { 143, 0xe3 }, { 150, 0x82 }, { 155, 0xec }, { 156, 0xe6 },
    { 157, 0xeb }, { 158, 0xea }, { 159, 0xe9 }, { 163, 0x99 }, { 164, 0xa2 }, { 165, 0x90 }, { 166, 0xa4 }, { 172, 0xb2 }, { 173, 0xe7 }, { 183, 0x5d },
    { 184, 0x5e }, { 185, 0x5f }, { 186, 0x55 }, { 187, 0x83 }, { 188, 0xf7 }, { 189, 0x84 }, { 190, 0x5a }, { 191, 0x74 }, { 192, 0xf9 }, { 193, 0x6d },
    { 194, 0x6f },
};

static const char *const sets[] = { "linux", "xt", "atset1", "atset2", "atset3", "osx", "xt_kbd", "usb", "win32", "qnum" };

const char *keymap_name(uint32_t set)
{
    return set < ARRAY_N(sets) ? sets[set] : NULL;
}

int keymap_number(uint32_t set, uint32_t code)
{
    enum { LINUX, XT, ATSET1, XT_KBD = 6, QNUM = 9 };
    switch (set) {
    case LINUX:
        if (code >= 1 && code <= LINUX_SAME)
            return (int)code;
        for (size_t i = 0; i < ARRAY_N(linux_map); i++)
            if (linux_map[i].linux_code == code)
                return linux_map[i].number;
        return -1;
    case XT: case ATSET1: case XT_KBD:
        if (code >= 1 && code < 0x80)
            return (int)code;
        return code >> 8 == 0xe0 && (code & 0xff) < 0x80 ? (int)(code & 0x7f) | 0x80 : -1;
    case QNUM:
        return code >= 1 && code <= 0xff ? (int)code : -1;
    default:
        return -1;
    }
}
