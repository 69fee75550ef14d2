/* keymap.c: key codes that clients send, as QEMU numbers keys ("number": set 1 codes, 0x80 for the escaped ones). */
#include "config.h"
#include "workers/qemu/keymap.h"

#include <stdbool.h>
#include <stddef.h>

#include "ipc/util.h"
#include "workers/qemu/keymap-sets.h"

/* Linux codes 1 .. 83 are set 1 codes already. */
#define LINUX_SAME 83
enum { LINUX, XT, ATSET1, ATSET2, ATSET3, OSX, XT_KBD, USB, WIN32, QNUM, SETS };
#define KEYS(set) set ## _keys, ARRAY_N(set ## _keys)

static const struct { const char *name; const struct key *keys; size_t n; } sets[SETS] = {
    [LINUX] = { "linux", KEYS(linux) }, [XT] = { "xt", NULL, 0 }, [ATSET1] = { "atset1", NULL, 0 }, [ATSET2] = { "atset2", KEYS(atset2) }, [ATSET3] = { "atset3", KEYS(atset3) },
    [OSX] = { "os_x", KEYS(osx) }, [XT_KBD] = { "xt_kbd", NULL, 0 }, [USB] = { "usb", KEYS(usb) }, [WIN32] = { "win32", KEYS(win32) }, [QNUM] = { "qnum", NULL, 0 },
};

const char *keymap_name(uint32_t set)
{
    return set < SETS ? sets[set].name : NULL;
}

static bool is_key(int number)
{
    for (size_t i = 0; i < ARRAY_N(linux_keys); i++)
        if (linux_keys[i].number == number)
            return true;
    return number >= 0 && number <= LINUX_SAME;
}

int keymap_number(uint32_t set, uint32_t code)
{
    if (set == QNUM)
        return code <= UINT16_MAX ? (int)code : -1;        /* QEMU knows which are keys */
    if (set == XT || set == ATSET1 || set == XT_KBD) {
        int number = code < 0x80 ? (int)code : code >> 8 == (set == XT_KBD ? 1 : 0xe0) && (code & 0xff) < 0x80 ? (int)(code & 0x7f) | 0x80 : -1;
        return is_key(number) ? number : -1;
    }
    if (set == LINUX && code <= LINUX_SAME)
        return (int)code;
    for (size_t i = 0; set < SETS && i < sets[set].n; i++)
        if (sets[set].keys[i].code == code)
            return sets[set].keys[i].number;
    return -1;
}
