/* fakeusb.c: takes libusb's place in a box whose /dev and /sys have made-up USB devices.  QEMU's usb-host gets a device of its own for each character device
 * that it wraps, open for reading and writing: without interfaces, its bus and address the node's major and minor numbers, so that QEMU tells which it has.
 * What its module links and no made-up device comes to fails. */
#include <stdint.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { ERROR_IO = -1, ERROR_NO_DEVICE = -4, ERROR_NOT_FOUND = -5, SPEED_HIGH = 3 };
struct device { uint8_t bus, address; };
struct descriptor { uint8_t length, type; uint16_t usb; uint8_t class, subclass, protocol, packet; uint16_t vendor, product, release; uint8_t maker, name, serial, configurations; };

int libusb_init(void **ctx);
int libusb_init(void **ctx)
{
    static int one;
    *ctx = &one;
    return 0;
}

int libusb_wrap_sys_device(void *ctx, intptr_t fd, struct device **d);
int libusb_wrap_sys_device(void *ctx, intptr_t fd, struct device **d)
{
    struct stat st;
    int mode = fcntl((int)fd, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) != O_RDWR || fstat((int)fd, &st) < 0 || !S_ISCHR(st.st_mode))
        return ERROR_IO;
    *d = malloc(sizeof **d);
    **d = (struct device){ (uint8_t)major(st.st_rdev), (uint8_t)minor(st.st_rdev) };
    return 0;
}

int libusb_get_device_descriptor(struct device *d, struct descriptor *out);
int libusb_get_device_descriptor(struct device *d, struct descriptor *out)
{
    *out = (struct descriptor){ 18, 1, 0x200, 0xff, 0, 0, 64, 0x1234, 0xbeef, 1, 0, 0, 0, 1 };
    return 0;
}

struct device *libusb_get_device(struct device *d);
struct device *libusb_get_device(struct device *d) { return d; }
struct device *libusb_ref_device(struct device *d);
struct device *libusb_ref_device(struct device *d) { return d; }
int libusb_get_bus_number(struct device *d);
int libusb_get_bus_number(struct device *d) { return d->bus; }
int libusb_get_device_address(struct device *d);
int libusb_get_device_address(struct device *d) { return d->address; }

#define GIVES(type, name, value) type name(void); type name(void) { return value; }
GIVES(int, libusb_get_device_speed, SPEED_HIGH)
GIVES(int, libusb_get_port_numbers, 0)
GIVES(int, libusb_set_option, 0)
GIVES(int, libusb_reset_device, 0)
GIVES(int, libusb_handle_events_timeout, 0)
GIVES(void *, libusb_get_pollfds, NULL)
GIVES(void, libusb_set_pollfd_notifiers, )
GIVES(void, libusb_close, )
GIVES(void, libusb_unref_device, )
GIVES(void, libusb_free_device_list, )
GIVES(void, libusb_free_config_descriptor, )
GIVES(void, libusb_free_ss_endpoint_companion_descriptor, )
void libusb_free_transfer(void *t);
void libusb_free_transfer(void *t) { free(t); }
GIVES(void, libusb_transfer_set_stream_id, )
GIVES(void *, libusb_alloc_transfer, calloc(1, 1024))
GIVES(int, libusb_get_device_list, ERROR_IO)
GIVES(int, libusb_open, ERROR_NO_DEVICE)
GIVES(int, libusb_get_active_config_descriptor, ERROR_NOT_FOUND)
GIVES(int, libusb_get_config_descriptor, ERROR_NOT_FOUND)
GIVES(int, libusb_get_ss_endpoint_companion_descriptor, ERROR_NOT_FOUND)
GIVES(int, libusb_get_string_descriptor_ascii, ERROR_NOT_FOUND)
GIVES(int, libusb_set_interface_alt_setting, ERROR_NOT_FOUND)
GIVES(int, libusb_set_configuration, ERROR_NOT_FOUND)
GIVES(int, libusb_claim_interface, ERROR_NOT_FOUND)
GIVES(int, libusb_release_interface, ERROR_NOT_FOUND)
GIVES(int, libusb_kernel_driver_active, 0)
GIVES(int, libusb_detach_kernel_driver, ERROR_NOT_FOUND)
GIVES(int, libusb_attach_kernel_driver, ERROR_NOT_FOUND)
GIVES(int, libusb_clear_halt, ERROR_NOT_FOUND)
GIVES(int, libusb_alloc_streams, ERROR_NOT_FOUND)
GIVES(int, libusb_free_streams, ERROR_NOT_FOUND)
GIVES(int, libusb_submit_transfer, ERROR_IO)
GIVES(int, libusb_cancel_transfer, ERROR_NOT_FOUND)
