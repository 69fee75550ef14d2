"""hostdevlib.py: a made-up host for a box: USB devices in its /sys and /dev, and a libusb that takes their nodes (tests/tool/fakeusb.c); a /dev/vhost-scsi that QEMU finds to be none.

    fake_usb(box, {"1-1": (1, 2, "1234", "beef", 5)})       # name in sysfs: bus, device, vendor, product, minor number of the node, whose major is 1
    fake_pci(box, {"0000:07:00.0": (7, "igb")})             # PCI devices: group of the IOMMU (None: none), driver (None: none), class, header's type; a fakekernel.py does what drivers_probe and unbind ask
    pci_log(box)                                            # what that was asked so far, a line each

All of it is mounted in the box's own mount namespace.
"""
import os, subprocess
from box import wait_for
from needs import needed

VFIO_LIB = "/usr/lib/x86_64-linux-gnu/libvdeplug.so.2"
LIBUSB = "/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0"
HERE = os.path.dirname(os.path.abspath(__file__))

# The host's own nodes and buses stay where they are, beside what is made up.
PLACE = r'''set -e
B=$1 LIB=$2
mkdir -p $B/dev $B/bus
mount -t tmpfs -o mode=755 dev $B/dev
(cd /dev && find . -maxdepth 1 \( -type c -o -type b -o -type l \) -exec cp -a {} $B/dev/ \;)
for d in pts shm mqueue net; do [ -d /dev/$d ] && mkdir $B/dev/$d && mount --rbind /dev/$d $B/dev/$d; done
mkdir -p $B/dev/bus/usb
mknod $B/dev/vhost-scsi c 1 3
mount --move $B/dev /dev
mount -t tmpfs -o mode=755 bus $B/bus
for d in /sys/bus/*; do mkdir $B/bus/${d##*/}; mount --bind $d $B/bus/${d##*/}; done
mkdir -p $B/bus/usb/devices
mount --move $B/bus /sys/bus
mount --bind $LIB $(readlink -f %s)
''' % LIBUSB


def sh(box, line):
    box.run("sh", "-ec", line)


def add_usb(box, name, bus, device, vendor, product, minor):
    d, node = "/sys/bus/usb/devices/" + name, "/dev/bus/usb/%03d" % bus
    files = {"busnum": bus, "devnum": device, "idVendor": vendor, "idProduct": product, "dev": "1:%d" % minor}
    sh(box, "mkdir -p %s %s; mknod %s/%03d c 1 %d; " % (d, node, node, device, minor) + "; ".join("echo %s >%s/%s" % (v, d, k) for k, v in files.items()))


def remove_usb(box, name, bus, device):
    sh(box, "rm -r /sys/bus/usb/devices/%s /dev/bus/usb/%03d/%03d" % (name, bus, device))


def place(box, how, source):
    """A library of that source, and the script that puts it, and what is made up, in its place."""
    needed("cc")
    lib = "%s/%s.so" % (box.dir, source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", lib, HERE + "/tool/%s.c" % source], check=True)
    os.chmod(lib, 0o755)
    box.run("sh", "-c", how, "sh", box.dir, lib)


def fake_usb(box, devices):
    place(box, PLACE, "fakeusb")
    for name, v in devices.items():
        add_usb(box, name, *v)


# An IOMMU with groups, VFIO's nodes (of /dev/null's numbers), and a library of QEMU's that answers for them (tests/tool/fakevfio.c).
PCI = r'''set -e
B=$1 LIB=$2
mkdir -p $B/pci $B/groups $B/vfio
mount -t tmpfs -o mode=755 groups /sys/kernel/iommu_groups
mount -t tmpfs -o mode=755 pci /sys/bus/pci
mkdir /sys/bus/pci/devices /sys/bus/pci/drivers
mkfifo /sys/bus/pci/drivers_probe
echo 1 >/sys/bus/pci/drivers_autoprobe
mount --bind $LIB $(readlink -f %s)
''' % VFIO_LIB


def in_group(bus, name, group):
    return ("g=/sys/kernel/iommu_groups/{0}; mkdir -p $g/devices; ln -s ../../../../bus/{1}/devices/{2} $g/devices/; ln -s ../../../../kernel/iommu_groups/{0} /sys/bus/{1}/devices/{2}/iommu_group; "
            "[ ! -d /dev/vfio ] || [ -e /dev/vfio/{0} ] || mknod /dev/vfio/{0} c 1 3").format(group, bus, name)


def add_pci(box, name, group=None, driver=None, cls="0x020000", header=0):
    d = "/sys/bus/pci/devices/" + name
    config = bytes([0x86, 0x80, 0xc9, 0x10, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, header]).ljust(256, b"\0")
    with open(box.dir + "/config", "wb") as f:
        f.write(config)
    lines = ["mkdir -p %s; cp %s/config %s/config; : >%s/driver_override" % (d, box.dir, d, d)]
    lines += ["echo %s >%s/%s" % (v, d, k) for k, v in {"vendor": "0x8086", "device": "0x10c9", "class": cls, "reset": ""}.items()]
    if driver:
        lines.append("[ -d /sys/bus/pci/drivers/{0} ] || {{ mkdir /sys/bus/pci/drivers/{0}; mkfifo /sys/bus/pci/drivers/{0}/unbind; }}; ln -s ../../drivers/{0} {1}/driver".format(driver, d))
    if group is not None:
        lines.append(in_group("pci", name, group))
    sh(box, "; ".join(lines))


def add_mdev(box, uuid, group, api="vfio-pci"):
    """A mediated device, after fake_pci()."""
    d = "/sys/bus/mdev/devices/" + uuid
    sh(box, "mkdir -p %s/mdev_type; echo %s >%s/mdev_type/device_api; ln -s /sys/bus/mdev %s/subsystem; " % (d, api, d, d) + in_group("mdev", uuid, group))


def add_vdpa(box, number):
    """A vDPA card, after fake_pci()."""
    sh(box, "mknod /dev/vhost-vdpa-%d c 1 3" % number)


def fake_pci(box, devices, vfio=True):
    """After fake_usb(), whose /dev it is in. libvirtd is started anew with the library."""
    if box.peer:
        box.stop_daemon()
    place(box, PCI, "fakevfio")
    if vfio:
        sh(box, "mkdir /dev/vfio; mknod -m 666 /dev/vfio/vfio c 1 3; d=/sys/bus/pci/drivers/vfio-pci; mkdir $d; mkfifo $d/unbind")
    for name, v in devices.items():
        add_pci(box, name, *v)
    box.say("/usr/bin/python3 %s/tool/fakekernel.py %s/pci.log" % (HERE, box.dir))
    wait_for("drivers", lambda: os.path.exists(box.dir + "/pci.log"))
    if box.peer:
        box.say("LD_PRELOAD=%s/fakevfio.so libvirtd" % box.dir)
        box.wait()


def pci_log(box):
    with open(box.dir + "/pci.log") as f:
        return f.read()


def pci_driver(box, name):
    return os.path.basename(box.run("readlink", "/sys/bus/pci/devices/%s/driver" % name, check=False).stdout.strip())
