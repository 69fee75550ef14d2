/* firmware.h: the page in which role host writes what the host's firmware descriptors say (QEMU's docs/interop/firmware.json), and in which an xmlc looks for
 * the image that a document leaves to choice.  One writer; it is read at any time, by a copy that is made again if it was written meanwhile. */
#ifndef BULKHEAD_FIRMWARE_H
#define BULKHEAD_FIRMWARE_H
#include <stdint.h>

#define FIRMWARE_MAX 64         /* descriptors of a host */
#define FIRMWARE_TARGETS_MAX 32 /* patterns of machines that one is for */

enum firmware_interface { FIRMWARE_BIOS = 1, FIRMWARE_UEFI = 2 };
enum firmware_device { FIRMWARE_FLASH, FIRMWARE_KERNEL, FIRMWARE_MEMORY, FIRMWARE_DEVICE_N };
enum firmware_mode { FIRMWARE_SPLIT, FIRMWARE_COMBINED, FIRMWARE_STATELESS, FIRMWARE_MODE_N };
enum firmware_feature { FIRMWARE_ACPI_S3, FIRMWARE_ACPI_S4, FIRMWARE_AMD_SEV, FIRMWARE_AMD_SEV_ES, FIRMWARE_ENROLLED_KEYS, FIRMWARE_REQUIRES_SMM, FIRMWARE_SECURE_BOOT, FIRMWARE_FEATURE_N };

struct firmware_target { char arch[16], machine[64] /* a pattern as of fnmatch() */; };
struct firmware {
    char file[256], nvram[256];         /* the image; what its variables begin as, "" none */
    char format[16];                    /* of the image */
    uint8_t interfaces, device, mode, ntargets;         /* bits of firmware_interface; firmware_device; firmware_mode */
    uint32_t features;                  /* 1 << firmware_feature */
    struct firmware_target targets[FIRMWARE_TARGETS_MAX];
};
/* bad: what is wrong with the first descriptor that nobody can make anything of, in libvirt's words; nothing else counts then. */
struct firmware_list { uint32_t n, pad; char bad[512]; struct firmware v[FIRMWARE_MAX]; };
/* turn: odd while it is written, 0 before it is for the first time. */
struct firmware_page { uint32_t magic, turn; struct firmware_list list; };
#define FIRMWARE_MAGIC 0x46574531u
#endif
